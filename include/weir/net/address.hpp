// weir/net/address.hpp - a name and a port become socket addresses. Needs POSIX.
#ifndef WEIR_NET_ADDRESS_HPP
#define WEIR_NET_ADDRESS_HPP

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/net/layer.hpp"

namespace weir::inline v0 {

/// Where a socket connects to, of any family, and how to speak to who is there.
struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::shared_ptr<const layer_source> layers = {};  ///< TLS, a proxy; nothing: the bytes as they are.
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// The TCP addresses of a host, in the order in which they should be tried. Blocks while the resolver asks around.
/// \return  errc::not_found where the name has none; never an empty list.
[[nodiscard]] inline result<std::vector<socket_address>> resolve(const std::string& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (error == EAI_SYSTEM) return io_failure("cannot look up the host " + host, errno);
  if (error != 0) return failure{errc::not_found, "cannot find the host " + host + ": " + ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, &::freeaddrinfo);
  std::vector<socket_address> addresses;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    socket_address& address = addresses.emplace_back();
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
  }
  return addresses;
}

/// The address of a unix socket. \return  errc::invalid_argument where the path is too long for one (107 bytes).
[[nodiscard]] inline result<std::vector<socket_address>> unix_address(const std::string& path) {
  sockaddr_un to{};
  if (path.empty() || path.size() >= sizeof to.sun_path)
    return failure{errc::invalid_argument,
                   "the path of a unix socket has 1 to " + std::to_string(sizeof to.sun_path - 1) + " bytes: " + path};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  std::vector<socket_address> addresses(1);
  std::memcpy(&addresses[0].storage, &to, sizeof to);
  addresses[0].size = sizeof to;
  return addresses;
}

}  // namespace weir::inline v0

#endif  // WEIR_NET_ADDRESS_HPP
