// weir/stats/shift.hpp - how far one set of runs lies from another, and how sure that is. Needs the standard library
// only.
#ifndef WEIR_STATS_SHIFT_HPP
#define WEIR_STATS_SHIFT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/stats/percentile.hpp"
#include "weir/stats/student.hpp"

namespace weir::inline v0 {

/// An estimate with the interval that holds the truth with the probability asked for, and the two-sided p-value of "no
/// shift". Without `interval` there are too few runs for one.
struct shift_estimate {
  struct bounds {
    double low = 0, high = 0;
  };
  double shift = 0;
  std::optional<bounds> interval;
  double p = 1;
};

namespace detail {

/// P(U <= u) for every u of the Mann-Whitney statistic of `m` and `n` values without ties, exactly.
/// \complexity  O(m n min(m, n)).
inline std::vector<double> mann_whitney_cdf(std::size_t m, std::size_t n) {
  // counts[u] of the ways to choose, after i of the m values: the generating function prod (1 - q^(n+i)) / (1 - q^i).
  std::vector<double> ways(m * n + 1, 0);
  ways[0] = 1;
  for (std::size_t i = 1; i <= m; ++i) {
    for (std::size_t u = ways.size(); u-- > n + i;) ways[u] -= ways[u - n - i];
    for (std::size_t u = i; u < ways.size(); ++u) ways[u] += ways[u - i];
  }
  const double all = std::accumulate(ways.begin(), ways.end(), 0.0);
  double sum = 0;
  for (double& w : ways) w = (sum += w) / all;
  return ways;
}

inline double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}
/// The sample variance, divided by n - 1.
inline double variance_of(std::span<const double> values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(values.size() - 1);
}

}  // namespace detail

/// The Hodges-Lehmann shift of `to` from `from`: the median of all differences, with the exact interval by the
/// Mann-Whitney distribution, whatever the distribution of the runs is. 2 and 3, or 3 and 3 runs have no 95 % interval;
/// 4 and 4 have.
/// \pre         neither is empty; at most 100 runs each, so that the distribution stays within doubles.
/// \source      Hodges and Lehmann, "Estimates of location based on rank tests", 1963; Hollander, Wolfe and Chicken,
///              "Nonparametric Statistical Methods", 3rd edition, section 4.2 and 4.3.
[[nodiscard]] inline shift_estimate hodges_lehmann(std::span<const double> from, std::span<const double> to,
                                                   double level = 0.95) {
  std::vector<double> differences;
  double above = 0;
  for (const double a : from)
    for (const double b : to) {
      differences.push_back(b - a);
      above += b > a ? 1 : b == a ? 0.5 : 0;
    }
  std::ranges::sort(differences);
  shift_estimate out{percentile(differences, 50), std::nullopt, 1};
  const auto cdf = detail::mann_whitney_cdf(from.size(), to.size());
  const double nearer = std::min(above, static_cast<double>(differences.size()) - above);
  out.p = std::min(1.0, 2 * cdf[static_cast<std::size_t>(std::ceil(nearer))]);  // a tie counts against a difference
  std::size_t cut = 0;  // differences that may be left out at each end
  while (cut < cdf.size() && cdf[cut] <= (1 - level) / 2) ++cut;
  if (cut > 0) out.interval = {differences[cut - 1], differences[differences.size() - cut]};
  return out;
}

/// The difference of means, `to` - `from`, by Welch's test, which takes the two to scatter differently.
/// \return  without an interval where one of them has fewer than two runs, or neither scatters at all.
/// \source  Welch, "The generalization of Student's problem when several different population variances are involved",
///          1947.
[[nodiscard]] inline shift_estimate welch(std::span<const double> from, std::span<const double> to,
                                          double level = 0.95) {
  shift_estimate out{detail::mean_of(to) - detail::mean_of(from), std::nullopt, 1};
  if (from.size() < 2 || to.size() < 2) return out;
  const double n = static_cast<double>(from.size()), m = static_cast<double>(to.size());
  const double a = detail::variance_of(from) / n, b = detail::variance_of(to) / m;
  if (!(a + b > 0)) return out;
  const double freedom = (a + b) * (a + b) / (a * a / (n - 1) + b * b / (m - 1)), error = std::sqrt(a + b);
  const double reach = error * student_quantile(1 - (1 - level) / 2, freedom);
  out.p = 2 * student_cdf(-std::abs(out.shift) / error, freedom);
  out.interval = {out.shift - reach, out.shift + reach};
  return out;
}

/// The difference of medians, `to` - `from`, with its interval by a percentile bootstrap: both sides are drawn anew,
/// with replacement, `rounds` times. The p-value is not made this way: it stays 1.
/// \return  without an interval where a side has fewer than 5 runs, of which too few different medians can be drawn.
/// \source  Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
[[nodiscard]] inline shift_estimate bootstrap_medians(std::span<const double> from, std::span<const double> to,
                                                      double level = 0.95, std::size_t rounds = 2000,
                                                      std::uint64_t seed = 1) {
  const auto median = [](std::vector<double> values) {
    std::ranges::sort(values);
    return percentile(values, 50);
  };
  shift_estimate out{median({to.begin(), to.end()}) - median({from.begin(), from.end()}), std::nullopt, 1};
  if (from.size() < 5 || to.size() < 5) return out;
  random_stream random(seed);
  const auto drawn = [&](std::span<const double> values) {
    std::vector<double> list(values.size());
    for (auto& v : list) v = values[random.below(values.size())];
    return median(std::move(list));
  };
  std::vector<double> shifts(rounds);
  for (auto& shift : shifts) {
    const double a = drawn(from);
    shift = drawn(to) - a;
  }
  std::ranges::sort(shifts);
  out.interval = {percentile(shifts, 50 * (1 - level)), percentile(shifts, 100 - 50 * (1 - level))};
  return out;
}

/// Holm's adjustment: p-values that may be compared with one level, however many there are.
/// \source  Holm, "A simple sequentially rejective multiple test procedure", 1979.
[[nodiscard]] inline std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> out(p.size());
  double least = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    least = std::max(least, std::min(1.0, static_cast<double>(p.size() - i) * p[order[i]]));
    out[order[i]] = least;
  }
  return out;
}

/// About how many runs a side show a shift of `shift` with 80 % probability at `level`, where runs scatter with the
/// standard deviation `scatter`: the normal approximation and one run for Student's t.
[[nodiscard]] inline std::size_t runs_needed(double shift, double scatter, double level = 0.95) {
  if (!(std::abs(shift) > 0) || !(scatter > 0)) return 0;
  const double z = normal_quantile(1 - (1 - level) / 2) + normal_quantile(0.8);
  return static_cast<std::size_t>(std::ceil(2 * z * z * scatter * scatter / (shift * shift))) + 1;
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_SHIFT_HPP
