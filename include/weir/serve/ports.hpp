// weir/serve/ports.hpp - TCP ports that nobody else takes between the choice and the server's bind. Needs Linux.
//
// A port is held by a socket that is bound, then given SO_REUSEADDR and SO_REUSEPORT, and never listens. A server that
// sets either option can bind and listen beside it, again after a restart; a client is refused until the server
// listens; nobody else gets the port, by number or by chance. A lock file names the holder to other runs; a socket's
// name in the network's namespace refuses the port to runs that keep their locks elsewhere.
#ifndef WEIR_SERVE_PORTS_HPP
#define WEIR_SERVE_PORTS_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/serve/left_locks.hpp"
#include "weir/serve/lock_file.hpp"

namespace weir::inline v0 {

/// A port that is ours. The descriptors go to the keeper too (see process_spec::held), which outlives this program.
struct held_port {
  int number = 0;
  unique_fd socket, claim;
  lock_file lock;
};

/// A run of ports for a server's own use (distributed start-up, data-parallel ranks, connectors): locked between runs
/// of weir, not bound, because servers scan upward from the first one by themselves.
struct port_block {
  static constexpr int size = 100;
  int first = 0;
  lock_file lock;
};

namespace detail {

inline std::string port_lock(const std::string& locks, int port) {
  return locks + "/port-" + std::to_string(port) + ".lock";
}

inline void share_port(int fd, bool reuse_address, bool reuse_port) {
  const int on = 1;
  if (reuse_address) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

inline unique_fd bind_port(int port, bool reuse_address, bool reuse_port) {
  unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  share_port(fd.get(), reuse_address, reuse_port);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  if (fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) return fd;
  return {};
}

/// A socket with a name that only one of this network namespace can have at a time: what binds with both options, as a
/// server may beside our held socket, is not refused by another run's held socket, and shows in no table.
/// \return  none where the name is taken (errno EADDRINUSE).
inline unique_fd claim_port(int port) {
  unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const std::string name = "weir-port-" + std::to_string(port);
  std::copy(name.begin(), name.end(), where.sun_path + 1);  // behind a zero: no file
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) == 0) return fd;
  return {};
}

/// A row of /proc/net/tcp or tcp6.
struct tcp_row {
  int port = 0;
  bool listens = false, waits = false;  ///< LISTEN, TIME_WAIT.
  std::string_view inode;
};

/// Calls `visit(tcp_row)` for every IPv4 and IPv6 socket that is connected, listening or waiting.
template <class Visit>
void each_tcp_socket(Visit&& visit) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const auto text = read_text_file(table);
    if (!text) continue;
    each_line(*text, [&](std::string_view line) {
      std::array<std::string_view, 10> field{};  // slot, local, remote, state, ..., 9: inode
      for (auto& word : field) word = next_word(line);
      const auto colon = field[1].rfind(':');
      if (colon == std::string_view::npos) return;  // the heading
      tcp_row row{0, field[3] == "0A", field[3] == "06", field[9]};
      std::from_chars(field[1].data() + colon + 1, field[1].data() + field[1].size(), row.port, 16);
      visit(row);
    });
  }
}

/// The first process that has the socket `inode` open, or 0.
inline pid_t socket_owner(std::string_view inode) {
  const std::string wanted = "socket:[" + std::string(inode) + "]";
  pid_t owner = 0;
  each_process([&](pid_t pid) {
    const proc_path fds("/proc/", pid, "/fd");
    each_entry(fds.text(), [&](std::string_view fd) {
      std::array<char, 64> target;
      const ssize_t size = ::readlink(proc_path(fds.text(), "/", fd).text(), target.data(), target.size());
      if (size > 0 && wanted == std::string_view(target.data(), static_cast<std::size_t>(size)) && !owner) owner = pid;
    });
  });
  return owner;
}

/// Which ports have leftovers of closed connections only: those keep a plain bind from a port, and nobody else. Read
/// once for all ports that are tried in a row: after many connections the table is long.
class lingering_ports {
 public:
  [[nodiscard]] bool has(int port) {
    if (seen_.empty()) {
      seen_.resize(65536);
      each_tcp_socket([&](const tcp_row& row) {
        auto& at = seen_[static_cast<std::size_t>(row.port & 0xFFFF)];
        at = static_cast<char>(at | (row.waits ? waiting : other));
      });
    }
    return seen_[static_cast<std::size_t>(port)] == waiting;
  }

 private:
  static constexpr char waiting = 1, other = 2;
  std::vector<char> seen_;
};

}  // namespace detail

/// Who listens at a port, in words: "pid 21021 (python3 -m server)"; empty where nobody is seen to.
[[nodiscard]] inline std::string port_holder(int port) {
  std::string who;
  detail::each_tcp_socket([&](const detail::tcp_row& row) {
    if (row.port != port || !row.listens || !who.empty()) return;
    const pid_t owner = detail::socket_owner(row.inode);
    who = owner ? describe_process(owner) : "a process of another user";
  });
  return who;
}

namespace detail {

/// hold_port, but for the holder's name, which costs a look at every process.
inline result<held_port> take_port(int port, const std::string& locks, lingering_ports& lingering) {
  const std::string name = "port " + std::to_string(port);
  if (port < 1 || port > 65535) return failure{errc::invalid_argument, name + " is not a port: 1 to 65535"};
  auto lock = lock_file::take(port_lock(locks, port));
  if (!lock && lock.error().code != errc::busy) return lock.error();
  if (!lock) return failure{errc::busy, name + " is " + lock.error().detail};
  auto claim = claim_port(port);
  if (!claim && errno == EADDRINUSE)
    return failure{errc::busy, name + " is held by a run that keeps its locks elsewhere"};
  if (!claim) return io_failure("cannot hold " + name, errno);
  // A plain bind fails beside any other socket, also beside one that will listen later.
  held_port held{port, bind_port(port, false, false), std::move(claim), std::move(*lock)};
  if (held.socket) {
    share_port(held.socket.get(), true, true);
    return held;
  }
  if (errno == EACCES) return failure{errc::io, name + " needs root: choose one above 1023"};
  if (!lingering.has(port)) return failure{errc::busy, name + " is in use"};
  held.socket = bind_port(port, true, true);
  if (!held.socket) return io_failure("cannot hold " + name, errno);
  return held;
}

}  // namespace detail

/// Holds exactly `port`.
/// \param locks  see lock_directory.
/// \param wait   for a port that is held for a run that is gone; one of a run that lives is not waited for.
/// \return       errc::busy, with the holder where it can be found; errc::invalid_argument outside 1..65535.
[[nodiscard]] inline result<held_port> hold_port(int port, const std::string& locks, const left_wait& wait = {}) {
  detail::lingering_ports lingering;
  const auto take = [&](left_locks& left) {
    auto held = detail::take_port(port, locks, lingering);
    if (!held) left.note("port " + std::to_string(port), detail::port_lock(locks, port));
    return held;
  };
  auto held = take_when_left(take, wait);
  if (held || !held.error().detail.ends_with(" is in use")) return held;
  const auto who = port_holder(port);
  return failure{errc::busy, held.error().detail + (who.empty() ? "" : " by " + who)};
}

/// Holds the first `count` free ports from `first` on, passing over those in use.
/// \return  errc::busy where there are not that many below `end`.
[[nodiscard]] inline result<std::vector<held_port>> hold_ports(std::size_t count, const std::string& locks,
                                                               int first = 8000, int end = 10002) {
  std::vector<held_port> held;
  detail::lingering_ports lingering;
  for (int port = first; port < end && held.size() < count; ++port) {
    auto one = detail::take_port(port, locks, lingering);
    if (one)
      held.push_back(std::move(*one));
    else if (one.error().code != errc::busy)
      return one.error();
  }
  if (held.size() == count) return held;
  return failure{errc::busy, "only " + std::to_string(held.size()) + " ports are free from " + std::to_string(first) +
                                 " to " + std::to_string(end - 1) + ", not " + std::to_string(count)};
}

/// Takes a block of ports that lies outside the ports that the kernel gives to clients (ip_local_port_range) and
/// outside Ray's (10002 to 19999), and in which nobody listens now.
/// \return  errc::busy where every block is taken.
[[nodiscard]] inline result<port_block> take_port_block(const std::string& locks) {
  int low = 32768, high = 60999;
  if (const auto range = read_text_file("/proc/sys/net/ipv4/ip_local_port_range")) {
    std::string_view text = *range;
    for (int* bound : {&low, &high}) {
      const auto word = next_word(text);
      std::from_chars(word.data(), word.data() + word.size(), *bound);
    }
  }
  std::vector<int> listening;
  detail::each_tcp_socket([&](const detail::tcp_row& row) {
    if (row.listens) listening.push_back(row.port);
  });
  for (int first = 20000; first + port_block::size <= 65536; first += port_block::size) {
    const int last = first + port_block::size - 1;
    const auto inside = [&](int port) { return port >= first && port <= last; };
    if ((last >= low && first <= high) || std::any_of(listening.begin(), listening.end(), inside)) continue;
    auto lock = lock_file::take(locks + "/block-" + std::to_string(first) + ".lock");
    if (lock) return port_block{first, std::move(*lock)};
    if (lock.error().code != errc::busy) return lock.error();
  }
  return failure{errc::busy, "no block of 100 ports is free between 20000 and 65535 outside ip_local_port_range"};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_PORTS_HPP
