// weir/trace/hta_metrics.hpp - the figures of HolisticTraceAnalysis, by its names and its classes. Needs weir/data.
#ifndef WEIR_TRACE_HTA_METRICS_HPP
#define WEIR_TRACE_HTA_METRICS_HPP

#include <cmath>
#include <string>
#include <vector>

#include "weir/trace/kinds.hpp"
#include "weir/trace/metric.hpp"
#include "weir/trace/rank_metrics.hpp"

namespace weir::inline v0 {

/// HTA's classes: NCCL's kernels communicate, all other kernels compute; multimem, custom all-reduce, RCCL's newer and
/// Ascend's kernels are computation to it.
/// \source  HolisticTraceAnalysis 0.5.0, hta/utils/utils.py, get_kernel_type.
inline constexpr std::string_view hta_kinds = "ncclKernel communication\nncclDevKernel communication\n* computation\n";

namespace detail {

inline void write_hta_queues(std::vector<trace_metric>& all, const rank_profile& p) {
  for (const auto& q : p.queues) {
    metric_writer out(all, "hta_queue", {{"rank", p.label()}, {"stream", std::to_string(q.stream)}});
    out.count("count", q.changes);
    out.number("mean", "", q.mean, 4);
    out.number("std", "", q.deviation, 4);  // there are at least two changes
    out.number("min", "", q.least, 0);
    out.number("25%", "", q.quarter, 2);
    out.number("50%", "", q.half, 2);
    out.number("75%", "", q.three_quarters, 2);
    out.number("max", "", q.most, 0);
    out.count("ties", q.ties);
  }
}

}  // namespace detail

/// Appends get_temporal_breakdown and get_comm_comp_overlap of a rank: table "hta". get_idle_time_breakdown and
/// get_queue_length_summary where profile_options::idle was on: tables "hta_stream" and "hta_queue". The kernels of
/// get_gpu_kernel_breakdown: table "kernel". Times are exact where HTA's go through doubles; percentages have its two
/// decimals.
/// \param top  how many kernels.
inline void append_hta_metrics(std::vector<trace_metric>& all, const rank_profile& p, std::size_t top) {
  metric_writer out(all, "hta", {{"rank", p.label()}});
  const auto whole = rank_time(p).whole();
  if (p.device.events() == 0) {
    for (const auto name : {"idle_time", "compute_time", "non_compute_time", "kernel_time"})
      out.missing(name, "us", detail::no_device);
    for (const auto name : {"idle_time_pctg", "compute_time_pctg", "non_compute_time_pctg", "comp_comm_overlap_pctg"})
      out.missing(name, "%", detail::no_device);
    return;
  }
  const auto& t = whole.time;
  const auto share = [&](std::string_view name, std::int64_t part, std::int64_t of, std::string_view why) {
    if (of > 0)
      out.number(name, "%", std::round(1e4 * static_cast<double>(part) / static_cast<double>(of)) / 100, 2);
    else
      out.missing(name, "%", why);
  };
  constexpr std::string_view empty = "the window has no length";
  out.time("idle_time", whole.length_ns - t.busy);
  const bool told = p.device.opaque_graphs() == 0;
  const auto class_time = [&](std::string_view name, std::int64_t ns) {
    told ? out.time(name, ns) : out.missing(name, "us", detail::whole_graphs);
  };
  class_time("compute_time", t.computation);
  class_time("non_compute_time", t.busy - t.computation);
  out.time("kernel_time", whole.length_ns);
  share("idle_time_pctg", whole.length_ns - t.busy, whole.length_ns, empty);
  const auto class_share = [&](std::string_view name, std::int64_t part, std::int64_t of, std::string_view why) {
    share(name, part, told ? of : 0, told ? why : detail::whole_graphs);
  };
  class_share("compute_time_pctg", t.computation, whole.length_ns, empty);
  class_share("non_compute_time_pctg", t.busy - t.computation, whole.length_ns, empty);
  class_share("comp_comm_overlap_pctg", t.overlap, t.communication, "there is no communication to overlap");
  for (const auto& s : p.stream_gaps) {
    metric_writer gaps(all, "hta_stream", {{"rank", p.label()}, {"stream", std::to_string(s.stream)}});
    gaps.time("host_wait", s.host_wait_ns);
    gaps.time("kernel_wait", s.kernel_wait_ns);
    gaps.time("other", s.other_ns);
  }
  detail::write_hta_queues(all, p);
  detail::write_kernels(all, p, top);
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_HTA_METRICS_HPP
