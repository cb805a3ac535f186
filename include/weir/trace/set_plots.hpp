// weir/trace/set_plots.hpp - a set of ranks as pictures: where each one's time went, and who waited for whom. Needs
// weir/data.
#ifndef WEIR_TRACE_SET_PLOTS_HPP
#define WEIR_TRACE_SET_PLOTS_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "weir/report/plot.hpp"
#include "weir/trace/rank_metrics.hpp"
#include "weir/trace/skew.hpp"

namespace weir::inline v0 {

/// A bar a rank: computation, exposed communication, exposed memory and idle add up to its span. A rank of which these
/// are not told has none.
[[nodiscard]] inline plot rank_stack_plot(const std::vector<rank_profile>& set) {
  plot p{.title = "Where each rank's time went", .kind = plot_kind::bars, .x = {"rank"}, .y = {"time (ms)"}};
  p.series = {{"computation", {}, {}}, {"exposed communication", {}, {}}, {"exposed memory", {}, {}}, {"idle", {}, {}}};
  for (const auto& r : set) {
    if (r.device.events() == 0 || r.device.opaque_graphs() > 0) continue;
    const auto whole = rank_time(r).whole();
    const std::int64_t parts[] = {whole.time.computation, whole.time.exposed_communication(), whole.time.exposed_memory,
                                  whole.length_ns - whole.time.busy};
    p.categories.push_back(r.label());
    for (std::size_t i = 0; i < 4; ++i) p.series[i].y.push_back(static_cast<double>(parts[i]) / 1e6);
  }
  return p;
}

/// A point a matched collective, in order of time: how long the first waited for the last, and what the transfer took.
[[nodiscard]] inline plot skew_plot(const skew_report& report) {
  plot p{.title = "Collectives: waiting for the last rank, and the transfer behind it",
         .x = {"collective, in order"},
         .y = {"time (us)"}};
  p.series = {{.name = "skew", .x = {}, .y = {}, .line = false}, {.name = "transfer", .x = {}, .y = {}, .line = false}};
  for (const auto& m : report.collectives) {
    for (auto& s : p.series) s.x.push_back(static_cast<double>(s.x.size()));
    p.series[0].y.push_back(static_cast<double>(m.skew_ns()) / 1e3);
    p.series[1].y.push_back(static_cast<double>(m.transfer_ns()) / 1e3);
  }
  return p;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_SET_PLOTS_HPP
