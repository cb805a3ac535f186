// weir/serve/http_get.hpp - one small HTTP exchange with a server on this machine, on the loop. Needs Linux.
#ifndef WEIR_SERVE_HTTP_GET_HPP
#define WEIR_SERVE_HTTP_GET_HPP

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/http_call.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// Asks one question at a time of 127.0.0.1:PORT, each on a connection of its own.
///
/// \complexity  for readiness probes, not for load: a connection a question, at most 1 MiB of answer.
class http_get final : private connection_user {
 public:
  using on_reply = std::function<void(result<http_answer>)>;

  http_get(loop& on, receive_buffer& buffer, int port)
      : loop_(&on), connection_(on, *this, buffer), later_(*this), port_(port) {}
  http_get(const http_get&) = delete;
  http_get& operator=(const http_get&) = delete;
  ~http_get() { cancel(); }

  /// Asks for `path`; with a `json` body it is a POST. `done` is called once, from the loop, unless `cancel` is first:
  /// with the reply, errc::closed where nobody listens or the peer breaks off, errc::limit after `timeout_ns`.
  /// \pre  no other question is under way.
  void ask(std::string_view path, std::string_view json, std::int64_t timeout_ns, on_reply done) {
    const std::string where = "127.0.0.1:" + std::to_string(port_);
    request_ = std::string(json.empty() ? "GET " : "POST ") + std::string(path) + " HTTP/1.1\r\nhost: " + where +
               "\r\nconnection: close\r\naccept: application/json\r\n";
    if (!json.empty())
      request_ += "content-type: application/json\r\ncontent-length: " + std::to_string(json.size()) + "\r\n";
    request_ += "\r\n" + std::string(json);
    done_ = std::move(done);
    reply_ = {};
    parser_ = http1_parser(http1_parser::role::response, {.body_bytes = std::uint64_t{1} << 20});
    loop_->arm(later_, now_ns() + timeout_ns);
    if (const auto opened = connection_.open(address()); !opened) {
      failed_ = opened.error();
      loop_->arm(later_, now_ns());  // tell it from the loop, like every other end
    }
  }

  /// The question was put, and the answer is waited for.
  [[nodiscard]] bool waiting() const noexcept { return connection_.connected(); }

  void cancel() noexcept {
    connection_.close();
    loop_->disarm(later_);
    done_ = nullptr;
    failed_ = {};
  }

  // What the parser finds.
  void on_head(const http1_head& head) { reply_.status = head.status; }
  void on_body(std::string_view bytes) { reply_.body.append(bytes); }
  void on_end() {}

 private:
  struct deadline final : timer {
    explicit deadline(http_get& o) : owner(&o) {}
    void on_time(std::int64_t) override {
      owner->finish(owner->failed_.detail.empty() ? failure{errc::limit, "no answer in time"} : owner->failed_);
    }
    http_get* owner;
  };

  [[nodiscard]] socket_address address() const {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(port_));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socket_address to;
    std::memcpy(&to.storage, &where, sizeof where);
    to.size = sizeof where;
    return to;
  }

  void on_connected(std::int64_t) override { connection_.send(request_); }
  void on_sent(std::int64_t) override {}
  void on_bytes(std::string_view bytes, std::int64_t) override {
    const auto used = parser_.feed(bytes, *this);
    if (!used) return finish(used.error());
    if (parser_.done()) finish(std::move(reply_));
  }
  void on_closed(std::string_view why, std::int64_t) override {
    if (const auto ended = parser_.finish(*this); why.empty() && ended && parser_.done())
      return finish(std::move(reply_));
    finish(failure{errc::closed, why.empty() ? "the connection was closed before the answer" : std::string(why)});
  }

  void finish(result<http_answer> with) {
    auto done = std::move(done_);
    cancel();
    if (done) done(std::move(with));
  }

  loop* loop_;
  connection connection_;
  deadline later_;
  int port_;
  http1_parser parser_{http1_parser::role::response};
  std::string request_;
  http_answer reply_;
  on_reply done_;
  failure failed_{};
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_HTTP_GET_HPP
