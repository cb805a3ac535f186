// weir/trace/ascend_layers.hpp - which events of an Ascend trace (trace_view.json, msprof_*.json) are work of the
// device. Needs the standard library.
//
// These traces are Chrome JSON whose device events have no category: the process says by its name which layer an event
// belongs to, and a hardware task says by its type what it is.
#ifndef WEIR_TRACE_ASCEND_LAYERS_HPP
#define WEIR_TRACE_ASCEND_LAYERS_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "weir/trace/json_cursor.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/overlap.hpp"

namespace weir::inline v0 {

enum class ascend_layer : unsigned char {
  unknown,        ///< Its process was not named yet.
  hardware,       ///< "Ascend Hardware": tasks on streams.
  communication,  ///< "Communication", "HCCL" before: whole collectives, and the pieces of each on planes.
  overlap,        ///< "Overlap Analysis": what the vendor makes of the two.
  other,          ///< The host's, and counters.
};

/// What the vendor's own analysis says, in the layer "Overlap Analysis".
struct ascend_overlap {
  interval_union computing, communication, exposed, free;
};

namespace detail {

enum class ascend_task : unsigned char { work, memory, wait };

/// What a hardware task is: tasks that wait, signal or hold a place are no work, whoever waits.
/// \source  MindStudio, msprof's task types; its overlap analysis counts MEMCPY_ASYNC as no computation.
[[nodiscard]] inline ascend_task ascend_task_of(std::string_view name, std::string_view type) noexcept {
  const auto either = [&](std::string_view piece) { return name.find(piece) == 0 || type.find(piece) == 0; };
  for (const auto* piece : {"EVENT_", "NOTIFY_", "Notify_", "PLACE_HOLDER", "WRITE_VALUE", "CAPTURE_", "MODEL_MAINT"})
    if (either(piece)) return ascend_task::wait;
  for (const auto* piece : {"MEMCPY", "Memcpy", "SDMA", "PCIE_DMA"})
    if (either(piece)) return ascend_task::memory;
  return ascend_task::work;
}

}  // namespace detail

/// Learns the layers from metadata events, and makes device events of those that are.
class ascend_layers {
 public:
  /// Takes an event of phase "M". \return  whether a process got its name.
  bool take_name(const kineto_event& e) {
    const bool process = detail::is(e.name, "process_name"), thread = detail::is(e.name, "thread_name");
    if (!process && !thread) return false;
    const auto name = detail::unquoted(event_arg(e.args, "name"));
    if (thread) {
      threads_[key_of(e)] = name.find("Communication") != name.npos;
      return false;
    }
    const ascend_layer layer = layer_named(name);
    processes_.insert_or_assign(std::string(e.pid), layer);
    if (layer == ascend_layer::hardware) devices_.insert(std::string(e.pid));
    has_communication_ = has_communication_ || layer == ascend_layer::communication;
    return true;
  }

  [[nodiscard]] ascend_layer layer_of(std::string_view pid) const {
    const auto found = processes_.find(pid);
    return found == processes_.end() ? ascend_layer::unknown : found->second;
  }
  /// How many devices' hardware the trace holds.
  [[nodiscard]] std::size_t devices() const noexcept { return devices_.size(); }
  [[nodiscard]] const std::optional<ascend_overlap>& overlap() const noexcept { return overlap_; }

  /// Makes `e`, an event without a category, the device event that it stands for; the overlap analysis is kept.
  /// \param is_collective  by its name.
  /// \return  false where it is none.
  bool make_device_event(kineto_event& e, bool is_collective) {
    const ascend_layer layer = layer_of(e.pid);
    const auto thread = layer == ascend_layer::communication ? threads_.find(key_of(e)) : threads_.end();
    e.pid = {};  // both layers are of one device
    e.category = "kernel";
    if (layer == ascend_layer::communication) return thread != threads_.end() ? thread->second : is_collective;
    if (layer == ascend_layer::overlap) return add_overlap(e), false;
    if (layer != ascend_layer::hardware || (is_collective && has_communication_)) return false;
    const auto task = detail::ascend_task_of(e.name, detail::unquoted(event_arg(e.args, "Task Type")));
    if (task == detail::ascend_task::memory) e.category = "gpu_memcpy";
    return task != detail::ascend_task::wait;
  }

 private:
  static ascend_layer layer_named(std::string_view name) noexcept {
    if (name == "Ascend Hardware") return ascend_layer::hardware;
    if (name == "Communication" || name == "HCCL") return ascend_layer::communication;
    if (name == "Overlap Analysis") return ascend_layer::overlap;
    return ascend_layer::other;
  }
  static std::pair<std::string, std::string> key_of(const kineto_event& e) {
    return {std::string(e.pid), std::string(e.tid)};
  }

  void add_overlap(const kineto_event& e) {
    if (e.t_ns == unmeasured || e.dur_ns < 0) return;
    if (!overlap_) overlap_.emplace();
    const auto add = [&](interval_union& to) { to.add(e.t_ns, e.t_ns + e.dur_ns); };
    if (e.name == "Computing") add(overlap_->computing);
    if (e.name == "Communication") add(overlap_->communication);
    if (e.name == "Communication(Not Overlapped)") add(overlap_->exposed);
    if (e.name == "Free") add(overlap_->free);
  }

  std::map<std::string, ascend_layer, std::less<>> processes_;
  std::map<std::pair<std::string, std::string>, bool> threads_;  // (process, thread) -> "Group 0 Communication"?
  std::set<std::string> devices_;
  bool has_communication_ = false;
  std::optional<ascend_overlap> overlap_;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_ASCEND_LAYERS_HPP
