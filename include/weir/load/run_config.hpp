// weir/load/run_config.hpp - what shapes a run's result, for its record. Needs weir/openai.
#ifndef WEIR_LOAD_RUN_CONFIG_HPP
#define WEIR_LOAD_RUN_CONFIG_HPP

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "weir/base/hash.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/load/bench_options.hpp"
#include "weir/load/run_plan.hpp"
#include "weir/load/runner.hpp"
#include "weir/load/schedule.hpp"

namespace weir::inline v0 {

/// Writes into `o.run.config` what shapes the result of sending `plan`.
inline void describe_run(bench_options& o, const run_plan& plan) {
  const auto add = [&](std::string name, auto&& value) {
    std::string json;
    json_writer(json).value(value);
    o.run.config.emplace_back(std::move(name), std::move(json));
  };
  add("path", o.path);
  add("model", o.identity.model);
  add("num_prompts", plan.size());
  add("warmup", o.warmup.size());
  add("n", o.request.choices);
  plan.max_concurrency == 0 ? add("max_concurrency", nullptr) : add("max_concurrency", plan.max_concurrency);
  if (plan.max_sessions > 0) add("max_sessions", plan.max_sessions);
  std::isinf(o.arrivals.rate) ? add("request_rate", "inf") : add("request_rate", o.arrivals.rate);
  std::isinf(o.arrivals.burstiness) ? add("burstiness", "inf") : add("burstiness", o.arrivals.burstiness);
  std::string until;
  for (const auto& goal : o.until) until += (until.empty() ? "" : " ") + goal.text;
  if (!until.empty()) add("until", until);
  if (o.duration_ns > 0) add("duration_s", static_cast<double>(o.duration_ns) / 1e9);
  if (o.shards > 1) add("shard", std::to_string(o.shard) + "/" + std::to_string(o.shards));
  if (o.arrivals.rising != ramp::none) add("ramp_from", o.arrivals.ramp_from), add("ramp_to", o.arrivals.ramp_to);
  if (o.arrivals.vllm_rescaled) add("arrivals", "rescaled as vLLM does");
  if (o.threads > 1) add("threads", o.threads);
  if (o.endpoints.size() > 1) add("balance", to_string(o.how));
  if (o.place.fifo) add("fifo", true);
  if (!o.endpoints[0].proxy.empty()) add("proxy", o.endpoints[0].proxy);
  if (o.insecure) add("insecure", true);  // whose answers these are, nobody has proved
  add("ignore_eos", o.request.ignore_eos);
  if (o.request.temperature) add("temperature", *o.request.temperature);
  if (o.request.max_tokens != unmeasured) add("max_tokens", o.request.max_tokens);
  for (const auto& [name, json] : o.request.extra) o.run.config.emplace_back("extra_body." + name, json);
  std::uint64_t hash = 0;
  for (const auto& p : plan.turns.prompts) hash = hash64(p.content, hash64(p.id, hash));
  add("prompts_hash", std::to_string(hash));  // as text: JSON readers lose digits of 64-bit numbers
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_RUN_CONFIG_HPP
