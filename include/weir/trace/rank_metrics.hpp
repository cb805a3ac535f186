// weir/trace/rank_metrics.hpp - the metrics of one rank; docs/traces.md defines each. Needs weir/data.
#ifndef WEIR_TRACE_RANK_METRICS_HPP
#define WEIR_TRACE_RANK_METRICS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/trace/metric.hpp"
#include "weir/trace/overlap.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {

/// Unions by class inside some windows of time: a whole trace, or steps.
struct windowed_time {
  interval_union computation, communication, memory;
  std::int64_t length_ns = 0;  ///< Of the windows.

  [[nodiscard]] std::int64_t busy_ns() const {
    interval_union all = computation;
    all.add(communication);
    all.add(memory);
    return all.total_ns();
  }
  [[nodiscard]] std::int64_t exposed_memory_ns() const {
    interval_union others = computation;
    others.add(communication);
    return exposed_ns(memory, others);
  }
};

namespace detail {

inline constexpr std::string_view no_device = "the trace has no device events";

inline interval_union collective_union(const rank_profile& p) {
  if (!p.on_cpu) return p.device.time(device_kind::communication);
  interval_union all;
  for (const auto& call : p.collectives.calls()) all.add(call.begin, call.end);
  return all;
}

inline windowed_time whole_time(const rank_profile& p) {
  windowed_time t{p.device.time(device_kind::computation), collective_union(p), p.device.time(device_kind::memory)};
  if (p.device.events() > 0) t.length_ns = p.device.span().end - p.device.span().begin;
  return t;
}

inline windowed_time clipped_to(const windowed_time& whole, interval window) {
  return {clipped(whole.computation, window.begin, window.end), clipped(whole.communication, window.begin, window.end),
          clipped(whole.memory, window.begin, window.end), window.end - window.begin};
}

inline windowed_time clipped_to(const windowed_time& whole, const interval_union& windows) {
  return {intersection(whole.computation, windows), intersection(whole.communication, windows),
          intersection(whole.memory, windows), windows.total_ns()};
}

/// The figures that both a rank and a step have.
inline void write_time(metric_writer& out, const windowed_time& t, const rank_profile& p) {
  const std::int64_t communication = t.communication.total_ns();
  if (p.device.events() > 0 || p.on_cpu)
    out.time("communication", communication);
  else
    out.missing("communication", "us", no_device);
  if (p.device.events() == 0) {
    for (const auto name :
         {"busy", "idle", "computation", "exposed_communication", "overlap", "memory", "exposed_memory"})
      out.missing(name, "us", no_device);
    for (const auto name : {"idle_share", "overlap_share", "comm_overhead", "exposed_comm_overhead"})
      out.missing(name, "%", no_device);
    return;
  }
  const auto length = static_cast<double>(t.length_ns);
  const std::int64_t busy = t.busy_ns(), overlap = overlap_ns(t.communication, t.computation);
  out.time("busy", busy);
  out.time("idle", t.length_ns - busy);
  out.percent("idle_share", static_cast<double>(t.length_ns - busy), length, "the window has no length");
  out.time("computation", t.computation.total_ns());
  out.time("exposed_communication", communication - overlap);
  out.time("overlap", overlap);
  out.percent("overlap_share", static_cast<double>(overlap), static_cast<double>(communication),
              "there is no communication to overlap");
  out.percent("comm_overhead", static_cast<double>(communication), length, "the window has no length");
  out.percent("exposed_comm_overhead", static_cast<double>(communication - overlap), length,
              "the window has no length");
  out.time("memory", t.memory.total_ns());
  out.time("exposed_memory", t.exposed_memory_ns());
}

/// Calls of one kind of collective, added up.
struct collective_total {
  std::int64_t calls = 0, ns = 0, sized_calls = 0, bytes = 0, sized_ns = 0;
  void add(const collective_call& call) {
    ++calls;
    ns += call.end - call.begin;
    if (call.bytes < 0) return;
    ++sized_calls;
    bytes += call.bytes;
    sized_ns += call.end - call.begin;
  }
};

inline void write_collective(metric_writer& out, const collective_kind& kind, const collective_total& total) {
  constexpr std::string_view unsized = "the trace does not tell the sizes of these calls";
  kind.group_size > 0 ? out.count("group_size", kind.group_size) : out.missing("group_size", "", "not in the trace");
  out.count("calls", total.calls);
  out.time("time", total.ns);
  out.number("mean_time", "us", static_cast<double>(total.ns) / 1e3 / static_cast<double>(total.calls), 3);
  if (total.sized_calls < total.calls || total.sized_ns == 0) {
    out.missing("bytes", "B", unsized);
    out.missing("algorithm_bandwidth", "GB/s", unsized);
    out.missing("bus_bandwidth", "GB/s", unsized);
    return;
  }
  const double rate = static_cast<double>(total.bytes) / static_cast<double>(total.sized_ns);
  const double factor = kind.group_size > 0 ? bus_factor(kind.collective, kind.group_size) : 0;
  out.count("bytes", total.bytes);
  out.number("algorithm_bandwidth", "GB/s", rate, 3);
  if (factor > 0)
    out.number("bus_bandwidth", "GB/s", rate * factor, 3);
  else
    out.missing("bus_bandwidth", "GB/s",
                kind.group_size > 0 ? "no factor is defined for this collective" : "the group's size is not told");
}

inline void write_collectives(std::vector<trace_metric>& all, const rank_profile& p, const interval_union* windows) {
  std::vector<collective_total> totals(p.collectives.kinds().size());
  for (const auto& call : p.collectives.calls())
    if (!windows || !clipped(*windows, call.begin, call.begin + 1).empty()) totals[call.kind].add(call);
  for (std::size_t i = 0; i < totals.size(); ++i) {
    const auto& kind = p.collectives.kinds()[i];
    if (totals[i].calls == 0) continue;
    metric_writer out(all, "collective", {{"rank", p.label()}, {"collective", kind.collective}, {"group", kind.group}});
    write_collective(out, kind, totals[i]);
  }
}

/// The kernels and copies with the most time.
inline void write_kernels(std::vector<trace_metric>& all, const rank_profile& p, std::size_t most) {
  std::vector<std::pair<std::string_view, const call_total*>> sorted;
  for (const auto& [name, total] : p.device.names()) sorted.emplace_back(name, &total);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::pair(-a.second->total_ns, a.first) < std::pair(-b.second->total_ns, b.first);
  });
  if (sorted.size() > most) sorted.resize(most);
  for (const auto& [name, total] : sorted) {
    metric_writer out(all, "kernel", {{"rank", p.label()}, {"kernel", std::string(name)}});
    out.text("class", to_string(total->what.kind));
    out.count("calls", total->count);
    out.time("time", total->total_ns);
    out.percent("share", static_cast<double>(total->total_ns), static_cast<double>(p.device.sum_ns()), no_device);
    out.number("mean_time", "us", static_cast<double>(total->total_ns) / 1e3 / static_cast<double>(total->count), 3);
    out.time("min_time", total->min_ns);
    out.time("max_time", total->max_ns);
  }
}

inline void write_classes(metric_writer& out, const rank_profile& p) {
  std::int64_t unknown = 0, kernels = 0, largest = 0;
  for (const auto& [name, total] : p.device.names()) {
    if (total.what.kind == device_kind::memory) continue;
    kernels += total.total_ns;
    largest = std::max(largest, total.total_ns);
    if (!total.what.known) unknown += total.total_ns;
  }
  const auto whole = static_cast<double>(kernels);
  out.percent("unclassified_share", static_cast<double>(unknown), whole, no_device);
  out.percent("dominant_kernel_share", static_cast<double>(largest), whole, no_device);
  if (p.device.events() > 0) {
    out.time("sum_of_durations", p.device.sum_ns());
    out.count("computation_kernels", p.device.count(device_kind::computation));
    out.count("memory_operations", p.device.count(device_kind::memory));
  } else {
    out.missing("sum_of_durations", "us", no_device);
    out.missing("computation_kernels", "", no_device);
    out.missing("memory_operations", "", no_device);
  }
}

}  // namespace detail

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_RANK_METRICS_HPP
