// weir/trace/set_metrics.hpp - the metrics of a set of ranks: imbalance, stragglers, skew. Needs weir/data.
#ifndef WEIR_TRACE_SET_METRICS_HPP
#define WEIR_TRACE_SET_METRICS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/trace/link_cost.hpp"
#include "weir/trace/metric.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/rank_metrics.hpp"
#include "weir/trace/skew.hpp"
#include "weir/trace/wait_cost.hpp"

namespace weir::inline v0 {
namespace detail {

inline void write_skews(std::vector<trace_metric>& all, const std::vector<rank_profile>& set,
                        const skew_report& report) {
  std::size_t index = 0;
  for (const auto& m : report.collectives) {
    metric_writer out(all, "skew",
                      {{"index", std::to_string(index++)}, {"collective", m.collective}, {"group", m.group}});
    out.count("ranks", m.ranks.size());
    out.text("arrived_last", set[m.ranks[m.arrived_last()]].label());
    out.time("skew", m.skew_ns());
    out.time("transfer", m.transfer_ns());
    out.time("end_spread", m.end_spread_ns());
  }
}

/// The span of the device; of gloo's calls from the first to the last.
inline interval seen_in_collectives(const rank_profile& p) {
  if (p.device.events() > 0) return p.device.span();
  interval whole{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  for (const auto& call : p.collectives.calls())
    whole = {std::min(whole.begin, call.begin), std::max(whole.end, call.end)};
  return whole;
}

inline void write_waits(std::vector<trace_metric>& all, const std::vector<rank_profile>& set, const skew_report& report,
                        const std::vector<interval_union>& waits) {
  for (std::size_t r = 0; r < set.size(); ++r) {
    metric_writer out(all, "straggler", {{"rank", set[r].label()}});
    const auto& rank = report.ranks[r];
    const auto& offset = report.offsets[r];
    if (rank.matched == 0) {
      constexpr std::string_view why = "none of its collectives could be matched across ranks";
      out.missing("arrived_last", "", why);
      for (const auto name : {"wait_for_last", "exposed_wait", "lateness", "matched_communication"})
        out.missing(name, "us", why);
      out.missing("exposed_wait_share", "%", why);
    } else {
      const interval whole = seen_in_collectives(set[r]);
      const auto cost = cost_of(waits[r], set[r], whole);
      out.count("arrived_last", rank.arrived_last);
      out.time("wait_for_last", rank.wait_ns);
      out.time("exposed_wait", cost.exposed_ns);
      out.percent("exposed_wait_share", static_cast<double>(cost.exposed_ns),
                  static_cast<double>(whole.end - whole.begin), "the trace has no length");
      out.time("lateness", rank.lateness_ns);
      out.time("matched_communication", rank.own_ns);
    }
    if (offset.samples > 0)
      out.time("clock_offset", offset.ns);
    else
      out.missing("clock_offset", "us", "no matched collective that ends together");
  }
}

inline void write_imbalance(metric_writer& out, const std::vector<rank_profile>& set) {
  const auto write = [&](std::string_view name, std::string_view unit, std::int64_t class_time::* time) {
    double least = 0, most = 0;
    bool all = true, told = true;
    for (const auto& p : set) {
      const auto own = static_cast<double>(rank_time(p).whole().time.*time);
      least = &p == set.data() ? own : std::min(least, own);
      most = std::max(most, own);
      all = all && p.device.events() > 0;
      told = told && (time == &class_time::busy || p.device.opaque_graphs() == 0);
    }
    if (!told)
      out.missing(name, unit, whole_graphs);
    else if (all && least > 0)
      out.number(name, unit, most / least, 4);
    else
      out.missing(name, unit, all ? "a rank has none" : "not every rank has device events");
  };
  write("load_imbalance", "max/min busy", &class_time::busy);  // with the waits inside collectives
  write("computation_imbalance", "max/min computation", &class_time::computation);
}

inline void write_stragglers(metric_writer& out, const std::vector<rank_profile>& set, const skew_report& report) {
  constexpr std::string_view why = "no collective could be matched across ranks";
  out.count("matched_collectives", report.collectives.size());
  out.text("clocks", report.aligned ? "aligned by the ends of collectives" : "taken as they are");
  if (report.collectives.empty()) {
    for (const auto name : {"slow_rank", "arrived_last_most_often"}) out.missing(name, "", why);
    for (const auto name : {"total_skew", "total_transfer", "mean_wait_for_last"}) out.missing(name, "us", why);
    return;
  }
  const auto rank_of = [&](auto better) {
    std::size_t best = set.size();
    for (std::size_t r = 0; r < set.size(); ++r)
      if (report.ranks[r].matched > 0 && (best == set.size() || better(report.ranks[r], report.ranks[best]))) best = r;
    return best == set.size() ? std::string("none") : set[best].label();
  };
  out.text("slow_rank", rank_of([](const auto& a, const auto& b) { return a.wait_ns < b.wait_ns; }));
  out.text("arrived_last_most_often",
           rank_of([](const auto& a, const auto& b) { return a.arrived_last > b.arrived_last; }));
  std::int64_t skew = 0, transfer = 0, waits = 0;
  for (const auto& m : report.collectives) {
    skew += m.skew_ns();
    transfer += m.transfer_ns();
  }
  for (const auto& rank : report.ranks) waits += rank.wait_ns;
  out.time("total_skew", skew);
  out.time("total_transfer", transfer);
  out.number("mean_wait_for_last", "us", static_cast<double>(waits) / 1e3 / static_cast<double>(set.size()), 3);
}

inline void write_link_cost(metric_writer& out, const skew_report& report) {
  const auto cost = fit_link_cost(report.collectives);
  if (cost.reason.empty()) {
    out.number("hockney_alpha", "us", cost.alpha_us, 4);
    out.number("hockney_inverse_beta", "GB/s", cost.bytes_per_us / 1e3, 4);
  } else {
    out.missing("hockney_alpha", "us", cost.reason);
    out.missing("hockney_inverse_beta", "GB/s", cost.reason);
  }
}

/// Means over the ranks of what each rank has; missing where one lacks it.
inline void write_means(metric_writer& out, const std::vector<trace_metric>& ranks) {
  constexpr std::string_view names[] = {"span",
                                        "busy",
                                        "idle_share",
                                        "computation",
                                        "communication",
                                        "overlap",
                                        "overlap_share",
                                        "exposed_communication",
                                        "comm_overhead",
                                        "exposed_comm_overhead",
                                        "coll_call_num",
                                        "iteration_wall_clock",
                                        "throughput_tokens_sec",
                                        "ttft",
                                        "tpot",
                                        "mfu"};
  for (const auto name : names) {
    double sum = 0;
    std::size_t count = 0;
    const trace_metric* lacking = nullptr;
    std::string unit;
    int digits = 0;
    for (const auto& m : ranks) {
      if (m.table != "rank" || m.name != name) continue;
      if (std::isnan(m.value)) lacking = &m;
      sum += m.value;
      ++count;
      unit = m.unit;
      digits = std::max(digits, m.digits);
    }
    if (lacking != nullptr)
      out.missing(name, unit, "rank " + lacking->labels.front().second + ": " + lacking->reason);
    else if (count > 0)
      out.number(name, unit, sum / static_cast<double>(count), name == "coll_call_num" ? 2 : digits);
  }
}

}  // namespace detail

/// Appends the metrics of the set: tables "set", "straggler", "step_wait" and "skew".
/// \param all  holds those of all ranks.
inline void append_set_metrics(std::vector<trace_metric>& all, const std::vector<rank_profile>& set,
                               const skew_report& report) {
  const std::vector<trace_metric> ranks = of_table(all, "rank");
  metric_writer out(all, "set", {});
  out.count("ranks", set.size());
  const auto world = std::max_element(set.begin(), set.end(),
                                      [](const auto& a, const auto& b) { return a.world_size < b.world_size; });
  if (world->world_size > 0)
    out.count("world_size", world->world_size);
  else
    out.missing("world_size", "", "no trace tells it");
  detail::write_imbalance(out, set);
  detail::write_stragglers(out, set, report);
  detail::write_link_cost(out, report);
  detail::write_means(out, ranks);
  const auto waits = waits_of(set, report);
  detail::write_waits(all, set, report, waits);
  if (!report.collectives.empty())
    for (std::size_t r = 0; r < set.size(); ++r) append_step_waits(all, set[r], waits[r]);
  detail::write_skews(all, set, report);
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_SET_METRICS_HPP
