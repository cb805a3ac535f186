// weir/run/measure_results.hpp - reads what the load generator wrote of a served cell: measure.jsonl. Needs POSIX and
// simdjson.
//
//     {"type":"iteration","point":"b4_in512_out128","index":0,"t_start_ns":1,"t_end_ns":2,"verdict":"VALID","result":{...}}
//     {"type":"point_failed","point":"b4_in512_out128","error":"..."}
//     {"type":"profile_failed","error":"..."}
#ifndef WEIR_RUN_MEASURE_RESULTS_HPP
#define WEIR_RUN_MEASURE_RESULTS_HPP

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_copy.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"
#include "weir/record/flat_json.hpp"
#include "weir/report/sample_track.hpp"
#include "weir/run/cell_metrics.hpp"

namespace weir::inline v0 {

/// One measured iteration of a point.
struct measured_iteration {
  std::int64_t index = 0;
  sample_span span;
  std::string verdict;
  flat_json result;  ///< As weir-bench --save-result writes it.
};

struct measured_point {
  std::vector<measured_iteration> iterations;
  std::string error = {};
};

struct measure_results {
  std::map<std::string, measured_point, std::less<>> points;  ///< By name.
  std::string profile_error = {};                             ///< Why a server took or wrote no profile.
};

namespace detail {

/// Our figure's name, and the path of its value in a result file.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 18> result_paths{
    {{"output_tokens_per_s", "output_throughput"},
     {"total_tokens_per_s", "total_token_throughput"},
     {"requests_per_s", "request_throughput"},
     {"iteration_s", "duration"},
     {"ttft_mean_ms", "mean_ttft_ms"},
     {"ttft_p50_ms", "median_ttft_ms"},
     {"ttft_p99_ms", "p99_ttft_ms"},
     {"tpot_mean_ms", "mean_tpot_token_ms"},
     {"tpot_p50_ms", "median_tpot_token_ms"},
     {"tpot_p99_ms", "p99_tpot_token_ms"},
     {"itl_mean_ms", "mean_itl_token_ms"},
     {"itl_p99_ms", "p99_itl_token_ms"},
     {"e2el_mean_ms", "mean_e2el_ms"},
     {"e2el_p50_ms", "median_e2el_ms"},
     {"e2el_p99_ms", "p99_e2el_ms"},
     {"error_rate", "weir/error_rate"},
     {"prompt_tokens", "total_input_tokens"},
     {"output_tokens", "total_output_tokens"}}};

inline double number_at(const flat_json& json, std::string_view path) {
  const auto* v = json.find(path);
  return v && v->is == flat_value::kind::number ? v->number : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace detail

/// The mean over the iterations of each of their figures; missing where one iteration lacks it.
inline void set_measured_metrics(metric_list& into, const std::vector<measured_iteration>& all, std::int64_t devices) {
  const auto count = static_cast<double>(all.size());
  for (const auto& [name, path] : detail::result_paths) {
    double sum = 0;
    for (const auto& i : all) sum += detail::number_at(i.result, path);
    into.set(name, sum / count, "no request told it");
  }
  into.set("output_tokens_per_s_per_device",
           into.value("output_tokens_per_s") / static_cast<double>(devices > 0 ? devices : 1), "no request told it");
}

/// \return  errc::parse, naming file and line. A last line that is half written is passed over.
[[nodiscard]] inline result<measure_results> read_measure_results(const std::string& path) {
  measure_results out;
  auto rows = open_rows(path);
  if (!rows) return out;
  json_row_reader reader;
  for (std::string_view row; rows->next(row);) {
    std::string type, point, error, json;
    measured_iteration i;
    const auto read = reader(row, [&](std::string_view name, json_value value) -> result<void> {
      if (name == "type") return read_text(type, name, value);
      if (name == "point") return read_text(point, name, value);
      if (name == "error") return read_text(error, name, value);
      if (name == "verdict") return read_text(i.verdict, name, value);
      if (name == "index") return read_count(i.index, name, value, 0);
      if (name == "t_start_ns") return read_count(i.span.from_ns, name, value, 0);
      if (name == "t_end_ns") return read_count(i.span.to_ns, name, value, 0);
      if (name != "result") return {};
      json_writer text(json);
      if (const auto broken = append_json(text, value)) return json_failure(broken);
      return {};
    });
    if (!read && !rows->terminated()) break;
    if (!read) return failure{errc::parse, path + ":" + std::to_string(rows->line()) + ": " + read.error().detail};
    if (type == "point_failed") out.points[point].error = error;
    if (type == "profile_failed" && out.profile_error.empty()) out.profile_error = error;  // what began it
    if (type != "iteration") continue;
    auto result = flat_json::read(json);
    if (!result) return failure{errc::parse, path + ":" + std::to_string(rows->line()) + ": " + result.error().detail};
    i.result = std::move(*result);
    out.points[point].iterations.push_back(std::move(i));
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_MEASURE_RESULTS_HPP
