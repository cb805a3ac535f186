// weir/run/yaml_matrix.hpp - reads an experiment's file, strictly: an unknown key is named with its line and the
// nearest known one. Needs yaml-cpp.
#ifndef WEIR_RUN_YAML_MATRIX_HPP
#define WEIR_RUN_YAML_MATRIX_HPP

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/nearest.hpp"
#include "weir/base/result.hpp"
#include "weir/run/matrix.hpp"
#include "weir/run/settings.hpp"
#include "weir/run/studies.hpp"

namespace weir::inline v0 {

namespace detail {

/// A sentence about a place in the file; thrown inside of the reader only.
struct yaml_trouble : std::runtime_error {
  yaml_trouble(const YAML::Node& at, const std::string& words)
      : std::runtime_error((at.Mark().line >= 0 ? std::to_string(at.Mark().line + 1) + ": " : "") + words) {}
};

inline std::string yaml_text(const YAML::Node& node, const std::string& what) {
  if (!node.IsScalar()) throw yaml_trouble(node, what + " is not a single value");
  return node.Scalar();
}

inline std::vector<std::string> yaml_texts(const YAML::Node& node, const std::string& what) {
  if (!node.IsSequence()) return {yaml_text(node, what)};
  std::vector<std::string> out;
  for (const auto& each : node) out.push_back(yaml_text(each, what));
  if (out.empty()) throw yaml_trouble(node, what + " is an empty list");
  return out;
}

/// The members of a map, each key once. What is no map is told as such.
inline std::vector<std::pair<std::string, std::pair<YAML::Node, YAML::Node>>> yaml_members(const YAML::Node& node,
                                                                                           const std::string& what) {
  if (!node.IsMap()) throw yaml_trouble(node, what + " is not a map of keys to values");
  std::vector<std::pair<std::string, std::pair<YAML::Node, YAML::Node>>> out;
  std::set<std::string> seen;
  for (const auto& member : node) {
    auto key = yaml_text(member.first, "a key of " + what);
    if (!seen.insert(key).second) throw yaml_trouble(member.first, "the key '" + key + "' comes twice");
    out.emplace_back(std::move(key), std::pair(member.first, member.second));
  }
  return out;
}

[[noreturn]] inline void unknown_key(const YAML::Node& at, const std::string& key,
                                     std::span<const std::string_view> own, bool with_settings) {
  std::vector<std::string> names(own.begin(), own.end());
  if (with_settings)
    for (auto& name : setting_names()) names.push_back(std::move(name));
  const auto closest = nearest(names, key);
  throw yaml_trouble(at, "unknown key '" + key + "'" + (closest.empty() ? "" : "; did you mean '" + closest + "'?"));
}

inline std::string yaml_value(const setting& which, const YAML::Node& node) {
  auto value = checked_value(which, yaml_text(node, std::string(which.name())));
  if (!value) throw yaml_trouble(node, value.error().detail);
  return std::move(*value);
}

/// A setting of a sweep, one value or (of an axis) several.
inline void read_setting(matrix& m, const setting& which, const YAML::Node& node) {
  std::vector<std::string> values;
  if (node.IsSequence()) {
    if (which.level == setting_level::sweep)
      throw yaml_trouble(node, std::string(which.name()) + " is one for the whole sweep: it takes no list");
    for (const auto& each : node) values.push_back(yaml_value(which, each));
    if (values.empty()) throw yaml_trouble(node, std::string(which.name()) + " is an empty list");
  } else {
    values.push_back(yaml_value(which, node));
  }
  m.replace(std::string(which.name()), std::move(values));
}

/// A variable's value stands in records: what looks like a secret belongs into the environment.
inline bool looks_secret(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const auto* part : {"TOKEN", "SECRET", "PASSWORD", "API_KEY", "APIKEY", "CREDENTIAL"})
    if (name.find(part) != name.npos) return true;
  return false;
}

inline variable_list read_variables(const YAML::Node& node) {
  variable_list out;
  for (auto& [name, at] : yaml_members(node, "env")) {
    if (looks_secret(name))
      throw yaml_trouble(at.first, name +
                                       " looks like a secret, and what stands here stands in every record: export it "
                                       "before weir-sweep is started, cells inherit it");
    out.emplace_back(name, yaml_text(at.second, name));
  }
  return out;
}

/// What may be fixed together: settings, and path, env, engine_args.
inline void read_part_key(matrix_part& part, const std::string& key, const YAML::Node& at, const YAML::Node& node,
                          std::span<const std::string_view> own) {
  if (key == "path")
    part.path = yaml_text(node, "path");
  else if (key == "env")
    part.variables = read_variables(node);
  else if (key == "engine_args")
    part.engine_args = yaml_texts(node, "engine_args");
  else if (const auto* which = find_setting(key); which == nullptr)
    unknown_key(at, key, own, true);
  else if (which->level == setting_level::sweep)
    throw yaml_trouble(at, std::string(which->name()) + " is one for the whole sweep: it stands at the top");
  else if (part.fixed.given(which->name()))
    throw yaml_trouble(at, std::string(which->name()) + " is given twice");
  else
    part.fixed.set(which->name(), yaml_value(*which, node));
}

inline matrix_part read_quant(const std::string& name, const YAML::Node& node) {
  static constexpr std::array<std::string_view, 3> own{"path", "env", "engine_args"};
  matrix_part part{.name = name};
  if (node.IsScalar()) {
    part.path = node.Scalar();
    return part;
  }
  for (const auto& [key, at] : yaml_members(node, name)) read_part_key(part, key, at.first, at.second, own);
  return part;
}

inline matrix_model read_model(const std::string& name, const YAML::Node& node) {
  static constexpr std::array<std::string_view, 4> own{"path", "env", "engine_args", "quants"};
  matrix_model model{.self = {.name = name}};
  if (node.IsNull()) {
    model.self.path = name;
    return model;
  }
  if (node.IsScalar()) {
    model.self.path = node.Scalar();
    return model;
  }
  for (const auto& [key, at] : yaml_members(node, name)) {
    if (key != "quants") {
      read_part_key(model.self, key, at.first, at.second, own);
      continue;
    }
    for (const auto& [quant, where] : yaml_members(at.second, "quants of " + name))
      model.quants.push_back(read_quant(quant, where.second));
  }
  if (model.self.path.empty() && model.quants.empty()) model.self.path = name;
  return model;
}

inline std::string last_name(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.substr(path.find_last_of('/') == path.npos ? 0 : path.find_last_of('/') + 1));
}

inline std::vector<matrix_model> read_models(const YAML::Node& node) {
  std::vector<matrix_model> models;
  if (node.IsMap()) {
    for (const auto& [name, at] : yaml_members(node, "models")) models.push_back(read_model(name, at.second));
    return models;
  }
  for (const auto& path : yaml_texts(node, "models"))
    models.push_back({.self = {.name = last_name(path), .path = path}});
  return models;
}

inline std::vector<matrix_part> read_configurations(const YAML::Node& node) {
  static constexpr std::array<std::string_view, 4> own{"name", "path", "env", "engine_args"};
  if (!node.IsSequence()) throw yaml_trouble(node, "configurations is a list of maps, each with a name");
  std::vector<matrix_part> parts;
  for (const auto& each : node) {
    auto& part = parts.emplace_back();
    for (const auto& [key, at] : yaml_members(each, "a configuration"))
      if (key == "name")
        part.name = yaml_text(at.second, "name");
      else
        read_part_key(part, key, at.first, at.second, own);
    if (part.name.empty()) throw yaml_trouble(each, "a configuration needs a name");
  }
  return parts;
}

inline std::vector<matrix_exclusion> read_exclusions(const YAML::Node& node) {
  static constexpr std::array<std::string_view, 3> own{"model", "quant", "configuration"};
  if (!node.IsSequence())
    throw yaml_trouble(node, "exclude is a list of maps: what has all of a map's values is left out");
  std::vector<matrix_exclusion> rules;
  for (const auto& each : node) {
    auto& rule = rules.emplace_back();
    for (const auto& [key, at] : yaml_members(each, "an exclusion")) {
      const auto* which = find_setting(key);
      if (key == "model")
        rule.model = yaml_text(at.second, key);
      else if (key == "quant")
        rule.quant = yaml_text(at.second, key);
      else if (key == "configuration")
        rule.configuration = yaml_text(at.second, key);
      else if (which == nullptr || which->level != setting_level::engine)
        unknown_key(at.first, key, own, true);
      else
        rule.values.set(which->name(), yaml_value(*which, at.second));
    }
  }
  return rules;
}

inline void read_matrix_key(matrix& m, const std::string& key, const YAML::Node& at, const YAML::Node& node) {
  static constexpr std::array<std::string_view, 9> own{"study",   "name", "models",      "quants", "configurations",
                                                       "exclude", "env",  "engine_args", "command"};
  if (key == "study") return;  // read first
  if (key == "name")
    m.study = yaml_text(node, key);
  else if (key == "models")
    m.models = read_models(node);
  else if (key == "quants")
    m.quants = yaml_texts(node, key);
  else if (key == "configurations")
    m.configurations = read_configurations(node);
  else if (key == "exclude")
    m.exclusions = read_exclusions(node);
  else if (key == "env")
    m.variables = read_variables(node);
  else if (key == "engine_args")
    m.engine_args = yaml_texts(node, key);
  else if (key == "command")
    m.command = yaml_texts(node, key);
  else if (const auto* which = find_setting(key))
    read_setting(m, *which, node);
  else
    unknown_key(at, key, own, true);
}

inline matrix read_matrix(const YAML::Node& root) {
  matrix m;
  const auto members = yaml_members(root, "the file");
  for (const auto& [key, at] : members)
    if (key == "study") {
      auto made = make_study(yaml_text(at.second, key));
      if (!made) throw yaml_trouble(at.second, made.error().detail);
      m = std::move(*made);
    }
  // Models first: what the file says of a setting as a whole must not be undone by nor undo what it says of a model.
  for (const auto& [key, at] : members)
    if (find_setting(key) != nullptr) read_matrix_key(m, key, at.first, at.second);
  for (const auto& [key, at] : members)
    if (find_setting(key) == nullptr) read_matrix_key(m, key, at.first, at.second);
  return m;
}

/// A group of an experiment's file: every key is in `known`, with the setting that it means; null is not given.
inline void read_group(settings& into, const YAML::Node& node, const std::string& group,
                       std::span<const std::pair<std::string_view, std::string_view>> known) {
  for (const auto& [key, at] : yaml_members(node, group)) {
    const auto found =
        std::find_if(known.begin(), known.end(), [&, k = key](const auto& pair) { return pair.first == k; });
    if (found == known.end()) {
      std::vector<std::string_view> own;
      for (const auto& pair : known) own.push_back(pair.first);
      unknown_key(at.first, key, own, false);
    }
    if (at.second.IsNull()) continue;
    if (found->second.empty()) {  // it can't be told to an engine: only its neutral value is taken
      if (yaml_text(at.second, key) != "1")
        throw yaml_trouble(at.second, key + " other than 1 is not known to inference");
      continue;
    }
    const auto* which = find_setting(found->second);
    into.set(which->name(), yaml_value(*which, at.second));
  }
}

/// An experiment's file as parallelism profiling has them: one cell.
inline matrix read_experiment(const YAML::Node& root) {
  static constexpr std::array<std::string_view, 10> own{
      "experiment_id",     "description",        "model",      "parallelism", "data", "profile",
      "warmup_iterations", "profile_iterations", "output_dir", "engine_args"};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> plan{
      {{"tp", "tp"}, {"pp", "pp"}, {"dp_replicate", "dp"}, {"dp_shard", ""}, {"ep", "ep"}, {"nodes", "nodes"}}};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> load{{{"batch_size", "batch_size"},
                                                                                      {"seq_len", "input_len"},
                                                                                      {"input_len", "input_len"},
                                                                                      {"max_tokens", "output_len"},
                                                                                      {"output_len", "output_len"},
                                                                                      {"n", "n"}}};
  auto m = profiling_study("E1.1");
  m.configurations.clear();
  m.models.clear();
  std::string id;
  for (const auto& [key, at] : yaml_members(root, "the file")) {
    const auto& node = at.second;
    if (key == "experiment_id")
      id = yaml_text(node, key);
    else if (key == "parallelism")
      read_group(m.fixed, node, key, plan);
    else if (key == "data")
      read_group(m.fixed, node, key, load);
    else if (key == "engine_args")
      m.engine_args = yaml_texts(node, key);
    else if (key == "model") {
      auto& model = m.models.emplace_back();
      for (const auto& [name, where] : yaml_members(node, key))
        if (name == "name")
          model.self.path = yaml_text(where.second, name), model.self.name = last_name(model.self.path);
        else if (name == "precision")
          m.quants = {yaml_text(where.second, name)};
        else
          unknown_key(where.first, name, std::array<std::string_view, 2>{"name", "precision"}, false);
    } else if (const auto* which = find_setting(key))
      read_setting(m, *which, node);
    else if (key != "description" && key != "output_dir")
      unknown_key(at.first, key, own, true);
  }
  if (m.quants == std::vector<std::string>{"bfloat16"}) m.quants = {"bf16"};
  if (m.quants == std::vector<std::string>{"float16"}) m.quants = {"fp16"};
  m.study = id;
  m.configurations = {{.name = id}};
  return m;
}

}  // namespace detail

/// The matrix in the text of a file: keys are the settings' names and study, name, models, quants, configurations,
/// exclude, env, engine_args, command; or the file of one experiment (experiment_id, model, parallelism, data, ...).
/// \return  errc::parse as "LINE: sentence".
[[nodiscard]] inline result<matrix> read_matrix(const std::string& text) {
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsMap() && root["experiment_id"].IsDefined()) return detail::read_experiment(root);
    return detail::read_matrix(root);
  } catch (const detail::yaml_trouble& trouble) {
    return failure{errc::parse, trouble.what()};
  } catch (const YAML::Exception& error) {
    return failure{errc::parse, std::to_string(error.mark.line + 1) + ": " + error.msg};
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_YAML_MATRIX_HPP
