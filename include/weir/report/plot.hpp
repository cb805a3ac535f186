// weir/report/plot.hpp - one picture of numbers, before it is a drawing of any format. Needs the standard library only.
#ifndef WEIR_REPORT_PLOT_HPP
#define WEIR_REPORT_PLOT_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace weir::inline v0 {

/// How the series of a plot stand in it.
enum class plot_kind : unsigned char {
  lines = 0,  ///< x against y, with bands; points where a series has no line.
  bars,       ///< One bar a category, upwards; series stacked on each other: per-rank stacks.
  spans,      ///< One bar a category, to the right; series stacked, empty names unseen: a waterfall.
  whiskers,   ///< One row a category: y and its interval low..high, to the right: an A/B comparison.
};

struct plot_axis {
  std::string label;  ///< With its unit: "TTFT (ms)".
  bool log = false;   ///< Values <= 0 are then left out.
};

/// One named row of numbers. NaN is a gap.
struct plot_series {
  std::string name;
  std::vector<double> x;                    ///< For lines; the other kinds count categories.
  std::vector<double> y;                    ///< As many as x, or as categories.
  std::vector<double> low = {}, high = {};  ///< A band around y or a whisker; empty, or as many as y.
  bool line = true;                         ///< Else points.
  bool dashed = false, muted = false;       ///< Muted: grey, for what is dominated or only a guide.
  std::vector<std::string> labels = {};     ///< A name for each point; empty, or as many as y.
};

/// A straight line across the plot: an SLO, the end of warm-up.
struct plot_mark {
  double at = 0;
  bool vertical = false;
  std::string label;
};

struct plot {
  std::string title;
  plot_kind kind = plot_kind::lines;
  plot_axis x, y;
  std::vector<std::string> categories = {};  ///< For bars, spans and whiskers.
  std::vector<plot_series> series = {};
  std::vector<plot_mark> marks = {};
};

/// Whether there is a number to draw.
[[nodiscard]] inline bool has_numbers(const plot& p) {
  return std::ranges::any_of(p.series, [](const plot_series& s) {
    return std::ranges::any_of(s.y, [](double v) { return std::isfinite(v); });
  });
}

/// The numbers an axis reaches over, and where its ticks stand.
struct plot_scale {
  double low = 0, high = 1;
  bool log = false;
  std::vector<double> ticks;

  /// Where `value` stands, 0 at the low end and 1 at the high one.
  [[nodiscard]] double place(double value) const noexcept {
    return log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  }
  [[nodiscard]] bool shows(double value) const noexcept { return std::isfinite(value) && (!log || value > 0); }
};

namespace detail {

/// 1, 2 or 5 times a power of ten: the least that is >= `least`.
inline double round_step(double least) noexcept {
  const double ten = std::pow(10, std::floor(std::log10(least)));
  for (const double step : {1.0, 2.0, 5.0})
    if (step * ten >= least * (1 - 1e-9)) return step * ten;
  return 10 * ten;
}

inline plot_scale linear_scale(double low, double high) {
  if (!(high > low)) high = low + (low == 0 ? 1 : std::abs(low));
  const double step = round_step((high - low) / 6);
  plot_scale s{std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, false, {}};
  for (int i = 0; s.low + i * step <= s.high + step / 2; ++i) s.ticks.push_back(s.low + i * step);
  return s;
}

inline plot_scale log_scale(double low, double high) {
  const double bottom = std::floor(std::log10(low) + 1e-9),
               top = std::max(std::ceil(std::log10(high) - 1e-9), bottom + 1);
  plot_scale s{std::pow(10, bottom), std::pow(10, top), true, {}};
  const bool narrow = top - bottom < 2.5;
  for (double decade = bottom; decade <= top; ++decade)
    for (const double times : {1.0, 2.0, 5.0})
      if ((times == 1 || narrow) && times * std::pow(10, decade) <= s.high * (1 + 1e-9))
        s.ticks.push_back(times * std::pow(10, decade));
  return s;
}

}  // namespace detail

/// A scale over `values` with round ends and four to ten ticks. \param from_zero  bars and rates stand on zero.
[[nodiscard]] inline plot_scale scale_over(const std::vector<double>& values, bool log, bool from_zero) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double v : values)
    if (std::isfinite(v) && (!log || v > 0)) low = std::min(low, v), high = std::max(high, v);
  if (low > high) low = log ? 1 : 0, high = log ? 10 : 1;
  if (log) return detail::log_scale(low, high);
  return detail::linear_scale(from_zero ? std::min(low, 0.0) : low, from_zero ? std::max(high, 0.0) : high);
}

/// A number for an axis: at most six digits, without a tail of zeros.
[[nodiscard]] inline std::string tick_text(double value) {
  std::array<char, 32> text{};
  if (std::abs(value) < 1e-12) value = 0;
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6).ptr};
}

namespace detail {
/// Okabe and Ito's, which most colour-blind people tell apart, and grey for what is muted.
inline constexpr std::array<const char*, 9> series_colors{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                                          "#56b4e9", "#7f6a00", "#555555", "#bbbbbb"};

/// Whether values go from left to right and categories from top to bottom.
inline bool is_across(const plot& p) noexcept {
  return p.kind == plot_kind::spans || p.kind == plot_kind::whiskers;
}
/// Every number that an axis must have room for.
inline std::vector<double> all_values(const plot& p, bool of_x) {
  std::vector<double> out;
  const bool stacked = p.kind == plot_kind::bars || p.kind == plot_kind::spans;
  for (const auto& s : p.series) {
    const auto append = [&](const std::vector<double>& values) { out.insert(out.end(), values.begin(), values.end()); };
    if (of_x && p.kind == plot_kind::lines) append(s.x);
    if (of_x || stacked) continue;
    append(s.y), append(s.low), append(s.high);
  }
  for (std::size_t i = 0; stacked && !of_x && i < p.categories.size(); ++i) {
    double sum = 0;
    for (const auto& s : p.series) sum += i < s.y.size() && std::isfinite(s.y[i]) ? s.y[i] : 0;
    out.push_back(sum);
  }
  for (const auto& mark : p.marks)
    if (mark.vertical == of_x || is_across(p)) out.push_back(mark.at);
  return out;
}
}  // namespace detail

/// The scale of the values' axis (y, or x of spans and whiskers), and that of x for lines.
[[nodiscard]] inline plot_scale value_scale(const plot& p) {
  return scale_over(detail::all_values(p, false), detail::is_across(p) ? p.x.log : p.y.log, true);
}
[[nodiscard]] inline plot_scale x_scale(const plot& p) {
  return scale_over(detail::all_values(p, true), p.x.log, false);
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_PLOT_HPP
