// weir/serve/proc.hpp - who descends from whom, read from /proc without the heap. Needs Linux.
//
// Everything here is async-signal-safe (stack buffers and system calls only), because the keeper uses it between fork
// and exec, where a program with threads may not allocate.
#ifndef WEIR_SERVE_PROC_HPP
#define WEIR_SERVE_PROC_HPP

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// A path put together on the stack: `proc_path("/proc/", pid, "/stat").text()`. Cut off where it grows too long.
class proc_path {
 public:
  template <class... Parts>
  explicit proc_path(Parts... parts) noexcept {
    (append(parts), ...);
  }
  [[nodiscard]] const char* text() const noexcept { return text_.data(); }

 private:
  void append(std::string_view part) noexcept {
    for (const char c : part)
      if (size_ + 1 < text_.size()) text_[size_++] = c;
  }
  void append(const char* part) noexcept { append(std::string_view(part)); }
  void append(long number) noexcept {
    std::array<char, 24> digits{};
    append({digits.data(),
            static_cast<std::size_t>(std::to_chars(digits.begin(), digits.end(), number).ptr - digits.data())});
  }
  std::array<char, 320> text_{};  // a directory, and a name of at most 255 bytes
  std::size_t size_ = 0;
};

/// Reads the head of a file into `buffer`.
/// \return  what was read; empty where the file is gone or may not be read.
inline std::string_view read_head(const char* path, std::span<char> buffer) noexcept {
  const unique_fd file(::open(path, O_RDONLY | O_CLOEXEC));
  std::size_t size = 0;
  while (file && size < buffer.size()) {
    const ssize_t got = ::read(file.get(), buffer.data() + size, buffer.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return {buffer.data(), size};
}

/// Calls `visit(std::string_view name)` for each entry of a directory but "." and "..".
template <class Visit>
void each_entry(const char* directory, Visit&& visit) noexcept {
  struct entry {  // the kernel's linux_dirent64; glibc's readdir would allocate
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[1];
  };
  const unique_fd open(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  alignas(entry) std::array<char, 4096> buffer;
  for (long got = 1; open && got > 0;) {
    got = ::syscall(SYS_getdents64, open.get(), buffer.data(), buffer.size());
    for (long at = 0; at < got;) {
      const auto* e = reinterpret_cast<const entry*>(buffer.data() + at);
      const std::string_view name(reinterpret_cast<const char*>(e) + offsetof(entry, name));
      if (name != "." && name != "..") visit(name);
      at += e->length;
    }
  }
}

/// Calls `visit(pid)` for each process of this machine (of this pid namespace).
template <class Visit>
void each_process(Visit&& visit) noexcept {
  each_entry("/proc", [&](std::string_view name) {
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr == name.data() + name.size()) visit(pid);
  });
}

/// Calls `visit(child)` for each child of `pid`. A child belongs to the thread that made it, hence the inner loop.
/// \pre  a kernel with CONFIG_PROC_CHILDREN; without it no child is seen (`descendants` has another way then).
template <class Visit>
void each_child(pid_t pid, Visit&& visit) noexcept {
  const proc_path tasks("/proc/", pid, "/task");
  each_entry(tasks.text(), [&](std::string_view tid) {
    const unique_fd list(::open(proc_path(tasks.text(), "/", tid, "/children").text(), O_RDONLY | O_CLOEXEC));
    std::array<char, 1024> buffer;
    pid_t child = 0;
    for (ssize_t got = 1; list && got > 0;) {
      got = ::read(list.get(), buffer.data(), buffer.size());
      for (ssize_t i = 0; i < got; ++i) {
        const char c = buffer[static_cast<std::size_t>(i)];
        if (c >= '0' && c <= '9') {
          child = child * 10 + (c - '0');
        } else if (child) {
          visit(child);
          child = 0;
        }
      }
    }
    if (child) visit(child);
  });
}

/// Field `index` (1-based, as in proc(5)) of /proc/PID/stat as a number, for index >= 4.
/// \return  -1 where the process is gone.
inline std::int64_t stat_field(pid_t pid, int index) noexcept {
  std::array<char, 1024> buffer;
  std::string_view text = read_head(proc_path("/proc/", pid, "/stat").text(), buffer);
  const auto name_end = text.rfind(')');  // field 2, the name, may hold anything, also blanks and brackets
  if (name_end == text.npos) return -1;
  text.remove_prefix(name_end + 1);
  for (int field = 2; field < index; ++field) {
    const auto blank = text.find(' ');
    if (blank == text.npos) return -1;
    text.remove_prefix(blank + 1);
  }
  std::int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

[[nodiscard]] inline pid_t parent_of(pid_t pid) noexcept {
  return static_cast<pid_t>(stat_field(pid, 4));
}

/// When a process started, in clock ticks since boot: with its pid, a name that is not used twice until a reboot.
[[nodiscard]] inline std::int64_t start_ticks(pid_t pid) noexcept {
  return stat_field(pid, 22);
}

/// Whether the process with this pid and these start_ticks is no more, or is on its way out. One that its parent has
/// not reaped yet is gone; one that can't be looked at (hidepid) is not.
[[nodiscard]] inline bool process_gone(pid_t pid, std::int64_t started) noexcept {
  constexpr std::int64_t exiting = 0x4;  // the kernel's PF_EXITING: its files may still be open, but it runs no more
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  const std::int64_t ticks = start_ticks(pid), flags = stat_field(pid, 9);
  return (ticks >= 0 && ticks != started) || (flags >= 0 && (flags & exiting) != 0);
}

/// Whether the first 4 KiB of a process's command line hold `word`.
[[nodiscard]] inline bool command_line_has(pid_t pid, std::string_view word) noexcept {
  std::array<char, 4096> buffer;
  return read_head(proc_path("/proc/", pid, "/cmdline").text(), buffer).find(word) != std::string_view::npos;
}

/// A process as it was met in the tree.
struct tree_entry {
  pid_t pid, parent;
};

/// Fills `found` with the descendants of `root` (itself not among them), parents before children.
/// \return  how many; where `found` is full the rest is left out, for a caller that will look again anyway.
/// \complexity  three system calls a process and thread (a kernel without CONFIG_PROC_CHILDREN: a look at every process
///              for each one found). A snapshot: processes may come and go meanwhile.
inline std::size_t descendants(pid_t root, std::span<tree_entry> found) noexcept {
  std::size_t size = 0;
  const bool listed = ::access("/proc/thread-self/children", F_OK) == 0;
  const auto add_children = [&](pid_t parent) {
    const auto add = [&](pid_t child) {
      if (size < found.size()) found[size++] = {child, parent};
    };
    if (listed) return each_child(parent, add);
    each_process([&](pid_t pid) {
      if (parent_of(pid) == parent) add(pid);
    });
  };
  add_children(root);
  for (std::size_t next = 0; next < size; ++next) add_children(found[next].pid);
  return size;
}

/// Sends `signal` to a process met in the tree below `top`, or does nothing where that pid now is somebody else's.
///
/// The pidfd pins the process first; its parent is looked up after that. So a pid that was reused between the walk and
/// the signal is seen, unless the new process too is a child of the old one's parent, and then it is in the tree.
inline void signal_in_tree(const tree_entry& who, pid_t top, int signal) noexcept {
  const unique_fd pinned(static_cast<int>(::syscall(SYS_pidfd_open, who.pid, 0U)));
  if (!pinned) return;
  const pid_t parent = parent_of(who.pid);
  if (parent == who.parent || parent == top) ::syscall(SYS_pidfd_send_signal, pinned.get(), signal, nullptr, 0U);
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_PROC_HPP
