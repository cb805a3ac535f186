// weir/trace/wait_cost.hpp - what waiting for the last rank cost a rank, as a whole and in each step. Needs weir/data.
#ifndef WEIR_TRACE_WAIT_COST_HPP
#define WEIR_TRACE_WAIT_COST_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/trace/metric.hpp"
#include "weir/trace/overlap.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/skew.hpp"

namespace weir::inline v0 {

/// For each rank the moments at which it stood in a matched collective whose last rank had not come, on its own trace's
/// clock.
[[nodiscard]] inline std::vector<interval_union> waits_of(const std::vector<rank_profile>& set,
                                                          const skew_report& report) {
  std::vector<interval_union> waits(set.size());
  for (const auto& m : report.collectives) {
    const std::int64_t last = m.last_begin();
    for (std::size_t i = 0; i < m.ranks.size(); ++i) {
      const std::size_t r = m.ranks[i];
      const std::int64_t shift = (report.aligned ? report.offsets[r].ns : 0) - set[r].base_ns;
      waits[r].add(m.begins[i] + shift, std::min(last, m.ends[i]) + shift);
    }
  }
  return waits;
}

/// Waiting inside a window: all of it, and what no computation ran beside, which is what it cost.
struct wait_cost {
  std::int64_t wait_ns = 0, exposed_ns = 0;
};

[[nodiscard]] inline wait_cost cost_of(const interval_union& waits, const rank_profile& p, interval window) {
  const auto time = time_by_class(p.device.time(device_kind::computation), waits, {}, window.begin, window.end);
  return {time.communication, time.exposed_communication()};
}

/// Appends the table "step_wait": what each step of a rank lost.
inline void append_step_waits(std::vector<trace_metric>& all, const rank_profile& p, const interval_union& waits) {
  std::size_t index = 0;
  for (const auto& step : p.steps) {
    const interval window = step.window();
    const auto cost = cost_of(waits, p, window);
    metric_writer out(all, "step_wait", {{"rank", p.label()}, {"index", std::to_string(index++)}, {"step", step.name}});
    out.time("wait_for_last", cost.wait_ns);
    out.time("exposed_wait", cost.exposed_ns);
    out.percent("exposed_wait_share", static_cast<double>(cost.exposed_ns),
                static_cast<double>(window.end - window.begin), "the window has no length");
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_WAIT_COST_HPP
