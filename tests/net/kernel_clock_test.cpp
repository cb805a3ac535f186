#include "weir/net/kernel_clock.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <thread>

#include "catch.hpp"
#include "weir/base/clock.hpp"
#include "weir/base/unique_fd.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000;
std::int64_t wall_minus_monotonic = 0;  // what the fake clocks differ by
int readings = 0;
std::int64_t fake_offset() {
  ++readings;
  return wall_minus_monotonic;
}

/// A connected pair of TCP sockets on the loopback.
std::array<weir::unique_fd, 2> tcp_pair() {
  weir::unique_fd listener(::socket(AF_INET, SOCK_STREAM, 0)), client(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  weir::unique_fd server(::accept(listener.get(), nullptr, nullptr));
  REQUIRE(server);
  return {std::move(client), std::move(server)};
}

}  // namespace

TEST_CASE("kernel clock: a stamp is moved to the monotonic clock", "[net]") {
  wall_minus_monotonic = 1'763'800'000'000'000'000;
  weir::kernel_clock clock(&fake_offset);
  CHECK(clock.monotonic(wall_minus_monotonic + 500 * ms, 500 * ms + 70) == 500 * ms);
  CHECK(clock.monotonic(wall_minus_monotonic + 400 * ms, 501 * ms) == 400 * ms);  // late, and truly so
  CHECK(clock.steps() == 0);
}

TEST_CASE("kernel clock: stamps round a step of the wall clock are refused, those after it are right again", "[net]") {
  const std::int64_t step = GENERATE(-3600'000 * ms, -40 * ms, 40 * ms, 3600'000 * ms);
  CAPTURE(step);
  wall_minus_monotonic = 1'763'800'000'000'000'000;
  weir::kernel_clock clock(&fake_offset);
  CHECK(clock.monotonic(wall_minus_monotonic + 1000 * ms, 1000 * ms) == 1000 * ms);
  const std::int64_t old = wall_minus_monotonic;
  wall_minus_monotonic += step;
  CHECK(clock.monotonic(wall_minus_monotonic + 1010 * ms, 1010 * ms) == weir::unmeasured);  // taken after the step
  CHECK(clock.steps() == 1);
  CHECK(clock.monotonic(wall_minus_monotonic + 1012 * ms, 1012 * ms) == 1012 * ms);
  if (step < 0) CHECK(clock.monotonic(old + 1011 * ms, 1013 * ms) == weir::unmeasured);  // taken before it, seen late
}

TEST_CASE("kernel clock: a stamp in the future is never believed", "[net]") {
  wall_minus_monotonic = 0;
  weir::kernel_clock clock(&fake_offset);
  CHECK(clock.monotonic(10 * ms, 9 * ms) == weir::unmeasured);
  CHECK(clock.monotonic(9 * ms + 500, 9 * ms) == 9 * ms);  // two readings of the difference are not the same to the ns
}

TEST_CASE("kernel clock: the difference of the clocks is read now and then, not for each stamp", "[net]") {
  wall_minus_monotonic = 0;
  weir::kernel_clock clock(&fake_offset);
  readings = 0;
  for (std::int64_t t = 0; t < 1000 * ms; t += ms / 100) CHECK(clock.monotonic(t, t + 10) == t);
  CHECK(readings >= 9);
  CHECK(readings <= 11);
}

TEST_CASE("kernel clock: the difference of the real clocks holds still", "[net]") {
  const std::int64_t first = weir::realtime_offset_ns();
  CHECK(std::abs(weir::realtime_offset_ns() - first) < ms);
}

TEST_CASE("receive_stamped: the stamp is when the bytes came, not when they were read", "[net]") {
  auto [from, to] = tcp_pair();
  weir::ask_for_stamps(to.get());
  weir::kernel_clock clock;
  std::array<char, 16> bytes{};
  // The kernel begins to stamp soon after a first socket has asked for it, not at once.
  bool stamped = false;
  for (int round = 0; round < 10'000 && !stamped; ++round) {
    REQUIRE(::send(from.get(), "x", 1, 0) == 1);
    stamped = weir::receive_stamped(to.get(), bytes.data(), 1).stamp_ns != weir::unmeasured;
  }
  (void)clock.monotonic(weir::wall_ns(), weir::now_ns());
  const std::int64_t before = weir::now_ns();
  REQUIRE(::send(from.get(), "hello", 5, 0) == 5);
  const std::int64_t after = weir::now_ns();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const auto read = weir::receive_stamped(to.get(), bytes.data(), bytes.size());
  REQUIRE(read.got == 5);
  REQUIRE(read.stamp_ns != weir::unmeasured);
  const std::int64_t t = clock.monotonic(read.stamp_ns, weir::now_ns());
  CHECK(t >= before - ms / 10);
  CHECK(t <= after + 20 * ms);  // the packet waits for no reader; a loaded machine may keep it waiting for a processor
}

TEST_CASE("receive_stamped: a socket without stamps is read all the same", "[net]") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const weir::unique_fd from(ends[0]), to(ends[1]);
  weir::ask_for_stamps(to.get());
  std::array<char, 16> bytes{};
  REQUIRE(::send(from.get(), "hello", 5, 0) == 5);
  const auto read = weir::receive_stamped(to.get(), bytes.data(), bytes.size());
  CHECK(read.got == 5);
  CHECK(read.stamp_ns == weir::unmeasured);
}
