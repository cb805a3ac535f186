// weir/trace/step_metrics.hpp - the metrics of steps, and of one rank as a whole. Needs weir/data.
#ifndef WEIR_TRACE_STEP_METRICS_HPP
#define WEIR_TRACE_STEP_METRICS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/trace/ascend_metrics.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/metric.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/rank_metrics.hpp"

namespace weir::inline v0 {

namespace detail {

inline bool names_step(std::string_view wanted, std::string_view name) noexcept {
  return wanted.find('*') == wanted.npos ? wanted == name : name_matches(wanted, name);
}

/// Steps of the kind that iterations are counted by: the profiler's, else vLLM's, else SGLang's.
inline std::vector<const trace_step*> iterations(const rank_profile& p, std::string_view wanted) {
  for (const step_kind kind : {step_kind::profiler, step_kind::execute, step_kind::engine}) {
    std::vector<const trace_step*> found;
    for (const auto& step : p.steps)
      if (step.kind == kind && step.cpu && (wanted.empty() || names_step(wanted, step.name))) found.push_back(&step);
    if (!found.empty()) return found;
  }
  return {};
}

inline void write_iterations(metric_writer& out, const rank_profile& p, std::string_view wanted) {
  if (p.steps.empty() && p.step_table) return write_ascend_iterations(out, *p.step_table);
  const auto steps = iterations(p, wanted);
  out.count("iterations", steps.size());
  constexpr std::string_view why = "there is no ProfilerStep#, execute_* or step[ annotation";
  if (steps.empty()) {
    for (const auto name : {"iteration_wall_clock", "iteration_wall_clock_min", "iteration_wall_clock_max"})
      out.missing(name, "us", why);
    return;
  }
  std::int64_t sum = 0, least = steps[0]->cpu->end - steps[0]->cpu->begin, most = least;
  for (const auto* step : steps) {
    const std::int64_t wall = step->cpu->end - step->cpu->begin;
    sum += wall;
    least = std::min(least, wall);
    most = std::max(most, wall);
  }
  out.number("iteration_wall_clock", "us", static_cast<double>(sum) / 1e3 / static_cast<double>(steps.size()), 3);
  out.time("iteration_wall_clock_min", least);
  out.time("iteration_wall_clock_max", most);
}

/// What the tokens of vLLM's step names say. A step lasts as long as its annotation; time between steps is not in it.
inline void write_tokens(metric_writer& out, const rank_profile& p, const rank_metrics_options& options) {
  const std::string_view wanted = options.step;
  step_work sum;
  double wall_ns = 0, token_ns = 0;  // token_ns: each decode request waits for its step
  bool any = false;
  for (const auto& step : p.steps) {
    if (!step.work || !(wanted.empty() || names_step(wanted, step.name))) continue;
    any = true;
    const auto whole = step.cpu ? *step.cpu : *step.device;
    const auto wall = static_cast<double>(whole.end - whole.begin);
    wall_ns += wall;
    token_ns += wall * static_cast<double>(step.work->decode_requests);
    sum.prefill_tokens += step.work->prefill_tokens;
    sum.decode_tokens += step.work->decode_tokens;
  }
  constexpr std::string_view why = "no step's name tells its tokens";
  const auto rate = [&](std::string_view name, std::int64_t tokens) {
    if (any && wall_ns > 0)
      out.number(name, "tok/s", static_cast<double>(tokens) * 1e9 / wall_ns, 3);
    else
      out.missing(name, "tok/s", any ? "the steps have no length" : why);
  };
  any ? out.count("prefill_tokens", sum.prefill_tokens) : out.missing("prefill_tokens", "", why);
  any ? out.count("decode_tokens", sum.decode_tokens) : out.missing("decode_tokens", "", why);
  rate("throughput_tokens_sec", sum.prefill_tokens + sum.decode_tokens);
  const auto& timing = p.timing;
  if (sum.decode_tokens > 0)
    out.number("tpot", "us", token_ns / 1e3 / static_cast<double>(sum.decode_tokens), 3);
  else if (timing && !std::isnan(timing->tpot_mean))
    out.number("tpot", "us", timing->tpot_mean * 1e6, 3);
  else
    out.missing("tpot", "us", any ? "no step decodes" : why);
  if (timing && !std::isnan(timing->ttft_mean))
    out.number("ttft", "us", timing->ttft_mean * 1e6, 3);
  else
    out.missing("ttft", "us", "a trace does not tell when requests arrived, and no timing_stats file tells it");
  options.peak_flops > 0 ? out.number("peak_tflops", "TFLOP/s", options.peak_flops / 1e12, 1)
                         : out.missing("peak_tflops", "TFLOP/s", "--peak-tflops was not given");
  const double flops = static_cast<double>(sum.prefill_tokens + sum.decode_tokens) * options.flops_per_token;
  if (options.flops_per_token <= 0 || options.peak_flops <= 0)
    out.missing("mfu", "%", "--flops-per-token and --peak-tflops were not given");
  else if (any && wall_ns > 0)
    out.number("mfu", "%", 100 * flops * 1e9 / wall_ns / options.peak_flops, 4);
  else
    out.missing("mfu", "%", any ? "the steps have no length" : why);
}

/// Time and tokens of steps that only prefill, only decode, or do both.
inline void write_phases(metric_writer& out, const rank_profile& p, std::string_view wanted) {
  struct phase_total {
    std::string_view name;
    std::int64_t steps = 0, ns = 0;
  };
  phase_total totals[] = {{"prefill"}, {"decode"}, {"mixed"}};
  bool any = false;
  for (const auto& step : p.steps) {
    if (!step.work || !(wanted.empty() || names_step(wanted, step.name))) continue;
    any = true;
    const auto whole = step.cpu ? *step.cpu : *step.device;
    for (auto& t : totals)
      if (t.name == phase_of(*step.work)) ++t.steps, t.ns += whole.end - whole.begin;
  }
  constexpr std::string_view why = "no step's name tells its tokens";
  for (const auto& t : totals) {
    const std::string name(t.name);
    any ? out.count(name + "_steps", t.steps) : out.missing(name + "_steps", "", why);
    any ? out.time(name + "_time", t.ns) : out.missing(name + "_time", "us", why);
  }
}

/// Why the device was idle; the three add up to `idle` of the whole trace.
inline void write_idle(metric_writer& out, const rank_profile& p, bool cut) {
  if (p.idle && p.device.events() > 0 && !cut) {
    out.time("idle_host", p.idle->host_ns);
    out.time("idle_queued", p.idle->queued_ns);
    out.time("idle_unknown", p.idle->unknown_ns);
    return;
  }
  const std::string_view why = p.device.events() == 0 ? no_device
                               : cut                  ? "of whole traces only"
                                                      : "--idle was not given";
  for (const auto name : {"idle_host", "idle_queued", "idle_unknown"}) out.missing(name, "us", why);
}

inline void write_steps(std::vector<trace_metric>& all, const rank_profile& p, const rank_time& time,
                        std::string_view wanted) {
  std::size_t number = 0;
  for (const auto& step : p.steps) {
    const std::string index = std::to_string(number++);
    if (!wanted.empty() && !names_step(wanted, step.name)) continue;
    metric_writer out(all, "step", {{"rank", p.label()}, {"index", index}, {"step", step.name}});
    if (step.cpu)
      out.time("wall", step.cpu->end - step.cpu->begin);
    else
      out.missing("wall", "us", "the trace has no annotation of it on the CPU");
    out.text("window", step.device ? "device" : "cpu");
    write_time(out, time.in(step.window()), p);
    constexpr std::string_view why = "its name does not tell";
    if (step.work) {
      out.text("phase", phase_of(*step.work));
      out.count("prefill_requests", step.work->prefill_requests);
      out.count("prefill_tokens", step.work->prefill_tokens);
      out.count("decode_requests", step.work->decode_requests);
      out.count("decode_tokens", step.work->decode_tokens);
    } else {
      for (const auto name : {"phase", "prefill_requests", "prefill_tokens", "decode_requests", "decode_tokens"})
        out.missing(name, "", why);
    }
  }
}

inline void write_file(metric_writer& out, const rank_profile& p) {
  if (!p.summary.has_events) {
    for (const auto name : {"events", "device_events", "damaged_events", "truncated", "clock_backwards"})
      out.missing(name, "", "there is no trace of this rank, only what its profiler computed");
    return;
  }
  out.count("events", p.summary.events);
  out.count("device_events", p.device.events());
  out.count("damaged_events", p.damaged());
  out.count("truncated", p.summary.truncated ? 1 : 0);
  out.count("clock_backwards", p.steps_backwards());
}

/// The windows that `wanted` names: the device's side of each step. Empty: there is none.
inline interval_union windows_of(const rank_profile& p, std::string_view wanted) {
  interval_union windows;
  for (const auto& step : p.steps)
    if (names_step(wanted, step.name)) windows.add(step.window().begin, step.window().end);
  return windows;
}

}  // namespace detail

namespace detail {

inline std::int64_t calls_in(const rank_profile& p, const interval_union* windows) {
  return std::ranges::count_if(p.collectives.calls(), [&](const auto& call) {
    return windows == nullptr || !clipped(*windows, call.begin, call.begin + 1).empty();
  });
}

/// Span, times by class and collectives: of the trace, else of what Ascend's profiler computed.
inline void write_rank_figures(metric_writer& out, const rank_profile& p, const windowed_time& seen,
                               const interval_union* windows) {
  if (p.device.events() == 0 && p.step_table) return write_ascend_time(out, p);
  const bool device = p.device.events() > 0;
  device ? out.time("span", seen.length_ns) : out.missing("span", "us", no_device);
  write_time(out, seen, p);
  if (p.device.opaque_graphs() > 0) return out.missing("coll_call_num", "", whole_graphs);
  device || p.on_cpu ? out.count("coll_call_num", calls_in(p, windows)) : out.missing("coll_call_num", "", no_device);
}

}  // namespace detail

/// Appends all metrics of a rank: tables "rank", "timing", "execution", "step", "collective", "family", "kernel", and
/// "ascend", "ascend_step", "ascend_collective" where its profiler says something of itself.
/// \return  errc::not_found where the trace has no step of the wanted name.
inline result<void> append_rank_metrics(std::vector<trace_metric>& all, const rank_profile& p,
                                        const rank_metrics_options& options) {
  interval_union windows;
  const bool cut = !options.step.empty();
  if (cut) windows = detail::windows_of(p, options.step);
  if (cut && windows.empty()) return failure{errc::not_found, p.file + ": there is no step named " + options.step};
  const interval_union* const inside = cut ? &windows : nullptr;
  const rank_time time(p);
  const windowed_time seen = cut ? time.in(windows) : time.whole();
  metric_writer out(all, "rank", {{"rank", p.label()}});
  detail::write_file(out, p);
  detail::write_rank_figures(out, p, seen, inside);
  if (!cut) detail::write_classes(out, p);
  detail::write_iterations(out, p, options.step);
  detail::write_tokens(out, p, options);
  detail::write_phases(out, p, options.step);
  detail::write_idle(out, p, cut);
  if (!cut) detail::write_execution(out, p, seen.length_ns);
  if (p.timing) append_timing(all, *p.timing, p.label());
  detail::write_link(all, p);
  append_ascend_metrics(all, p);
  detail::write_steps(all, p, time, options.step);
  detail::write_collectives(all, p, inside, options.link_gbps);
  if (cut) return {};
  detail::write_families(all, p);
  detail::write_kernels(all, p, options.kernels);
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_STEP_METRICS_HPP
