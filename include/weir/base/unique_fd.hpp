// weir/base/unique_fd.hpp - a file descriptor with one owner. Needs POSIX.
#ifndef WEIR_BASE_UNIQUE_FD_HPP
#define WEIR_BASE_UNIQUE_FD_HPP

#include <unistd.h>

#include <utility>

namespace weir::inline v0 {

/// Closes its descriptor exactly once. Move-only; -1 means empty.
class unique_fd {
 public:
  unique_fd() noexcept = default;
  explicit unique_fd(int fd) noexcept : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    unique_fd(std::move(other)).swap(*this);
    return *this;
  }
  ~unique_fd() {
    if (fd_ >= 0) ::close(fd_);  // close(2) frees the number even when it reports EINTR on Linux: never retry
  }

  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void swap(unique_fd& other) noexcept { std::swap(fd_, other.fd_); }

 private:
  int fd_ = -1;
};

}  // namespace weir::inline v0

#endif  // WEIR_BASE_UNIQUE_FD_HPP
