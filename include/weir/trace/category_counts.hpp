// weir/trace/category_counts.hpp - how many events of each category a trace holds. Needs the standard library only.
#ifndef WEIR_TRACE_CATEGORY_COUNTS_HPP
#define WEIR_TRACE_CATEGORY_COUNTS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/trace/short_text.hpp"

namespace weir::inline v0 {

/// Categories that profilers write; another one is told to the user, since it may be a damaged or a new one.
inline constexpr std::string_view known_categories[] = {"kernel",
                                                        "Kernel",
                                                        "gpu_memcpy",
                                                        "gpu_memset",
                                                        "Memcpy",
                                                        "Memset",
                                                        "cpu_op",
                                                        "operator",
                                                        "Operator",
                                                        "user_annotation",
                                                        "gpu_user_annotation",
                                                        "cuda_runtime",
                                                        "cuda_driver",
                                                        "Runtime",
                                                        "cuda_sync",
                                                        "cuda_event",
                                                        "cuda_graph",
                                                        "cuda_profiler_range",
                                                        "ac2g",
                                                        "async_gpu",
                                                        "async_cpu_to_gpu",
                                                        "fwdbwd",
                                                        "forward_backward",
                                                        "python_function",
                                                        "cpu_instant_event",
                                                        "cpu_memory_event",
                                                        "overhead",
                                                        "Trace",
                                                        "mtia_runtime",
                                                        "mtia_ccp_events",
                                                        "mtia_insight",
                                                        "xpu_runtime",
                                                        "xpu_driver",
                                                        "privateuse1_runtime",
                                                        "privateuse1_driver",
                                                        "glow_runtime",
                                                        "hpu_op",
                                                        "cpu_profiler_range",
                                                        "gpu_pm_counter",
                                                        "collective_comm",
                                                        "Ascend Hardware",
                                                        "Communication",
                                                        "Overlap Analysis",
                                                        "other layers",
                                                        "enqueue",
                                                        "dequeue"};

/// Counts categories and remembers of each whether it is wanted, so that an event that is not costs a look-up.
class category_counts {
 public:
  /// \param wanted  bool(std::string_view); asked once a category.
  template <class Wanted>
  bool count(std::string_view category, Wanted&& wanted) {
    if (last_ >= all_.size() || !detail::same_short(all_[last_].name, category)) last_ = slot_of(category, wanted);
    ++all_[last_].events;
    return all_[last_].wanted;
  }
  /// Takes the last count back. \pre  it was not taken back before.
  void uncount() {
    if (--all_[last_].events == 0 && last_ + 1U == all_.size()) all_.pop_back();
  }
  /// Names and counts in order of appearance.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> totals() const {
    std::vector<std::pair<std::string, std::uint64_t>> out;
    for (const auto& one : all_) out.emplace_back(one.name, one.events);
    return out;
  }

 private:
  struct one_category {
    std::string name;
    std::uint64_t events = 0;
    bool wanted = false;
  };
  static constexpr std::size_t most = std::numeric_limits<std::uint8_t>::max();  // the last stands for all further ones

  static std::size_t hash_of(std::string_view c) noexcept {
    if (c.empty()) return 0;
    return (c.size() * 5 + static_cast<unsigned char>(c.front()) + static_cast<unsigned char>(c.back())) % 64;
  }
  template <class Wanted>
  std::uint8_t slot_of(std::string_view category, Wanted& wanted) {
    std::uint8_t& slot = slots_[hash_of(category)];
    if (slot >= all_.size() || !detail::same_short(all_[slot].name, category)) slot = find(category, wanted);
    return slot;
  }
  template <class Wanted>
  std::uint8_t find(std::string_view category, Wanted& wanted) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.name == category; });
    const auto at = static_cast<std::size_t>(found - all_.begin());
    if (found != all_.end()) return static_cast<std::uint8_t>(at);
    if (at < most - 1)
      all_.push_back({std::string(category), 0, wanted(category)});
    else if (at == most - 1)
      all_.push_back({"others", 0, false});
    return static_cast<std::uint8_t>(std::min(at, most - 1));
  }

  std::vector<one_category> all_;
  std::array<std::uint8_t, 64> slots_{};
  std::uint8_t last_ = 0;  // counted last
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_CATEGORY_COUNTS_HPP
