#include "weir/serve/supervise.hpp"

#include "catch.hpp"
#include "scratch.hpp"
#include "weir/serve/http_health.hpp"
#include "weir/serve/ports.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms;
using weir::instance_state;

/// A loop with servers on it, and a record of what was told of them.
struct watched : test::scratch, weir::instance_user {
  /// A server that takes up `habits`, and then is judged by `rule` at its port.
  weir::instance_spec server(std::vector<std::string> habits, std::optional<weir::ready_rule> rule = {}) {
    weir::instance_spec spec;
    spec.name = std::to_string(count++);
    auto held = weir::hold_ports(1, path(""), 9300).value();
    spec.process.argv = {WEIR_NASTY};
    for (auto& habit : habits)
      spec.process.argv.push_back(habit == "PORT" ? std::to_string(held[0].number) : std::move(habit));
    spec.process.log = path("log" + spec.name);
    spec.process.variables = {{"WEIR_TEST_MARK", mark}};
    if (rule)
      spec.judge = [this, port = held[0].number, rule = *rule](weir::health_user& user) {
        return std::make_unique<weir::http_health>(loop, buffer, port, rule, user);
      };
    ports.push_back(std::move(held[0]));
    return spec;
  }

  void on_change(weir::instance& which) override {
    constexpr std::array<const char*, 6> names{"starting", "ready", "ending", "pausing", "stopped", "failed"};
    told += which.spec().name + names[static_cast<std::size_t>(which.state())] + " ";
  }

  template <class Condition>
  bool turn_until(Condition&& holds, std::int64_t within = 60 * s) {
    const auto end = weir::now_ns() + within;
    while (!holds() && weir::now_ns() < end) loop.turn(std::min(end, weir::now_ns() + 20 * ms)).value();
    return holds();
  }
  [[nodiscard]] std::size_t survivors() const { return weir::marked_processes("WEIR_TEST_MARK=" + mark).size(); }
  const weir::instance& first() const { return servers.instances().front(); }

  std::string mark = weir::detail::launch_name(), told;
  int count = 0;
  weir::loop loop;
  weir::receive_buffer buffer;
  std::vector<weir::held_port> ports;
  weir::supervisor servers{loop, *this};
};

}  // namespace

TEST_CASE("supervise: servers get ready, are told of, and are gone when stopped", "[serve][supervise]") {
  watched w;
  for (int i = 0; i < 3; ++i) w.servers.add(w.server({"port", "PORT", "daemon"}, weir::ready_rule{}));
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.servers.all_ready(); }));
  CHECK(w.first().model() == "nasty");
  // Three times: the server, the one that answers, the daemon (whose first parent ends some time after "ready").
  CHECK(test::eventually([&] { return w.survivors() == 9; }, 60 * s));
  w.servers.stop(s);
  CHECK(w.servers.count(instance_state::ending) == 3);
  REQUIRE(w.turn_until([&] { return w.servers.all_over(); }));
  CHECK(w.servers.count(instance_state::stopped) == 3);
  CHECK(w.survivors() == 0);
}

TEST_CASE("supervise: a late port is waited for", "[serve][supervise]") {
  watched w;
  w.servers.add(w.server({"await", w.path("now"), "port", "PORT"}, weir::ready_rule{}));
  w.servers.start();
  CHECK(w.turn_until([&] { return w.first().doing() == "starting (Connection refused)"; }));
  CHECK_FALSE(w.turn_until([&] { return w.servers.all_ready(); }, 300 * ms));
  w.write("now", "");
  CHECK(w.turn_until([&] { return w.servers.all_ready(); }));
}

TEST_CASE("supervise: an early end is told at once, with its status and its last words", "[serve][supervise]") {
  watched w;
  w.servers.add(w.server({"say", "loading", "die"}, weir::ready_rule{}));
  const auto start = weir::now_ns();
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.first().over(); }));
  CHECK(weir::now_ns() - start < 300 * s);  // not at the time-out
  CHECK(w.told == "0starting 0ending 0failed ");
  REQUIRE(w.first().why());
  CHECK(w.first().why()->detail == "ended before it was ready: exit status 3");
  CHECK(w.first().tail() == "loading\nboom");
  CHECK(w.first().tail(1) == "boom");
}

TEST_CASE("supervise: exit status 0 is a failure too, if nobody asked for it", "[serve][supervise]") {
  watched w;
  w.servers.add(w.server({"end"}));
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.first().over(); }));
  CHECK(w.first().state() == instance_state::failed);
  CHECK(w.first().why()->detail == "ended: exit status 0");
}

TEST_CASE("supervise: a server that accepts and never answers runs into the time-out", "[serve][supervise]") {
  watched w;
  auto spec = w.server({"stubborn", "hang", "PORT"}, weir::ready_rule{});
  spec.ready_timeout_ns = 300 * ms;
  spec.grace_ns = 50 * ms;
  w.servers.add(spec);
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.first().over(); }));
  CHECK(w.first().why()->code == weir::errc::limit);
  CHECK(w.first().why()->detail.starts_with("not ready after 0.3 s: starting ("));
  CHECK(w.survivors() == 0);
}

TEST_CASE("supervise: a command that is not there is a failure like any other", "[serve][supervise]") {
  watched w;
  auto spec = w.server({});
  spec.process.argv = {"no-such-program-of-weir"};
  w.servers.add(spec);
  w.servers.start();
  CHECK(w.servers.all_over());
  CHECK(w.first().why()->code == weir::errc::not_found);
}

TEST_CASE("supervise: restarts are counted, and the pauses between them grow", "[serve][supervise]") {
  watched w;
  auto spec = w.server({"die"});
  spec.restart = {2, 50 * ms, 10 * s};
  w.servers.add(spec);
  const auto start = weir::now_ns();
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.first().over(); }));
  CHECK(weir::now_ns() - start >= static_cast<std::int64_t>(0.8 * (50 + 100) * ms));
  CHECK(w.told == "0ready 0ending 0pausing 0ready 0ending 0pausing 0ready 0ending 0failed ");
  CHECK(w.first().restarts() == 2);
  CHECK(w.first().tail() == "boom");  // of the last start alone
}

TEST_CASE("supervise: a restarted server gets the port again", "[serve][supervise]") {
  watched w;
  auto spec = w.server({"port", "PORT"}, weir::ready_rule{});
  spec.restart = {1, 10 * ms, s};
  w.servers.add(spec);
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.servers.all_ready(); }));
  const pid_t before = w.first().running()->state().pid;
  ::kill(before, SIGKILL);
  REQUIRE(w.turn_until([&] { return w.told == "0starting 0ready 0ending 0pausing 0starting 0ready "; }));
  CHECK(w.first().running()->state().pid != before);
  CHECK(test::eventually([&] { return w.survivors() == 2; }, 60 * s));
}

TEST_CASE("supervise: a restart waits for what the former start held", "[serve][supervise]") {
  watched w;
  auto spec = w.server({"die"});
  spec.restart = {1, 10 * ms, s};
  int asked = 0;
  spec.vacant = [&]() -> weir::result<void> {
    if (++asked == 1) return weir::failure{weir::errc::busy, "not yet"};
    return {};
  };
  w.servers.add(spec);
  spec = w.server({"die"});
  spec.restart = {1, 10 * ms, s};
  spec.vacant = []() -> weir::result<void> { return weir::failure{weir::errc::busy, "held by pid 7"}; };
  spec.vacant_ns = 150 * ms;
  w.servers.add(spec);
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.servers.all_over(); }));
  CHECK(asked == 2);
  CHECK_FALSE(w.servers.instances()[0].stuck());
  const auto& second = w.servers.instances()[1];
  CHECK(second.stuck());
  CHECK(second.why()->detail == "held by pid 7");
  CHECK(w.told.find("1pausing") != std::string::npos);
  CHECK(w.told.find("1failed") != std::string::npos);
}

TEST_CASE("supervise: stop reaches a server in its pause and in its start", "[serve][supervise]") {
  watched w;
  auto spec = w.server({"die"});
  spec.restart = {5, 60 * s, 60 * s};
  w.servers.add(spec);
  w.servers.add(w.server({"late", "port", "PORT"}, weir::ready_rule{}));
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.first().state() == instance_state::pausing; }));
  w.servers.stop(s);
  CHECK(w.turn_until([&] { return w.servers.all_over(); }));
  CHECK(w.survivors() == 0);
}

TEST_CASE("supervise: readiness ends where its rule ends", "[serve][supervise]") {
  watched w;
  w.servers.add(w.server({"port", "PORT"}, weir::ready_rule{"", "", {}, ""}));
  w.servers.add(w.server({"port", "PORT"}, weir::ready_rule{"/health", "", {}, "given"}));
  w.servers.start();
  REQUIRE(w.turn_until([&] { return w.servers.all_ready(); }));
  CHECK(w.servers.instances()[0].model().empty());
  CHECK(w.servers.instances()[1].model() == "given");
}
