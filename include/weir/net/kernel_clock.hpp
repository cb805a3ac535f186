// weir/net/kernel_clock.hpp - the kernel's receive stamps on the clock of the records. Needs POSIX.
#ifndef WEIR_NET_KERNEL_CLOCK_HPP
#define WEIR_NET_KERNEL_CLOCK_HPP

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// CLOCK_REALTIME minus CLOCK_MONOTONIC, in ns: the wall clock read between two readings of the monotonic one, the
/// closest pair of five, so that being put off the processor in between does not count.
[[nodiscard]] inline std::int64_t realtime_offset_ns() noexcept {
  std::int64_t closest = std::numeric_limits<std::int64_t>::max(), offset = 0;
  for (int i = 0; i < 5; ++i) {
    const std::int64_t before = now_ns(), wall = wall_ns(), after = now_ns();
    if (after - before >= closest) continue;
    closest = after - before;
    offset = wall - (before + closest / 2);
  }
  return offset;
}

/// Turns receive stamps, which the kernel takes from CLOCK_REALTIME, into monotonic times, and refuses those that a
/// step of the wall clock has spoiled.
///
/// Both clocks run at the same rate (adjtime slews both), so their difference changes by steps only. It is read again
/// every 100 ms, where a stamp looks late by more than a millisecond, and where a stamp lies in the future; a stamp
/// that a step was found with is not used. A step back of less than a millisecond can stay unseen for 100 ms.
/// \complexity  a subtraction; two clock readings more, five times, where it looks again.
class kernel_clock {
 public:
  using reader = std::int64_t (*)();
  explicit kernel_clock(reader offset = &realtime_offset_ns) : read_(offset), offset_(offset()) {}

  /// \param stamp_ns  the kernel's, since 1970. \param t_ns  monotonic, read after the stamp was taken.
  /// \return          the stamp's monotonic time, <= t_ns; unmeasured where it can't be known.
  [[nodiscard]] std::int64_t monotonic(std::int64_t stamp_ns, std::int64_t t_ns) {
    const std::int64_t late = t_ns - (stamp_ns - offset_);
    const std::int64_t patience = late < 0 ? 0 : late > near_ns ? near_ns : look_again_ns;
    if (t_ns - looked_ >= patience && stepped(t_ns)) return unmeasured;
    const std::int64_t t = stamp_ns - offset_;
    return t <= t_ns ? t : t - t_ns <= tolerance_ns ? t_ns : unmeasured;
  }
  /// Steps of the wall clock that were seen.
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  /// Reads the difference again. \return  whether the wall clock has stepped since the last time.
  bool stepped(std::int64_t t_ns) {
    const std::int64_t before = offset_;
    looked_ = t_ns;
    offset_ = read_();
    if (std::abs(offset_ - before) <= tolerance_ns) return false;
    ++steps_;
    return true;
  }

  static constexpr std::int64_t near_ns = 1'000'000, look_again_ns = 100'000'000;
  static constexpr std::int64_t tolerance_ns = 20'000;  // of two readings of the difference

  reader read_;
  std::int64_t offset_;
  std::int64_t looked_ = std::numeric_limits<std::int64_t>::min() / 2;
  std::uint64_t steps_ = 0;
};

/// Asks for receive stamps on a socket. Where it has none (a unix socket), none come.
inline void ask_for_stamps(int fd) noexcept {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
}

/// What one recvmsg brought.
struct stamped_read {
  ssize_t got = 0;                     ///< As recv(2) says; errno where -1.
  std::int64_t stamp_ns = unmeasured;  ///< The kernel's, since 1970: when the newest of the bytes came.
};

/// recv(2) with the stamp. A stamp is that of the last segment of which a byte was read; segments that the kernel has
/// joined have the last one's. \param flags  MSG_PEEK leaves the bytes where they are.
[[nodiscard]] inline stamped_read receive_stamped(int fd, char* to, std::size_t size, int flags = 0) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  iovec piece{to, size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  stamped_read read;
  do read.got = ::recvmsg(fd, &message, flags);
  while (read.got < 0 && errno == EINTR);
  if (read.got <= 0) return read;
  const cmsghdr* note = CMSG_FIRSTHDR(&message);
  if (!note || note->cmsg_level != SOL_SOCKET || note->cmsg_type != SCM_TIMESTAMPNS) return read;
  timespec when{};
  std::memcpy(&when, CMSG_DATA(note), sizeof when);
  read.stamp_ns = static_cast<std::int64_t>(when.tv_sec) * 1'000'000'000 + when.tv_nsec;
  return read;
}

}  // namespace weir::inline v0

#endif  // WEIR_NET_KERNEL_CLOCK_HPP
