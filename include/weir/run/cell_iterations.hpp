// weir/run/cell_iterations.hpp - what the measured iterations of a point come to. Needs weir/record and weir/stats.
#ifndef WEIR_RUN_CELL_ITERATIONS_HPP
#define WEIR_RUN_CELL_ITERATIONS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "weir/report/sample_log.hpp"
#include "weir/run/cell_metrics.hpp"
#include "weir/stats/moments.hpp"
#include "weir/stats/percentile.hpp"

namespace weir::inline v0 {

/// One iteration of a point, of one engine or of several that share its prompts. Seconds; requests without a time are
/// counted and not listed.
struct cell_iteration {
  std::int64_t index = 0;
  bool measured = false;
  std::int64_t t_start_ns = 0, t_end_ns = 0;
  std::int64_t prompts = 0, samples = 0, prompt_tokens = 0, output_tokens = 0, cached_tokens = 0;
  std::vector<double> ttft_s = {}, latency_s = {}, tpot_s = {};

  [[nodiscard]] double seconds() const noexcept { return static_cast<double>(t_end_ns - t_start_ns) / 1e9; }
  /// Takes in another engine's part of this iteration.
  void merge(const cell_iteration& part) {
    t_start_ns = std::min(t_start_ns, part.t_start_ns);
    t_end_ns = std::max(t_end_ns, part.t_end_ns);
    prompts += part.prompts, samples += part.samples;
    prompt_tokens += part.prompt_tokens, output_tokens += part.output_tokens, cached_tokens += part.cached_tokens;
    for (auto [into, from] :
         {std::pair(&ttft_s, &part.ttft_s), std::pair(&latency_s, &part.latency_s), std::pair(&tpot_s, &part.tpot_s)})
      into->insert(into->end(), from->begin(), from->end());
  }
};

namespace detail {

inline constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

/// NAME_mean_ms, NAME_p50_ms, NAME_p99_ms of seconds; missing for `why` unless every request has one.
inline void set_latency(metric_list& into, const std::string& name, std::vector<double> seconds, std::int64_t requests,
                        std::string_view why) {
  const bool whole = !seconds.empty() && static_cast<std::int64_t>(seconds.size()) == requests;
  std::sort(seconds.begin(), seconds.end());
  const auto set = [&](const char* suffix, double value) {
    const auto full = name + suffix;
    if (find_metric(full) != nullptr) into.set(full, whole ? value * 1e3 : no_value, why);
  };
  set("_mean_ms", moments_of(seconds).mean);
  set("_p50_ms", percentile(seconds, 50));
  set("_p99_ms", percentile(seconds, 99));
}

}  // namespace detail

/// The time spans of the measured iterations, for samples.
[[nodiscard]] inline std::vector<sample_span> measured_spans(const std::vector<cell_iteration>& all) {
  std::vector<sample_span> spans;
  for (const auto& i : all)
    if (i.measured) spans.push_back({i.t_start_ns, i.t_end_ns});
  return spans;
}

/// Throughput, latencies and counts of the measured iterations. \param n  samples of a prompt.
inline void set_iteration_metrics(metric_list& into, const std::vector<cell_iteration>& all, std::int64_t n,
                                  std::int64_t devices) {
  cell_iteration sum;
  double seconds = 0, count = 0;
  for (const auto& i : all) {
    if (!i.measured) continue;
    seconds += i.seconds();
    ++count;
    sum.merge(i);
  }
  const auto per_s = [&](std::int64_t amount) {
    return seconds > 0 ? static_cast<double>(amount) / seconds : detail::no_value;
  };
  const auto each = [&](std::int64_t amount) {
    return count > 0 ? static_cast<double>(amount) / count : detail::no_value;
  };
  into.set("output_tokens_per_s", per_s(sum.output_tokens));
  into.set("total_tokens_per_s", per_s(sum.output_tokens + sum.prompt_tokens));
  into.set("requests_per_s", per_s(sum.prompts));
  into.set("output_tokens_per_s_per_device",
           per_s(sum.output_tokens) / static_cast<double>(std::max<std::int64_t>(devices, 1)));
  into.set("iteration_s", count > 0 ? seconds / count : detail::no_value);
  const std::string_view one_sample = n > 1 ? "vLLM keeps the times of one sample of a prompt only"
                                            : "the engine did not tell the times of every request";
  detail::set_latency(into, "ttft", sum.ttft_s, sum.prompts, one_sample);
  detail::set_latency(into, "tpot", sum.tpot_s, sum.prompts, one_sample);
  detail::set_latency(into, "e2el", sum.latency_s, sum.prompts, "the engine did not tell the times of every request");
  into.set("prompt_tokens", each(sum.prompt_tokens));
  into.set("output_tokens", each(sum.output_tokens));
  into.set("cached_tokens", each(sum.cached_tokens));
}

/// Memory, power and energy while `spans` lasted. \param log    sorted.
/// \param machines  that the engine is on; of several only the first one is sampled, which is no figure of the engine.
inline void set_sample_metrics(metric_list& into, const sample_log& log, const std::vector<sample_span>& spans,
                               std::int64_t output_tokens, std::int64_t machines = 1) {
  if (machines > 1) {
    for (const auto* name : {"device_memory_max_mib", "process_memory_max_mib", "power_active_w",
                             "energy_per_output_token_j", "device_busy_pct"})
      into.missing(name, "only the first of the engine's " + std::to_string(machines) + " machines was sampled");
    return;
  }
  constexpr double mib = 1024.0 * 1024.0;
  double memory = 0, processes = 0, joules = 0, seconds = 0, busy = 0;
  std::size_t devices = 0, kept = 0;
  for (const auto& s : spans) seconds += s.seconds();
  log.each_device(nullptr, [&](const device_track& d) {
    ++devices;
    memory += d.memory_bytes.highest();
    for (const auto& s : spans) {
      joules += d.energy.during(s);
      busy += d.busy_percent.covers(s) ? d.busy_percent.integral(s) : detail::no_value;
    }
  });
  log.each_process(nullptr, [&](const process_track& p) { ++kept, processes += p.memory_bytes.highest(); });
  const std::string_view none =
      devices == 0 ? "no device was sampled" : "the driver does not tell it, or no sample is near";
  const bool timed = devices > 0 && seconds > 0;
  into.set("device_memory_max_mib", devices > 0 ? memory / mib : detail::no_value, none);
  into.set("process_memory_max_mib", kept > 0 ? processes / mib : detail::no_value, "no process was sampled");
  into.set("power_active_w", timed ? joules / seconds : detail::no_value, none);
  into.set("energy_per_output_token_j",
           timed && output_tokens > 0 ? joules / static_cast<double>(output_tokens) : detail::no_value, none);
  into.set("device_busy_pct", timed ? busy / seconds / static_cast<double>(devices) : detail::no_value, none);
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_ITERATIONS_HPP
