// weir/load/file_limit.hpp - room for many connections. Needs POSIX.
#ifndef WEIR_LOAD_FILE_LIMIT_HPP
#define WEIR_LOAD_FILE_LIMIT_HPP

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// Makes room for as many of `connections` as the system allows: for a load that will hardly need them all.
inline void raise_file_limit(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(connections + 64, limit.rlim_max);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Makes sure that this process may hold `connections` sockets beside its files; raises its own limit where the system
/// allows it.
/// \return  errc::limit with the limit to set.
inline result<void> ensure_file_limit(std::size_t connections) {
  const rlim_t wanted = connections + 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return io_failure("getrlimit", errno);
  if (limit.rlim_cur >= wanted) return {};
  if (limit.rlim_max >= wanted) {
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  }
  return failure{errc::limit, "up to " + std::to_string(connections) + " connections are needed, but only " +
                                  std::to_string(limit.rlim_max) + " files may be open: run `ulimit -n " +
                                  std::to_string(wanted) + "` first, or lower --max-concurrency"};
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_FILE_LIMIT_HPP
