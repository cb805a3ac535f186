// weir/trace/set_metrics.hpp - the metrics of a set of ranks: imbalance, stragglers, skew. Needs weir/data.
#ifndef WEIR_TRACE_SET_METRICS_HPP
#define WEIR_TRACE_SET_METRICS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/trace/metric.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/rank_metrics.hpp"
#include "weir/trace/skew.hpp"

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

inline void write_waits(std::vector<trace_metric>& all, const std::vector<rank_profile>& set,
                        const skew_report& report) {
  for (std::size_t r = 0; r < set.size(); ++r) {
    metric_writer out(all, "straggler", {{"rank", set[r].label()}});
    const auto& rank = report.ranks[r];
    const auto& offset = report.offsets[r];
    out.count("arrived_last", rank.arrived_last);
    out.time("wait_for_last", rank.wait_ns);
    out.time("lateness", rank.lateness_ns);
    out.time("matched_communication", rank.own_ns);
    if (offset.samples > 0)
      out.time("clock_offset", offset.ns);
    else
      out.missing("clock_offset", "us", "no matched collective that ends together");
  }
}

inline void write_imbalance(metric_writer& out, const std::vector<rank_profile>& set) {
  double least = 0, most = 0;
  bool all = true;
  for (const auto& p : set) {
    const auto busy = static_cast<double>(rank_time(p).whole().time.busy);
    least = &p == set.data() ? busy : std::min(least, busy);
    most = std::max(most, busy);
    all = all && p.device.events() > 0;
  }
  if (all && least > 0)
    out.number("load_imbalance", "max/min busy", most / least, 4);
  else
    out.missing("load_imbalance", "max/min busy", "not every rank has device events");
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
      if (report.ranks[r].own_ns > 0 && (best == set.size() || better(report.ranks[r], report.ranks[best]))) best = r;
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

}  // namespace detail

/// Appends the metrics of the set: tables "set", "straggler" and "skew".
inline void append_set_metrics(std::vector<trace_metric>& all, const std::vector<rank_profile>& set,
                               const skew_report& report) {
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
  detail::write_waits(all, set, report);
  detail::write_skews(all, set, report);
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_SET_METRICS_HPP
