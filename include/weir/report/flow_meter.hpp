// weir/report/flow_meter.hpp - how the requests of a run came. Needs weir/record and weir/stats.
#ifndef WEIR_REPORT_FLOW_METER_HPP
#define WEIR_REPORT_FLOW_METER_HPP

#include <algorithm>
#include <cstdint>
#include <limits>

#include "weir/record/request.hpp"
#include "weir/stats/run_interval.hpp"

namespace weir::inline v0 {

/// How many requests are under way together, in the mean: what all take, one after the other, by the time in which they
/// are sent (Little's law). Requests that were never sent or never ended do not count. Order does not matter.
class flow_meter {
 public:
  void add(std::int64_t t_sched_ns, std::int64_t t_send_ns, std::int64_t t_last_ns) noexcept {
    if (t_send_ns == unmeasured || t_last_ns == unmeasured) return;
    open_ = open_ || t_sched_ns != unmeasured;
    first_ns_ = std::min(first_ns_, t_send_ns), last_ns_ = std::max(last_ns_, t_send_ns);
    busy_ns_ += static_cast<double>(std::max<std::int64_t>(0, t_last_ns - t_send_ns));
  }
  [[nodiscard]] request_flow flow() const noexcept {
    return {last_ns_ > first_ns_ ? busy_ns_ / static_cast<double>(last_ns_ - first_ns_) : 0, open_};
  }

 private:
  bool open_ = false;
  std::int64_t first_ns_ = std::numeric_limits<std::int64_t>::max();  // of sending
  std::int64_t last_ns_ = std::numeric_limits<std::int64_t>::min();
  double busy_ns_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_FLOW_METER_HPP
