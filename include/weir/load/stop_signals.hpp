// weir/load/stop_signals.hpp - SIGINT and SIGTERM as an event of the loop. Needs Linux (signalfd).
#ifndef WEIR_LOAD_STOP_SIGNALS_HPP
#define WEIR_LOAD_STOP_SIGNALS_HPP

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// Calls back from the loop at the first SIGINT or SIGTERM; the second one ends the process as ever, so that nobody is
/// locked in. One at a time in a process; blocks both signals in the calling thread while it lives.
class stop_signals final : private watcher {
 public:
  stop_signals(loop& on, std::function<void(int)> stop) : loop_(&on), stop_(std::move(stop)) {}
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;
  ~stop_signals() { release(); }

  result<void> begin() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGINT);
    ::sigaddset(&wanted, SIGTERM);
    fd_ = unique_fd(::signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd_) return io_failure("signalfd", errno);
    ::pthread_sigmask(SIG_BLOCK, &wanted, &before_);
    return loop_->watch(fd_.get(), EPOLLIN, *this);
  }
  /// The signal that came, or 0.
  [[nodiscard]] int seen() const noexcept { return seen_; }

 private:
  void on_ready(std::uint32_t) override {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != sizeof info) return;
    seen_ = static_cast<int>(info.ssi_signo);
    release();
    stop_(seen_);
  }
  void release() noexcept {
    if (!fd_) return;
    loop_->forget(fd_.get(), *this);
    fd_ = {};
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  loop* loop_;
  std::function<void(int)> stop_;
  unique_fd fd_;
  sigset_t before_{};
  int seen_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_STOP_SIGNALS_HPP
