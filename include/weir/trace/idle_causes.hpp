// weir/trace/idle_causes.hpp - why a device had nothing to run: the host was late, or the work was queued already.
// Needs the standard library only.
#ifndef WEIR_TRACE_IDLE_CAUSES_HPP
#define WEIR_TRACE_IDLE_CAUSES_HPP

#include <algorithm>
#include <cstdint>
#include <vector>

#include "weir/base/units.hpp"
#include "weir/trace/kineto_event.hpp"

namespace weir::inline v0 {

/// Idle time of a device inside its span, by what ended each gap. The three add up to the idle time.
struct idle_time {
  std::int64_t host_ns = 0;     ///< Before the end of the call that launched it: the device waited for the host.
  std::int64_t queued_ns = 0;   ///< After that call: launch latency, dependencies on other streams, copies in flight.
  std::int64_t unknown_ns = 0;  ///< What ended the gap has no launch in the trace.
};

/// Collects launches and device events, and tells apart the gaps between the latter.
/// \complexity  24 bytes a device event and 16 a launch; O(n log n) at the end.
class idle_causes {
 public:
  [[nodiscard]] static bool wants(std::string_view category) noexcept {
    return detail::is(category, "cuda_runtime") || detail::is(category, "cuda_driver") ||
           detail::is(category, "Runtime");
  }

  void take_launch(const kineto_event& e) {
    if (e.t_ns == unmeasured || e.dur_ns < 0) return;
    if (const auto id = parse_number<std::int64_t>(event_arg(e.args, "correlation")))
      launches_.push_back({*id, e.t_ns + e.dur_ns});
  }
  void take_device(const kineto_event& e) {
    const auto id = parse_number<std::int64_t>(event_arg(e.args, "correlation"));
    device_.push_back({e.t_ns, e.t_ns + e.dur_ns, id ? *id : -1});
  }

  [[nodiscard]] idle_time total() {
    std::sort(launches_.begin(), launches_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    std::sort(device_.begin(), device_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    idle_time sum;
    std::int64_t busy_until = device_.empty() ? 0 : device_.front().begin;
    for (const auto& e : device_) {
      if (e.begin > busy_until) add_gap(sum, busy_until, e);
      busy_until = std::max(busy_until, e.end);
    }
    return sum;
  }

 private:
  struct launch {
    std::int64_t id, end;
  };
  struct device_event {
    std::int64_t begin, end, id;
  };

  void add_gap(idle_time& sum, std::int64_t begin, const device_event& next) const {
    const auto found = std::lower_bound(launches_.begin(), launches_.end(), next.id,
                                        [](const launch& l, std::int64_t id) { return l.id < id; });
    if (next.id < 0 || found == launches_.end() || found->id != next.id) {
      sum.unknown_ns += next.begin - begin;
      return;
    }
    const std::int64_t launched = std::clamp(found->end, begin, next.begin);
    sum.host_ns += launched - begin;
    sum.queued_ns += next.begin - launched;
  }

  std::vector<launch> launches_;
  std::vector<device_event> device_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_IDLE_CAUSES_HPP
