// weir/net/http_call.hpp - one HTTP exchange from start to end, for a question before the work. Needs Linux (epoll).
#ifndef WEIR_NET_HTTP_CALL_HPP
#define WEIR_NET_HTTP_CALL_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/net/address.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// A response that was read in whole.
struct http_answer {
  int status = 0;
  std::string body;
};

namespace detail {

class http_caller final : private connection_user {
 public:
  explicit http_caller(std::string_view request, std::size_t max_body_bytes)
      : request_(request),
        parser_(http1_parser::role::response, {.body_bytes = max_body_bytes}),
        buffer_(std::make_unique<receive_buffer>()),
        connection_(loop_, *this, *buffer_) {}

  result<http_answer> call(const std::vector<socket_address>& addresses, std::int64_t timeout_ns) {
    const std::int64_t deadline = now_ns() + timeout_ns;
    for (const auto& address : addresses) {
      over_ = false;
      if (const auto opened = connection_.open(address); !opened) {
        why_ = opened.error();
        continue;
      }
      while (!over_ && now_ns() < deadline)
        if (const auto turned = loop_.turn(deadline); !turned) return turned.error();
      if (!over_) return failure{errc::limit, "no answer in time"};
      if (answered_) break;
    }
    if (!parser_.done()) return why_;
    return http_answer{parser_.head().status, std::move(body_)};
  }

  // What the parser finds.
  static void on_head(const http1_head&) {}
  void on_body(std::string_view bytes) { body_ += bytes; }
  static void on_end() {}

 private:
  void on_connected(std::int64_t) override { connection_.send(request_); }
  void on_sent(std::int64_t) override {}
  void on_bytes(std::string_view bytes, std::int64_t) override {
    answered_ = true;
    const auto used = parser_.feed(bytes, *this);
    if (!used) why_ = used.error();
    over_ = !used || parser_.done();
  }
  void on_closed(std::string_view why, std::int64_t) override {
    over_ = true;
    const auto ended = parser_.finish(*this);
    why_ = {errc::closed, why.empty() ? "the connection was closed before an answer" : std::string(why)};
    if (!ended) why_.detail = ended.error().detail;
  }

  std::string_view request_;
  http1_parser parser_;
  loop loop_;
  std::unique_ptr<receive_buffer> buffer_;
  connection connection_;
  std::string body_;
  failure why_{errc::not_found, "no address to connect to"};
  bool over_ = false, answered_ = false;
};

}  // namespace detail

/// Sends `request`, the bytes of one HTTP/1.1 message, to the first address that accepts a connection, and waits.
/// \return  the response, whatever its status; errc::closed where nobody listens or the peer breaks off, errc::limit
///          after `timeout_ns` or beyond `max_body_bytes`, errc::parse where what comes is not HTTP.
[[nodiscard]] inline result<http_answer> http_call(const std::vector<socket_address>& addresses,
                                                   std::string_view request, std::int64_t timeout_ns,
                                                   std::size_t max_body_bytes = std::size_t{1} << 20) {
  return detail::http_caller(request, max_body_bytes).call(addresses, timeout_ns);
}

}  // namespace weir::inline v0

#endif  // WEIR_NET_HTTP_CALL_HPP
