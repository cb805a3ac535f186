#include "weir/net/loop.hpp"

#include <sys/eventfd.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace {

struct alarm_clock final : weir::timer {
  std::function<void(std::int64_t)> then;
  explicit alarm_clock(std::function<void(std::int64_t)> what = {}) : then(std::move(what)) {}
  void on_time(std::int64_t now) override {
    if (then) then(now);
  }
};

/// A descriptor that is ready once it was rung, and a callback.
struct bell final : weir::watcher {
  weir::unique_fd fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  std::function<void()> then;
  int rung = 0;
  explicit bell(std::function<void()> what = {}) : then(std::move(what)) {}
  void ring() const { REQUIRE(::eventfd_write(fd.get(), 1) == 0); }
  void on_ready(std::uint32_t events) override {
    CHECK((events & EPOLLIN) != 0);
    ++rung;
    if (then) then();
  }
};

}  // namespace

TEST_CASE("loop: timers fire in the order of their times, never early", "[loop]") {
  weir::loop loop;
  std::mt19937 random(1);
  const std::int64_t start = weir::now_ns();
  std::vector<std::int64_t> fired;
  std::vector<std::unique_ptr<alarm_clock>> timers;
  std::size_t armed = 0;
  for (int i = 0; i < 500; ++i) {
    timers.push_back(std::make_unique<alarm_clock>());
    timers.back()->then = [&, self = timers.back().get()](std::int64_t now) {
      CHECK(now >= self->when_ns());
      CHECK_FALSE(self->armed());
      fired.push_back(self->when_ns());
    };
  }
  for (int i = 0; i < 3000; ++i) {  // armed, moved and disarmed in any order
    auto& t = *timers[random() % timers.size()];
    if (random() % 4 == 0)
      loop.disarm(t);
    else
      loop.arm(t, start + static_cast<std::int64_t>(random() % 20) * 1'000'000);
  }
  for (const auto& t : timers) armed += t->armed() ? 1U : 0U;
  while (fired.size() < armed) REQUIRE(loop.turn(start + 5'000'000'000));
  CHECK(weir::now_ns() < start + 5'000'000'000);
  CHECK(std::is_sorted(fired.begin(), fired.end()));
  CHECK(fired.size() == armed);
}

TEST_CASE("loop: the heap of timers is a priority queue whatever is done to it", "[loop][property]") {
  weir::loop loop;
  std::mt19937 random(2);
  std::array<alarm_clock, 40> timers;
  std::array<std::int64_t, 40> due{};  // the model: 0 is disarmed
  std::vector<std::size_t> fired;
  for (std::size_t i = 0; i < timers.size(); ++i) timers[i].then = [&, i](std::int64_t) { fired.push_back(i); };
  for (int round = 0; round < 400; ++round) {
    for (int change = 0; change < 30; ++change) {
      const std::size_t i = random() % timers.size();
      due[i] = random() % 3 == 0 ? 0 : static_cast<std::int64_t>(1 + random() % 1000) - (random() % 2 ? 0 : 2000);
      if (due[i] == 0)
        loop.disarm(timers[i]);
      else  // half of them long ago, half in an hour
        loop.arm(timers[i], due[i] < 0 ? due[i] + 3000 : weir::now_ns() + 3'600'000'000'000 + due[i]);
    }
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < due.size(); ++i)
      if (due[i] < 0) expected.push_back(i);
    fired.clear();
    REQUIRE(loop.turn(0));
    CHECK(std::is_sorted(fired.begin(), fired.end(), [&](auto a, auto b) { return due[a] < due[b]; }));
    for (const std::size_t i : fired) due[i] = 0;
    std::sort(fired.begin(), fired.end());
    REQUIRE(fired == expected);
    for (std::size_t i = 0; i < due.size(); ++i) REQUIRE(timers[i].armed() == (due[i] != 0));
  }
  for (auto& t : timers) loop.disarm(t);
}

TEST_CASE("loop: a timer that is disarmed by another that fires with it does not fire", "[loop]") {
  weir::loop loop;
  int fired = 0;
  alarm_clock second([&](std::int64_t) { ++fired; });
  auto third = std::make_unique<alarm_clock>([&](std::int64_t) { ++fired; });
  alarm_clock first([&](std::int64_t) {
    loop.disarm(second);
    loop.disarm(*third);
    third.reset();  // and may be destroyed at once
  });
  loop.arm(third ? *third : second, 3);
  loop.arm(second, 2);
  loop.arm(first, 1);
  REQUIRE(loop.turn(0));
  REQUIRE(loop.turn(0));
  CHECK(fired == 0);
}

TEST_CASE("loop: a timer may destroy itself", "[loop]") {
  weir::loop loop;
  auto only = std::make_unique<alarm_clock>();
  only->then = [&](std::int64_t) { auto gone = std::move(only); };
  loop.arm(*only, 1);
  REQUIRE(loop.turn(0));
  CHECK(only == nullptr);
  REQUIRE(loop.turn(0));
}

TEST_CASE("loop: a timer that keeps re-arming itself for the past starves nobody", "[loop]") {
  weir::loop loop;
  bell ready;
  ready.ring();
  REQUIRE(loop.watch(ready.fd.get(), EPOLLIN, ready));
  int greedy_fired = 0, patient_fired = 0;
  std::array<alarm_clock, 50> later;  // armed for an hour from now: they make no difference
  for (auto& t : later) loop.arm(t, weir::now_ns() + 3'600'000'000'000);
  alarm_clock patient([&](std::int64_t) { ++patient_fired; });
  alarm_clock greedy;
  greedy.then = [&](std::int64_t) {
    ++greedy_fired;
    loop.arm(greedy, greedy.when_ns() + 1);  // behind its schedule, and it keeps to it
  };
  loop.arm(greedy, 0);
  loop.arm(patient, 1'000'000);
  for (int turn = 1; turn <= 10; ++turn) {
    REQUIRE(loop.turn());
    CHECK(ready.rung == turn);
    CHECK(greedy_fired == turn);  // once a turn
    CHECK(patient_fired == 1);
    CHECK(greedy.when_ns() == turn);  // what was asked for stays what it is
  }
  loop.forget(ready.fd.get(), ready);
  loop.disarm(greedy);
  for (auto& t : later) loop.disarm(t);
}

TEST_CASE("loop: a timer armed for the past by a descriptor fires in the same turn", "[loop]") {
  weir::loop loop;
  int fired = 0;
  alarm_clock now([&](std::int64_t) { ++fired; });
  bell ready([&] { loop.arm(now, 0); });
  ready.ring();
  REQUIRE(loop.watch(ready.fd.get(), EPOLLIN, ready));
  REQUIRE(loop.turn());
  CHECK(fired == 1);
}

TEST_CASE("loop: whoever is forgotten inside a callback is not called any more, and may be destroyed", "[loop]") {
  weir::loop loop;
  std::vector<std::unique_ptr<bell>> bells;
  int calls = 0;
  for (int i = 0; i < 20; ++i) {
    bells.push_back(std::make_unique<bell>());
    bells.back()->ring();
    REQUIRE(loop.watch(bells.back()->fd.get(), EPOLLIN, *bells.back()));
    bells.back()->then = [&] {  // the first that is called ends all of them, itself too
      ++calls;
      for (auto& b : bells) loop.forget(b->fd.get(), *b);
      auto gone = std::move(bells);
    };
  }
  REQUIRE(loop.turn());
  CHECK(calls == 1);
  REQUIRE(loop.turn(weir::now_ns()));
  CHECK(calls == 1);
}

TEST_CASE("loop: who takes the place of a forgotten one gets only its own events", "[loop]") {
  weir::loop loop;
  bell first, second;
  std::unique_ptr<bell> replacement;
  const auto replace = [&](bell& old) {
    loop.forget(old.fd.get(), old);
    old.fd = weir::unique_fd();  // its number is free, and the next descriptor gets it
    replacement = std::make_unique<bell>();
    REQUIRE(loop.watch(replacement->fd.get(), EPOLLIN, *replacement));
  };
  first.then = [&] { replace(second); };
  second.then = [&] { replace(first); };
  for (auto* b : {&first, &second}) {
    b->ring();
    REQUIRE(loop.watch(b->fd.get(), EPOLLIN, *b));
  }
  REQUIRE(loop.turn());
  CHECK(first.rung + second.rung == 1);
  CHECK(replacement->rung == 0);
}

TEST_CASE("loop: more descriptors than one wait returns are all served in turn", "[loop]") {
  weir::loop loop;
  std::vector<std::unique_ptr<bell>> bells;
  for (int i = 0; i < 600; ++i) {
    bells.push_back(std::make_unique<bell>());
    bells.back()->ring();
    REQUIRE(loop.watch(bells.back()->fd.get(), EPOLLIN, *bells.back()));
  }
  for (int turn = 0; turn < 3; ++turn) REQUIRE(loop.turn());
  for (const auto& b : bells) CHECK(b->rung >= 1);
}

TEST_CASE("loop: change selects what is waited for", "[loop]") {
  weir::loop loop;
  bell ready;
  ready.ring();
  REQUIRE(loop.watch(ready.fd.get(), 0, ready));
  REQUIRE(loop.turn(weir::now_ns() + 1'000'000));
  CHECK(ready.rung == 0);
  REQUIRE(loop.change(ready.fd.get(), EPOLLIN, ready));
  REQUIRE(loop.turn());
  CHECK(ready.rung == 1);
  const auto again = loop.watch(ready.fd.get(), EPOLLIN, ready);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == weir::errc::io);
  REQUIRE_FALSE(loop.watch(-1, EPOLLIN, ready));
}

TEST_CASE("loop: a signal interrupts the wait and nothing else", "[loop]") {
  struct sigaction action{}, before{};
  action.sa_handler = [](int) {};  // no SA_RESTART: epoll_wait is never restarted anyway
  ::sigaction(SIGALRM, &action, &before);
  const itimerval often{{0, 2000}, {0, 2000}}, never{};

  weir::loop loop;
  bell silent;  // nothing but the timer and the signal ends the wait
  REQUIRE(loop.watch(silent.fd.get(), EPOLLIN, silent));
  bool fired = false;
  const std::int64_t start = weir::now_ns();
  alarm_clock done([&](std::int64_t) { fired = true, loop.stop(); });
  loop.arm(done, start + 30'000'000);
  ::setitimer(ITIMER_REAL, &often, nullptr);
  const auto ran = loop.run();
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  CHECK(ran);
  CHECK(fired);
  CHECK(weir::now_ns() - start >= 30'000'000);
}

TEST_CASE("loop: a turn lasts until the time given and no longer", "[loop]") {
  weir::loop loop;
  alarm_clock far([](std::int64_t) { FAIL("fired early"); });
  loop.arm(far, weir::now_ns() + 3'600'000'000'000);
  const std::int64_t start = weir::now_ns();
  REQUIRE(loop.turn(start + 3'000'000));
  CHECK(weir::now_ns() - start >= 3'000'000);
  REQUIRE(loop.turn(start));  // the past: one look at the descriptors, no wait
  CHECK(weir::now_ns() - start < 2'000'000'000);
  loop.disarm(far);
}

TEST_CASE("loop: polling before a timer makes it no earlier, and descriptors do not wait for it", "[loop]") {
  weir::loop loop;
  loop.poll_before(1'000'000'000);
  bell door;
  loop.watch(door.fd.get(), EPOLLIN, door).value();
  const std::int64_t due =
      weir::now_ns() + 300'000'000;  // so far off that a machine that is held up meanwhile does not matter
  std::int64_t fired = 0;
  alarm_clock late([&](std::int64_t now) { fired = now; });
  loop.arm(late, due);
  int turns = 0;
  while (fired == 0) {
    if (turns++ == 10) door.ring();
    loop.turn().value();
    if (door.rung > 0 && fired == 0) {
      loop.forget(door.fd.get(), door);
      door.rung = -1;
    }
  }
  CHECK(fired >= due);
  CHECK(turns > 10);  // it did not sleep
  CHECK(door.rung == -1);
  loop.poll_before(0);
  loop.arm(late, weir::now_ns() + 5'000'000);
  fired = turns = 0;
  while (fired == 0) loop.turn().value(), ++turns;
  CHECK(turns <= 2);
}

TEST_CASE("loop: run turns until it is stopped, and can be run again", "[loop]") {
  weir::loop loop;
  int ticks = 0;
  alarm_clock tick;
  tick.then = [&](std::int64_t now) {
    if (++ticks % 5 == 0) loop.stop();
    loop.arm(tick, now + 10'000);
  };
  loop.arm(tick, 0);
  REQUIRE(loop.run());
  CHECK(ticks == 5);
  CHECK(loop.stopped());
  REQUIRE(loop.run());
  CHECK(ticks == 10);
  loop.disarm(tick);
}
