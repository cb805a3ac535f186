// weir/run/batch_results.hpp - NAME_results.json as scripts of batch experiments know it: written, and read of others.
// Needs POSIX and simdjson.
//
//     [{"config": {"tensor_parallel_size": 2, "batch_size": 4, "seq_len": 512, ...}, "throughput_tokens_per_sec": 1.5,
//       "throughput_requests_per_sec": 0.1, "latency_ms": 9, "memory_usage_gb": null, "gpu_utilization": null,
//       "run_time_seconds": 0.009, "tokens_generated": 128, "requests_processed": 4}]
#ifndef WEIR_RUN_BATCH_RESULTS_HPP
#define WEIR_RUN_BATCH_RESULTS_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/record/flat_json.hpp"
#include "weir/run/commands.hpp"
#include "weir/run/matrix.hpp"
#include "weir/run/sweep_results.hpp"

namespace weir::inline v0 {

namespace detail {

/// A setting of ours and its name in such a file.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 16> batch_config{
    {{"tp", "tensor_parallel_size"},
     {"pp", "pipeline_parallel_size"},
     {"dp", "data_parallel_size"},
     {"batch_size", "batch_size"},
     {"input_len", "seq_len"},
     {"max_model_len", "max_model_len"},
     {"dtype", "dtype"},
     {"max_num_seqs", "max_num_seqs"},
     {"max_num_batched_tokens", "max_num_batched_tokens"},
     {"gpu_memory_utilization", "gpu_memory_utilization"},
     {"temperature", "temperature"},
     {"top_p", "top_p"},
     {"output_len", "max_tokens"},
     {"executor_backend", "distributed_executor_backend"},
     {"enforce_eager", "enforce_eager"},
     {"seed", "seed"}}};

inline void write_config(json_writer& json, const result_row& row) {
  json.key("config").begin_object().field("model", row.cell().path).field("quant", row.cell().quant);
  for (const auto& [ours, theirs] : batch_config) {
    const auto& which = *find_setting(ours);
    const auto& from = which.level == setting_level::point ? row.point.values : row.cell().values;
    const auto text = from.text(ours);
    json.key(theirs);
    if (text.empty())
      json.value(nullptr);
    else if (which.kind == setting_kind::text)
      json.value(text);
    else
      json.raw(text);
  }
  json.end_object();
}

}  // namespace detail

/// The measured points of one cell, or of all where `cell` is empty. Figures are means over the runs; null, never 0,
/// where nothing was measured.
[[nodiscard]] inline std::string batch_results_json(const std::vector<result_row>& rows, const std::string& cell) {
  std::string out;
  json_writer json(out);
  json.begin_array();
  for (const auto& row : rows) {
    if ((!cell.empty() && row.cell().name != cell) || row.done == 0) continue;
    const double seconds = row.mean("iteration_s"), memory = row.mean("device_memory_max_mib");
    json.begin_object();
    detail::write_config(json, row);
    json.field("throughput_tokens_per_sec", row.mean("output_tokens_per_s"));
    json.field("throughput_requests_per_sec", row.mean("requests_per_s"));
    json.field("latency_ms", seconds * 1e3).field("memory_usage_gb", memory / 1024);
    json.field("gpu_utilization", row.mean("device_busy_pct") / 100).field("run_time_seconds", seconds);
    json.field("tokens_generated", row.mean("output_tokens"));
    json.field("requests_processed", prompts_of(row.cell(), row.point.values)).field("num_runs", row.done).end_object();
  }
  json.end_array();
  return out + "\n";
}

/// Whether a text is such a file.
[[nodiscard]] inline bool looks_like_batch_results(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start != text.npos && text[start] == '[' && text.find("\"throughput_tokens_per_sec\"") != text.npos;
}

/// Reads files of this form, whoever wrote them, as a sweep of cells TP2_PP1_DP1. A figure that is 0 and can't be
/// (memory, utilization) was not measured by who wrote it.
/// \return  errc::parse, naming the file.
[[nodiscard]] inline result<sweep_results> read_batch_results(const std::vector<std::string>& paths) {
  sweep_results out;
  out.plan.study = "batch";
  for (const auto& path : paths) {
    const auto text = read_text_file(path);
    if (!text) return text.error();
    const auto json = flat_json::read(*text);
    if (!json) return failure{errc::parse, path + ": " + json.error().detail};
    for (std::size_t i = 0; json->has(std::to_string(i) + "/throughput_tokens_per_sec"); ++i) {
      const std::string at = std::to_string(i) + "/";
      sweep_cell c;
      cell_point p;
      for (const auto& [ours, theirs] : detail::batch_config) {
        const auto& which = *find_setting(ours);
        const auto value = checked_value(which, json->text(at + "config/" + std::string(theirs)));
        if (value && !value->empty()) (which.level == setting_level::point ? p.values : c.values).set(ours, *value);
      }
      c.model = detail::name_word(json->text(at + "config/model")), c.quant = json->text(at + "config/quant");
      for (const auto* name : {"tp", "pp", "dp"})
        c.name += (c.name.empty() ? "" : "_") +
                  std::string(name == std::string_view("tp")   ? "TP"
                              : name == std::string_view("pp") ? "PP"
                                                               : "DP") +
                  std::string(c.values.text(name));
      p.name = detail::point_name(p.values, {});
      cell_record r{.cell = c};
      point_record point{.point = p, .status = cell_status::done};
      const auto number = [&](const char* name) {
        const auto* v = json->find(at + name);
        return v && v->is == flat_value::kind::number ? v->number : std::nan("");
      };
      point.metrics.set("output_tokens_per_s", number("throughput_tokens_per_sec"));
      point.metrics.set("requests_per_s", number("throughput_requests_per_sec"));
      point.metrics.set("iteration_s", number("latency_ms") / 1e3);
      point.metrics.set("output_tokens_per_s_per_device",
                        number("throughput_tokens_per_sec") / static_cast<double>(devices_needed(c.values)));
      if (number("memory_usage_gb") > 0) point.metrics.set("device_memory_max_mib", number("memory_usage_gb") * 1024);
      if (number("gpu_utilization") > 0) point.metrics.set("device_busy_pct", number("gpu_utilization") * 100);
      point.metrics.set("output_tokens", number("tokens_generated"));
      r.status = cell_status::done;
      r.points.push_back(std::move(point));
      out.records.push_back(std::move(r));
    }
  }
  if (out.records.empty())
    return failure{errc::parse, "there is no result in " + (paths.empty() ? "no file" : paths.front())};
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_BATCH_RESULTS_HPP
