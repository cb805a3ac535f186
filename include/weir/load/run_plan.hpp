// weir/load/run_plan.hpp - what a client, or one thread of it, is to send and when. Needs Linux and simdjson.
#ifndef WEIR_LOAD_RUN_PLAN_HPP
#define WEIR_LOAD_RUN_PLAN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/prompts.hpp"
#include "weir/load/bench_options.hpp"
#include "weir/load/schedule.hpp"
#include "weir/load/turns.hpp"

namespace weir::inline v0 {

/// A load: what is sent, when, and how much of it at once.
struct run_plan {
  turn_plan turns;
  std::vector<std::int64_t> t_sched_ns;  ///< Of each prompt that begins by itself, ascending; empty: no schedule.
  std::size_t max_concurrency = 0, max_sessions = 0;  ///< 0: no limit.
  std::size_t first = 0, step = 1;  ///< Its k-th prompt that begins is the (first + k * step)-th of the whole load.
  std::size_t already_done = 0;     ///< Prompts that an earlier run has answered: left out.
  bool times_missing = false;       ///< Some prompts had a time and others had none, so that none was kept.

  [[nodiscard]] std::size_t size() const noexcept { return turns.prompts.size(); }

  /// Part `index` of `parts`: every `parts`-th prompt that begins, with its time and what follows it, and a share of
  /// the limits. All parts together are the plan.
  [[nodiscard]] run_plan share(std::size_t index, std::size_t parts) const {
    run_plan out;
    std::vector<std::size_t> which;
    for (std::size_t i = index; i < turns.begins; i += parts) {
      which.push_back(i);
      if (!t_sched_ns.empty()) out.t_sched_ns.push_back(t_sched_ns[i]);
    }
    out.turns = turns.pick(which);
    const auto part_of = [&](std::size_t limit) {
      return limit == 0 ? 0 : std::max<std::size_t>(1, (limit + parts - 1 - index) / parts);
    };
    out.max_concurrency = part_of(max_concurrency);
    out.max_sessions = part_of(max_sessions);
    out.first = first + index * step;
    out.step = step * parts;
    return out;
  }
};

namespace detail {

/// The times of the prompts themselves where each that begins has one; brings the prompts into their order.
inline void take_own_times(run_plan& plan) {
  const auto has_time = [](const prompt& p) { return p.t_sched_ns != unmeasured; };
  const auto begins = std::span(plan.turns.prompts).first(plan.turns.begins);
  const auto timed = static_cast<std::size_t>(std::ranges::count_if(begins, has_time));
  plan.times_missing = timed > 0 && timed < begins.size();
  if (timed == 0 || plan.times_missing) return;
  if (!std::ranges::is_sorted(begins, {}, &prompt::t_sched_ns)) {
    std::vector<std::size_t> order(begins.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return begins[i].t_sched_ns; });
    plan.turns = plan.turns.pick(order);
  }
  for (std::size_t i = 0; i < plan.turns.begins; ++i) plan.t_sched_ns.push_back(plan.turns.prompts[i].t_sched_ns);
}

/// Leaves out what is not due within the duration.
inline result<void> end_schedule(run_plan& plan, std::int64_t duration_ns) {
  if (duration_ns == 0 || plan.t_sched_ns.empty()) return {};
  const auto due =
      static_cast<std::size_t>(std::ranges::upper_bound(plan.t_sched_ns, duration_ns) - plan.t_sched_ns.begin());
  if (due == 0) return failure{errc::invalid_argument, "no request is due within the duration"};
  if (due == plan.t_sched_ns.size()) return {};
  std::vector<std::size_t> kept(due);
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  plan.turns = plan.turns.pick(kept);
  plan.t_sched_ns.resize(due);
  return {};
}

}  // namespace detail

/// Plans what the options ask for; their prompts are moved out of them.
/// \param known  what an earlier run has answered, which is not sent again.
/// \return       errc::invalid_argument where nothing can be sent as asked.
[[nodiscard]] inline result<run_plan> plan_run(bench_options& o, const known_answers& known) {
  const std::size_t all = o.prompts.size();
  auto turns = plan_turns(std::move(o.prompts), o.request.chat, known);
  if (!turns) return turns.error();
  run_plan plan;
  plan.already_done = all - turns->prompts.size();
  plan.turns = *std::move(turns);
  plan.max_concurrency = o.max_concurrency;
  plan.max_sessions = o.max_sessions;
  if (!o.arrivals.scheduled()) detail::take_own_times(plan);
  if (plan.t_sched_ns.empty()) {
    auto times = arrival_times(plan.turns.begins, o.arrivals);
    if (!times) return times.error();
    plan.t_sched_ns = *std::move(times);
  }
  if (auto ended = detail::end_schedule(plan, o.duration_ns); !ended) return ended.error();
  if (o.shards > 1) plan = plan.share(o.shard, o.shards);
  if (plan.size() == 0 && plan.already_done == 0)
    return failure{errc::invalid_argument, "there are fewer requests than shards: this one has none"};
  return plan;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_RUN_PLAN_HPP
