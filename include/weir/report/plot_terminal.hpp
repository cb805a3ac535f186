// weir/report/plot_terminal.hpp - plots of characters, for terminals and logs. Needs the standard library only.
#ifndef WEIR_REPORT_PLOT_TERMINAL_HPP
#define WEIR_REPORT_PLOT_TERMINAL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/utf8.hpp"
#include "weir/report/plot.hpp"
#include "weir/report/table_text.hpp"

namespace weir::inline v0 {
namespace detail {

/// A picture of dots, two by four a character where Braille may be used, one a character in ASCII.
class dot_canvas {
 public:
  dot_canvas(std::size_t columns, std::size_t rows, bool ascii)
      : columns_(columns), rows_(rows), ascii_(ascii), cells_(columns * rows, 0) {}

  [[nodiscard]] std::size_t width() const noexcept { return columns_ * (ascii_ ? 1 : 2); }
  [[nodiscard]] std::size_t height() const noexcept { return rows_ * (ascii_ ? 1 : 4); }
  /// \param mark  the character of the series, in ASCII.
  void set(std::size_t x, std::size_t y, char mark) {
    auto& cell = cells_[y / (ascii_ ? 1 : 4) * columns_ + x / (ascii_ ? 1 : 2)];
    static constexpr int bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    cell = ascii_ ? static_cast<unsigned char>(mark) : cell | bits[y % 4][x % 2];
  }
  [[nodiscard]] std::string row(std::size_t row) const {
    std::string out;
    for (std::size_t x = 0; x < columns_; ++x) {
      const auto cell = cells_[row * columns_ + x];
      if (cell == 0)
        out.push_back(' ');
      else if (ascii_)
        out.push_back(static_cast<char>(cell));
      else
        append_utf8(out, static_cast<char32_t>(0x2800 + cell));
    }
    return out;
  }

 private:
  std::size_t columns_, rows_;
  bool ascii_;
  std::vector<int> cells_;
};

inline void append_terminal_lines(std::string& out, const plot& p, std::size_t width, bool ascii) {
  constexpr std::size_t rows = 14, margin = 11;
  const auto xs = x_scale(p), ys = value_scale(p);
  dot_canvas canvas(std::max<std::size_t>(width, 40) - margin - 1, rows, ascii);
  constexpr std::string_view marks = "*o+x#@%&";
  for (std::size_t i = 0; i < p.series.size(); ++i) {
    const auto& s = p.series[i];
    for (std::size_t k = 0; k + 1 < s.y.size() || k < s.y.size(); ++k) {
      const bool joined = s.line && k + 1 < s.y.size();
      if (!xs.shows(s.x[k]) || !ys.shows(s.y[k]) || (joined && (!xs.shows(s.x[k + 1]) || !ys.shows(s.y[k + 1]))))
        continue;
      const auto column = [&](double x) { return xs.place(x) * static_cast<double>(canvas.width() - 1); };
      const auto line = [&](double y) { return (1 - ys.place(y)) * static_cast<double>(canvas.height() - 1); };
      const double x0 = column(s.x[k]), y0 = line(s.y[k]);
      const double x1 = joined ? column(s.x[k + 1]) : x0, y1 = joined ? line(s.y[k + 1]) : y0;
      const auto steps = static_cast<int>(std::ceil(std::max(std::abs(x1 - x0), std::abs(y1 - y0)))) + 1;
      for (int n = 0; n <= steps; ++n) {
        const double part = static_cast<double>(n) / steps;
        canvas.set(static_cast<std::size_t>(std::lround(x0 + (x1 - x0) * part)),
                   static_cast<std::size_t>(std::lround(y0 + (y1 - y0) * part)), marks[i % marks.size()]);
      }
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    std::string label;
    for (const double t : ys.ticks)
      if (static_cast<std::size_t>(std::lround((1 - ys.place(t)) * static_cast<double>(rows - 1))) == row)
        label = tick_text(t);
    append_padded(out, label, margin - 2, side::right);
    out.append(" |").append(canvas.row(row)).push_back('\n');
  }
  out.append(margin, ' ')
      .append(tick_text(xs.low))
      .append(" .. ")
      .append(tick_text(xs.high))
      .append("  ")
      .append(p.x.label)
      .push_back('\n');
  for (std::size_t i = 0; i < p.series.size(); ++i)
    if (!p.series[i].name.empty())
      out.append("  ").append(ascii ? std::string{marks[i % marks.size()], ' '} : "").append(p.series[i].name);
  out.push_back('\n');
}

/// The other kinds: a bar a category and series.
inline void append_terminal_bars(std::string& out, const plot& p, std::size_t width, bool ascii) {
  std::size_t names = 0;
  double most = 0;
  const auto name_of = [&](std::size_t k, const plot_series& s) {
    return p.categories[k] + (s.name.empty() ? "" : " " + s.name);
  };
  for (const auto& s : p.series)
    for (std::size_t k = 0; k < std::min(s.y.size(), p.categories.size()); ++k) {
      names = std::max(names, display_width(without_controls(name_of(k, s))));
      if (std::isfinite(s.y[k])) most = std::max(most, std::abs(s.y[k]));
    }
  const std::size_t room = std::max<std::size_t>(width, names + 34) - names - 14;
  for (std::size_t k = 0; k < p.categories.size(); ++k)
    for (const auto& s : p.series) {
      if (k >= s.y.size() || !std::isfinite(s.y[k]) || (s.name.empty() && p.series.size() > 1)) continue;
      append_padded(out, without_controls(name_of(k, s)), names, side::left);
      const auto length =
          most > 0 ? static_cast<std::size_t>(std::lround(std::abs(s.y[k]) / most * static_cast<double>(room))) : 0;
      out += " |";
      for (std::size_t i = 0; i < length; ++i) ascii ? out += '#' : out += "\xE2\x96\x88";
      out += " " + tick_text(s.y[k]) + "\n";
    }
  out.append(names + 2, ' ').append(p.kind == plot_kind::bars ? p.y.label : p.x.label).push_back('\n');
}

}  // namespace detail

/// Appends `p` in `width` columns. \param ascii  no character beyond ASCII, for terminals and logs that know no other.
inline void append_terminal(std::string& out, const plot& p, std::size_t width, bool ascii) {
  out.append(detail::without_controls(p.title)).push_back('\n');
  p.kind == plot_kind::lines ? detail::append_terminal_lines(out, p, width, ascii)
                             : detail::append_terminal_bars(out, p, width, ascii);
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_PLOT_TERMINAL_HPP
