// weir/stats/wilson.hpp - how far a share of successes can be trusted. Needs the standard library only.
#ifndef WEIR_STATS_WILSON_HPP
#define WEIR_STATS_WILSON_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace weir::inline v0 {

/// A share and the range that it can be told from, all in [0, 1].
struct share_interval {
  double share, low, high;  ///< NaN where nothing was counted.
};

/// The Wilson score interval of `successes` out of `total`: unlike the normal one it is right for small counts and for
/// shares near 0 and 1, and never leaves [0, 1].
/// \param z  the normal quantile of the confidence: 1.959964 for 95 %.
/// \source   Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
[[nodiscard]] inline share_interval wilson_interval(std::uint64_t successes, std::uint64_t total,
                                                    double z = 1.959963984540054) {
  if (total == 0) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    return {none, none, none};
  }
  const auto n = static_cast<double>(total);
  const double share = static_cast<double>(successes) / n;
  const double center = share + z * z / (2 * n);
  const double reach = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  const double low = successes == 0 ? 0 : std::max(0.0, (center - reach) / scale);  // exactly 0, without rounding
  const double high = successes == total ? 1 : std::min(1.0, (center + reach) / scale);
  return {share, low, high};
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_WILSON_HPP
