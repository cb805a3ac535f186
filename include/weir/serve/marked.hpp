// weir/serve/marked.hpp - processes found by a word in their environment, wherever they went. Needs Linux.
//
// The keeper's tree is the first way to a server's processes. This is the other one, for when no keeper is left: every
// launch sets WEIR_LAUNCH to a name of its own, and children inherit it.
#ifndef WEIR_SERVE_MARKED_HPP
#define WEIR_SERVE_MARKED_HPP

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/serve/proc.hpp"

namespace weir::inline v0 {

/// Whether a process was started with `entry`, a whole "NAME=value", in its environment.
[[nodiscard]] inline bool has_mark(pid_t pid, std::string_view entry) {
  const auto text = read_text_file("/proc/" + std::to_string(pid) + "/environ");
  if (!text) return false;
  for (std::size_t at = text->find(entry); at != text->npos; at = text->find(entry, at + 1)) {
    const auto end = at + entry.size();
    if ((at == 0 || (*text)[at - 1] == '\0') && (end == text->size() || (*text)[end] == '\0')) return true;
  }
  return false;
}

/// The processes that carry `entry`, dead ones (zombies) left out: those have no environment any more.
///
/// A list of /proc is old once it is read: a process may have forked and ended since. So the list is read again until
/// it names nobody new, 16 times at most (a machine on which processes start all the time).
[[nodiscard]] inline std::vector<pid_t> marked_processes(std::string_view entry) {
  std::vector<pid_t> found;
  std::unordered_set<pid_t> seen;
  bool news = true;
  for (int round = 0; news && round < 16; ++round) {
    news = false;
    each_process([&](pid_t pid) {
      if (!seen.insert(pid).second) return;
      news = true;
      if (has_mark(pid, entry)) found.push_back(pid);
    });
  }
  return found;
}

/// Kills the processes that carry `entry` until none is seen, in at most `rounds` looks at the whole machine.
/// \return  how many still live.
inline std::size_t kill_marked(std::string_view entry, int rounds = 100) {
  for (; rounds > 0; --rounds) {
    const auto found = marked_processes(entry);
    if (found.empty()) return 0;
    for (const pid_t pid : found) {
      const unique_fd pinned(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
      if (pinned && has_mark(pid, entry)) ::syscall(SYS_pidfd_send_signal, pinned.get(), SIGKILL, nullptr, 0U);
    }
    ::usleep(1000);
  }
  return marked_processes(entry).size();
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_MARKED_HPP
