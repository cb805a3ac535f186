// weir/serve/signals.hpp - signals as events of the loop. Needs Linux.
#ifndef WEIR_SERVE_SIGNALS_HPP
#define WEIR_SERVE_SIGNALS_HPP

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <initializer_list>
#include <utility>

#include "weir/base/unique_fd.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// Blocks signals and reports them from the loop instead, until it is destroyed. A signal that this program was told to
/// ignore (nohup) stays ignored.
class signal_source final : private watcher {
 public:
  signal_source(loop& on, std::initializer_list<int> signals, std::function<void(int)> on_signal)
      : loop_(&on), on_signal_(std::move(on_signal)) {
    ::sigemptyset(&taken_);
    for (const int number : signals) {
      struct sigaction now{};
      if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) ::sigaddset(&taken_, number);
    }
    ::sigprocmask(SIG_BLOCK, &taken_, &before_);
    fd_ = unique_fd(::signalfd(-1, &taken_, SFD_CLOEXEC | SFD_NONBLOCK));
    (void)loop_->watch(fd_.get(), EPOLLIN, *this);
  }
  signal_source(const signal_source&) = delete;
  signal_source& operator=(const signal_source&) = delete;
  ~signal_source() {
    loop_->forget(fd_.get(), *this);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  void on_ready(std::uint32_t) override {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      on_signal_(static_cast<int>(info.ssi_signo));
  }

  loop* loop_;
  std::function<void(int)> on_signal_;
  sigset_t taken_{}, before_{};
  unique_fd fd_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_SIGNALS_HPP
