// weir/serve/kept_command.hpp - one command, run to its end under a keeper: nothing of it is left after. Needs Linux.
#ifndef WEIR_SERVE_KEPT_COMMAND_HPP
#define WEIR_SERVE_KEPT_COMMAND_HPP

#include <sys/epoll.h>

#include <csignal>
#include <cstdint>
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

/// Runs a command in the place of this program: same directory, input and output. Signals that this program gets are
/// the command's: SIGTERM goes to it alone, the others to its process group, as a terminal would send them. After
/// SIGTERM, SIGINT and SIGHUP it has a grace, then it is killed; a second one of them does not wait.
class kept_command final : private watcher, private timer {
 public:
  struct end {
    int status = 0;  ///< As env(1)'s: the command's own, 128 + signal, 126 not executable, 127 not found, 125 for us.
    std::string trouble;  ///< What kept it from running, or from being gone; empty where nothing did.
  };

  kept_command(std::vector<std::string> argv, std::int64_t grace_ns) : argv_(std::move(argv)), grace_ns_(grace_ns) {}
  ~kept_command() { loop_.disarm(*this); }

  /// Returns when nothing is left of the command, or what is left can't be killed.
  [[nodiscard]] end run() {
    if (const auto program = find_program(argv_.at(0), variable("PATH")); !program)
      return {program.error().code == errc::not_found ? 127 : 126, program.error().detail};
    auto started = process::start({.argv = argv_, .own_input = false});
    if (!started) return {125, started.error().detail};
    command_ = &*started;
    auto watched = loop_.watch(command_->fd(), EPOLLIN, *this);
    if (watched) watched = loop_.run();
    if (!watched) return {125, watched.error().detail};
    const auto now = command_->state();
    if (!command_->over()) command_->abandon();
    if (now.exec_error != 0) return {126, io_failure(argv_[0], now.exec_error).detail};
    if (now.stuck != 0)
      return {125, describe_process(now.stuck) + " was killed and does not go away; its keeper stays with it"};
    if (!now.ended) return {125, argv_[0] + " is gone without a status: its keeper was killed"};
    return {shell_status(now.status), {}};
  }

 private:
  void on_ready(std::uint32_t) override {
    const auto& now = command_->update();
    if (command_->over() || now.stuck != 0) loop_.stop();
  }

  void on_signal(int number) {
    if (number == SIGUSR1 || number == SIGUSR2) return command_->signal_group(number);
    if (std::exchange(told_, true)) return command_->stop(0);
    if (number == SIGTERM) return command_->stop(grace_ns_);
    command_->signal_group(number);
    loop_.arm(*this, now_ns() + grace_ns_);
  }

  void on_time(std::int64_t) override { command_->stop(0); }

  std::vector<std::string> argv_;
  std::int64_t grace_ns_;
  loop loop_;
  signal_source signals_{loop_, {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}, [this](int n) { on_signal(n); }};
  process* command_ = nullptr;
  bool told_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_KEPT_COMMAND_HPP
