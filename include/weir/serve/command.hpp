// weir/serve/command.hpp - what is needed to execute a program: its path, its environment. Needs Linux.
#ifndef WEIR_SERVE_COMMAND_HPP
#define WEIR_SERVE_COMMAND_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// Variables of an environment, name and value.
using environment = std::vector<std::pair<std::string, std::string>>;

/// Where the shell would find `name`: itself if it has a slash, else in the directories of `path`.
/// \return  errc::not_found (a shell's 127), or errc::io where it is there but can't be executed (126).
[[nodiscard]] inline result<std::string> find_program(std::string_view name, std::string_view path) {
  const std::string wanted(name);
  bool seen = false;
  const auto runs = [&](const std::string& file) {
    struct stat about{};
    if (::stat(file.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return false;
    seen = true;
    return ::access(file.c_str(), X_OK) == 0;
  };
  if (name.find('/') != name.npos) {
    if (runs(wanted)) return wanted;
  } else {
    while (!wanted.empty() && !path.empty()) {
      const auto end = std::min(path.find(':'), path.size());
      std::string file = (end == 0 ? std::string(".") : std::string(path.substr(0, end))) + "/" + wanted;
      if (runs(file)) return file;
      path.remove_prefix(std::min(end + 1, path.size()));
    }
  }
  if (seen) return failure{errc::io, wanted + ": Permission denied"};
  return failure{errc::not_found, wanted + ": command not found"};
}

[[nodiscard]] inline std::string_view variable(const char* name, std::string_view fallback = {}) {
  const char* value = std::getenv(name);
  return value ? std::string_view(value) : fallback;
}

/// This process's environment with `changes` laid over it, as "NAME=value"; of a name given twice the last counts.
[[nodiscard]] inline std::vector<std::string> merged_environment(const environment& changes) {
  std::vector<std::string> out;
  const auto changed = [&](std::string_view entry) {
    return std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
      return entry.starts_with(change.first) && entry.substr(change.first.size()).starts_with('=');
    });
  };
  for (char** entry = ::environ; entry && *entry; ++entry)
    if (!changed(*entry)) out.emplace_back(*entry);
  for (auto change = changes.begin(); change != changes.end(); ++change)
    if (std::none_of(change + 1, changes.end(), [&](const auto& later) { return later.first == change->first; }))
      out.push_back(change->first + "=" + change->second);
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_COMMAND_HPP
