// weir/load/runner.hpp - sends many prompts to servers, on a schedule or as fast as they answer. Needs Linux (epoll)
// and simdjson.
#ifndef WEIR_LOAD_RUNNER_HPP
#define WEIR_LOAD_RUNNER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/data/prompts.hpp"
#include "weir/load/conversation.hpp"
#include "weir/load/start_gate.hpp"
#include "weir/load/turns.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/client.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/exchange.hpp"
#include "weir/openai/request.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// One server of a run, with what speaks to it.
struct load_target {
  const endpoint* where;
  client* connections;
  const request_writer* requests;
};

/// Which of several servers gets a request.
enum class balance : unsigned char {
  least_busy,   ///< The one with the fewest requests under way; of equals the one not chosen for the longest time.
  round_robin,  ///< One after the other.
  shard,        ///< Prompt (or session) k always goes to server k modulo their number, as weir-split --by stride deals.
};

[[nodiscard]] constexpr std::string_view to_string(balance b) noexcept {
  constexpr std::string_view names[] = {"least-busy", "round-robin", "shard"};
  return names[static_cast<unsigned char>(b)];
}

/// What is to be sent, and when. What the spans view must outlive the run.
struct load_plan {
  std::span<const prompt> prompts;
  std::span<const std::size_t> next =
      {};  ///< See turn_plan: prompts that follow another stand behind those that don't.
  /// Of each prompt that begins by itself, ascending, after the start; empty: closed loop.
  std::span<const std::int64_t> t_sched_ns = {};
  std::size_t max_concurrency = 0;  ///< Requests in flight at once; 0: any number.
  std::size_t max_sessions = 0;     ///< Sessions that have begun and are not over; 0: any number.
  std::int64_t turns_end_ns =
      0;                ///< Later turns of sessions that come due so long after the start stay unsent; 0: none.
  bool repeat = false;  ///< Closed loop: begin again with the first prompt ("7#2") until drain() is called.
  std::int64_t t_start_ns = unmeasured;  ///< When to begin, by the monotonic clock; unmeasured: once connected.
  start_gate* gate = nullptr;            ///< Shared with the other threads of the run: it says when to begin.
  balance how = balance::least_busy;
  std::size_t first = 0, step = 1;  ///< The k-th prompt that begins is the (first + k * step)-th of the whole run.
  exchange_options exchange = {};
};

/// Who hears of a run.
class load_listener {
 public:
  virtual void on_record(request_record&& record, bool last) = 0;  ///< See exchange_observer::on_attempt.
  virtual void on_finished() = 0;                                  ///< All records were given.

 protected:
  load_listener() = default;
  load_listener(const load_listener&) = default;
  load_listener& operator=(const load_listener&) = default;
  ~load_listener() = default;
};

/// Drives a run on one loop. Each request goes to the server with the fewest under way; a session stays with its first.
/// A turn whose time has come is sent before anything new is begun.
///
///     weir::runner run(loop, targets, plan, listener);
///     run.start();
///     loop.run();          // the listener's on_finished stops the loop
///
/// Within a turn of the loop all that has arrived is read and stamped first, then requests are sent, then records are
/// given to the listener: neither sending nor bookkeeping comes between two arrivals of one turn.
class runner final : private timer, private exchange_observer, private conversation_home {
 public:
  runner(loop& on, std::vector<load_target> targets, load_plan plan, load_listener& listener)
      : loop_(&on),
        targets_(std::move(targets)),
        plan_(plan),
        listener_(&listener),
        begins_(begins_of(plan)),
        turn_(plan.first) {}
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;
  ~runner() { loop_->disarm(*this); }

  /// Connects, then begins to send. \pre  there is a target.
  void start() {
    const std::size_t each = (connections() + targets_.size() - 1) / targets_.size();
    for (const auto& target : targets_) target.connections->prepare(each);
    loop_->arm(*this, 0);
  }

  /// Sends no more; what is under way ends as it would have.
  void drain() {
    draining_ = true;
    next_turns_.clear();
    std::erase_if(sessions_, [](const auto& each) { return each.second->waiting(); });
    if (phase_ == phase::running) loop_->arm(*this, 0);
  }

  /// Whether there is more to send at this moment, as far as the concurrency lets it.
  [[nodiscard]] bool sending() const noexcept {
    if (phase_ != phase::running || draining_) return false;
    const bool room = plan_.max_sessions == 0 || sessions_.size() < plan_.max_sessions;
    return !next_turns_.empty() || (room && (plan_.repeat || begun_ < begins_));
  }

  /// Sends no more, ends what is under way as `cancelled`, gives all records to the listener.
  void stop(std::string_view why) {
    if (finished_) return;
    phase_ = phase::stopped;
    if (plan_.gate && !std::exchange(arrived_, true)) plan_.gate->arrive();  // the others need not wait
    for (const auto& target : targets_) target.connections->cancel_all(why);
    next_turns_.clear();
    sessions_.clear();
    while (!records_.empty()) deliver();
    finish();
  }

  [[nodiscard]] std::int64_t t_start_ns() const noexcept { return t_start_ns_; }  ///< unmeasured: still connecting.
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::size_t max_in_flight() const noexcept { return max_in_flight_; }

 private:
  enum class phase : unsigned char { connecting, running, stopped };
  struct due {
    std::size_t index;
    std::int64_t t_woke_ns;
  };

  /// How many connections to open before the start: in a closed loop all that will be used, in an open one a guess,
  /// which costs a late connection its own time and not the server's.
  [[nodiscard]] std::size_t connections() const noexcept {
    const std::size_t limit = plan_.max_concurrency == 0 ? begins_ : plan_.max_concurrency;
    return std::min({limit, begins_, scheduled() ? open_loop_connections : limit});
  }
  [[nodiscard]] std::int64_t turns_end() const noexcept {
    return plan_.turns_end_ns == 0 ? std::numeric_limits<std::int64_t>::max() : t_start_ns_ + plan_.turns_end_ns;
  }
  static std::size_t begins_of(const load_plan& plan) noexcept {
    const auto following = std::ranges::count_if(plan.next, [](std::size_t at) { return at != turn_plan::none; });
    return plan.prompts.size() - static_cast<std::size_t>(following);
  }
  [[nodiscard]] bool scheduled() const noexcept { return !plan_.t_sched_ns.empty(); }
  /// Whether there is time to wait for each request by polling (docs/measuring.md has what that brings).
  [[nodiscard]] bool sparse() const noexcept {
    return scheduled() && plan_.t_sched_ns.back() / static_cast<std::int64_t>(plan_.t_sched_ns.size()) >= 2 * spin_ns;
  }

  void on_time(std::int64_t now) override {
    if (phase_ == phase::connecting) {
      const auto busy = [](const load_target& t) { return t.connections->preparing() > 0; };
      if (std::ranges::any_of(targets_, busy)) return loop_->arm(*this, now + poll_ns);
      if (plan_.gate && !std::exchange(arrived_, true)) plan_.gate->arrive();
      const std::int64_t start = plan_.gate ? plan_.gate->start_ns() : plan_.t_start_ns;
      if (plan_.gate && start == unmeasured) return loop_->arm(*this, now + poll_ns);
      if (start != unmeasured && now < start) return loop_->arm(*this, start);
      phase_ = phase::running;
      t_start_ns_ = start != unmeasured ? start : now_ns();
      if (sparse()) loop_->poll_before(spin_ns);
    }
    collect_due(now);
    for (int i = 0; i < sends_a_turn && can_send(); ++i) send_next();
    for (int i = 0; i < records_a_turn && !records_.empty(); ++i) deliver();
    if (!sending() && in_flight_ == 0 && records_.empty() && sessions_.empty()) return finish();
    if (can_send() || !records_.empty())
      loop_->arm(*this, 0);
    else if (!draining_ && next_ < plan_.t_sched_ns.size())
      loop_->arm(*this, t_start_ns_ + plan_.t_sched_ns[next_]);
  }

  /// Notes what has become due: the wait for a free place begins here, not where there is one.
  void collect_due(std::int64_t now) {
    for (; next_ < plan_.t_sched_ns.size() && t_start_ns_ + plan_.t_sched_ns[next_] <= now; ++next_)
      due_.push_back({next_, now});
  }

  [[nodiscard]] bool can_send() const noexcept {
    const bool room = plan_.max_concurrency == 0 || in_flight_ < plan_.max_concurrency;
    return room && sending() && (!scheduled() || !due_.empty() || !next_turns_.empty());
  }

  void send_next() {
    if (next_turns_.empty()) return begin_next();
    conversation& c = *next_turns_.front();
    next_turns_.pop_front();
    send(c.turn(), c.round(), c.server, {}, c);
  }

  void begin_next() {
    request_record about;
    std::size_t index = begun_ % begins_;
    const std::size_t round = begun_++ / begins_;
    if (scheduled()) {
      index = due_.front().index;
      about.t_sched_ns = t_start_ns_ + plan_.t_sched_ns[index];
      about.t_woke_ns = due_.front().t_woke_ns;
      due_.pop_front();
    }
    const std::size_t server = choose(index);
    if (plan_.next.empty() || plan_.next[index] == turn_plan::none)
      return send(plan_.prompts[index], round, server, std::move(about), *this);
    conversation_home& home = *this;
    auto session = std::make_unique<conversation>(
        *loop_, home, conversation::script{plan_.prompts, plan_.next, t_start_ns_, turns_end()}, index, round);
    conversation& c = *session;
    c.server = server;
    sessions_.emplace(&c, std::move(session));
    send(c.turn(), round, server, std::move(about), c);
  }

  void send(const prompt& p, std::size_t round, std::size_t server, request_record about, exchange_observer& who) {
    const load_target& target = targets_[server];
    const std::string again = round == 0 ? "" : "#" + std::to_string(round + 1);
    about.id = p.id + again;
    about.endpoint = target.where->base_url;
    about.instance = target.where->instance;
    about.model = p.model.empty() ? target.where->model : p.model;
    about.expected = p.expected;
    about.subject = p.subject;
    if (!p.continues) about.tokens_in_asked = p.tokens_in_asked;  // nobody knows how long what was said before is
    if (!p.session.empty()) about.session = p.session + again, about.turn = p.turn;
    std::string bytes;
    target.requests->append(bytes, p);
    ++sent_;
    max_in_flight_ = std::max(max_in_flight_, ++in_flight_);
    if (plan_.gate) plan_.gate->sent();
    target.connections->submit(std::move(bytes), plan_.exchange, std::move(about), who);
  }

  std::size_t choose(std::size_t index) {
    if (plan_.how == balance::shard) return (plan_.first + index * plan_.step) % targets_.size();
    if (plan_.how == balance::round_robin) return turn_++ % targets_.size();
    return least_busy();
  }

  std::size_t least_busy() {
    std::size_t best = turn_ % targets_.size();
    for (std::size_t i = 1; i < targets_.size(); ++i) {
      const std::size_t other = (turn_ + i) % targets_.size();
      if (targets_[other].connections->outstanding() < targets_[best].connections->outstanding()) best = other;
    }
    turn_ = best + 1;
    return best;
  }

  void on_next(conversation& which) override {
    next_turns_.push_back(&which);
    if (phase_ == phase::running) loop_->arm(*this, 0);
  }
  void on_over(conversation& which) override { sessions_.erase(&which); }
  bool on_turn(request_record&& record, bool last) override {
    on_attempt(std::move(record), last);
    return phase_ == phase::running && !draining_;
  }

  void on_attempt(request_record&& record, bool last) override {
    records_.emplace_back(std::move(record), last);
    if (last) {
      --in_flight_;
      if (plan_.gate) plan_.gate->ended();
    }
    if (phase_ == phase::running) loop_->arm(*this, 0);  // later in this turn
  }

  void deliver() {
    auto [record, last] = std::move(records_.front());
    records_.pop_front();
    listener_->on_record(std::move(record), last);
  }

  void finish() {
    if (std::exchange(finished_, true)) return;
    loop_->disarm(*this);
    loop_->poll_before(0);
    listener_->on_finished();
  }

  static constexpr std::size_t open_loop_connections = 100;
  static constexpr int sends_a_turn = 16, records_a_turn = 16;  // then the sockets get their turn
  static constexpr std::int64_t poll_ns = 500'000;
  static constexpr std::int64_t spin_ns = 50'000;

  loop* loop_;
  std::vector<load_target> targets_;
  load_plan plan_;
  load_listener* listener_;
  phase phase_ = phase::connecting;
  bool finished_ = false, draining_ = false, arrived_ = false;
  std::int64_t t_start_ns_ = unmeasured;
  std::size_t next_ = 0;  // of the schedule: the first that is not due yet
  std::deque<due> due_;
  std::size_t begins_;     // prompts that follow no other
  std::size_t begun_ = 0;  // of these, rounds added up
  std::unordered_map<const conversation*, std::unique_ptr<conversation>> sessions_;
  std::deque<conversation*> next_turns_;  // their next turn may be sent
  std::size_t sent_ = 0, in_flight_ = 0, max_in_flight_ = 0;
  std::size_t turn_;                                     // the server to begin with
  std::deque<std::pair<request_record, bool>> records_;  // ended, not given to the listener yet
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_RUNNER_HPP
