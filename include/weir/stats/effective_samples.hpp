// weir/stats/effective_samples.hpp - how much values that hang together tell. Needs the standard library only.
#ifndef WEIR_STATS_EFFECTIVE_SAMPLES_HPP
#define WEIR_STATS_EFFECTIVE_SAMPLES_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "weir/stats/moments.hpp"

namespace weir::inline v0 {

namespace detail {

/// The sum of autocorrelations by which n / it independent values tell the mean as well: at least 1.
inline double autocorrelation_sum(std::span<const double> values, const moments& m) {
  const std::size_t n = values.size();
  const auto correlation = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < n; ++i) sum += (values[i] - m.mean) * (values[i + lag] - m.mean);
    return sum / (static_cast<double>(n) * m.std * m.std);
  };
  double sum = -1;
  for (std::size_t lag = 0; lag + 1 < n / 2; lag += 2) {
    const double pair = correlation(lag) + correlation(lag + 1);
    if (!(pair > 0)) break;
    sum += 2 * pair;
  }
  return std::max(sum, 1.0);
}

inline constexpr std::size_t most_lagged = 4096;  ///< Of more values the means of short stretches stand for them.

}  // namespace detail

/// How many independent values know their mean as well as these, which hang together: n / (1 + 2 * the sum of their
/// autocorrelations, as far as pairs of them are positive).
/// \param values  in the order of time. From 8192 on, means of stretches are looked at, 4096 of them at least.
/// \complexity    O(n), and of at most 8191 values O(values * the lag at which they part).
/// \source        Geyer, "Practical Markov chain Monte Carlo", 1992 (initial positive sequence).
[[nodiscard]] inline double effective_samples(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  const auto m = moments_of(values);
  if (values.size() < 4 || !(m.std > 0)) return n;
  const std::size_t length = values.size() / detail::most_lagged;
  if (length < 2) return n / detail::autocorrelation_sum(values, m);
  std::vector<double> means(values.size() / length);
  for (std::size_t i = 0; i < means.size(); ++i) {
    double sum = 0;
    for (const double value : values.subspan(i * length, length)) sum += value - m.mean;
    means[i] = m.mean + sum / static_cast<double>(length);
  }
  const auto of_means = moments_of(means);
  if (!(of_means.std > 0)) return n;
  const double share = m.std * m.std / (of_means.std * of_means.std);
  return std::min(n, share * static_cast<double>(means.size()) / detail::autocorrelation_sum(means, of_means));
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_EFFECTIVE_SAMPLES_HPP
