// weir/net/address.hpp - a name and a port become socket addresses. Needs POSIX.
#ifndef WEIR_NET_ADDRESS_HPP
#define WEIR_NET_ADDRESS_HPP

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// Where a socket connects to, of any family.
struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
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

}  // namespace weir::inline v0

#endif  // WEIR_NET_ADDRESS_HPP
