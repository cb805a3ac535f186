#include "weir/serve/ports.hpp"

#include <sys/wait.h>

#include <csignal>
#include <set>

#include "catch.hpp"
#include "scratch.hpp"
#include "weir/serve/describe.hpp"

namespace {

/// A server's socket with the given options, listening where `listens`; empty where the port is refused.
weir::unique_fd server(int port, bool reuse_address, bool reuse_port, bool listens = true) {
  auto fd = weir::detail::bind_port(port, reuse_address, reuse_port);
  if (fd && listens && ::listen(fd.get(), 64) != 0) return {};
  return fd;
}

weir::unique_fd client(int port) {
  weir::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) return {};
  return fd;
}

/// A port that was free a moment ago.
int some_port() {
  const auto fd = weir::detail::bind_port(0, false, false);
  sockaddr_in where{};
  socklen_t size = sizeof where;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&where), &size);
  return ntohs(where.sin_port);
}

}  // namespace

TEST_CASE("ports: the server that a port is held for gets it, a stranger does not", "[serve][ports]") {
  const test::scratch locks;
  const int port = some_port();
  const auto held = weir::hold_port(port, locks.path(""));
  REQUIRE(held);
  CHECK(held->number == port);
  CHECK_FALSE(client(port));  // refused: a readiness probe is not fooled
  CHECK_FALSE(server(port, false, false));
  for (int restart = 0; restart < 3; ++restart) {
    CHECK(server(port, true, false));
    CHECK(server(port, false, true));
    const auto listener = server(port, true, true);
    REQUIRE(listener);
    for (int i = 0; i < 50; ++i) CHECK(client(port));  // every connection reaches the listener, none the holder
  }
}

TEST_CASE("ports: a server may come back although its last connections linger", "[serve][ports]") {
  const test::scratch locks;
  const int port = some_port();
  {
    const auto listener = server(port, true, false);
    const auto out = client(port);
    REQUIRE(out);
    weir::unique_fd in(::accept(listener.get(), nullptr, nullptr));
    in = weir::unique_fd();  // the server closes first: TIME_WAIT stays with its port
    char byte = 0;
    CHECK(::read(out.get(), &byte, 1) == 0);
  }
  REQUIRE(test::eventually([&] { return weir::detail::lingering_ports().has(port); }, 30'000'000'000));
  const auto held = weir::hold_port(port, locks.path(""));
  REQUIRE(held);

  const test::scratch elsewhere;  // what lingers does not open the port to a second run, wherever its locks are
  const auto second = weir::hold_port(port, elsewhere.path(""));
  REQUIRE_FALSE(second);
  CHECK(second.error().detail == "port " + std::to_string(port) + " is held by a run that keeps its locks elsewhere");
}

TEST_CASE("ports: what is in use is refused, however it is used", "[serve][ports]") {
  const test::scratch locks;
  const bool reuse_address = GENERATE(true, false), reuse_port = GENERATE(true, false), listens = GENERATE(true, false);
  CAPTURE(reuse_address, reuse_port, listens);
  const int port = some_port();
  const auto stranger = server(port, reuse_address, reuse_port, listens);
  REQUIRE(stranger);
  const auto held = weir::hold_port(port, locks.path(""));
  REQUIRE_FALSE(held);
  CHECK(held.error().code == weir::errc::busy);
  std::string expected = "port " + std::to_string(port) + " is in use";
  if (listens) expected += " by " + weir::describe_process(::getpid());  // bound alone is in no table of /proc
  CHECK(held.error().detail == expected);
}

TEST_CASE("ports: another run's hold is refused by its lock, and named", "[serve][ports]") {
  const test::scratch locks;
  const int port = some_port();
  auto held = weir::hold_port(port, locks.path(""));
  REQUIRE(held);
  const auto second = weir::hold_port(port, locks.path(""));
  REQUIRE_FALSE(second);
  CHECK(second.error().detail == "port " + std::to_string(port) + " is held by " + weir::describe_process(::getpid()));
  *held = weir::held_port{};
  CHECK(weir::hold_port(port, locks.path("")));
}

TEST_CASE("ports: asked for some from a number on, those in use are passed over", "[serve][ports]") {
  const test::scratch locks;
  const int first = 9100;
  const auto before = weir::hold_ports(1, locks.path(""), first);
  REQUIRE(before);
  const int taken = (*before)[0].number;
  const auto held = weir::hold_ports(3, locks.path(""), taken);
  REQUIRE(held);
  CHECK((*held)[0].number > taken);
  CHECK((*held)[1].number > (*held)[0].number);
  CHECK((*held)[2].number > (*held)[1].number);

  const auto none = weir::hold_ports(1, locks.path(""), taken, taken + 1);
  REQUIRE_FALSE(none);
  CHECK(none.error().detail ==
        "only 0 ports are free from " + std::to_string(taken) + " to " + std::to_string(taken) + ", not 1");
}

TEST_CASE("ports: numbers that are none, and locks that can't be, are errors", "[serve][ports]") {
  const test::scratch locks;
  for (const int bad : {-1, 0, 65536, 100000}) {
    const auto held = weir::hold_port(bad, locks.path(""));
    REQUIRE_FALSE(held);
    CHECK(held.error().code == weir::errc::invalid_argument);
  }
  const auto held = weir::hold_port(some_port(), "/no/such/directory");
  REQUIRE_FALSE(held);
  CHECK(held.error().code == weir::errc::io);
}

TEST_CASE("ports: runs that choose at the same time never choose the same", "[serve][ports]") {
  const test::scratch locks;
  constexpr int runs = 8, each = 10;
  std::array<int, 2> numbers{}, gate{};
  REQUIRE((::pipe(numbers.data()) == 0 && ::pipe(gate.data()) == 0));
  std::array<pid_t, runs> pids{};
  for (auto& pid : pids) {
    pid = ::fork();
    if (pid != 0) continue;
    auto held = weir::hold_ports(each, locks.path(""), 9200);
    if (!held) ::_exit(1);
    for (const auto& port : *held)
      if (::write(numbers[1], &port.number, sizeof port.number) < 0) ::_exit(1);
    char wait = 0;
    ::_exit(::read(gate[0], &wait, 1) < 0);  // holds on until all have chosen
  }
  std::set<int> chosen;
  for (int i = 0; i < runs * each; ++i) {
    int port = 0;
    REQUIRE(::read(numbers[0], &port, sizeof port) == sizeof port);
    CHECK(chosen.insert(port).second);
  }
  for (const pid_t pid : pids) ::kill(pid, SIGKILL);
  for (const pid_t pid : pids) ::waitpid(pid, nullptr, 0);
  CHECK(weir::hold_ports(runs * each, locks.path(""), *chosen.begin(), *chosen.rbegin() + 1));  // death freed them all
  for (const int fd : {numbers[0], numbers[1], gate[0], gate[1]}) ::close(fd);
}

TEST_CASE("ports: a block lies where neither the kernel nor Ray takes ports, and has one owner", "[serve][ports]") {
  const test::scratch locks;
  const auto one = weir::take_port_block(locks.path("")), two = weir::take_port_block(locks.path(""));
  REQUIRE((one && two));
  CHECK(one->first != two->first);
  const auto range = weir::read_text_file("/proc/sys/net/ipv4/ip_local_port_range");
  REQUIRE(range);
  std::string_view text = *range;
  const int low = std::atoi(std::string(weir::next_word(text)).c_str());
  const int high = std::atoi(std::string(weir::next_word(text)).c_str());
  for (const auto* block : {&*one, &*two}) {
    CHECK(block->first >= 20000);
    CHECK((block->first + weir::port_block::size <= low || block->first > high));
  }
}

TEST_CASE("ports: a block in which somebody listens is passed over", "[serve][ports]") {
  const test::scratch locks, others;
  const auto first = weir::take_port_block(locks.path(""));
  REQUIRE(first);
  const auto stranger = server(first->first + 42, true, false);
  REQUIRE(stranger);
  const auto next = weir::take_port_block(others.path(""));
  REQUIRE(next);
  CHECK(next->first > first->first);
}
