// weir/run/matrix.hpp - an experiment as people write it: models, formats, axes; and the cells that it comes to. Needs
// the standard library only.
//
//     weir::matrix m = ...;                                     // of a file (yaml_matrix.hpp) or a study (studies.hpp)
//     auto all = weir::expand(m, facts_of);                     // all->cells to run, all->skipped with the reasons
#ifndef WEIR_RUN_MATRIX_HPP
#define WEIR_RUN_MATRIX_HPP

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/run/cell.hpp"
#include "weir/run/possible.hpp"
#include "weir/run/settings.hpp"

namespace weir::inline v0 {

using variable_list = std::vector<std::pair<std::string, std::string>>;

/// What is fixed together: by a model, a format of it, or a named configuration.
struct matrix_part {
  std::string name;
  std::string path = {};  ///< Of the weights; empty: as without this part.
  settings fixed = {};
  variable_list variables = {};
  std::vector<std::string> engine_args = {};
};

struct matrix_model {
  matrix_part self;
  std::vector<matrix_part> quants = {};  ///< The formats there are of it; empty: its path alone.
};

/// Combinations that are not wanted: those that have all of these.
struct matrix_exclusion {
  std::string model = {}, quant = {}, configuration = {};  ///< Empty: any.
  settings values = {};
};

struct matrix_axis {
  std::string name;  ///< A setting's.
  std::vector<std::string> values;
};

struct matrix {
  std::string study;  ///< Its name, for people and for what files are written beside the records.
  settings fixed;     ///< Of all levels.
  std::vector<matrix_axis> axes;
  std::vector<matrix_model> models;
  std::vector<std::string> quants;
  std::vector<matrix_part> configurations;
  std::vector<matrix_exclusion> exclusions;
  variable_list variables;
  std::vector<std::string> engine_args, command;
  bool short_names = false;  ///< A cell is not named after a model or format that is the only one.

  /// Gives a setting these values and no others, whatever models and configurations say: a flag's.
  void replace(const std::string& name, std::vector<std::string> values) {
    fixed.erase(name);
    std::erase_if(axes, [&](const auto& axis) { return axis.name == name; });
    for (auto& part : configurations) part.fixed.erase(name);
    for (auto& model : models) {
      model.self.fixed.erase(name);
      for (auto& part : model.quants) part.fixed.erase(name);
    }
    if (values.size() == 1)
      fixed.set(name, std::move(values.front()));
    else
      axes.push_back({name, std::move(values)});
  }
};

struct expansion {
  std::vector<sweep_cell> cells;
  std::vector<skipped_cell> skipped;
};

/// Looks a model up. \return  errc::not_found where `path` should be here and is not; empty facts where it can't be
/// known.
using model_lookup = std::function<result<model_facts>(const std::string& path)>;

namespace detail {

/// Calls `visit(settings)` for every combination of the axes of `level`.
template <class Visit>
void each_combination(const std::vector<matrix_axis>& axes, setting_level level, const settings& so_far,
                      std::size_t next, Visit&& visit) {
  while (next < axes.size() && find_setting(axes[next].name)->level != level) ++next;
  if (next == axes.size()) return visit(so_far);
  for (const auto& value : axes[next].values) {
    settings with = so_far;
    with.set(axes[next].name, value);
    each_combination(axes, level, with, next + 1, visit);
  }
}

/// A word that can be part of a file's name.
inline std::string name_word(std::string_view text) {
  std::string out(text.substr(text.find_last_of('/') == text.npos ? 0 : text.find_last_of('/') + 1));
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') c = '-';
  return out;
}

/// "tp2", "enforce_eager", "no_enforce_eager", "request_rate0.5".
inline std::string axis_word(const std::string& name, std::string_view value) {
  if (find_setting(name)->kind == setting_kind::flag) return value == "true" ? name : "no_" + name;
  return name + name_word(value);
}

inline std::string point_name(const settings& values, const std::vector<matrix_axis>& axes) {
  std::string name;
  const auto add = [&](const std::string& word) { name += (name.empty() ? "" : "_") + word; };
  if (values.has("batch_size")) add("b" + std::string(values.text("batch_size")));
  if (values.has("num_prompts")) add("p" + std::string(values.text("num_prompts")));
  add("in" + std::string(values.text("input_len")));
  add("out" + std::string(values.text("output_len")));
  if (values.count("n") > 1) add("n" + std::string(values.text("n")));
  for (const auto& axis : axes)
    if (axis.values.size() > 1 && find_setting(axis.name)->level == setting_level::point)
      if (axis.name != "batch_size" && axis.name != "num_prompts" && axis.name != "input_len" &&
          axis.name != "output_len" && axis.name != "n")
        add(axis_word(axis.name, values.text(axis.name)));
  return name;
}

/// The settings of `from` that are of `level`.
inline settings of_level(const settings& from, setting_level level) {
  settings out;
  for (const auto& [name, value] : from.values())
    if (find_setting(name)->level == level) out.set(name, value);
  return out;
}

inline void merge_variables(variable_list& into, const variable_list& over) {
  for (const auto& [name, value] : over) {
    const auto at = std::find_if(into.begin(), into.end(), [&, n = name](const auto& v) { return v.first == n; });
    at == into.end() ? into.emplace_back(name, value) : * at = {name, value};
  }
}

/// A matrix on its way to cells.
class expander {
 public:
  expander(const matrix& from, const model_lookup& lookup) : from_(from), lookup_(lookup) {}

  result<expansion> run() {
    static const matrix_model no_model;
    static const matrix_part no_configuration;
    const auto* models = from_.models.empty() ? &no_model : from_.models.data();
    const auto* configurations = from_.configurations.empty() ? &no_configuration : from_.configurations.data();
    const std::vector<std::string> quants = from_.quants.empty() ? std::vector<std::string>{""} : from_.quants;
    for (std::size_t m = 0; m < std::max<std::size_t>(from_.models.size(), 1); ++m)
      for (std::size_t c = 0; c < std::max<std::size_t>(from_.configurations.size(), 1); ++c)
        for (const auto& quant : quants)
          each_combination(from_.axes, setting_level::engine, {}, 0,
                           [&](const settings& chosen) { add(models[m], configurations[c], quant, chosen); });
    for (const auto& one : out_.cells)
      if (!names_.insert(one.name).second)
        return failure{errc::invalid_argument,
                       "two cells would be named '" + one.name + "': give models and configurations different names"};
    if (!out_.cells.empty()) return std::move(out_);
    if (out_.skipped.empty()) return failure{errc::invalid_argument, "the matrix has no cell: everything is excluded"};
    const auto& first = out_.skipped.front();
    return failure{errc::invalid_argument, "no cell can be run; the first, " + first.name + ": " + first.reason};
  }

 private:
  void add(const matrix_model& model, const matrix_part& configuration, const std::string& quant,
           const settings& chosen) {
    sweep_cell made{.name = {},
                    .model = model.self.name,
                    .quant = quant,
                    .path = model.self.path,
                    .values = {},
                    .points = {},
                    .engine_args = from_.engine_args,
                    .command = from_.command,
                    .variables = from_.variables,
                    .derived_from = {}};
    settings all = from_.fixed;
    all.overlay(configuration.fixed);
    all.overlay(chosen);
    all.overlay(model.self.fixed);
    std::string missing;
    const matrix_part* format = find_format(model, quant, all, missing);
    for (const auto* part : {&configuration, &model.self, format}) {
      if (part == nullptr) continue;
      merge_variables(made.variables, part->variables);
      made.engine_args.insert(made.engine_args.end(), part->engine_args.begin(), part->engine_args.end());
      if (!part->path.empty()) made.path = part->path;
    }
    if (format) all.overlay(format->fixed);
    made.values = of_level(all, setting_level::engine);
    made.values.overlay(of_level(all, setting_level::sweep));
    made.name = name_of(made, configuration.name);
    const settings fixed_points = of_level(all, setting_level::point);
    each_combination(from_.axes, setting_level::point, {}, 0, [&](const settings& combination) {
      settings values = combination;
      values.overlay(fixed_points);
      cell_point point{point_name(values, from_.axes), values};
      if (std::none_of(made.points.begin(), made.points.end(), [&](const auto& p) { return p == point; }))
        made.points.push_back(std::move(point));
    });
    if (excluded(made, configuration.name)) return;
    if (missing.empty()) missing = why_not(made);
    if (std::find(out_.cells.begin(), out_.cells.end(), made) != out_.cells.end()) return;  // a model fixed the axis
    if (missing.empty())
      out_.cells.push_back(std::move(made));
    else if (const skipped_cell one{made.name, missing};
             std::find(out_.skipped.begin(), out_.skipped.end(), one) == out_.skipped.end())
      out_.skipped.push_back(one);
  }

  /// The part of the model's format; nullptr where it needs none, with `missing` where it is not there.
  static const matrix_part* find_format(const matrix_model& model, const std::string& quant, settings& all,
                                        std::string& missing) {
    if (quant.empty()) return nullptr;
    for (const auto& part : model.quants)
      if (part.name == quant) return &part;
    if (!model.quants.empty()) {
      missing = (model.self.name.empty() ? "the model" : model.self.name) + " has no " + quant;
    } else if (quant == "fp8") {
      if (!all.has("quantization")) all.set("quantization", "fp8");  // engines make it of bf16 while they load
    } else if (quant != "bf16" && quant != "fp16" && quant != "fp32") {
      missing = "no path is given of " + model.self.name + " in " + quant + ": name it under quants";
    }
    return nullptr;
  }

  [[nodiscard]] std::string name_of(const sweep_cell& made, const std::string& configuration) const {
    std::string name;
    const auto add = [&](const std::string& word) {
      if (!word.empty()) name += (name.empty() ? "" : "_") + name_word(word);
    };
    if (from_.models.size() > 1 || !from_.short_names) add(made.model);
    if (from_.quants.size() > 1 || !from_.short_names) add(made.quant);
    add(configuration);
    for (const auto& axis : from_.axes)
      if (find_setting(axis.name)->level == setting_level::engine && axis.values.size() > 1)
        add(axis_word(axis.name, made.values.text(axis.name)));
    return name.empty() ? "cell" : name;
  }

  [[nodiscard]] bool excluded(const sweep_cell& made, const std::string& configuration) const {
    return std::any_of(from_.exclusions.begin(), from_.exclusions.end(), [&](const matrix_exclusion& rule) {
      const auto other = [](const std::string& wanted, const std::string& have) {
        return !wanted.empty() && wanted != have;
      };
      if (other(rule.model, made.model) || other(rule.quant, made.quant) || other(rule.configuration, configuration))
        return false;
      return std::all_of(rule.values.values().begin(), rule.values.values().end(),
                         [&](const auto& v) { return made.values.text(v.first) == v.second; });
    });
  }

  /// Why the cell can't be run; takes the vocabulary from its model on the way.
  [[nodiscard]] std::string why_not(sweep_cell& made) const {
    if (made.path.empty() || made.values.text("engine") == "mock") return why_impossible(made, {});
    const auto facts = lookup_(made.path);
    if (!facts) return facts.error().detail;
    if (facts->vocabulary > 0 && !made.values.given("vocab_size"))
      made.values.set("vocab_size", std::to_string(facts->vocabulary));
    return why_impossible(made, *facts);
  }

  const matrix& from_;
  const model_lookup& lookup_;
  std::set<std::string> names_;
  expansion out_;
};

}  // namespace detail

/// The cells of a matrix, in the order: models, configurations, formats, axes as given. What can't be run is in
/// `skipped`, what is excluded in neither.
/// \return  errc::invalid_argument where nothing is left to run, or two cells would have one name.
[[nodiscard]] inline result<expansion> expand(const matrix& from, const model_lookup& lookup) {
  return detail::expander(from, lookup).run();
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_MATRIX_HPP
