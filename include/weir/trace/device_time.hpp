// weir/trace/device_time.hpp - where a device's time went, from its events in any order. Needs the standard library.
#ifndef WEIR_TRACE_DEVICE_TIME_HPP
#define WEIR_TRACE_DEVICE_TIME_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/base/units.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/name_table.hpp"
#include "weir/trace/overlap.hpp"

namespace weir::inline v0 {

/// Bytes of one element of a tensor type as traces write it ("Float", "c10::BFloat16", Ascend's "BFP16"); 0 where it is
/// not known.
[[nodiscard]] constexpr std::int64_t element_bytes(std::string_view type) noexcept {
  struct row {
    std::string_view name;
    std::int64_t bytes;
  };
  constexpr row rows[] = {{"BFloat16", 2}, {"Float8", 1}, {"Half", 2}, {"Float", 4}, {"Double", 8}, {"Long", 8},
                          {"Int", 4},      {"Short", 2},  {"Byte", 1}, {"Char", 1},  {"Bool", 1},   {"float", 4},
                          {"double", 8},   {"long", 8},   {"int", 4},  {"INT8", 1},  {"INT16", 2},  {"INT32", 4},
                          {"INT64", 8},    {"FP16", 2},   {"FP32", 4}, {"FP64", 8},  {"FP8", 1}};
  for (const auto& r : rows)
    if (type.find(r.name) != type.npos) return r.bytes;
  return 0;
}

/// "void ns::kernel<int>(int*)" is "kernel"; "ncclKernel_SendRecv_RING(...)" is "ncclKernel_SendRecv_RING".
[[nodiscard]] inline std::string_view short_kernel_name(std::string_view name) {
  name = qualified_kernel_name(name);
  if (const auto colons = name.rfind("::"); colons != name.npos) name.remove_prefix(colons + 2);
  return name;
}

/// A message of more elements than this is damage: sums of bytes stay in range.
inline constexpr std::int64_t most_elements = std::int64_t{1} << 44;

/// Calls of one kernel, or of one collective.
struct call_total {
  device_class what;
  std::uint64_t count = 0;
  std::int64_t total_ns = 0;  ///< Sum of durations, with what ran side by side counted for each.
  std::int64_t min_ns = std::numeric_limits<std::int64_t>::max(), max_ns = 0;
  std::int64_t bytes = 0;           ///< Of copies, and what goes into collectives, whose events say their size.
  std::uint64_t without_bytes = 0;  ///< Calls that do not.
  bool opaque = false;              ///< Whole CUDA graphs that no rule knows: what they do is not in the trace.

  void add(std::int64_t duration_ns) {
    ++count;
    total_ns += duration_ns;
    min_ns = std::min(min_ns, duration_ns);
    max_ns = std::max(max_ns, duration_ns);
  }
};

/// The device events of one rank: unions of time by class, and totals by name.
///
///     weir::device_time device;
///     reader.read(weir::device_time::wants, [&](const weir::kineto_event& e) { device.take(e); });
///     double share = double(weir::overlap_ns(device.communication(), device.computation())) / ...;
///
/// Definitions: span = last end - first begin over all device events; memory = copies and fills; each of the three is a
/// union, so that concurrent kernels count once; "exposed" is what is left of a union after those of the classes before
/// it in the order computation, communication, memory.
/// \complexity  O(log n) an event amortized; memory is 16 bytes a disjoint interval and one entry a kernel name.
class device_time {
 public:
  device_time() = default;
  explicit device_time(const kind_table& kinds) : kinds_(&kinds) {}

  /// The categories of device events.
  [[nodiscard]] static bool wants(std::string_view category) noexcept {
    return is_kernel(category) || is_memory(category);
  }

  /// Takes an event; one that is not of the device is left alone, one of the device that can't be is counted.
  /// \return  what is known of its name, until the next call; nullptr where it was not taken.
  const call_total* take(const kineto_event& e) {
    if (!wants(e.category)) return nullptr;
    if (!detail::is(e.phase, "X") || e.t_ns == unmeasured || e.dur_ns == unmeasured) return ++incomplete_, nullptr;
    if (e.dur_ns < 0) return ++negative_, nullptr;
    const std::int64_t end = e.t_ns + e.dur_ns;
    begin_ = std::min(begin_, e.t_ns);
    end_ = std::max(end_, end);
    ++events_;
    call_total& by_name = entry(e);
    by_name.add(e.dur_ns);
    auto& own = unions_[static_cast<std::size_t>(by_name.what.kind)];
    own.add(e.t_ns, end);
    ++counts_[static_cast<std::size_t>(by_name.what.kind)];
    sum_ns_ += e.dur_ns;
    if (by_name.opaque) ++opaque_graphs_;
    if (by_name.what.kind == device_kind::communication) take_collective(e, by_name);
    if (by_name.what.kind == device_kind::memory) take_copy(e, by_name);
    return &by_name;
  }

  /// Counts what was damaged in `other` here.
  void add_damage(const device_time& other) noexcept {
    negative_ += other.negative_;
    incomplete_ += other.incomplete_;
  }
  void add_incomplete(std::uint64_t events) noexcept { incomplete_ += events; }

  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  [[nodiscard]] std::uint64_t negative() const noexcept { return negative_; }  ///< Damaged: they end before they begin.
  /// Damaged: of the device by their category, but without a time or not of phase "X".
  [[nodiscard]] std::uint64_t incomplete() const noexcept { return incomplete_; }
  [[nodiscard]] std::uint64_t count(device_kind k) const noexcept { return counts_[static_cast<std::size_t>(k)]; }
  /// Launches of CUDA graphs that were traced as wholes: they are in busy(), and in computation for want of a better
  /// class, so that no figure by class is one where there are any. A user's rule that knows their names is believed.
  [[nodiscard]] std::uint64_t opaque_graphs() const noexcept { return opaque_graphs_; }
  [[nodiscard]] const interval_union& time(device_kind k) const noexcept {
    return unions_[static_cast<std::size_t>(k)];
  }
  /// First begin and last end; meaningful where events() > 0.
  [[nodiscard]] interval span() const noexcept { return {begin_, end_}; }
  /// Sum of all durations: more than busy() where events ran side by side.
  [[nodiscard]] std::int64_t sum_ns() const noexcept { return sum_ns_; }
  /// Kernels and memory operations by name as written; behind the name of an operation that a kernel has too, "
  /// (copy)".
  /// \complexity  a copy of all names.
  [[nodiscard]] std::vector<name_table<call_total>::entry> names() const {
    auto all = kernels_.entries();
    for (const auto& copy : copies_.entries()) {
      const bool taken =
          std::ranges::any_of(kernels_.entries(), [&](const auto& kernel) { return kernel.name == copy.name; });
      all.push_back({taken ? copy.name + " (copy)" : copy.name, copy.value});
    }
    return all;
  }
  /// Collectives by what their events call them, else by the kernel's name without its parameters.
  [[nodiscard]] const auto& collectives() const noexcept { return collectives_; }

  [[nodiscard]] interval_union busy() const {
    interval_union all = time(device_kind::computation);
    all.add(time(device_kind::communication));
    all.add(time(device_kind::memory));
    return all;
  }
  /// Copies and fills while nothing else ran.
  [[nodiscard]] std::int64_t exposed_memory_ns() const {
    interval_union others = time(device_kind::computation);
    others.add(time(device_kind::communication));
    return exposed_ns(time(device_kind::memory), others);
  }

 private:
  static bool is_graph(std::string_view c) noexcept { return detail::is(c, "cuda_graph"); }
  static bool is_kernel(std::string_view c) noexcept {
    return detail::is(c, "kernel") || detail::is(c, "Kernel") || is_graph(c);
  }
  static bool is_memory(std::string_view c) noexcept {
    return detail::is(c, "gpu_memcpy") || detail::is(c, "gpu_memset") || detail::is(c, "Memcpy") ||
           detail::is(c, "Memset");
  }

  call_total& entry(const kineto_event& e) {
    auto& names = is_kernel(e.category) ? kernels_ : copies_;  // a name alone does not tell which
    if (e.mark != nullptr && *e.mark != 0) return names.again(*e.mark - 1);
    call_total& found = names.find_or_make(e.name, [&](call_total& fresh) {
      fresh.what = is_kernel(e.category) ? kinds_->classify(e.name) : device_class{device_kind::memory, {}, true, {}};
      fresh.opaque = is_graph(e.category) && !fresh.what.known;
    });
    if (e.mark != nullptr) *e.mark = names.last() + 1;
    return found;
  }

  void take_collective(const kineto_event& e, const call_total& by_name) {
    std::string_view named = event_arg(e.args, "Collective name");
    if (named.size() > 2) named = named.substr(1, named.size() - 2);
    call_total& total = collectives_[std::string(named.size() > 2 ? named : short_kernel_name(e.name))];
    total.what = by_name.what;
    if (named.size() > 2) total.what.collective = canonical_collective(named);
    total.add(e.dur_ns);
    const auto elements = parse_number<std::int64_t>(event_arg(e.args, "In msg nelems"));
    const std::int64_t each = element_bytes(event_arg(e.args, "dtype"));
    if (elements && *elements >= 0 && *elements <= most_elements && each > 0)
      total.bytes += *elements * each;
    else
      ++total.without_bytes;
  }

  void take_copy(const kineto_event& e, call_total& total) {
    const std::int64_t bytes = detail::integer_or(event_arg(e.args, "bytes"), -1);
    if (bytes >= 0 && bytes <= most_elements)
      total.bytes += bytes;
    else
      ++total.without_bytes;
  }

  static const kind_table& built_in() {
    static const kind_table table;
    return table;
  }

  const kind_table* kinds_ = &built_in();
  std::array<interval_union, 3> unions_;  // by device_kind
  std::array<std::uint64_t, 3> counts_{};
  name_table<call_total> kernels_, copies_;
  std::map<std::string, call_total, std::less<>> collectives_;
  std::int64_t begin_ = std::numeric_limits<std::int64_t>::max(), end_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t sum_ns_ = 0;
  std::uint64_t events_ = 0, opaque_graphs_ = 0, negative_ = 0, incomplete_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_DEVICE_TIME_HPP
