// weir/kernels/lab/tune.hpp - which of a backend's ways runs a product fastest. Needs the standard library only.
#ifndef WEIR_KERNELS_LAB_TUNE_HPP
#define WEIR_KERNELS_LAB_TUNE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/kernels/lab/backend.hpp"
#include "weir/kernels/lab/bench.hpp"
#include "weir/kernels/lab/operands.hpp"

namespace weir::kernels::inline v0::lab {

/// The ways worth trying for so many tokens; a backend refuses what does not suit it.
[[nodiscard]] inline std::vector<tuning> ways_to_try(std::int64_t tokens) {
  std::vector<tuning> ways;
  if (tokens <= 128)
    for (const std::int32_t variant : {5, 6, 7, 8})  // clusters of split_k blocks
      for (const std::int32_t split : {1, 2, 4, 8})
        for (const std::int32_t per : {1, 2, 3, 4}) ways.push_back({variant, split, 2, per});
  if (tokens <= 16)
    for (const std::int32_t variant : {1, 2, 3, 4})  // streaming
      for (const std::int32_t split : {1, 4})
        if (split == 1 || tokens > 4) ways.push_back({variant, split, 2});
  for (const std::int32_t proposal : {1, 2, 3, 4, 5, 6, 7, 8}) ways.push_back({proposal, 0, 1});
  if (tokens >= 64)
    for (const std::int32_t instance : {1, 2, 3, 4, 5, 6, 7, 8}) ways.push_back({instance, 0, 3});
  return ways;
}

/// How one way did.
struct way {
  tuning choice;
  plan how;
  double us = 0;
};

/// Times all ways of one product on the same tensors: each a few times, then the best few in turn, often.
/// \return  the best few, the fastest first; empty where none runs.
[[nodiscard]] inline std::vector<way> tune(backend& at, const problem& what, const std::vector<tuning>& ways,
                                           bench_options options = {}) {
  const operands from(what, 1);
  if (what.m >= 1024) options.least_runs = 4, options.cold_bytes = 0;
  const std::size_t copies =
      std::clamp<std::size_t>(options.cold_bytes / std::max<std::size_t>(from.weight_bytes(), 1) + 1, 2, 200);
  const placed_operands placed(at, from, static_cast<int>(copies));
  if (!placed) return {};
  struct entrant {
    way w;
    memory workspace;
    std::unique_ptr<stopwatch> watch;
    std::vector<double> us;
  };
  std::vector<entrant> entrants;
  for (const tuning& choice : ways) {
    entrant e;
    e.w.choice = choice;
    if (at.make_plan(placed.descriptions()[0], e.w.how, choice) != status::ok) continue;
    e.workspace = memory(at, workspace_bytes(e.w.how));
    work all{e.w.how, {}, e.workspace.get()};
    const std::size_t runs = std::max<std::size_t>(copies, static_cast<std::size_t>(options.least_runs));
    for (std::size_t i = 0; i < runs; ++i) all.what.push_back(placed.descriptions()[i % copies]);
    e.watch = at.prepare(all);
    if (e.watch->run_us() < 0) continue;
    for (int i = 0; i < 3; ++i) e.us.push_back(e.watch->run_us());
    std::sort(e.us.begin(), e.us.end());
    e.w.us = e.us[1];
    if (e.us.front() > 0) entrants.push_back(std::move(e));
  }
  const auto by_time = [](const entrant& a, const entrant& b) { return a.w.us < b.w.us; };
  std::sort(entrants.begin(), entrants.end(), by_time);
  if (entrants.size() > 4) entrants.resize(4);
  for (entrant& e : entrants) e.us.clear();
  for (int round = 0; round < options.rounds; ++round)
    for (entrant& e : entrants) e.us.push_back(e.watch->run_us());
  std::vector<way> best;
  for (entrant& e : entrants) {
    std::sort(e.us.begin(), e.us.end());
    e.w.us = e.us[e.us.size() / 2];
    best.push_back(e.w);
  }
  std::sort(best.begin(), best.end(), [](const way& a, const way& b) { return a.us < b.us; });
  return best;
}

/// A row of cuda/tuned_h100.cuh.
[[nodiscard]] inline std::string tuned_line(const problem& p, const way& w) {
  constexpr const char* names[] = {"bf16", "w8a16", "w8a8", "w8a8_fp8", "w4a16", "w4a8", "w4a4"};
  const tuning& c = w.how.choice;
  const auto number = [](std::int64_t v) { return std::to_string(v); };
  const auto hundredths = static_cast<std::int64_t>(w.us * 100 + 0.5);
  return "{format::" + std::string(names[static_cast<int>(p.kind)]) + ", " + number(p.group) + ", " +
         (p.dynamic ? "true" : "false") + ", " + number(p.n) + ", " + number(p.k) + ", " + number(p.m) + ", {" +
         number(c.variant) + ", " + number(c.library == 2 ? c.split_k : 0) + ", " + number(c.library) + ", " +
         number(c.per_multiprocessor) + ", 0}},  // " + number(hundredths / 100) + "." +
         number(hundredths % 100 + 100).substr(1) + " us\n";
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_TUNE_HPP
