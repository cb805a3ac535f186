// weir/serve/gateway_cost.hpp - what a gateway adds to an answer's time. Needs Linux.
#ifndef WEIR_SERVE_GATEWAY_COST_HPP
#define WEIR_SERVE_GATEWAY_COST_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/http1.hpp"

namespace weir::inline v0 {

namespace detail {

/// One kept connection to a port of this machine, on which questions are asked one after the other.
class kept_question {
 public:
  kept_question(int port, const std::string& path)
      : request_("GET " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"),
        fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    const timeval patience{2, 0};
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(port));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
  }

  /// \return  ns from sending the question to having read the answer.
  result<std::int64_t> ask() {
    const std::int64_t start = now_ns();
    if (!open_ || ::send(fd_.get(), request_.data(), request_.size(), MSG_NOSIGNAL) < 0)
      return io_failure("send", errno);
    for (http1_parser parser(http1_parser::role::response); !parser.done();) {
      std::array<char, 16384> bytes;
      const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (got <= 0) return io_failure("recv", got < 0 ? errno : ECONNRESET);
      if (auto used = parser.feed({bytes.data(), static_cast<std::size_t>(got)}, *this); !used) return used.error();
    }
    return now_ns() - start;
  }

  static void on_head(const http1_head&) {}
  static void on_body(std::string_view) {}
  static void on_end() {}

 private:
  std::string request_;
  unique_fd fd_;
  bool open_ = false;
};

}  // namespace detail

/// Asks an instance and the gateway for `path` in turn, on kept connections.
/// \return  the medians' difference in ns; a failure where one of them closes its connections or does not answer.
[[nodiscard]] inline result<std::int64_t> gateway_cost_ns(int gateway_port, int instance_port, const std::string& path,
                                                          std::size_t questions = 200) {
  detail::kept_question direct(instance_port, path), through(gateway_port, path);
  std::array<std::vector<std::int64_t>, 2> times;
  for (std::size_t i = 0; i < questions; ++i) {
    const auto one = direct.ask(), other = through.ask();
    if (!one) return one.error();
    if (!other) return other.error();
    times[0].push_back(*one);
    times[1].push_back(*other);
  }
  for (auto& each : times)
    std::nth_element(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(questions / 2), each.end());
  return times[1][questions / 2] - times[0][questions / 2];
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_GATEWAY_COST_HPP
