#include "cli.hpp"

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli_table.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/base/version.hpp"

namespace weir::tool {
namespace {

std::string_view running = "weir";  // the tool's name, for messages

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
  for (end = 0; end < words.size() && (value_follows || words[end] != "--"); ++end) {
    const std::string& word = words[end];
    std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--")) std::replace(name.begin(), name.end(), '_', '-');
    const option* o = value_follows ? nullptr : named_by(options, name);
    const bool takes_value = o && !o->value.empty();
    const bool has_value = name.size() < word.size();
    if (takes_value && has_value)
      out.insert(out.end(), {name, word.substr(name.size() + 1)});
    else
      out.push_back(o && !has_value ? name : word);
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

std::string_view arguments::get(std::string_view name, std::string_view fallback) const {
  const auto it = values_.find(name);
  return it == values_.end() || it->second.empty() ? fallback : std::string_view(it->second.back());
}

const std::vector<std::string>& arguments::all(std::string_view name) const {
  static const std::vector<std::string> nothing;
  const auto it = values_.find(name);
  return it == values_.end() ? nothing : it->second;
}

result<std::int64_t> arguments::duration_ns(std::string_view name, std::int64_t fallback_ns,
                                            double bare_unit_ns) const {
  if (!has(name)) return fallback_ns;
  auto value = parse_duration_ns(get(name), bare_unit_ns);
  if (!value) return failure{errc::invalid_argument, "--" + std::string(name) + ": " + value.error().detail};
  return value;
}

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

result<void> print(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return io_failure("cannot write standard output", errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

void say(std::string_view text) {
  const std::string line = std::string(running) + ": " + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int run(const description& tool, int argc, char** argv, result<int> (*body)(const arguments&)) noexcept try {
  running = tool.name;
  const auto finish = [](const result<void>& printed) { return printed ? 0 : (say(printed.error().detail), 2); };
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const auto given = parse(tool, {all.begin() + (argc > 0 ? 1 : 0), all.end()});
  if (!given) return say(given.error().detail + "\ntry '" + std::string(tool.name) + " --help'"), 2;
  if (given->has("help")) return finish(print(help_text(tool)));
  if (given->has("version")) return finish(print(std::string(tool.name) + " " WEIR_VERSION_STRING "\n"));
  if (given->has("summary")) return finish(print(std::string(tool.name) + ": " + std::string(tool.summary) + "\n"));
  if (given->has("man")) return finish(print(man_page(tool)));
  if (given->has("completion")) return finish(print(completion(tool, given->get("completion")).value()));

  const result<int> status = body(*given);
  if (!status) return say(status.error().detail), 2;
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) return say("cannot write standard output"), 2;
  return *status;
} catch (const std::exception& e) {
  say(e.what());
  return 2;
}

}  // namespace weir::tool
