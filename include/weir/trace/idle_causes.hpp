// weir/trace/idle_causes.hpp - why a device had nothing to run: the host was late, or the work was queued already.
// Needs the standard library only.
#ifndef WEIR_TRACE_IDLE_CAUSES_HPP
#define WEIR_TRACE_IDLE_CAUSES_HPP

#include <algorithm>
#include <cstdint>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/trace/kineto_event.hpp"

namespace weir::inline v0 {

/// Idle time of a device inside its span, by what ended each gap. The three add up to the idle time.
struct idle_time {
  std::int64_t host_ns = 0;     ///< Before the end of the call that launched it: the device waited for the host.
  std::int64_t queued_ns = 0;   ///< After that call: launch latency, dependencies on other streams, copies in flight.
  std::int64_t unknown_ns = 0;  ///< What ended the gap has no launch in the trace.
};

namespace detail {

/// The "correlation" of an event, by which a launch and what it launched know each other; -1: it has none.
inline std::int64_t correlation_of(const kineto_event& e) noexcept {
  return integer_or(event_arg(e.args, "correlation"), -1);
}

}  // namespace detail

/// The calls that launch work, of all devices of a process.
/// \complexity  16 bytes a call; O(n log n) to settle.
class launch_log {
 public:
  [[nodiscard]] static bool wants(std::string_view category) noexcept {
    return detail::is(category, "cuda_runtime") || detail::is(category, "cuda_driver") ||
           detail::is(category, "Runtime");
  }
  void take(const kineto_event& e) {
    if (e.t_ns == unmeasured || e.dur_ns < 0) return;
    if (const auto id = detail::correlation_of(e); id >= 0) launches_.push_back({id, e.t_ns + e.dur_ns});
  }
  /// To be called once, after the last `take`.
  void settle() {
    std::sort(launches_.begin(), launches_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  }
  /// When the call ended that launched `id`; unmeasured where it is not known.
  [[nodiscard]] std::int64_t end_of(std::int64_t id) const noexcept {
    const auto found = std::lower_bound(launches_.begin(), launches_.end(), id,
                                        [](const launch& l, std::int64_t wanted) { return l.id < wanted; });
    return id < 0 || found == launches_.end() || found->id != id ? unmeasured : found->end;
  }

 private:
  struct launch {
    std::int64_t id, end;
  };
  std::vector<launch> launches_;
};

/// Collects the events of one device, and tells apart the gaps between them.
/// \complexity  24 bytes an event; O(n log n) at the end.
class idle_causes {
 public:
  void take(const kineto_event& e) { events_.push_back({e.t_ns, e.t_ns + e.dur_ns, detail::correlation_of(e)}); }

  /// \param launches  settled.
  [[nodiscard]] idle_time total(const launch_log& launches) {
    std::sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    idle_time sum;
    std::int64_t busy_until = events_.empty() ? 0 : events_.front().begin;
    for (const auto& e : events_) {
      if (e.begin > busy_until) add_gap(sum, busy_until, e, launches);
      busy_until = std::max(busy_until, e.end);
    }
    return sum;
  }

 private:
  struct device_event {
    std::int64_t begin, end, id;
  };

  static void add_gap(idle_time& sum, std::int64_t begin, const device_event& next, const launch_log& launches) {
    const std::int64_t end = launches.end_of(next.id);
    if (end == unmeasured) {
      sum.unknown_ns += next.begin - begin;
      return;
    }
    const std::int64_t launched = std::clamp(end, begin, next.begin);
    sum.host_ns += launched - begin;
    sum.queued_ns += next.begin - launched;
  }

  std::vector<device_event> events_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_IDLE_CAUSES_HPP
