// weir/kernels/lab/bench.hpp - times of products side by side: cold weights, rounds in changing order. Needs the
// standard library only.
#ifndef WEIR_KERNELS_LAB_BENCH_HPP
#define WEIR_KERNELS_LAB_BENCH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "weir/kernels/lab/backend.hpp"
#include "weir/kernels/lab/operands.hpp"

namespace weir::kernels::inline v0::lab {

/// One of the things that are compared.
struct candidate {
  std::string label;
  problem what;
  tuning choice;
};

/// What was measured of a candidate.
struct timing {
  status answer = status::ok;
  plan how;
  double median_us = 0, p10_us = 0, p90_us = 0;
  std::size_t weight_bytes = 0;  ///< Weights and their scales, once.
  int rounds = 0;

  [[nodiscard]] double weight_gb_s() const noexcept { return static_cast<double>(weight_bytes) / median_us * 1e-3; }
  [[nodiscard]] double tera_ops() const noexcept {
    return 2e-6 * static_cast<double>(how.m) * static_cast<double>(how.n) * static_cast<double>(how.k) / median_us;
  }
};

struct bench_options {
  int rounds = 11;
  bool cold = true;                                 ///< Each run reads weights that no run of the last cold_bytes read.
  std::size_t cold_bytes = std::size_t{384} << 20;  ///< Several times the largest cache.
  int least_runs = 24;                              ///< Runs that are timed together.
};

namespace detail {

/// A candidate with its tensors in place.
struct entrant {
  std::unique_ptr<placed_operands> placed;
  memory workspace;
  std::unique_ptr<stopwatch> watch;
  std::vector<double> us;
};

[[nodiscard]] inline status enter(backend& at, const candidate& c, const bench_options& options, entrant& e,
                                  timing& t) {
  const operands from(c.what, 1);
  t.weight_bytes = from.weight_bytes();
  const std::size_t copies =
      options.cold ? std::clamp<std::size_t>(options.cold_bytes / std::max<std::size_t>(t.weight_bytes, 1) + 1, 2, 200)
                   : 1;
  e.placed = std::make_unique<placed_operands>(at, from, static_cast<int>(copies));
  if (!*e.placed) return status::no_device;
  if (const status s = at.make_plan(e.placed->descriptions()[0], t.how, c.choice); s != status::ok) return s;
  e.workspace = memory(at, workspace_bytes(t.how));
  work w{t.how, {}, e.workspace.get()};
  const std::size_t runs = std::max<std::size_t>(copies, static_cast<std::size_t>(options.least_runs));
  for (std::size_t i = 0; i < runs; ++i) w.what.push_back(e.placed->descriptions()[i % copies]);
  e.watch = at.prepare(w);
  for (int warm = 0; warm < 2; ++warm)
    if (e.watch->run_us() < 0) return status::launch_failed;
  return status::ok;
}

[[nodiscard]] inline double quantile(const std::vector<double>& sorted, double p) noexcept {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at), high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - std::floor(at));
}

}  // namespace detail

/// Times candidates in rounds; each round runs each of them once, in an order of its own. Give one candidate twice: how
/// far its two results lie apart says what a difference must exceed.
/// \return  one timing a candidate; `answer` says why where there is none.
[[nodiscard]] inline std::vector<timing> bench(backend& at, const std::vector<candidate>& candidates,
                                               const bench_options& options = {}) {
  std::vector<timing> timings(candidates.size());
  std::deque<detail::entrant> entrants(candidates.size());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    timings[i].answer = detail::enter(at, candidates[i], options, entrants[i], timings[i]);
    if (timings[i].answer == status::ok) order.push_back(i);
  }
  detail::random_bits random(7);
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);
    for (const std::size_t i : order) entrants[i].us.push_back(entrants[i].watch->run_us());
  }
  for (const std::size_t i : order) {
    std::vector<double>& us = entrants[i].us;
    std::sort(us.begin(), us.end());
    if (us.empty() || us.front() < 0) {
      timings[i].answer = status::launch_failed;
      continue;
    }
    timings[i].median_us = detail::quantile(us, 0.5);
    timings[i].p10_us = detail::quantile(us, 0.1), timings[i].p90_us = detail::quantile(us, 0.9);
    timings[i].rounds = static_cast<int>(us.size());
  }
  return timings;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_BENCH_HPP
