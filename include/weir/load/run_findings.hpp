// weir/load/run_findings.hpp - what a run says of itself and of the server, beside its figures. Needs Linux,
// weir/report.
#ifndef WEIR_LOAD_RUN_FINDINGS_HPP
#define WEIR_LOAD_RUN_FINDINGS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/load/client_watch.hpp"
#include "weir/load/precision.hpp"
#include "weir/load/run_summary.hpp"
#include "weir/load/server_side.hpp"
#include "weir/load/validity.hpp"
#include "weir/load/vllm_result.hpp"
#include "weir/report/latency.hpp"

namespace weir::inline v0 {

/// Beside the figures of a run.
struct run_findings {
  client_health client;
  server_side server;
  verdict judged;
  std::vector<precision_found> precision;  ///< Of the goals that were to end the run.
};

namespace detail {

inline std::uint64_t failures_of(const run_summary& s, const auto& which) {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : s.failures) sum += which(kind) ? count : 0;
  return sum;
}

/// This machine ran out of something, and the server was never asked.
inline bool is_own_failure(const failure_kind& kind) {
  if (kind.status != outcome::connect) return false;
  return kind.error.find("cannot open a socket") != kind.error.npos ||
         kind.error.find("Cannot assign requested address") != kind.error.npos;
}

/// How late stamps are on average where a share `exposed` of the events, and those the latest ones, have waited for
/// this program: the rest has the kernel's stamps.
inline double mean_of_latest(sample_set& lag, double exposed) {
  if (exposed >= 1) return lag.describe().mean;
  constexpr int steps = 256;
  std::vector<double> latest;
  for (int i = 0; i < steps; ++i) latest.push_back(100 * (1 - exposed * (i + 0.5) / steps));
  (void)lag.describe(latest);  // one look for all of them
  double sum = 0;
  for (const double p : latest) sum += lag.percentile(p);
  return exposed * sum / steps;
}

}  // namespace detail

/// What a run is judged by, out of what was measured.
[[nodiscard]] inline validity_facts facts_of(run_summary& s, const run_identity& run, client_health& client,
                                             const server_side& server, int signal) {
  constexpr double ms = 1e-6;
  validity_facts f;
  f.planned = run.num_prompts, f.completed = s.completed, f.failed = s.failed, f.signal = signal;
  auto& first = s.of(s.of(latency::ttft).count() > 0 ? latency::ttft : latency::e2el);
  f.first_mean_ms = first.describe().mean * ms;
  f.first_p99_ms = first.percentile(99) * ms;
  f.itl_p99_ms = s.of(latency::itl).percentile(99) * ms;
  f.exposed_share = s.events > 0 ? static_cast<double>(s.exposed_events) / static_cast<double>(s.events) : 1;
  f.lag_mean_ms = detail::mean_of_latest(client.lag_ns, f.exposed_share) * ms;
  f.lag_p99_ms = f.exposed_share < 0.01 ? 0 : client.lag_ns.percentile(99) * ms;
  f.lag_samples = static_cast<double>(client.lag_ns.count());
  f.cpu_share = client.cpu_share;
  f.starved_share = client.starved_share;
  f.clock_step_ms = static_cast<double>(client.clock_step_ns) * ms;
  f.asked_rate = s.offered.asked_per_s();
  f.achieved_rate = s.offered.achieved_per_s();
  f.late_mean_ms = s.offered.late_ns.describe().mean * ms;
  f.late_p99_ms = s.offered.late_ns.percentile(99) * ms;
  f.asked_concurrency = std::min<std::uint64_t>(run.max_concurrency, run.num_prompts);
  if (client.held_samples >= 20) f.held_concurrency = client.held;
  f.token_mismatches =
      detail::failures_of(s, [](const failure_kind& k) { return k.status == outcome::token_mismatch; });
  f.client_failures = detail::failures_of(s, detail::is_own_failure);
  f.backwards = s.attempts.counts.backwards;
  f.scheduled = s.offered.late_ns.count() > 1;
  if (server.grown && run.alone) f.server_disagrees = disagreements(*server.grown, s, run.choices);
  return f;
}

/// Appends the findings to the object that `json` is writing: `verdict`, `verdict_reasons`, `client`, `server`.
inline void append_findings(json_writer& json, run_findings& found, run_summary& s) {
  json.field("verdict", to_string(found.judged.level)).key("verdict_reasons").begin_array();
  for (const auto& reason : found.judged.reasons) json.value(reason);
  json.end_array();
  append_precision(json, found.precision);
  json.key("client").begin_object();
  auto& c = found.client;
  json.field("lag_mean_ms", c.lag_ns.describe().mean / 1e6).field("lag_p50_ms", c.lag_ns.percentile(50) / 1e6);
  json.field("lag_p99_ms", c.lag_ns.percentile(99) / 1e6).field("cpu_share", c.cpu_share);
  json.field("exposed_share", s.events > 0 ? static_cast<double>(s.exposed_events) / static_cast<double>(s.events) : 1);
  json.field("starved_share", c.starved_share).field("clock_step_ms", static_cast<double>(c.clock_step_ns) / 1e6);
  c.held_samples > 0 ? json.field("held_concurrency_sending", c.held) : json.field("held_concurrency_sending", nullptr);
  json.field("asked_rate", s.offered.asked_per_s()).field("achieved_rate", s.offered.achieved_per_s());
  json.field("late_mean_ms", s.offered.late_ns.describe().mean / 1e6);
  json.field("late_p99_ms", s.offered.late_ns.percentile(99) / 1e6).end_object();
  if (!found.server.grown) {
    json.field("server", nullptr).field("server_missing", found.server.missing);
    return;
  }
  const server_metrics& server = *found.server.grown;
  json.key("server").begin_object().field("engine", server.engine);
  for (const auto& each : compare_latencies(server, s)) {
    std::string name(each.name);
    std::ranges::transform(name, name.begin(), [](char ch) { return static_cast<char>(ch | 0x20); });
    json.field("mean_" + name + "_ms", each.server_ms).field(name + "_client_to_server", each.ratio());
  }
  json.field("mean_queue_ms", server.mean_ms(server_figure::queue_s, server_figure::queue_count));
  for (const auto figure : {server_figure::prompt_tokens, server_figure::generation_tokens, server_figure::requests,
                            server_figure::prefix_queries, server_figure::prefix_hits, server_figure::preemptions})
    json.field(to_string(figure), server.of(figure));
  json.end_object();
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_RUN_FINDINGS_HPP
