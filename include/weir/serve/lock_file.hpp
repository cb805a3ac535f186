// weir/serve/lock_file.hpp - locks between unrelated runs, which the kernel releases when their holders die. Needs
// Linux.
//
// The lock (flock) is the truth; what stands in the file only says who took it: in words, and in a second line by start
// time and pid namespace, so that a holder that is gone is told from one that lives and from one in another container.
// A file is never unlinked: a run that opened it just before would lock a name that is no longer there.
#ifndef WEIR_SERVE_LOCK_FILE_HPP
#define WEIR_SERVE_LOCK_FILE_HPP

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/base/units.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/proc.hpp"

namespace weir::inline v0 {

/// The directory that all runs of this machine share for their locks: $WEIR_LOCK_DIR, or /tmp/weir-locks. It is made
/// where it is missing, writable by every user and sticky like /tmp. Containers must mount it in common to see each
/// other's locks; it may not lie on NFS.
/// \return  errc::io where it can't be made or written.
[[nodiscard]] inline result<std::string> lock_directory() {
  std::string directory(variable("WEIR_LOCK_DIR", "/tmp/weir-locks"));
  if (::mkdir(directory.c_str(), 01777) == 0) ::chmod(directory.c_str(), 01777);  // the umask had its say in mkdir
  if (::access(directory.c_str(), W_OK | X_OK) == 0) return directory;
  return io_failure("cannot use the lock directory " + directory + " (WEIR_LOCK_DIR names another)", errno);
}

/// A lock that lives as long as a process holds one of its descriptors: this object, or a keeper that was given it.
class lock_file {
 public:
  lock_file() = default;

  /// Takes the lock at once or not at all, and writes this process's name into the file.
  /// \return  errc::busy, naming the holder where it is known; errc::io where the file can't be opened.
  [[nodiscard]] static result<lock_file> take(const std::string& path) {
    auto lock = open_locked(path, {O_RDWR, O_RDWR | O_CREAT | O_EXCL, O_RDWR, O_RDONLY});
    if (!lock) return lock;
    ::fchmod(lock->fd(), 0666);  // other users must be able to lock it after us
    if (::ftruncate(lock->fd(), 0) == 0) (void)write_all(lock->fd(), signature());
    return lock;
  }

  /// Looks whether somebody holds the lock, without making or changing the file.
  /// \return  errc::busy where it is held; errc::io where there is no file.
  [[nodiscard]] static result<lock_file> probe(const std::string& path) { return open_locked(path, {O_RDONLY}); }

  /// Who took a lock that is still held although he is gone (by his keepers, which end what he started), in words.
  /// \return  empty where nobody holds it, where its holder lives, and where that can't be told.
  [[nodiscard]] static std::string left_by(const std::string& path) {
    if (const auto lock = probe(path); lock || lock.error().code != errc::busy) return {};
    const auto text = read_text_file(path);
    if (!text || !text->starts_with("pid ")) return {};
    const auto words = text->substr(0, text->find('\n'));
    std::string_view rest = std::string_view(*text).substr(std::min(words.size() + 1, text->size()));
    std::string_view name = std::string_view(words).substr(4);
    const auto pid = parse_number<pid_t>(next_word(name));
    const auto started = parse_number<std::int64_t>(next_word(rest));
    if (!pid || !started || next_word(rest) != pid_namespace() || !process_gone(*pid, *started)) return {};
    return words;
  }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

 private:
  static std::string signature() {
    return describe_process(::getpid()) + "\n" + std::to_string(start_ticks(::getpid())) + " " + pid_namespace();
  }
  /// Pids mean something within it alone.
  static std::string pid_namespace() {
    std::array<char, 64> name;
    const ssize_t size = ::readlink("/proc/self/ns/pid", name.data(), name.size());
    return {name.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  /// Opens by the first of `ways` that works. Without O_CREAT first: in a sticky directory Linux refuses O_CREAT on
  /// another user's file (protected_regular).
  static result<lock_file> open_locked(const std::string& path, std::initializer_list<int> ways) {
    lock_file lock;
    for (const int how : ways) {
      lock.fd_ = unique_fd(::open(path.c_str(), how | O_CLOEXEC | O_NOFOLLOW, 0666));
      if (lock.fd_) break;
    }
    if (!lock.fd_) return io_failure("cannot open the lock " + path, errno);
    if (::flock(lock.fd_.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK) return io_failure("cannot lock " + path, errno);
    const auto holder = read_text_file(path);
    const auto who = holder ? holder->substr(0, holder->find('\n')) : "";
    return failure{errc::busy, who.empty() ? path + " is locked" : "held by " + who};
  }

  unique_fd fd_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_LOCK_FILE_HPP
