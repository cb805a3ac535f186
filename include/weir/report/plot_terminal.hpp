// weir/report/plot_terminal.hpp - plots of characters, for terminals and logs. Needs the standard library only.
#ifndef WEIR_REPORT_PLOT_TERMINAL_HPP
#define WEIR_REPORT_PLOT_TERMINAL_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/utf8.hpp"
#include "weir/report/plot.hpp"
#include "weir/report/table_text.hpp"

namespace weir::inline v0 {

/// What the place where characters are shown can do.
struct terminal_style {
  std::size_t width = 80;
  bool ascii = false;  ///< No character beyond ASCII.
  bool color = false;  ///< ANSI colours, one a series.
};

namespace detail {

using mark_list = std::span<const std::string_view>;  ///< What the series are drawn with, over and over.
inline constexpr std::array<std::string_view, 8> line_marks{"*", "o", "+", "x", "#", "@", "%", "&"};
inline constexpr std::array<std::string_view, 4> ascii_fills{".", "-", "=", "#"};
inline constexpr std::array<std::string_view, 4> block_fills{"\xE2\x96\x91", "\xE2\x96\x92", "\xE2\x96\x93",
                                                             "\xE2\x96\x88"};  // light, medium, dark, full

/// "\x1b[3Nm" for the series, in the order of the SVG's colours as far as eight colours go.
inline std::string color_of(std::size_t series) {
  constexpr std::array codes{34, 31, 32, 35, 33, 36, 93, 90};
  return "\x1b[" + std::to_string(codes[series % codes.size()]) + "m";
}
inline void append_colored(std::string& out, std::string_view text, std::size_t series, bool color) {
  if (color) out += color_of(series);
  out += text;
  if (color) out += "\x1b[0m";
}

/// A picture of dots, two by four a character where Braille may be used, one a character in ASCII.
class dot_canvas {
 public:
  dot_canvas(std::size_t columns, std::size_t rows, bool ascii, bool color)
      : columns_(columns), ascii_(ascii), color_(color), cells_(columns * rows) {}

  [[nodiscard]] std::size_t width() const noexcept { return columns_ * (ascii_ ? 1 : 2); }
  [[nodiscard]] std::size_t height() const noexcept { return cells_.size() / columns_ * (ascii_ ? 1 : 4); }
  void set(std::size_t x, std::size_t y, std::size_t series) {
    auto& cell = cells_[y / (ascii_ ? 1 : 4) * columns_ + x / (ascii_ ? 1 : 2)];
    static constexpr int bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    cell.dots |= ascii_ ? 1 : bits[y % 4][x % 2];
    cell.series = series;
  }
  [[nodiscard]] std::string row(std::size_t row) const {
    std::string out;
    for (std::size_t x = 0; x < columns_; ++x) {
      const auto& cell = cells_[row * columns_ + x];
      std::string shown = " ";
      if (cell.dots != 0 && ascii_) shown = line_marks[cell.series % line_marks.size()];
      if (cell.dots != 0 && !ascii_) shown.clear(), append_utf8(shown, static_cast<char32_t>(0x2800 + cell.dots));
      cell.dots == 0 ? void(out += shown) : append_colored(out, shown, cell.series, color_);
    }
    return out;
  }

 private:
  struct dots {
    int dots = 0;
    std::size_t series = 0;
  };
  std::size_t columns_;
  bool ascii_, color_;
  std::vector<dots> cells_;
};

/// Names of the series, each behind its mark; without marks they are told apart by colour alone.
inline void append_legend(std::string& out, const plot& p, bool color, mark_list marks) {
  bool any = false;
  for (std::size_t i = 0; i < p.series.size(); ++i) {
    if (p.series[i].name.empty()) continue;
    out += "  ";
    if (!marks.empty()) append_colored(out, marks[i % marks.size()], i, color), out += ' ';
    append_colored(out, without_controls(p.series[i].name), i, color && marks.empty());
    any = true;
  }
  if (any) out.push_back('\n');
}

inline void draw_line(dot_canvas& canvas, const plot_series& s, std::size_t series, const plot_scale& xs,
                      const plot_scale& ys) {
  for (std::size_t k = 0; k < s.y.size(); ++k) {
    if (!xs.shows(s.x[k]) || !ys.shows(s.y[k])) continue;
    const bool joined = s.line && k + 1 < s.y.size() && xs.shows(s.x[k + 1]) && ys.shows(s.y[k + 1]);
    const auto column = [&](double x) { return xs.place(x) * static_cast<double>(canvas.width() - 1); };
    const auto line = [&](double y) { return (1 - ys.place(y)) * static_cast<double>(canvas.height() - 1); };
    const double x0 = column(s.x[k]), y0 = line(s.y[k]);
    const double x1 = joined ? column(s.x[k + 1]) : x0, y1 = joined ? line(s.y[k + 1]) : y0;
    const auto steps = static_cast<int>(std::ceil(std::max(std::abs(x1 - x0), std::abs(y1 - y0)))) + 1;
    for (int n = 0; n <= steps; ++n) {
      if (s.dashed && n % 4 >= 2) continue;
      const double part = static_cast<double>(n) / steps;
      canvas.set(static_cast<std::size_t>(std::lround(x0 + (x1 - x0) * part)),
                 static_cast<std::size_t>(std::lround(y0 + (y1 - y0) * part)), series);
    }
  }
}

inline void append_terminal_lines(std::string& out, const plot& p, terminal_style style) {
  constexpr std::size_t rows = 14, margin = 11;
  // Braille dots look alike: without colours several lines are told apart by their letters.
  style.ascii = style.ascii || (p.series.size() > 1 && !style.color);
  const auto xs = x_scale(p), ys = value_scale(p);
  dot_canvas canvas(std::max<std::size_t>(style.width, 40) - margin - 1, rows, style.ascii, style.color);
  for (std::size_t i = p.series.size(); i-- > 0;) draw_line(canvas, p.series[i], i, xs, ys);  // the first on top
  for (std::size_t row = 0; row < rows; ++row) {
    std::string label;
    for (const double t : ys.ticks)
      if (static_cast<std::size_t>(std::lround((1 - ys.place(t)) * static_cast<double>(rows - 1))) == row)
        label = tick_text(t);
    append_padded(out, label, margin - 2, side::right);
    out.append(" |").append(canvas.row(row)).push_back('\n');
  }
  out.append(margin, ' ').append(tick_text(xs.low)).append(" .. ").append(tick_text(xs.high)).append("  ");
  out.append(without_controls(p.x.label)).append(p.x.log ? " (log)" : "");
  if (!p.y.label.empty()) out.append("; ").append(without_controls(p.y.label));
  out.push_back('\n');
  append_legend(out, p, style.color, style.ascii ? mark_list(line_marks) : mark_list());
}

/// The widest name of a category.
inline std::size_t name_width(const plot& p) {
  std::size_t width = 0;
  for (const auto& c : p.categories) width = std::max(width, display_width(without_controls(c)));
  return width;
}

/// A row a category: the series stacked from left to right, each filled in its own way; a first one without a name is
/// only room (a waterfall's wait until the request was due).
inline void append_terminal_stacks(std::string& out, const plot& p, const terminal_style& style) {
  const mark_list fills = style.ascii ? mark_list(ascii_fills) : mark_list(block_fills);
  const std::size_t names = name_width(p), room = std::max<std::size_t>(style.width, names + 34) - names - 14;
  const auto scale = value_scale(p);
  for (std::size_t k = 0; k < p.categories.size(); ++k) {
    append_padded(out, without_controls(p.categories[k]), names, side::left);
    out += " |";
    double sum = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < p.series.size(); ++i) {
      const auto& s = p.series[i];
      if (k >= s.y.size() || !std::isfinite(s.y[k])) continue;
      sum += s.y[k];
      const auto to = static_cast<std::size_t>(std::lround(scale.place(sum) * static_cast<double>(room)));
      std::string part;
      for (; at < to; ++at) part += s.name.empty() ? " " : fills[i % fills.size()];
      append_colored(out, part, i, style.color && !s.name.empty() && !part.empty());
    }
    out.append(" ").append(tick_text(sum)).push_back('\n');
  }
  out.append(names + 2, ' ').append(p.kind == plot_kind::bars ? p.y.label : p.x.label).push_back('\n');
  append_legend(out, p, style.color, fills);
}

/// A row a category: its interval, its value, and a stroke where a mark is.
inline void append_terminal_whiskers(std::string& out, const plot& p, const terminal_style& style) {
  const std::size_t names = name_width(p), room = std::max<std::size_t>(style.width, names + 34) - names - 14;
  const auto scale = value_scale(p);
  const auto column = [&](double v) {
    return static_cast<std::size_t>(std::lround(std::clamp(scale.place(v), 0.0, 1.0) * static_cast<double>(room - 1)));
  };
  for (const auto& s : p.series)
    for (std::size_t k = 0; k < std::min(s.y.size(), p.categories.size()); ++k) {
      std::string line(room, ' ');
      for (const auto& mark : p.marks) line[column(mark.at)] = ':';
      if (k < s.low.size() && k < s.high.size() && std::isfinite(s.low[k]) && std::isfinite(s.high[k])) {
        std::fill(line.begin() + static_cast<std::ptrdiff_t>(column(s.low[k])),
                  line.begin() + static_cast<std::ptrdiff_t>(column(s.high[k])) + 1, '-');
        line[column(s.low[k])] = line[column(s.high[k])] = '|';
      }
      if (std::isfinite(s.y[k])) line[column(s.y[k])] = 'o';
      append_padded(out, without_controls(p.categories[k]), names, side::left);
      out.append(" ").append(line).append(" ").append(std::isfinite(s.y[k]) ? tick_text(s.y[k]) : "-").push_back('\n');
    }
  out.append(names + 1, ' ').append(tick_text(scale.low)).append(" .. ").append(tick_text(scale.high)).append("  ");
  out.append(p.x.label).append(scale.log ? " (log)\n" : "\n");
}

}  // namespace detail

/// Appends `p` as text of at most `style.width` columns (at least 40).
inline void append_terminal(std::string& out, const plot& p, const terminal_style& style) {
  out.append(detail::without_controls(p.title)).push_back('\n');
  if (p.kind == plot_kind::lines)
    detail::append_terminal_lines(out, p, style);
  else if (p.kind == plot_kind::whiskers)
    detail::append_terminal_whiskers(out, p, style);
  else
    detail::append_terminal_stacks(out, p, style);
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_PLOT_TERMINAL_HPP
