// The words of a command line, read by its option table. The only translation unit that pays for CLI11.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/base/nearest.hpp"
#include "weir/base/result.hpp"

namespace weir::tool {
namespace {

std::string unknown_option(const std::vector<option>& options, std::string_view word) {
  std::vector<std::string> names;
  for (const auto& o : options)
    for (const auto& name : split_at(o.names, ','))
      if (name.size() > 1) names.push_back(name);
  const auto near = nearest(names, word.substr(0, word.find('=')).substr(word.find_first_not_of('-')));
  return "unknown option " + std::string(word) + (near.empty() ? "" : "; did you mean --" + near + "?");
}

std::string key(const option& o) {
  return split_at(o.names, ',')[0];
}

const option* named_by(const std::vector<option>& options, std::string_view word) {
  const auto is_named = [&](const option& o) {
    const auto names = split_at(o.names, ',');
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return dashed(name) == word; });
  };
  const auto it = std::find_if(options.begin(), options.end(), is_named);
  return it == options.end() ? nullptr : &*it;
}

/// The words up to `--`, where `end` stands afterwards, in CLI11's spelling: `--max_tokens=3` is `--max-tokens` `3`.
/// A value stays as it is, also where it looks like an option or is empty.
std::vector<std::string> spelled_out(const std::vector<option>& options, const std::vector<std::string>& words,
                                     std::size_t& end) {
  std::vector<std::string> out;
  bool value_follows = false;
  std::string more;  // the option that takes the words to come
  for (end = 0; end < words.size() && (value_follows || words[end] != "--"); ++end) {
    const std::string& word = words[end];
    if (!value_follows && !more.empty() && !word.starts_with('-')) {
      out.insert(out.end(), {more, word});
      continue;
    }
    std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--")) std::replace(name.begin(), name.end(), '_', '-');
    const option* o = value_follows ? nullptr : named_by(options, name);
    const bool takes_value = o && !o->value.empty();
    const bool has_value = name.size() < word.size();
    if (takes_value && has_value)
      out.insert(out.end(), {name, word.substr(name.size() + 1)});
    else
      out.push_back(o && !has_value ? name : word);
    if (!value_follows) more = o && o->words ? name : "";
    value_follows = takes_value && !has_value;
  }
  return out;
}

result<void> check(const option& o, const std::vector<std::string>& values) {
  if (!o.repeats && values.size() > 1)
    return failure{errc::invalid_argument, spelled(o) + " was given " + std::to_string(values.size()) + " times"};
  if (o.choices.empty()) return {};
  const auto choices = split_at(o.choices, '|');
  for (const auto& value : values) {
    const auto allows = [&](const std::string& choice) {
      const auto equals = choice.find('=');
      return equals == choice.npos ? choice == value : value.starts_with(choice.substr(0, equals + 1));
    };
    if (std::none_of(choices.begin(), choices.end(), allows))
      return failure{errc::invalid_argument, spelled(o) + ": '" + value + "' is not one of " + std::string(o.choices)};
  }
  return {};
}

CLI::Option* add(CLI::App& app, const option& o) {
  std::string spelling;
  for (const auto& name : split_at(o.names, ',')) spelling += (spelling.empty() ? "" : ",") + dashed(name);
  if (o.value.empty()) return app.add_flag(spelling);
  return app.add_option(spelling)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace

result<arguments> parse(const description& tool, const std::vector<std::string>& words) {
  const auto options = parsed_options(tool);
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> parsed;
  for (const auto& o : options) parsed.push_back(add(app, o));

  std::size_t dashes = 0;
  auto reversed = spelled_out(options, words, dashes);  // CLI11 reads its words from the back
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& e) {
    return failure{errc::invalid_argument, e.what()};
  }

  arguments out;
  for (const auto& word : app.remaining()) {
    if (word.size() > 1 && word[0] == '-') return failure{errc::invalid_argument, unknown_option(options, word)};
    out.operands_.push_back(word);
  }
  if (dashes < words.size()) {
    auto& after = tool.rest ? out.rest_ : out.operands_;
    after.insert(after.end(), words.begin() + static_cast<std::ptrdiff_t>(dashes) + 1, words.end());
  }
  if (tool.operands.empty() && !out.operands_.empty())
    return failure{errc::invalid_argument, "takes no operand, but got '" + out.operands_[0] + "'"};
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (parsed[i]->count() == 0) continue;
    auto given = options[i].value.empty() ? std::vector<std::string>{} : parsed[i]->results();
    if (auto ok = check(options[i], given); !ok) return ok.error();
    out.values_[key(options[i])] = std::move(given);
  }
  return out;
}

}  // namespace weir::tool
