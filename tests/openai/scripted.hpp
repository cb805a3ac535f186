// A server on the test's own loop that does what it is told, byte by byte: also what no good server does.
#ifndef WEIR_TESTS_OPENAI_SCRIPTED_HPP
#define WEIR_TESTS_OPENAI_SCRIPTED_HPP

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/unique_fd.hpp"
#include "weir/net/address.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/loop.hpp"

namespace scripted {

/// One thing to do on a connection, `after_ns` after the one before.
struct step {
  enum class what { send, last, close, reset } act = what::send;
  std::string bytes = {};
  std::int64_t after_ns = 0;
};
using script = std::vector<step>;

inline step send(std::string bytes, std::int64_t after_ns = 0) {
  return {step::what::send, std::move(bytes), after_ns};
}
/// Sends and closes at once: no loop comes between.
inline step last(std::string bytes, std::int64_t after_ns = 0) {
  return {step::what::last, std::move(bytes), after_ns};
}
inline step close(std::int64_t after_ns = 0) {
  return {step::what::close, {}, after_ns};
}
inline step reset(std::int64_t after_ns = 0) {
  return {step::what::reset, {}, after_ns};
}

/// One request as the server saw it: its place in time, and its connection's.
struct request {
  int number = 0;         ///< from 0, over all connections
  int connection = 0;     ///< from 0
  int on_connection = 0;  ///< from 0
  std::string method, target, body;
};

class server final : weir::watcher {
 public:
  /// \param answer  what to do when a whole request has come.
  server(weir::loop& on, std::function<script(const request&)> answer, int backlog = 64)
      : loop_(&on), answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
        ::listen(listener_.get(), backlog) != 0 ||
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port for the scripted server");
    port = ntohs(at.sin_port);
    if (backlog > 0) loop_->watch(listener_.get(), EPOLLIN, *this).value();
  }
  ~server() { loop_->forget(listener_.get(), *this); }

  [[nodiscard]] std::vector<weir::socket_address> addresses() const { return *weir::resolve("127.0.0.1", port); }
  /// Closes the connections that are open, as a server does with idle ones.
  void close_all() {
    for (auto& each : peers_) each->close(false);
  }

  std::uint16_t port = 0;
  std::vector<request> seen;
  int connections = 0;

 private:
  struct peer final : weir::watcher, weir::timer {
    peer(server& of, int fd, int number) : of_(&of), fd_(fd), number_(number) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      of.loop_->watch(fd, EPOLLIN, *this).value();
    }
    ~peer() {
      of_->loop_->disarm(*this);
      close(false);
    }
    void close(bool hard) {
      if (!fd_) return;
      if (hard) {
        const linger at_once{1, 0};
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
      of_->loop_->forget(fd_.get(), *this);
      fd_ = {};
    }
    void on_ready(std::uint32_t) override {
      char bytes[65536];
      const ssize_t got = ::recv(fd_.get(), bytes, sizeof bytes, 0);
      if (got <= 0) return close(false);
      std::string_view rest(bytes, static_cast<std::size_t>(got));
      while (!rest.empty() && fd_) {
        const auto used = parser_.feed(rest, *this);
        if (!used) return close(false);
        rest.remove_prefix(*used);
        if (parser_.done()) parser_.next();
      }
    }
    void on_head(const weir::http1_head& head) {
      current_ = {int(of_->seen.size()), number_, count_++, head.method, head.target, {}};
    }
    void on_body(std::string_view bytes) { current_.body += bytes; }
    void on_end() {
      of_->seen.push_back(current_);
      for (auto& s : of_->answer_(current_)) todo_.push_back(std::move(s));
      if (!armed() && !todo_.empty()) of_->loop_->arm(*this, weir::now_ns() + todo_.front().after_ns);
    }
    void on_time(std::int64_t now) override {
      if (!fd_ || todo_.empty()) return;
      step s = std::move(todo_.front());
      todo_.pop_front();
      if (s.act == step::what::send || s.act == step::what::last) {
        const ssize_t sent = ::send(fd_.get(), s.bytes.data(), s.bytes.size(), MSG_NOSIGNAL);
        const bool full = sent < 0 && errno == EAGAIN;
        if (full || (sent >= 0 && static_cast<std::size_t>(sent) < s.bytes.size())) {  // the rest in a millisecond
          if (!full) s.bytes.erase(0, static_cast<std::size_t>(sent));
          s.after_ns = 1'000'000;
          todo_.push_front(std::move(s));
          of_->loop_->arm(*this, now + 1'000'000);
          return;
        }
      }
      if (s.act != step::what::send) close(s.act == step::what::reset);
      if (fd_ && !todo_.empty()) of_->loop_->arm(*this, now + todo_.front().after_ns);
    }

    server* of_;
    weir::unique_fd fd_;
    int number_, count_ = 0;
    weir::http1_parser parser_{weir::http1_parser::role::request};
    request current_;
    std::deque<step> todo_;
  };

  void on_ready(std::uint32_t) override {
    for (int fd = 0; (fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
      peers_.push_back(std::make_unique<peer>(*this, fd, connections++));
  }

  weir::loop* loop_;
  std::function<script(const request&)> answer_;
  weir::unique_fd listener_;
  std::vector<std::unique_ptr<peer>> peers_;
};

/// A whole response of `tokens` completion events, as vLLM sends it. \param fields  more header lines.
inline std::string completion(int tokens, const std::string& fields = {}) {
  std::string body;
  for (int i = 0; i < tokens; ++i)
    body += R"(data: {"choices":[{"index":0,"text":"w)" + std::to_string(i) + R"( ","finish_reason":)" +
            (i + 1 == tokens ? R"("length")" : "null") + R"(}],"usage":{"prompt_tokens":3,"completion_tokens":)" +
            std::to_string(i + 1) + "}}\n\n";
  body += "data: [DONE]\n\n";
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: " + std::to_string(body.size()) +
         "\r\n" + fields + "\r\n" + body;
}

}  // namespace scripted

#endif  // WEIR_TESTS_OPENAI_SCRIPTED_HPP
