// weir/openai/detail/lane.hpp - one connection of a client, and the exchange on it. Needs Linux (epoll) and simdjson.
#ifndef WEIR_OPENAI_DETAIL_LANE_HPP
#define WEIR_OPENAI_DETAIL_LANE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/net/address.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/late_read.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/chunk.hpp"
#include "weir/openai/exchange.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// How long each phase of an exchange may take. What takes longer ends as outcome::timeout.
struct client_limits {
  std::int64_t connect_ns = 10'000'000'000;       ///< To one address.
  std::int64_t first_token_ns = 600'000'000'000;  ///< From the request to the first token.
  std::int64_t stall_ns = 600'000'000'000;        ///< Without a byte, once tokens come.
  std::int64_t total_ns = 6 * 3600'000'000'000;   ///< From the request to its end (vLLM's client: 6 h).
  std::int64_t linger_ns = 2'000'000'000;  ///< From [DONE] to the end of the HTTP body; then the connection is dropped.
};

/// Who hears how exchanges end.
class exchange_observer {
 public:
  /// \param last  false where the same request has been sent again: another record follows.
  virtual void on_attempt(request_record&& record, bool last) = 0;
  /// The first token of an answer that is streamed is here; `so_far` says when. The rest is still to come.
  virtual void on_first_token(const request_record& so_far) { (void)so_far; }

 protected:
  exchange_observer() = default;
  exchange_observer(const exchange_observer&) = default;
  exchange_observer& operator=(const exchange_observer&) = default;
  ~exchange_observer() = default;
};

namespace detail {

class lane;

/// The client that a lane belongs to.
class lane_home {
 public:
  virtual loop& on_loop() = 0;
  virtual receive_buffer& buffer() = 0;
  virtual chunk_parser& json() = 0;
  virtual const client_limits& limits() = 0;
  virtual const std::vector<socket_address>& addresses() = 0;
  virtual void prepared(bool ok) = 0;                         ///< A connection without a request is open, or failed.
  virtual void became_idle(lane& which) = 0;                  ///< It waits for a request, connected.
  virtual void became_spare(lane& which, bool was_idle) = 0;  ///< It is closed.
  virtual void ended() = 0;  ///< An exchange is over: on_attempt(record, true) follows.

 protected:
  ~lane_home() = default;
};

class lane final : private connection_user, private timer {
 public:
  explicit lane(lane_home& home) : home_(&home), connection_(home.on_loop(), *this, home.buffer()) {}
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;
  ~lane() { home_->on_loop().disarm(*this); }

  /// Opens a connection that nobody has asked for yet.
  void prepare() {
    state_ = state::preparing;
    start_connecting();
  }

  /// Sends `request` on the idle connection, or on one to be opened.
  void begin(std::string request, exchange_options options, request_record about, exchange_observer& observer) {
    request_ = std::move(request);
    options_ = options;
    observer_ = &observer;
    kept_ = state_ == state::idle;
    begin_attempt(std::move(about));
  }

  void cancel(std::string_view why) {
    if (!x_) return;
    x_->fail(outcome::cancelled, std::string(why), now_ns());
    conclude();
  }
  /// Of the exchange under way, so far.
  [[nodiscard]] std::int64_t tokens() const noexcept { return x_ ? x_->tokens() : 0; }

 private:
  enum class state : unsigned char { spare, preparing, idle, connecting, busy };

  void begin_attempt(request_record about) {
    began_ = now_ns();
    if (!kept_) about.t_connect_ns = began_;
    x_.emplace(home_->json(), options_, std::move(about));
    if (kept_) return send();
    state_ = state::connecting;
    start_connecting();
  }

  void start_connecting() {
    address_ = 0;
    refusal_.clear();
    try_addresses();
  }

  /// Begins to connect to the next address; where there is none left, the timer brings the bad news: nobody is called
  /// from inside begin().
  void try_addresses() {
    const auto& addresses = home_->addresses();
    while (address_ < addresses.size()) {
      const auto opened = connection_.open(addresses[address_++]);
      if (opened) return home_->on_loop().arm(*this, now_ns() + home_->limits().connect_ns);
      refusal_ = opened.error().detail;
    }
    home_->on_loop().arm(*this, 0);
  }

  void on_connected(std::int64_t) override {
    if (state_ == state::connecting) return send();
    state_ = state::idle;
    home_->on_loop().disarm(*this);
    home_->became_idle(*this);
    home_->prepared(true);
  }

  void send() {
    state_ = state::busy;
    last_ = began_ = now_ns();
    pace_ = {};
    connection_.one_by_one_from(0);
    connection_.send(request_);
    home_->on_loop().arm(*this, deadline());
  }

  void on_sent(std::int64_t t_ns) override { x_->sent(t_ns); }

  void on_bytes(std::string_view bytes, std::int64_t t_ns) override {
    if (state_ != state::busy) return retire();  // nobody has asked for anything
    const std::int64_t gap_ns = t_ns - std::exchange(last_, t_ns);
    const int before = phase();
    const auto shared = x_->record().shared_events;
    if (x_->feed(bytes, t_ns, connection_.kernel_stamped() ? stamp_basis::kernel : stamp_basis::user))
      return conclude();
    if (before == 1)
      pace_.take(gap_ns, gap_ns == 0 || connection_.together(),
                 !connection_.together() && x_->record().shared_events != shared);
    connection_.one_by_one_from(pace_.late_from(t_ns));
    if (phase() == before) return;
    home_->on_loop().arm(*this, deadline());  // its limit may come sooner
    if (before == 0) observer_->on_first_token(x_->record());
  }

  void on_closed(std::string_view why, std::int64_t t_ns) override {
    if (state_ == state::idle) return retire();
    if (state_ != state::busy) {
      refusal_ = why.empty() ? "the connection was closed at once" : why;
      no_connection_ = connection_.failed_in_layer() ? outcome::tls : outcome::connect;
      return try_addresses();
    }
    const bool again = kept_ && !x_->answered();
    if (connection_.failed_in_layer()) x_->fail(outcome::tls, std::string(why), t_ns);
    x_->closed(why, t_ns);
    if (!again) return conclude();
    request_record lost = x_->take();
    lost.error += "; sent again on a new connection";
    lost.resent = true;
    kept_ = false;
    begin_attempt(next_attempt(lost));
    observer_->on_attempt(std::move(lost), false);
  }

  void on_time(std::int64_t now) override {
    if (state_ == state::busy) return check_deadlines(now);
    if (connection_.is_open()) {  // still connecting
      refusal_ = "no connection after " + seconds(home_->limits().connect_ns);
      connection_.close();
      no_connection_ = outcome::timeout;
      if (address_ < home_->addresses().size()) return try_addresses();
    }
    if (state_ == state::preparing) return retire();
    x_->fail(std::exchange(no_connection_, outcome::connect), refusal_, now);
    conclude();
  }

  /// Of a busy lane: 0 before the first token, 1 after it, 2 after [DONE].
  [[nodiscard]] int phase() const noexcept {
    return x_->done_seen() ? 2 : x_->record().t_first_ns == unmeasured ? 0 : 1;
  }

  /// When the current phase of a busy lane has taken too long. Bytes only move `last_`: the timer looks again.
  [[nodiscard]] std::int64_t deadline() const {
    const auto& limits = home_->limits();
    if (phase() == 2) return last_ + limits.linger_ns;
    return std::min(began_ + limits.total_ns, phase() == 0 ? began_ + limits.first_token_ns : last_ + limits.stall_ns);
  }

  void check_deadlines(std::int64_t now) {
    if (const auto when = deadline(); now < when) return home_->on_loop().arm(*this, when);
    const auto& limits = home_->limits();
    if (phase() == 2)
      x_->closed("", now);  // all of the answer is here, but for the end of the HTTP body
    else if (now >= began_ + limits.total_ns)
      x_->fail(outcome::timeout, "the answer took longer than " + seconds(limits.total_ns), now);
    else if (phase() == 0)
      x_->fail(outcome::timeout, "no token after " + seconds(limits.first_token_ns), now);
    else
      x_->fail(outcome::timeout, "the stream stood still for " + seconds(limits.stall_ns), now);
    conclude();
  }

  /// The exchange is over: the lane is ready for the next one before the observer hears of it.
  void conclude() {
    home_->on_loop().disarm(*this);
    const bool keep = connection_.connected() && x_->reusable() && connection_.waiting() == 0;
    request_record record = x_->take();
    x_.reset();
    request_ = {};
    if (keep) {
      state_ = state::idle;
      home_->became_idle(*this);
    } else {
      retire();
    }
    home_->ended();
    observer_->on_attempt(std::move(record), true);
  }

  void retire() {
    const state was = std::exchange(state_, state::spare);
    home_->on_loop().disarm(*this);
    connection_.close();
    home_->became_spare(*this, was == state::idle);
    if (was == state::preparing) home_->prepared(false);
  }

  /// The same request's identity and schedule; nothing of what happened to it.
  static request_record next_attempt(const request_record& last) {
    request_record next;
    next.attempt = last.attempt + 1;
    next.id = last.id;
    next.endpoint = last.endpoint;
    next.instance = last.instance;
    next.model = last.model;
    next.t_sched_ns = last.t_sched_ns;
    next.t_woke_ns = last.t_woke_ns;
    next.expected = last.expected;
    next.subject = last.subject;
    next.session = last.session;
    next.turn = last.turn;
    next.tokens_in_asked = last.tokens_in_asked;
    return next;
  }

  static std::string seconds(std::int64_t ns) {
    std::string text = std::to_string(static_cast<double>(ns) / 1e9);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text + " s";
  }

  lane_home* home_;
  connection connection_;
  state state_ = state::spare;
  bool kept_ = false;                         // the connection was there before the request
  outcome no_connection_ = outcome::connect;  // what the last address did: refuse, not answer, fail in TLS
  std::size_t address_ = 0;
  std::string refusal_;     // why the last address could not be reached
  std::int64_t began_ = 0;  // connecting or sending, for this attempt
  std::int64_t last_ = 0;   // the last bytes
  event_pace pace_;         // of the answer's events
  std::string request_;
  exchange_options options_;
  exchange_observer* observer_ = nullptr;
  std::optional<completion_exchange> x_;
};

}  // namespace detail
}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_DETAIL_LANE_HPP
