#include "cli.hpp"

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <numeric>
#include <span>

#include "cli_table.hpp"
#include "weir/base/version.hpp"

namespace weir::tool {
namespace {

std::string_view running = "weir";  // the tool's name, for messages

/// How many single-character edits turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

std::string unknown_option(const std::vector<option>& options, std::string_view word) {
  const std::string_view name = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  std::string nearest;
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto& o : options)
    for (const auto& known : split_at(o.names, ','))
      if (const auto far = edit_distance(name, known); known.size() > 1 && far < best) best = far, nearest = known;
  return "unknown option " + std::string(word) + (nearest.empty() ? "" : "; did you mean --" + nearest + "?");
}

/// `--max_tokens=3` is `--max-tokens=3`; the value keeps its underscores.
std::string with_dashes(std::string word) {
  if (!word.starts_with("--")) return word;
  std::replace(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(std::min(word.find('='), word.size())), '_',
               '-');
  return word;
}

result<void> check_choice(const option& o, const std::vector<std::string>& values) {
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
  arguments out;
  const auto options = all_options(tool);
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, bool> flags;
  for (const auto& o : options) {
    const auto names = split_at(o.names, ',');
    std::string spelling;
    for (const auto& name : names) spelling += (spelling.empty() ? "" : ",") + dashed(name);
    if (o.value.empty())
      app.add_flag(spelling, flags[names[0]]);
    else
      app.add_option(spelling, values[names[0]])
          ->expected(1)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->allow_extra_args(false);
  }

  const auto dashes = tool.rest ? std::find(words.begin(), words.end(), "--") : words.end();
  if (dashes != words.end()) out.rest_.assign(dashes + 1, words.end());
  std::vector<std::string> reversed;  // CLI11 reads its words from the back
  std::transform(words.begin(), dashes, std::back_inserter(reversed), with_dashes);
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& e) {
    return failure{errc::invalid_argument, e.what()};
  }
  bool only_operands = false;
  for (const auto& word : app.remaining()) {
    if (!only_operands && word == "--")
      only_operands = true;
    else if (!only_operands && word.size() > 1 && word[0] == '-')
      return failure{errc::invalid_argument, unknown_option(options, word)};
    else
      out.operands_.push_back(word);
  }
  if (tool.operands.empty() && !out.operands_.empty())
    return failure{errc::invalid_argument, "takes no operand, but got '" + out.operands_[0] + "'"};
  for (const auto& [name, given] : flags)
    if (given) out.values_[name] = {};
  for (const auto& o : options) {
    const auto& given = values[split_at(o.names, ',')[0]];
    if (given.empty()) continue;
    if (!o.repeats && given.size() > 1)
      return failure{errc::invalid_argument, spelled(o) + " was given " + std::to_string(given.size()) + " times"};
    if (auto ok = check_choice(o, given); !ok) return ok.error();
    out.values_[split_at(o.names, ',')[0]] = given;
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
