// weir/openai/client.hpp - many exchanges with one server, on one loop. Needs Linux (epoll) and simdjson.
#ifndef WEIR_OPENAI_CLIENT_HPP
#define WEIR_OPENAI_CLIENT_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/chunk.hpp"
#include "weir/openai/detail/lane.hpp"
#include "weir/openai/exchange.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// Exchanges with one server over kept connections, as many at once as are submitted.
///
///     weir::client client(loop, *weir::resolve("127.0.0.1", 8000));
///     client.submit(bytes, options, about, observer);     // observer.on_attempt(record, true) comes from the loop
///     loop.run();
///
/// A connection is kept where the server allows it, and the one used last is used first. Where the server closes a
/// kept connection just when a request is sent on it, without a byte of an answer, the request is sent once more on a
/// fresh one: two records, attempt 1 and attempt 2.
/// \pre  the loop outlives the client; it is destroyed outside of its loop's callbacks.
class client final : private detail::lane_home {
 public:
  client(loop& on, std::vector<socket_address> addresses, client_limits limits = {})
      : loop_(&on), addresses_(std::move(addresses)), limits_(limits), buffer_(std::make_unique<receive_buffer>()) {}
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() = default;

  /// Opens connections until `count` are open, a few at a time so that no server's queue overflows; the first that
  /// fails ends it.
  void prepare(std::size_t count) {
    to_prepare_ = count > open_ ? count - open_ : 0;
    prepare_some();
  }
  /// Connections that prepare() has still to open.
  [[nodiscard]] std::size_t preparing() const noexcept { return preparing_ + to_prepare_; }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_.size(); }

  /// Sends `bytes`, one HTTP request, as soon as there is a connection; `observer` hears of every attempt.
  /// \param about  the record's identity: id, endpoint, model, t_sched, ... ; the rest is filled in.
  void submit(std::string bytes, exchange_options options, request_record about, exchange_observer& observer) {
    ++outstanding_;
    take_lane().begin(std::move(bytes), options, std::move(about), observer);
  }
  /// Exchanges that have not ended.
  [[nodiscard]] std::size_t outstanding() const noexcept { return outstanding_; }

  /// Tokens that have come in them so far. \complexity  O(connections): for a display, not for each event.
  [[nodiscard]] std::int64_t tokens_under_way() const noexcept {
    std::int64_t sum = 0;
    for (const auto& lane : lanes_) sum += lane->tokens();
    return sum;
  }

  /// Ends all exchanges now: each is reported as `cancelled`, its connection closed.
  void cancel_all(std::string_view why) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) lanes_[i]->cancel(why);  // an observer may add lanes
  }

 private:
  static constexpr std::size_t prepared_at_once = 32;

  void prepare_some() {
    for (; to_prepare_ > 0 && preparing_ < prepared_at_once; --to_prepare_) {
      ++preparing_;
      take_spare().prepare();
    }
  }

  detail::lane& take_lane() {
    if (idle_.empty()) return take_spare();
    detail::lane& lane = *idle_.back();
    idle_.pop_back();
    return lane;
  }
  detail::lane& take_spare() {
    ++open_;
    if (spares_.empty()) {
      detail::lane_home& home = *this;
      spares_.push_back(lanes_.emplace_back(std::make_unique<detail::lane>(home)).get());
    }
    detail::lane& lane = *spares_.back();
    spares_.pop_back();
    return lane;
  }

  // What a lane needs, and what it tells.
  loop& on_loop() override { return *loop_; }
  receive_buffer& buffer() override { return *buffer_; }
  chunk_parser& json() override { return json_; }
  const client_limits& limits() override { return limits_; }
  const std::vector<socket_address>& addresses() override { return addresses_; }
  void prepared(bool ok) override {
    --preparing_;
    if (!ok) to_prepare_ = 0;
    prepare_some();
  }
  void became_idle(detail::lane& lane) override { idle_.push_back(&lane); }
  void became_spare(detail::lane& lane, bool was_idle) override {
    if (was_idle) std::erase(idle_, &lane);
    --open_;
    spares_.push_back(&lane);
  }
  void ended() override { --outstanding_; }

  loop* loop_;
  std::vector<socket_address> addresses_;
  client_limits limits_;
  std::unique_ptr<receive_buffer> buffer_;
  chunk_parser json_;
  std::vector<std::unique_ptr<detail::lane>> lanes_;
  std::vector<detail::lane*> idle_, spares_;
  std::size_t open_ = 0;  // lanes that are not spare
  std::size_t to_prepare_ = 0, preparing_ = 0, outstanding_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_CLIENT_HPP
