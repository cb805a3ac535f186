// weir/trace/ascend_metrics.hpp - the figures of Ascend's profilers, as they computed them. Needs weir/data.
#ifndef WEIR_TRACE_ASCEND_METRICS_HPP
#define WEIR_TRACE_ASCEND_METRICS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weir/trace/kinds.hpp"
#include "weir/trace/metric.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {
namespace detail {

/// Writes microseconds, or that the table does not have them.
inline void write_us(metric_writer& out, std::string_view name, double us) {
  if (std::isnan(us))
    out.missing(name, "us", "the table does not have it");
  else
    out.number(name, "us", us, 3);
}

/// A rank without a trace: the sums over the rows of step_trace_time.csv, under the names that a trace's figures have.
inline void write_ascend_time(metric_writer& out, const rank_profile& p) {
  ascend_step sum;
  sum.computing = sum.exposed = sum.overlapped = sum.communication = sum.free = 0;
  for (const auto& row : p.step_table->rows) {
    sum.computing += row.computing;
    sum.exposed += row.exposed;
    sum.overlapped += row.overlapped;
    sum.communication += row.communication;
    sum.free += row.free;
  }
  constexpr std::string_view empty = "the steps have no length", copies = "step_trace_time.csv counts copies as free";
  out.number("span", "us", sum.length(), 3);
  out.number("communication", "us", sum.communication, 3);
  out.number("busy", "us", sum.computing + sum.exposed, 3);
  out.number("idle", "us", sum.free, 3);
  out.percent("idle_share", sum.free, sum.length(), empty);
  out.number("computation", "us", sum.computing, 3);
  out.percent("computation_share", sum.computing, sum.length(), empty);
  out.number("exposed_communication", "us", sum.exposed, 3);
  out.number("overlap", "us", sum.overlapped, 3);
  out.percent("overlap_share", sum.overlapped, sum.communication, "there is no communication to overlap");
  out.percent("comm_overhead", sum.communication, sum.length(), empty);
  out.percent("exposed_comm_overhead", sum.exposed, sum.length(), empty);
  out.missing("memory", "us", copies);
  out.missing("exposed_memory", "us", copies);
  out.missing("exposed_memory_share", "%", copies);
  if (p.communication_table)
    out.count("coll_call_num", p.communication_table->rows.size());
  else
    out.missing("coll_call_num", "", "step_trace_time.csv does not tell, and there is no communication.json");
}

inline void write_ascend_iterations(metric_writer& out, const ascend_steps& steps) {
  out.count("iterations", steps.rows.size());
  double sum = 0, least = 0, most = 0;
  for (const auto& row : steps.rows) {
    least = &row == steps.rows.data() ? row.length() : std::min(least, row.length());
    most = std::max(most, row.length());
    sum += row.length();
  }
  if (steps.rows.empty()) {
    for (const auto name : {"iteration_wall_clock", "iteration_wall_clock_min", "iteration_wall_clock_max"})
      out.missing(name, "us", "step_trace_time.csv has no whole row");
    return;
  }
  out.number("iteration_wall_clock", "us", sum / static_cast<double>(steps.rows.size()), 3);
  out.number("iteration_wall_clock_min", "us", least, 3);
  out.number("iteration_wall_clock_max", "us", most, 3);
}

inline void write_ascend_steps(std::vector<trace_metric>& all, const rank_profile& p) {
  std::size_t index = 0;
  for (const auto& row : p.step_table->rows) {
    metric_writer out(all, "ascend_step",
                      {{"rank", p.label()}, {"index", std::to_string(index++)}, {"step", row.step}});
    write_us(out, "computing", row.computing);
    write_us(out, "communication_not_overlapped", row.exposed);
    write_us(out, "overlapped", row.overlapped);
    write_us(out, "communication", row.communication);
    write_us(out, "free", row.free);
    write_us(out, "stage", row.stage);
    write_us(out, "bubble", row.bubble);
    write_us(out, "preparing", row.preparing);
  }
}

/// Collectives of communication.json of one kind and group.
struct ascend_total {
  std::uint64_t calls = 0;
  ascend_collective sum;
  void add(const ascend_collective& c) {
    ++calls;
    sum.elapse += c.elapse, sum.transit += c.transit, sum.wait += c.wait;
    sum.synchronization += c.synchronization, sum.idle += c.idle, sum.transit_mb += c.transit_mb;
  }
};

inline void write_ascend_calls(std::vector<trace_metric>& all, const rank_profile& p, const kind_table& kinds) {
  std::map<std::pair<std::string, std::string>, ascend_total> totals;
  for (const auto& call : p.communication_table->rows) {
    const auto known = kinds.classify(call.name).collective;
    totals[{known.empty() ? call.name : std::string(known), call.group}].add(call);
  }
  for (const auto& [key, total] : totals) {
    metric_writer out(all, "ascend_collective",
                      {{"rank", p.label()}, {"collective", key.first}, {"group", key.second}});
    out.count("calls", total.calls);
    out.number("elapse", "us", total.sum.elapse, 3);
    out.number("transit", "us", total.sum.transit, 3);
    out.number("wait", "us", total.sum.wait, 3);
    out.number("synchronization", "us", total.sum.synchronization, 3);
    out.number("idle", "us", total.sum.idle, 3);
    out.number("transit_size", "MB", total.sum.transit_mb, 6);
    out.percent("wait_share", total.sum.wait, total.sum.elapse, "the collectives took no time");
  }
}

}  // namespace detail

/// Appends the tables "ascend", "ascend_step" and "ascend_collective" of a rank, those that its files have.
inline void append_ascend_metrics(std::vector<trace_metric>& all, const rank_profile& p) {
  if (p.ascend) {
    metric_writer out(all, "ascend", {{"rank", p.label()}});
    out.time("computing", p.ascend->computing.total_ns());
    out.time("communication", p.ascend->communication.total_ns());
    out.time("communication_not_overlapped", p.ascend->exposed.total_ns());
    out.time("free", p.ascend->free.total_ns());
  }
  if (p.step_table) detail::write_ascend_steps(all, p);
  if (p.communication_table) detail::write_ascend_calls(all, p, kind_table{});
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_ASCEND_METRICS_HPP
