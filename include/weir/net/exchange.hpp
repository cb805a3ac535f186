// weir/net/exchange.hpp - one HTTP request and its answer, seen by whoever answers. Needs Linux (sockets).
#ifndef WEIR_NET_EXCHANGE_HPP
#define WEIR_NET_EXCHANGE_HPP

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/detail/http_status.hpp"
#include "weir/net/http1_head.hpp"

namespace weir::inline v0 {

/// Whoever answers an exchange later than in `on_request`.
class exchange_owner {
 public:
  /// The peer went away, or the server was destroyed, before the answer was ended. The exchange is no more.
  virtual void on_gone() = 0;
  /// The kernel has taken the rest of a flush that returned false. `t_ns` was read just before the send that did it.
  virtual void on_drained(std::int64_t /*t_ns*/) {}

 protected:
  ~exchange_owner() = default;
};

/// A request that was read in whole, and the answer to it. The server owns it; you have it from `on_request` until you
/// call `reply`, `end` or `cut`, or until your `on_gone` is called, whichever is first. No other call ends its life: a
/// peer that disappears is told of by `on_gone` from the loop, never from inside a call of yours.
///
///     x.begin(200, "text/event-stream");
///     x.chunk("data: ", token, "\n\n");    // buffered
///     x.flush();                           // one send(2)
///     x.end();
class exchange {
 public:
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  [[nodiscard]] const http1_head& head() const noexcept { return *head_; }
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  /// When the request's last byte had been read: right after the recv(2) that brought it, or, with
  /// server_limits::kernel_stamps, when the kernel had it. Where that was before the answer to the request in front of
  /// it was out: when its turn came.
  [[nodiscard]] std::int64_t t_read_ns() const noexcept { return t_read_ns_; }

  /// The answer comes later: `owner` hears if the peer goes first. It must live until the exchange has ended.
  void hold(exchange_owner& owner) noexcept { owner_ = &owner; }

  /// Answers in one piece. \param fields  more header lines, each ended by CRLF.
  void reply(int status, std::string_view content_type, std::string_view body, std::string_view fields = {}) {
    start(status, content_type, fields);
    const std::string_view length = decimal(body.size());
    out_.append("content-length: ").append(length).append("\r\n\r\n");
    if (head_->method != "HEAD") out_.append(body);
    chunked_ = false;
    end();
  }

  /// Begins an answer of unknown length; nothing is sent before `flush`. To an HTTP/1.0 peer it ends with the
  /// connection, to others in chunks.
  void begin(int status, std::string_view content_type, std::string_view fields = {}) {
    chunked_ = head_->minor_version >= 1;
    if (!chunked_) close_after_ = true;
    start(status, content_type, fields);
    out_.append(chunked_ ? "transfer-encoding: chunked\r\n\r\n" : "\r\n");
  }

  /// Adds the pieces, joined, as one chunk. \pre  begin() was called, and the pieces are not all empty.
  template <class... Pieces>
  void chunk(const Pieces&... pieces) {
    if (chunked_) {
      std::array<char, 18> size{};
      const auto length = (std::string_view(pieces).size() + ...);
      const auto end = std::to_chars(size.data(), size.data() + size.size(), length, 16).ptr;
      out_.append(size.data(), end).append("\r\n");
    }
    (out_.append(std::string_view(pieces)), ...);
    if (chunked_) out_.append("\r\n");
  }

  /// Gives what is buffered to the kernel, but for the last `keep` bytes: one send(2) where the socket has room.
  /// \return  false where some of it has to wait (`on_drained` comes) or the peer is gone (`on_gone` comes).
  bool flush(std::size_t keep = 0) {
    send_until_ = out_.size() - std::min(keep, out_.size());
    return push();
  }
  /// When the last flush gave bytes to the kernel: read just before its send(2), so no peer can have them earlier.
  [[nodiscard]] std::int64_t t_send_ns() const noexcept { return t_send_ns_; }
  /// Bytes of the answer that the kernel has not taken.
  [[nodiscard]] std::size_t queued() const noexcept { return out_.size() - sent_; }
  /// What is buffered and not sent, for whoever wants to cut it at a certain place.
  [[nodiscard]] std::string_view buffered() const noexcept { return std::string_view(out_).substr(sent_); }

  /// The answer is whole; what is buffered is flushed. The next request of the connection, if it is already here, is
  /// handled before this returns.
  void end() {
    if (chunked_) out_.append("0\r\n\r\n");
    chunked_ = false;
    flush();
    owner_ = nullptr;
    finished();
  }
  /// Closes the connection in the middle of things: the peer sees what was sent, then the end of the stream.
  void cut() {
    owner_ = nullptr;
    dropped();
  }

 protected:
  exchange(unique_fd socket, detail::http_date& date) : socket_(std::move(socket)), date_(&date) {}
  ~exchange() = default;

  virtual void finished() = 0;  // the answer has been buffered in full
  virtual void dropped() = 0;   // the owner wants the connection closed now

  void start(int status, std::string_view content_type, std::string_view fields) {
    std::array<char, 4> code{};
    std::to_chars(code.data(), code.data() + 3, status);
    out_.append("HTTP/1.1 ").append(code.data(), 3).append(" ").append(detail::http_reason(status));
    out_.append("\r\ndate: ").append(date_->text()).append("\r\nserver: weir\r\n");
    if (!content_type.empty()) out_.append("content-type: ").append(content_type).append("\r\n");
    if (close_after_) out_.append("connection: close\r\n");
    out_.append(fields);
  }

  /// Sends up to send_until_. \return  false where it could not send all of that.
  bool push() {
    while (sent_ < send_until_ && !broken_) {
      t_send_ns_ = now_ns();
      const ssize_t took = ::send(socket_.get(), out_.data() + sent_, send_until_ - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (took > 0)
        sent_ += static_cast<std::size_t>(took);
      else if (errno == EAGAIN || errno == EWOULDBLOCK)
        return blocked_ = true, false;
      else if (errno != EINTR)
        break_off();
    }
    if (sent_ == out_.size()) out_.clear(), sent_ = send_until_ = 0;
    blocked_ = false;
    return !broken_;
  }

  void break_off() noexcept {
    broken_ = true;
    ::shutdown(socket_.get(), SHUT_RDWR);  // whatever the error was, the loop now sees EPOLLHUP and closes
  }

  [[nodiscard]] std::string_view decimal(std::size_t number) noexcept {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    return {digits_.data(), static_cast<std::size_t>(end - digits_.data())};
  }

  unique_fd socket_;
  const http1_head* head_ = nullptr;
  detail::http_date* date_;
  exchange_owner* owner_ = nullptr;
  std::string body_, out_;
  std::size_t sent_ = 0, send_until_ = 0;  // of out_: taken by the kernel; allowed to go
  std::int64_t t_read_ns_ = 0, t_send_ns_ = 0;
  std::array<char, 20> digits_{};
  bool chunked_ = false;
  bool close_after_ = false;  // no further request on this connection
  bool blocked_ = false;      // the socket is full: the loop will tell when it is not
  bool broken_ = false;       // send failed: nothing more can be said to this peer
};

/// What a server does with requests.
class http_service {
 public:
  /// Called for each request. Before returning, either end the exchange or `hold` it.
  virtual void on_request(exchange& x) = 0;
  /// Called after `http_server::drain` when the last connection has closed.
  virtual void on_empty() {}

 protected:
  ~http_service() = default;
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_EXCHANGE_HPP
