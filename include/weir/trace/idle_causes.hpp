// weir/trace/idle_causes.hpp - why a device had nothing to run: the host was late, or the work was queued already.
// Needs weir/stats.
#ifndef WEIR_TRACE_IDLE_CAUSES_HPP
#define WEIR_TRACE_IDLE_CAUSES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/stream_queue.hpp"

namespace weir::inline v0 {

/// Idle time of a device inside its span, by what ended each gap. The three add up to the idle time.
struct idle_time {
  std::int64_t host_ns = 0;     ///< Before the end of the call that launched it: the device waited for the host.
  std::int64_t queued_ns = 0;   ///< After that call: launch latency, dependencies on other streams, copies in flight.
  std::int64_t unknown_ns = 0;  ///< What ended the gap has no launch in the trace.
};

/// Gaps between events of one stream, whatever other streams did meanwhile, as HolisticTraceAnalysis tells them apart.
/// \source  HolisticTraceAnalysis 0.5.0, hta/analyzers/breakdown_analysis.py, _analyze_idle_time_for_stream.
struct stream_idle {
  std::int64_t stream = -1;         ///< -1: of events that name none.
  std::int64_t host_wait_ns = 0;    ///< What ends the gap was launched after the gap's begin.
  std::int64_t kernel_wait_ns = 0;  ///< Other gaps of less than 30 us.
  std::int64_t other_ns = 0;
};

namespace detail {

/// The "correlation" of an event, by which a launch and what it launched know each other; -1: it has none.
inline std::int64_t correlation_of(const kineto_event& e) noexcept {
  return integer_or(event_arg(e.args, "correlation"), -1);
}

}  // namespace detail

/// The calls that launch work, of all devices of a process.
/// \complexity  32 bytes a call; O(n log n) to settle.
class launch_log {
 public:
  struct launch {
    std::int64_t id, begin, end;
    bool queues;  // by HTA's list
  };

  [[nodiscard]] static bool wants(std::string_view category) noexcept {
    return detail::is(category, "cuda_runtime") || detail::is(category, "cuda_driver") ||
           detail::is(category, "Runtime");
  }
  void take(const kineto_event& e) {
    if (e.t_ns == unmeasured || e.dur_ns < 0) return;
    if (const auto id = detail::correlation_of(e); id >= 0)
      launches_.push_back({id, e.t_ns, e.t_ns + e.dur_ns, is_hta_launch(e.name)});
  }
  /// To be called once, after the last `take`.
  void settle() {
    std::sort(launches_.begin(), launches_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.id, a.end, a.begin) < std::tie(b.id, b.end, b.begin);
    });
  }
  /// The call that launched `id`, the first to end where several bear that number; null where it is not known.
  [[nodiscard]] const launch* find(std::int64_t id) const noexcept {
    const auto found = std::lower_bound(launches_.begin(), launches_.end(), id,
                                        [](const launch& l, std::int64_t wanted) { return l.id < wanted; });
    return id < 0 || found == launches_.end() || found->id != id ? nullptr : &*found;
  }
  /// Of the calls with that number, the one that HTA takes for a launch; null where there is none.
  [[nodiscard]] const launch* find_queuing(std::int64_t id) const noexcept {
    for (const auto* at = find(id); at != nullptr && at != launches_.data() + launches_.size() && at->id == id; ++at)
      if (at->queues) return at;
    return nullptr;
  }

 private:
  std::vector<launch> launches_;
};

/// Collects the events of one device, and tells apart the gaps between them.
/// \complexity  32 bytes an event; O(n log n) at the end.
class idle_causes {
 public:
  void take(const kineto_event& e) {
    events_.push_back(
        {e.t_ns, e.t_ns + e.dur_ns, detail::correlation_of(e), detail::integer_or(event_arg(e.args, "stream"), -1)});
  }

  /// \param launches  settled.
  [[nodiscard]] idle_time total(const launch_log& launches) {
    std::sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    idle_time sum;
    std::int64_t busy_until = events_.empty() ? 0 : events_.front().begin;
    for (auto at = events_.begin(); at != events_.end();) {
      const auto next = std::find_if(at, events_.end(), [at](const auto& e) { return e.begin != at->begin; });
      if (at->begin > busy_until) add_gap(sum, busy_until, at->begin, first_launched({at, next}, launches));
      for (; at != next; ++at) busy_until = std::max(busy_until, at->end);
    }
    return sum;
  }

  /// The gaps of each stream, by number.
  /// \param launches  settled.
  [[nodiscard]] std::vector<stream_idle> by_stream(const launch_log& launches) {
    std::sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.stream, a.begin, a.end, a.id) < std::tie(b.stream, b.begin, b.end, b.id);
    });
    std::vector<stream_idle> all;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      const auto& next = events_[i];
      if (all.empty() || all.back().stream != next.stream) {
        all.push_back({.stream = next.stream});
        continue;
      }
      const std::int64_t begin = events_[i - 1].end, gap = next.begin - begin;
      const auto* call = launches.find(next.id);
      auto& sum = all.back();
      (call != nullptr && call->begin > begin ? sum.host_wait_ns
       : gap < 30'000                         ? sum.kernel_wait_ns
                                              : sum.other_ns) += gap;
    }
    return all;
  }

  /// How long the queue of each stream was, by number; without streams of which no launch is known to HTA.
  /// \pre  by_stream() was called, and nothing was taken since.
  [[nodiscard]] std::vector<stream_queue> queues(const launch_log& launches) const {
    std::vector<stream_queue> all;
    std::vector<std::pair<std::int64_t, int>> changes;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (const auto* call = launches.find_queuing(events_[i].id); call != nullptr) {
        changes.emplace_back(call->begin, 1);
        changes.emplace_back(events_[i].begin, -1);
      }
      const bool last = i + 1 == events_.size() || events_[i + 1].stream != events_[i].stream;
      if (last && !changes.empty()) all.push_back(queue_of(events_[i].stream, std::exchange(changes, {})));
    }
    return all;
  }

 private:
  struct device_event {
    std::int64_t begin, end, id, stream;
  };

  /// Of the calls that launched events with one begin, the end of the first to end: from then on the device had work.
  static std::optional<std::int64_t> first_launched(std::span<const device_event> together,
                                                    const launch_log& launches) {
    std::optional<std::int64_t> first;
    for (const auto& e : together)
      if (const auto* call = launches.find(e.id); call != nullptr)
        first = std::min(first.value_or(call->end), call->end);
    return first;
  }
  static void add_gap(idle_time& sum, std::int64_t begin, std::int64_t end, std::optional<std::int64_t> launched) {
    if (!launched) return (void)(sum.unknown_ns += end - begin);
    const std::int64_t cut = std::clamp(*launched, begin, end);
    sum.host_ns += cut - begin;
    sum.queued_ns += end - cut;
  }

  std::vector<device_event> events_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_IDLE_CAUSES_HPP
