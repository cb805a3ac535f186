// weir/trace/nsys_events.hpp - device events of Nsight Systems, whose names may come last. Needs weir/data.
#ifndef WEIR_TRACE_NSYS_EVENTS_HPP
#define WEIR_TRACE_NSYS_EVENTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/object_stream.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/profile_collector.hpp"

namespace weir::inline v0 {

/// The launch of a CUDA graph that was traced as a whole, as nsys does by default: one event for all that ran in it.
struct nsys_graph_launch {
  std::int64_t begin_ns = 0, end_ns = 0;
  std::int64_t global_pid = 0, device = 0;  ///< The device's number there; of a graph that began on the host 2^31 - 1.
  std::int64_t graph = 0, correlation = -1;
};

/// Keeps device events and ranges until the names of all are known, then gives them to a profile.
/// \complexity  24 bytes an event, and each name once.
class nsys_events {
 public:
  enum class what : std::uint8_t { kernel, copy, fill, range, graph };

  /// \param name  what names() gave, or the id of a string that comes later.
  /// \param device  what device_of() gave; 0 for a range.
  void add(what kind, std::int64_t begin_ns, std::int64_t end_ns, std::size_t device, std::uint64_t name,
           std::int64_t bytes = -1) {
    const bool sound = begin_ns >= -longest_ns && begin_ns <= latest_ns && end_ns >= -longest_ns &&
                       end_ns <= latest_ns && end_ns - begin_ns <= longest_ns && device < most_devices &&
                       name < most_values;
    if (!sound) return (void)++damaged_;
    const bool sized = kind == what::copy || kind == what::fill;
    const auto size = static_cast<std::uint64_t>(bytes < 0 || bytes > most_elements ? unsized : bytes);
    events_.push_back({begin_ns, end_ns,
                       (sized ? size : name) | static_cast<std::uint64_t>(device) << device_at |
                           static_cast<std::uint64_t>(kind) << kind_at});
  }
  /// A device is one of a process: each may have been shown other ones by CUDA_VISIBLE_DEVICES, and count from 0.
  std::size_t device_of(std::int64_t global_pid, std::int64_t number) {
    const std::pair key(global_pid, number);
    const auto index = static_cast<std::size_t>(std::find(devices_.begin(), devices_.end(), key) - devices_.begin());
    if (index == devices_.size() && index < most_devices) devices_.push_back(key);
    return index;  // of one too many it is most_devices, which add() refuses
  }
  void add(const nsys_graph_launch& launch) { launches_.push_back(launch); }
  /// What the launch `correlation` of a graph ran was traced one by one: the launch as a whole would count it twice.
  void add_node(std::int64_t global_pid, std::int64_t correlation) {
    const std::pair key(global_pid, correlation);
    if (key != last_node_) traced_.insert(last_node_ = key);  // those of one launch mostly lie together
  }
  /// A string of the export, by its id.
  void set_name(std::uint64_t id, std::string_view text) { names_.insert_or_assign(id, std::string(text)); }
  /// The id of a text that an event holds itself.
  std::uint64_t own_name(std::string_view text) {
    const auto [found, fresh] = own_.try_emplace(std::string(text), first_own_name + own_.size());
    if (fresh) set_name(found->second, text);
    return found->second;
  }

  [[nodiscard]] bool empty() const noexcept { return events_.empty() && launches_.empty(); }
  [[nodiscard]] std::uint64_t damaged() const noexcept { return damaged_; }

  /// Gives all to `out`, in order of time. A kernel whose name never came is one that no rule knows.
  result<void> give(rank_profile& out, const kind_table& kinds) {
    give_graphs(out.summary);
    std::stable_sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    detail::profile_collector collector(out, kinds);
    for (const auto& e : events_) give_one(collector, e);
    if (auto done = collector.finish(); !done) return done;
    out.summary.damaged += damaged_;
    return {};
  }

 private:
  static constexpr int device_at = 50, kind_at = 60;
  static constexpr std::uint64_t first_own_name = std::uint64_t{1} << 48, most_values = std::uint64_t{1} << device_at;
  static constexpr std::size_t most_devices = 1 << (kind_at - device_at);
  static constexpr std::int64_t unsized = static_cast<std::int64_t>(most_values) - 1;
  struct event {
    std::int64_t begin, end;
    std::uint64_t packed;

    [[nodiscard]] what kind() const noexcept { return static_cast<what>(packed >> kind_at); }
    [[nodiscard]] std::size_t device() const noexcept { return packed >> device_at & (most_devices - 1); }
    /// A kernel's and a range's name, a copy's bytes.
    [[nodiscard]] std::uint64_t value() const noexcept { return packed & (most_values - 1); }
  };

  void give_graphs(stream_summary& summary) {
    constexpr std::int64_t on_host = std::numeric_limits<std::int32_t>::max();
    std::uint64_t untold = 0;
    for (const auto& g : launches_) {
      if (traced_.contains({g.global_pid, g.correlation})) continue;
      const bool told = g.end_ns > g.begin_ns && g.device >= 0 && g.device < on_host;  // CUPTI: 0 and 0 is no time
      if (told)
        add(what::graph, g.begin_ns, g.end_ns, device_of(g.global_pid, g.device),
            own_name("CUDA graph " + std::to_string(g.graph)));
      untold += told ? 0 : 1;
    }
    damaged_ += untold;
    if (untold > 0 && summary.first_damage.empty())
      summary.first_damage =
          "the launch of a CUDA graph without a time or a device: the device was busier than it looks";
  }

  void give_one(detail::profile_collector& collector, const event& e) {
    const what kind = e.kind();
    const std::uint64_t value = e.value();
    const bool named = kind == what::kernel || kind == what::range || kind == what::graph;
    const auto found = named ? names_.find(value) : names_.end();
    if (kind == what::range && (found == names_.end() || step_kind_of(found->second) == step_kind::none)) return;
    const std::string device = kind == what::range ? std::string{} : device_name(e.device());
    const std::string args = "{\"bytes\":" + std::to_string(value) + "}" + std::string(row_padding, ' ');
    kineto_event out;
    out.phase = "X";
    out.category = kind == what::kernel  ? "kernel"
                   : kind == what::graph ? "cuda_graph"
                   : kind == what::range ? "user_annotation"
                                         : "gpu_memcpy";
    out.name = found != names_.end()  ? std::string_view(found->second)
               : kind == what::kernel ? "(a kernel whose name is not in the file)"
               : kind == what::copy   ? "[CUDA memcpy]"
                                      : "[CUDA memset]";
    out.pid = device;
    if (!named && value != static_cast<std::uint64_t>(unsized))
      out.args = std::string_view(args).substr(0, args.size() - row_padding);
    out.t_ns = e.begin;
    out.dur_ns = e.end - e.begin;
    (void)collector(out.category);
    collector.take(out);
  }

  /// "0", or "0 of process 660175" where there are several processes.
  [[nodiscard]] std::string device_name(std::size_t index) const {
    const auto& [pid, number] = devices_[index];
    const bool one = std::all_of(devices_.begin(), devices_.end(), [&](const auto& d) { return d.first == pid; });
    constexpr int thread_bits = 24;
    const std::int64_t process = pid >> thread_bits & ((std::int64_t{1} << thread_bits) - 1);
    return one ? std::to_string(number) : std::to_string(number) + " of process " + std::to_string(process);
  }

  std::vector<event> events_;
  std::vector<std::pair<std::int64_t, std::int64_t>> devices_;  // global process id, number of the device there
  std::unordered_map<std::uint64_t, std::string> names_;
  std::unordered_map<std::string, std::uint64_t> own_;
  std::vector<nsys_graph_launch> launches_;
  std::set<std::pair<std::int64_t, std::int64_t>> traced_;  // launches by process and correlation
  std::pair<std::int64_t, std::int64_t> last_node_{-1, -1};
  std::uint64_t damaged_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_NSYS_EVENTS_HPP
