// When a request counts as sent: what waits for its answer must not look shorter than it was.
#include "weir/net/connection.hpp"

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <thread>

#include "catch.hpp"
#include "peer.hpp"
#include "sender.hpp"
#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/net/address.hpp"
#include "weir/net/loop.hpp"

namespace {

std::atomic<std::int64_t> accepted_ns{0};  // when the kernel had what a slow send() was given; 0: send() is not slow

struct waiting : weir::connection_user {
  weir::loop loop;
  weir::receive_buffer buffer;
  weir::connection link{loop, *this, buffer};
  bool joined = false;
  std::int64_t sent_ns = weir::unmeasured;
  void on_connected(std::int64_t) override { joined = true; }
  void on_sent(std::int64_t t_ns) override { sent_ns = t_ns; }
  void on_bytes(std::string_view, std::int64_t) override {}
  void on_closed(std::string_view, std::int64_t) override {}
};

}  // namespace

/// The C library's, which a test can make return late, as on a machine that gives the processor to the server first.
extern "C" ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  const ssize_t took = ::sendto(fd, bytes, size, flags, nullptr, 0);
  if (accepted_ns != 0) {
    accepted_ns = weir::now_ns();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return took;
}

TEST_CASE("connection: a request is sent before the peer can have it, however late send() returns", "[net]") {
  sender to;
  waiting user;
  REQUIRE(user.link.open(weir::resolve("127.0.0.1", to.port()).value().front()));
  REQUIRE(turn_until(user.loop, [&] { return user.joined; }));
  const std::int64_t before_ns = weir::now_ns();
  accepted_ns = before_ns;
  user.link.send("GET / HTTP/1.1\r\n\r\n");
  const std::int64_t had_ns = accepted_ns.exchange(0);
  REQUIRE(had_ns > before_ns);
  CHECK(user.sent_ns >= before_ns);
  CHECK(user.sent_ns <= had_ns);
}
