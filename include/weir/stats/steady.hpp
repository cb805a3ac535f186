// weir/stats/steady.hpp - where a run is steady, and what its values in order tell of their mean and percentiles. Needs
// the standard library only.
#ifndef WEIR_STATS_STEADY_HPP
#define WEIR_STATS_STEADY_HPP

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
#include "weir/stats/student.hpp"

namespace weir::inline v0 {

/// Where warm-up ends.
struct warm_up {
  std::size_t skip = 0;  ///< This many values, from the first, are warm-up.
  bool steady = true;    ///< False: the best cut is at the half or beyond: the run was too short, or never steady.
};

/// Cuts warm-up by MSER-5: of all cuts in the first half, the one after which the mean of batches of five is known
/// best.
/// \param values  in the order of time. Fewer than 20 are not cut, and not called steady.
/// \source        White, "An effective truncation heuristic for bias reduction in simulation output", 1997; Hoad and
///                Robinson, "Implementing MSER-5 in commercial simulation software", 2011.
[[nodiscard]] inline warm_up mser5(std::span<const double> values) {
  const std::size_t batches = values.size() / 5;
  if (batches < 4) return {0, false};
  double sum = 0, squares = 0, best = std::numeric_limits<double>::infinity();
  std::size_t cut = 0;
  for (std::size_t i = batches; i-- > 0;) {  // from the end: the sums of what is left after a cut at batch i
    double batch = 0;
    for (std::size_t k = 0; k < 5; ++k) batch += (values[5 * i + k] - values.back()) / 5;
    sum += batch, squares += batch * batch;
    const double left = static_cast<double>(batches - i);
    const double error = std::max(0.0, squares - sum * sum / left) / (left * left);
    if (batches - i >= 2 && i <= batches / 2 && error <= best) best = error, cut = i;
  }
  return {5 * cut, cut < batches / 2};
}

/// How many independent values know their mean as well as these, which hang together: n / (1 + 2 * the sum of their
/// autocorrelations, as far as pairs of them are positive).
/// \complexity  O(n * the lag at which they part).
/// \source      Geyer, "Practical Markov chain Monte Carlo", 1992 (initial positive sequence).
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

/// An interval for a figure of values that hang together.
struct steady_interval {
  double low = 0, high = 0;
};

/// The interval of a figure of one run, from the figure of each of `sections` equal stretches of it, by Student's t:
/// stretches much longer than values hang together are nearly independent.
/// \param figure  of a std::vector<double>: a mean, a percentile. It may reorder the vector.
/// \return        nothing where there are fewer than `least` values a section.
/// \source        Asmussen and Glynn, "Stochastic Simulation", 2007, section III.5 (sectioning).
template <class Figure>
std::optional<steady_interval> section_interval(std::span<const double> values, Figure&& figure, std::size_t least = 30,
                                                std::size_t sections = 20, double level = 0.95) {
  const std::size_t length = values.size() / sections;
  if (length < least || sections < 2) return std::nullopt;
  std::vector<double> whole(values.begin(), values.end()), part;
  const double center = figure(whole);
  double squares = 0;
  for (std::size_t i = 0; i < sections; ++i) {
    const auto stretch = values.subspan(i * length, length);
    part.assign(stretch.begin(), stretch.end());
    const double off = figure(part) - center;
    squares += off * off;
  }
  const double k = static_cast<double>(sections);
  const double reach = student_quantile(1 - (1 - level) / 2, k - 1) * std::sqrt(squares / (k - 1) / k);
  return steady_interval{center - reach, center + reach};
}

/// The same by a moving-block bootstrap: `rounds` runs are put together from stretches of `block` values, drawn
/// anywhere.
/// \param block  much longer than values hang together: twice the concurrency, and at least sqrt(n).
/// \source       Kuensch, "The jackknife and the bootstrap for general stationary observations", 1989.
template <class Figure>
std::optional<steady_interval> block_bootstrap(std::span<const double> values, std::size_t block, Figure&& figure,
                                               std::uint64_t seed = 1, std::size_t rounds = 1000, double level = 0.95) {
  if (block == 0 || values.size() < 10 * block) return std::nullopt;  // too few blocks to draw from
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
  return steady_interval{percentile(figures, 50 * (1 - level)), percentile(figures, 100 - 50 * (1 - level))};
}

/// The `p`-th percentile as a figure for the two above. \complexity O(n).
[[nodiscard]] inline auto percentile_figure(double p) {
  return [p](std::vector<double>& values) {
    return detail::percentile_of(values.size(), 0, p, [&](std::size_t rank) {
      const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
      std::ranges::nth_element(values, at);
      return *at;
    });
  };
}
[[nodiscard]] inline auto mean_figure() {
  return [](const std::vector<double>& values) { return moments_of(values).mean; };
}

/// Whether a run in progress may stop: `interval` reaches no farther from the estimate than `share` of it ("p99 TTFT
/// known to 5 %").
[[nodiscard]] inline bool precise_enough(double estimate, const std::optional<steady_interval>& interval,
                                         double share) {
  return interval && interval->high - estimate <= share * std::abs(estimate) &&
         estimate - interval->low <= share * std::abs(estimate);
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_STEADY_HPP
