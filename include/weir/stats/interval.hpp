// weir/stats/interval.hpp - how far a percentile of a sample may be off. Needs the standard library only.
#ifndef WEIR_STATS_INTERVAL_HPP
#define WEIR_STATS_INTERVAL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace weir::inline v0 {

/// Two ranks of a sorted sample, from 0: low < high.
struct rank_interval {
  std::size_t low, high;
};

/// The ranks between which the true `p`-th percentile lies with at least the probability `level`, whatever the
/// distribution: each tail is given (1 - level) / 2.
///
///     if (const auto ranks = weir::percentile_interval(ttft.size(), 99))
///       print(ttft[ranks->low], ttft[ranks->high]);
///
/// The values must be independent. Requests of one run are not quite (they share queues and batches): across runs, the
/// run is the unit.
/// \param p      0 < p < 100.
/// \return       nothing where the sample is too small to bound the percentile from both sides: p99 needs 368 values.
/// \complexity   O(sqrt(count)).
/// \source       David and Nagaraja, "Order Statistics", 3rd edition, section 7.1: the number of values below the
///               percentile is binomial.
[[nodiscard]] inline std::optional<rank_interval> percentile_interval(std::size_t count, double p,
                                                                      double level = 0.95) {
  const double n = static_cast<double>(count), share = p / 100, tail = (1 - level) / 2;
  if (count == 0 || !(share > 0 && share < 1)) return std::nullopt;
  // Sums the binomial from ten standard deviations below its mean, where what is left out is below 1e-20.
  const double start = std::max(0.0, std::floor(n * share - 10 * std::sqrt(n * share * (1 - share)) - 10));
  auto k = static_cast<std::size_t>(start);
  double log_mass = std::lgamma(n + 1) - std::lgamma(start + 1) - std::lgamma(n - start + 1);
  log_mass += start * std::log(share) + (n - start) * std::log1p(-share);
  double mass = std::exp(log_mass), sum = mass;
  std::optional<std::size_t> low;
  // With B values below the percentile, value number k from 1 lies below it where B >= k.
  for (; k < count; ++k) {
    if (sum <= tail) low = k;    // P(B <= k) <= tail: value k + 1 from 1, that is rank k, is a lower bound
    if (sum >= 1 - tail) break;  // P(B <= k) >= 1 - tail: value k + 1 from 1 is an upper bound
    mass *= (n - static_cast<double>(k)) / static_cast<double>(k + 1) * (share / (1 - share));
    sum += mass;
  }
  if (!low || k >= count) return std::nullopt;
  return rank_interval{*low, k};
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_INTERVAL_HPP
