// weir/trace/category_counts.hpp - how many events of each category a trace holds. Needs the standard library only.
#ifndef WEIR_TRACE_CATEGORY_COUNTS_HPP
#define WEIR_TRACE_CATEGORY_COUNTS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
    std::uint8_t& slot = slots_[slot_of(category)];
    if (slot >= all_.size() || !same(all_[slot].name, category)) slot = find(category, wanted);
    ++all_[slot].events;
    return all_[slot].wanted;
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

  /// a == b without a call where both have the usual 4 to 16 bytes: two loads each cover them, from the ends inward.
  static bool same(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    if (a.size() >= 8 && a.size() <= 16) return same_ends<std::uint64_t>(a, b);
    if (a.size() >= 4 && a.size() < 8) return same_ends<std::uint32_t>(a, b);
    return a == b;
  }
  template <class Word>
  static bool same_ends(std::string_view a, std::string_view b) noexcept {
    const auto word = [](const char* at) {
      Word w;
      std::memcpy(&w, at, sizeof w);
      return w;
    };
    const std::size_t last = a.size() - sizeof(Word);
    return word(a.data()) == word(b.data()) && word(a.data() + last) == word(b.data() + last);
  }

  static std::size_t slot_of(std::string_view c) noexcept {
    if (c.empty()) return 0;
    return (c.size() * 5 + static_cast<unsigned char>(c.front()) + static_cast<unsigned char>(c.back())) % 64;
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
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_CATEGORY_COUNTS_HPP
