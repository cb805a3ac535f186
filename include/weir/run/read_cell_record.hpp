// weir/run/read_cell_record.hpp - reads the raw record of a cell's run. Needs POSIX and simdjson.
#ifndef WEIR_RUN_READ_CELL_RECORD_HPP
#define WEIR_RUN_READ_CELL_RECORD_HPP

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/json_copy.hpp"
#include "weir/data/json_row.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"

namespace weir::inline v0 {

namespace detail {

inline result<void> read_status(cell_status& into, std::string_view name, json_value value) {
  std::string text;
  if (auto read = read_text(text, name, value); !read) return read;
  for (const auto s : {cell_status::done, cell_status::partial, cell_status::out_of_memory, cell_status::failed})
    if (status_name(s) == text) return into = s, result<void>();
  return field_failure(name, "a status");
}

/// Reads a number; null is NaN.
inline result<void> read_real(double& into, std::string_view name, json_value value) {
  into = std::numeric_limits<double>::quiet_NaN();
  if (is_json_null(value)) return {};
  return value.get_double().get(into) ? field_failure(name, "a number or null") : result<void>();
}

inline result<void> read_bool(bool& into, std::string_view name, json_value value) {
  return value.get_bool().get(into) ? field_failure(name, "true or false") : result<void>();
}

inline result<void> read_result_point(point_record& into, json_value value) {
  std::map<std::string, double, std::less<>> values;
  std::map<std::string, std::string, std::less<>> reasons;
  std::vector<std::string> order;
  auto read = each_member("results", value, [&](std::string_view name, json_value member) -> result<void> {
    if (name == "name") return read_text(into.point.name, name, member);
    if (name == "settings") return read_settings(into.point.values, name, member);
    if (name == "status") return read_status(into.status, name, member);
    if (name == "reason") return read_text(into.reason, name, member);
    if (name == "verdict") return read_text(into.verdict, name, member);
    if (name == "metrics")
      return each_member(name, member, [&](std::string_view key, json_value number) {
        order.emplace_back(key);
        return read_real(values[std::string(key)], key, number);
      });
    if (name == "missing")
      return each_member(name, member, [&](std::string_view key, json_value text) {
        return read_text(reasons[std::string(key)], key, text);
      });
    if (name == "iterations_s")
      return each_element(name, member,
                          [&](json_value item) { return read_real(into.iterations_s.emplace_back(), name, item); });
    return {};
  });
  for (const auto& key : order)
    into.metrics.set(key, values[key], reasons.contains(key) ? reasons[key] : "not measured");
  return read;
}

inline result<void> read_engine_facts(engine_facts& e, json_value value) {
  return each_member("engine", value, [&](std::string_view name, json_value member) -> result<void> {
    const std::array<std::pair<std::string_view, double*>, 5> numbers{
        {{"weights_bytes", &e.weights_bytes},
         {"import_s", &e.import_s},
         {"init_s", &e.init_s},
         {"kv_cache_tokens", &e.kv_cache_tokens},
         {"allocated_max_bytes", &e.allocated_max_bytes}}};
    for (const auto& [field, into] : numbers)
      if (name == field) return read_real(*into, name, member);
    if (name == "version") return read_text(e.version, name, member);
    if (name == "weights_from") return read_text(e.weights_from, name, member);
    return name == "kernels" ? read_words(e.kernels, name, member) : result<void>();
  });
}

inline result<void> read_profile_facts(profile_facts& p, json_value value) {
  return each_member("profile", value, [&](std::string_view name, json_value member) -> result<void> {
    if (name == "directory") return read_text(p.directory, name, member);
    if (name == "reason") return read_text(p.reason, name, member);
    if (name == "files") return read_count(p.files, name, member, 0);
    if (name == "ranks") return read_count(p.ranks, name, member, 0);
    if (name == "device_events") return read_real(p.device_events, name, member);
    if (name == "comm_overhead_pct") return read_real(p.comm_overhead_pct, name, member);
    if (name == "bubble_ratio_pct") return read_real(p.bubble_ratio_pct, name, member);
    return name == "empty" ? read_bool(p.empty, name, member) : result<void>();
  });
}

inline result<void> read_record_field(cell_record& r, std::string_view name, json_value value) {
  if (name == "run") return read_count(r.run, name, value, 1);
  if (name == "start_unix_ns") return read_count(r.start_unix_ns, name, value, 0);
  if (name == "profiled") return read_bool(r.profiled, name, value);
  if (name == "status") return read_status(r.status, name, value);
  if (name == "wall_s") return read_real(r.wall_s, name, value);
  if (name == "engine") return read_engine_facts(r.engine, value);
  if (name == "profile") return read_profile_facts(r.profile, value);
  if (name == "results")
    return each_element(name, value, [&](json_value item) { return read_result_point(r.points.emplace_back(), item); });
  if (name == "cell")
    return each_member(
        name, value, [&](std::string_view field, json_value member) { return read_cell_field(r.cell, field, member); });
  const std::array<std::pair<std::string_view, std::string*>, 3> texts{
      {{"reason", &r.reason}, {"host", &r.host}, {"devices_after", &r.devices_after}}};
  for (const auto& [field, into] : texts)
    if (name == field) return read_text(*into, name, value);
  const std::array<std::pair<std::string_view, std::vector<std::string>*>, 3> lists{
      {{"devices", &r.devices}, {"commands", &r.commands}, {"notes", &r.notes}}};
  for (const auto& [field, into] : lists)
    if (name == field) return read_words(*into, name, value);
  return {};
}

}  // namespace detail

/// \return  errc::io where there is no such file; errc::parse, naming the file, where it is no cell's record.
[[nodiscard]] inline result<cell_record> read_cell_record(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  cell_record r;
  std::string type;
  const auto read = json_row_reader{}(*text, [&](std::string_view name, json_value value) -> result<void> {
    if (name == "type") return read_text(type, name, value);
    return detail::read_record_field(r, name, value);
  });
  if (!read) return failure{errc::parse, path + ": " + read.error().detail};
  if (type != "cell" || r.cell.name.empty()) return failure{errc::parse, path + " is no record of a cell"};
  return r;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_READ_CELL_RECORD_HPP
