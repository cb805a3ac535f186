// weir/serve/instance.hpp - one server that is kept up: started, watched, restarted, stopped. Needs Linux.
#ifndef WEIR_SERVE_INSTANCE_HPP
#define WEIR_SERVE_INSTANCE_HPP

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/base/result.hpp"
#include "weir/net/loop.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/health.hpp"
#include "weir/serve/log_tail.hpp"
#include "weir/serve/process.hpp"

namespace weir::inline v0 {

/// What happens to a server that ends without having been asked to.
struct restart_policy {
  int limit = 0;                        ///< Restarts; counted anew once a server was ready for a minute.
  std::int64_t first_ns = 500'000'000;  ///< Pause before the first one; it doubles each time, with jitter.
  std::int64_t longest_ns = 30'000'000'000;
};

/// A server and how it is to be kept.
struct instance_spec {
  std::string name;  ///< "0"
  process_spec process;
  /// Makes the judge of each start; empty: a server is ready as soon as it is started.
  std::function<std::unique_ptr<health>(health_user&)> judge = {};
  std::int64_t ready_timeout_ns = 600'000'000'000;
  std::int64_t grace_ns = 10'000'000'000;  ///< From SIGTERM to SIGKILL.
  restart_policy restart = {};
  /// Asked before a restart: whether what the former start held (a device's memory) is back. It is asked again for
  /// `vacant_ns`; the instance fails with what is still said then. Empty: there is nothing to wait for.
  std::function<result<void>()> vacant = {};
  std::int64_t vacant_ns = 10'000'000'000;
};

enum class instance_state : unsigned char {
  starting,  ///< The process runs, or is about to; it is not ready.
  ready,
  ending,   ///< It ended or is being stopped; what it left is being killed.
  pausing,  ///< Nothing is left of it; it will be started again.
  stopped,  ///< Nothing is left of it: it was asked to stop.
  failed    ///< It ended without being asked, or never got ready, and is not started again: see `why`.
};

[[nodiscard]] constexpr std::string_view state_name(instance_state state) noexcept {
  constexpr std::array<std::string_view, 6> names{"starting", "ready", "ending", "pausing", "stopped", "failed"};
  return names[static_cast<std::size_t>(state)];
}

class instance;

class instance_user {
 public:
  /// `which` has a new state, or new words in `trouble`. Don't destroy it from here.
  virtual void on_change(instance& which) = 0;

 protected:
  ~instance_user() = default;
};

/// Drives one server on a loop. Not movable: the loop knows where it is.
class instance final : private watcher, private timer, private health_user {
 public:
  instance(loop& on, instance_spec spec, instance_user& user) : loop_(&on), spec_(std::move(spec)), user_(&user) {}
  ~instance() {
    loop_->disarm(*this);
    if (process_) loop_->forget(process_->fd(), *this);
  }

  /// Starts the server. What goes wrong, here or later, is told through on_change.
  void start() {
    failure_.reset();
    log_from_ = log_size(spec_.process.log);
    started_ns_ = now_ns();
    state_ = instance_state::starting;
    auto started = process::start(spec_.process);
    if (!started) {
      failure_ = started.error();
      change(instance_state::ending);
      return settle();
    }
    process_.emplace(std::move(*started));
    if (auto watched = loop_->watch(process_->fd(), EPOLLIN, *this); !watched) return end(watched.error());
    if (!spec_.judge) return on_healthy();
    health_ = spec_.judge(*this);
    loop_->arm(*this, started_ns_ + spec_.ready_timeout_ns);
    user_->on_change(*this);
  }

  /// Stops the server for good, with at most `grace_ns` until SIGKILL. May be called again to hurry it.
  void stop(std::int64_t grace_ns) {
    asked_ = true;
    loop_->disarm(*this);
    health_.reset();
    if (!process_) {
      if (!over()) change(instance_state::stopped);
      return;
    }
    process_->stop(grace_ns);
    if (state_ != instance_state::ending) change(instance_state::ending);
  }

  [[nodiscard]] const instance_spec& spec() const noexcept { return spec_; }
  [[nodiscard]] instance_state state() const noexcept { return state_; }
  [[nodiscard]] bool over() const noexcept {
    return state_ == instance_state::stopped || state_ == instance_state::failed;
  }
  /// Why it failed, or why it is being restarted; errc::not_found where the command was not.
  [[nodiscard]] const std::optional<failure>& why() const noexcept { return failure_; }
  /// What is wrong with a server that goes on all the same; empty where nothing is.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  /// It failed because something of it can't be killed, or because what it held does not come back.
  [[nodiscard]] bool stuck() const noexcept { return stuck_; }
  [[nodiscard]] const std::string& note() const noexcept { return note_; }  ///< See health::note.
  [[nodiscard]] std::string doing() const { return health_ ? health_->doing() : std::string(); }
  [[nodiscard]] const std::string& model() const noexcept { return model_; }
  [[nodiscard]] int restarts() const noexcept { return restarts_; }
  [[nodiscard]] std::int64_t started_ns() const noexcept { return started_ns_; }
  [[nodiscard]] std::int64_t ready_ns() const noexcept { return ready_ns_; }  ///< Meaningful while ready.
  /// The last lines that the current start wrote to the log.
  [[nodiscard]] std::string tail(std::size_t lines = 20) const { return log_tail(spec_.process.log, log_from_, lines); }
  [[nodiscard]] const process* running() const noexcept { return process_ ? &*process_ : nullptr; }

 private:
  static constexpr std::int64_t proven_ns = 60'000'000'000;  // ready for so long: earlier failures are forgotten

  void change(instance_state to) {
    state_ = to;
    user_->on_change(*this);
  }

  void on_healthy() override {
    loop_->disarm(*this);
    ready_ns_ = now_ns();
    if (health_) model_ = health_->model(), note_ = health_->note();
    if (process_) process_->note_memory();  // by now it has made what it may leave behind when it is killed
    change(instance_state::ready);
  }

  void on_unhealthy(std::string_view why) override {
    if (spec_.restart.limit > 0) return end({errc::closed, "sick: " + std::string(why)});
    trouble_ = why;  // killing it would be worse: it may still answer those who are connected
    user_->on_change(*this);
  }

  void on_time(std::int64_t) override {
    if (state_ == instance_state::pausing) return start_again();
    end({errc::limit, "not ready after " + seconds_text(spec_.ready_timeout_ns) + " s: " + doing()});
  }

  void start_again() {
    const auto back = spec_.vacant ? spec_.vacant() : result<void>();
    if (back) return start();
    if (now_ns() < paused_ns_ + spec_.vacant_ns) return loop_->arm(*this, now_ns() + 100'000'000);
    failure_ = back.error();
    stuck_ = true;
    change(instance_state::failed);
  }

  /// The server is of no use any more: takes it down.
  void end(failure why) {
    failure_ = std::move(why);
    loop_->disarm(*this);
    health_.reset();
    process_->stop(spec_.grace_ns);
    change(instance_state::ending);
  }

  /// News of the process.
  void on_ready(std::uint32_t) override {
    const auto& now = process_->update();
    if (now.exec_error != 0 && !failure_) failure_ = io_failure(spec_.process.argv[0], now.exec_error);
    if (now.ended && state_ != instance_state::ending) {
      loop_->disarm(*this);
      health_.reset();
      const char* when = state_ == instance_state::ready ? "" : " before it was ready";
      if (!failure_) failure_ = failure{errc::closed, "ended" + std::string(when) + ": " + describe_end(now.status)};
      change(instance_state::ending);
    }
    if (process_->over()) return settle();
    if (now.stuck == 0) return;
    failure_ =
        failure{errc::busy, describe_process(now.stuck) + " was killed and does not go away; what it holds stays held"};
    loop_->forget(process_->fd(), *this);
    process_->abandon();
    process_.reset();
    asked_ = stuck_ = true;  // it must not be started again beside its former self
    change(instance_state::failed);
  }

  /// Nothing is left of the server: decides what comes next.
  void settle() {
    if (process_) loop_->forget(process_->fd(), *this);
    process_.reset();
    if (asked_) return change(failure_ ? instance_state::failed : instance_state::stopped);
    if (ready_ns_ > started_ns_ && now_ns() - ready_ns_ > proven_ns) restarts_ = 0;
    if (restarts_ >= spec_.restart.limit) return change(instance_state::failed);
    const int doublings = std::min(restarts_++, 20);
    const auto pause = std::min(spec_.restart.first_ns << doublings, spec_.restart.longest_ns);
    const double jitter = 0.8 + 0.4 * random_.uniform();
    paused_ns_ = now_ns();
    loop_->arm(*this, paused_ns_ + static_cast<std::int64_t>(static_cast<double>(pause) * jitter));
    change(instance_state::pausing);
  }

  loop* loop_;
  instance_spec spec_;
  instance_user* user_;
  std::optional<process> process_;
  std::unique_ptr<health> health_;
  std::optional<failure> failure_;
  std::string model_, note_, trouble_;
  instance_state state_ = instance_state::starting;
  bool asked_ = false;  // to stop
  bool stuck_ = false;
  int restarts_ = 0;
  std::int64_t started_ns_ = 0, ready_ns_ = 0, paused_ns_ = 0, log_from_ = 0;
  random_stream random_{static_cast<std::uint64_t>(now_ns())};
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_INSTANCE_HPP
