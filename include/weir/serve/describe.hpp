// weir/serve/describe.hpp - processes, their ends, and durations in words. Needs Linux.
#ifndef WEIR_SERVE_DESCRIBE_HPP
#define WEIR_SERVE_DESCRIBE_HPP

#include <sys/wait.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

#include "weir/serve/proc.hpp"

namespace weir::inline v0 {

/// A process in words: "pid 21021 (python3 -m server --port 8000)".
[[nodiscard]] inline std::string describe_process(pid_t pid) {
  std::array<char, 200> buffer;
  std::string command(read_head(proc_path("/proc/", pid, "/cmdline").text(), buffer));
  for (char& c : command)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  while (command.ends_with(' ')) command.pop_back();
  if (command.empty()) return "pid " + std::to_string(pid);
  return "pid " + std::to_string(pid) + " (" + command + ")";
}

/// A wait status as a shell's exit status: the exit status itself, or 128 + the signal that ended the process.
[[nodiscard]] inline int shell_status(int wait_status) noexcept {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/// A wait status in words: "exit status 3", "signal 9 (Killed)".
[[nodiscard]] inline std::string describe_end(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return "exit status " + std::to_string(WEXITSTATUS(wait_status));
  return "signal " + std::to_string(WTERMSIG(wait_status)) + " (" + ::strsignal(WTERMSIG(wait_status)) + ")";
}

/// Nanoseconds as seconds without needless digits: "600", "0.25".
[[nodiscard]] inline std::string seconds_text(std::int64_t ns) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), static_cast<double>(ns) / 1e9).ptr;
  return {text.data(), end};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DESCRIBE_HPP
