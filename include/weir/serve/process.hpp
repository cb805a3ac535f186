// weir/serve/process.hpp - a server, its keeper, and the certainty that both are gone afterwards. Needs Linux 5.11.
#ifndef WEIR_SERVE_PROCESS_HPP
#define WEIR_SERVE_PROCESS_HPP

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/serve/cgroup.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/keeper.hpp"
#include "weir/serve/marked.hpp"

namespace weir::inline v0 {

/// What to start, and how.
struct process_spec {
  std::vector<std::string> argv;  ///< The program (looked up in PATH) and its arguments.
  environment variables = {};     ///< Set over this process's environment.
  std::string directory = {};     ///< Working directory; empty: this process's.
  std::string log = {};           ///< File that gets standard output and error, appended; empty: this process's own.
  std::vector<int> held = {};     ///< Descriptors (sockets, locks) that the keeper holds until nothing is left.
  bool own_input = true;          ///< Standard input is /dev/null; false: this process's own.
  bool use_cgroup = true;         ///< Kill through a cgroup where one can be made; false: by walking the tree alone.
};

/// What is known of a process by now. Times are monotonic ns, 0 where it has not happened.
struct process_state {
  pid_t pid = 0;       ///< The server's; 0 where it could not be forked.
  int exec_error = 0;  ///< errno, where the program could not be executed.
  bool ended = false;  ///< The server itself ended, with `status` (a wait status).
  int status = 0;
  pid_t stuck = 0;    ///< A process that was killed and does not go away.
  bool gone = false;  ///< Nothing of the tree is left.
  std::int64_t t_started_ns = 0, t_ended_ns = 0, t_gone_ns = 0;
};

/// A running server under its keeper. When this object dies, the server and everything that came of it dies too; the
/// same happens, without this program's help, when this program is killed.
///
///     auto server = weir::process::start({.argv = {"llama-server", "--port", "8000"}, .log = "server.log"});
///     if (!server) return server.error();
///     ...
///     server->stop(10'000'000'000);      // SIGTERM, ten seconds later SIGKILL to what is left
///     server->wait();                    // until nothing is left
///
/// \complexity  start: two forks. A running server costs its keeper's sleep and 0.3 MB.
class process {
 public:
  /// Starts a server. That it could be executed is known later: see process_state::exec_error.
  /// \return  errc::not_found or errc::io for the program (127 or 126 in a shell); errc::io for log or system.
  [[nodiscard]] static result<process> start(const process_spec& spec);

  process(process&&) noexcept = default;
  process& operator=(process&& other) noexcept {
    if (this != &other) {
      end();
      shared_ = std::move(other.shared_);
    }
    return *this;
  }
  ~process() { end(); }

  /// Readable when there is news: call `update` then. Stop watching it when `over` says so.
  [[nodiscard]] int fd() const noexcept { return shared_->leash.get(); }
  /// No more news will come: nothing is left of the server, nor of its keeper.
  [[nodiscard]] bool over() const noexcept { return shared_->over; }
  /// Reads the keeper's news. \return  the state, also at hand as `state()`.
  const process_state& update();
  [[nodiscard]] const process_state& state() const noexcept { return shared_->state; }
  /// WEIR_LAUNCH in the environment of the server and of whatever it starts.
  [[nodiscard]] const std::string& launch() const noexcept { return shared_->launch; }
  [[nodiscard]] pid_t keeper_pid() const noexcept { return shared_->keeper; }
  [[nodiscard]] const std::string& cgroup_path() const noexcept { return shared_->group.path; }  ///< Or empty.
  /// Why it has no cgroup although one was wanted; or empty.
  [[nodiscard]] const std::string& why_no_cgroup() const noexcept { return shared_->why_no_group; }

  void signal(int number) { order({keeper_order::kind::signal, number, 0}); }
  /// Signals the server's process group, as a terminal would: for a shell, whose children must hear it too.
  void signal_group(int number) { order({keeper_order::kind::signal_group, number, 0}); }
  /// SIGTERM to the server, SIGKILL to everything after `grace_ns`. May be called again, to shorten the wait.
  void stop(std::int64_t grace_ns) { order({keeper_order::kind::stop, 0, grace_ns}); }
  void note_memory() { order({keeper_order::kind::note_memory, 0, 0}); }

  /// Waits until nothing is left, or for `timeout_ns`. \return  whether nothing is left.
  bool wait(std::int64_t timeout_ns = std::numeric_limits<std::int64_t>::max());
  /// Leaves a process that can't be killed to its keeper, which goes on trying and holds what it was given to hold.
  void abandon() noexcept { shared_.reset(); }

 private:
  struct shared_state {
    pid_t keeper = -1;
    unique_fd leash;
    cgroup group;
    std::string why_no_group, launch;
    process_state state;
    bool over = false;
  };
  explicit process(std::unique_ptr<shared_state> state) : shared_(std::move(state)) {}

  void order(const keeper_order& what) { ::send(fd(), &what, sizeof what, MSG_NOSIGNAL | MSG_DONTWAIT); }
  void read_report(const keeper_report& report);
  void finish();
  void end() noexcept;

  std::unique_ptr<shared_state> shared_;
};

namespace detail {

/// A name for a launch that no other launch of this machine has.
inline std::string launch_name() {
  static std::atomic<unsigned> count{0};
  return std::to_string(::getpid()) + "." + std::to_string(now_ns()) + "." + std::to_string(count++);
}

/// `fd`, or a duplicate of it above 2, so that the server's 0, 1 and 2 can be put in place one after the other.
inline unique_fd above_stdio(unique_fd fd) {
  if (fd.get() > 2 || !fd) return fd;
  return unique_fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
}

inline std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// Forks with all signals blocked, so that no handler of this program runs in the child.
inline pid_t fork_blocked() noexcept {
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  const int error = errno;
  if (pid != 0) ::sigprocmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

}  // namespace detail

inline result<process> process::start(const process_spec& spec) {
  if (spec.argv.empty() || spec.argv[0].empty()) return failure{errc::invalid_argument, "no command was given"};
  const auto file = find_program(spec.argv[0], variable("PATH", "/usr/local/bin:/usr/bin:/bin"));
  if (!file) return file.error();
  auto shared = std::make_unique<shared_state>();
  shared->launch = detail::launch_name();
  auto group = spec.use_cgroup ? cgroup::make() : result<cgroup>(cgroup{});
  if (group)
    shared->group = std::move(*group);
  else
    shared->why_no_group = group.error().detail;

  std::array<int, 3> stdio{0, 1, 2};
  unique_fd log, input;
  if (spec.own_input) input = detail::above_stdio(unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  if (input) stdio[0] = input.get();
  if (!spec.log.empty()) {
    // A file, never a pipe: a pipe that nobody empties stops the server after 64 KiB.
    log = detail::above_stdio(unique_fd(::open(spec.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)));
    if (!log) return io_failure("cannot write the log " + spec.log, errno);
    stdio[1] = stdio[2] = log.get();
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return io_failure("socketpair", errno);
  shared->leash = detail::above_stdio(unique_fd(ends[0]));
  const unique_fd keepers_end = detail::above_stdio(unique_fd(ends[1]));

  auto argv_words = spec.argv;
  auto variables = spec.variables;
  variables.emplace_back("WEIR_LAUNCH", shared->launch);
  auto variable_words = merged_environment(variables);
  const auto argv = detail::pointers(argv_words), envp = detail::pointers(variable_words);
  const keeper_plan plan{file->c_str(),
                         argv.data(),
                         envp.data(),
                         spec.directory.empty() ? nullptr : spec.directory.c_str(),
                         stdio,
                         spec.held,
                         keepers_end.get(),
                         shared->group.directory ? shared->group.directory.get() : -1,
                         shared->group.path.c_str()};
  shared->keeper = detail::fork_blocked();
  if (shared->keeper == 0) keep(plan);
  if (shared->keeper < 0) {
    const int error = errno;
    if (shared->group.directory) ::rmdir(shared->group.path.c_str());
    return io_failure("fork", error);
  }
  return process(std::move(shared));
}

inline const process_state& process::update() {
  keeper_report report{};
  while (!over()) {
    const ssize_t got = ::recv(fd(), &report, sizeof report, MSG_DONTWAIT);
    // A keeper that ends with orders unread resets the leash: that is said once, before what it had reported.
    if (got < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got == static_cast<ssize_t>(sizeof report))
      read_report(report);
    else
      finish();
  }
  return state();
}

inline void process::read_report(const keeper_report& report) {
  auto& s = shared_->state;
  switch (report.what) {
    case keeper_report::kind::started:
      s.pid = report.pid;
      s.t_started_ns = report.t_ns;
      break;
    case keeper_report::kind::failed:
      s.exec_error = report.value;
      break;
    case keeper_report::kind::exited:
      s.ended = true;
      s.status = report.value;
      s.t_ended_ns = report.t_ns;
      break;
    case keeper_report::kind::stuck:
      s.stuck = report.pid;
      break;
    case keeper_report::kind::empty:
      s.gone = true;
      s.t_gone_ns = report.t_ns;
      break;
  }
}

/// The keeper closed its end. It said `empty` before, or it was killed: then what it kept is found by its mark.
inline void process::finish() {
  auto& s = shared_->state;
  shared_->over = true;
  while (::waitpid(shared_->keeper, nullptr, 0) < 0 && errno == EINTR) continue;
  if (s.gone) return;
  if (shared_->group.directory) cgroup_write(shared_->group.directory.get(), "cgroup.kill", "1");
  s.gone = kill_marked("WEIR_LAUNCH=" + shared_->launch) == 0;
  if (shared_->group.directory) ::rmdir(shared_->group.path.c_str());
  s.t_gone_ns = now_ns();
}

inline bool process::wait(std::int64_t timeout_ns) {
  const std::int64_t start = now_ns();
  while (update(), !over()) {
    const std::int64_t passed = now_ns() - start;
    if (passed >= timeout_ns) break;
    pollfd news{fd(), POLLIN, 0};
    ::poll(&news, 1, static_cast<int>(std::min<std::int64_t>((timeout_ns - passed) / 1'000'000 + 1, 60'000)));
  }
  return state().gone;
}

inline void process::end() noexcept {
  if (!shared_ || over()) return;
  ::shutdown(fd(), SHUT_WR);  // the leash breaks for the keeper; its last words can still be read
  wait(30'000'000'000);       // longer only where a process can't be killed; the keeper then stays with it
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_PROCESS_HPP
