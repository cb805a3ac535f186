// tests/net/sender.hpp - a server of one connection, for a test of who reads from it.
#ifndef WEIR_TESTS_NET_SENDER_HPP
#define WEIR_TESTS_NET_SENDER_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <string_view>

#include "catch.hpp"
#include "weir/base/unique_fd.hpp"

/// A server of one connection that sends when it is told to.
class sender {
 public:
  sender() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(listener_.get(), 1) == 0);
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port_ = ntohs(at.sin_port);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void accept() {
    socket_ = weir::unique_fd(::accept(listener_.get(), nullptr, nullptr));
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  void send(std::string_view bytes) {
    REQUIRE(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }

 private:
  weir::unique_fd listener_, socket_;
  std::uint16_t port_ = 0;
};

#endif  // WEIR_TESTS_NET_SENDER_HPP
