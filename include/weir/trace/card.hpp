// weir/trace/card.hpp - a workload card: what was run, on what, and how it was traced. Needs yaml-cpp.
#ifndef WEIR_TRACE_CARD_HPP
#define WEIR_TRACE_CARD_HPP

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {

/// Every key of a card, with null for what is not known; lists and maps tell their kind.
/// \source  CCL-Bench, workload_card_template.yaml.
inline constexpr const char* card_template = R"(version: 1
description: ~
hf_url: ~
trace_url: ~
contributor: ~
contact: ~
workload:
  model:
    phase: ~
    moe: ~
    granularity: ~
    model_family: ~
    precision: ~
    epochs: ~
    iteration: ~
    model_arch: {num_params: ~, num_params_embedding: ~, num_layers: ~, num_heads: ~, head_dim: ~}
  data: {batch_size: ~, seq_len: ~, input_len: ~, output_len: ~, dataset: ~}
  hardware:
    network_topo: {topology: ~, bandwidth_gbps: [~, ~]}
    xpu_spec: {type: ~, model: ~, total_count: ~, count_per_node: ~}
    driver_version: ~
Model-executor:
  framework: {name: ~, compiler_tool_selection: ~}
  model_plan_parallelization: {dp_replicate: ~, dp_shard: ~, tp: ~, pp: ~, cp: ~, ep: ~, pp_mb: ~}
  communication_library: {name: ~, version: ~, env: {}}
  protocol_selection: []
metric_source:
  traces: []
  metrics_specific_trace: []
)";

namespace detail {

/// Writes `from` over `into`, key by key; a key that `into` does not have is named in `unknown`.
inline void overlay(YAML::Node into, const YAML::Node& from, const std::string& path,
                    std::vector<std::string>& unknown) {
  for (const auto& member : from) {
    const auto key = member.first.as<std::string>();
    const std::string where = path.empty() ? key : path + "." + key;
    YAML::Node known = into[key];
    if (!known.IsDefined())
      unknown.push_back(where);
    else if (known.IsMap() && known.size() > 0 && member.second.IsMap())
      overlay(known, member.second, where, unknown);
    else
      into[key] = member.second;
  }
}

/// Where an experiment's file and the card say the same by other names.
inline void overlay_experiment(YAML::Node card, const YAML::Node& config) {
  const auto take = [](YAML::Node into, const char* key, const YAML::Node& value) {
    if (value.IsDefined() && !value.IsNull()) into[key] = value;
  };
  YAML::Node model = card["workload"]["model"], data = card["workload"]["data"];
  take(card, "description", config["description"]);
  if (const auto m = config["model"]; m && m.IsMap()) {
    take(model, "model_family", m["name"]);
    take(model, "precision", m["precision"]);
  }
  if (const auto d = config["data"]; d && d.IsMap()) {
    for (const char* key : {"batch_size", "seq_len", "input_len", "output_len", "dataset"}) take(data, key, d[key]);
    take(data, "output_len", d["max_tokens"]);
  }
  if (const auto p = config["parallelism"]; p && p.IsMap())
    for (const char* key : {"dp_replicate", "dp_shard", "tp", "pp", "cp", "ep", "pp_mb"})
      take(card["Model-executor"]["model_plan_parallelization"], key, p[key]);
  take(model, "iteration", config["profile_iterations"]);
}

inline void fill(YAML::Node into, const char* key, const std::string& value) {
  if (into[key].IsNull() && !value.empty()) into[key] = value;
}

/// What the traces say, where the config did not.
inline void overlay_traces(YAML::Node card, const std::vector<rank_profile>& set) {
  const rank_profile& first = set.front();
  YAML::Node hardware = card["workload"]["hardware"], spec = hardware["xpu_spec"];
  YAML::Node model = card["workload"]["model"], library = card["Model-executor"]["communication_library"];
  const std::string backend = metadata_member(first.summary, "distributedInfo", "backend");
  fill(spec, "model", metadata_member(first.summary, "deviceProperties", "name"));
  fill(spec, "type", first.device.events() > 0 ? "GPU" : first.on_cpu ? "CPU" : "");
  fill(spec, "total_count",
       std::to_string(std::max<std::int64_t>(first.world_size, static_cast<std::int64_t>(set.size()))));
  fill(library, "name", backend);
  fill(library, "version", metadata_member(first.summary, "distributedInfo", "nccl_version"));
  std::size_t executed = 0, profiled = 0;
  for (const auto& step : first.steps) {
    executed += step.work ? 1 : 0;
    profiled += step.kind == step_kind::profiler ? 1 : 0;
  }
  if (executed > 0) fill(model, "phase", "inference");
  if (executed + profiled > 0) fill(model, "iteration", std::to_string(profiled > 0 ? profiled : executed));
  if (card["metric_source"]["traces"].size() == 0) card["metric_source"]["traces"].push_back("json");
}

/// The keys of `wanted` that `card` lacks, or has as another kind of thing.
inline void compare_shape(const YAML::Node& wanted, const YAML::Node& card, const std::string& path,
                          std::vector<std::string>& wrong) {
  for (const auto& member : wanted) {
    const auto key = member.first.as<std::string>();
    const std::string where = path.empty() ? key : path + "." + key;
    const YAML::Node have = card[key];
    if (!have.IsDefined())
      wrong.push_back(where + " is missing");
    else if (member.second.IsMap() != have.IsMap() || member.second.IsSequence() != have.IsSequence())
      wrong.push_back(where + " is another kind of value");
    else if (member.second.IsMap())
      compare_shape(member.second, have, where, wrong);
  }
}

}  // namespace detail

/// What is wrong with the text of a card; empty: it has every key of the template, with the right kind of value.
[[nodiscard]] inline std::vector<std::string> check_card(const std::string& text) {
  std::vector<std::string> wrong;
  try {
    const YAML::Node card = YAML::Load(text);
    if (!card.IsMap()) return {"it is no map"};
    detail::compare_shape(YAML::Load(card_template), card, {}, wrong);
  } catch (const YAML::Exception& e) {
    wrong.emplace_back(e.what());
  }
  return wrong;
}

/// The card of a set of traces: the template, over it the config (a card, or an experiment's file), then what the
/// traces and `driver` (of the machine, may be empty) say of what is still null. It was read back and checked.
/// \param unknown  keys of the config that no card has; experiments' own keys are not among them.
/// \return  errc::parse where the config is no YAML map, or gives a key another kind of value.
inline result<std::string> make_card(const std::string& config, const std::vector<rank_profile>& set,
                                     const std::string& driver, std::vector<std::string>& unknown) {
  try {
    YAML::Node card = YAML::Load(card_template);
    const YAML::Node given = YAML::Load(config);
    if (!given.IsMap()) return failure{errc::parse, "the config is no map of keys to values"};
    const bool experiment = given["parallelism"].IsDefined() || given["experiment_id"].IsDefined();
    if (experiment)
      detail::overlay_experiment(card, given);
    else
      detail::overlay(card, given, {}, unknown);
    detail::overlay_traces(card, set);
    detail::fill(card["workload"]["hardware"], "driver_version", driver);
    std::string text = YAML::Dump(card) + "\n";
    if (const auto wrong = check_card(text); !wrong.empty()) return failure{errc::parse, "the card's " + wrong.front()};
    return text;
  } catch (const YAML::Exception& e) {
    return failure{errc::parse, std::string("the config: ") + e.what()};
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_CARD_HPP
