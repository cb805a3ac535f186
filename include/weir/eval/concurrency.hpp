// weir/eval/concurrency.hpp - how many requests to keep in flight: a number, or found while the questions are asked.
// Needs the standard library only.
#ifndef WEIR_EVAL_CONCURRENCY_HPP
#define WEIR_EVAL_CONCURRENCY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// How many requests may be in flight at once.
struct concurrency_options {
  std::size_t fixed = 0;  ///< 0: automatic.
  std::size_t start = 4, most = 4096;
  std::size_t budget = 64;                ///< Automatic: requests that the search may take; 0: any number.
  std::int64_t max_ttft_ns = unmeasured;  ///< Automatic: not so many that the first tokens take longer than this.
};

/// Raises the number of requests in flight as long as that brings more answers a second.
///
/// In a closed loop of L requests the answers a second are L over their mean time (Little's law), so a level is judged
/// by the times of requests alone, in the order of their sending: the first ones to come back would be the fast ones.
/// The requests that fill a level up are left out. A level doubles (with a limit for the first token it grows by a
/// eighth, so that few suffer where it is too much) while it brings at least a tenth of what the growth promises; then
/// the smallest level within 5 % of the best one stays.
///
/// What servers say of themselves ends the search sooner: where they queue what is sent, or their cache is full.
/// \source  Little, "A Proof for the Queuing Formula: L = lambda W", 1961.
class concurrency_search {
 public:
  /// Which request it was: the level it was sent at, and its place among those.
  struct mark {
    std::size_t level, place;
  };

  explicit concurrency_search(const concurrency_options& options)
      : options_(options), limit_(options.fixed > 0 ? options.fixed : options.start), settled_(options.fixed > 0) {
    if (settled_) reason_ = "as asked for";
    if (options_.budget > 0 && !settled_) limit_ = std::min(limit_, std::max<std::size_t>(1, options_.budget / 4));
  }

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  [[nodiscard]] bool settled() const noexcept { return settled_; }
  /// Why the limit is what it is, for the person.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// Requests that were sent before the limit was settled.
  [[nodiscard]] std::size_t asked() const noexcept { return asked_; }

  /// A request is being sent.
  [[nodiscard]] mark sent() {
    if (!settled_) ++asked_;
    return {limit_, sent_++};
  }
  /// It has been answered. \param ttft_ns  unmeasured where nothing was streamed.
  void add(mark which, std::int64_t time_ns, std::int64_t ttft_ns) {
    if (which.level != limit_ || options_.fixed > 0) return;
    const bool slow = options_.max_ttft_ns != unmeasured && ttft_ns > options_.max_ttft_ns;
    if (slow) return settled_ ? back_off() : too_slow(ttft_ns);
    if (settled_) return;
    if (which.place < filling() || which.place >= filling() + wanted()) return;
    sum_ns_ += static_cast<double>(time_ns);
    if (++count_ == wanted()) judge();
  }

  /// What the servers, together, say of themselves while a level is tried. Only what they say three times in a row
  /// counts: a burst of prompts queues for a moment.
  /// \param in_flight         requests of ours that are under way.
  /// \param running, waiting  sequences in work and in their queues; NaN: they do not say.
  /// \param cache_usage       0 to 1, of the fullest.
  /// \return                  whether more is to be heard.
  bool hear(std::size_t in_flight, double running, double waiting, double cache_usage) {
    if (settled_) return false;
    const bool queues = waiting >= 1 && waiting * 8 >= running + waiting, full = cache_usage >= 0.95;
    queued_ = queues ? queued_ + 1 : 0;
    filled_ = full ? filled_ + 1 : 0;
    if (queued_ == 3) {
      const double at_work = running / (running + waiting) * static_cast<double>(in_flight);
      settle_at(static_cast<std::size_t>(std::max(1.0, std::ceil(at_work))),
                "of " + std::to_string(in_flight) + " the servers work on " + tenths(at_work) +
                    " at once and queue the rest");
    } else if (filled_ == 3) {
      settle_at(levels_.empty() ? std::max<std::size_t>(1, limit_ / 2) : levels_.back().level,
                "with " + std::to_string(limit_) + " the servers' cache is full");
    }
    return !settled_;
  }

 private:
  struct level_result {
    std::size_t level;
    double per_s;
  };

  [[nodiscard]] std::size_t filling() const { return levels_.empty() ? 0 : limit_ - levels_.back().level; }
  [[nodiscard]] std::size_t wanted() const { return std::max<std::size_t>(4, limit_ / 2); }
  [[nodiscard]] std::size_t next_level() const {
    const std::size_t more = options_.max_ttft_ns == unmeasured ? limit_ : std::max<std::size_t>(1, limit_ / 8);
    return std::min(options_.most, limit_ + more);
  }

  void judge() {
    const double per_s = static_cast<double>(limit_) * static_cast<double>(count_) / (sum_ns_ / 1e9);
    const bool first = levels_.empty();
    const double promised = first ? 0 : static_cast<double>(limit_) / static_cast<double>(levels_.back().level) - 1;
    const bool brought = first || per_s >= levels_.back().per_s * (1 + promised / 10);
    levels_.push_back({limit_, per_s});
    if (!brought) return settle("more brought no more answers a second");
    if (limit_ >= options_.most) return settle("no more are allowed");
    const std::size_t cost = next_level() - limit_ + next_level() / 2;
    if (options_.budget > 0 && asked_ + cost > options_.budget)
      return settle("trying more would take too many questions");
    go(next_level());
  }

  void too_slow(std::int64_t ttft_ns) {
    const auto ms = [](std::int64_t ns) { return std::to_string(ns / 1'000'000) + " ms"; };
    const std::string why = "with " + std::to_string(limit_) + " a first token took " + ms(ttft_ns) +
                            ", the limit is " + ms(options_.max_ttft_ns);
    if (!levels_.empty()) return settle(why);
    if (limit_ > 1) return go(limit_ / 2);
    settled_ = true, reason_ = why;
  }

  /// What held while it was tried need not hold for ever.
  void back_off() {
    if (backed_off_++ == 0) reason_ += "; later less, because of first tokens that took too long";
    std::size_t lower = std::max<std::size_t>(1, limit_ / 2);
    for (const auto& each : levels_)
      if (each.level < limit_) lower = std::max(lower, each.level);
    go(lower);
  }

  void go(std::size_t level) { limit_ = level, sent_ = 0, sum_ns_ = 0, count_ = 0, queued_ = 0, filled_ = 0; }

  static std::string tenths(double value) {
    const auto in_tenths = std::llround(value * 10);
    return std::to_string(in_tenths / 10) + "." + std::to_string(in_tenths % 10);
  }

  void settle(std::string why) {
    double best = 0;
    for (const auto& each : levels_) best = std::max(best, each.per_s);
    const auto enough = [&](const level_result& r) { return r.per_s >= 0.95 * best; };
    settle_at(std::ranges::find_if(levels_, enough)->level, std::move(why));
  }

  void settle_at(std::size_t level, std::string why) {
    limit_ = level;
    settled_ = true;
    reason_ = std::move(why);
    if (!levels_.empty()) reason_ += "; answers a second:";
    for (const auto& each : levels_) reason_ += " " + std::to_string(each.level) + ": " + tenths(each.per_s);
  }

  concurrency_options options_;
  std::size_t limit_;
  bool settled_;
  std::string reason_ = "the questions ended before more could be tried";
  std::vector<level_result> levels_;
  double sum_ns_ = 0;
  std::size_t count_ = 0, sent_ = 0, asked_ = 0, backed_off_ = 0;
  int queued_ = 0, filled_ = 0;  // times in a row
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_CONCURRENCY_HPP
