// weir/net/detail/listener.hpp - a socket that waits for peers. Needs Linux.
#ifndef WEIR_NET_DETAIL_LISTENER_HPP
#define WEIR_NET_DETAIL_LISTENER_HPP

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0::detail {

struct bound_socket {
  unique_fd fd;
  std::uint16_t port = 0;  ///< 0 for a unix socket
};

inline failure bind_failure(const std::string& where, int error_number) {
  if (error_number == EADDRINUSE) return {errc::busy, where + " is in use by another program; choose another"};
  return io_failure("cannot listen on " + where, error_number);
}

/// A path bound as a unix socket. A socket file that nobody listens on any more is replaced; anything else is not.
inline result<bound_socket> bind_unix(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path)
    return failure{errc::invalid_argument, "the path of a unix socket is at most 107 bytes: " + path};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return io_failure("socket", errno);
  if (::bind(fd.get(), where, sizeof address) == 0) return bound_socket{std::move(fd), 0};
  if (errno != EADDRINUSE) return bind_failure(path, errno);
  const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), where, sizeof address) == 0 || errno != ECONNREFUSED)
    return bind_failure(path, EADDRINUSE);
  if (::unlink(path.c_str()) != 0 || ::bind(fd.get(), where, sizeof address) != 0) return bind_failure(path, errno);
  return bound_socket{std::move(fd), 0};
}

/// Binds `host` (a name, an address, or a path with a slash: a unix socket) without listening: connects are refused,
/// but nobody else gets the port. \param port  0: any free one.
inline result<bound_socket> bind_socket(const std::string& host, std::uint16_t port) {
  if (host.find('/') != host.npos) return bind_unix(host);
  const std::string where = host + ":" + std::to_string(port);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return failure{errc::invalid_argument, "cannot listen on " + where + ": " + ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);

  unique_fd fd(::socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return io_failure("socket", errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // a restart need not wait for TIME_WAIT
  if (::bind(fd.get(), list->ai_addr, list->ai_addrlen) != 0) return bind_failure(where, errno);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) return io_failure("getsockname", errno);
  const auto network_port = bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                                                        : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port;
  return bound_socket{std::move(fd), ntohs(network_port)};
}

/// The next peer's socket: non-blocking, small writes sent at once. Empty where none waits (errno says why).
inline unique_fd accept_peer(int listener) noexcept {
  unique_fd fd(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int on = 1;
  if (fd) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails harmlessly on a unix socket
  return fd;
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_NET_DETAIL_LISTENER_HPP
