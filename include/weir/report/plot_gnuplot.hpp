// weir/report/plot_gnuplot.hpp - plots as gnuplot scripts with their numbers inside, for PNG, PDF and papers. Needs the
// standard library only.
#ifndef WEIR_REPORT_PLOT_GNUPLOT_HPP
#define WEIR_REPORT_PLOT_GNUPLOT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/plot.hpp"
#include "weir/report/plot_labels.hpp"

namespace weir::inline v0 {
namespace detail {

inline std::string gnuplot_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (static_cast<unsigned char>(c) >= 0x20) out.push_back(c);
  }
  return out + "\"";
}
inline std::string gnuplot_number(double value) {
  return std::isfinite(value) ? tick_text(value) : "NaN";
}

/// One data block a series: x or place, y, low, high; of spans where each begins, where it ends, and its place.
inline void append_gnuplot_data(std::string& out, const plot& p) {
  std::vector<double> ends(p.categories.size(), 0);
  for (std::size_t i = 0; i < p.series.size(); ++i) {
    const auto& s = p.series[i];
    out += "$s" + std::to_string(i) + " << EOD\n";
    for (std::size_t k = 0; k < s.y.size(); ++k) {
      const bool band = k < s.low.size() && k < s.high.size();
      if (p.kind == plot_kind::spans && k < ends.size()) {
        out += gnuplot_number(ends[k]) + " ";
        if (std::isfinite(s.y[k])) ends[k] += s.y[k];
        out += gnuplot_number(ends[k]) + " " + std::to_string(k) + "\n";
        continue;
      }
      out += (p.kind == plot_kind::lines ? gnuplot_number(s.x[k]) : std::to_string(k)) + " " + gnuplot_number(s.y[k]);
      out += " " + gnuplot_number(band ? s.low[k] : s.y[k]) + " " + gnuplot_number(band ? s.high[k] : s.y[k]) + "\n";
    }
    out += "EOD\n";
  }
}
/// Names on the axis of categories, of many every n-th.
inline void append_gnuplot_names(std::string& out, const plot& p) {
  if (p.categories.empty()) return;
  const std::size_t step = p.categories.size() / 40 + 1;
  std::size_t widest = 0;
  for (const auto& c : p.categories) widest = std::max(widest, std::min<std::size_t>(20, display_width(c)));
  const bool turned = !is_across(p) && widest * p.categories.size() > 90;
  out += std::string("set ") + (is_across(p) ? "ytics (" : turned ? "xtics rotate by -40 (" : "xtics (");
  for (std::size_t k = 0; k < p.categories.size(); k += step)
    out += (k == 0 ? "" : ", ") + gnuplot_text(shortened_label(p.categories[k], 20)) + " " + std::to_string(k);
  const std::string last = std::to_string(p.categories.size()) + " - 0.5";
  out += std::string(")\nset ") + (is_across(p) ? "yrange [" + last + ":-0.5]" : "xrange [-0.5:" + last + "]") + "\n";
}
/// What has to be kept, and where the warm-up ends.
inline void append_gnuplot_marks(std::string& out, const plot& p) {
  for (const auto& mark : p.marks) {
    const bool upright = mark.vertical || is_across(p);
    const std::string at = gnuplot_number(mark.at);
    const auto point = [&](const char* along) {
      return upright ? "first " + at + ", graph " + along : std::string("graph ") + along + ", first " + at;
    };
    out += "set arrow from " + point("0") + " to " + point("1") + " nohead dashtype 3 linecolor rgb '#888888'\n";
    if (!mark.label.empty())
      out += "set label " + gnuplot_text(mark.label) + " at " + point(upright ? "0.97" : "0.99") +
             (upright ? " left offset 0.5,0\n" : " right offset 0,0.5\n");
  }
}
/// How a series is drawn from its block.
inline std::string gnuplot_series(const plot& p, std::size_t i) {
  const auto& s = p.series[i];
  const std::string data = "$s" + std::to_string(i), name = " title " + gnuplot_text(s.name),
                    style = s.muted ? " linecolor rgb '#999999'" : " linestyle " + std::to_string(i % 8 + 1);
  if (p.kind == plot_kind::spans)
    return data + " using ($1+$2)/2:3:1:2:($3-0.35):($3+0.35) with boxxyerrorbars" + style + name;
  if (p.kind == plot_kind::bars) return data + " using 2" + style + name;
  if (p.kind == plot_kind::whiskers)
    return data + " using 2:1:3:4 with xerrorbars" + style + " pointtype 7" + (s.name.empty() ? " notitle" : name);
  std::string out;
  if (!s.low.empty())
    out = data + " using 1:3:4 with filledcurves fillstyle transparent solid 0.2" + style + " notitle, ";
  out += data + " using 1:2 with " + (s.line ? "lines" : "points") + style;
  out += (s.line ? s.dashed ? " dashtype 2" : "" : " pointtype 7") + name;
  if (!s.labels.empty()) out += ", $l" + std::to_string(i) + " using 1:2:3 with labels left offset 0.7,0.4 notitle";
  return out;
}

inline std::string gnuplot_range(const char* axis, const plot_scale& scale) {
  return std::string("set ") + axis + " [" + gnuplot_number(scale.low) + ":" + gnuplot_number(scale.high) + "]\n";
}

}  // namespace detail

/// Appends `p` as a script: `gnuplot -e 'set terminal pngcairo size 900,600; set output "p.png"' FILE`, or with any
/// other terminal.
inline void append_gnuplot(std::string& out, const plot& p) {
  detail::append_gnuplot_data(out, p);
  for (std::size_t i = 0; i < p.series.size(); ++i) {
    const auto& s = p.series[i];
    if (s.labels.empty()) continue;
    out += "$l" + std::to_string(i) + " << EOD\n";
    for (std::size_t k = 0; k < s.labels.size(); ++k)
      out += detail::gnuplot_number(s.x[k]) + " " + detail::gnuplot_number(s.y[k]) + " " +
             detail::gnuplot_text(s.labels[k]) + "\n";
    out += "EOD\n";
  }
  out += "set termoption noenhanced\nset title " + detail::gnuplot_text(p.title) + "\nset grid\nset key below\n";
  out += "set xlabel " + detail::gnuplot_text(p.x.label) + "\nset ylabel " + detail::gnuplot_text(p.y.label) + "\n";
  for (std::size_t i = 0; i < 8; ++i)
    out +=
        "set style line " + std::to_string(i + 1) + " linewidth 2 linecolor rgb '" + detail::series_colors[i] + "'\n";
  if (p.x.log) out += "set logscale x\n";
  if (p.y.log) out += "set logscale y\n";
  if (p.kind == plot_kind::bars)
    out += "set style data histograms\nset style histogram rowstacked\nset style fill solid\nset boxwidth 0.7\n";
  if (p.kind == plot_kind::spans) out += "set style fill solid\n";
  detail::append_gnuplot_names(out, p);
  detail::append_gnuplot_marks(out, p);
  // The axes are those of the SVG.
  if (p.kind == plot_kind::lines) out += detail::gnuplot_range("xrange", x_scale(p));
  out += detail::gnuplot_range(detail::is_across(p) ? "xrange" : "yrange", value_scale(p));
  bool first = true;
  for (std::size_t i = 0; i < p.series.size(); ++i) {
    if (p.kind == plot_kind::spans && p.series[i].name.empty()) continue;  // only moves the others
    out += (std::exchange(first, false) ? "plot " : ", \\\n     ") + detail::gnuplot_series(p, i);
  }
  out += "\n";
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_PLOT_GNUPLOT_HPP
