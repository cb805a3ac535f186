// weir/run/process_set.hpp - commands that run side by side, to the end of all. Needs Linux.
#ifndef WEIR_RUN_PROCESS_SET_HPP
#define WEIR_RUN_PROCESS_SET_HPP

#include <sys/epoll.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/net/loop.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/process.hpp"
#include "weir/serve/signals.hpp"

namespace weir::inline v0 {

/// How a set of commands ended.
struct set_end {
  int status = 0;            ///< The first one's that was not 0, as a shell's.
  std::string trouble = {};  ///< In words, where the status is not 0.
  bool timed_out = false;
};

/// Runs sets of commands one after the other. SIGINT, SIGTERM and SIGHUP end what runs, and everything after it is not
/// started; a second one does not wait. Where one command of a set fails, the others have 10 s to follow: they may wait
/// for it.
class process_sets final : private timer {
 public:
  process_sets() = default;
  process_sets(const process_sets&) = delete;
  process_sets& operator=(const process_sets&) = delete;
  ~process_sets() { loop_.disarm(*this); }

  /// \param until_ns  when the set is ended, by the monotonic clock; 0: never.
  /// \param started   called with the place of each command and the pid of its keeper.
  /// \param enough    asked twice a second: whether the set is to be ended although nothing is wrong with it.
  /// \return          a failure where a command can't be started, with errc::not_found where it is not there.
  result<set_end> run(const std::vector<process_spec>& set, std::int64_t until_ns,
                      const std::function<void(std::size_t, pid_t)>& started, std::function<bool()> enough = {}) {
    until_ns_ = until_ns > 0 ? until_ns : std::numeric_limits<std::int64_t>::max();
    enough_ = std::move(enough);
    end_ = {};
    running_.clear();
    for (std::size_t i = 0; i < set.size() && signal_ == 0; ++i) {
      auto one = process::start(set[i]);
      if (!one) return stop_all(0), wait_all(), one.error();
      started(i, one->keeper_pid());
      running_.emplace_back(*this, set[i].argv[0], std::move(*one));
      if (auto watched = loop_.watch(running_.back().command.fd(), EPOLLIN, running_.back()); !watched)
        return watched.error();
    }
    set_timer();
    wait_all();
    loop_.disarm(*this);
    return std::exchange(end_, {});
  }

  /// The signal that ended everything, or would end what is started next; 0: none came.
  [[nodiscard]] int signal() {
    (void)loop_.turn(0);
    return signal_;
  }

 private:
  static constexpr std::int64_t grace_ns = 10'000'000'000, ask_every_ns = 500'000'000;

  struct member final : watcher {
    member(process_sets& set, std::string word, process one)
        : of(&set), program(std::move(word)), command(std::move(one)) {}
    void on_ready(std::uint32_t) override { of->on_news(*this); }
    process_sets* of;
    std::string program;
    process command;
    bool over = false;
  };

  void on_news(member& m) {
    const auto& now = m.command.update();
    if (now.stuck != 0) {
      note(125, describe_process(now.stuck) + " was killed and does not go away; its keeper stays with it");
      loop_.forget(m.command.fd(), m);
      m.command.abandon();
      m.over = true;
      return;
    }
    if (!m.command.over()) return;
    loop_.forget(m.command.fd(), m);
    m.over = true;
    if (now.exec_error != 0)
      note(126, io_failure(m.program, now.exec_error).detail);
    else if (!now.ended)
      note(125, m.program + " is gone without a status: its keeper was killed");
    else if (now.status != 0)
      note(shell_status(now.status), m.program + ": " + describe_end(now.status));
  }

  void note(int status, std::string words) {
    if (end_.status == 0) end_.status = status, end_.trouble = std::move(words);
    stop_all(grace_ns);
  }

  void stop_all(std::int64_t wait_ns) {
    for (auto& m : running_)
      if (!m.over) m.command.stop(wait_ns);
  }

  void wait_all() {
    const auto busy = [&] {
      for (const auto& m : running_)
        if (!m.over) return true;
      return false;
    };
    while (busy())
      if (!loop_.turn()) return;
  }

  void set_timer() {
    const auto next = enough_ ? std::min(until_ns_, now_ns() + ask_every_ns) : until_ns_;
    if (next < std::numeric_limits<std::int64_t>::max()) loop_.arm(*this, next);
  }

  void on_time(std::int64_t) override {
    if (now_ns() >= until_ns_) {
      end_.timed_out = true;
      return note(124, "it took longer than cell_timeout");
    }
    if (enough_())
      stop_all(grace_ns);
    else
      set_timer();
  }

  void on_signal(int number) {
    stop_all(signal_ == 0 ? grace_ns : 0);
    signal_ = number;
  }

  loop loop_;
  signal_source signals_{loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int n) { on_signal(n); }};
  std::deque<member> running_;
  set_end end_;
  std::function<bool()> enough_;
  std::int64_t until_ns_ = 0;
  int signal_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_PROCESS_SET_HPP
