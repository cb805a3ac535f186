// weir/net/server.hpp - a small HTTP/1.1 server on a loop: keep-alive, pipelining, streams. Needs Linux (epoll).
//
// The mock server, the live page and the tests' servers are this one. It serves one machine's own tools: no TLS, no
// idle time-out; it listens on 127.0.0.1 unless told otherwise.
#ifndef WEIR_NET_SERVER_HPP
#define WEIR_NET_SERVER_HPP

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/detail/listener.hpp"
#include "weir/net/detail/server_connection.hpp"
#include "weir/net/exchange.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// Accepts peers and gives their requests to a service.
///
///     struct hello final : weir::http_service {
///       void on_request(weir::exchange& x) override { x.reply(200, "text/plain", "hello\n"); }
///     };
///     weir::loop loop;
///     hello service;
///     weir::http_server server(loop, service);
///     if (auto bound = server.bind("127.0.0.1", 0); !bound) return bound.error();
///     server.listen();                            // http://127.0.0.1:<server.port()>
///     loop.run();
///
/// The loop and the service must outlive it. Destroying it closes every connection; owners of unfinished exchanges are
/// told through `on_gone`. Not to be destroyed from inside `on_request`.
class http_server final : private watcher, private timer, private detail::connection_home {
 public:
  http_server(loop& on, http_service& service, server_limits limits = {})
      : loop_(&on), service_(&service), limits_(limits), scratch_(std::size_t{1} << 16) {}
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  ~http_server() {
    stop_listening();
    while (!connections_.empty()) connections_.back()->close();
  }

  /// Reserves an address: connects are refused until `listen`, and nobody else can take it.
  /// \param host  a name, an address, or a path with a slash (a unix socket). \param port  0: any free one.
  /// \return      errc::busy where the address is in use.
  result<void> bind(const std::string& host, std::uint16_t port) {
    auto bound = detail::bind_socket(host, port);
    if (!bound) return bound.error();
    listener_ = std::move(bound->fd);
    port_ = bound->port;
    return {};
  }
  /// Begins to accept. \pre bind() succeeded.
  result<void> listen() {
    if (::listen(listener_.get(), limits_.backlog) != 0) return io_failure("listen", errno);
    return loop_->watch(listener_.get(), EPOLLIN, *this);
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }  ///< 0 before bind, and for a unix socket.
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

  /// Stops in good order: accepts nobody, closes idle connections now and the others when their answer is out.
  /// `on_empty` is called when none is left (before this returns, where none is there).
  void drain() {
    draining_ = true;
    stop_listening();
    for (std::size_t i = connections_.size(); i-- > 0;)
      if (connections_[i]->idle()) connections_[i]->close();
    if (connections_.empty()) service_->on_empty();
  }

 private:
  static constexpr int accepts_a_turn = 64;  // then others get their turn: the descriptor stays readable
  static constexpr std::int64_t pause_ns = 10'000'000;

  void on_ready(std::uint32_t) override {
    dead_.clear();  // nothing of theirs is running: the loop calls one watcher at a time
    for (int i = 0; i < accepts_a_turn; ++i) {
      if (connections_.size() >= limits_.connections) return pause();
      unique_fd peer = detail::accept_peer(listener_.get());
      if (peer)
        add(std::move(peer));
      else if (errno == EAGAIN)
        return;
      else if (errno != EINTR && errno != ECONNABORTED)
        return pause();  // no descriptors or memory left: wait for a connection to end instead of spinning
    }
  }

  void add(unique_fd peer) {
    const int fd = peer.get();
    if (limits_.kernel_stamps) ask_for_stamps(fd);
    detail::connection_home& home = *this;
    connections_.push_back(std::make_unique<detail::server_connection>(std::move(peer), home, date_, limits_));
    auto& c = *connections_.back();
    c.slot = connections_.size() - 1;
    if (!loop_->watch(fd, detail::server_connection::interest, c)) c.close();
  }

  void pause() {
    loop_->forget(listener_.get(), *this);
    loop_->arm(*this, now_ns() + pause_ns);
  }
  void on_time(std::int64_t) override {
    if (!loop_->watch(listener_.get(), EPOLLIN, *this)) loop_->arm(*this, now_ns() + pause_ns);
  }
  void stop_listening() {
    loop_->disarm(*this);
    if (listener_) loop_->forget(listener_.get(), *this);
    listener_ = {};
  }

  http_service& service() override { return *service_; }
  std::span<char> scratch() override { return scratch_; }
  kernel_clock& clock() override { return clock_; }
  bool draining() override { return draining_; }
  void retire(detail::server_connection& c, int fd) override {
    loop_->forget(fd, c);
    connections_.back()->slot = c.slot;
    std::swap(connections_[c.slot], connections_.back());
    dead_.push_back(std::move(connections_.back()));
    connections_.pop_back();
    if (draining_ && connections_.empty()) service_->on_empty();
  }

  loop* loop_;
  http_service* service_;
  server_limits limits_;
  unique_fd listener_;
  std::uint16_t port_ = 0;
  bool draining_ = false;
  detail::http_date date_;
  std::vector<char> scratch_;
  kernel_clock clock_;
  std::vector<std::unique_ptr<detail::server_connection>> connections_;
  std::vector<std::unique_ptr<detail::server_connection>> dead_;  // closed, freed at the next accept
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_SERVER_HPP
