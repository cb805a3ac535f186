// weir/trace/link_cost.hpp - what a collective costs once all ranks are there, as a line over its bytes. Needs
// weir/data.
#ifndef WEIR_TRACE_LINK_COST_HPP
#define WEIR_TRACE_LINK_COST_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "weir/trace/skew.hpp"

namespace weir::inline v0 {

/// Hockney's model of a ring's all-reduce, T = 2 (n - 1) (alpha + beta S / n) for S bytes on n ranks.
struct link_cost {
  double alpha_us = 0;      ///< Of one step of the ring.
  double bytes_per_us = 0;  ///< 1 / beta.
  std::size_t samples = 0;
  std::string reason;  ///< Why there is none; empty: there is one.
};

/// Fits the transfers (the shortest duration over ranks, so without the waits that a rank's own durations hold) of the
/// matched all-reduces of the group that has the most, by least squares.
/// \source  Hockney, "The communication challenge for MPP", 1994; ring: Patarasuk and Yuan, 2009.
[[nodiscard]] inline link_cost fit_link_cost(const std::vector<matched_collective>& collectives) {
  constexpr std::size_t least = 5;
  std::map<std::pair<std::string, std::int64_t>, std::vector<const matched_collective*>> groups;
  for (const auto& m : collectives)
    if (m.collective == "all_reduce" && m.bytes > 0 && m.group_size > 1) groups[{m.group, m.group_size}].push_back(&m);
  const std::vector<const matched_collective*>* most = nullptr;
  for (const auto& [group, calls] : groups)
    if (most == nullptr || calls.size() > most->size()) most = &calls;
  link_cost out;
  if (most == nullptr || most->size() < least) {
    out.reason = "fewer than 5 matched all-reduces of a group whose sizes are told";
    return out;
  }
  const auto n = static_cast<double>((*most)[0]->group_size), count = static_cast<double>(most->size());
  double x_mean = 0, y_mean = 0, xx = 0, xy = 0;
  std::set<std::int64_t> sizes;
  const auto x_of = [n](const auto* m) { return static_cast<double>(m->bytes) / n; };
  const auto y_of = [n](const auto* m) { return static_cast<double>(m->transfer_ns()) / 1e3 / (2 * (n - 1)); };
  for (const auto* m : *most) {
    x_mean += x_of(m) / count;
    y_mean += y_of(m) / count;
    sizes.insert(m->bytes);
  }
  for (const auto* m : *most) {
    xx += (x_of(m) - x_mean) * (x_of(m) - x_mean);
    xy += (x_of(m) - x_mean) * (y_of(m) - y_mean);
  }
  out.samples = most->size();
  if (sizes.size() < 2) {
    out.reason = "all matched all-reduces have one size";
  } else if (xy <= 0) {
    out.reason = "larger all-reduces were not slower";
  } else {
    out.bytes_per_us = xx / xy;
    out.alpha_us = y_mean - xy / xx * x_mean;
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_LINK_COST_HPP
