#include "weir/load/runner.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "load/world.hpp"
#include "openai/scripted.hpp"

using load_tests::ms, load_tests::world;
using scripted::completion;
using weir::outcome;
using weir::unmeasured;

namespace {

std::vector<weir::prompt> prompts(int count) {
  std::vector<weir::prompt> out;
  for (int i = 0; i < count; ++i) {
    weir::prompt p;
    p.id = "q" + std::to_string(i);
    p.content = "\"x\"";
    p.expected = std::to_string(i);
    out.push_back(p);
  }
  return out;
}

scripted::script after_5_ms(const scripted::request&) {
  return {scripted::send(completion(2), 5 * ms)};
}

}  // namespace

TEST_CASE("runner: a closed loop holds the concurrency it was asked for, over prepared connections", "[load]") {
  world w(1, after_5_ms);
  const auto what = prompts(40);
  const auto& run = w.run(what, 8);
  w.finish();
  CHECK(run.sent() == 40);
  CHECK(run.max_in_flight() == 8);
  CHECK(w.most_at_once() == 8);
  CHECK(w.server[0]->connections == 8);
  REQUIRE(w.records.size() == 40);
  std::map<std::string, int> seen;
  for (const auto& r : w.records) {
    CHECK(r.status == outcome::ok);
    CHECK(r.t_connect_ns == unmeasured);
    CHECK(r.t_sched_ns == unmeasured);
    CHECK(r.t_send_ns >= run.t_start_ns());
    CHECK("q" + r.expected == r.id);
    ++seen[r.id];
  }
  CHECK(seen.size() == 40);
}

TEST_CASE("runner: no limit means all at once", "[load]") {
  world w(1, after_5_ms);
  const auto what = prompts(30);
  w.run(what, 0);
  w.finish();
  CHECK(w.most_at_once() == 30);
}

TEST_CASE("runner: requests leave on schedule, and every wait is told apart", "[load]") {
  world w(1, after_5_ms);
  const auto what = prompts(10);
  std::vector<std::int64_t> times;
  for (int i = 0; i < 10; ++i) times.push_back((20 + i * 10) * ms);
  const auto& run = w.run(what, 0, times);
  w.finish();
  REQUIRE(w.records.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    const auto& r = w.records[i];
    CHECK(r.id == "q" + std::to_string(i));
    CHECK(r.t_sched_ns == run.t_start_ns() + times[i]);
    CHECK(r.t_woke_ns >= r.t_sched_ns);
    CHECK(r.t_send_ns >= r.t_woke_ns);
  }
}

TEST_CASE("runner: a request that waits for a free place was due all the same", "[load]") {
  world w(1, [](const auto&) -> scripted::script { return {scripted::send(completion(1), 30 * ms)}; });
  const auto what = prompts(4);
  const std::vector<std::int64_t> times(4, 10 * ms);  // all due at once, one place
  w.run(what, 1, times);
  w.finish();
  REQUIRE(w.records.size() == 4);
  CHECK(w.most_at_once() == 1);
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(w.records[i].t_woke_ns == w.records[0].t_woke_ns);
    CHECK(w.records[i].t_send_ns - w.records[i].t_sched_ns >= static_cast<std::int64_t>(i) * 30 * ms);
  }
}

TEST_CASE("runner: the least busy server gets the request, and equals take turns", "[load]") {
  int slow = 0;
  world w(3, [&](const scripted::request& r) -> scripted::script {
    const bool first_server = slow == 0 && r.number == 0;
    if (first_server) slow = 1;
    return {scripted::send(completion(1), first_server ? 120 * ms : 5 * ms)};
  });
  const auto what = prompts(30);
  w.run(what, 3);
  w.finish();
  std::map<std::string, int> by_instance;
  for (const auto& r : w.records) {
    ++by_instance[r.instance];
    CHECK(r.endpoint == w.where[static_cast<std::size_t>(std::stoi(r.instance))].base_url);
  }
  REQUIRE(by_instance.size() == 3);
  std::vector<int> counts;
  for (const auto& [name, count] : by_instance) counts.push_back(count);
  std::sort(counts.begin(), counts.end());
  CHECK(counts[0] < counts[1]);  // the one that was held up
  CHECK(counts[2] - counts[1] <= 4);
}

TEST_CASE("runner: a server that is down fails its share and leaves the others theirs", "[load]") {
  world w(2, after_5_ms);
  w.server.erase(w.server.begin());
  const auto what = prompts(20);
  w.run(what, 4);
  w.finish();
  int refused = 0, fine = 0;
  for (const auto& r : w.records) (r.status == outcome::connect && r.instance == "0" ? refused : fine) += 1;
  CHECK(refused > 0);
  CHECK(fine > 0);
  CHECK(refused + fine == 20);
}

TEST_CASE("runner: stopping sends no more, cancels what is under way, and gives every record", "[load]") {
  world w(1, [](const auto&) -> scripted::script { return {scripted::send(completion(9).substr(0, 300))}; });
  const auto what = prompts(50);
  auto& run = w.run(what, 4);
  const auto end = weir::now_ns() + 2000 * ms;
  while (w.server[0]->seen.size() < 4 && weir::now_ns() < end) w.loop.turn(end).value();
  for (int i = 0; i < 20; ++i) w.loop.turn(weir::now_ns() + ms).value();
  run.stop("enough");
  CHECK(w.finished);
  REQUIRE(w.records.size() == 4);
  for (const auto& r : w.records) {
    CHECK(r.status == outcome::cancelled);
    CHECK(r.error == "enough");
    CHECK(r.tokens_out > 0);
  }
  run.stop("again");  // does nothing
  CHECK(w.records.size() == 4);
}

TEST_CASE("runner: a request sent again gives both its records, in order", "[load]") {
  world w(1, [](const scripted::request& r) -> scripted::script {
    if (r.on_connection == 1) return {scripted::close()};
    return {scripted::send(completion(1))};
  });
  const auto what = prompts(3);
  w.run(what, 1);
  w.finish();
  CHECK(w.ended == 3);
  REQUIRE(w.records.size() == 5);
  CHECK(w.records[1].id == w.records[2].id);
  CHECK(w.records[1].attempt == 1);
  CHECK(w.records[1].resent);
  CHECK(w.records[2].attempt == 2);
  CHECK_FALSE(w.records[2].resent);
}

TEST_CASE("runner: nothing to send is a finished run", "[load]") {
  world w(1, after_5_ms);
  w.run({}, 4);
  w.finish();
  CHECK(w.records.empty());
}
