// weir/stats/percentile.hpp - percentiles and moments of samples that are all kept. Needs the standard library only.
#ifndef WEIR_STATS_PERCENTILE_HPP
#define WEIR_STATS_PERCENTILE_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace weir::inline v0 {

namespace detail {
/// Interpolates between ranks: `value_at(rank)` is the value of that rank, from 0, among `present` ascending values;
/// `failures` infinite ones follow.
template <class ValueAt>
[[nodiscard]] double percentile_of(std::size_t present, std::size_t failures, double p, ValueAt&& value_at) {
  const std::size_t count = present + failures;
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  const double rank = static_cast<double>(count - 1) * (std::clamp(p, 0.0, 100.0) / 100);
  const auto below = static_cast<std::size_t>(rank);
  const double part = rank - static_cast<double>(below);
  if (below + (part > 0 ? 1 : 0) >= present) return std::numeric_limits<double>::infinity();
  const double low = value_at(below);
  if (part == 0) return low;
  const double high = value_at(below + 1);
  // numpy interpolates from the nearer end, so that rounding can't leave the interval; so does this.
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part);
}
}  // namespace detail

/// The `p`-th percentile of ascending values, with linear interpolation between the two nearest ranks: numpy's
/// default, "type 7" in R.
///
///     std::ranges::sort(ttft_ms);
///     const double p99 = weir::percentile(ttft_ms, 99);
///
/// \param sorted    ascending, without NaN; any unit, the result has the same.
/// \param p         0 <= p <= 100; a value outside is taken as the nearer bound.
/// \param failures  this many more values of +infinity are imagined behind the last: requests that never ended.
/// \return          NaN where there is no value at all; +infinity where a failure takes part in the percentile.
/// \complexity      O(1).
/// \source          Hyndman and Fan, "Sample quantiles in statistical packages", 1996, definition 7.
[[nodiscard]] inline double percentile(std::span<const double> sorted, double p, std::size_t failures = 0) noexcept {
  return detail::percentile_of(sorted.size(), failures, p, [&](std::size_t rank) { return sorted[rank]; });
}

/// How many, where, how wide. All but `count` are NaN where there was no value.
struct moments {
  std::size_t count = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double std = std::numeric_limits<double>::quiet_NaN();  ///< Of the values themselves (divided by count), as np.std.
  double min = std::numeric_limits<double>::quiet_NaN();
  double max = std::numeric_limits<double>::quiet_NaN();
};

namespace detail {
__extension__ using wide_integer = __int128;

/// The power of two that makes `largest` a number of at most `bits` bits.
inline double scale_to(double largest, int bits) noexcept {
  int exponent = 0;
  (void)std::frexp(largest, &exponent);
  return std::ldexp(1.0, std::min(bits - exponent, 1000));
}
inline double from_scaled(wide_integer sum, double scale) noexcept {
  return static_cast<double>(sum) / scale;
}
}  // namespace detail

/// The moments of `values`. The sums are of integers, so that no order of the values changes a bit of them: of the
/// values in units of 2^-61 of the greatest, and of squared deviations with as many bits as 128 have room for.
/// \pre         no NaN and no infinity.
/// \complexity  three passes, O(n).
[[nodiscard]] inline moments moments_of(std::span<const double> values) noexcept {
  moments m{.count = values.size()};
  if (values.empty()) return m;
  double least = values[0], greatest = values[0];
  for (const double value : values) {
    least = value < least ? value : least;  // spelled so that it becomes one instruction for several values
    greatest = value > greatest ? value : greatest;
  }
  m.min = least, m.max = greatest;
  const auto n = static_cast<double>(values.size());
  const double unit = detail::scale_to(std::max(-least, greatest), 61);
  detail::wide_integer sum = 0, squares = 0;
  for (const double value : values) sum += static_cast<std::int64_t>(value * unit);
  m.mean = detail::from_scaled(sum, unit) / n;
  const int bits = (126 - static_cast<int>(std::bit_width(values.size()))) / 2;
  const double step = detail::scale_to(std::max(m.mean - least, greatest - m.mean), bits);
  for (const double value : values) {
    const auto off = static_cast<std::int64_t>((value - m.mean) * step);
    squares += detail::wide_integer{off} * off;
  }
  m.std = std::sqrt(static_cast<double>(squares) / n) / step;
  return m;
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_PERCENTILE_HPP
