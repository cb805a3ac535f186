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
#include <string>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/stats/effective_samples.hpp"
#include "weir/stats/moments.hpp"
#include "weir/stats/percentile.hpp"
#include "weir/stats/steady.hpp"
#include "weir/stats/student.hpp"

namespace weir::inline v0 {

struct value_interval {
  double low = 0, high = 0;
};

/// How the requests of a run came.
struct request_flow {
  double at_once = 0;  ///< So many were under way together, in the mean; 0: not known.
  bool open = true;  ///< Sent when they are due, so that a queue can grow; false: when others have ended (closed loop).
};

/// Why a run has no interval.
enum class interval_lack : unsigned char {
  none = 0,  ///< It has one.
  no_values,
  not_steady,  ///< Warm-up has no end in its first half.
  too_few,     ///< The values tell too little.
  too_short,   ///< Of an open loop, against the requests under way at once.
  few_rounds,  ///< The same of a closed one.
};

/// What a run says of its own mean or percentile. It can't know of swings that are longer than itself: one that begins
/// and ends between two of them looks steady, and is not (docs/comparing.md has how often that misleads).
struct run_estimate {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< Of the values as they are; NaN where there are none.
  double effective = 0;                    ///< The values tell as much as so many independent ones would.
  double needed = 0;                       ///< With fewer of those there is no interval.
  double longer = 1;                       ///< A run so many times as long would be long enough for one, about.
  std::optional<value_interval> interval;  ///< Nothing: see `lack`.
  interval_lack lack = interval_lack::no_values;

  /// Whether the interval reaches no farther from the value than `share` of it ("p99 TTFT is known to 5 %").
  [[nodiscard]] bool within(double share) const noexcept {
    const double reach = share * std::abs(value);
    return interval && interval->high - value <= reach && value - interval->low <= reach;
  }
  /// Takes the interval away.
  void refuse(interval_lack why) noexcept { interval.reset(), lack = why; }
};

namespace detail {

inline constexpr double least_effective = 60;   ///< For any interval of a run,
inline constexpr double least_beyond = 10;      ///< and so many of them on either side of a percentile.
inline constexpr double least_turnovers = 200;  ///< An open loop lasts so many answers' time.
inline constexpr double least_rounds = 10;      ///< A closed one.

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

/// What is known of the values of a run, whatever is asked of them.
struct run_memory {
  double effective;  ///< See effective_samples.
  double turnovers;  ///< So many answers' time it lasts, one after the other; infinite where that is not known.
  bool open;         ///< See request_flow.
};
/// What a figure asks of a run.
struct run_demand {
  double effective;  ///< So many independent values at least.
  double tail;       ///< How much it owes to the rare slow part of a run, of which a short one sees too little: 0 to 1.
};
inline constexpr run_demand demand_of_mean{least_effective, 0.85};
/// \param share  of the values below the percentile.
inline run_demand demand_of_percentile(double share) noexcept {
  const double beyond = std::min(share, 1 - share);
  return {std::max(least_effective, least_beyond / beyond), 1 - 4.0 / 3 * beyond * beyond};
}

/// How far the interval of the mean of `values` reaches, and how many independent ones they are worth.
///
/// Two estimates of the variance, by batches and by autocorrelations, fail in different runs: the greater one counts,
/// which is too great by a tenth. What a run has not seen is slow, and one that saw more of it than its share has the
/// greater variance too: so the upper arm is the longer one, by the skewness of the mean, which falls with the root of
/// the effective sample. In a closed loop, whose queue can't grow, that is about half. What hangs together over more
/// than a run is not in its variance: the upper arm of an open loop, and both of a closed one, grow with how short the
/// run is. A gate in place of that would keep just the runs that were lucky. bench/stats/coverage.cpp says how often it
/// all errs; the factors were found with other seeds.
struct mean_reach {
  double down, up, effective;
};
/// \param own  their effective samples.
inline mean_reach reach_of_mean(std::span<const double> values, const moments& m, double own, const run_memory& run,
                                double tail, double level) {
  if (!(m.std > 0)) return {0, 0, std::min(run.effective, own)};
  const double variance = std::max(variance_of_mean(values, m.mean), m.std * m.std / own);
  const double effective = std::min({run.effective, own, m.std * m.std / variance});
  const double skew = tail * (run.open ? 1 : 0.55) / std::sqrt(effective);
  const double unseen = (1 - effective / static_cast<double>(values.size())) / run.turnovers;  // 0: independent values
  const double down = 0.9 / (1 + 6 * skew) + (run.open ? 0 : 8) * unseen;
  const double up = 0.9 * (1 + 22 * skew) + (run.open ? 1000 : 8) * unseen;
  const double normal = normal_quantile(1 - (1 - level) / 2) * std::sqrt(variance);
  return {normal * down, normal * up, effective};
}
/// Wilson's end of the interval of a share that reaches so far (to below: < 0) where Wald's would.
inline double wilson_end(double share, double reach) noexcept {
  const double variance = share * (1 - share), q = reach * reach / variance;  // z^2 / n
  return (share + q / 2 + std::copysign(std::sqrt(q * variance + q * q / 4), reach)) / (1 + q);
}
/// Says of an estimate what it needs, and what it lacks.
inline void judge(run_estimate& e, const run_demand& demand, const run_memory& run) noexcept {
  e.needed = demand.effective;
  const double short_by = (run.open ? least_turnovers : least_rounds) / run.turnovers;
  e.longer = std::max({1.0, e.needed / e.effective, short_by});
  e.lack = !(e.effective >= e.needed) ? interval_lack::too_few
           : !(short_by > 1)          ? interval_lack::none
           : run.open                 ? interval_lack::too_short
                                      : interval_lack::few_rounds;
}

}  // namespace detail

/// A run of values that hang together, to be asked for its mean and its percentiles with their intervals: each holds
/// the figure of a much longer run with the probability `level`.
///
///     const weir::value_run run(ttft_ms);
///     const auto p90 = run.percentile(90);
///     if (p90.interval) use(p90.value, *p90.interval);
class value_run {
 public:
  /// \param values  in the order of time, without warm-up (see mser5); they must outlive this.
  /// \param flow    An open loop of fewer than 200 times as many values as requests were under way may lie between two
  ///                swings of the server's queue and see neither, and has no interval; nor has a closed one of 10
  ///                times.
  /// \complexity    that of effective_samples, and of sorting.
  explicit value_run(std::span<const double> values, request_flow flow = {})
      : values_(values), moments_(moments_of(values)), memory_{memory_of(flow)}, sorted_(values.begin(), values.end()) {
    std::ranges::sort(sorted_);
  }

  /// As many independent values would know the mean as well.
  [[nodiscard]] double effective() const noexcept { return memory_.effective; }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

  [[nodiscard]] run_estimate mean(double level = 0.95) const {
    if (values_.empty()) return {};
    constexpr auto demand = detail::demand_of_mean;
    const auto reach = detail::reach_of_mean(values_, moments_, memory_.effective, memory_, demand.tail, level);
    run_estimate out;
    out.value = moments_.mean, out.effective = reach.effective;
    detail::judge(out, demand, memory_);
    if (out.lack == interval_lack::none) out.interval = {out.value - reach.down, out.value + reach.up};
    return out;
  }

  /// The share of values below a percentile is a mean, whose interval (Wilson's form, so that it stays within 0 and 1)
  /// is read back as values.
  /// \param p     0 < p < 100.
  /// \complexity  that of effective_samples.
  [[nodiscard]] run_estimate percentile(double p, double level = 0.95) const {
    if (values_.empty()) return {};
    const double share = p / 100;
    const auto demand = detail::demand_of_percentile(share);
    run_estimate out;
    out.value = weir::percentile(sorted_, p);
    std::vector<double> below(values_.size());
    std::ranges::transform(values_, below.begin(), [&](double v) { return v <= out.value ? 1.0 : 0.0; });
    const auto reach =
        detail::reach_of_mean(below, moments_of(below), effective_samples(below), memory_, demand.tail, level);
    out.effective = reach.effective;
    detail::judge(out, demand, memory_);
    if (out.lack == interval_lack::none)
      out.interval = {weir::percentile(sorted_, 100 * detail::wilson_end(share, -reach.down)),
                      weir::percentile(sorted_, 100 * detail::wilson_end(share, reach.up))};
    return out;
  }

 private:
  [[nodiscard]] detail::run_memory memory_of(const request_flow& flow) const {
    const auto n = static_cast<double>(values_.size());
    return {effective_samples(values_), flow.at_once > 0 ? n / flow.at_once : std::numeric_limits<double>::infinity(),
            flow.open};
  }

  std::span<const double> values_;
  moments moments_;
  detail::run_memory memory_;
  std::vector<double> sorted_;
};

/// Why there is no interval, in words, and how long a run would have one; of use where there is none.
[[nodiscard]] inline std::string words_of_lack(const run_estimate& e) {
  const auto tenths = std::llround(std::ceil(10 * e.longer));
  const std::string would = ": a run about " + std::to_string(tenths / 10) +
                            (tenths % 10 == 0 || tenths >= 100 ? "" : "." + std::to_string(tenths % 10)) +
                            " times as long would do";
  switch (e.lack) {
    case interval_lack::too_few:
      return "the answers tell as much as " + std::to_string(std::llround(e.effective)) + " independent ones, " +
             std::to_string(std::llround(e.needed)) + " are needed" + would;
    case interval_lack::too_short:
      return "requests come at their own times, and it lasted less than 200 answers one after the other, too short to "
             "have seen the queue of the server rise and fall" +
             would;
    case interval_lack::few_rounds:
      return "it lasted less than 10 answers one after the other" + would;
    case interval_lack::not_steady:
      return "the run did not become steady (MSER-5)";
    default:
      return "no answer tells it";
  }
}

/// What the part of a run after its warm-up says of itself.
/// \param p       0 < p < 100, or 0 for the mean.
/// \param steady  false: warm-up has no end, and there is no interval.
[[nodiscard]] inline run_estimate estimate_of_part(const value_run& part, double p, bool steady, double level = 0.95) {
  auto out = p == 0 ? part.mean(level) : part.percentile(p, level);
  if (!steady && part.size() > 0) out.refuse(interval_lack::not_steady);
  return out;
}

/// The same of a whole run, whose warm-up is cut.
struct steady_run {
  warm_up cut;
  run_estimate estimate;
};
[[nodiscard]] inline steady_run steady_estimate(std::span<const double> values, double p, request_flow flow = {},
                                                double level = 0.95) {
  const auto cut = mser5(values);
  return {cut, estimate_of_part(value_run(values.subspan(cut.skip), flow), p, cut.steady, level)};
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
