// weir/trace/rank_metrics.hpp - the metrics of one rank; docs/traces.md defines each. Needs weir/data.
#ifndef WEIR_TRACE_RANK_METRICS_HPP
#define WEIR_TRACE_RANK_METRICS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/trace/metric.hpp"
#include "weir/trace/overlap.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {

/// What of a rank is written.
struct rank_metrics_options {
  std::string step;          ///< Only inside steps of this name ('*' stands for any bytes); empty: the whole trace.
  std::size_t kernels = 10;  ///< How many kernels are named.
  double flops_per_token = 0, peak_flops = 0;  ///< Of this rank's share of the model, and of its device; 0: not told.
  double link_gbps = 0;  ///< What the link between ranks can do at most, in 10^9 bytes a second; 0: not told.
};

/// Times by class inside some windows of time: a whole trace, or steps.
struct windowed_time {
  class_time time;
  std::int64_t length_ns = 0;  ///< Of the windows.
};

/// The unions of a rank, of the device or of gloo's calls, without a copy of the device's.
class rank_time {
 public:
  explicit rank_time(const rank_profile& p) : profile_(&p) {
    if (p.on_cpu)
      for (const auto& call : p.collectives.calls()) cpu_calls_.add(call.begin, call.end);
  }
  [[nodiscard]] windowed_time in(interval window) const {
    const auto& device = profile_->device;
    const auto& communication = profile_->on_cpu ? cpu_calls_ : device.time(device_kind::communication);
    return {time_by_class(device.time(device_kind::computation), communication, device.time(device_kind::memory),
                          window.begin, window.end),
            window.end - window.begin};
  }
  [[nodiscard]] windowed_time in(const interval_union& windows) const {
    windowed_time sum;
    for (const auto& piece : windows.pieces()) {
      const auto one = in(piece);
      sum.time += one.time;
      sum.length_ns += one.length_ns;
    }
    return sum;
  }
  /// Over the span of the device's events; of gloo's calls, whose span is no figure, with length 0.
  [[nodiscard]] windowed_time whole() const {
    if (profile_->device.events() > 0) return in(profile_->device.span());
    if (cpu_calls_.empty()) return {};
    return {in({cpu_calls_.pieces().front().begin, cpu_calls_.pieces().back().end}).time, 0};
  }

 private:
  const rank_profile* profile_;
  interval_union cpu_calls_;
};

namespace detail {

inline constexpr std::string_view no_device = "the trace has no device events";
inline constexpr std::string_view whole_graphs =
    "CUDA graphs were traced as wholes, and what ran in them is not told: nsys profile --cuda-graph-trace=node tells "
    "it";

/// What can't be told without the class of all that ran.
inline void miss_classes(metric_writer& out, std::string_view why) {
  for (const auto name : {"computation", "exposed_communication", "overlap", "memory", "exposed_memory"})
    out.missing(name, "us", why);
  for (const auto name :
       {"computation_share", "overlap_share", "comm_overhead", "exposed_comm_overhead", "exposed_memory_share"})
    out.missing(name, "%", why);
}

/// What can't be told without events of a device.
inline void miss_time(metric_writer& out, const windowed_time& t, bool on_cpu) {
  if (on_cpu)
    out.time("communication", t.time.communication);
  else
    out.missing("communication", "us", no_device);
  for (const auto name : {"busy", "idle"}) out.missing(name, "us", no_device);
  out.missing("idle_share", "%", no_device);
  miss_classes(out, no_device);
}

/// The figures that both a rank and a step have.
inline void write_time(metric_writer& out, const windowed_time& t, const rank_profile& p) {
  constexpr std::string_view empty = "the window has no length";
  if (p.device.events() == 0) return miss_time(out, t, p.on_cpu);
  const auto length = static_cast<double>(t.length_ns);
  const auto communication = static_cast<double>(t.time.communication);
  const auto exposed = t.time.exposed_communication();
  const bool told = p.device.opaque_graphs() == 0;
  told ? out.time("communication", t.time.communication) : out.missing("communication", "us", whole_graphs);
  out.time("busy", t.time.busy);
  out.time("idle", t.length_ns - t.time.busy);
  out.percent("idle_share", static_cast<double>(t.length_ns - t.time.busy), length, empty);
  if (!told) return miss_classes(out, whole_graphs);
  out.time("computation", t.time.computation);
  out.percent("computation_share", static_cast<double>(t.time.computation), length, empty);
  out.time("exposed_communication", exposed);
  out.time("overlap", t.time.overlap);
  out.percent("overlap_share", static_cast<double>(t.time.overlap), communication,
              "there is no communication to overlap");
  out.percent("comm_overhead", communication, length, empty);
  out.percent("exposed_comm_overhead", static_cast<double>(exposed), length, empty);
  out.time("memory", t.time.memory);
  out.time("exposed_memory", t.time.exposed_memory);
  out.percent("exposed_memory_share", static_cast<double>(t.time.exposed_memory), length, empty);
}

/// Calls of one kind of collective, added up.
struct collective_total {
  std::int64_t calls = 0, ns = 0, sized_calls = 0, bytes = 0;
  void add(const collective_call& call) {
    ++calls;
    ns += call.end - call.begin;
    if (call.bytes < 0) return;
    ++sized_calls;
    bytes += call.bytes;
  }
};

inline void write_collective(metric_writer& out, const collective_kind& kind, const collective_total& total,
                             double link_gbps) {
  constexpr std::string_view unsized = "the trace does not tell the sizes of these calls";
  kind.group_size > 0 ? out.count("group_size", kind.group_size) : out.missing("group_size", "", "not in the trace");
  out.count("calls", total.calls);
  out.time("time", total.ns);
  out.number("mean_time", "us", static_cast<double>(total.ns) / 1e3 / static_cast<double>(total.calls), 3);
  if (total.sized_calls < total.calls)
    out.missing("bytes", "B", unsized);
  else
    out.number("bytes", "B", static_cast<double>(total.bytes), 0);
  if (total.sized_calls < total.calls || total.ns == 0) {
    const std::string_view why = total.sized_calls < total.calls ? unsized : "these calls took no time";
    out.missing("algorithm_bandwidth", "GB/s", why);
    out.missing("bus_bandwidth", "GB/s", why);
    out.missing("link_share", "%", why);
    return;
  }
  const double rate = static_cast<double>(total.bytes) / static_cast<double>(total.ns);
  const double factor = kind.group_size > 0 ? bus_factor(kind.collective, kind.group_size) : 0;
  out.number("algorithm_bandwidth", "GB/s", rate, 3);
  if (factor > 0)
    out.number("bus_bandwidth", "GB/s", rate * factor, 3);
  else
    out.missing("bus_bandwidth", "GB/s",
                kind.group_size == 1  ? "a group of one rank has no bus"
                : kind.group_size > 0 ? "no factor is defined for this collective"
                                      : "the group's size is not told");
  if (factor > 0 && link_gbps > 0)
    out.number("link_share", "%", 100 * rate * factor / link_gbps, 4);
  else
    out.missing("link_share", "%", link_gbps > 0 ? "there is no bus bandwidth" : "--link-gbps was not given");
}

inline void write_collectives(std::vector<trace_metric>& all, const rank_profile& p, const interval_union* windows,
                              double link_gbps) {
  std::vector<collective_total> totals(p.collectives.kinds().size());
  for (const auto& call : p.collectives.calls())
    if (!windows || !clipped(*windows, call.begin, call.begin + 1).empty()) totals[call.kind].add(call);
  for (std::size_t i = 0; i < totals.size(); ++i) {
    const auto& kind = p.collectives.kinds()[i];
    if (totals[i].calls == 0) continue;
    metric_writer out(all, "collective", {{"rank", p.label()}, {"collective", kind.collective}, {"group", kind.group}});
    write_collective(out, kind, totals[i], link_gbps);
  }
}

/// The kernels and copies with the most time.
inline void write_kernels(std::vector<trace_metric>& all, const rank_profile& p, std::size_t most) {
  const auto names = p.device.names();
  std::vector<std::pair<std::string_view, const call_total*>> sorted;
  for (const auto& [name, total] : names) sorted.emplace_back(name, &total);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::pair(-a.second->total_ns, a.first) < std::pair(-b.second->total_ns, b.first);
  });
  if (sorted.size() > most) sorted.resize(most);
  for (const auto& [name, total] : sorted) {
    metric_writer out(all, "kernel", {{"rank", p.label()}, {"kernel", std::string(name)}});
    out.text("class", total->opaque ? "unknown" : to_string(total->what.kind));
    out.count("calls", total->count);
    out.time("time", total->total_ns);
    out.percent("share", static_cast<double>(total->total_ns), static_cast<double>(p.device.sum_ns()), no_device);
    out.number("mean_time", "us", static_cast<double>(total->total_ns) / 1e3 / static_cast<double>(total->count), 3);
    out.time("min_time", total->min_ns);
    out.time("max_time", total->max_ns);
  }
}

/// Kernels of one family of computation, or of a class that has no families.
inline std::string_view family_name(const device_class& what) noexcept {
  if (what.kind != device_kind::computation) return to_string(what.kind);
  return what.known ? what.family : std::string_view("unknown");
}

/// Where the time of kernels went by what they do: sums of durations, largest first.
inline void write_families(std::vector<trace_metric>& all, const rank_profile& p) {
  std::map<std::string_view, call_total> families;
  for (const auto& [name, total] : p.device.names()) {
    call_total& family = families[family_name(total.what)];
    family.count += total.count;
    family.total_ns += total.total_ns;
  }
  std::vector<std::pair<std::string_view, const call_total*>> sorted;
  for (const auto& [name, total] : families) sorted.emplace_back(name, &total);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second->total_ns > b.second->total_ns; });
  for (const auto& [name, total] : sorted) {
    metric_writer out(all, "family", {{"rank", p.label()}, {"family", std::string(name)}});
    out.count("calls", total->count);
    out.time("time", total->total_ns);
    out.percent("share", static_cast<double>(total->total_ns), static_cast<double>(p.device.sum_ns()), no_device);
  }
}

/// Sums over kernels and copies by class.
struct class_sums {
  std::int64_t unknown_ns = 0, kernels_ns = 0, largest_ns = 0;
  std::int64_t copies_ns = 0, copied_bytes = 0;
  std::uint64_t unsized_copies = 0;

  explicit class_sums(const rank_profile& p) {
    for (const auto& [name, total] : p.device.names()) {
      if (total.what.kind == device_kind::memory) {
        copies_ns += total.total_ns;
        copied_bytes += total.bytes;
        unsized_copies += total.without_bytes;
        continue;
      }
      kernels_ns += total.total_ns;
      largest_ns = std::max(largest_ns, total.total_ns);
      if (!total.what.known) unknown_ns += total.total_ns;
    }
  }
};

inline void write_copies(metric_writer& out, const class_sums& sums, bool told) {
  if (sums.copies_ns > 0 && sums.unsized_copies == 0)
    out.number("memory_bandwidth", "GB/s", static_cast<double>(sums.copied_bytes) / static_cast<double>(sums.copies_ns),
               3);
  else
    out.missing("memory_bandwidth", "GB/s",
                sums.copies_ns > 0 ? "the trace does not tell the sizes of all copies and fills"
                : told             ? "there are no copies or fills"
                                   : whole_graphs);
}

inline void write_classes(metric_writer& out, const rank_profile& p) {
  const class_sums sums(p);
  const auto whole = static_cast<double>(sums.kernels_ns);
  out.percent("unclassified_share", static_cast<double>(sums.unknown_ns), whole, no_device);
  const bool told = p.device.opaque_graphs() == 0;
  out.percent("dominant_kernel_share", static_cast<double>(sums.largest_ns), told ? whole : 0,
              told ? no_device : whole_graphs);
  if (p.device.events() > 0) {
    out.time("sum_of_durations", p.device.sum_ns());
    const auto count = [&](std::string_view name, device_kind kind) {
      told ? out.count(name, p.device.count(kind)) : out.missing(name, "", whole_graphs);
    };
    count("computation_kernels", device_kind::computation);
    count("memory_operations", device_kind::memory);
    write_copies(out, sums, told);
  } else {
    out.missing("sum_of_durations", "us", no_device);
    out.missing("computation_kernels", "", no_device);
    out.missing("memory_operations", "", no_device);
    out.missing("memory_bandwidth", "GB/s", no_device);
  }
  if (const auto covered = p.coverage ? p.coverage->mean() : std::nullopt; covered)
    out.number("sm_coverage", "%", 100 * *covered, 4);
  else
    out.missing("sm_coverage", "%",
                p.coverage ? "no kernel tells its blocks per multiprocessor" : "--sm-coverage was not given");
}

/// What the execution trace adds: which operations, and how many floating-point operations its matrix products are.
inline void write_execution(metric_writer& out, const rank_profile& p, std::int64_t span_ns) {
  const bool linked = p.execution && p.execution->reason.empty();
  const std::string why = !p.execution ? "there is no execution trace of this rank" : p.execution->reason;
  if (!linked || p.execution->matmul_flops <= 0) {
    const std::string none = linked ? "no linked operation is a matrix product that it knows" : why;
    out.missing("matmul_flops", "FLOP", none);
    out.missing("achieved_tflops", "TFLOP/s", none);
    return;
  }
  out.number("matmul_flops", "FLOP", p.execution->matmul_flops, 0);
  if (span_ns > 0)
    out.number("achieved_tflops", "TFLOP/s", p.execution->matmul_flops / static_cast<double>(span_ns) / 1e3, 4);
  else
    out.missing("achieved_tflops", "TFLOP/s", no_device);
}

/// Appends the table "execution": what was linked.
inline void write_link(std::vector<trace_metric>& all, const rank_profile& p) {
  if (!p.execution) return;
  const auto& link = *p.execution;
  metric_writer out(all, "execution", {{"rank", p.label()}});
  out.text("file", link.file);
  out.text("linked", !link.reason.empty() ? "no" : link.by_id ? "by record function id" : "by order of calls");
  out.count("nodes", link.nodes);
  out.count("operations", link.traced);
  out.count("linked_operations", link.ops);
  out.count("collectives", p.collectives.calls().size());
  out.count("linked_collectives", link.collectives);
  out.count("completed_collectives", link.filled);
  out.count("disagreements", link.disagreements);
}

}  // namespace detail

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_RANK_METRICS_HPP
