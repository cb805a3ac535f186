// weir/serve/keeper.hpp - the small process between the supervisor and a server, that leaves nothing behind. Needs
// Linux.
//
//     supervisor --leash--> keeper --fork--> server --> workers, trackers, daemons ...
//
// The keeper is the subreaper of everything that comes of the server: a process that calls setsid, forks twice and lets
// its parent exit is still its descendant. When the server ends, when the supervisor says so, or when the leash breaks
// because the supervisor was killed, it kills and reaps until the kernel says that no child is left (ECHILD), removes
// the shared memory they held, and only then lets go of the ports and locks it was given. It runs in a forked copy of
// the supervisor and therefore allocates nothing.
#ifndef WEIR_SERVE_KEEPER_HPP
#define WEIR_SERVE_KEEPER_HPP

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <span>

#include "weir/base/clock.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/serve/cgroup.hpp"
#include "weir/serve/proc.hpp"
#include "weir/serve/shm.hpp"

namespace weir::inline v0 {

/// What the supervisor asks for, one datagram on the leash.
struct keeper_order {
  enum class kind : unsigned char {
    signal,        ///< Send `signal` to the server alone.
    signal_group,  ///< Send `signal` to the server's process group, as a terminal would.
    stop,        ///< SIGTERM to the server; whatever is left `grace_ns` later is killed. A later order may shorten it.
    note_memory  ///< Note the shared memory held now, so that it is cleaned up even if its holders die first.
  } what;
  int signal = 0;
  std::int64_t grace_ns = 0;
};

/// What the keeper says back, one datagram each.
struct keeper_report {
  enum class kind : unsigned char {
    started,  ///< The server was forked; `pid` is its pid.
    failed,   ///< It could not be executed; `value` is errno.
    exited,   ///< The server ended; `value` is its wait status. Its descendants are being killed.
    stuck,    ///< `pid` does not go away although it was killed 10 s ago. Said once; the keeper keeps trying.
    empty     ///< Nothing is left. The keeper exits.
  } what;
  pid_t pid = 0;
  int value = 0;
  std::int64_t t_ns = 0;
};

/// All that a keeper needs, ready before the fork.
struct keeper_plan {
  const char* file;  ///< The program, with a slash in it.
  char* const* argv;
  char* const* envp;
  const char* directory;      ///< The server's working directory, or nullptr to keep the supervisor's.
  std::array<int, 3> stdio;   ///< Become the server's 0, 1 and 2; each is that number itself, or above 2.
  std::span<const int> held;  ///< Stay open until nothing is left: held ports and locks. Ascending, above 2.
  int leash;                  ///< A SOCK_SEQPACKET socket to the supervisor; close-on-exec, above 2.
  int cgroup;                 ///< A cgroup's directory, made for this launch, or -1.
  const char* cgroup_path;    ///< To remove it at the end.
};

namespace detail {

class keeper {
 public:
  explicit keeper(const keeper_plan& plan) noexcept : plan_(plan), self_(::getpid()) {}

  void run() noexcept {
    start();
    watch();
    clear();
    memory_.unlink_unused();
    remove_cgroup();
    say({keeper_report::kind::empty});
  }

 private:
  static constexpr std::int64_t ms = 1'000'000, never = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t linger_ns = 500 * ms;     // for workers that clean up after their server's orderly end
  static constexpr std::int64_t tracker_ns = 5'000 * ms;  // for resource trackers, which unlink what the dead held
  static constexpr std::int64_t stuck_ns = 10'000 * ms;

  void start() noexcept {
    ::setsid();  // the terminal's Ctrl-C is the supervisor's business
    ::prctl(PR_SET_NAME, "weir-keeper");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
    ::prctl(PR_SET_PDEATHSIG, 0UL);  // one that the supervisor may have had
    ::signal(SIGCHLD, SIG_DFL);      // were it ignored, the kernel would reap in our stead
    sigset_t all, child;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    children_ = unique_fd(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    const forked root = fork_into_cgroup(plan_.cgroup);
    root_ = root.pid;
    if (root_ == 0) become_server(root.inside);
    alive_ = root_ > 0;
    if (alive_)
      say({keeper_report::kind::started, root_});
    else
      say({keeper_report::kind::failed, 0, errno});
    let_go();
  }

  [[noreturn]] void become_server(bool in_cgroup) noexcept {
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);                   // the second line: the keeper itself is killed
    ::prctl(PR_SET_TIMERSLACK, 50'000UL, 0UL, 0UL, 0UL);  // the kernel's default, not the supervisor's sharp one
    if (::getppid() != self_) ::_exit(127);
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    if (plan_.cgroup >= 0 && !in_cgroup) cgroup_write(plan_.cgroup, "cgroup.procs", "0");
    for (int fd = 0; fd < 3; ++fd)
      if (plan_.stdio[static_cast<std::size_t>(fd)] != fd) ::dup2(plan_.stdio[static_cast<std::size_t>(fd)], fd);
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (!plan_.directory || ::chdir(plan_.directory) == 0) ::execve(plan_.file, plan_.argv, plan_.envp);
    say({keeper_report::kind::failed, 0, errno});
    ::_exit(127);
  }

  /// Closes what came with the fork and is not the keeper's: other keepers' leashes, the supervisor's pipes.
  void let_go() noexcept {
    const unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (int fd = 0; fd < 3; ++fd) ::dup2(null.get(), fd);
    if (::chdir("/") != 0) return;  // holds no directory that somebody may want to unmount
    for (int next = 3; next >= 0;) {
      int keep = std::numeric_limits<int>::max();  // the lowest one to keep from `next` on
      for (const int fd : plan_.held)
        if (fd >= next) keep = std::min(keep, fd);
      for (const int fd : {plan_.leash, plan_.cgroup, children_.get(), null.get()})
        if (fd >= next) keep = std::min(keep, fd);
      if (keep > next) ::close_range(static_cast<unsigned>(next), static_cast<unsigned>(keep) - 1, 0);
      next = keep == std::numeric_limits<int>::max() ? -1 : keep + 1;
    }
  }

  /// Waits while the server lives, or until it may no longer.
  void watch() noexcept {
    std::int64_t deadline = never;
    for (bool stopping = false; reap();) {
      if (!alive_ && !stopping) return;
      if (!alive_) deadline = std::min(deadline, ended_ns_ + linger_ns);
      if (now_ns() >= deadline) return;
      wait(deadline, plan_.leash);
      keeper_order order{};
      for (;;) {
        const ssize_t got = ::recv(plan_.leash, &order, sizeof order, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) return;  // the leash broke: nobody is left who could wait for an orderly end
        if (order.what == keeper_order::kind::note_memory) memory_.note_tree(self_);
        if (order.what == keeper_order::kind::signal && alive_) ::kill(root_, order.signal);
        if (order.what == keeper_order::kind::signal_group && alive_) ::kill(-root_, order.signal);
        if (order.what != keeper_order::kind::stop) continue;
        if (!stopping) memory_.note_tree(self_);
        if (!stopping && alive_) ::kill(root_, SIGTERM), ::kill(root_, SIGCONT);
        stopping = true;
        deadline = std::min(deadline, now_ns() + order.grace_ns);
      }
    }
  }

  /// Kills everything below this process, and returns when the kernel says that it has no child left.
  void clear() noexcept {
    const std::int64_t start = now_ns();
    while (now_ns() < start + tracker_ns && kill_tree(true) && reap()) wait(now_ns() + 5 * ms, -1);
    if (plan_.cgroup >= 0) cgroup_write(plan_.cgroup, "cgroup.kill", "1");
    bool told = false;
    for (std::int64_t pause = ms; reap(); pause = std::min(2 * pause, (told ? 500 : 20) * ms)) {
      if (alive_) ::kill(-root_, SIGKILL);  // its pid is not free for others before it is reaped
      kill_tree(false);
      if (!told && now_ns() > start + stuck_ns + tracker_ns) {
        tree_entry first{};
        if (descendants(self_, {&first, 1}) > 0) say({keeper_report::kind::stuck, first.pid});
        told = true;
      }
      wait(now_ns() + pause, -1);
    }
  }

  /// Kills the tree once over. With `spare_trackers`, Python's resource trackers are left: they unlink shared memory
  /// when all who used it are gone, and then end by themselves.
  /// \return  whether a tracker was met.
  bool kill_tree(bool spare_trackers) noexcept {
    const std::size_t size = descendants(self_, tree_);
    bool met = false;
    for (std::size_t i = 0; i < size; ++i) {
      if (spare_trackers && command_line_has(tree_[i].pid, "resource_tracker")) {
        met = true;
        continue;
      }
      signal_in_tree(tree_[i], self_, SIGSTOP);  // so that it maps nothing more between this note and its end
      memory_.note(tree_[i].pid);
      signal_in_tree(tree_[i], self_, SIGKILL);
    }
    return met;
  }

  /// Reaps all that is dead. \return  whether a child is left.
  bool reap() noexcept {
    for (;;) {
      int status = 0;
      const pid_t pid = ::waitpid(-1, &status, WNOHANG);
      if (pid < 0 && errno == EINTR) continue;
      if (pid <= 0) return pid == 0;
      if (pid != root_) continue;
      alive_ = false;
      ended_ns_ = now_ns();
      say({keeper_report::kind::exited, pid, status});
    }
  }

  /// Sleeps until a child ends, `leash` (if not -1) has something, or the time has come.
  void wait(std::int64_t until, int leash) noexcept {
    std::array<pollfd, 2> fds{pollfd{children_.get(), POLLIN, 0}, pollfd{leash, POLLIN, 0}};
    const std::int64_t left = std::max<std::int64_t>(0, until - now_ns());
    const timespec span{static_cast<std::time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    ::ppoll(fds.data(), fds.size(), until == never ? nullptr : &span, nullptr);
    signalfd_siginfo drained;
    while (::read(children_.get(), &drained, sizeof drained) > 0) continue;
  }

  void say(keeper_report report) noexcept {
    report.t_ns = now_ns();
    ::send(plan_.leash, &report, sizeof report, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  void remove_cgroup() noexcept {
    if (plan_.cgroup < 0) return;
    const timespec pause{0, 2 * ms};
    for (int tries = 0; tries < 50 && ::rmdir(plan_.cgroup_path) != 0 && errno == EBUSY; ++tries)
      ::nanosleep(&pause, nullptr);
  }

  const keeper_plan& plan_;
  pid_t self_, root_ = -1;
  bool alive_ = false;  // the server was forked and is not reaped
  std::int64_t ended_ns_ = 0;
  unique_fd children_;
  shm_names memory_;
  std::array<tree_entry, 4096> tree_{};
};

}  // namespace detail

/// Is the keeper: call it in a forked child, with a `plan` that outlives it; ends with _exit(0).
[[noreturn]] inline void keep(const keeper_plan& plan) noexcept {
  detail::keeper(plan).run();
  ::_exit(0);
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_KEEPER_HPP
