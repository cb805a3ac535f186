// tools/cli.hpp - what every weir tool shares: a command line described as data, and the exit statuses.
//
// A tool is a table of options, a few sentences and a body. Help text, man page, shell completion and the parser all
// come from the same table, so they cannot drift apart. CLI11 does the parsing, in cli_parse.cpp alone (it is slow to
// compile).
#ifndef WEIR_TOOLS_CLI_HPP
#define WEIR_TOOLS_CLI_HPP

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/units.hpp"

namespace weir::tool {

/// One option of a tool. `value` empty: a flag. `names` are separated by commas: the first is the one shown and the one
/// to ask `arguments` for, without dashes; a one-letter name is a short option.
struct option {
  std::string_view names;  ///< "shards,n" is --shards and -n; "warmup,num-warmups" has a second long name.
  std::string_view value;  ///< "N", "FILE", "50ms": shown in the help; empty for a flag.
  std::string_view help;   ///< One or two sentences; the default in words where there is one. Empty: shown nowhere.
  std::string_view choices =
      {};                ///< "stride|block|hash": any other value is refused; ends in "=..." where a value follows.
  bool repeats = false;  ///< May be given several times: see arguments::all.
  bool words = false;    ///< The words behind its value are values too, up to the next option.
};

/// Everything a person needs to know of a tool.
struct description {
  std::string_view name;     ///< "weir-split"
  std::string_view summary;  ///< One line: "deals rows to workers by stride, block, hash or weight".
  std::string_view usage;    ///< The synopsis, one line a form, each starting with the tool's name.
  std::string_view text;     ///< Paragraphs separated by blank lines; a line that starts with a space is kept as it is.
  std::vector<option> options;
  std::string_view examples;  ///< Shell lines that work.
  std::string_view exits = "0 done, 2 trouble (usage, input, system)";
  std::string_view operands = "[FILE]...";  ///< For completion: empty where the tool takes none.
  bool rest = false;                        ///< Words after `--` are kept apart: see arguments::rest.
  bool runs_tools = false;                  ///< The operands are a tool and its own command line; `weir` alone.
};

/// A command line that has been read.
class arguments {
 public:
  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  /// The last value of an option, or `fallback` where it was not given.
  [[nodiscard]] std::string_view get(std::string_view name, std::string_view fallback = {}) const;
  [[nodiscard]] const std::vector<std::string>& all(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }
  [[nodiscard]] const std::vector<std::string>& rest() const { return rest_; }

  /// The option's value as a number or a duration; the failure names the option.
  template <class Number>
  [[nodiscard]] result<Number> number(std::string_view name, Number fallback) const {
    if (!has(name)) return fallback;
    auto value = parse_number<Number>(get(name));
    if (!value) return failure{errc::invalid_argument, "--" + std::string(name) + ": " + value.error().detail};
    return value;
  }
  [[nodiscard]] result<std::int64_t> duration_ns(std::string_view name, std::int64_t fallback_ns,
                                                 double bare_unit_ns = 1e9) const;

 private:
  friend result<arguments> parse(const description& tool, const std::vector<std::string>& words);
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> operands_, rest_;
};

/// Reads a command line. Long names accept `-` or `_`; the word after an option that takes a value is its value,
/// whatever it looks like (further ones are, where the option takes several, unless they begin with `-`); after `--`
/// there are operands only (or `rest`).
/// \param words  without the program's name.
/// \return       errc::invalid_argument for an unknown option (with the nearest known one), a missing or refused value.
[[nodiscard]] result<arguments> parse(const description& tool, const std::vector<std::string>& words);

[[nodiscard]] std::string help_text(const description& tool);
[[nodiscard]] std::string man_page(const description& tool);
/// \param shell  bash, zsh or fish.
[[nodiscard]] result<std::string> completion(const description& tool, std::string_view shell);

/// Runs a tool: --help, --version, --man, --completion SHELL, --summary and bad usage are handled, else `body` is
/// called.
/// \return  the body's status; 2 where it fails, throws, or standard output can't be written in full.
int run(const description& tool, int argc, char** argv, result<int> (*body)(const arguments&)) noexcept;

/// Writes all of `bytes` to standard output or fails with errc::io (full disk, closed pipe); nothing is buffered here.
result<void> print(std::string_view bytes);

/// Says one line to the person, on standard error: "weir-split: 3 rows skipped".
void say(std::string_view text);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_CLI_HPP
