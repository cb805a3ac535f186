// weir/load/send_limit.hpp - ends the sending of a run without a schedule. Needs Linux (epoll) and simdjson.
#ifndef WEIR_LOAD_SEND_LIMIT_HPP
#define WEIR_LOAD_SEND_LIMIT_HPP

#include <cstdint>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/load/runner.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// Ends the sending of a closed loop when its time is over.
class send_limit final : private timer {
 public:
  send_limit(loop& on, runner& run, std::int64_t duration_ns) : loop_(&on), run_(&run), duration_ns_(duration_ns) {
    if (duration_ns > 0) loop_->arm(*this, now_ns() + duration_ns);
  }
  send_limit(const send_limit&) = delete;
  send_limit& operator=(const send_limit&) = delete;
  ~send_limit() { loop_->disarm(*this); }

 private:
  /// The duration counts from the run's start, which connecting has put off.
  void on_time(std::int64_t now) override {
    const std::int64_t start = run_->t_start_ns(), end = (start == unmeasured ? now : start) + duration_ns_;
    end > now ? loop_->arm(*this, end) : run_->drain();
  }
  loop* loop_;
  runner* run_;
  std::int64_t duration_ns_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_SEND_LIMIT_HPP
