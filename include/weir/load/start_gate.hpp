// weir/load/start_gate.hpp - the threads of a run begin together, and count together what is under way. Needs the
// standard library only.
#ifndef WEIR_LOAD_START_GATE_HPP
#define WEIR_LOAD_START_GATE_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// Shared by all threads of a run; every call may come from any of them.
class start_gate {
 public:
  /// \param threads  how many must arrive. \param not_before_ns  the earliest start, or unmeasured.
  explicit start_gate(std::size_t threads, std::int64_t not_before_ns = unmeasured)
      : missing_(threads), not_before_(not_before_ns) {}

  /// A thread has its connections, or can't have them. The last one sets the start, a little ahead so that all see it.
  void arrive() noexcept {
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::int64_t start = now_ns() + ahead_ns;
    if (not_before_ != unmeasured) start = std::max(start, not_before_);
    start_.store(start, std::memory_order_release);
  }
  /// When to begin; unmeasured as long as a thread is missing.
  [[nodiscard]] std::int64_t start_ns() const noexcept { return start_.load(std::memory_order_acquire); }

  void sent() noexcept {
    const std::size_t now = in_flight_.fetch_add(1, std::memory_order_relaxed) + 1;
    std::size_t most = max_in_flight_.load(std::memory_order_relaxed);
    while (most < now && !max_in_flight_.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
    }
  }
  void ended() noexcept { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t max_in_flight() const noexcept { return max_in_flight_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t ahead_ns = 2'000'000;  // more than the threads' interval of asking

  std::atomic<std::size_t> missing_;
  std::int64_t not_before_;
  std::atomic<std::int64_t> start_{unmeasured};
  std::atomic<std::size_t> in_flight_{0}, max_in_flight_{0};
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_START_GATE_HPP
