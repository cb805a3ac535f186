// weir/load/machine_check.hpp - whether this machine can measure: limits, clock, governor, timers, loopback. Needs
// Linux.
#ifndef WEIR_LOAD_MACHINE_CHECK_HPP
#define WEIR_LOAD_MACHINE_CHECK_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/load/client_watch.hpp"
#include "weir/load/validity.hpp"
#include "weir/net/loop.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// One thing that was looked at.
struct machine_finding {
  std::string name, value;
  bool fine = true;
  std::string advice;  ///< What to do where it is not.
};

namespace detail {

/// The first line of a file, or nothing.
inline std::string first_line_of(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

inline machine_finding check_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return {"open files", std::to_string(limit.rlim_cur) + ", up to " + std::to_string(limit.rlim_max),
          limit.rlim_max >= 65536, "a connection is a file: `ulimit -Hn 1048576`, or nofile in limits.conf"};
}

inline machine_finding check_ports() {
  std::ifstream in("/proc/sys/net/ipv4/ip_local_port_range");
  std::int64_t low = 0, high = 0;
  in >> low >> high;
  return {"ports for connections", std::to_string(low) + " to " + std::to_string(high), high - low >= 20000,
          "that many connections to one address of a server: widen net.ipv4.ip_local_port_range"};
}

inline machine_finding check_governor() {
  const std::string governor = first_line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (governor.empty()) return {"frequency governor", "the system does not say (a virtual machine?)", true, ""};
  return {"frequency governor", governor, governor == "performance",
          "cores that slow down make stamps late: `cpupower frequency-set -g performance`"};
}

inline machine_finding check_clock() {
  const std::string source = first_line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  constexpr int times = 10000;
  const std::int64_t begin = now_ns();
  for (int i = 0; i < times; ++i) (void)now_ns();
  const double cost_ns = static_cast<double>(now_ns() - begin) / times;
  return {"clock", source + ", " + shown(cost_ns, 0) + " ns a reading", cost_ns < 300,
          "each reading is a system call: boot with a clock source that is none (tsc, kvm-clock)"};
}

inline machine_finding check_load() {
  std::ifstream in("/proc/loadavg");
  double busy = 0;
  in >> busy;
  const unsigned cores = std::thread::hardware_concurrency();
  return {"load", shown(busy) + " on " + std::to_string(cores) + " cores", busy < 0.5 * cores,
          "other programs want the cores: what is measured now is partly theirs"};
}

/// A loop without work for half a second: how late is it when something is due?
inline machine_finding check_timers() {
  struct ender final : timer {
    explicit ender(loop& on) : turning(&on) {}
    void on_time(std::int64_t) override { turning->stop(); }
    loop* turning;
  };
  loop on;
  client_watch watch(on);
  ender end(on);
  on.arm(end, now_ns() + 500'000'000);
  const bool ran = watch.start() && on.run();
  auto health = watch.stop();
  if (!ran || health.lag_ns.count() == 0) return {"waking up", "could not be tried", false, ""};
  const double p50 = health.lag_ns.percentile(50) / 1e6, p99 = health.lag_ns.percentile(99) / 1e6;
  return {"waking up", "p50 " + shown(p50, 3) + " ms, p99 " + shown(p99, 3) + " ms late", p99 < 1,
          "the scheduler lets a thread wait: leave it a core of its own (taskset, isolcpus)"};
}

/// Both ends of a TCP connection over 127.0.0.1.
inline result<std::pair<unique_fd, unique_fd>> loopback_pair() {
  const unique_fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof where;
  auto* const address = reinterpret_cast<sockaddr*>(&where);
  if (!listener || ::bind(listener.get(), address, size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), address, &size) != 0)
    return io_failure("cannot listen on 127.0.0.1", errno);
  unique_fd one(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!one || ::connect(one.get(), address, size) != 0) return io_failure("cannot connect to 127.0.0.1", errno);
  pollfd waiting{listener.get(), POLLIN, 0};
  if (::poll(&waiting, 1, 5000) != 1) return failure{errc::limit, "the connection to 127.0.0.1 never came"};
  unique_fd other(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const int on = 1;
  ::setsockopt(one.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return std::pair(std::move(one), std::move(other));
}

/// A byte sent over the loopback and read at the other end, by one thread: what the kernel's path costs.
inline machine_finding check_loopback() {
  auto ends = loopback_pair();
  if (!ends) return {"loopback", ends.error().detail, false, "servers on this machine can't be reached"};
  sample_set took_ns;
  for (int i = 0; i < 2000; ++i) {
    char byte = 'x';
    const std::int64_t begin = now_ns();
    pollfd ready{ends->second.get(), POLLIN, 0};
    if (::send(ends->first.get(), &byte, 1, MSG_NOSIGNAL) != 1 || ::poll(&ready, 1, 5000) != 1 ||
        ::recv(ends->second.get(), &byte, 1, 0) != 1)
      return {"loopback", "a byte was lost", false, "servers on this machine can't be reached"};
    took_ns.add(static_cast<double>(now_ns() - begin));
  }
  const double p50 = took_ns.percentile(50) / 1e3, p99 = took_ns.percentile(99) / 1e3;
  return {"loopback", "p50 " + shown(p50, 1) + " us, p99 " + shown(p99, 1) + " us a byte", p99 < 1000,
          "something (a firewall, another load) slows this machine's own network"};
}

}  // namespace detail

/// Looks at everything; takes about half a second.
[[nodiscard]] inline std::vector<machine_finding> check_machine() {
  return {detail::check_files(), detail::check_ports(),  detail::check_governor(), detail::check_clock(),
          detail::check_load(),  detail::check_timers(), detail::check_loopback()};
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_MACHINE_CHECK_HPP
