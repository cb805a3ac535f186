// weir/trace/profile.hpp - all that the metrics of one rank need, from one pass over its trace. Needs weir/data.
#ifndef WEIR_TRACE_PROFILE_HPP
#define WEIR_TRACE_PROFILE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/category_counts.hpp"
#include "weir/trace/collective_log.hpp"
#include "weir/trace/device_time.hpp"
#include "weir/trace/idle_causes.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/kineto.hpp"
#include "weir/trace/step_name.hpp"
#include "weir/trace/timing_stats.hpp"

namespace weir::inline v0 {

/// A step: its annotation on the CPU, and on the device where the trace has that (from the first to the last kernel
/// that the step launched, over all streams).
struct trace_step {
  std::string name;
  step_kind kind = step_kind::none;
  std::optional<interval> cpu, device;
  std::optional<step_work> work;

  /// Where the step's device time is looked for: a step's kernels run later than the call that launched them.
  [[nodiscard]] interval window() const { return device ? *device : *cpu; }
};

/// What one trace holds.
struct rank_profile {
  std::string file;
  std::int64_t rank = -1;        ///< -1: neither the trace nor the file's name tells.
  std::int64_t world_size = -1;  ///< -1: not told.
  std::int64_t base_ns = 0;      ///< baseTimeNanoseconds: what makes times of several ranks comparable.
  device_time device;
  collective_log collectives;  ///< Of the device; of the CPU (gloo) where `on_cpu`.
  bool on_cpu = false;         ///< No kernel, but gloo's annotations.
  std::vector<trace_step> steps;
  std::uint64_t damaged_steps = 0;  ///< Their arguments can't be read, so that their two sides may stand apart.
  kineto_summary summary;
  std::vector<std::pair<std::string, std::uint64_t>> categories;  ///< What is in it, in order of appearance.

  std::optional<idle_time> idle;       ///< By cause, where that was asked for.
  std::optional<timing_stats> timing;  ///< Of timing_stats_<rank>.json beside it.

  bool shared_rank = false;  ///< Another file of the set says the same rank.

  [[nodiscard]] std::string label() const { return rank >= 0 && !shared_rank ? std::to_string(rank) : file; }
  /// Steps that begin before the one with the number before them.
  [[nodiscard]] std::uint64_t steps_backwards() const;
  /// Events that are in no figure because they can't be read or can't be.
  [[nodiscard]] std::uint64_t damaged() const noexcept {
    return summary.damaged + device.negative() + device.incomplete() + collectives.damaged() + damaged_steps;
  }
  /// Categories that no profiler is known to write, as "kernal (1)": a damaged event, or a new kind of one.
  [[nodiscard]] std::string unknown_categories() const;
  /// "1545 cpu_op, 304 kernel"
  [[nodiscard]] std::string contents() const;
};

/// The rank that a file's name tells: the number behind "rank", else the one before the ending: "kineto_trace_3.json".
[[nodiscard]] inline std::optional<std::int64_t> rank_of_name(std::string_view path) {
  path.remove_prefix(std::min(path.find_last_of('/') + 1, path.size()));
  const auto number = [](std::string_view text) -> std::optional<std::int64_t> {
    const auto value = parse_number<std::int64_t>(text.substr(0, text.find_first_not_of("0123456789")));
    if (!value) return std::nullopt;
    return *value;
  };
  if (const auto at = path.rfind("rank"); at != path.npos) {
    auto rest = path.substr(at + 4);
    if (rest.starts_with('_') || rest.starts_with('-')) rest.remove_prefix(1);
    if (const auto n = number(rest)) return n;
  }
  const std::string_view stem = path.substr(0, path.find('.'));
  const std::size_t mark = stem.find_last_of("_-");
  if (mark == stem.npos || stem.find_first_not_of("0123456789", mark + 1) != stem.npos) return std::nullopt;
  return number(stem.substr(mark + 1));
}

namespace detail {

/// Collects a profile from events.
class profile_reader {
 public:
  profile_reader(rank_profile& out, const kind_table& kinds, bool idle = false)
      : out_(&out), kinds_(&kinds), idle_(idle) {
    out.device = device_time(kinds);
  }

  /// As kineto_reader asks. Flows between events are a third of a trace, and no figure needs them.
  bool phase(std::string_view phase) {
    const bool flow = detail::is(phase, "s") || detail::is(phase, "f") || detail::is(phase, "t");
    if (flow) ++flows_;
    return !flow;
  }
  bool operator()(std::string_view category) {
    return categories_.count(category, [this](auto c) {
      return device_time::wants(c) || is_annotation(c) || (idle_ && idle_causes::wants(c));
    });
  }
  void take(const kineto_event& e) {
    if (e.category.empty() && is(e.phase, "X")) categories_.count("", [](auto) { return false; });
    if (const auto* known = out_->device.take(e)) {
      if (known->what.kind == device_kind::communication) out_->collectives.take(e, known->what);
      if (idle_) causes_.take_device(e);
    } else if (idle_ && idle_causes::wants(e.category)) {
      causes_.take_launch(e);
    } else if (is(e.phase, "X") && is_annotation(e.category) && e.t_ns != unmeasured && e.dur_ns >= 0) {
      annotation(e);
    }
  }
  void finish() {
    if (out_->device.events() == 0 && !cpu_calls_.calls().empty()) {
      out_->collectives = std::move(cpu_calls_);
      out_->on_cpu = true;
    }
    if (idle_) out_->idle = causes_.total();
    out_->categories = categories_.totals();
    if (flows_ > 0) out_->categories.emplace_back("flow", flows_);
    auto& steps = out_->steps;
    std::stable_sort(steps.begin(), steps.end(),
                     [](const auto& a, const auto& b) { return a.window().begin < b.window().begin; });
  }

 private:
  static bool is_annotation(std::string_view c) noexcept {
    return is(c, "user_annotation") || is(c, "gpu_user_annotation");
  }

  void annotation(const kineto_event& e) {
    const bool device = e.category == "gpu_user_annotation";
    if (!device && e.name.starts_with("gloo:")) cpu_calls_.take(e, kinds_->classify(e.name));
    const step_kind kind = step_kind_of(e.name);
    if (kind != step_kind::none) step(e, kind, device);
  }

  /// The two sides of a step have the same "External id"; so have the pieces of the device's side, one a stream.
  void step(const kineto_event& e, step_kind kind, bool device) {
    std::string id;
    const bool whole_args = e.args.empty() || for_each_arg(e.args, [&](auto arg, auto value) {
                              if (arg == "External id") id = value;
                            });
    if (!whole_args) ++out_->damaged_steps;
    const auto key = std::pair(std::string(e.name), id);
    auto found = id.empty() ? open_.end() : open_.find(key);
    if (found == open_.end() || (!device && out_->steps[found->second].cpu)) {
      found = open_.insert_or_assign(key, out_->steps.size()).first;
      out_->steps.push_back({key.first, kind, {}, {}, step_work_of(e.name)});
    }
    trace_step& step = out_->steps[found->second];
    const interval whole{e.t_ns, e.t_ns + e.dur_ns};
    auto& side = device ? step.device : step.cpu;
    side = side ? interval{std::min(side->begin, whole.begin), std::max(side->end, whole.end)} : whole;
  }

  rank_profile* out_;
  const kind_table* kinds_;
  bool idle_;
  idle_causes causes_;
  collective_log cpu_calls_;
  std::map<std::pair<std::string, std::string>, std::size_t> open_;
  category_counts categories_;
  std::uint64_t flows_ = 0;
};

inline std::int64_t integer_or(std::string_view json, std::int64_t fallback) noexcept {
  const auto value = parse_number<std::int64_t>(unquoted(json));
  return value ? *value : fallback;
}

}  // namespace detail

/// Reads a whole trace.
/// \param kinds  must outlive the profile.
/// \param idle   also tell apart why the device was idle: reads the launches, and keeps 16 to 24 bytes for each event.
/// \return  errc::parse where the bytes are no trace; damage inside one is told in `summary`.
/// \complexity  one pass; memory is that of device_time and of 40 bytes a collective, not of the file.
template <class Source>
result<rank_profile> read_profile(Source source, std::string file, const kind_table& kinds, bool idle = false) {
  rank_profile out;
  detail::profile_reader collector(out, kinds, idle);
  kineto_reader<Source> reader(std::move(source));
  auto ok = reader.read(collector, [&](const kineto_event& e) { collector.take(e); });
  if (!ok && reader.summary().events == 0) return ok.error();
  collector.finish();
  out.summary = reader.summary();
  if (!ok) {  // a cut gzip file: what it gave counts, and the cut is told
    out.summary.truncated = true;
    if (out.summary.first_damage.empty()) out.summary.first_damage = ok.error().detail;
  }
  if (!out.summary.has_events) {
    std::string keys;
    for (const auto& [key, value] : out.summary.metadata) keys += (keys.empty() ? "" : ", ") + key;
    return failure{errc::parse, "not a Kineto trace: there is no traceEvents in it, only: " + keys};
  }
  const auto text = [&](std::string_view key) {
    const auto found = out.summary.metadata.find(key);
    return found == out.summary.metadata.end() ? std::string{} : found->second + std::string(row_padding, ' ');
  };
  const std::string distributed = text("distributedInfo");
  out.rank = detail::integer_or(event_arg(distributed, "rank"), rank_of_name(file).value_or(-1));
  out.world_size = detail::integer_or(event_arg(distributed, "world_size"), -1);
  std::string base = text("baseTimeNanoseconds");
  base.erase(base.find_last_not_of(' ') + 1);
  out.base_ns = std::clamp<std::int64_t>(detail::integer_or(base, 0), 0, latest_ns);
  out.file = std::move(file);
  return out;
}

inline std::uint64_t rank_profile::steps_backwards() const {
  std::map<std::int64_t, std::int64_t> begins;
  for (const auto& step : steps)
    if (step.kind == step_kind::profiler && step.cpu)
      if (const auto n = parse_number<std::int64_t>(std::string_view(step.name).substr(13)))
        begins[*n] = step.cpu->begin;
  std::uint64_t backwards = 0;
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const auto& [number, begin] : begins) {
    backwards += begin < last ? 1 : 0;
    last = begin;
  }
  return backwards;
}

inline std::string rank_profile::unknown_categories() const {
  std::string text;
  for (const auto& [category, count] : categories)
    if (category != "flow" && std::ranges::find(known_categories, category) == std::end(known_categories))
      text.append(text.empty() ? "" : ", ").append(category).append(" (").append(std::to_string(count)).append(")");
  return text;
}

inline std::string rank_profile::contents() const {
  auto sorted = categories;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [category, count] : sorted)
    text +=
        (text.empty() ? "" : ", ") + std::to_string(count) + " " + (category.empty() ? "without category" : category);
  return text.empty() ? "no events with a category" : text;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_PROFILE_HPP
