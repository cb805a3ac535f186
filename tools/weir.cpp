// weir - lists the tools and runs any weir-TOOL as `weir TOOL`.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"
#include "cli_table.hpp"
#include "tool_list.hpp"
#include "weir/base/nearest.hpp"
#include "weir/base/result.hpp"

namespace {

using weir::tool::arguments;

std::string list_text(bool names_only) {
  std::string text;
  for (const auto& [name, path] : weir::tool::find_tools()) {
    if (names_only) {
      text += name + "\n";
      continue;
    }
    const std::string head = "weir-" + name + ": ", line = weir::tool::first_line(path);
    const std::string summary = line.starts_with(head) ? line.substr(head.size()) : path;
    text += "  " + name + std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') + summary + "\n";
  }
  return text;
}

/// Becomes weir-NAME; returns only where that is impossible, with the statuses of env(1).
int become(std::vector<std::string> words) {
  const auto tools = weir::tool::find_tools();
  const auto tool = tools.find(words[0]);
  if (tool == tools.end()) {
    std::vector<std::string> names;
    for (const auto& [name, path] : tools) names.push_back(name);
    const auto near = weir::nearest(names, words[0]);
    weir::tool::say("no tool '" + words[0] + "'" + (near.empty() ? "" : "; did you mean " + near + "?") +
                    "\n'weir list' shows those beside this program and on PATH");
    return 127;
  }
  words[0] = tool->second;
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  weir::tool::say(words[0] + ": " + std::strerror(errno));
  return 126;
}

weir::result<int> run_or_list(const arguments& args) {
  if (!args.rest().empty()) return become(args.rest());
  if (args.operands() != std::vector<std::string>{"list"})
    return weir::failure{weir::errc::invalid_argument, "what is to be done?\ntry 'weir list' or 'weir --help'"};
  if (auto printed = weir::tool::print(list_text(args.has("names"))); !printed) return printed.error();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  const bool is_tool = !word.empty() && word[0] != '-' && word != "list";
  char dashes[] = "--";
  std::vector<char*> words(argv, argv + argc);
  if (is_tool) words.insert(words.begin() + 1, dashes);  // from here on the command line is the tool's

  const std::string text =
      "A tool is any program weir-TOOL beside this one or on PATH, so a tool of your own is added by putting it there; "
      "it should answer --summary with a line 'weir-TOOL: what it is for'. The exit status is the tool's.";
  const std::string listed = word == "--help" || word == "-h" ? "\n\ntools:\n" + list_text(false) : "";
  const std::string all = text + listed.substr(0, listed.find_last_not_of('\n') + 1);
  const weir::tool::description weir{
      .name = "weir",
      .summary = "serve, stream from, measure and score large language models",
      .usage = "weir list [--names]\nweir TOOL ARGS...",
      .text = all,
      .options = {{"names", "", "With list: the names alone, one a line."}},
      .examples =
          "weir list\nweir split -n 4 -i 0 questions.jsonl   # the same as weir-split -n 4 -i 0 questions.jsonl",
      .exits = "the tool's own; 0 done, 2 trouble, 126 the tool cannot be run, 127 no such tool",
      .operands = "list|TOOL [ARG]...",
      .rest = true,
      .runs_tools = true};
  return weir::tool::run(weir, static_cast<int>(words.size()), words.data(), run_or_list);
}
