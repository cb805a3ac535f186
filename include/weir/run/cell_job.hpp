// weir/run/cell_job.hpp - all that a cell's runner must know, in one file: what to run and where its files are. Needs
// POSIX and simdjson.
//
// weir-sweep writes OUT/cells/NAME/cell.json and has `weir-sweep run-cell OUT/cells/NAME` started, here or on another
// machine; nothing else passes from the one to the other.
#ifndef WEIR_RUN_CELL_JOB_HPP
#define WEIR_RUN_CELL_JOB_HPP

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/json_row.hpp"
#include "weir/run/cell.hpp"

namespace weir::inline v0 {

/// One run of a cell, ready to be started.
struct cell_job {
  sweep_cell cell;
  std::int64_t run = 1;
  bool profiled = false;
  std::string out = {};     ///< The sweep's directory, absolute.
  std::string driver = {};  ///< vllm_offline.py.
  std::string study = {};

  [[nodiscard]] std::string name() const { return cell_run{0, run, profiled}.name(cell.name); }
  [[nodiscard]] std::string directory() const { return out + "/cells/" + name(); }
  [[nodiscard]] std::string file(std::string_view of) const { return directory() + "/" + std::string(of); }
  /// The record: there once the run is over, whole.
  [[nodiscard]] std::string record() const { return out + "/benchmark_results/" + name() + ".json"; }
  [[nodiscard]] std::string log() const { return out + "/benchmark_logs/" + name() + ".log"; }
  [[nodiscard]] std::string server_log() const { return out + "/benchmark_logs/server_" + name() + ".log"; }
  [[nodiscard]] std::string profiles() const { return out + "/benchmark_profiles/" + cell.name; }
  [[nodiscard]] std::string samples() const { return file("samples.jsonl"); }
};

[[nodiscard]] inline std::string cell_job_json(const cell_job& job) {
  std::string out;
  json_writer json(out);
  json.begin_object().field("type", "cell_job").field("run", job.run).field("profiled", job.profiled);
  json.field("out", job.out).field("driver", job.driver).field("study", job.study);
  json.key("cell").begin_object();
  write_cell_fields(json, job.cell);
  json.end_object().end_object();
  return out + "\n";
}

namespace detail {

/// Calls `take(name, value)` for each member of an object.
template <class Take>
result<void> each_member(std::string_view of, json_value value, Take&& take) {
  simdjson::ondemand::object fields;
  if (value.get_object().get(fields)) return field_failure(of, "an object");
  return each_field(fields, take);
}

template <class Take>
result<void> each_element(std::string_view of, json_value value, Take&& take) {
  simdjson::ondemand::array items;
  if (value.get_array().get(items)) return field_failure(of, "a list");
  for (auto each : items) {
    json_value item;
    if (const auto error = std::move(each).get(item)) return json_failure(error);
    if (result<void> taken = take(item); !taken) return taken;
  }
  return {};
}

inline result<void> read_settings(settings& into, std::string_view of, json_value value) {
  return each_member(of, value, [&](std::string_view name, json_value member) -> result<void> {
    std::string text;
    if (auto read = read_text(text, name, member); !read) return read;
    const auto* which = find_setting(name);
    if (which == nullptr) return failure{errc::parse, "there is no setting '" + std::string(name) + "'"};
    auto checked = checked_value(*which, text);
    if (!checked) return checked.error();
    into.set(which->name(), *std::move(checked));
    return {};
  });
}

inline result<void> read_words(std::vector<std::string>& into, std::string_view of, json_value value) {
  return each_element(of, value, [&](json_value item) { return read_text(into.emplace_back(), of, item); });
}

inline result<void> read_point(cell_point& into, json_value value) {
  return each_member("points", value, [&](std::string_view name, json_value member) -> result<void> {
    if (name == "name") return read_text(into.name, name, member);
    return name == "settings" ? read_settings(into.values, name, member) : result<void>();
  });
}

/// Reads one field of a cell. Others are passed over.
inline result<void> read_cell_field(sweep_cell& c, std::string_view name, json_value value) {
  const std::array<std::pair<std::string_view, std::string*>, 5> texts{{{"name", &c.name},
                                                                        {"model", &c.model},
                                                                        {"quant", &c.quant},
                                                                        {"path", &c.path},
                                                                        {"derived_from", &c.derived_from}}};
  for (const auto& [field, into] : texts)
    if (name == field) return read_text(*into, name, value);
  if (name == "settings") return read_settings(c.values, name, value);
  if (name == "engine_args") return read_words(c.engine_args, name, value);
  if (name == "command") return read_words(c.command, name, value);
  if (name == "points")
    return each_element(name, value, [&](json_value item) { return read_point(c.points.emplace_back(), item); });
  if (name == "variables")
    return each_member(name, value, [&](std::string_view variable, json_value member) {
      return read_text(c.variables.emplace_back(std::string(variable), "").second, variable, member);
    });
  return {};
}

}  // namespace detail

/// \return  errc::io, or errc::parse naming the file.
[[nodiscard]] inline result<cell_job> read_cell_job(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  cell_job job;
  const auto take = [&](std::string_view name, json_value value) -> result<void> {
    if (name == "out") return read_text(job.out, name, value);
    if (name == "driver") return read_text(job.driver, name, value);
    if (name == "study") return read_text(job.study, name, value);
    if (name == "run") return read_count(job.run, name, value, 1);
    if (name == "profiled")
      return value.get_bool().get(job.profiled) ? field_failure(name, "true or false") : result<void>();
    if (name != "cell") return {};
    return detail::each_member(name, value, [&](std::string_view field, json_value member) {
      return detail::read_cell_field(job.cell, field, member);
    });
  };
  if (const auto read = json_row_reader{}(*text, take); !read)
    return failure{read.error().code, path + ": " + read.error().detail};
  if (job.cell.name.empty() || job.out.empty()) return failure{errc::parse, path + " is no cell's file"};
  return job;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_JOB_HPP
