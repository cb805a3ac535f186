// weir/openai/mock_schedule.hpp - what a mock server sends for one request, and exactly when. Needs the standard
// library only.
#ifndef WEIR_OPENAI_MOCK_SCHEDULE_HPP
#define WEIR_OPENAI_MOCK_SCHEDULE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/measured.hpp"
#include "weir/openai/mock_options.hpp"

namespace weir::inline v0 {

/// One thing that a stream does.
struct mock_step {
  enum class kind : unsigned char {
    role,    ///< Chat: "assistant" and no text.
    tokens,  ///< `count` tokens of `choice`.
    usage,
    error,  ///< An error object in the stream; [DONE] follows.
    done,   ///< [DONE].
    end,    ///< The last chunk of the body. Always the last step, or
    cut,    ///< the connection is closed.
  };
  kind what = kind::end;
  std::int64_t after_ns = 0;  ///< Due so long after the request's start.
  int choice = 0;
  std::int64_t count = 0;  ///< Tokens.
  bool operator==(const mock_step&) const = default;
};

/// The steps of one request, in order, made one at a time: no memory but a few numbers.
///
/// Token t of every choice (from 0) is due `ttft + t * itl` after the start; an event of several tokens is due with its
/// first one, so that its choice's time per output token is `itl` whatever the size of the events. All times are
/// absolute: a late event makes no other late. The choices of a round take turns, starting with the first, or in an
/// order that changes from round to round (shuffle_choices).
class mock_schedule {
 public:
  /// \param lengths  tokens of each choice, >= 0. \param faulty  the faults of `o` apply to this request.
  mock_schedule(const mock_options& o, std::vector<std::int64_t> lengths, bool roles, bool usage, bool faulty)
      : options_(&o),
        lengths_(std::move(lengths)),
        longest_(*std::max_element(lengths_.begin(), lengths_.end())),
        usage_(usage) {
    if (faulty) plan_fault(o.error_at, kind::error);
    if (faulty) plan_fault(o.abort_at, kind::cut);
    phase_ = roles ? phase::roles : phase::tokens;
    advance();
  }

  [[nodiscard]] const mock_step& step() const noexcept { return step_; }
  /// Whether the tokens that `step` holds are the last of their choice.
  [[nodiscard]] bool closes_choice() const noexcept { return from_ + step_.count == length(step_.choice); }
  /// The time of the last token, after the start.
  [[nodiscard]] std::int64_t last_token_ns() const noexcept {
    const std::int64_t step = options_->tokens_per_event;
    return token_ns(std::max<std::int64_t>(longest_ - 1, 0) / step * step);
  }
  /// What the stream ends in: error or cut, or end where it has no fault; and when, after the start.
  [[nodiscard]] mock_step::kind fault() const noexcept { return fault_; }
  [[nodiscard]] std::int64_t finish_ns() const noexcept {
    return fault_ == kind::end ? last_token_ns() + (usage_ ? options_->late_usage_ns : 0) : token_ns(stop_);
  }

  /// Goes on to the next step. \return  false after the last.
  bool next() {
    if (step_.what == kind::end || step_.what == kind::cut) return false;
    advance();
    return true;
  }

 private:
  using kind = mock_step::kind;
  enum class phase : unsigned char { roles, tokens, usage, error, done, end, cut };

  /// A fault hits streams that are long enough; the earlier of two wins.
  void plan_fault(std::int64_t at, kind what) noexcept {
    if (at != unmeasured && at <= longest_ && at < stop_) stop_ = at, fault_ = what;
  }
  [[nodiscard]] int choices() const noexcept { return static_cast<int>(lengths_.size()); }
  [[nodiscard]] std::int64_t length(int choice) const noexcept { return lengths_[static_cast<std::size_t>(choice)]; }
  [[nodiscard]] std::int64_t token_ns(std::int64_t t) const noexcept {
    return options_->ttft_ns + t * options_->itl_ns;
  }

  void advance() {
    switch (phase_) {
      case phase::roles:
        step_ = {kind::role, options_->role_first_ns == unmeasured ? options_->ttft_ns : options_->role_first_ns, turn_,
                 0};
        if (++turn_ == choices()) turn_ = 0, phase_ = phase::tokens;
        return;
      case phase::tokens:
        if (next_tokens()) return;
        return begin_tail();
      default:
        step_ = tail_step();
    }
  }

  /// The next event of the current round, or of the next one. \return  false where all tokens are out.
  bool next_tokens() {
    for (; (from_ = round_ * options_->tokens_per_event) < std::min(longest_, stop_); ++round_, turn_ = 0) {
      while (turn_ < choices()) {
        const int choice = in_turn(turn_++);
        const std::int64_t until = std::min({from_ + options_->tokens_per_event, length(choice), stop_});
        if (until <= from_) continue;
        step_ = {kind::tokens, token_ns(from_), choice, until - from_};
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] int in_turn(int turn) const noexcept {
    if (!options_->shuffle_choices) return turn;
    const std::uint64_t draw = mix64(options_->seed ^ static_cast<std::uint64_t>(round_ + 1));
    const auto n = static_cast<std::uint64_t>(choices());
    const std::uint64_t place = (draw >> 1) + static_cast<std::uint64_t>(turn);  // rotated, and every other time
    return static_cast<int>(draw & 1 ? n - 1 - place % n : place % n);           // backwards
  }

  void begin_tail() {
    phase_ = fault_ == kind::error ? phase::error
             : fault_ == kind::cut ? phase::cut
             : usage_              ? phase::usage
                                   : phase::done;
    step_ = tail_step();
  }
  mock_step tail_step() {
    const phase now = phase_;
    phase_ = now == phase::done ? phase::end : phase::done;
    const kind what = now == phase::usage   ? kind::usage
                      : now == phase::error ? kind::error
                      : now == phase::done  ? kind::done
                      : now == phase::cut   ? kind::cut
                                            : kind::end;
    return {what, finish_ns(), 0, 0};
  }

  const mock_options* options_;
  std::vector<std::int64_t> lengths_;
  std::int64_t longest_;
  bool usage_;
  std::int64_t stop_ = std::numeric_limits<std::int64_t>::max();  // tokens of each choice that come before the fault
  kind fault_ = kind::end;
  phase phase_ = phase::tokens;
  int turn_ = 0;                       // within the round
  std::int64_t round_ = 0, from_ = 0;  // from_: first token of the round
  mock_step step_;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_SCHEDULE_HPP
