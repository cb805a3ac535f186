// weir/load/worker.hpp - one thread of a run: its own loop, connections, and part of the plan. Needs Linux and
// simdjson.
#ifndef WEIR_LOAD_WORKER_HPP
#define WEIR_LOAD_WORKER_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/load/client_watch.hpp"
#include "weir/load/record_outbox.hpp"
#include "weir/load/runner.hpp"
#include "weir/load/send_limit.hpp"
#include "weir/load/start_gate.hpp"
#include "weir/load/thread_place.hpp"
#include "weir/net/address.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/client.hpp"

namespace weir::inline v0 {

/// A server, and all that a thread needs to make its own connections to it. The pointers are read by all threads.
struct dial_plan {
  const endpoint* where;
  const request_writer* requests;
  std::vector<socket_address> addresses;
};

/// Runs its part from start() to the end of its records, which go to the outbox.
///
/// \pre  what it is given outlives it; stop() and tokens() may be called from the thread that made it.
class load_worker final : private load_listener, private watcher, private timer {
 public:
  struct setting {
    std::span<const dial_plan> servers;
    client_limits limits;
    load_plan plan;  ///< Of this thread, with the common gate.
    std::int64_t duration_ns = 0;
    thread_place place;
    std::size_t index = 0;
  };

  load_worker(setting what, record_outbox& out)
      : what_(std::move(what)), out_(&out), bell_(loop_, static_cast<watcher&>(*this)) {}
  load_worker(const load_worker&) = delete;
  load_worker& operator=(const load_worker&) = delete;
  ~load_worker() {
    if (thread_.joinable()) stop("the run was given up"), thread_.join();
  }

  result<void> start() {
    if (auto hung = bell_.hang(); !hung) return hung;
    thread_ = std::thread([this] { run(); });
    return {};
  }

  /// Ends it early: what is under way is cancelled.
  void stop(std::string_view why) {
    {
      const std::lock_guard lock(mutex_);
      if (!why_) why_ = why;
    }
    bell_.ring();
  }

  /// Sends no more; what is under way ends as it would have.
  void drain() {
    draining_.store(true, std::memory_order_relaxed);
    bell_.ring();
  }

  /// Waits for its end. \return  how its thread did.
  result<client_health> join() {
    thread_.join();
    if (!status_) return status_.error();
    return std::move(health_);
  }

  /// Tokens that have come in answers that are not over, as of the last quarter second.
  [[nodiscard]] std::int64_t tokens() const noexcept { return tokens_.load(std::memory_order_relaxed); }

 private:
  void run() {
    status_ = measure();
    out_->finished();
  }

  result<void> measure() {
    auto placed = take_place(what_.place, what_.index);
    if (!placed) {
      what_.plan.gate->arrive();  // the others need not wait for it
      return placed;
    }
    std::vector<load_target> targets;
    for (const auto& server : what_.servers) {
      clients_.push_back(std::make_unique<client>(loop_, server.addresses, what_.limits));
      targets.push_back({server.where, clients_.back().get(), server.requests});
    }
    runner_.emplace(loop_, std::move(targets), what_.plan, static_cast<load_listener&>(*this));
    client_watch watch(loop_,
                       [this] { return runner_->sending() ? std::optional(runner_->in_flight()) : std::nullopt; });
    const send_limit limit(loop_, *runner_, what_.duration_ns);
    if (auto watching = watch.start(); !watching) return watching;
    loop_.arm(*this, now_ns() + tell_ns);
    runner_->start();
    auto done = loop_.run();
    loop_.disarm(*this);
    health_ = watch.stop();
    runner_.reset();
    clients_.clear();
    return done;
  }

  void on_record(request_record&& record, bool last) override { out_->put(std::move(record), last); }
  void on_finished() override { loop_.stop(); }

  void on_ready(std::uint32_t) override {
    bell_.heard();
    std::optional<std::string> why;
    {
      const std::lock_guard lock(mutex_);
      why = why_;
    }
    if (runner_ && why) runner_->stop(*why);
    if (runner_ && !why && draining_.load(std::memory_order_relaxed)) runner_->drain();
  }
  void on_time(std::int64_t now) override {
    std::int64_t sum = 0;
    for (const auto& each : clients_) sum += each->tokens_under_way();
    tokens_.store(sum, std::memory_order_relaxed);
    loop_.arm(*this, now + tell_ns);
  }

  static constexpr std::int64_t tell_ns = 250'000'000;

  setting what_;
  record_outbox* out_;
  loop loop_;
  loop_bell bell_;
  std::vector<std::unique_ptr<client>> clients_;
  std::optional<runner> runner_;
  result<void> status_;
  client_health health_;
  std::atomic<std::int64_t> tokens_{0};
  std::atomic<bool> draining_{false};
  std::mutex mutex_;
  std::optional<std::string> why_;  // guarded: why it is to stop
  std::thread thread_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_WORKER_HPP
