// weir/trace/results_row.hpp - an experiment as a row of results_summary.csv. Needs yaml-cpp.
#ifndef WEIR_TRACE_RESULTS_ROW_HPP
#define WEIR_TRACE_RESULTS_ROW_HPP

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/report/table.hpp"
#include "weir/trace/metric.hpp"

namespace weir::inline v0 {

/// The columns of results_summary.csv, as scripts of the parallelism-profiling workflow read them.
[[nodiscard]] inline table results_table() {
  table t{"", {}, {}, 3};
  for (const auto* name : {"experiment", "model", "tp", "pp", "ep", "gpus"})
    t.columns.push_back({name, "", side::left});
  for (const auto* name :
       {"throughput_tokens_sec", "ttft_ms", "tpot_ms", "mfu_pct", "comm_overhead_pct", "bubble_ratio_pct"})
    t.columns.push_back({name});
  return t;
}

namespace detail {

/// The mean of a metric over all ranks, or why there is none; of "timing", which one rank may write for all, over those
/// that have it.
inline cell mean_of_ranks(const std::vector<trace_metric>& metrics, std::string_view name, double scale,
                          std::string_view of = "rank") {
  double sum = 0;
  std::size_t count = 0;
  std::string reason = "no rank has it";
  for (const auto& m : metrics) {
    if (m.table != of || m.name != name) continue;
    if (std::isnan(m.value)) {
      reason = "rank " + m.labels.front().second + ": " + m.reason;
      if (of == "rank") return cell::missing(reason);
      continue;
    }
    sum += m.value;
    ++count;
  }
  return count > 0 ? cell::number(sum / static_cast<double>(count) * scale, 4) : cell::missing(reason);
}

/// A latency in ms: what the run that was timed says of itself, so that TTFT and TPOT are of one run where it has both;
/// else what the profiled steps tell.
inline cell row_latency(const std::vector<trace_metric>& metrics, std::string_view name) {
  const auto timed = mean_of_ranks(metrics, name, 1e-3, "timing");
  return timed.reason().empty() ? timed : mean_of_ranks(metrics, name, 1e-3);
}

}  // namespace detail

/// Appends the row of an experiment: means over its ranks. `config` is its config.yaml or workload_card.yaml; what it
/// does not say is left empty.
inline void append_results(table& into, const std::string& experiment, const std::string& config, std::size_t ranks,
                           const std::vector<trace_metric>& metrics) {
  YAML::Node given;
  try {
    given = YAML::Load(config);
  } catch (const YAML::Exception&) {
    given = YAML::Node(YAML::NodeType::Map);
  }
  const auto text = [](const YAML::Node& group, const char* key) {
    const bool given_here = group.IsDefined() && group.IsMap() && group[key].IsDefined() && group[key].IsScalar();
    return given_here ? cell::text(group[key].as<std::string>()) : cell::missing("not in the config");
  };
  const bool card = given.IsMap() && given["workload"].IsDefined();
  const YAML::Node none;
  const YAML::Node model = card ? given["workload"]["model"] : given.IsMap() ? given["model"] : none;
  const YAML::Node plan = card            ? given["Model-executor"]["model_plan_parallelization"]
                          : given.IsMap() ? given["parallelism"]
                                          : none;
  auto& row = into.rows.emplace_back();
  row.push_back(cell::text(experiment));
  row.push_back(text(model, card ? "model_family" : "name"));
  for (const char* key : {"tp", "pp", "ep"}) row.push_back(text(plan, key));
  row.push_back(cell::number(static_cast<double>(ranks), 0));
  row.push_back(detail::mean_of_ranks(metrics, "throughput_tokens_sec", 1));
  row.push_back(detail::row_latency(metrics, "ttft"));
  row.push_back(detail::row_latency(metrics, "tpot"));
  row.push_back(detail::mean_of_ranks(metrics, "mfu", 1));
  row.push_back(detail::mean_of_ranks(metrics, "comm_overhead", 1));
  row.push_back(detail::mean_of_ranks(metrics, "idle_share", 1));
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_RESULTS_ROW_HPP
