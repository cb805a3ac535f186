// weir/trace/profile_collector.hpp - collects a profile from events, in any order. Needs weir/data.
#ifndef WEIR_TRACE_PROFILE_COLLECTOR_HPP
#define WEIR_TRACE_PROFILE_COLLECTOR_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/ascend_layers.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/short_text.hpp"

namespace weir::inline v0 {

/// Reads a file that can't be read as a stream. \param file  its name, as the profile has it.
using database_reader = result<rank_profile>(const std::string& path, const std::string& file, const kind_table& kinds);

/// What is read beside that which every metric needs.
struct profile_options {
  bool idle = false;      ///< Why the device was idle: reads the launches, and keeps 32 bytes for each event.
  bool ops = false;       ///< What an execution trace is linked by: see op_log.
  bool coverage = false;  ///< How many blocks kernels have: reads the arguments of all.
  database_reader* read_database = nullptr;  ///< Of nsys' SQLite: read_nsys_sqlite; none: such a file is refused.
};

namespace detail {

/// Collects a profile from events.
class profile_collector {
 public:
  profile_collector(rank_profile& out, const kind_table& kinds, profile_options options = {})
      : out_(&out), kinds_(&kinds), options_(options) {
    if (options.ops) out.ops.emplace();
  }

  /// As kineto_reader asks. Flows between events are a third of a trace, and no figure needs them.
  bool phase(std::string_view phase) {
    const bool flow = is(phase, "s") || is(phase, "f") || is(phase, "t");
    if (flow) ++flows_;
    return !flow;
  }
  bool operator()(std::string_view category) {
    return categories_.count(category, [this](auto c) {
      return device_time::wants(c) || is_annotation(c) || (options_.idle && launch_log::wants(c)) ||
             (options_.ops && op_log::wants(c));
    });
  }
  void unask(std::string_view /*phase*/, std::string_view category) {
    category.empty() ? (void)--flows_ : categories_.uncount();
  }
  /// Ascend's profilers call steps operations.
  bool named(std::string_view name) { return step_kind_of(name) != step_kind::none; }
  void take(const kineto_event& e) {
    if (e.category.empty()) return uncategorized(e);
    if (device_time::wants(e.category)) return device(e);
    if (options_.idle && launch_log::wants(e.category)) launches_.take(e);
    if (options_.ops && op_log::wants(e.category)) out_->ops->take(e);
    const bool timed = is(e.phase, "X") && e.t_ns != unmeasured && e.dur_ns >= 0;
    if (!is_annotation(e.category) && !named(e.name)) return;
    if (timed) return annotation(e);
    if (named(e.name) || e.name.starts_with("gloo:")) ++out_->untimed_annotations;
  }
  /// \return  errc::parse where the devices of the trace can't be told apart.
  result<void> finish() {
    const bool layered = layers_.devices() > 0;  // else an event without a category is a damaged one
    for (std::uint64_t i = 0; i < other_layers_; ++i) count(layered ? "other layers" : "");
    for (std::uint64_t i = 0; i < held_.size() + not_held_; ++i) count("");
    if (layers_.devices() > 1)
      return failure{errc::parse, "the trace holds the hardware of " + std::to_string(layers_.devices()) +
                                      " Ascend devices, and does not tell whose its communication is: export one "
                                      "device a file"};
    if (layered) out_->ascend = layers_.overlap();
    settle_parts();
    launches_.settle();
    out_->categories = categories_.totals();
    if (flows_ > 0) out_->categories.emplace_back("flow", flows_);
    std::vector<rank_profile> others;
    for (std::size_t i = 1; i < parts_.size(); ++i) {
      others.push_back(*out_);
      others.back().ops.reset();  // an execution trace is linked to the first device's alone
      give(parts_[i], others.back());
    }
    give(parts_[0], *out_);
    out_->other_devices = std::move(others);
    if (out_->device.events() == 0 && !cpu_calls_.calls().empty()) {
      out_->collectives = std::move(cpu_calls_);
      out_->on_cpu = true;
      kernels_ = std::move(gloo_);
    }
    if (options_.ops) out_->ops->set_kernels(std::move(kernels_));
    return {};
  }

 private:
  /// What belongs to one device.
  struct device_part {
    explicit device_part(const kind_table& kinds) : time(kinds) {}
    std::string name;
    device_time time;
    collective_log collectives;
    idle_causes causes;
    sm_coverage coverage;
    std::map<std::size_t, interval> steps;  // the device's side of each
  };

  /// An event of a process that has no name yet: its own copy.
  struct held_event {
    std::string name, pid, tid, args;
    std::int64_t t_ns, dur_ns;
  };
  static constexpr std::size_t most_held = 1 << 16;

  void count(std::string_view category) {
    categories_.count(category, [](auto) { return false; });
  }

  /// Events without a category: names of processes, and what Ascend's layers hold.
  void uncategorized(const kineto_event& e) {
    if (is(e.phase, "M") && layers_.take_name(e)) return release(e.pid);
    if (!is(e.phase, "X")) return;
    const ascend_layer layer = layers_.layer_of(e.pid);
    if (layer != ascend_layer::unknown) return in_layer(e, layer);
    if (held_.size() == most_held) return (void)++not_held_;
    held_.push_back({std::string(e.name), std::string(e.pid), std::string(e.tid),
                     std::string(e.args) + std::string(row_padding, ' '), e.t_ns, e.dur_ns});
  }
  void in_layer(kineto_event e, ascend_layer layer) {
    if (layer == ascend_layer::other) return (void)++other_layers_;
    constexpr std::string_view names[] = {"", "Ascend Hardware", "Communication", "Overlap Analysis"};
    count(names[static_cast<std::size_t>(layer)]);
    if (layers_.make_device_event(e, kinds_->classify(e.name).kind == device_kind::communication)) device(e);
  }
  /// Takes the events that were waiting for the name of their process.
  void release(std::string_view pid) {
    const ascend_layer layer = layers_.layer_of(pid);
    if (layer == ascend_layer::hardware && not_held_ > 0) part_of({}).time.add_incomplete(std::exchange(not_held_, 0));
    for (const auto& held : held_) {
      if (held.pid != pid) continue;
      kineto_event e;
      e.phase = "X";
      e.name = held.name, e.pid = held.pid, e.tid = held.tid;
      e.args = std::string_view(held.args).substr(0, held.args.size() - row_padding);
      e.t_ns = held.t_ns, e.dur_ns = held.dur_ns;
      in_layer(e, layer);
    }
    std::erase_if(held_, [&](const auto& held) { return held.pid == pid; });
  }

  static bool is_annotation(std::string_view c) noexcept {
    return is(c, "user_annotation") || is(c, "gpu_user_annotation");
  }

  /// Device events say by their process which device they ran on.
  device_part& part_of(std::string_view pid) {
    if (current_ != nullptr && same_short(current_->name, pid)) return *current_;
    const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const auto& part) { return part.name == pid; });
    if (found == parts_.end()) parts_.emplace_back(*kinds_).name = pid;
    return *(current_ = found == parts_.end() ? &parts_.back() : &*found);
  }

  void device(const kineto_event& e) {
    device_part& part = part_of(e.pid);
    const auto* known = part.time.take(e);
    if (known == nullptr) return;
    if (options_.idle) part.causes.take(e);
    if (options_.coverage) part.coverage.take(e);
    if (known->what.kind != device_kind::communication) return;
    if (options_.ops && current_ == &parts_.front())
      kernels_.push_back(traced_kernel_of(e, part.collectives.calls().size()));
    part.collectives.take(e, known->what);
  }

  void annotation(const kineto_event& e) {
    const bool device = e.category == "gpu_user_annotation";
    if (!device && e.name.starts_with("gloo:")) {
      if (options_.ops) gloo_.push_back(traced_kernel_of(e, cpu_calls_.calls().size()));
      cpu_calls_.take(e, kinds_->classify(e.name));
    }
    const step_kind kind = step_kind_of(e.name);
    if (kind != step_kind::none) step(e, kind, device);
  }

  /// The two sides of a step have the same "External id"; so have the pieces of the device's side, one a stream.
  void step(const kineto_event& e, step_kind kind, bool device) {
    std::string id;
    const bool whole_args = e.args.empty() || for_each_member(e.args, [&](auto arg, auto value) {
                              if (arg == "External id") id = value;
                            });
    if (!whole_args) ++out_->damaged_steps;
    const auto key = std::pair(std::string(e.name), id);
    auto found = id.empty() ? open_.end() : open_.find(key);
    if (found == open_.end() || (!device && out_->steps[found->second].cpu)) {
      found = open_.insert_or_assign(key, out_->steps.size()).first;
      out_->steps.push_back({key.first, kind, {}, {}, step_work_of(e.name)});
    }
    const interval whole{e.t_ns, e.t_ns + e.dur_ns};
    if (!device) {
      out_->steps[found->second].cpu = whole;
      return;
    }
    const auto [side, fresh] = part_of(e.pid).steps.emplace(found->second, whole);
    if (!fresh) side->second = {std::min(side->second.begin, whole.begin), std::max(side->second.end, whole.end)};
  }

  /// A device without events is none: what was damaged there counts on the first.
  void settle_parts() {
    std::deque<device_part> kept;
    device_time damaged;
    for (auto& part : parts_) {
      if (part.time.events() > 0)
        kept.push_back(std::move(part));
      else
        damaged.add_damage(part.time);
    }
    if (kept.empty()) kept.emplace_back(*kinds_);
    kept.front().time.add_damage(damaged);
    parts_ = std::move(kept);
    current_ = nullptr;
  }

  void give(device_part& part, rank_profile& out) {
    if (parts_.size() > 1) out.device_name = part.name;
    out.device = std::move(part.time);
    out.collectives = std::move(part.collectives);
    if (options_.idle) {
      out.idle = part.causes.total(launches_);
      out.stream_gaps = part.causes.by_stream(launches_);
      out.queues = part.causes.queues(launches_);
    }
    if (options_.coverage) out.coverage = part.coverage;
    for (const auto& [index, side] : part.steps) out.steps[index].device = side;
    std::erase_if(out.steps, [](const auto& s) { return !s.cpu && !s.device; });  // seen on another device alone
    std::sort(out.steps.begin(), out.steps.end(), [](const auto& a, const auto& b) {
      const interval x = a.window(), y = b.window();  // of two that begin together the one that holds the other
      return std::tie(x.begin, y.end, a.name) < std::tie(y.begin, x.end, b.name);
    });
  }

  rank_profile* out_;
  const kind_table* kinds_;
  profile_options options_;
  std::deque<device_part> parts_;
  device_part* current_ = nullptr;  // of the last device event
  launch_log launches_;
  collective_log cpu_calls_;
  std::vector<traced_kernel> kernels_, gloo_;
  std::map<std::pair<std::string, std::string>, std::size_t> open_;
  category_counts categories_;
  ascend_layers layers_;
  std::vector<held_event> held_;
  std::uint64_t flows_ = 0, not_held_ = 0, other_layers_ = 0;
};

}  // namespace detail

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_PROFILE_COLLECTOR_HPP
