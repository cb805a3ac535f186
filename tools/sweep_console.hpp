// tools/sweep_console.hpp - what a sweep says while it runs: a line a change, or all cells' states.
#ifndef WEIR_TOOLS_SWEEP_CONSOLE_HPP
#define WEIR_TOOLS_SWEEP_CONSOLE_HPP

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "cli.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/run/sweep.hpp"
#include "weir/run/sweep_state.hpp"

namespace weir::tool {

/// SIGINT, SIGTERM and SIGHUP as a descriptor that a launcher can be woken by.
class stop_request {
 public:
  stop_request() {
    ::sigemptyset(&wanted_);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction now{};
      if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) ::sigaddset(&wanted_, number);
    }
    ::sigprocmask(SIG_BLOCK, &wanted_, nullptr);
    fd_ = unique_fd(::signalfd(-1, &wanted_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// The last signal that came, or 0.
  int seen() {
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      seen_ = static_cast<int>(info.ssi_signo);
    return seen_;
  }

 private:
  sigset_t wanted_{};
  unique_fd fd_;
  int seen_ = 0;
};

/// Tells a person how a sweep goes, on standard error.
class sweep_console {
 public:
  sweep_console(bool quiet, bool follow) : quiet_(quiet), table_(follow && ::isatty(STDERR_FILENO) == 1) {}

  void changed(const sweep_run& run, std::size_t over, std::size_t all) {
    if (quiet_ && (!run.over() || run.record.status == cell_status::done)) return;
    if (table_ || run.phase == run_phase::queued) return;
    if (run.phase == run_phase::resumed) return ++resumed_, void();
    say(describe_run(run, over, all));
  }
  /// Before the first run starts.
  void begun(std::size_t all) const {
    if (resumed_ > 0 && !quiet_)
      say(std::to_string(resumed_) + " of " + std::to_string(all) + " runs are whole already: not run again");
  }
  /// Draws the table of all states again, over the last one.
  void draw(const std::string& text) {
    if (!table_) return;
    std::string out;
    if (lines_ > 0) out += "\x1b[" + std::to_string(lines_) + "A\x1b[J";
    out += text;
    lines_ = 0;
    for (const char c : text) lines_ += c == '\n';
    std::fwrite(out.data(), 1, out.size(), stderr);
  }
  [[nodiscard]] bool draws() const noexcept { return table_; }

 private:
  bool quiet_, table_;
  std::size_t resumed_ = 0, lines_ = 0;
};

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_CONSOLE_HPP
