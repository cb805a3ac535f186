// weir/serve/kept_command.hpp - one command, run to its end under a keeper: nothing of it is left after. Needs Linux.
#ifndef WEIR_SERVE_KEPT_COMMAND_HPP
#define WEIR_SERVE_KEPT_COMMAND_HPP

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/loop.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/process.hpp"
#include "weir/serve/signals.hpp"

namespace weir::inline v0 {

/// A file that somebody elsewhere touches for as long as the command is wanted.
struct kept_while {
  std::string file = {};                    ///< Empty: there is none.
  std::int64_t stale_ns = 180'000'000'000;  ///< Longer than a network file system may show an old time of it.
};

/// Runs a command in the place of this program: same directory, input and output. Signals that this program gets are
/// the command's: SIGTERM goes to it alone, the others to its process group, as a terminal would send them. After
/// SIGTERM, SIGINT and SIGHUP it has a grace, then it is killed; a second one of them does not wait.
class kept_command final : private watcher, private timer {
 public:
  struct end {
    int status = 0;  ///< As env(1)'s: the command's own, 128 + signal, 126 not executable, 127 not found, 125 for us.
    std::string trouble;  ///< What kept it from running, ended it, or kept it from being gone; empty: nothing.
  };

  kept_command(std::vector<std::string> argv, std::int64_t grace_ns, kept_while wanted = {})
      : argv_(std::move(argv)), grace_ns_(grace_ns), wanted_(std::move(wanted)) {}
  ~kept_command() { loop_.disarm(*this); }

  /// Returns when nothing is left of the command, or what is left can't be killed.
  [[nodiscard]] end run() {
    if (const auto program = find_program(argv_.at(0), variable("PATH")); !program)
      return {program.error().code == errc::not_found ? 127 : 126, program.error().detail};
    auto started = process::start({.argv = argv_, .own_input = false});
    if (!started) return {125, started.error().detail};
    command_ = &*started;
    look_ns_ = touched_ns_ = now_ns();
    rearm();
    auto watched = loop_.watch(command_->fd(), EPOLLIN, *this);
    if (watched) watched = loop_.run();
    if (!watched) return {125, watched.error().detail};
    const auto now = command_->state();
    if (!command_->over()) command_->abandon();
    if (now.exec_error != 0) return {126, io_failure(argv_[0], now.exec_error).detail};
    if (now.stuck != 0)
      return {125, describe_process(now.stuck) + " was killed and does not go away; its keeper stays with it"};
    if (!now.ended) return {125, argv_[0] + " is gone without a status: its keeper was killed"};
    return {shell_status(now.status), unwanted_};
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
    kill_ns_ = now_ns() + grace_ns_;
    rearm();
  }

  void rearm() {
    const std::int64_t next = std::min(kill_ns_, wanted_.file.empty() || told_ ? never : look_ns_);
    if (next != never) loop_.arm(*this, next);
  }

  void on_time(std::int64_t now) override {
    if (now >= kill_ns_) return command_->stop(0);
    look_ns_ = now + 1'000'000'000;
    look(now);
    rearm();
  }

  /// Ends the command where nobody wants it any more.
  void look(std::int64_t now) {
    const unique_fd file(::open(wanted_.file.c_str(), O_RDONLY | O_CLOEXEC));  // what NFS shows is new at each open
    struct stat about{};
    if (file && ::fstat(file.get(), &about) == 0) {
      const std::int64_t time = about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec;
      if (std::exchange(file_time_, time) != time) touched_ns_ = now;
      if (now - touched_ns_ < wanted_.stale_ns) return;
      unwanted_ = wanted_.file + " was not touched for " + seconds_text(wanted_.stale_ns) + " s: the command was ended";
    } else if (errno == ENOENT) {
      unwanted_ = wanted_.file + " is not there: the command was ended";
    } else {
      return;
    }
    told_ = true;
    command_->stop(grace_ns_);
  }

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  std::vector<std::string> argv_;
  std::int64_t grace_ns_;
  kept_while wanted_;
  loop loop_;
  signal_source signals_{loop_, {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}, [this](int n) { on_signal(n); }};
  process* command_ = nullptr;
  bool told_ = false;
  std::string unwanted_;  // why the command was ended, where nobody told us to
  std::int64_t kill_ns_ = never, look_ns_ = 0, touched_ns_ = 0, file_time_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_KEPT_COMMAND_HPP
