// weir-sweep's command line as a matrix; the one translation unit of it that pays for yaml-cpp.
#include "sweep_matrix.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli_table.hpp"
#include "weir/base/nearest.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/cell_devices.hpp"
#include "weir/run/model_config.hpp"
#include "weir/run/settings.hpp"
#include "weir/run/studies.hpp"
#include "weir/run/yaml_matrix.hpp"

namespace weir::tool {
namespace {

bool is_file(std::string_view word) {
  return word.ends_with(".yaml") || word.ends_with(".yml") || word == "-" || word.find('/') != word.npos;
}

/// --models: a choice among the file's, or models of their own.
result<void> choose_models(matrix& m, std::string_view text) {
  std::vector<matrix_model> chosen;
  for (const auto& word : split_at(text, ',')) {
    const auto equals = word.find('=');
    const auto known =
        std::find_if(m.models.begin(), m.models.end(), [&](const auto& one) { return one.self.name == word; });
    if (known != m.models.end()) {
      chosen.push_back(*known);
    } else if (equals != word.npos) {
      chosen.push_back({.self = {.name = word.substr(0, equals), .path = word.substr(equals + 1)}});
    } else if (word.find('/') != word.npos || m.models.empty() || m.short_names) {
      chosen.push_back({.self = {.name = detail::last_name(word), .path = word}});
    } else {
      std::vector<std::string> names;
      for (const auto& one : m.models) names.push_back(one.self.name);
      const auto near = nearest(names, word);
      return failure{errc::invalid_argument, "--models: there is no model '" + word + "' in the file" +
                                                 (near.empty() ? "" : "; did you mean " + near + "?")};
    }
  }
  m.models = std::move(chosen);
  return {};
}

result<void> take_settings(matrix& m, const arguments& args) {
  for (const auto& s : setting_table) {
    std::string option_name(s.name());
    std::replace(option_name.begin(), option_name.end(), '_', '-');
    if (!args.has(option_name)) continue;
    std::vector<std::string> values;
    const auto text = s.kind == setting_kind::flag ? std::string("true") : std::string(args.get(option_name));
    const bool list = s.level != setting_level::sweep && s.kind != setting_kind::flag;
    for (const auto& word : list ? split_at(text, ',') : std::vector{text}) {
      auto value = checked_value(s, word);
      if (!value) return failure{errc::invalid_argument, "--" + option_name + ": " + value.error().detail};
      values.push_back(std::move(*value));
    }
    m.replace(std::string(s.name()), std::move(values));
  }
  if (args.has("offline")) m.replace("mode", {"offline"});
  if (args.has("online")) m.replace("mode", {"online"});
  if (args.has("no-profile")) m.replace("profile", {"none"});
  if (args.has("no-ignore-eos")) m.replace("ignore_eos", {"false"});
  return {};
}

result<void> take_variables(matrix& m, const arguments& args) {
  for (const auto& word : args.all("env")) {
    const auto equals = word.find('=');
    if (equals == word.npos || equals == 0)
      return failure{errc::invalid_argument, "--env: '" + word + "' is not NAME=VALUE"};
    const std::string name = word.substr(0, equals);
    if (detail::looks_secret(name))
      return failure{errc::invalid_argument, "--env: " + name +
                                                 " looks like a secret, and a command line is no place for "
                                                 "one: export it before, cells inherit it"};
    detail::merge_variables(m.variables, {{name, word.substr(equals + 1)}});
  }
  return {};
}

/// Puts --model-base, or MODEL_BASE, before relative paths.
void base_paths(matrix& m) {
  std::string base(m.fixed.text("model_base"));
  if (const char* variable = std::getenv("MODEL_BASE"); base.empty() && variable) base = variable;
  m.fixed.erase("model_base");
  for (auto& model : m.models) {
    model.self.path = based_path(base, model.self.path);
    for (auto& quant : model.quants) quant.path = based_path(base, quant.path);
  }
}

}  // namespace

result<matrix> given_matrix(const arguments& args) {
  const auto& operands = args.operands();
  matrix m;
  if (!operands.empty() && is_file(operands[0])) {
    if (operands.size() > 1) return failure{errc::invalid_argument, "one file at a time: '" + operands[1] + "'"};
    const auto text = read_text_file(operands[0] == "-" ? "/dev/stdin" : operands[0]);
    if (!text) return text.error();
    auto read = read_matrix(*text);
    if (!read) return failure{read.error().code, operands[0] + ":" + read.error().detail};
    m = std::move(*read);
  } else if (!operands.empty()) {
    auto made = make_study(operands[0], {operands.begin() + 1, operands.end()});
    if (!made) return made.error();
    m = std::move(*made);
  } else if (!args.has("models") && !args.has("mode") && !args.has("engine")) {
    return failure{errc::invalid_argument,
                   "what is to be run? name a FILE.yaml, a STUDY such as tensor-parallel, or --models; weir-sweep "
                   "--help has them all"};
  }
  if (args.has("models"))
    if (auto chosen = choose_models(m, args.get("models")); !chosen) return chosen.error();
  if (args.has("quants")) m.quants = split_at(args.get("quants"), ',');
  if (auto taken = take_settings(m, args); !taken) return taken.error();
  if (auto taken = take_variables(m, args); !taken) return taken.error();
  auto& behind = m.fixed.text("mode") == "command" ? m.command : m.engine_args;
  behind.insert(behind.end(), args.rest().begin(), args.rest().end());
  base_paths(m);
  return m;
}

result<expansion> given_cells(const arguments& args, matrix& from) {
  const bool here = args.get("launcher", "local") == "local" && !args.has("node-rank");
  if (here && !from.fixed.has("max_devices") && from.fixed.text("devices") != "none")
    if (const auto count = devices_here(); count > 0) from.fixed.set("max_devices", std::to_string(count));
  return expand(from, read_model_facts);
}

}  // namespace weir::tool
