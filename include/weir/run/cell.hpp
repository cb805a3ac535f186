// weir/run/cell.hpp - one cell of an experiment: one start of an engine, and what it is asked. Needs the standard
// library only.
#ifndef WEIR_RUN_CELL_HPP
#define WEIR_RUN_CELL_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/run/settings.hpp"

namespace weir::inline v0 {

/// One workload that a started engine is given.
struct cell_point {
  std::string name;  ///< "b4_in512_out128"
  settings values;   ///< Of setting_level::point.
  bool operator==(const cell_point&) const = default;
};

/// One start of an engine with all that it is asked. Two cells of a sweep never have the same name.
struct sweep_cell {
  std::string name;          ///< "qwen3-1.7b_w8a8", "tp_2": a word that can be a file's name.
  std::string model, quant;  ///< As tables show them; may be empty.
  std::string path;          ///< Of the weights: a directory, or a name that the engine looks up.
  settings values;           ///< Of setting_level::engine and setting_level::sweep.
  std::vector<cell_point> points;
  std::vector<std::string> engine_args;  ///< Words added to the engine's own command line.
  std::vector<std::string> command;  ///< The whole command, with placeholders: mode command, or a server of one's own.
  std::vector<std::pair<std::string, std::string>> variables;  ///< Set over the environment.
  std::string derived_from;  ///< The cell whose memory ran out, where this one looks for what fits.
  bool operator==(const sweep_cell&) const = default;
};

/// One of a cell's runs: the k-th start of it, or the one under a profiler.
struct cell_run {
  std::size_t cell = 0;  ///< Its place in the sweep's list.
  std::int64_t run = 1;
  bool profiled = false;

  /// "tp_2", "tp_2_run2", "tp_2_profile": what its files are called.
  [[nodiscard]] std::string name(std::string_view of) const {
    return std::string(of) + (profiled ? "_profile" : run > 1 ? "_run" + std::to_string(run) : "");
  }
};

/// A combination that is not run, and why.
struct skipped_cell {
  std::string name, reason;
  bool operator==(const skipped_cell&) const = default;
};

namespace detail {

inline void write_settings(json_writer& json, std::string_view key, const settings& values) {
  json.key(key).begin_object();
  for (const auto& [name, value] : values.values()) json.field(name, value);
  json.end_object();
}

inline void write_words(json_writer& json, std::string_view key, const std::vector<std::string>& words) {
  json.key(key).begin_array();
  for (const auto& word : words) json.value(word);
  json.end_array();
}

}  // namespace detail

/// Writes the fields of a cell into the object that `json` is in: also what is compared to tell one matrix from
/// another.
inline void write_cell_fields(json_writer& json, const sweep_cell& c) {
  json.field("name", c.name).field("model", c.model).field("quant", c.quant).field("path", c.path);
  detail::write_settings(json, "settings", c.values);
  json.key("points").begin_array();
  for (const auto& p : c.points) {
    json.begin_object().field("name", p.name);
    detail::write_settings(json, "settings", p.values);
    json.end_object();
  }
  json.end_array();
  detail::write_words(json, "engine_args", c.engine_args);
  detail::write_words(json, "command", c.command);
  json.key("variables").begin_object();
  for (const auto& [name, value] : c.variables) json.field(name, value);
  json.end_object().field("derived_from", c.derived_from);
}

[[nodiscard]] inline std::string cell_json(const sweep_cell& c) {
  std::string out;
  json_writer json(out);
  json.begin_object();
  write_cell_fields(json, c);
  json.end_object();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_HPP
