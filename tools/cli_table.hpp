// tools/cli_table.hpp - how an option table is read: by the parser (cli_parse.cpp), by the writers of text
// (cli_text.cpp, cli_completion.cpp), and by weir.cpp for its list of tools.
#ifndef WEIR_TOOLS_CLI_TABLE_HPP
#define WEIR_TOOLS_CLI_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"

namespace weir::tool {

inline std::vector<std::string> split_at(std::string_view text, char mark) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(mark, from), text.size());
    parts.emplace_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

inline const std::vector<option>& common_options() {
  static const std::vector<option> common{
      {"help,h", "", "Print this text."},
      {"version", "", "Print the version."},
      {"man", "", "Print the manual page (roff): weir-TOOL --man | man -l -"},
      {"completion", "SHELL", "Print completion rules for bash, zsh or fish.", "bash|zsh|fish"}};
  return common;
}

/// What the parser knows. `--summary` is there for `weir list` alone, so no text shows it.
inline std::vector<option> parsed_options(const description& tool) {
  std::vector<option> all = tool.options;
  all.insert(all.end(), common_options().begin(), common_options().end());
  all.push_back({"summary", "", ""});
  return all;
}

/// What texts and completion show.
inline std::vector<option> all_options(const description& tool) {
  auto all = parsed_options(tool);
  std::erase_if(all, [](const option& o) { return o.help.empty(); });
  return all;
}

inline std::string dashed(std::string_view name) {
  return (name.size() == 1 ? "-" : "--") + std::string(name);
}

/// "-n, --shards N" in the order people read: short name first.
inline std::string spelled(const option& o) {
  auto names = split_at(o.names, ',');
  std::stable_sort(names.begin(), names.end(),
                   [](const auto& a, const auto& b) { return a.size() == 1 && b.size() > 1; });
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + dashed(name);
  return o.value.empty() ? text : text + " " + std::string(o.value);
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_CLI_TABLE_HPP
