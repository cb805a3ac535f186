// weir/eval/concurrency.hpp - how many requests to keep in flight: a number, or found while the questions are asked.
// Needs weir/base.
#ifndef WEIR_EVAL_CONCURRENCY_HPP
#define WEIR_EVAL_CONCURRENCY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/eval/level_meter.hpp"

namespace weir::inline v0 {

/// How many requests may be in flight at once.
struct concurrency_options {
  std::size_t fixed = 0;  ///< 0: automatic.
  std::size_t most = 4096;
  std::size_t questions = 0;              ///< That will be asked; 0: nobody knows.
  std::int64_t max_ttft_ns = unmeasured;  ///< Automatic: not so many that 1 first token of 100 takes longer than this.
};

/// How one request ended.
struct flight_end {
  bool ok = true;
  bool refused = false;              ///< The server said that it has too much to do (HTTP 429, 503).
  std::int64_t tokens = unmeasured;  ///< Of its answer.
};

/// Finds how many requests in flight bring the most answers a second, and keeps watching.
///
/// - It climbs: a level is four times the one before while nearly all that was promised has come, else twice, as long
///   as a doubling brings a ninth more. Levels are raised in place, nothing is drained between them.
/// - With a limit for the first token a level is reached in steps, each taken when the first tokens of the one before
///   are in and none was slow. A step is a fifth of the one of a hundred questions that may be slow: until it is
///   known to be wrong, each place too many makes several slow. Where half of them were, it goes back.
/// - The smallest level within 8 % of the best is kept. Where the level measured below it is far off, a server with
///   that many places is assumed: its rate times the time a request takes there. That is then measured like any other.
/// - A jump for which a tenth of the questions (64 at least) would not do is not made.
/// - Then it stays, and measures on: where less comes than the best level brought, it goes towards that; and once in a
///   while it tries a quarter more (at once where it stopped for want of questions), and climbs on if that brings more.
/// - What servers say of themselves while more is tried comes first: where they queue what is sent, or their cache is
///   full, less is sent at once. Where one refuses a request, what is under way then is the most that is ever tried:
///   the question is lost.
///
/// Knows no clock and no server: told what happened, in the order of time, it does the same each time.
class concurrency_search {
 public:
  /// What is remembered of a request.
  struct mark {
    std::size_t epoch, level;
    std::int64_t t_ns;
    double sum;   // of the flight clock when it was sent
    bool counts;  // the level is judged by it
  };

  explicit concurrency_search(const concurrency_options& options)
      : options_(options), limit_(options.fixed), phase_(options.fixed > 0 ? phase::fixed : phase::climbing) {
    if (fixed()) {
      reason_ = "as asked for", found_ = true;
      return;
    }
    target_ = std::min<std::size_t>(4, options_.most);
    go(limited() ? 1 : target_);
  }

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  /// Whether there is nothing to find.
  [[nodiscard]] bool fixed() const noexcept { return phase_ == phase::fixed; }
  /// Why the limit is what it is, for the person.
  [[nodiscard]] std::string reason() const {
    std::string text = reason_;
    if (!levels_.empty()) text += "; answers a second:";
    for (const auto& each : levels_) text += " " + std::to_string(each.level) + ": " + tenths(each.answers_per_s);
    return text;
  }
  /// Requests that were sent before it settled for the first time.
  [[nodiscard]] std::size_t asked() const noexcept { return asked_; }
  /// Requests that it tried more with later.
  [[nodiscard]] std::size_t tried_later() const noexcept { return tried_later_; }

  /// A request is being sent.
  [[nodiscard]] mark sent(std::int64_t now_ns) {
    clock_.sent(now_ns);
    ++sent_;
    if (!found_) ++asked_;
    if (found_ && searching()) ++tried_later_;
    if (phase_ == phase::holding) ++held_;
    return {epoch_, limit_, now_ns, clock_.sum(), !fixed() && meter_.sent(now_ns)};
  }

  /// Its first token is here; of one that was not streamed, its answer. Once for each request that has one.
  void first_token(const mark& which, std::int64_t ttft_ns) {
    if (!limited()) return;
    const auto what = [&](const char* of, std::int64_t ns) {
      return "with " + std::to_string(which.level) + of + ms(ns) + ", the limit is " + ms(options_.max_ttft_ns);
    };
    fastest_ns_ = std::min(fastest_ns_, ttft_ns);
    if (ttft_ns > options_.max_ttft_ns) {
      ++slow_;
      if (!may_be_slow() && which.level <= limit_) return too_much(which, what(" a first token took ", ttft_ns));
    }
    if (!searching()) return;
    if (which.level <= limit_ && ttft_ns - fastest_ns_ > 3 * (options_.max_ttft_ns - ttft_ns))  // of the way, 3/4
      return lower(below(which.level), what(" a first token took ", ttft_ns));
    if (which.epoch != epoch_ || !which.counts) return;
    firsts_ns_ += ttft_ns;
    if (++firsts_ < meter_.sent_at_once()) return;
    const std::int64_t mean_ns = firsts_ns_ / static_cast<std::int64_t>(firsts_);
    if (mean_ns - fastest_ns_ > options_.max_ttft_ns - mean_ns)  // more than half way from the fastest to the limit
      return lower(below(limit_), what(" first tokens took ", mean_ns));
    if (limit_ < target_) step();
  }

  /// It has ended.
  void ended(const mark& which, std::int64_t now_ns, const flight_end& how) {
    clock_.ended(now_ns);
    if (fixed()) return;
    if (how.refused) return refused();
    if (which.epoch == epoch_ && which.counts) {
      if (!how.ok) return meter_.lost();
      const std::int64_t time_ns = std::max<std::int64_t>(1, now_ns - which.t_ns);
      meter_.answered(time_ns, (clock_.sum() - which.sum) / static_cast<double>(time_ns), how.tokens);
    }
    if (limit_ >= target_ && meter_.complete(now_ns)) judge();
  }

  /// What the servers, together, say of themselves. Only what they say three times in a row counts (a burst of prompts
  /// queues for a moment), and only while more is tried: a queue that is there later may be somebody else's.
  /// \param running, waiting  sequences in work and in their queues; NaN: they do not say.
  /// \param cache_usage       0 to 1, of the fullest.
  void hear(double running, double waiting, double cache_usage) {
    if (!searching()) return;
    const bool queues = waiting >= 1 && waiting * 8 >= running + waiting, full = cache_usage >= 0.95;
    queued_ = queues ? queued_ + 1 : 0;
    filled_ = full ? filled_ + 1 : 0;
    if (queued_ == 3) {
      const double at_work = running / (running + waiting) * static_cast<double>(clock_.in_flight());
      const auto level = std::min(limit_, static_cast<std::size_t>(std::max(1.0, std::ceil(at_work))));
      const auto all = std::to_string(clock_.in_flight());
      lower(level, "of " + all + " the servers work on " + tenths(at_work) + " at once and queue the rest");
    } else if (filled_ == 3) {
      lower(below(limit_), "with " + std::to_string(limit_) + " the servers' cache is full");
    }
  }
  /// Whether it looks for the level now, so that what servers say should be asked for often.
  [[nodiscard]] bool searching() const noexcept { return phase_ == phase::climbing || phase_ == phase::probing; }

 private:
  enum class phase : unsigned char { fixed, climbing, holding, probing };
  static constexpr double grows = 0.15;        // a doubling brings a ninth more
  static constexpr double grows_surely = 0.3;  // a quarter more brings 7 % more
  static constexpr double grows_fully = 0.75;  // four times as many bring 2.8 times as much
  static constexpr double enough = 0.92;       // of the best
  static constexpr double enough_still = 0.85;
  static constexpr std::size_t patience = 20;  // times the level, in requests, between two tries

  [[nodiscard]] bool limited() const noexcept { return options_.max_ttft_ns != unmeasured; }
  /// Of those that may be slow in the end half is kept for what happens by itself.
  [[nodiscard]] bool may_be_slow() const noexcept { return slow_ * 200 <= sent_; }

  /// By which power of the level the rate grew: 1 in proportion, 0 not at all.
  static double growth(const level_rate& to, const level_rate& from) {
    return std::log(times_more(to, from)) / std::log(static_cast<double>(to.level) / static_cast<double>(from.level));
  }

  void judge() {
    const level_rate now = meter_.rate();
    std::erase_if(levels_, [&](const level_rate& each) { return each.level == limit_; });
    levels_.insert(std::ranges::lower_bound(levels_, limit_, {}, &level_rate::level), now);
    if (phase_ == phase::holding) return hold_on(now);
    if (base_.level == 0) return climb_from(now, 4);
    const double grew = growth(now, base_);
    if (grew < grows_surely && phase_ == phase::probing) return give_up_probe();
    if (grew < grows) return settle("more brought no more answers a second");
    climb_from(now, grew >= grows_fully ? 4 : 2);
  }

  void climb_from(const level_rate& now, std::size_t factor) {
    base_ = now;
    std::size_t want = std::min(limit_ * (found_ ? 2 : factor), options_.most);
    if (limit_ == options_.most) return settle("no more are allowed");
    if (!may_be_slow()) return settle("more first tokens would take too long");
    if (!found_ && !limited() && options_.questions > 0) {
      const std::size_t budget = std::max<std::size_t>(64, options_.questions / 10);
      // Those that fill a level up, and as many again while they are answered.
      want = std::min(want, (budget - std::min(budget, asked_) + clock_.in_flight()) / 2);
      if (want * 4 < limit_ * 5) {
        stay_at(limit_, "trying more would take too many questions");
        return probe(now);
      }
    }
    phase_ = phase::climbing;
    target_ = want;
    step();
  }

  /// Towards the target; with a limit for the first token not at once.
  void step() {
    const std::size_t slow_at_most = options_.questions / 100;
    const std::size_t careful =
        std::clamp<std::size_t>(slow_at_most > slow_ ? (slow_at_most - slow_) / 5 : 0, 1, limit_);
    go(limited() ? std::min(target_, limit_ + careful) : target_);
  }

  /// At the smallest level that is good enough, or at what a server with places would need between it and the one
  /// below.
  void settle(std::string why) {
    const auto at = good_enough();
    if (at == levels_.begin() || at->level <= 2 * std::prev(at)->level) return stay_at(at->level, std::move(why));
    const auto& under = *std::prev(at);
    const double places = std::ceil(static_cast<double>(under.level) * times_more(*at, under));
    stay_at(std::clamp(static_cast<std::size_t>(places), under.level, at->level), std::move(why));
  }

  [[nodiscard]] std::vector<level_rate>::const_iterator good_enough() const {
    const level_rate best = *std::ranges::max_element(levels_, {}, &level_rate::answers_per_s);
    return std::ranges::find_if(levels_, [&](const level_rate& each) { return times_more(each, best) >= enough; });
  }

  void stay_at(std::size_t level, std::string why) {
    reason_ = std::move(why);
    phase_ = phase::holding;
    found_ = true;
    held_ = 0;
    target_ = level;
    go(level);
  }

  void hold_on(const level_rate& now) {
    steady_ = limit_;
    const level_rate best = *std::ranges::max_element(levels_, {}, &level_rate::answers_per_s);
    if (best.level > limit_ && times_more(now, best) < enough_still) {
      const double between = std::sqrt(static_cast<double>(limit_) * static_cast<double>(best.level));
      const auto level = static_cast<std::size_t>(std::ceil(between));
      return stay_at(level * 9 > best.level * 8 ? best.level : level, reason_);
    }
    if (const auto less = good_enough()->level; less < limit_) return stay_at(less, reason_);
    if (held_ < wait_ * limit_ || limit_ == options_.most || slow_ * 400 > sent_) return go(limit_);
    wait_ *= 2;
    probe(now);
  }

  /// Tries a quarter more.
  void probe(const level_rate& now) {
    base_ = now;
    phase_ = phase::probing;
    target_ = std::min(options_.most, limit_ + std::max<std::size_t>(1, limit_ / 4));
    step();
  }

  void give_up_probe() {
    levels_.erase(std::ranges::find(levels_, limit_, &level_rate::level));
    stay_at(base_.level, "more brought no more answers a second");
  }

  /// What is under way now was not refused. A question that is refused is lost: no more is ever tried than this, unless
  /// it is less than half of what was no trouble before: then the server has another one.
  void refused() {
    const std::size_t level = std::max<std::size_t>(1, std::min(limit_, clock_.in_flight()));
    options_.most = std::min(options_.most, std::max(level, steady_ / 2));
    lower(level, "the server refused one more than " + std::to_string(level));
  }

  /// More than the servers bear.
  void too_much(const mark& which, std::string why) {
    const std::size_t step_back = which.level - std::max<std::size_t>(1, which.level / 8);
    lower(phase_ == phase::holding ? std::max<std::size_t>(1, step_back) : below(which.level), std::move(why));
  }

  /// The highest level below that has proved itself.
  [[nodiscard]] std::size_t below(std::size_t level) const {
    std::size_t proved = std::max<std::size_t>(1, level / 2);
    for (const auto each : passed_)
      if (each < level) proved = std::max(proved, each);
    for (const auto& each : levels_)
      if (each.level < level) proved = std::max(proved, each.level);
    return proved;
  }

  void lower(std::size_t level, std::string why) {
    std::erase_if(levels_, [&](const level_rate& each) { return each.level > level; });
    std::erase_if(passed_, [&](std::size_t each) { return each > level; });
    stay_at(level, std::move(why));
  }

  void go(std::size_t level) {
    meter_.begin(level, clock_.in_flight(), limit_);
    if (level > limit_ && limit_ > 0) passed_.push_back(limit_);
    limit_ = level;
    ++epoch_;
    firsts_ = 0, firsts_ns_ = 0, queued_ = 0, filled_ = 0;
  }

  static std::string ms(std::int64_t ns) { return std::to_string(ns / 1'000'000) + " ms"; }
  static std::string tenths(double value) {
    const auto in_tenths = std::llround(value * 10);
    return std::to_string(in_tenths / 10) + "." + std::to_string(in_tenths % 10);
  }

  concurrency_options options_;
  std::size_t limit_ = 0, target_ = 0;
  phase phase_;
  bool found_ = false;  // it has settled once
  std::string reason_ = "the questions ended before more could be tried";
  std::vector<level_rate> levels_;   // that were measured, in order
  level_rate base_;                  // what the next one is compared with
  std::vector<std::size_t> passed_;  // levels that there was no reason to stop at
  level_meter meter_;
  flight_clock clock_;
  std::size_t steady_ = 0;  // the last level that was held for a while
  std::size_t epoch_ = 0, firsts_ = 0;
  std::size_t sent_ = 0, asked_ = 0, held_ = 0, tried_later_ = 0, slow_ = 0;
  std::size_t wait_ = patience;
  std::int64_t firsts_ns_ = 0;                                          // of those of this epoch
  std::int64_t fastest_ns_ = std::numeric_limits<std::int64_t>::max();  // first token
  int queued_ = 0, filled_ = 0;                                         // times in a row
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_CONCURRENCY_HPP
