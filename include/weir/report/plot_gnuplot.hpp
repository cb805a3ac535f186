// weir/report/plot_gnuplot.hpp - plots as gnuplot scripts with their numbers inside, for PNG, PDF and papers. Needs the
// standard library only.
#ifndef WEIR_REPORT_PLOT_GNUPLOT_HPP
#define WEIR_REPORT_PLOT_GNUPLOT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "weir/report/plot.hpp"

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

/// One data block a series: x or place, y, low, high, category.
inline void append_gnuplot_data(std::string& out, const plot& p) {
  for (std::size_t i = 0; i < p.series.size(); ++i) {
    const auto& s = p.series[i];
    out += "$s" + std::to_string(i) + " << EOD\n";
    for (std::size_t k = 0; k < s.y.size(); ++k) {
      const bool band = k < s.low.size() && k < s.high.size();
      out += (p.kind == plot_kind::lines ? gnuplot_number(s.x[k]) : std::to_string(k)) + " " + gnuplot_number(s.y[k]);
      out += " " + gnuplot_number(band ? s.low[k] : s.y[k]) + " " + gnuplot_number(band ? s.high[k] : s.y[k]);
      out += " " + (k < p.categories.size() ? gnuplot_text(p.categories[k]) : std::string("\"\"")) + "\n";
    }
    out += "EOD\n";
  }
}

/// The range of an axis all of whose numbers are one: gnuplot would make one too, and warn.
inline void append_gnuplot_range(std::string& out, char axis, bool log,
                                 const std::vector<const std::vector<double>*>& all) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto* values : all)
    for (const double v : *values)
      if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  if (low != high || (log && low <= 0)) return;
  const double room = low == 0 ? 1 : std::abs(low) / 2;
  out += std::string("set ") + axis + "range [" + gnuplot_number(low - room) + ":" + gnuplot_number(low + room) + "]\n";
}

}  // namespace detail

/// Appends `p` as a script: `gnuplot -e 'set terminal pngcairo size 900,600; set output "p.png"' FILE`, or with any
/// other terminal. Spans (waterfalls) are drawn as stacked bars.
inline void append_gnuplot(std::string& out, const plot& p) {
  detail::append_gnuplot_data(out, p);
  const bool across = p.kind == plot_kind::spans || p.kind == plot_kind::whiskers;
  out += "set title " + detail::gnuplot_text(p.title) + "\nset grid\nset key below\n";
  out += "set xlabel " + detail::gnuplot_text(across ? p.y.label : p.x.label) + "\nset ylabel " +
         detail::gnuplot_text(across ? p.x.label : p.y.label) + "\n";
  if (p.x.log) out += "set logscale x\n";
  if (p.y.log) out += "set logscale y\n";
  const bool stacked = p.kind == plot_kind::bars || p.kind == plot_kind::spans;
  if (stacked)
    out +=
        "set style data histograms\nset style histogram rowstacked\nset style fill solid 0.8\nset boxwidth 0.7\nset "
        "yrange [0:*]\n";
  if (p.kind == plot_kind::whiskers) out += "set xrange [-0.5:" + std::to_string(p.categories.size()) + "-0.5]\n";
  if (p.kind == plot_kind::lines) {
    std::vector<const std::vector<double>*> x, y;
    for (const auto& s : p.series) x.push_back(&s.x), y.insert(y.end(), {&s.y, &s.low, &s.high});
    detail::append_gnuplot_range(out, 'x', p.x.log, x);
    detail::append_gnuplot_range(out, 'y', p.y.log, y);
  }
  out += "plot ";
  for (std::size_t i = 0; i < p.series.size(); ++i) {
    const auto& s = p.series[i];
    const std::string data = "$s" + std::to_string(i), name = detail::gnuplot_text(s.name);
    if (i > 0) out += ", \\\n     ";
    if (stacked)
      out += data + " using 2:xticlabels(5) title " + name + (s.name.empty() ? " fillstyle empty noborder" : "");
    else if (p.kind == plot_kind::whiskers)
      out += data + " using 1:2:3:4:xticlabels(5) with yerrorbars title " + name;
    else if (!s.low.empty())
      out += data +
             " using 1:3:4 with filledcurves fillstyle transparent solid 0.2 notitle, '' using 1:2 with lines title " +
             name;
    else
      out += data + " using 1:2 with " + (s.line ? (s.dashed ? "lines dashtype 2" : "lines") : "points") + " title " +
             name;
  }
  out += "\n";
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_PLOT_GNUPLOT_HPP
