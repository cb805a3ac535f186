// weir/stats/percentile.hpp - percentiles and moments of samples that are all kept. Needs the standard library only.
#ifndef WEIR_STATS_PERCENTILE_HPP
#define WEIR_STATS_PERCENTILE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
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

/// The moments of `values`, in one pass that does not lose digits where the mean is far from zero.
///
/// The last bits of a sum depend on the order of its terms: pass sorted values where the result must not.
/// \source  Welford, "Note on a method for calculating corrected sums of squares and products", 1962.
[[nodiscard]] inline moments moments_of(std::span<const double> values) noexcept {
  moments m;
  double squares = 0;
  for (const double value : values) {
    if (++m.count == 1) m.mean = 0, m.min = value, m.max = value;
    const double from_old_mean = value - m.mean;
    m.mean += from_old_mean / static_cast<double>(m.count);
    squares += from_old_mean * (value - m.mean);
    m.min = std::min(m.min, value);
    m.max = std::max(m.max, value);
  }
  if (m.count > 0) m.std = std::sqrt(squares / static_cast<double>(m.count));
  return m;
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_PERCENTILE_HPP
