// weir/serve/run_directory.hpp - what a run keeps on disk while it serves, and what is left of runs that were killed.
// Needs Linux.
#ifndef WEIR_SERVE_RUN_DIRECTORY_HPP
#define WEIR_SERVE_RUN_DIRECTORY_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/lock_file.hpp"

namespace weir::inline v0 {

/// Where this user's runs keep their directories: $WEIR_RUN_DIR, or weir in $XDG_RUNTIME_DIR, or /tmp/weir-UID.
[[nodiscard]] inline result<std::string> runs_directory() {
  std::string path(variable("WEIR_RUN_DIR"));
  if (path.empty() && !variable("XDG_RUNTIME_DIR").empty()) path = std::string(variable("XDG_RUNTIME_DIR")) + "/weir";
  if (path.empty()) path = "/tmp/weir-" + std::to_string(::geteuid());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return io_failure("cannot make " + path, errno);
  struct stat about{};
  // Sockets and configurations lie in it: in /tmp it could be somebody else's trap.
  if (::lstat(path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != ::geteuid())
    return failure{errc::io, path + " is not a directory of this user (WEIR_RUN_DIR names another)"};
  return path;
}

/// A run's own directory, removed with this object. Whoever holds its lock says that the run is not over: the
/// supervisor, and after its death the keepers that still have something to kill.
class run_directory {
 public:
  [[nodiscard]] static result<run_directory> make() {
    auto runs = runs_directory();
    if (!runs) return runs.error();
    run_directory made;
    made.name_ = std::to_string(::getpid()) + "." + std::to_string(wall_ns() / 1'000'000);
    made.path_ = *runs + "/" + made.name_;
    // Made under another name first: nobody may find it unlocked and take the run for a dead one.
    const std::string unlocked = *runs + "/new." + made.name_;
    if (::mkdir(unlocked.c_str(), 0700) != 0) return io_failure("cannot make " + unlocked, errno);
    auto lock = lock_file::take(unlocked + "/lock");
    if (!lock) return lock.error();
    made.lock_ = std::move(*lock);
    if (::rename(unlocked.c_str(), made.path_.c_str()) != 0) return io_failure("cannot make " + made.path_, errno);
    return made;
  }

  run_directory(run_directory&& other) noexcept
      : name_(std::exchange(other.name_, {})), path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  run_directory& operator=(run_directory&& other) noexcept {
    std::swap(name_, other.name_);
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~run_directory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  /// WEIR_RUN in the environment of everything that the run starts.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int lock_fd() const noexcept { return lock_.fd(); }

 private:
  run_directory() = default;
  std::string name_, path_;
  lock_file lock_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_RUN_DIRECTORY_HPP
