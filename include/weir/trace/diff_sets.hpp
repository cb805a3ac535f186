// weir/trace/diff_sets.hpp - what changed between two sets of traces, by class and by kernel. Needs weir/data.
#ifndef WEIR_TRACE_DIFF_SETS_HPP
#define WEIR_TRACE_DIFF_SETS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/table.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/rank_metrics.hpp"

namespace weir::inline v0 {
namespace detail {

/// A figure of both sets: sums over the ranks of each.
struct two_sides {
  std::uint64_t calls[2] = {0, 0};
  std::int64_t ns[2] = {0, 0};
  std::string_view missing[2];  ///< Why a rank of that set does not have the figure; empty: all have it.
};

inline std::vector<cell> diff_row(const std::string& name, const two_sides& both, const std::size_t (&ranks)[2],
                                  bool calls) {
  std::vector<cell> row{cell::text(name)};
  double mean[2], count[2];
  for (const std::size_t side : {0U, 1U}) {
    mean[side] = static_cast<double>(both.ns[side]) / 1e3 / static_cast<double>(ranks[side]);
    count[side] = static_cast<double>(both.calls[side]) / static_cast<double>(ranks[side]);
  }
  for (const std::size_t side : {0U, 1U})
    row.push_back(calls ? cell::number(count[side], count[side] == std::floor(count[side]) ? 0 : 2)
                        : cell::missing("a class is a union of time, not calls"));
  for (const std::size_t side : {0U, 1U})
    row.push_back(both.missing[side].empty() ? cell::number(mean[side], 3)
                                             : cell::missing(std::string(both.missing[side])));
  if (!both.missing[0].empty() || !both.missing[1].empty()) {
    row.insert(row.end(), 2, cell::missing(std::string(both.missing[both.missing[0].empty() ? 1 : 0])));
    return row;
  }
  row.push_back(cell::number(mean[1] - mean[0], 3));
  row.push_back(mean[0] > 0 ? cell::number(100 * (mean[1] - mean[0]) / mean[0], 2)
                            : cell::missing("not in the first set"));
  return row;
}

inline table diff_table(std::string title, std::string_view subject) {
  return {std::move(title),
          {{std::string(subject), "", side::left},
           {"calls A"},
           {"calls B"},
           {"A", "us"},
           {"B", "us"},
           {"B - A", "us"},
           {"change", "%"}},
          {},
          1};
}

}  // namespace detail

/// Time per rank (mean over the ranks of each set) in A and B: first the classes, then kernels by size of the change.
/// \param most  how many kernels; 0: all.
[[nodiscard]] inline std::vector<table> diff_sets(const std::vector<rank_profile>& a,
                                                  const std::vector<rank_profile>& b, std::size_t most) {
  const std::size_t ranks[2] = {a.size(), b.size()};
  detail::two_sides span, busy, classes[3], exposed;
  std::map<std::string, detail::two_sides, std::less<>> kernels;
  for (const std::size_t side : {0U, 1U})
    for (const auto& p : side == 0 ? a : b) {
      const auto whole = rank_time(p).whole();
      span.ns[side] += whole.length_ns;
      busy.ns[side] += whole.time.busy;
      classes[0].ns[side] += whole.time.computation;
      classes[1].ns[side] += whole.time.communication;
      classes[2].ns[side] += whole.time.memory;
      exposed.ns[side] += whole.time.exposed_communication();
      if (p.device.events() == 0) {
        for (auto* figure : {&span, &busy, &classes[0], &classes[2], &exposed})
          figure->missing[side] = detail::no_device;
        if (!p.on_cpu) classes[1].missing[side] = detail::no_device;
      }
      if (p.device.opaque_graphs() > 0)
        for (auto* figure : {&classes[0], &classes[1], &classes[2], &exposed})
          figure->missing[side] = detail::whole_graphs;
      for (const auto& [name, total] : p.device.names()) {
        kernels[name].calls[side] += total.count;
        kernels[name].ns[side] += total.total_ns;
      }
    }
  table by_class = detail::diff_table("By class, per rank", "class");
  by_class.rows = {detail::diff_row("span", span, ranks, false),
                   detail::diff_row("busy", busy, ranks, false),
                   detail::diff_row("computation", classes[0], ranks, false),
                   detail::diff_row("communication", classes[1], ranks, false),
                   detail::diff_row("exposed communication", exposed, ranks, false),
                   detail::diff_row("memory", classes[2], ranks, false)};
  std::vector<std::pair<std::string, detail::two_sides>> sorted(kernels.begin(), kernels.end());
  const auto change = [&](const detail::two_sides& k) {
    return std::abs(static_cast<double>(k.ns[1]) / static_cast<double>(ranks[1]) -
                    static_cast<double>(k.ns[0]) / static_cast<double>(ranks[0]));
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& x, const auto& y) { return change(x.second) > change(y.second); });
  if (most > 0 && sorted.size() > most) sorted.resize(most);
  table by_kernel = detail::diff_table("By kernel, per rank, largest change first", "kernel");
  for (const auto& [name, both] : sorted) by_kernel.rows.push_back(detail::diff_row(name, both, ranks, true));
  return {std::move(by_class), std::move(by_kernel)};
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_DIFF_SETS_HPP
