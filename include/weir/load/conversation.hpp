// weir/load/conversation.hpp - a session under way: each turn is sent when the one before was answered. Needs Linux
// (epoll) and simdjson.
#ifndef WEIR_LOAD_CONVERSATION_HPP
#define WEIR_LOAD_CONVERSATION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/data/dialogue.hpp"
#include "weir/data/prompts.hpp"
#include "weir/load/turns.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/client.hpp"
#include "weir/openai/exchange.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

class conversation;

/// Who sends the turns.
class conversation_home {
 public:
  /// An attempt of a turn ended. \return  whether more is to be sent at all.
  virtual bool on_turn(request_record&& record, bool last) = 0;
  virtual void on_next(conversation& which) = 0;  ///< Its next turn may be sent.
  virtual void on_over(conversation& which) = 0;  ///< It has no more to send: may be destroyed.

 protected:
  ~conversation_home() = default;
};

/// The observer of its own turns. A turn that fails ends it: what the later ones would ask depends on an answer that
/// never came.
class conversation final : public exchange_observer, private timer {
 public:
  /// Where all sessions of a run stand: see turn_plan.
  struct script {
    std::span<const prompt> prompts;
    std::span<const std::size_t> next;
    std::int64_t t_start_ns;  ///< What t_sched_ns of the prompts counts from.
    std::int64_t t_end_ns;    ///< No turn is due after it.
  };

  conversation(loop& on, conversation_home& home, script all, std::size_t begin, std::size_t round)
      : loop_(&on), home_(&home), all_(all), at_(begin), round_(round) {}
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;
  ~conversation() { loop_->disarm(*this); }

  /// The turn to be sent now, with what it goes on from. Call once for each turn.
  [[nodiscard]] prompt turn() {
    prompt p = all_.prompts[at_];
    if (p.continues) p.content = joined_content(p.form, so_far_, answer_, p.content);
    so_far_.clear(), answer_.clear();
    if (goes_on()) so_far_ = p.content;
    waiting_ = false;
    return p;
  }
  [[nodiscard]] std::size_t round() const noexcept { return round_; }  ///< How often the plan was through before it.
  /// Whether no request of it is under way.
  [[nodiscard]] bool waiting() const noexcept { return waiting_; }

  std::size_t server = 0;  ///< Where its turns go: all to one, whose prefix cache knows them.

 private:
  void on_attempt(request_record&& record, bool last) override {
    if (!last) return void(home_->on_turn(std::move(record), false));
    const bool ok = record.status == outcome::ok;
    const std::int64_t ended = record.t_done_ns == unmeasured ? now_ns() : record.t_done_ns;
    if (!ok && record.status != outcome::cancelled) record.turns_not_sent = turns_left();
    if (ok && goes_on() && !record.choices.empty()) answer_ = record.choices[0].text;
    const bool more = home_->on_turn(std::move(record), true);
    at_ = all_.next[at_];
    waiting_ = true;
    if (!ok || !more || at_ == turn_plan::none) return home_->on_over(*this);
    const std::int64_t due = due_ns(ended);
    if (due > all_.t_end_ns) return home_->on_over(*this);
    due <= now_ns() ? home_->on_next(*this) : loop_->arm(*this, due);
  }
  void on_time(std::int64_t) override { home_->on_next(*this); }

  /// Think time runs from the end of the turn before; a time of its own is not before the run has come to it.
  [[nodiscard]] std::int64_t due_ns(std::int64_t ended) const noexcept {
    const prompt& p = all_.prompts[at_];
    const std::int64_t thought = p.think_ns == unmeasured ? ended : ended + p.think_ns;
    return p.t_sched_ns == unmeasured ? thought : std::max(thought, all_.t_start_ns + p.t_sched_ns);
  }
  [[nodiscard]] bool goes_on() const noexcept {
    const std::size_t next = all_.next[at_];
    return next != turn_plan::none && all_.prompts[next].continues;
  }
  [[nodiscard]] std::int64_t turns_left() const noexcept {
    std::int64_t left = 0;
    for (std::size_t next = all_.next[at_]; next != turn_plan::none; next = all_.next[next]) ++left;
    return left;
  }

  loop* loop_;
  conversation_home* home_;
  script all_;
  std::size_t at_, round_;
  bool waiting_ = true;
  std::string so_far_, answer_;  // where the next turn goes on from them
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_CONVERSATION_HPP
