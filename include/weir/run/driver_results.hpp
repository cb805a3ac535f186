// weir/run/driver_results.hpp - reads what vllm_offline.py wrote, of one driver or of several that shared the prompts.
// Needs POSIX and simdjson.
#ifndef WEIR_RUN_DRIVER_RESULTS_HPP
#define WEIR_RUN_DRIVER_RESULTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/json_copy.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"
#include "weir/run/cell_iterations.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/read_cell_record.hpp"

namespace weir::inline v0 {

/// What became of a point.
struct driven_point {
  std::vector<cell_iteration> iterations;
  std::string error = {};
  bool out_of_memory = false;
};

struct driver_results {
  std::map<std::string, driven_point, std::less<>> points;  ///< By name.
  engine_facts engine;
  bool started = false;  ///< Every driver's engine was up.
  bool ended = false;    ///< Every driver said its last word.
  bool alive = true;     ///< No engine died under way.
};

namespace detail {

/// Numbers of a list without the nulls.
inline result<void> read_reals(std::vector<double>& into, std::string_view name, json_value value) {
  return each_element(name, value, [&](json_value item) -> result<void> {
    if (is_json_null(item)) return {};
    return item.get_double().get(into.emplace_back()) ? field_failure(name, "a list of numbers and null")
                                                      : result<void>();
  });
}

/// Adds up "bytes" over the ranks of a list of {"rank", key}; NaN where one has null or there is no list.
inline result<void> read_rank_bytes(double& into, std::string_view list, std::string_view key, bool sum,
                                    json_value value) {
  into = no_value;
  if (is_json_null(value)) return {};
  double total = 0;
  auto read = each_element(list, value, [&](json_value rank) {
    return each_member(list, rank, [&](std::string_view name, json_value member) -> result<void> {
      if (name != key) return {};
      double bytes = 0;
      if (auto number = read_real(bytes, name, member); !number) return number;
      total = sum ? total + bytes : std::isnan(bytes) ? bytes : std::max(total, bytes);
      return {};
    });
  });
  if (read) into = total;
  return read;
}

inline result<void> read_iteration_field(cell_iteration& i, std::string_view name, json_value value) {
  if (name == "measured") return read_bool(i.measured, name, value);
  if (name == "ttft_s") return read_reals(i.ttft_s, name, value);
  if (name == "latency_s") return read_reals(i.latency_s, name, value);
  if (name == "tpot_s") return read_reals(i.tpot_s, name, value);
  const std::array<std::pair<std::string_view, std::int64_t*>, 8> numbers{{{"index", &i.index},
                                                                           {"t_start_ns", &i.t_start_ns},
                                                                           {"t_end_ns", &i.t_end_ns},
                                                                           {"prompts", &i.prompts},
                                                                           {"samples", &i.samples},
                                                                           {"prompt_tokens", &i.prompt_tokens},
                                                                           {"output_tokens", &i.output_tokens},
                                                                           {"cached_tokens", &i.cached_tokens}}};
  for (const auto& [field, into] : numbers)
    if (name == field) return value.get_int64().get(*into) ? field_failure(name, "an integer") : result<void>();
  return {};
}

/// One line of a driver.
struct driver_line {
  std::string type, point, error, version;
  bool out_of_memory = false, alive = true;
  double import_s = no_value, init_s = no_value, weights_bytes = no_value, allocated_bytes = no_value;
  cell_iteration iteration;

  result<void> take(std::string_view name, json_value value) {
    const std::array<std::pair<std::string_view, std::string*>, 4> texts{
        {{"type", &type}, {"point", &point}, {"error", &error}, {"version", &version}}};
    for (const auto& [field, into] : texts)
      if (name == field) return read_text(*into, name, value);
    if (name == "out_of_memory") return read_bool(out_of_memory, name, value);
    if (name == "alive") return read_bool(alive, name, value);
    if (name == "import_s") return read_real(import_s, name, value);
    if (name == "init_s") return read_real(init_s, name, value);
    if (name == "weights") return read_rank_bytes(weights_bytes, name, "bytes", true, value);
    if (name == "memory") return read_rank_bytes(allocated_bytes, name, "allocated_bytes", false, value);
    return read_iteration_field(iteration, name, value);
  }
};

inline void add_iteration(driven_point& point, const cell_iteration& part) {
  for (auto& known : point.iterations)
    if (known.index == part.index) return known.merge(part);
  point.iterations.push_back(part);
}

inline void add_line(driver_results& into, const driver_line& line, std::size_t driver, bool& started, bool& ended) {
  auto& engine = into.engine;
  if (line.type == "engine") {
    started = true;
    engine.version = line.version;
    engine.import_s = line.import_s, engine.init_s = line.init_s;
    engine.weights_bytes = driver == 0 ? line.weights_bytes : engine.weights_bytes + line.weights_bytes;
  } else if (line.type == "iteration") {
    add_iteration(into.points[line.point], line.iteration);
  } else if (line.type == "point_failed") {
    auto& point = into.points[line.point];
    point.error = line.error;
    point.out_of_memory = point.out_of_memory || line.out_of_memory;
  } else if (line.type == "end") {
    ended = true;
    into.alive = into.alive && line.alive;
    engine.allocated_max_bytes =
        driver == 0 ? line.allocated_bytes : std::fmax(engine.allocated_max_bytes, line.allocated_bytes);
  }
}

}  // namespace detail

/// Reads the files of a cell's drivers. A file that is not there, or ends in the middle of a line, is one of a driver
/// that died: `started` and `ended` say so.
/// \return  errc::parse, naming file and line, for a whole line that is not a driver's.
[[nodiscard]] inline result<driver_results> read_driver_results(const std::vector<std::string>& paths) {
  driver_results out;
  std::size_t started = 0, ended = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto rows = open_rows(paths[i]);
    if (!rows) continue;
    json_row_reader reader;
    bool up = false, over = false;
    for (std::string_view row; rows->next(row);) {
      detail::driver_line line;
      const auto read = reader(row, [&](std::string_view name, json_value value) { return line.take(name, value); });
      if (!read && !rows->terminated()) break;  // it was killed while it wrote
      if (!read)
        return failure{errc::parse, paths[i] + ":" + std::to_string(rows->line()) + ": " + read.error().detail};
      detail::add_line(out, line, i, up, over);
    }
    started += up, ended += over;
  }
  out.started = started == paths.size();
  out.ended = ended == paths.size();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_DRIVER_RESULTS_HPP
