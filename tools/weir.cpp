// weir - lists the tools and runs any weir-TOOL as `weir TOOL`.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace {

namespace fs = std::filesystem;
using weir::tool::arguments;

/// Where tools live: beside this program, then on PATH.
std::vector<std::string> tool_directories() {
  std::error_code ignored;
  std::vector<std::string> directories{fs::read_symlink("/proc/self/exe", ignored).parent_path()};
  const char* path = std::getenv("PATH");
  for (const auto& directory : weir::tool::split_at(path ? path : "", ':'))
    if (!directory.empty()) directories.push_back(directory);
  return directories;
}

/// Name (without "weir-") and path of every tool; the first directory that has a name wins, as with PATH.
std::map<std::string, std::string> find_tools() {
  std::map<std::string, std::string> tools;
  for (const auto& directory : tool_directories()) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      const std::string name = entry.path().filename();
      if (name.starts_with("weir-") && entry.is_regular_file(ignored) && ::access(entry.path().c_str(), X_OK) == 0)
        tools.emplace(name.substr(5), entry.path());
    }
  }
  return tools;
}

/// The first line that `path --summary` prints within a second; empty where it prints none.
std::string first_line(const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const weir::unique_fd from(ends[0]);
  weir::unique_fd to(ends[1]);
  posix_spawn_file_actions_t files{};
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, to.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string words[] = {path, "--summary"};
  char* const argv[] = {words[0].data(), words[1].data(), nullptr};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, path.c_str(), &files, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return {};
  to = {};

  std::string line;
  pollfd ready{from.get(), POLLIN, 0};
  char bytes[512];
  while (line.find('\n') == line.npos && line.size() < sizeof bytes && ::poll(&ready, 1, 1000) > 0) {
    const ssize_t got = ::read(from.get(), bytes, sizeof bytes);
    if (got <= 0) break;
    line.append(bytes, static_cast<std::size_t>(got));
  }
  ::kill(child, SIGKILL);  // a program of another kind may still be at work; a tool of ours has ended
  ::waitpid(child, nullptr, 0);
  return line.substr(0, line.find('\n'));
}

std::string list_text(bool names_only) {
  std::string text;
  for (const auto& [name, path] : find_tools()) {
    if (names_only) {
      text += name + "\n";
      continue;
    }
    const std::string head = "weir-" + name + ": ", line = first_line(path);
    const std::string summary = line.starts_with(head) ? line.substr(head.size()) : path;
    text += "  " + name + std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') + summary + "\n";
  }
  return text;
}

/// Becomes weir-NAME; returns only where that is impossible, with the statuses of env(1).
int become(std::vector<std::string> words) {
  const auto tools = find_tools();
  const auto tool = tools.find(words[0]);
  if (tool == tools.end()) {
    std::vector<std::string> names;
    for (const auto& [name, path] : tools) names.push_back(name);
    const auto near = weir::tool::nearest(names, words[0]);
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
