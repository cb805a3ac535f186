// weir/eval/level_meter.hpp - what so many requests in flight bring, measured while the work goes on. Needs weir/base.
#ifndef WEIR_EVAL_LEVEL_METER_HPP
#define WEIR_EVAL_LEVEL_METER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// What a level, so many requests in flight, brings.
struct level_rate {
  std::size_t level = 0;
  double answers_per_s = 0;
  double tokens_per_s = 0;  ///< 0 where an answer's tokens are not known.
};

/// How much more `a` brings than `b`. Tokens are compared where both have them: a request's time goes with its tokens,
/// so that they say the same with fewer answers.
[[nodiscard]] inline double times_more(const level_rate& a, const level_rate& b) noexcept {
  if (a.tokens_per_s > 0 && b.tokens_per_s > 0) return a.tokens_per_s / b.tokens_per_s;
  return a.answers_per_s / b.answers_per_s;
}

/// The requests in flight, summed over time.
class flight_clock {
 public:
  void sent(std::int64_t now_ns) { move(now_ns), ++in_flight_; }
  void ended(std::int64_t now_ns) { move(now_ns), --in_flight_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  /// Request-nanoseconds up to the last change.
  [[nodiscard]] double sum() const noexcept { return sum_; }

 private:
  void move(std::int64_t now_ns) {
    sum_ += static_cast<double>(in_flight_) * static_cast<double>(now_ns - last_ns_);
    last_ns_ = now_ns;
  }
  std::size_t in_flight_ = 0;
  std::int64_t last_ns_ = 0;
  double sum_ = 0;
};

/// Judges a level by some of the requests that are sent at it, without letting the pipeline run dry.
///
/// By Little's law the answers a second are those in flight over the time that each takes, so a request's own share of
/// the server is its time over the mean in flight during it. Which requests count is decided when they are sent: the
/// first to come back would be the fast ones. Where the level is at least twice the one before, they are the second
/// half of those that fill it up; else as many as are in flight, one after the other. An eighth of them is not waited
/// for once they take twice as long as the others.
/// \source  Little, "A Proof for the Queuing Formula: L = lambda W", 1961.
class level_meter {
 public:
  /// \param level  in flight from now on. \param from  in flight now. \param before  the level until now.
  void begin(std::size_t level, std::size_t from, std::size_t before) {
    *this = {};
    level_ = level;
    fill_ = level - std::min(from, level);
    const bool half = level >= 2 * before;
    skip_ = half ? fill_ / 2 : 0;
    chosen_most_ = std::max<std::size_t>(1, half ? fill_ - skip_ : level);
  }

  /// A request is sent. \return  whether the level is judged by it.
  [[nodiscard]] bool sent(std::int64_t now_ns) {
    const bool skipped = skip_ > 0;
    if (skipped) --skip_;
    if (skipped || chosen_ == chosen_most_) return false;
    ++chosen_;
    last_sent_ns_ = now_ns;
    return true;
  }
  /// One of those that count has been answered. \param tokens  unmeasured where nobody knows.
  void answered(std::int64_t time_ns, double mean_in_flight, std::int64_t tokens) {
    share_ns_ += static_cast<double>(time_ns) / mean_in_flight;
    time_ns_ += time_ns;
    ++count_;
    if (tokens == unmeasured) tokens_known_ = false;
    if (tokens != unmeasured) tokens_ += static_cast<double>(tokens);
  }
  /// One of those that count has failed: another one counts in its place.
  void lost() { --chosen_; }

  /// How many of those that count fill the level up.
  [[nodiscard]] std::size_t sent_at_once() const noexcept { return std::clamp<std::size_t>(fill_, 1, chosen_most_); }
  [[nodiscard]] bool complete(std::int64_t now_ns) const noexcept {
    if (chosen_ < chosen_most_ || count_ < chosen_most_ - chosen_most_ / 8) return false;
    return count_ == chosen_most_ || (now_ns - last_sent_ns_) * static_cast<std::int64_t>(count_) > 2 * time_ns_;
  }
  [[nodiscard]] level_rate rate() const noexcept {
    const double s = share_ns_ / 1e9;
    return {level_, static_cast<double>(count_) / s, tokens_known_ ? tokens_ / s : 0};
  }

 private:
  std::size_t level_ = 0, fill_ = 0, skip_ = 0, chosen_ = 0, chosen_most_ = 0, count_ = 0;
  std::int64_t last_sent_ns_ = 0, time_ns_ = 0;
  double share_ns_ = 0, tokens_ = 0;
  bool tokens_known_ = true;
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_LEVEL_METER_HPP
