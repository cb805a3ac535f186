// weir/load/record_log.hpp - records on disk while the run goes on, and what an earlier run left there. Needs Linux
// (epoll) and simdjson.
#ifndef WEIR_LOAD_RECORD_LOG_HPP
#define WEIR_LOAD_RECORD_LOG_HPP

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/data/output.hpp"
#include "weir/data/rows.hpp"
#include "weir/net/loop.hpp"
#include "weir/record/read.hpp"

namespace weir::inline v0 {

/// Writes records as JSON Lines, and what was written reaches the file at least once a second while the loop turns.
/// After a failure (full disk) nothing more is written; ask status().
class record_log final : private timer {
 public:
  record_log(loop& on, byte_sink sink) : loop_(&on), sink_(std::move(sink)) {}
  record_log(const record_log&) = delete;
  record_log& operator=(const record_log&) = delete;
  ~record_log() { loop_->disarm(*this); }

  template <class Record>
  void write(const Record& record) {
    line_.clear();
    append_record(line_, record);
    sink_(line_);
    if (!armed()) loop_->arm(*this, now_ns() + flush_ns);
  }
  result<void> close() {
    loop_->disarm(*this);
    return sink_.close();
  }
  [[nodiscard]] const result<void>& status() const noexcept { return sink_.status(); }

 private:
  void on_time(std::int64_t) override { (void)sink_.flush(); }  // the sink remembers its failure

  static constexpr std::int64_t flush_ns = 500'000'000;

  loop* loop_;
  byte_sink sink_;
  std::string line_;
};

/// The ids of the requests in a records file that ended well, with the texts of their (first) answers where they were
/// asked for, and the length of what is whole in it: a writer that was killed may have left half a line.
struct records_done {
  std::unordered_map<std::string, std::string> answers;
  std::int64_t whole_bytes = 0;
};

/// \return  nothing done where there is no such file; a failure names the line that is no record.
[[nodiscard]] inline result<records_done> read_done(const std::string& path, bool texts = false) {
  records_done done;
  auto rows = open_rows(path);
  if (!rows) return rows.error().code == errc::not_found ? result<records_done>(std::move(done)) : rows.error();
  record_reader record({.text = texts, .events = false});
  const auto seen = read_records(*rows, path, record, [&](record_type type) {
    if (rows->terminated()) done.whole_bytes = static_cast<std::int64_t>(rows->offset() + rows->bytes().size());
    if (type != record_type::request || !rows->terminated()) return;
    const auto& request = record.request();
    if (request.status != outcome::ok) return;
    done.answers.insert_or_assign(request.id, texts && !request.choices.empty() ? request.choices[0].text : "");
  });
  if (!seen) return seen.error();
  return done;
}

namespace detail {

/// Whether a line has ended in a file behind its first `whole_bytes`, other than a blank one.
inline result<bool> has_line_behind(int fd, std::int64_t whole_bytes, const std::string& path) {
  bool any = false;
  std::array<char, 4096> part{};
  for (off_t at = whole_bytes;;) {
    const ssize_t got = ::pread(fd, part.data(), part.size(), at);
    if (got < 0) return io_failure("cannot read " + path, errno);
    if (got == 0) return false;
    at += got;
    for (const char c : std::string_view(part.data(), static_cast<std::size_t>(got))) {
      if (c == '\n' && any) return true;
      any |= c != '\n' && c != '\r' && c != ' ';
    }
  }
}

}  // namespace detail

/// How a records file is opened.
enum class records_mode : unsigned char {
  fresh,    ///< A file that is there and not empty is refused.
  replace,  ///< It is emptied.
  resume,   ///< It is continued behind its last whole line.
};

/// The file is locked (flock) until the sink is closed: two writers would ask for the same twice.
/// \param whole_bytes  for resume: what read_done said.
/// \return             errc::busy where a fresh file is wanted and one is there, or another run still writes it, or has
///                     since that was read; errc::io.
[[nodiscard]] inline result<byte_sink> open_records(const std::string& path, records_mode mode,
                                                    std::int64_t whole_bytes = 0) {
  unique_fd fd(::open(path.c_str(),
                      (mode == records_mode::resume ? O_RDWR : O_WRONLY) | O_CREAT | O_CLOEXEC | O_NOCTTY | O_APPEND,
                      0666));
  if (!fd) return io_failure("cannot write " + path, errno);
  struct stat about{};
  if (::fstat(fd.get(), &about) != 0) return io_failure("cannot stat " + path, errno);
  if (!S_ISREG(about.st_mode)) return byte_sink(std::move(fd), path);     // a pipe or a device has no length
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)  // where there are no locks it goes without
    return failure{errc::busy, "another run is still writing " + path + ": wait for its end, or end it"};
  if (mode == records_mode::fresh && about.st_size > 0)
    return failure{errc::busy, path + " exists: continue it with --resume, replace it with --force, or name another"};
  if (mode == records_mode::resume) {
    const auto more = detail::has_line_behind(fd.get(), whole_bytes, path);
    if (!more) return more.error();
    if (*more) return failure{errc::busy, "another run wrote " + path + " until just now: start again"};
  }
  if (::ftruncate(fd.get(), mode == records_mode::resume ? whole_bytes : 0) != 0)
    return io_failure("cannot cut " + path, errno);
  return byte_sink(std::move(fd), path);
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_RECORD_LOG_HPP
