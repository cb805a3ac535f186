// weir/run/sweep_order.hpp - which run comes when, and what to try where memory ran out. Needs the standard library
// only.
#ifndef WEIR_RUN_SWEEP_ORDER_HPP
#define WEIR_RUN_SWEEP_ORDER_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/run/cell.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/log_facts.hpp"

namespace weir::inline v0 {

/// All runs of a sweep in order: every cell's first run, then every cell's second one backwards, and so on there and
/// back, so that what drifts with time (heat, other users) meets all cells alike; the profiled ones last, so that no
/// clean run waits for them.
[[nodiscard]] inline std::vector<cell_run> runs_in_order(const std::vector<sweep_cell>& cells) {
  std::vector<cell_run> out;
  std::int64_t most = 0;
  for (const auto& c : cells) most = std::max(most, c.values.count("num_runs"));
  for (std::int64_t run = 1; run <= most; ++run)
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t at = run % 2 == 1 ? i : cells.size() - 1 - i;
      if (run <= cells[at].values.count("num_runs")) out.push_back({at, run, false});
    }
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (cells[i].values.text("profile") != "none") out.push_back({i, 1, true});
  return out;
}

/// The cell that shows soonest whether anything works: the fewest devices, then bf16, then the first; of it the
/// smallest point with at most four prompts, once.
/// \pre  there is a cell.
[[nodiscard]] inline sweep_cell diagnostic_cell(const std::vector<sweep_cell>& cells) {
  const auto rank = [](const sweep_cell& c) { return std::pair(devices_needed(c.values), c.quant == "bf16" ? 0 : 1); };
  sweep_cell c =
      *std::min_element(cells.begin(), cells.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  const auto tokens = [](const cell_point& p) { return p.values.count("input_len") + p.values.count("output_len"); };
  cell_point p = *std::min_element(c.points.begin(), c.points.end(),
                                   [&](const auto& a, const auto& b) { return tokens(a) < tokens(b); });
  p.values.set("num_prompts", "4");
  if (p.values.count("batch_size") > 4) p.values.set("batch_size", "4");
  p.name = "diagnostic";  // the name that it had tells other numbers
  c.points = {p};
  c.values.set("num_runs", "1");
  c.values.set("iterations", "1");
  return c;
}

namespace detail {

/// Probes of one question at most; each is a start of the engine.
inline constexpr int most_probes = 4;

inline const point_record* find_point(const cell_record& r, const std::string& name) {
  for (const auto& p : r.points)
    if (p.point.name == name) return &p;
  return nullptr;
}

inline sweep_cell probe_of(const sweep_cell& of, std::string_view setting, const std::string& value) {
  sweep_cell probe = of;
  probe.derived_from = of.name;
  probe.name = of.name + "_" + std::string(setting) + value;
  probe.values.set("num_runs", "1");
  probe.values.set("profile", "none");
  return probe;
}

/// A share with two digits: "0.45".
inline std::string share_text(double share) {
  std::array<char, 16> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), share, std::chars_format::fixed, 2).ptr};
}

/// All points that are alike but for their batch, with what became of them there and in the probes.
struct batch_ladder {
  const cell_point* failed = nullptr;  ///< The smallest batch that ran out of memory.
  std::int64_t fits = 0, too_much = 0;
};

inline bool same_but_batch(settings a, settings b) {
  for (const auto* name : {"batch_size", "num_prompts"}) a.erase(name), b.erase(name);
  return a == b;
}

inline void add_to_ladder(batch_ladder& ladder, const cell_record& r, const settings& like) {
  for (const auto& p : r.points) {
    const auto batch = p.point.values.count("batch_size");
    if (batch == 0 || !same_but_batch(p.point.values, like)) continue;
    if (p.status == cell_status::done) ladder.fits = std::max(ladder.fits, batch);
    if (p.status != cell_status::out_of_memory) continue;
    if (ladder.too_much == 0 || batch < ladder.too_much) ladder.too_much = batch, ladder.failed = &p.point;
  }
}

inline std::optional<sweep_cell> next_batch(const cell_record& of, const std::vector<const cell_record*>& probes) {
  for (const auto& p : of.points) {
    if (p.status != cell_status::out_of_memory || p.point.values.count("batch_size") < 2) continue;
    batch_ladder ladder;
    int tried = 0;
    add_to_ladder(ladder, of, p.point.values);
    for (const auto* probe : probes) {
      tried += std::any_of(probe->points.begin(), probe->points.end(),
                           [&](const auto& q) { return same_but_batch(q.point.values, p.point.values); });
      add_to_ladder(ladder, *probe, p.point.values);
    }
    if (tried >= most_probes || ladder.too_much - ladder.fits < 2) continue;
    const auto middle = std::to_string(ladder.fits + (ladder.too_much - ladder.fits) / 2);
    cell_point point = *ladder.failed;
    point.values.set("batch_size", middle);
    if (point.values.given("num_prompts") && point.values.count("num_prompts") == ladder.too_much)
      point.values.set("num_prompts", middle);
    point.name = "b" + middle + point.name.substr(std::min(point.name.find('_'), point.name.size()));
    sweep_cell probe = probe_of(of.cell, "batch_size", middle);
    if (of.cell.points.size() > 1) probe.name += point.name.substr(std::min(point.name.find('_'), point.name.size()));
    probe.points = {point};
    return probe;
  }
  return std::nullopt;
}

inline std::optional<sweep_cell> next_share(const cell_record& of, const std::vector<const cell_record*>& probes) {
  if (of.status != cell_status::out_of_memory) return std::nullopt;
  double low = 0.05, high = 0.98;  // what is known to be too small, too large
  const auto narrow = [&](const cell_record& r) {
    const double share = r.cell.values.number("gpu_memory_utilization", 0.9);
    if (r.status == cell_status::done || r.status == cell_status::partial) return false;
    (says_share_too_small(r.reason) ? low : high) = share;
    return true;
  };
  narrow(of);
  for (const auto* probe : probes)
    if (!narrow(*probe)) return std::nullopt;  // found: one that works is enough
  if (static_cast<int>(probes.size()) >= most_probes || high - low < 0.02) return std::nullopt;
  const auto middle = share_text((low + high) / 2);
  sweep_cell probe = probe_of(of.cell, "memory", middle);
  probe.values.set("gpu_memory_utilization", middle);
  return probe;
}

}  // namespace detail

/// What to try next where a cell ran out of memory; nothing where nobody asked, or enough is known.
/// \param probes  records of the cells derived from this one so far, in the order in which they were made.
[[nodiscard]] inline std::optional<sweep_cell> next_probe(const cell_record& of,
                                                          const std::vector<const cell_record*>& probes) {
  if (!of.cell.derived_from.empty() || of.run != 1 || of.profiled) return std::nullopt;
  const auto how = of.cell.values.text("on_oom");
  if (how == "bisect-batch") return detail::next_batch(of, probes);
  if (how == "bisect-memory") return detail::next_share(of, probes);
  return std::nullopt;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_ORDER_HPP
