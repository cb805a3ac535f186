// weir/run/command_results.hpp - commands that measure one point each, and the JSON files they leave. Needs simdjson
// and Linux.
#ifndef WEIR_RUN_COMMAND_RESULTS_HPP
#define WEIR_RUN_COMMAND_RESULTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/record/flat_json.hpp"
#include "weir/run/cell_evidence.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/commands.hpp"
#include "weir/run/log_facts.hpp"
#include "weir/run/process_set.hpp"

namespace weir::inline v0 {

namespace detail {

/// `word` with {NAME} replaced by a setting, or by name, model, quant, path, result, directory. What is unknown is
/// left: {port}, {block} and {devices} are filled in when the command starts.
inline std::string with_settings(std::string word, const cell_job& job, const cell_point& p) {
  const auto& c = job.cell;
  const std::array<std::pair<std::string_view, std::string>, 6> own{{{"name", job.name()},
                                                                     {"model", c.model},
                                                                     {"quant", c.quant},
                                                                     {"path", c.path},
                                                                     {"result", job.file(p.name + ".json")},
                                                                     {"directory", job.directory()}}};
  for (std::size_t at = 0; (at = word.find('{', at)) != word.npos; ++at) {
    const auto end = word.find('}', at);
    if (end == word.npos) break;
    const auto name = std::string_view(word).substr(at + 1, end - at - 1);
    const auto* which = find_setting(name);
    std::string value;
    bool known = which != nullptr;
    if (known)
      value = which->level == setting_level::point ? p.values.text(which->name()) : c.values.text(which->name());
    for (const auto& [own_name, own_value] : own)
      if (name == own_name) value = own_value, known = true;
    if (!known) continue;
    word.replace(at, end - at + 1, value);
    at += value.size();
    at -= at > 0 ? 1 : 0;
  }
  return word;
}

inline std::int64_t tokens_of(const sweep_cell& c, const settings& p, std::string_view length) {
  return prompts_of(c, p) * p.count(length);
}

/// The keys of `vllm bench throughput`: its tokens are those of prompts, each once, and of all samples together.
inline void set_throughput(point_record& into, const flat_json& json, const sweep_cell& c) {
  const auto number = [&](std::string_view key) {
    const auto* v = json.find(key);
    return v == nullptr ? std::numeric_limits<double>::quiet_NaN() : v->number;
  };
  const auto& s = into.point.values;
  const double elapsed = number("elapsed_time");
  const auto output = static_cast<double>(tokens_of(c, s, "output_len") * s.count("n"));
  into.metrics.set("total_tokens_per_s", number("tokens_per_second"));
  into.metrics.set("requests_per_s", number("requests_per_second"));
  into.metrics.set("iteration_s", elapsed);
  into.metrics.set("prompt_tokens", static_cast<double>(tokens_of(c, s, "input_len")));
  if (s.flag("ignore_eos")) {
    into.metrics.set("output_tokens_per_s", output / elapsed);
    into.metrics.set("output_tokens_per_s_per_device",
                     output / elapsed / static_cast<double>(devices_needed(c.values)));
    into.metrics.set("output_tokens", output);
  } else {
    for (const auto* name : {"output_tokens_per_s", "output_tokens_per_s_per_device", "output_tokens"})
      into.metrics.missing(name, "vllm bench throughput tells the sum of prompt and output only");
  }
  into.iterations_s = {elapsed};
}

/// The keys of `vllm bench latency`: seconds of a whole batch.
inline void set_latency_bench(point_record& into, const flat_json& json, const sweep_cell& c) {
  const auto number = [&](std::string_view key) {
    const auto* v = json.find(key);
    return v == nullptr ? std::numeric_limits<double>::quiet_NaN() : v->number;
  };
  const auto& s = into.point.values;
  const double mean = number("avg_latency");
  const auto output = static_cast<double>(batch_of(c, s) * s.count("output_len") * s.count("n"));
  into.metrics.set("iteration_s", mean);
  into.metrics.set("e2el_mean_ms", mean * 1e3);
  into.metrics.set("e2el_p50_ms", number("percentiles/50") * 1e3);
  into.metrics.set("e2el_p99_ms", number("percentiles/99") * 1e3);
  into.metrics.set("output_tokens_per_s", output / mean);
  into.metrics.set("output_tokens_per_s_per_device", output / mean / static_cast<double>(devices_needed(c.values)));
  into.metrics.set("output_tokens", output);
  into.iterations_s = {mean};
}

}  // namespace detail

/// A command of one's own for a point, its placeholders filled in.
[[nodiscard]] inline std::vector<std::string> own_command(const cell_job& job, const cell_point& p) {
  std::vector<std::string> out;
  for (const auto& word : job.cell.command) out.push_back(detail::with_settings(word, job, p));
  return out;
}

/// Fills a point in from how its command ended and what it left. A command of one's own need not leave a file: then its
/// wall time is all that is known. One that it leaves is a JSON object: numbers at its top are figures.
inline void read_point_result(const cell_job& job, point_record& p, const set_end& ended, const log_facts& log,
                              std::int64_t log_from) {
  const auto mode = job.cell.values.text("mode");
  if (ended.status != 0) {
    p.status = log.out_of_memory ? cell_status::out_of_memory : cell_status::failed;
    p.reason =
        log.out_of_memory ? "out of memory: " + log.memory_line : failure_words(ended.trouble, job.log(), log_from);
    return;
  }
  p.status = cell_status::done;
  const auto text = read_text_file(job.file(p.point.name + ".json"));
  if (mode == "command") p.metrics.set("iteration_s", p.iterations_s.front());
  if (!text && mode == "command") return;
  const auto json = text ? flat_json::read(*text) : result<flat_json>(text.error());
  if (!json) {
    p.status = cell_status::failed;
    p.reason = "its result can't be read: " + json.error().detail;
    return;
  }
  if (mode == "throughput") return detail::set_throughput(p, *json, job.cell);
  if (mode == "latency") return detail::set_latency_bench(p, *json, job.cell);
  for (const auto& v : json->values())
    if (v.is == flat_value::kind::number && v.path.find('/') == v.path.npos) p.metrics.set(v.path, v.number);
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_COMMAND_RESULTS_HPP
