// weir/stats/run_interval.hpp - how well one run knows its own mean and percentiles. Needs the standard library only.
#ifndef WEIR_STATS_RUN_INTERVAL_HPP
#define WEIR_STATS_RUN_INTERVAL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/stats/percentile.hpp"
#include "weir/stats/steady.hpp"
#include "weir/stats/student.hpp"

namespace weir::inline v0 {

/// How many independent values know their mean as well as these, which hang together: n / (1 + 2 * the sum of their
/// autocorrelations, as far as pairs of them are positive).
/// \param values  in the order of time.
/// \complexity    O(n * the lag at which they part).
/// \source        Geyer, "Practical Markov chain Monte Carlo", 1992 (initial positive sequence).
[[nodiscard]] inline double effective_samples(std::span<const double> values) {
  const std::size_t n = values.size();
  if (n < 4) return static_cast<double>(n);
  const auto m = moments_of(values);
  if (!(m.std > 0)) return static_cast<double>(n);
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
  return std::min(static_cast<double>(n), static_cast<double>(n) / std::max(sum, 1.0));
}

struct value_interval {
  double low = 0, high = 0;
};

/// What a run says of its own mean or percentile. It can't know of swings that are longer than itself: a queue near
/// saturation looks steady for thousands of requests, and is not (docs/comparing.md has how often that misleads).
struct run_estimate {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< Of the values as they are; NaN where there are none.
  double effective = 0;                    ///< The values tell as much as so many independent ones would.
  double needed = 0;                       ///< With fewer of those there is no interval.
  std::optional<value_interval> interval;  ///< Nothing: there are fewer.

  /// Whether the interval reaches no farther from the value than `share` of it ("p99 TTFT is known to 5 %").
  [[nodiscard]] bool within(double share) const noexcept {
    const double reach = share * std::abs(value);
    return interval && interval->high - value <= reach && value - interval->low <= reach;
  }
};

namespace detail {

inline constexpr double least_effective = 200;  ///< For any interval of a run,
inline constexpr double least_beyond = 20;      ///< and so many of them on either side of a percentile.

/// The variance of the mean of values that hang together, from all stretches of a tenth of the run.
/// \source  Meketon and Schmeiser, "Overlapping batch means: something for nothing?", 1984.
inline double variance_of_mean(std::span<const double> values, double mean) {
  const std::size_t n = values.size(), length = std::max<std::size_t>(n / 10, 1);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += values[i] - mean;
    if (i >= length) sum -= values[i - length] - mean;
    if (i + 1 >= length) squares += sum * sum;
  }
  const auto l = static_cast<double>(length), all = static_cast<double>(n);
  return squares / l / (all - l + 1) / (all - l);
}

/// z^2 times the variance of the mean of `values`, and how many independent ones they are worth.
///
/// Two estimates of the variance, by batches and by autocorrelations, fail in different runs: the greater one counts.
/// Both are too small in a run that saw few of its own slow swings; the last factor, which bench/stats/coverage.cpp
/// sets, makes up for that.
struct mean_spread {
  double squared_reach, effective;
};
/// \param most_effective  what is known of other values of the same run.
inline mean_spread spread_of_mean(std::span<const double> values, const moments& m, double most_effective,
                                  double level) {
  if (!(m.std > 0)) return {0, std::min(most_effective, static_cast<double>(values.size()))};
  const double own = effective_samples(values), effective = std::min(most_effective, own);
  const double variance = std::max(variance_of_mean(values, m.mean), m.std * m.std / own);
  const double z = normal_quantile(1 - (1 - level) / 2);
  return {z * z * variance * (1 + 150 / effective), effective};
}

}  // namespace detail

/// The mean of a run, with the interval that holds the mean of a much longer one with the probability `level`.
/// \param values  in the order of time, without warm-up: see mser5.
/// \complexity    that of effective_samples.
[[nodiscard]] inline run_estimate estimate_mean(std::span<const double> values, double level = 0.95) {
  if (values.empty()) return {};
  const auto m = moments_of(values);
  const auto spread = detail::spread_of_mean(values, m, std::numeric_limits<double>::infinity(), level);
  run_estimate out{m.mean, spread.effective, detail::least_effective, std::nullopt};
  const double reach = std::sqrt(spread.squared_reach);
  if (out.effective >= out.needed) out.interval = {m.mean - reach, m.mean + reach};
  return out;
}

/// The same for the `p`-th percentile: the share of values below it is a mean, whose interval (Wilson's form, so that
/// it stays within 0 and 1) is read back as values.
/// \param p     0 < p < 100.
/// \complexity  that of effective_samples, twice, and of sorting.
[[nodiscard]] inline run_estimate estimate_percentile(std::span<const double> values, double p, double level = 0.95) {
  if (values.empty()) return {};
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  run_estimate out{percentile(sorted, p), 0, 0, std::nullopt};
  std::vector<double> below(values.size());
  std::ranges::transform(values, below.begin(), [&](double v) { return v <= out.value ? 1.0 : 0.0; });
  const double share = p / 100, variance = share * (1 - share);
  const auto m = moments_of(below);
  const auto spread = detail::spread_of_mean(below, m, effective_samples(values), level);
  out.effective = spread.effective;
  out.needed = std::max(detail::least_effective, detail::least_beyond / std::min(share, 1 - share));
  if (!(out.effective >= out.needed)) return out;
  const double q = spread.squared_reach / variance;  // Wilson's z^2 / n
  const double center = (share + q / 2) / (1 + q), reach = std::sqrt(q * variance + q * q / 4) / (1 + q);
  out.interval = {percentile(sorted, 100 * (center - reach)), percentile(sorted, 100 * (center + reach))};
  return out;
}

/// What a run says of itself once its warm-up is cut.
struct steady_run {
  warm_up cut;
  run_estimate estimate;  ///< Of what is left; without an interval where that is not steady.
};
/// \param p  0 < p < 100, or 0 for the mean.
[[nodiscard]] inline steady_run steady_estimate(std::span<const double> values, double p, double level = 0.95) {
  steady_run out{mser5(values), {}};
  const auto rest = values.subspan(out.cut.skip);
  out.estimate = p == 0 ? estimate_mean(rest, level) : estimate_percentile(rest, p, level);
  if (!out.cut.steady) out.estimate.interval.reset();
  return out;
}

/// After how many values a run that is to end by itself looks at what it knows: often enough, and not so often that a
/// lucky moment is found.
inline constexpr std::size_t first_look = 200;
[[nodiscard]] constexpr std::size_t next_look(std::size_t n) noexcept {
  return n + n / 4;
}

/// The interval of any figure of a run by a moving-block bootstrap: `rounds` runs are put together from stretches of
/// `block` values, drawn anywhere.
/// \param figure  `double(std::vector<double>&)`; it may reorder the vector.
/// \param block   much longer than values hang together: twice the concurrency, and at least sqrt(n).
/// \return        nothing where there are fewer than 10 blocks.
/// \source        Kuensch, "The jackknife and the bootstrap for general stationary observations", 1989.
template <class Figure>
std::optional<value_interval> block_bootstrap(std::span<const double> values, std::size_t block, Figure&& figure,
                                              std::uint64_t seed = 1, std::size_t rounds = 1000, double level = 0.95) {
  if (block == 0 || values.size() < 10 * block) return std::nullopt;
  random_stream random(seed);
  std::vector<double> figures, drawn;
  for (std::size_t round = 0; round < rounds; ++round) {
    drawn.clear();
    while (drawn.size() < values.size()) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(random.below(values.size() - block + 1));
      drawn.insert(drawn.end(), begin,
                   begin + static_cast<std::ptrdiff_t>(std::min(block, values.size() - drawn.size())));
    }
    figures.push_back(figure(drawn));
  }
  std::ranges::sort(figures);
  return value_interval{percentile(figures, 50 * (1 - level)), percentile(figures, 100 - 50 * (1 - level))};
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_RUN_INTERVAL_HPP
