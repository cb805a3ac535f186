// weir/serve/cgroup.hpp - a fresh cgroup v2 for one launch, to kill it whole. Needs Linux.
//
// Grouping and killing only: no controller is enabled, no limit is set. A group is used for one launch and never again:
// after cgroup.kill Linux 6.18 was seen to kill what is later cloned into the same group.
#ifndef WEIR_SERVE_CGROUP_HPP
#define WEIR_SERVE_CGROUP_HPP

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// The cgroup v2 directory that this process lives in, as the file system shows it.
/// \return  errc::not_found where cgroup2 is not mounted or hidden.
[[nodiscard]] inline result<std::string> own_cgroup() {
  const auto groups = read_text_file("/proc/self/cgroup"), mounts = read_text_file("/proc/self/mountinfo");
  if (!groups) return groups.error();
  if (!mounts) return mounts.error();
  std::string own, found;
  each_line(*groups, [&](std::string_view line) {
    if (line.starts_with("0::")) own = line.substr(3);
  });
  each_line(*mounts, [&](std::string_view line) {
    const auto dash = line.find(" - ");
    if (dash == line.npos || !line.substr(dash + 3).starts_with("cgroup2 ") || own.empty()) return;
    std::array<std::string_view, 5> field{};  // mount id, parent id, device, root, mount point: proc(5)
    for (auto& word : field) word = next_word(line);
    const std::string_view root = field[3] == "/" ? "" : field[3];
    if (!own.starts_with(root)) return;  // a bind mount of some other part of the hierarchy
    std::string path = std::string(field[4]) + own.substr(root.size());
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    if (::access((path + "/cgroup.procs").c_str(), F_OK) == 0) found = std::move(path);
  });
  if (found.empty()) return failure{errc::not_found, "no cgroup v2 hierarchy is visible"};
  return found;
}

/// A cgroup made for one launch. Empty where none could be made; the keeper then kills by walking the tree alone.
struct cgroup {
  std::string path;
  unique_fd directory;  ///< For openat of cgroup.procs and cgroup.kill.

  /// Makes a group of this process's own cgroup.
  /// \return  errc::io where it may not be made, errc::not_found where it could not be killed (before Linux 5.14).
  [[nodiscard]] static result<cgroup> make() {
    static std::atomic<unsigned> count{0};
    auto own = own_cgroup();
    if (!own) return own.error();
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);  // pids come round again, so they alone do not name a launch
    cgroup group{
        *own + "/weir." + std::to_string(::getpid()) + "." + std::to_string(now.tv_sec) + "." + std::to_string(count++),
        {}};
    if (::mkdir(group.path.c_str(), 0755) != 0) return io_failure("mkdir " + group.path, errno);
    group.directory = unique_fd(::open(group.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (group.directory && ::faccessat(group.directory.get(), "cgroup.kill", W_OK, 0) == 0) return group;
    ::rmdir(group.path.c_str());
    return failure{errc::not_found, group.path + " has no cgroup.kill"};
  }
};

/// Writes `text` to a file of a cgroup's directory. Async-signal-safe.
inline bool cgroup_write(int directory, const char* file, std::string_view text) noexcept {
  const unique_fd out(::openat(directory, file, O_WRONLY | O_CLOEXEC));
  return out && ::write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// A child as of fork(), and whether it is in the cgroup that was asked for.
struct forked {
  pid_t pid = -1;  ///< 0 in the child; -1 with errno set where there is none.
  bool inside = false;
};

/// fork() into the cgroup whose directory is open as `directory`: the child is in it from its first instruction on.
/// Moving a process there afterwards waits until every processor has passed a quiet moment, 10 ms or more. Where the
/// kernel does not do it (before 5.7, or forbidden in a container), the child is outside and has to be moved.
/// Async-signal-safe.
/// \pre  the calling process has one thread.
inline forked fork_into_cgroup(int directory) noexcept {
  clone_args how{};
  how.flags = CLONE_INTO_CGROUP;
  how.exit_signal = SIGCHLD;
  how.cgroup = static_cast<std::uint64_t>(directory);
  const long pid = directory >= 0 ? ::syscall(SYS_clone3, &how, sizeof how) : -1;
  if (pid >= 0) return {static_cast<pid_t>(pid), true};
  return {::fork(), false};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_CGROUP_HPP
