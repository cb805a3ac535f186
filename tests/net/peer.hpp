// tests/net/peer.hpp - the other end of an HTTP server under test: a socket on the same loop and thread, so that a test
// decides what happens when.
#ifndef WEIR_TESTS_NET_PEER_HPP
#define WEIR_TESTS_NET_PEER_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "weir/base/clock.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/loop.hpp"

/// A client that does nothing by itself. Waiting turns the loop, for at most ten seconds.
class peer {
 public:
  /// \param receive_buffer  bytes of SO_RCVBUF, for a client that is slow to read; 0: the system's own.
  peer(weir::loop& loop, std::uint16_t port, int receive_buffer = 0) : loop_(&loop) {
    fd_ = weir::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  [[nodiscard]] bool connected() const { return connected_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t took = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (took > 0) bytes.remove_prefix(static_cast<std::size_t>(took));
      if (took < 0 && errno != EAGAIN) throw std::runtime_error("the peer could not send");
      if (took < 0) turn();
    }
  }
  /// "I send no more."
  void half_close() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_ = {}; }
  /// Closes with a reset, as a killed client does.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  /// Everything that has come so far; never waits.
  std::string& received() {
    char bytes[65536];
    for (ssize_t got = 0; fd_ && (got = ::recv(fd_.get(), bytes, sizeof bytes, MSG_DONTWAIT)) >= 0;) {
      if (got == 0) ended_ = true;
      if (got == 0) break;
      text_.append(bytes, static_cast<std::size_t>(got));
      ++reads_;
    }
    if (errno == ECONNRESET) ended_ = true;
    return text_;
  }
  /// Reads until `enough` is true, the connection ends, or ten seconds are over.
  std::string& read_until(const std::function<bool(std::string_view)>& enough) {
    const auto limit = weir::now_ns() + 10'000'000'000;
    while (!enough(received()) && !ended_ && weir::now_ns() < limit) turn();
    return text_;
  }
  std::string& read_until(std::string_view part) {
    return read_until([part](std::string_view all) { return all.find(part) != all.npos; });
  }
  std::string& read_to_end() {
    return read_until([](std::string_view) { return false; });
  }
  /// Sends a request without a body and reads its answer, which ends with `end`.
  std::string get(std::string_view target, std::string_view end) {
    text_.clear();
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return read_until(end);
  }
  /// Whether the server has closed the connection.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] int reads() const { return reads_; }
  void turn(std::int64_t for_ns = 1'000'000) { loop_->turn(weir::now_ns() + for_ns).value(); }

 private:
  weir::loop* loop_;
  weir::unique_fd fd_;
  std::string text_;
  int reads_ = 0;
  bool connected_ = false, ended_ = false;
};

/// Turns the loop until `done` is true. \return  false after ten seconds.
inline bool turn_until(weir::loop& loop, const std::function<bool()>& done) {
  const auto limit = weir::now_ns() + 10'000'000'000;
  while (!done() && weir::now_ns() < limit) loop.turn(weir::now_ns() + 1'000'000).value();
  return done();
}

inline std::size_t count_of(std::string_view all, std::string_view part) {
  std::size_t count = 0;
  for (auto at = all.find(part); at != all.npos; at = all.find(part, at + part.size())) ++count;
  return count;
}

#endif  // WEIR_TESTS_NET_PEER_HPP
