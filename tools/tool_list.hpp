// tools/tool_list.hpp - the tools that are there: every program weir-NAME beside this one or on PATH.
#ifndef WEIR_TOOLS_TOOL_LIST_HPP
#define WEIR_TOOLS_TOOL_LIST_HPP

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "cli_table.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::tool {

/// Where tools live: beside this program, then on PATH.
inline std::vector<std::string> tool_directories() {
  std::error_code ignored;
  std::vector<std::string> directories{std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path()};
  const char* path = std::getenv("PATH");
  for (const auto& directory : split_at(path ? path : "", ':'))
    if (!directory.empty()) directories.push_back(directory);
  return directories;
}

/// Name (without "weir-") and path of every tool; the first directory that has a name wins, as with PATH.
inline std::map<std::string, std::string> find_tools() {
  std::map<std::string, std::string> tools;
  for (const auto& directory : tool_directories()) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
      const std::string name = entry.path().filename();
      if (name.starts_with("weir-") && entry.is_regular_file(ignored) && ::access(entry.path().c_str(), X_OK) == 0)
        tools.emplace(name.substr(5), entry.path());
    }
  }
  return tools;
}

/// The first line that `path --summary` prints within a second; empty where it prints none.
inline std::string first_line(const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const unique_fd from(ends[0]);
  unique_fd to(ends[1]);
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

}  // namespace weir::tool

#endif  // WEIR_TOOLS_TOOL_LIST_HPP
