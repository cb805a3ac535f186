// weir/trace/profile.hpp - all that the metrics of one rank need, as one pass over its trace leaves it. Needs
// weir/data.
#ifndef WEIR_TRACE_PROFILE_HPP
#define WEIR_TRACE_PROFILE_HPP

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/units.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/ascend_figures.hpp"
#include "weir/trace/ascend_layers.hpp"
#include "weir/trace/category_counts.hpp"
#include "weir/trace/collective_log.hpp"
#include "weir/trace/device_time.hpp"
#include "weir/trace/execution_link.hpp"
#include "weir/trace/idle_causes.hpp"
#include "weir/trace/object_stream.hpp"
#include "weir/trace/op_log.hpp"
#include "weir/trace/sm_coverage.hpp"
#include "weir/trace/step_name.hpp"
#include "weir/trace/stream_queue.hpp"
#include "weir/trace/timing_stats.hpp"

namespace weir::inline v0 {

namespace detail {

/// A member of the top-level object `key`, or of the first one in a list, as text without quotes; empty where it is
/// not there.
inline std::string metadata_member(const stream_summary& summary, std::string_view key, std::string_view member) {
  const auto found = summary.metadata.find(key);
  if (found == summary.metadata.end()) return {};
  const std::string padded = found->second + std::string(row_padding, ' ');  // a cursor reads beyond what it is given
  std::string_view object = std::string_view(padded).substr(0, found->second.size());
  if (object.starts_with('[')) object.remove_prefix(std::min(object.find('{'), object.size()));
  return std::string(unquoted(event_arg(object, member)));
}

}  // namespace detail

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

/// What one trace holds of one device.
struct rank_profile {
  std::string file;
  std::int64_t rank = -1;        ///< -1: neither the trace nor the file's name tells.
  std::int64_t world_size = -1;  ///< -1: not told.
  std::int64_t base_ns = 0;      ///< baseTimeNanoseconds: what makes times of several ranks comparable.
  std::string device_name;       ///< Where the trace holds several devices: which one this is.
  device_time device;
  collective_log collectives;  ///< Of the device; of the CPU (gloo) where `on_cpu`.
  bool on_cpu = false;         ///< No kernel, but gloo's annotations.
  std::vector<trace_step> steps;
  std::uint64_t damaged_steps = 0;        ///< Their arguments can't be read, so that their two sides may stand apart.
  std::uint64_t untimed_annotations = 0;  ///< Of steps and gloo's collectives, without a begin or a duration.
  stream_summary summary;
  std::vector<std::pair<std::string, std::uint64_t>> categories;  ///< What is in it, in order of appearance.

  std::optional<idle_time> idle;         ///< By cause, where that was asked for.
  std::vector<stream_idle> stream_gaps;  ///< The same of each stream.
  std::vector<stream_queue> queues;      ///< What waited on each stream.
  std::optional<sm_coverage> coverage;   ///< Where that was asked for.
  std::optional<timing_stats> timing;    ///< Of timing_stats_<rank>.json beside it.
  std::optional<op_log> ops;             ///< Where an execution trace is to be linked.
  std::optional<execution_link> execution;
  std::optional<ascend_overlap> ascend;                     ///< What an Ascend trace says of itself.
  std::optional<ascend_steps> step_table;                   ///< Of step_trace_time.csv.
  std::optional<ascend_communication> communication_table;  ///< Of communication.json.
  std::vector<rank_profile> other_devices;                  ///< Of the same trace, each with the steps of all.

  bool shared_rank = false;  ///< Another file of the set says the same rank.

  [[nodiscard]] std::string label() const {
    const std::string which = rank >= 0 && !shared_rank ? std::to_string(rank) : file;
    return device_name.empty() ? which : which + " device " + device_name;
  }
  /// Whether anything is known of a device, or of gloo's collectives.
  [[nodiscard]] bool tells_of_device() const noexcept {
    return device.events() > 0 || on_cpu || step_table || communication_table;
  }
  /// Steps that begin before the one with the number before them.
  [[nodiscard]] std::uint64_t steps_backwards() const;
  /// Events that are in no figure because they can't be read or can't be.
  [[nodiscard]] std::uint64_t damaged() const noexcept {
    return summary.damaged + device.negative() + device.incomplete() + collectives.damaged() + damaged_steps +
           untimed_annotations;
  }
  /// Categories that no profiler is known to write, as "kernal (1)": a damaged event, or a new kind of one.
  [[nodiscard]] std::string unknown_categories() const;
  /// "1545 cpu_op, 304 kernel"
  [[nodiscard]] std::string contents() const;
};

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
