// weir/net/detail/server_connection.hpp - one peer of the HTTP server. Needs Linux (epoll).
#ifndef WEIR_NET_DETAIL_SERVER_CONNECTION_HPP
#define WEIR_NET_DETAIL_SERVER_CONNECTION_HPP

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/net/exchange.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/kernel_clock.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// The most that a server takes.
struct server_limits {
  http1_limits http{.body_bytes = std::uint64_t{64} << 20};
  std::size_t connections = std::size_t{1} << 17;  ///< Further peers wait in the backlog until one leaves.
  std::uint64_t answers = 0;                       ///< On one connection; then it closes unannounced. 0: any number.
  int backlog = 4096;                              ///< The kernel cuts this to net.core.somaxconn.
  bool kernel_stamps = false;                      ///< exchange::t_read_ns is the kernel's stamp where there is one.
};

namespace detail {

class server_connection;

/// What a connection needs of its server.
class connection_home {
 public:
  virtual http_service& service() = 0;
  virtual std::span<char> scratch() = 0;  // one for all: what is read is parsed or copied at once
  virtual kernel_clock& clock() = 0;
  virtual bool draining() = 0;                            // no request after the current one
  virtual void retire(server_connection& c, int fd) = 0;  // forget it; destroy it once no call of it is running

 protected:
  ~connection_home() = default;
};

/// Reads requests one at a time, hands them to the service, sends the answers. Its descriptor is watched edge by edge,
/// so that a request costs no epoll_ctl; what must not be read yet stays in the kernel (that is the back-pressure on a
/// peer that pipelines).
class server_connection final : public exchange, public watcher {
 public:
  static constexpr std::uint32_t interest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

  server_connection(unique_fd socket, connection_home& home, http_date& date, const server_limits& limits)
      : exchange(std::move(socket), date),
        parser_(http1_parser::role::request, limits.http),
        home_(&home),
        answers_left_(limits.answers) {
    head_ = &parser_.head();
  }

  void on_ready(std::uint32_t events) override {
    if (events & EPOLLIN) readable_ = true;
    if (events & EPOLLRDHUP) half_closed_ = true;
    if ((events & EPOLLOUT) && blocked_) drain_output();
    pump();
    if (closed_) return;
    // A peer that has closed its side while an answer is being made for it no longer wants the answer.
    if (events & (EPOLLHUP | EPOLLERR) || (half_closed_ && active_)) close();
  }

  /// Closes now; the owner of an unfinished exchange is told.
  void close() {
    if (std::exchange(closed_, true)) return;
    active_ = false;
    if (exchange_owner* owner = std::exchange(owner_, nullptr)) owner->on_gone();
    home_->retire(*this, socket_.get());
    socket_ = {};
  }
  [[nodiscard]] bool idle() const noexcept { return !active_ && queued() == 0 && !parser_.started(); }

  std::size_t slot = 0;  // the server's: place in its list

 private:
  friend class weir::http1_parser;

  void on_head(const http1_head& head) {
    body_.clear();
    head_seen_ = true;
    close_after_ = !head.keep_alive;
    if (!ascii_same(head.header("expect"), "100-continue")) return;
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    flush();
  }
  void on_body(std::string_view bytes) { body_.append(bytes); }
  void on_end() {}

  void finished() override {
    active_ = head_seen_ = false;
    if (body_.capacity() > keep_bytes) body_ = {};
    if (out_.capacity() > keep_bytes && out_.empty()) out_ = {};
    if (broken_) return close();
    if (answers_left_ > 0 && --answers_left_ == 0) close_after_ = true;
    if (!close_after_) parser_.next();
    pump();
  }
  void dropped() override { close(); }

  void drain_output() {
    if (push() && active_ && owner_) owner_->on_drained(t_send_ns_);
  }

  /// Goes on as far as it can: answers sent in full, then the next request. Called again from within itself (a service
  /// that answers at once), it leaves the work to the outer call, so that pipelined requests need no stack.
  void pump() {
    if (std::exchange(pumping_, true)) return;
    while (!closed_ && !active_ && queued() == 0) {
      if (close_after_ || lingering_) {
        if (!linger()) break;
      } else if (home_->draining() && !parser_.started() && at_ == in_.size()) {
        close();
      } else if (!next_bytes()) {
        break;
      }
    }
    pumping_ = false;
  }

  /// Feeds the parser what was left over, or else what the socket has. \return  false where there is nothing.
  bool next_bytes() {
    if (at_ < in_.size()) {
      t_read_ns_ = now_ns();
      const std::size_t used = feed(std::string_view(in_).substr(at_));
      at_ += used;
      if (at_ == in_.size()) in_.clear(), at_ = 0;
    } else {
      const std::string_view bytes = receive();
      if (bytes.empty()) return false;
      const std::size_t used = feed(bytes);
      in_.assign(bytes.substr(used));
    }
    if (!closed_ && parser_.done()) serve();
    return true;
  }

  std::size_t feed(std::string_view bytes) {
    const auto used = parser_.feed(bytes, *this);
    if (used) return *used;
    refuse(used.error());
    return bytes.size();
  }

  std::string_view receive() {
    const auto scratch = home_->scratch();
    while (readable_) {
      const auto [got, stamp_ns] = receive_stamped(socket_.get(), scratch.data(), scratch.size());
      t_read_ns_ = now_ns();
      if (stamp_ns != unmeasured)
        if (const auto arrived = home_->clock().monotonic(stamp_ns, t_read_ns_); arrived != unmeasured)
          t_read_ns_ = arrived;
      // Fewer bytes than asked: that was all, and more will raise a new edge. Only the end may have come with the last.
      readable_ = half_closed_ || got == static_cast<ssize_t>(scratch.size());
      if (got > 0) return {scratch.data(), static_cast<std::size_t>(got)};
      if (got == 0 || errno != EAGAIN) close();
      break;
    }
    return {};
  }

  void serve() {
    active_ = true;
    home_->service().on_request(*this);
    if (active_ && !owner_) reply(500, "text/plain", "the service gave no answer\n");
  }

  /// Not HTTP, or too much of it: one last answer.
  void refuse(const failure& why) {
    close_after_ = true;
    active_ = true;
    const bool in_body = head_seen_ || parser_.head().content_length;  // a length that is too much ends the head
    reply(why.code != errc::limit ? 400 : in_body ? 413 : 431, "text/plain", why.detail + "\n");
  }

  /// Waits for the peer to close after the last answer: closing with unread bytes would destroy the answer on its way.
  bool linger() {
    if (!std::exchange(lingering_, true)) {
      if (!readable_ && at_ == in_.size()) return close(), false;
      ::shutdown(socket_.get(), SHUT_WR);
    }
    for (int reads = 0; reads < patience; ++reads)
      if (receive().empty()) return false;
    return close(), false;  // it will never stop
  }

  static constexpr std::size_t keep_bytes = std::size_t{1}
                                            << 16;  // of a body's or an answer's memory, for the next one
  static constexpr int patience = 1024;             // reads of what nobody wants any more

  http1_parser parser_;
  connection_home* home_;
  std::string in_;  // bytes after the end of a request; from at_ on not parsed yet
  std::size_t at_ = 0;
  std::uint64_t answers_left_;  // 0: no limit
  bool active_ = false, closed_ = false, pumping_ = false, lingering_ = false;
  bool head_seen_ = false;    // of the request being read
  bool half_closed_ = false;  // the peer sends no more
  bool readable_ = false;     // the socket may hold bytes: the edge was seen, the end was not
};

}  // namespace detail

}  // namespace weir::inline v0

#endif  // WEIR_NET_DETAIL_SERVER_CONNECTION_HPP
