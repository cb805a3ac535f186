// weir/load/client_watch.hpp - how well the client itself keeps up while it measures. Needs Linux (timerfd).
#ifndef WEIR_LOAD_CLIENT_WATCH_HPP
#define WEIR_LOAD_CLIENT_WATCH_HPP

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/base/units.hpp"
#include "weir/net/loop.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// What a client's thread, or all of them together, did to the measurement.
struct client_health {
  sample_set lag_ns{std::size_t{1} << 16};  ///< From an event's arrival to the loop's look at it, at random moments.
  double wall_s = 0;                        ///< Of the longest-running thread.
  double cpu_share = 0;                     ///< CPU time / wall time of the busiest thread, 0 to 1.
  /// Share of its time that the thread most in want of a core was ready to run and had none; NaN: the kernel keeps no
  /// count.
  double starved_share = std::numeric_limits<double>::quiet_NaN();
  std::int64_t clock_step_ns = 0;  ///< How far the wall clock moved against the monotonic one; the farthest.
  double held = 0;                 ///< Requests in flight while there were more to send: mean, all threads together.
  std::uint64_t held_samples = 0;  ///< What `held` rests on; 0: never seen.

  /// Takes in another thread of the same run.
  void merge(const client_health& other) {
    lag_ns.merge(other.lag_ns);
    wall_s = std::max(wall_s, other.wall_s);
    cpu_share = std::max(cpu_share, other.cpu_share);
    if (!std::isnan(other.starved_share) && !(starved_share >= other.starved_share))
      starved_share = other.starved_share;
    if (std::abs(other.clock_step_ns) > std::abs(clock_step_ns)) clock_step_ns = other.clock_step_ns;
    held += other.held;
    held_samples += other.held_samples;
  }
};

namespace detail {

/// Nanoseconds that the calling thread was ready to run but waited for a core: the second number of schedstat.
inline std::optional<std::int64_t> waited_for_core_ns() {
  const unique_fd file(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  std::array<char, 96> text{};
  const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (got <= 0) return std::nullopt;
  std::string_view rest(text.data(), static_cast<std::size_t>(got));
  rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  const auto number = parse_number<std::int64_t>(rest.substr(0, rest.find(' ')));
  return number ? std::optional(*number) : std::nullopt;
}

inline std::int64_t thread_cpu_ns() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace detail

/// Watches the thread that turns a loop, from `start` to `stop`, both called on that thread.
///
/// At random moments, two milliseconds apart on average, a timer descriptor of the loop's own epoll set becomes
/// readable. It queues there as a socket does that bytes have arrived on, so that the time until the loop looks at it
/// is what an event that came at that moment had to wait: for a core, for the sockets before it, for bookkeeping.
/// \complexity  about 3 us of CPU each.
class client_watch final : private watcher {
 public:
  /// \param in_flight  requests under way while more are to be sent; nothing otherwise. Asked at each probe.
  explicit client_watch(loop& on, std::function<std::optional<std::size_t>()> in_flight = {})
      : loop_(&on), in_flight_(std::move(in_flight)) {}
  client_watch(const client_watch&) = delete;
  client_watch& operator=(const client_watch&) = delete;
  ~client_watch() { forget(); }

  result<void> start() {
    timer_ = unique_fd(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!timer_) return io_failure("timerfd_create", errno);
    began_ = moment();
    if (auto watched = loop_->watch(timer_.get(), EPOLLIN, *this); !watched) return watched;
    due_ns_ = began_.mono_ns + gap();
    arm();
    return {};
  }

  client_health stop() {
    forget();
    const auto end = moment();
    const auto wall = static_cast<double>(end.mono_ns - began_.mono_ns);
    health_.wall_s = wall / 1e9;
    health_.cpu_share = wall > 0 ? static_cast<double>(end.cpu_ns - began_.cpu_ns) / wall : 0;
    if (end.waited_ns && began_.waited_ns && wall > 0)
      health_.starved_share = static_cast<double>(*end.waited_ns - *began_.waited_ns) / wall;
    health_.clock_step_ns = end.wall_ns - began_.wall_ns - (end.mono_ns - began_.mono_ns);
    if (health_.held_samples > 0) health_.held = in_flight_sum_ / static_cast<double>(health_.held_samples);
    return std::move(health_);
  }

 private:
  struct moment_of {
    std::int64_t mono_ns, wall_ns, cpu_ns;
    std::optional<std::int64_t> waited_ns;
  };
  static moment_of moment() {
    return {weir::now_ns(), weir::wall_ns(), detail::thread_cpu_ns(), detail::waited_for_core_ns()};
  }

  void on_ready(std::uint32_t) override {
    const std::int64_t now = now_ns();
    std::uint64_t times = 0;
    if (::read(timer_.get(), &times, sizeof times) != sizeof times) return;
    if (const auto held = in_flight_ ? in_flight_() : std::nullopt) {
      in_flight_sum_ += static_cast<double>(*held);
      ++health_.held_samples;
    }
    // A long delay swallows further moments. All of them are seen now: left out, long delays would weigh too little.
    for (; due_ns_ <= now; due_ns_ += gap()) health_.lag_ns.add(static_cast<double>(now - due_ns_));
    arm();
  }

  std::int64_t gap() noexcept { return 1 + static_cast<std::int64_t>(random_.exponential(2e6)); }
  void arm() const noexcept {
    const itimerspec when{{0, 0}, {due_ns_ / 1'000'000'000, static_cast<long>(due_ns_ % 1'000'000'000)}};
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  }

  void forget() {
    if (!timer_) return;
    loop_->forget(timer_.get(), *this);
    timer_ = {};
  }

  loop* loop_;
  std::function<std::optional<std::size_t>()> in_flight_;
  unique_fd timer_;
  random_stream random_{0x7A11};
  std::int64_t due_ns_ = 0;
  double in_flight_sum_ = 0;
  moment_of began_{};
  client_health health_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_CLIENT_WATCH_HPP
