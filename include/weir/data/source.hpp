// weir/data/source.hpp - where bytes come from: a descriptor, or memory. Needs POSIX.
#ifndef WEIR_DATA_SOURCE_HPP
#define WEIR_DATA_SOURCE_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// Anything that fills a span with the next bytes: returns how many, 0 at the end, or a failure.
template <class T>
concept byte_source = requires(T source, std::span<char> into) {
  { source.read(into) } -> std::same_as<result<std::size_t>>;
};

/// The failure with the file's name before it; one from the operating system has the name already.
[[nodiscard]] inline failure in_file(std::string_view name, const failure& what) {
  return what.code == errc::io ? what : failure{what.code, std::string(name) + ": " + what.detail};
}

/// Opens a file for one pass from front to back.
/// \return  errc::not_found for a missing file, errc::invalid_argument for a directory, errc::io otherwise.
[[nodiscard]] inline result<unique_fd> open_input(const std::string& path) {
  unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd && errno == ENOENT) return failure{errc::not_found, "there is no file " + path};
  if (!fd) return io_failure("cannot open " + path, errno);
  struct stat about{};
  if (::fstat(fd.get(), &about) != 0) return io_failure("cannot stat " + path, errno);
  if (S_ISDIR(about.st_mode)) return failure{errc::invalid_argument, path + " is a directory, not a file"};
#ifdef POSIX_FADV_SEQUENTIAL
  (void)::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);  // advice: a pipe may refuse it
#endif
  return fd;
}

/// Bytes of a descriptor, borrowed or owned; `name` is what messages call it.
class fd_source {
 public:
  explicit fd_source(int borrowed, std::string name = "standard input") : fd_(borrowed), name_(std::move(name)) {}
  explicit fd_source(unique_fd owned, std::string name) : owned_(std::move(owned)), name_(std::move(name)) {
    fd_ = owned_.get();
  }

  result<std::size_t> read(std::span<char> into) {
    for (;;) {
      const ssize_t got = ::read(fd_, into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return io_failure("cannot read " + name_, errno);
    }
  }

 private:
  unique_fd owned_;
  int fd_ = -1;
  std::string name_;
};

/// Bytes that are in memory already; borrowed. Each read gives at most `step` bytes, so that tests can cut anywhere.
class memory_source {
 public:
  explicit memory_source(std::string_view bytes, std::size_t step = std::string_view::npos)
      : bytes_(bytes), step_(step) {}

  result<std::size_t> read(std::span<char> into) {
    const std::size_t count = std::min({into.size(), bytes_.size(), step_});
    std::copy_n(bytes_.data(), count, into.data());
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  std::size_t step_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_SOURCE_HPP
