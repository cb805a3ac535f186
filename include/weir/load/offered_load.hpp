// weir/load/offered_load.hpp - the rate that a schedule asked for, and the one that left. Needs weir/record.
#ifndef WEIR_LOAD_OFFERED_LOAD_HPP
#define WEIR_LOAD_OFFERED_LOAD_HPP

#include <algorithm>
#include <cstdint>
#include <limits>

#include "weir/base/measured.hpp"
#include "weir/record/request.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// Compares when requests were due with when they left. A request leaves when its connecting or its sending begins:
/// what the connecting takes is no lateness of the load.
class offered_load {
 public:
  /// \param r  the first attempt of a request; one without a schedule is passed over.
  void add(const request_record& r) {
    if (r.t_sched_ns == unmeasured) return;
    due_.add(r.t_sched_ns);
    const std::int64_t left = r.t_connect_ns != unmeasured ? r.t_connect_ns : r.t_send_ns;
    if (left == unmeasured) return;
    left_.add(left);
    late_ns.add(static_cast<double>(std::max<std::int64_t>(0, left - r.t_sched_ns)));
  }
  /// Takes in what another thread of the same run sent.
  void merge(const offered_load& other) {
    due_.merge(other.due_), left_.merge(other.left_);
    late_ns.merge(other.late_ns);
  }

  /// Requests a second of the schedule itself: a Poisson process of 10 a second has not 600 arrivals in every minute.
  /// NaN: no schedule, or one too short (a fifth of a second) for a rate.
  [[nodiscard]] double asked_per_s() const noexcept { return due_.long_enough() ? due_.per_s() : not_a_number; }
  [[nodiscard]] double achieved_per_s() const noexcept { return due_.long_enough() ? left_.per_s() : not_a_number; }

  sample_set late_ns;  ///< Left - due, of each request.

 private:
  static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

  /// How many there were between the first and the last.
  struct span {
    std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = std::numeric_limits<std::int64_t>::min();
    std::uint64_t count = 0;

    void add(std::int64_t t) noexcept { merge({t, t, 1}); }
    void merge(const span& other) noexcept {
      first = std::min(first, other.first), last = std::max(last, other.last);
      count += other.count;
    }
    [[nodiscard]] bool long_enough() const noexcept { return count > 1 && last - first >= 200'000'000; }
    [[nodiscard]] double per_s() const noexcept {
      return last > first ? static_cast<double>(count - 1) * 1e9 / static_cast<double>(last - first) : not_a_number;
    }
  };
  span due_, left_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_OFFERED_LOAD_HPP
