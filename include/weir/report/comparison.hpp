// weir/report/comparison.hpp - two sets of runs, metric by metric: effect, interval, verdict. Needs weir/stats.
#ifndef WEIR_REPORT_COMPARISON_HPP
#define WEIR_REPORT_COMPARISON_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/measured_run.hpp"
#include "weir/stats/percentile.hpp"
#include "weir/stats/shift.hpp"
#include "weir/stats/wilson.hpp"

namespace weir::inline v0 {

enum class ab_verdict : unsigned char { better = 0, same, worse, inconclusive };
[[nodiscard]] constexpr std::string_view to_string(ab_verdict v) noexcept {
  constexpr std::array<std::string_view, 4> names{"better", "same", "worse", "inconclusive"};
  return names[static_cast<std::size_t>(v)];
}

/// One metric of the two sets. Changes are relative: 0.03 is 3 % more than the base.
struct metric_comparison {
  std::string metric;
  bool more_is_better = false, has_direction = true;
  std::size_t base_runs = 0, new_runs = 0;
  double base = 0, fresh = 0;  ///< Medians over runs.
  double change = 0;           ///< Hodges-Lehmann, of logarithms.
  std::optional<shift_estimate::bounds> interval = {};
  std::optional<shift_estimate::bounds> bootstrap = {};  ///< Of the ratio of medians, over runs.
  double p = 1;  ///< Welch's, of logarithms; Holm's where there are several metrics.
  ab_verdict verdict = ab_verdict::inconclusive;
  std::string why = {};                ///< In words.
  std::string no_change = "no value";  ///< Why there is no change to tell, where it is NaN.
  std::size_t more_runs = 0;           ///< About how many more a side would decide; 0 where decided or not to be told.
};

struct comparison_options {
  std::vector<std::string> metrics;
  double threshold = 0.01;  ///< A smaller change does not matter.
  double level = 0.95;
};

/// Whether more of a metric is better: rates, what is kept, accuracies and scores, but nothing that fails or takes
/// time, and no score that counts what is wrong.
[[nodiscard]] inline bool is_more_better(std::string_view metric) noexcept {
  constexpr std::array<std::string_view, 6> good{"accuracy", "correct_", "score_", "slo_attainment", "good", "ok"};
  constexpr std::array<std::string_view, 6> bad{"score_bpb_", "score_ppl_", "score_perplexity_",
                                                "score_wer_", "score_cer_", "score_edit_distance_"};
  const auto begins = [&](auto beginning) { return metric.starts_with(beginning); };
  return (metric.ends_with("_per_s") || metric.ends_with("_per_j") || std::ranges::any_of(good, begins)) &&
         std::ranges::none_of(bad, begins);
}

/// Whether a metric has a better side at all: how many there were, and of what kind, is not good or bad.
[[nodiscard]] inline bool has_better_side(std::string_view metric) noexcept {
  constexpr std::array<std::string_view, 9> neither{"requests",         "questions",       "tokens_in",
                                                    "tokens_out",       "steady_from_s",   "steady_to_s",
                                                    "tokens_per_chunk", "device_busy_pct", "power_idle_w"};
  return !metric.ends_with("_n") && !std::ranges::count(neither, metric);
}

/// The metrics, of those asked for, that no run has even the name of: misspelled, or not of this kind of run. Left as
/// they are they would be inconclusive for ever.
[[nodiscard]] inline std::vector<std::string> unknown_metrics(const std::vector<measured_run>& base,
                                                              const std::vector<measured_run>& fresh,
                                                              const std::vector<std::string>& metrics) {
  std::vector<std::string> out;
  for (const auto& metric : metrics) {
    const auto names = [&](const measured_run& r) { return r.figures.contains(metric) || r.missing.contains(metric); };
    if (std::ranges::none_of(base, names) && std::ranges::none_of(fresh, names)) out.push_back(metric);
  }
  return out;
}

namespace detail {

inline std::vector<double> logs_of(const std::vector<measured_run>& runs, const std::string& metric) {
  std::vector<double> out;
  for (const auto& run : runs)
    if (const auto at = run.figures.find(metric);
        at != run.figures.end() && at->second > 0 && std::isfinite(at->second))
      out.push_back(std::log(at->second));
  return out;
}

/// Whether each of two runs or more has the metric, and has none of it: no failure, no retry.
inline bool are_all_zero(const std::vector<measured_run>& runs, const std::string& metric) {
  return runs.size() > 1 && std::ranges::all_of(runs, [&](const measured_run& run) {
           const auto at = run.figures.find(metric);
           return at != run.figures.end() && at->second == 0;
         });
}

/// Runs without a value are not left out in silence: those that are left might be the lucky ones.
inline std::string why_missing(const char* side, std::size_t have, std::size_t all) {
  if (have == 0) return std::string("no run of the ") + side + " side has a value above 0";
  return std::to_string(all - have) + " of " + std::to_string(all) + " runs of the " + side +
         " side have no value above 0: what the others say is not judged";
}

/// Effect, interval and p-value of one metric, without a verdict.
inline metric_comparison measure(const std::string& metric, std::vector<double> base, std::vector<double> fresh,
                                 const comparison_options& o) {
  metric_comparison out{
      .metric = metric, .more_is_better = is_more_better(metric), .has_direction = has_better_side(metric)};
  out.base_runs = base.size(), out.new_runs = fresh.size();
  if (base.empty() || fresh.empty()) {
    out.base = out.fresh = out.change = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  const auto exact = hodges_lehmann(base, fresh, o.level), by_means = welch(base, fresh, o.level);
  if (const auto drawn = bootstrap_medians(base, fresh, o.level); drawn.interval)
    out.bootstrap = {std::expm1(drawn.interval->low), std::expm1(drawn.interval->high)};
  std::ranges::sort(base), std::ranges::sort(fresh);
  out.base = std::exp(percentile(base, 50)), out.fresh = std::exp(percentile(fresh, 50));
  out.change = std::expm1(exact.shift);
  out.p = by_means.interval ? by_means.p : exact.p;  // runs that do not scatter at all
  const auto& bounds = exact.interval ? exact.interval : by_means.interval;
  if (bounds) out.interval = {std::expm1(bounds->low), std::expm1(bounds->high)};
  if (exact.interval && exact.interval->low <= 0 && exact.interval->high >= 0) out.p = std::max(out.p, exact.p);
  if (base.size() > 1 && fresh.size() > 1) {
    const double scatter = std::sqrt((variance_of(base) + variance_of(fresh)) / 2);
    const double wanted = std::max(std::abs(exact.shift), std::log1p(std::max(o.threshold, 0.001)));
    const auto needed = runs_needed(wanted, scatter, o.level);
    const auto have = std::min(base.size(), fresh.size());
    out.more_runs = needed > have ? needed - have : 1;
  }
  return out;
}

/// The verdict: a change that is sure and matters, a change that surely does not matter, or neither.
inline void judge(metric_comparison& m, const comparison_options& o) {
  if (!m.why.empty()) return;
  if (m.base_runs < 2 || m.new_runs < 2) {
    m.why = "one run a side has no interval: repeat it";
    m.more_runs = 3;
    return;
  }
  if (!m.interval) {  // no scatter at all
    m.why = "the runs do not differ from each other: nothing to judge the change by";
    m.verdict = m.change == 0 ? ab_verdict::same : ab_verdict::inconclusive;
    m.more_runs = 0;
    return;
  }
  const bool sure = m.p <= 1 - o.level, matters = std::abs(m.change) >= o.threshold;
  if (sure && matters && !m.has_direction) {
    m.why = "a change that is sure, but neither more nor less of it is better";
    m.more_runs = 0;
  } else if (sure && matters) {
    m.verdict = (m.change > 0) == m.more_is_better ? ab_verdict::better : ab_verdict::worse;
    m.why = "a change that is sure and matters";
  } else if (m.interval->low >= -o.threshold && m.interval->high <= o.threshold) {
    m.verdict = ab_verdict::same;
    m.why = "no change as great as the threshold";
  } else {
    m.why = sure ? "a change, but perhaps smaller than the threshold" : "the runs scatter more than they differ";
  }
  if (m.verdict != ab_verdict::inconclusive) m.more_runs = 0;
}

}  // namespace detail

/// Compares the runs metric by metric. The run is the unit: requests of one run are not independent of each other.
/// Changes are those of logarithms, so that they are relative; p-values are Holm's where there is more than one metric.
/// A change is sure where Welch's test says so and the exact interval, where there are runs enough for one, agrees.
[[nodiscard]] inline std::vector<metric_comparison> compare(const std::vector<measured_run>& base,
                                                            const std::vector<measured_run>& fresh,
                                                            const comparison_options& options) {
  std::vector<metric_comparison> out;
  std::vector<double> p;
  for (const auto& metric : options.metrics) {
    auto& m = out.emplace_back(
        detail::measure(metric, detail::logs_of(base, metric), detail::logs_of(fresh, metric), options));
    if (m.base_runs < base.size()) m.why = detail::why_missing("base", m.base_runs, base.size());
    if (m.why.empty() && m.new_runs < fresh.size()) m.why = detail::why_missing("new", m.new_runs, fresh.size());
    if (detail::are_all_zero(base, metric) && detail::are_all_zero(fresh, metric)) {
      m.base_runs = base.size(), m.new_runs = fresh.size(), m.base = m.fresh = 0;
      m.verdict = ab_verdict::same, m.why = "0 in every run of both sides", m.no_change = "0 has no relative change";
    }
    p.push_back(m.why.empty() ? m.p : 1);
  }
  const auto adjusted = holm(p);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].p = adjusted[i];
    detail::judge(out[i], options);
  }
  return out;
}

/// Failures of the two sets, pooled: a share that Wilson's intervals tell apart is worse, or better. A system that is
/// fast because it fails must not pass.
[[nodiscard]] inline metric_comparison compare_failures(const std::vector<measured_run>& base,
                                                        const std::vector<measured_run>& fresh) {
  struct tally {
    double failed = 0, all = 0;
    std::size_t runs = 0;
  };
  const auto count = [](const std::vector<measured_run>& runs) {
    tally t;
    for (const auto& run : runs) {
      const auto failed = run.figures.find("failed"), ok = run.figures.find("ok");
      if (failed == run.figures.end() || ok == run.figures.end()) continue;
      t.failed += failed->second, t.all += failed->second + ok->second, ++t.runs;
    }
    return t;
  };
  const tally a = count(base), b = count(fresh);
  metric_comparison out{.metric = "error_rate_pct", .base_runs = a.runs, .new_runs = b.runs};
  out.change = std::nan("");
  out.no_change = "judged by the counts of all runs together";
  out.base = a.all > 0 ? 100 * a.failed / a.all : std::nan("");
  out.fresh = b.all > 0 ? 100 * b.failed / b.all : std::nan("");
  if (!(a.all > 0 && b.all > 0)) {
    out.why = "the runs do not say how many requests failed", out.no_change = "no value";
    return out;
  }
  const auto was = wilson_interval(static_cast<std::uint64_t>(a.failed), static_cast<std::uint64_t>(a.all));
  const auto is = wilson_interval(static_cast<std::uint64_t>(b.failed), static_cast<std::uint64_t>(b.all));
  out.verdict = is.low > was.high ? ab_verdict::worse : is.high < was.low ? ab_verdict::better : ab_verdict::same;
  out.why =
      out.verdict == ab_verdict::same ? "no difference that the counts show" : "the intervals of the shares lie apart";
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_COMPARISON_HPP
