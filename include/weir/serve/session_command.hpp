// weir/serve/session_command.hpp - the command that a session of servers runs when they are ready. Needs Linux.
#ifndef WEIR_SERVE_SESSION_COMMAND_HPP
#define WEIR_SERVE_SESSION_COMMAND_HPP

#include <sys/epoll.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/net/loop.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/process.hpp"
#include "weir/serve/run_directory.hpp"

namespace weir::inline v0 {

/// Runs a command on a loop, under a keeper. Signals go to its process group; after the first one that is to end it,
/// it has ten seconds.
class session_command final : private watcher, private timer {
 public:
  /// \param on_end  gets the exit status when nothing of the command is left: the command's own, 128 + signal, or 125.
  session_command(loop& on, std::function<void(int)> on_end) : loop_(&on), on_end_(std::move(on_end)) {}
  ~session_command() {
    loop_->disarm(*this);
    if (process_) loop_->forget(process_->fd(), *this);
  }

  /// \param endpoints  file that WEIR_ENDPOINTS names. \param run  whose lock it holds, and whose name WEIR_RUN has.
  result<void> start(const std::vector<std::string>& command, const std::string& endpoints, const run_directory& run) {
    auto started = process::start(
        {.argv = command,
         .variables = {{"WEIR_ENDPOINTS", std::filesystem::absolute(endpoints).string()}, {"WEIR_RUN", run.name()}},
         .held = {run.lock_fd()},
         .own_input = false});
    if (!started) return started.error();
    process_.emplace(std::move(*started));
    return loop_->watch(process_->fd(), EPOLLIN, *this);
  }

  [[nodiscard]] bool running() const noexcept { return process_.has_value(); }

  /// Hands a signal on. All but SIGUSR1 and SIGUSR2 are to end it.
  void signal(int number) {
    if (!process_) return;
    process_->signal_group(number);
    if (number != SIGUSR1 && number != SIGUSR2) loop_->arm(*this, now_ns() + grace_ns);
  }
  void kill() {
    if (process_) process_->stop(0);
  }

 private:
  static constexpr std::int64_t grace_ns = 10'000'000'000;

  void on_time(std::int64_t) override { kill(); }

  void on_ready(std::uint32_t) override {
    const auto now = process_->update();
    if (!process_->over()) return;
    loop_->disarm(*this);
    loop_->forget(process_->fd(), *this);
    process_.reset();
    on_end_(now.exec_error != 0 || !now.ended ? 125 : shell_status(now.status));
  }

  loop* loop_;
  std::function<void(int)> on_end_;
  std::optional<process> process_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_SESSION_COMMAND_HPP
