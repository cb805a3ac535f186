// weir/serve/shm.hpp - shared memory that dead servers leave in /dev/shm. Needs Linux.
//
// A process that is killed unlinks nothing: Python's multiprocessing, NCCL and vLLM leave segments of up to gigabytes.
// The names are noted while the processes that hold them live, and unlinked once no process has them mapped.
// Async-signal-safe like proc.hpp, for the keeper.
#ifndef WEIR_SERVE_SHM_HPP
#define WEIR_SERVE_SHM_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "weir/base/unique_fd.hpp"
#include "weir/serve/proc.hpp"

namespace weir::inline v0 {

namespace detail {

inline constexpr std::string_view shm_directory = "/dev/shm/";

/// Calls `visit(name)` where `line` of /proc/PID/maps, or a link of /proc/PID/fd, names a file of /dev/shm.
template <class Visit>
void visit_shm_name(std::string_view line, Visit&& visit) noexcept {
  const auto at = line.find(shm_directory);
  if (at == line.npos || line.ends_with(" (deleted)")) return;
  const auto name = line.substr(at + shm_directory.size());
  if (!name.empty() && name.find('/') == name.npos) visit(name);
}

template <class Visit>
void each_mapped_shm(pid_t pid, Visit&& visit) noexcept {
  const unique_fd maps(::open(proc_path("/proc/", pid, "/maps").text(), O_RDONLY | O_CLOEXEC));
  std::array<char, 8192> buffer;  // a line holds one path of at most 4096 bytes
  std::size_t size = 0;
  for (ssize_t got = 1; maps && got > 0;) {
    got = ::read(maps.get(), buffer.data() + size, buffer.size() - size);
    if (got > 0) size += static_cast<std::size_t>(got);
    std::string_view text(buffer.data(), size);
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
      visit_shm_name(text.substr(0, end), visit);
      text.remove_prefix(end + 1);
    }
    if (text.size() == buffer.size()) return;
    std::memmove(buffer.data(), text.data(), text.size());
    size = text.size();
  }
}

template <class Visit>
void each_open_shm(pid_t pid, Visit&& visit) noexcept {
  const proc_path fds("/proc/", pid, "/fd");
  each_entry(fds.text(), [&](std::string_view fd) {
    std::array<char, 320> target;
    const ssize_t size = ::readlink(proc_path(fds.text(), "/", fd).text(), target.data(), target.size());
    if (size > 0) visit_shm_name({target.data(), static_cast<std::size_t>(size)}, visit);
  });
}

}  // namespace detail

/// The shared memory that one tree of processes was seen to hold.
class shm_names {
 public:
  /// Prefixes of the names that are cleaned up: Python's multiprocessing and loky, NCCL, vLLM. Others are left alone.
  static constexpr std::array<std::string_view, 5> prefixes{"psm_", "sem.mp-", "sem.loky-", "nccl-", "vllm_"};

  /// Notes what `top`'s descendants hold now. Above 256 names, or where a name has 64 bytes or more, some are missed.
  void note_tree(pid_t top) noexcept {
    std::array<tree_entry, 1024> tree;
    const std::size_t size = descendants(top, tree);
    for (std::size_t i = 0; i < size; ++i) note(tree[i].pid);
  }

  /// Notes what one process holds now.
  void note(pid_t pid) noexcept {
    detail::each_mapped_shm(pid, [&](std::string_view name) { note(name); });
    detail::each_open_shm(pid, [&](std::string_view name) { note(name); });
  }

  /// Unlinks the noted segments that belong to this user and that no process of this machine has mapped or open.
  /// \complexity  nothing where nothing was noted; else one look at every process's maps.
  void unlink_unused() noexcept {
    if (size_ == 0) return;
    std::array<bool, capacity> used{};
    const auto mark = [&](std::string_view name) {
      for (std::size_t i = 0; i < size_; ++i) used[i] = used[i] || name == names_[i].data();
    };
    each_process([&](pid_t pid) {
      detail::each_mapped_shm(pid, mark);
      detail::each_open_shm(pid, mark);
    });
    for (std::size_t i = 0; i < size_; ++i) {
      const proc_path path(detail::shm_directory, names_[i].data());
      struct stat file{};
      if (!used[i] && ::lstat(path.text(), &file) == 0 && file.st_uid == ::geteuid()) ::unlink(path.text());
    }
    size_ = 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t capacity = 256;
  using name_text = std::array<char, 64>;

  void note(std::string_view text) noexcept {
    const auto fits = [&](std::string_view prefix) { return text.starts_with(prefix); };
    if (text.size() >= name_text{}.size() || size_ == capacity || std::none_of(prefixes.begin(), prefixes.end(), fits))
      return;
    for (std::size_t i = 0; i < size_; ++i)
      if (text == names_[i].data()) return;
    names_[size_] = {};
    std::copy(text.begin(), text.end(), names_[size_++].begin());
  }

  std::array<name_text, capacity> names_{};
  std::size_t size_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_SHM_HPP
