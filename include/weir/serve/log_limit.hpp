// weir/serve/log_limit.hpp - keeps a log that is being written from filling the disk. Needs Linux.
#ifndef WEIR_SERVE_LOG_LIMIT_HPP
#define WEIR_SERVE_LOG_LIMIT_HPP

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// Gives the oldest part of a log back to the disk where it takes more than `most_bytes` there: half of that stays. The
/// file keeps its length, with a hole at its start that reads as zeros, so the writer (which appends) never notices.
/// \return  errc::io where the file is gone or its file system can't do that.
inline result<void> limit_log(const std::string& path, std::int64_t most_bytes) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return io_failure("stat " + path, errno);
  constexpr std::int64_t block = 512;  // of st_blocks, whatever the file system's own are
  if (std::int64_t{about.st_blocks} * block <= most_bytes) return {};
  const unique_fd log(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const std::int64_t hole = (std::int64_t{about.st_size} - most_bytes / 2) / 4096 * 4096;
  if (!log || hole <= 0) return log ? result<void>() : io_failure("cannot open " + path, errno);
  if (::fallocate(log.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, hole) == 0) return {};
  return io_failure("cannot shorten " + path, errno);
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_LOG_LIMIT_HPP
