// weir/data/output.hpp - bytes to descriptors and files, so that no failure goes unseen. Needs POSIX.
#ifndef WEIR_DATA_OUTPUT_HPP
#define WEIR_DATA_OUTPUT_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// Gathers bytes for a descriptor and writes them in large pieces. After a failure nothing more is written.
///
///     weir::byte_sink out(1, "standard output");
///     out("one row\n");
///     if (auto done = out.flush(); !done) return done.error();   // full disk, closed pipe
class byte_sink {
 public:
  static constexpr std::size_t default_bytes = std::size_t{1} << 17;

  byte_sink(int borrowed, std::string name, std::size_t buffer_bytes = default_bytes)
      : fd_(borrowed),
        name_(std::move(name)),
        buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)),
        capacity_(buffer_bytes) {}
  byte_sink(unique_fd owned, std::string name, std::size_t buffer_bytes = default_bytes)
      : byte_sink(owned.get(), std::move(name), buffer_bytes) {
    owned_ = std::move(owned);
  }

  void operator()(std::string_view bytes) {
    if (bytes.size() > capacity_ - used_) {
      write_buffer();
      if (bytes.size() >= capacity_) return write_all(bytes);
    }
    std::memcpy(buffer_.get() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  /// Writes what was gathered. \return  the first failure since the beginning.
  result<void> flush() {
    write_buffer();
    return status_;
  }
  /// Flushes and closes an owned descriptor: some file systems tell of a full disk only then.
  result<void> close() {
    write_buffer();
    if (owned_ && ::close(owned_.release()) != 0 && status_) status_ = write_failure();
    return status_;
  }
  [[nodiscard]] const result<void>& status() const noexcept { return status_; }

 private:
  [[nodiscard]] failure write_failure() const { return io_failure("cannot write " + name_, errno); }
  void write_buffer() { write_all({buffer_.get(), std::exchange(used_, 0)}); }
  void write_all(std::string_view bytes) {
    while (status_ && !bytes.empty()) {
      const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
      if (wrote >= 0)
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
      else if (errno != EINTR)
        status_ = write_failure();
    }
  }

  unique_fd owned_;
  int fd_;
  std::string name_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_, used_ = 0;
  result<void> status_;
};

/// Makes an empty file, or empties the one there is.
[[nodiscard]] inline result<byte_sink> create_file(const std::string& path,
                                                   std::size_t buffer_bytes = byte_sink::default_bytes) {
  unique_fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
  if (!fd) return io_failure("cannot create " + path, errno);
  return byte_sink(std::move(fd), path, buffer_bytes);
}

/// Where the bytes of `path` stand until they are whole: a device or a pipe gets them at once, and stays what it is.
[[nodiscard]] inline std::string partial_name(const std::string& path) {
  return is_special_file(path) ? path : path + ".partial";
}

/// Gives partial_name(path), which is whole now, its name. What had the name before is gone.
inline result<void> publish(const std::string& path) {
  if (!is_special_file(path) && std::rename(partial_name(path).c_str(), path.c_str()) != 0)
    return io_failure("cannot name " + path, errno);
  return {};
}

/// Writes a file so that it is either whole or not there.
inline result<void> write_whole(const std::string& path, std::string_view bytes) {
  auto file = create_file(partial_name(path));
  if (!file) return file.error();
  (*file)(bytes);
  if (auto closed = file->close(); !closed) return closed;
  return publish(path);
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_OUTPUT_HPP
