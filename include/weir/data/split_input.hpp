// weir/data/split_input.hpp - a file or standard input whose rows are read, and read again where need be. Needs POSIX.
#ifndef WEIR_DATA_SPLIT_INPUT_HPP
#define WEIR_DATA_SPLIT_INPUT_HPP

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/data/output.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/source.hpp"

namespace weir::inline v0 {

/// How splitting reads: rows may have any length, and the window is the size that was fastest.
inline constexpr row_limits split_limits{.window_bytes = std::size_t{1} << 18, .max_row_bytes = any_length};

/// An open input: standard input, or a file. Reading begins where its descriptor stands.
class split_input {
 public:
  split_input() = default;
  /// \param path  empty for standard input.
  [[nodiscard]] static result<split_input> open(const std::string& path) {
    if (path.empty()) return split_input();
    auto fd = open_input(path);
    if (!fd) return fd.error();
    const int number = fd->get();
    return split_input(*std::move(fd), number, path);
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] fd_source source() const { return fd_source(fd_, name_); }

  /// Counts the rows and goes back to where reading began. What cannot go back (a pipe) is copied to a temporary file
  /// first, which has no name and goes with this object.
  /// \return  errc::parse where rows are not what the format says, errc::io where the copy finds no room.
  result<std::uint64_t> count_rows(row_format format, bool has_header) {
    off_t begin = ::lseek(fd_, 0, SEEK_CUR);
    if (begin < 0) {
      if (auto copied = copy_to_temporary(); !copied) return copied.error();
      begin = 0;
    }
    std::uint64_t rows = 0;
    const auto counted = with_rows(format, source(), split_limits, [&](auto& reader) -> result<void> {
      if (const auto head = read_input_head(reader, format, has_header); !head) return head.error();
      while (reader.advance()) ++rows;
      return reader.status();
    });
    if (!counted) return in_file(name_, counted.error());
    if (::lseek(fd_, begin, SEEK_SET) < 0) return io_failure("cannot go back in " + name_, errno);
    return rows;
  }

 private:
  split_input(unique_fd owned, int fd, std::string name) : owned_(std::move(owned)), fd_(fd), name_(std::move(name)) {}

  result<void> copy_to_temporary() {
    const char* directory = std::getenv("TMPDIR");
    std::string path = std::string(directory != nullptr ? directory : "/tmp") + "/weir-split.XXXXXX";
    unique_fd copy(::mkstemp(path.data()));
    if (!copy) return io_failure("cannot create " + path, errno);
    ::unlink(path.c_str());
    byte_sink sink(copy.get(), "a temporary copy in " + path.substr(0, path.rfind('/')));
    auto from = source();
    const auto piece = std::make_unique_for_overwrite<char[]>(byte_sink::default_bytes);
    for (;;) {
      const auto got = from.read({piece.get(), byte_sink::default_bytes});
      if (!got) return got.error();
      if (*got == 0) break;
      sink({piece.get(), *got});
      if (!sink.status()) return sink.status();
    }
    if (auto done = sink.flush(); !done) return done;
    ::lseek(copy.get(), 0, SEEK_SET);
    owned_ = std::move(copy);
    fd_ = owned_.get();
    return {};
  }

  unique_fd owned_;
  int fd_ = STDIN_FILENO;
  std::string name_ = "standard input";
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_SPLIT_INPUT_HPP
