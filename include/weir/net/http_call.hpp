// weir/net/http_call.hpp - one HTTP exchange from start to end, for questions beside the work. Needs Linux (epoll).
//
//     auto answer = weir::http_call(*weir::resolve("host", 80), "GET / HTTP/1.1\r\nHost: host\r\n\r\n", 1'000'000'000);
//
//     weir::http_question question(loop, buffer);                  // or on a loop, one question after the other
//     question.ask(addresses, request, timeout_ns, [](weir::result<weir::http_answer> answer) { ... });
#ifndef WEIR_NET_HTTP_CALL_HPP
#define WEIR_NET_HTTP_CALL_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

/// Asks one question at a time, each on a connection of its own.
///
/// \complexity  for readiness probes and counters, not for load: a connection a question, the answer kept whole.
class http_question final : private connection_user, private timer {
 public:
  using on_answer = std::function<void(result<http_answer>)>;

  http_question(loop& on, receive_buffer& buffer, std::size_t max_body_bytes = std::size_t{1} << 20)
      : loop_(&on), connection_(on, *this, buffer), max_body_bytes_(max_body_bytes) {}
  http_question(const http_question&) = delete;
  http_question& operator=(const http_question&) = delete;
  ~http_question() { cancel(); }

  /// Sends `request`, the bytes of one HTTP/1.1 message, to the first of `addresses` that answers at all. `done` is
  /// called once, from the loop, unless `cancel` is first: with the response, whatever its status; errc::closed where
  /// nobody listens or the peer breaks off, errc::limit after `timeout_ns` or beyond the most bytes, errc::parse where
  /// what comes is not HTTP.
  /// \pre  no other question is under way.
  void ask(std::vector<socket_address> addresses, std::string request, std::int64_t timeout_ns, on_answer done) {
    addresses_ = std::move(addresses);
    request_ = std::move(request);
    done_ = std::move(done);
    next_ = 0;
    why_ = {errc::not_found, "no address to connect to"};
    deadline_ns_ = now_ns() + timeout_ns;
    try_next();
  }

  /// The question was put, and the answer is waited for.
  [[nodiscard]] bool waiting() const noexcept { return connection_.connected(); }

  void cancel() noexcept {
    connection_.close();
    loop_->disarm(*this);
    done_ = nullptr;
  }

  // What the parser finds.
  void on_head(const http1_head& head) { answer_.status = head.status; }
  void on_body(std::string_view bytes) { answer_.body.append(bytes); }
  static void on_end() {}

 private:
  void try_next() {
    answer_ = {};
    answered_ = false;
    parser_ = http1_parser(http1_parser::role::response, {.body_bytes = max_body_bytes_});
    while (next_ < addresses_.size()) {
      const auto opened = connection_.open(addresses_[next_++]);
      if (opened) return loop_->arm(*this, deadline_ns_);
      why_ = opened.error();
    }
    loop_->arm(*this, now_ns());  // tell it from the loop, like every other end
  }

  void on_time(std::int64_t) override {
    finish(connection_.is_open() ? failure{errc::limit, "no answer in time"} : why_);
  }
  void on_connected(std::int64_t) override { connection_.send(request_); }
  void on_sent(std::int64_t) override {}
  void on_bytes(std::string_view bytes, std::int64_t) override {
    answered_ = true;
    const auto used = parser_.feed(bytes, *this);
    if (!used) return finish(used.error());
    if (parser_.done()) finish(std::move(answer_));
  }
  void on_closed(std::string_view why, std::int64_t) override {
    const auto ended = parser_.finish(*this);
    if (why.empty() && ended && parser_.done()) return finish(std::move(answer_));
    why_ = {errc::closed, "the connection was closed before an answer"};
    if (!ended) why_.detail = ended.error().detail;
    if (!why.empty()) why_.detail = why;
    if (answered_) return finish(why_);
    try_next();
  }

  void finish(result<http_answer> with) {
    auto done = std::move(done_);
    cancel();
    if (done) done(std::move(with));  // the last thing done: the user may ask again, or destroy this object
  }

  loop* loop_;
  connection connection_;
  std::size_t max_body_bytes_;
  http1_parser parser_{http1_parser::role::response};
  std::vector<socket_address> addresses_;
  std::size_t next_ = 0;
  std::string request_;
  http_answer answer_;
  on_answer done_;
  failure why_{};
  std::int64_t deadline_ns_ = 0;
  bool answered_ = false;
};

/// http_question, waited for.
[[nodiscard]] inline result<http_answer> http_call(const std::vector<socket_address>& addresses,
                                                   std::string_view request, std::int64_t timeout_ns,
                                                   std::size_t max_body_bytes = std::size_t{1} << 20) {
  loop on;
  const auto buffer = std::make_unique<receive_buffer>();
  http_question question(on, *buffer, max_body_bytes);
  std::optional<result<http_answer>> answer;
  question.ask(addresses, std::string(request), timeout_ns, [&](result<http_answer> got) { answer = std::move(got); });
  while (!answer)
    if (const auto turned = on.turn(); !turned) return turned.error();
  return *std::move(answer);
}

}  // namespace weir::inline v0

#endif  // WEIR_NET_HTTP_CALL_HPP
