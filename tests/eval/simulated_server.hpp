// tests/eval/simulated_server.hpp - a server without a clock, and a closed loop of requests before it.
#ifndef WEIR_TESTS_EVAL_SIMULATED_SERVER_HPP
#define WEIR_TESTS_EVAL_SIMULATED_SERVER_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "weir/eval/concurrency.hpp"

namespace simulated {

/// Works on `places` requests at once, first come, first served; each goes on at `speed(at work)`. A request of mean
/// size takes 1 s at speed 1, a tenth of it until its first token.
struct server {
  std::function<std::size_t(std::size_t asked)> places = [](std::size_t) { return 1'000'000; };
  std::function<double(std::size_t at_work)> speed = [](std::size_t) { return 1.0; };
  double tokens_vary = 0, time_varies = 0;  ///< Standard deviation over mean, log-normal.
  bool speaks = false;                      ///< Its running and waiting are asked for, ten times a second.
  std::size_t refuses_above = std::numeric_limits<std::size_t>::max();  ///< In flight: HTTP 503.
  std::function<bool(std::size_t asked)> refuses_all = [](std::size_t) { return false; };
  double fails = 0;  ///< This share, with no answer.
};

inline server with_places(std::size_t places) {
  server s;
  s.places = [places](std::size_t) { return places; };
  return s;
}
/// A GPU: `half` requests at work halve the speed of each.
inline server with_curve(double half) {
  server s;
  s.speed = [half](std::size_t n) { return 1 / (1 + static_cast<double>(n) / half); };
  return s;
}

/// What came of a run.
struct outcome {
  std::size_t limit = 0, asked = 0, tried_later = 0;
  std::string reason;
  double wall_s = 0;
  double slow = 0;  ///< Share of first tokens beyond the limit.
  std::size_t refused = 0;
};

class closed_loop {
 public:
  closed_loop(server what, std::size_t questions, weir::concurrency_options options, unsigned seed = 1)
      : server_(std::move(what)),
        questions_(questions),
        options_(with(options, questions)),
        search_(options_),
        random_(seed) {}

  outcome run() {
    while (asked_ < questions_ || !queue_.empty()) {
      while (asked_ < questions_ && queue_.size() < search_.limit()) send();
      if (!queue_.empty()) advance();
    }
    return {search_.limit(),
            search_.asked(),
            search_.tried_later(),
            search_.reason(),
            now_,
            static_cast<double>(slow_) / static_cast<double>(questions_),
            refused_};
  }

 private:
  struct request {
    double sent, left, rest;  // work until the answer, of it after the first token
    std::int64_t tokens;
    bool first_seen;
    weir::concurrency_search::mark mark;
  };

  static weir::concurrency_options with(weir::concurrency_options options, std::size_t questions) {
    options.questions = questions;
    return options;
  }
  static std::int64_t ns(double s) { return std::llround(s * 1e9); }
  double drawn(double varies) {
    const double variance = std::log(1 + varies * varies);
    return varies > 0 ? std::exp(std::normal_distribution<double>(-variance / 2, std::sqrt(variance))(random_)) : 1;
  }

  void send() {
    const bool refused = queue_.size() >= server_.refuses_above || server_.refuses_all(asked_);
    const auto mark = search_.sent(ns(now_));
    ++asked_;
    if (refused) ++refused_;
    if (refused || std::uniform_real_distribution<double>()(random_) < server_.fails)
      return search_.ended(mark, ns(now_), {.ok = false, .refused = refused, .tokens = weir::unmeasured});
    const double tokens = std::max(1.0, std::round(200 * drawn(server_.tokens_vary)));
    const double first = 0.1 * drawn(server_.time_varies), rest = 0.9 * tokens / 200 * drawn(server_.time_varies);
    queue_.push_back({now_, first + rest, rest, static_cast<std::int64_t>(tokens), false, mark});
  }

  /// To the next first token, answer or look at the metrics.
  void advance() {
    const std::size_t at_work = std::min(queue_.size(), server_.places(asked_));
    const double speed = server_.speed(at_work);
    double step = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < at_work; ++i)
      step = std::min(step, (queue_[i].left - (queue_[i].first_seen ? 0 : queue_[i].rest)) / speed);
    const bool looks = server_.speaks && now_ + step >= looks_at_;
    if (looks) step = std::max(0.0, std::exchange(looks_at_, looks_at_ + 0.1) - now_);
    now_ += step;
    for (std::size_t i = 0; i < at_work; ++i) queue_[i].left -= step * speed;
    if (looks)
      search_.hear(static_cast<double>(at_work), static_cast<double>(queue_.size() - at_work),
                   std::numeric_limits<double>::quiet_NaN());
    else
      report(at_work);
  }

  void report(std::size_t at_work) {
    constexpr double nothing = 1e-9;
    for (std::size_t i = 0; i < at_work; ++i) {
      auto& r = queue_[i];
      if (r.first_seen || r.left > r.rest + nothing) continue;
      r.first_seen = true;
      if (options_.max_ttft_ns != weir::unmeasured && ns(now_ - r.sent) > options_.max_ttft_ns) ++slow_;
      search_.first_token(r.mark, ns(now_ - r.sent));
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < queue_.size(); ++i)
      if (i < at_work && queue_[i].left <= nothing)
        search_.ended(queue_[i].mark, ns(now_), {.ok = true, .refused = false, .tokens = queue_[i].tokens});
      else
        queue_[kept++] = queue_[i];
    queue_.resize(kept);
  }

  server server_;
  std::size_t questions_;
  weir::concurrency_options options_;
  weir::concurrency_search search_;
  std::mt19937_64 random_;
  std::vector<request> queue_;  // in the order of arrival
  double now_ = 0, looks_at_ = 0.1;
  std::size_t asked_ = 0, slow_ = 0, refused_ = 0;
};

inline outcome run(const server& what, std::size_t questions, weir::concurrency_options options = {},
                   unsigned seed = 1) {
  return closed_loop(what, questions, options, seed).run();
}

}  // namespace simulated

#endif  // WEIR_TESTS_EVAL_SIMULATED_SERVER_HPP
