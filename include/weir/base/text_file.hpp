// weir/base/text_file.hpp - small text files, read and replaced whole. Needs POSIX.
#ifndef WEIR_BASE_TEXT_FILE_HPP
#define WEIR_BASE_TEXT_FILE_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// All of a small file: a lease, a state, a table of /proc. Not for data.
/// \return  errc::io with the path and errno's text; errc::limit above 64 MiB.
[[nodiscard]] inline result<std::string> read_text_file(const std::string& path) {
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return io_failure("cannot read " + path, errno);
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_failure("cannot read " + path, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > (std::size_t{64} << 20)) return failure{errc::limit, path + " is larger than 64 MiB"};
  }
}

/// Writes all of `text` to a descriptor.
inline result<void> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return io_failure("write", errno);
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

/// Whether `path` names a device, a pipe or a socket: what can be written into, and must never be replaced by a file.
[[nodiscard]] inline bool is_special_file(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

namespace detail {

/// A special file, to write into it; a pipe that nobody reads is an error, and nothing to wait for.
[[nodiscard]] inline result<unique_fd> open_special(const std::string& path) {
  unique_fd file(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return io_failure("cannot write " + path, errno);
  return file;
}

}  // namespace detail

/// Makes `path` hold `text`, or leaves it as it was: a reader sees the old file or the new one, never a part. A device
/// or a pipe stays what it is, and the text is written into it.
inline result<void> replace_text(const std::string& path, std::string_view text) {
  if (is_special_file(path)) {
    const auto file = detail::open_special(path);
    if (!file) return file.error();
    if (auto wrote = write_all(file->get(), text); !wrote)
      return failure{errc::io, "cannot write " + path + ": " + wrote.error().detail};
    return {};
  }
  const std::string part = path + ".part." + std::to_string(::getpid());
  {
    const unique_fd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return io_failure("cannot write " + part, errno);
    if (auto wrote = write_all(file.get(), text); !wrote) {
      ::unlink(part.c_str());
      return failure{errc::io, "cannot write " + part + ": " + wrote.error().detail};
    }
  }
  if (::rename(part.c_str(), path.c_str()) == 0) return {};
  const int error = errno;
  ::unlink(part.c_str());
  return io_failure("cannot write " + path, error);
}

/// Whether replace_text would succeed now, without touching `path`: better known before hours of work than after.
inline result<void> check_replaceable(const std::string& path) {
  if (is_special_file(path)) {
    const auto file = detail::open_special(path);
    return file ? result<void>{} : file.error();
  }
  const std::string part = path + ".part." + std::to_string(::getpid());
  const unique_fd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) return io_failure("cannot write " + path, errno);
  ::unlink(part.c_str());
  return {};
}

/// Calls `visit(std::string_view line)` for each line, without its newline.
template <class Visit>
void each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Cuts the next blank-separated word off the front of `text`; empty at the end.
inline std::string_view next_word(std::string_view& text) {
  const auto start = std::min(text.find_first_not_of(" \t"), text.size());
  const auto end = std::min(text.find_first_of(" \t", start), text.size());
  const auto word = text.substr(start, end - start);
  text.remove_prefix(end);
  return word;
}

}  // namespace weir::inline v0

#endif  // WEIR_BASE_TEXT_FILE_HPP
