// weir/net/connection.hpp - one outgoing TCP connection on a loop, stamped. Needs Linux (epoll).
#ifndef WEIR_NET_CONNECTION_HPP
#define WEIR_NET_CONNECTION_HPP

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/address.hpp"
#include "weir/net/kernel_clock.hpp"
#include "weir/net/late_read.hpp"
#include "weir/net/layer.hpp"
#include "weir/net/loop.hpp"
#include "weir/net/sse.hpp"

namespace weir::inline v0 {

/// Who uses a connection. Only on_bytes and on_closed may close or reopen it.
class connection_user {
 public:
  virtual void on_connected(std::int64_t t_ns) = 0;
  /// The first byte of what was given to send() was accepted, by a ::send() that was called at `t_ns`.
  virtual void on_sent(std::int64_t t_ns) = 0;
  /// \param bytes  what one recv() brought; receive_buffer::padding bytes behind them may be read.
  /// \param t_ns   when the newest of them arrived: the kernel's stamp, or (connection::kernel_stamped says which) the
  ///               time right after that recv() returned.
  virtual void on_bytes(std::string_view bytes, std::int64_t t_ns) = 0;
  /// The connection is closed: by the peer (`why` is empty), or for the reason given.
  virtual void on_closed(std::string_view why, std::int64_t t_ns) = 0;

 protected:
  connection_user() = default;
  connection_user(const connection_user&) = default;
  connection_user& operator=(const connection_user&) = default;
  ~connection_user() = default;
};

/// Where bytes are received: one for all connections of a loop, since each is read and handled at once.
class receive_buffer {
 public:
  static constexpr std::size_t padding = sse_parser::padding;
  [[nodiscard]] std::span<char> room() noexcept { return std::span(bytes_).first(size); }
  [[nodiscard]] kernel_clock& clock() noexcept { return clock_; }
  std::int64_t read_ns = 0;  ///< When the last read returned: of the time now, what needs no clock.
  [[nodiscard]] std::string& plain() noexcept { return plain_; }  ///< What a layer makes of what was received.
  [[nodiscard]] std::vector<std::size_t>& ends() noexcept { return ends_; }  ///< Of the events that were seen to wait.

 private:
  static constexpr std::size_t size = std::size_t{1} << 16;
  std::array<char, size + padding> bytes_{};
  kernel_clock clock_;
  std::string plain_;
  std::vector<std::size_t> ends_;
};

/// A non-blocking connection: open, send, receive, close, and open again; through a layer where the address has one.
///
/// One recv() a turn (but see one_by_one_from): other connections are not made to wait while one has much to say. The
/// descriptor is watched edge by edge, which spares the kernel a second look at it after each event.
/// \complexity  one epoll_ctl to open and to close, and one more for each recv() that filled the buffer.
class connection final : public watcher {
 public:
  connection(loop& on, connection_user& user, receive_buffer& buffer) : loop_(&on), user_(&user), buffer_(&buffer) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { close(); }

  /// Begins to connect; on_connected or on_closed follows, never from inside this call.
  /// \return  errc::io where no socket can be had (file limit), or the address is refused at once.
  result<void> open(const socket_address& to) {
    close();
    fd_ = unique_fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) return io_failure("cannot open a socket", errno);
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on a unix socket, which needs none
    ask_for_stamps(fd_.get());
    if (::connect(fd_.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
      const int error = errno;
      fd_ = {};
      return io_failure("cannot connect", error);
    }
    layer_ = to.layers ? to.layers->make() : nullptr;
    failed_in_layer_ = false;
    return loop_->watch(fd_.get(), interest, *this);
  }

  /// Sends all of `bytes`, what the socket does not take at once as it takes it. They are not copied: keep them until
  /// the peer has answered, or the connection is closed. \pre  connected
  void send(std::string_view bytes) {
    if (!layer_) {
      unsent_ = bytes;
    } else {
      std::string coded;
      if (!layer_->send(bytes, coded)) break_off();
      queue(coded);
    }
    fresh_ = true;
    push();
  }

  void close() noexcept {
    if (!fd_) return;
    loop_->forget(fd_.get(), *this);
    fd_ = {};
    ++closed_;
    one_by_one_ns_ = never;
    one_stamp_ = 1;
    connected_ = joined_ = false;
    unsent_ = {};
    coded_.clear();
    layer_.reset();
  }

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
  [[nodiscard]] bool connected() const noexcept { return connected_; }
  /// In on_bytes: whether its time is the kernel's.
  [[nodiscard]] bool kernel_stamped() const noexcept { return kernel_stamped_; }
  /// Reads from `t_ns` on come late, so that several events of a stream may wait in the socket. Such a read looks
  /// first, and takes them one by one where the kernel has not joined their segments: an on_bytes for each, with its
  /// own stamp; one for all events that share a stamp. That ends where an on_bytes closes the connection. Not through a
  /// layer. Closing it forgets `t_ns`.
  /// \complexity  a system call more for a late read, and one for each event; for events of one stamp, about four
  void one_by_one_from(std::int64_t t_ns) noexcept { one_by_one_ns_ = t_ns; }
  /// In on_bytes: what waits in the socket behind these bytes, where that was looked at.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  /// In on_bytes: of a late read, these are the events that the kernel has one stamp for.
  [[nodiscard]] bool together() const noexcept { return together_; }
  /// In on_closed: whether TLS failed, and not the network.
  [[nodiscard]] bool failed_in_layer() const noexcept { return failed_in_layer_; }

 private:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint32_t interest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

  void on_ready(std::uint32_t events) override {
    if (!joined_) {
      if (!finish_connect()) return;
    } else if ((events & EPOLLOUT) != 0) {
      push();
    }
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) receive((events & ~std::uint32_t{EPOLLOUT | EPOLLIN}) != 0);
  }

  /// \return  whether the socket is connected; else the user was told.
  bool finish_connect() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    const std::int64_t t_ns = now_ns();
    if (error != 0) return lost(std::strerror(error), t_ns), false;
    joined_ = true;
    if (layer_) {
      std::string greeting;
      if (const auto begun = layer_->start(greeting); !begun) return lost(begun.error(), t_ns), false;
      pass_on(greeting, t_ns);
      return true;
    }
    connected_ = true;
    user_->on_connected(t_ns);
    return true;
  }

  /// Sends what the layer wants to say, and tells the user once it may speak.
  void pass_on(std::string_view coded, std::int64_t t_ns) {
    queue(coded);
    push();
    if (connected_ || !layer_->ready()) return;
    connected_ = true;
    user_->on_connected(t_ns);
  }

  /// Puts bytes behind those that the socket has not taken.
  void queue(std::string_view coded) {
    coded_.erase(0, coded_.size() - unsent_.size());
    unsent_ = coded_.append(coded);
  }

  void receive_layered(std::string_view bytes, std::int64_t t_ns) {
    std::string& plain = buffer_->plain();
    std::string coded;
    plain.clear();
    const auto ok = layer_->receive(bytes, plain, coded);
    if (!coded.empty() || !connected_) pass_on(coded, t_ns);
    const std::size_t size = plain.size();
    plain.append(receive_buffer::padding, '\0');
    if (fd_ && size > 0 && connected_) user_->on_bytes(std::string_view(plain).substr(0, size), t_ns);
    if (fd_ && layer_ && !ok) lost(ok.error(), t_ns);
  }

  /// \param ended  the peer has closed its side, or reset the connection: the news of that came with this edge.
  void receive(bool ended) {
    if (buffer_->read_ns >= one_by_one_ns_ && !layer_ && receive_one_by_one(ended)) return;
    const auto room = buffer_->room();
    const auto [got, stamp_ns] = receive_stamped(fd_.get(), room.data(), room.size());
    const std::int64_t t_ns = buffer_->read_ns = now_ns();  // before anything else looks at the bytes
    // Fewer bytes than there was room for: that was all, and more will raise a new edge.
    if (got > 0 && (ended || got == static_cast<ssize_t>(room.size())))
      (void)loop_->change(fd_.get(), interest, *this);  // asks for the same edge again; it is registered: it can't fail
    const std::string_view bytes(room.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got > 0 && layer_) return receive_layered(bytes, arrival(stamp_ns, t_ns));
    if (got > 0) return user_->on_bytes(bytes, arrival(stamp_ns, t_ns));
    if (got == 0) return lost("", t_ns);
    if (errno != EAGAIN) lost(std::strerror(errno), t_ns);
  }

  /// \return  false where no two events wait: what is there is still to be read.
  bool receive_one_by_one(bool ended) {
    const auto room = buffer_->room();
    const auto seen = receive_stamped(fd_.get(), room.data(), room.size(), MSG_PEEK);
    if (seen.got < 0) {  // a look takes a socket's error with it, as a read does: nobody else will hear of it
      if (errno != EAGAIN) lost(std::strerror(errno), now_ns());
      return true;
    }
    const auto size = static_cast<std::size_t>(seen.got);
    if (seen.stamp_ns == unmeasured) return false;
    auto& ends = buffer_->ends();
    event_ends({room.data(), size}, ends);
    if (ends.size() == 1) return false;
    if (ended || size == room.size()) (void)loop_->change(fd_.get(), interest, *this);
    const auto closed = closed_;
    std::int64_t stamp_ns = unmeasured;
    for (std::size_t first = 0; first < ends.size() && closed == closed_;) {
      const std::size_t many = events_of_one_stamp(first, seen.stamp_ns);
      const std::size_t begin = first == 0 ? 0 : ends[first - 1], end = ends[(first += many) - 1];
      const auto before_ns = stamp_ns;
      stamp_ns = receive_stamped(fd_.get(), room.data() + begin, end - begin).stamp_ns;
      one_stamp_ = stamp_ns == before_ns ? one_stamp_ + many : many;
      together_ = many > 1;
      const std::int64_t t_ns = buffer_->read_ns = now_ns();
      waiting_ = size - end;
      user_->on_bytes({room.data() + begin, end - begin}, arrival(stamp_ns, t_ns));
    }
    waiting_ = 0;
    together_ = false;
    return true;
  }

  /// How many of the events that wait, from the first of the buffer's ends on, have its stamp: they came in one
  /// segment, or the kernel has joined theirs. While events come alone that is asked once a late read, of all of them:
  /// a look costs a system call, though nothing is copied (MSG_TRUNC).
  std::size_t events_of_one_stamp(std::size_t first, std::int64_t last_stamp_ns) {
    const std::span ends = std::span(buffer_->ends()).subspan(first);
    const std::size_t begin = first == 0 ? 0 : buffer_->ends()[first - 1];
    if (ends.size() == 1 || (first > 0 && one_stamp_ == 1)) return 1;
    const auto stamp = [&](std::size_t event) {
      return receive_stamped(fd_.get(), buffer_->room().data(), ends[event] - begin, MSG_PEEK | MSG_TRUNC).stamp_ns;
    };
    const auto first_ns = stamp(0);
    if (first_ns == last_stamp_ns) return ends.size();
    if (one_stamp_ == 1) return 1;
    return count_like_first(ends.size() - 1, one_stamp_, [&](std::size_t i) { return stamp(i) == first_ns; });
  }

  /// The kernel's stamp, unless it can't be trusted: also where it lies before the send() that it answers. A
  /// connection's bytes arrive in their order: where a time of ours stood in for a stamp, or the difference of the
  /// clocks was read anew, a later one must not lie before it.
  std::int64_t arrival(std::int64_t stamp_ns, std::int64_t t_ns) {
    const std::int64_t stamp = stamp_ns == unmeasured ? unmeasured : buffer_->clock().monotonic(stamp_ns, t_ns);
    kernel_stamped_ = stamp != unmeasured && stamp >= sent_ns_;
    return arrived_ns_ = std::max(arrived_ns_, kernel_stamped_ ? stamp : t_ns);
  }

  /// The clock is read before ::send(): the peer can have the bytes, and have answered, before that returns, and what
  /// waits for the answer must not look shorter than it was. A peer that has closed its end may still have sent an
  /// answer: what a send fails with is left to receive().
  void push() {
    while (!unsent_.empty()) {
      const std::int64_t t_ns = now_ns();
      const ssize_t took = ::send(fd_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (took < 0 && errno == EINTR) continue;
      if (took < 0 && errno == EAGAIN) return;
      unsent_.remove_prefix(took < 0 ? unsent_.size() : static_cast<std::size_t>(took));
      if (took > 0 && connected_ && std::exchange(fresh_, false)) {
        sent_ns_ = t_ns;
        user_->on_sent(t_ns);
      }
    }
  }

  /// Whatever the layer's trouble is, the next read finds the connection ended.
  void break_off() noexcept { ::shutdown(fd_.get(), SHUT_RDWR); }

  void lost(const failure& in_layer, std::int64_t t_ns) {
    failed_in_layer_ = in_layer.code != errc::closed;
    lost(in_layer.detail, t_ns);
  }
  void lost(std::string_view why, std::int64_t t_ns) {
    close();
    user_->on_closed(why, t_ns);
  }

  loop* loop_;
  connection_user* user_;
  receive_buffer* buffer_;
  unique_fd fd_;
  std::unique_ptr<byte_layer> layer_;  // nothing: the user's bytes are the socket's
  std::string coded_;                  // what a layer has to send; unsent_ is its end
  bool joined_ = false;                // the socket is connected
  bool connected_ = false;             // and the layer has let the user in
  bool failed_in_layer_ = false;
  bool kernel_stamped_ = false;
  bool together_ = false;
  std::size_t waiting_ = 0;    // bytes that were seen in the socket, behind those that are being handled
  std::size_t one_stamp_ = 1;  // so many events had the stamp of the last that was read one by one
  std::uint32_t closed_ = 0;   // how often
  std::int64_t one_by_one_ns_ = never;
  std::int64_t sent_ns_ = 0;     // the first byte of the last send
  std::int64_t arrived_ns_ = 0;  // the last bytes
  std::string_view unsent_;
  bool fresh_ = false;  // nothing of the last send was accepted yet
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_CONNECTION_HPP
