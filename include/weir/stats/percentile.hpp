// weir/stats/percentile.hpp - percentiles of samples that are all kept. Needs the standard library only.
#ifndef WEIR_STATS_PERCENTILE_HPP
#define WEIR_STATS_PERCENTILE_HPP

#include <algorithm>
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

}  // namespace weir::inline v0

#endif  // WEIR_STATS_PERCENTILE_HPP
