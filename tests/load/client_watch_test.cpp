#include "weir/load/client_watch.hpp"

#include <chrono>
#include <cmath>
#include <optional>
#include <thread>

#include "catch.hpp"
#include "weir/base/clock.hpp"
#include "weir/net/loop.hpp"

namespace {

/// Keeps the loop's thread asleep once, then ends the loop.
struct sleeper final : weir::timer {
  explicit sleeper(weir::loop& on) : turning(&on) {}
  void on_time(std::int64_t) override {
    if (!slept) {
      slept = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      turning->arm(*this, weir::now_ns() + 20'000'000);
      return;
    }
    turning->stop();
  }
  weir::loop* turning;
  bool slept = false;
};

}  // namespace

TEST_CASE("client_watch: what comes while the loop is not looking is seen late, each by what it waited", "[load]") {
  weir::loop loop;
  weir::client_watch watch(loop, [] { return std::optional<std::size_t>(7); });
  sleeper sleep(loop);
  REQUIRE(watch.start());
  loop.arm(sleep, weir::now_ns() + 20'000'000);
  REQUIRE(loop.run());
  auto health = watch.stop();
  // Of 60 ms asleep every millisecond is as likely as another to bring an event: 30 ms late on average, some 50 or
  // more.
  CHECK(health.lag_ns.describe().max > 40e6);
  CHECK(health.lag_ns.count() > 30);
  CHECK(health.held == 7);
  CHECK(health.wall_s > 0.09);
  CHECK(health.cpu_share < 0.9);
}

TEST_CASE("client_watch: threads together are as bad as the worst of them, and hold what they hold together",
          "[load]") {
  weir::client_health one, two;
  one.cpu_share = 0.2, one.starved_share = 0.3, one.clock_step_ns = -5, one.held = 10, one.held_samples = 4;
  two.cpu_share = 0.9, two.clock_step_ns = 3, two.held = 12, two.held_samples = 6;  // whose kernel keeps no count
  one.lag_ns.add(1), two.lag_ns.add(3);
  auto both = one;
  both.merge(two);
  CHECK(both.cpu_share == 0.9);
  CHECK(both.starved_share == 0.3);
  CHECK(both.clock_step_ns == -5);
  CHECK(both.held == 22);
  CHECK(both.held_samples == 10);
  CHECK(both.lag_ns.count() == 2);
  two.merge(one);
  CHECK(two.starved_share == 0.3);
  CHECK(two.clock_step_ns == -5);
}
