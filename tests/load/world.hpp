// Servers, clients and a runner on one loop, for tests of what is sent when.
#ifndef WEIR_TESTS_LOAD_WORLD_HPP
#define WEIR_TESTS_LOAD_WORLD_HPP

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "openai/scripted.hpp"
#include "weir/load/runner.hpp"

namespace load_tests {

constexpr std::int64_t ms = 1'000'000;

/// Servers, clients and a runner on one loop.
struct world final : weir::load_listener {
  world(int servers, std::function<scripted::script(const scripted::request&)> answer) {
    for (int i = 0; i < servers; ++i) {
      server.push_back(std::make_unique<scripted::server>(loop, answer));
      where.push_back(
          *weir::make_endpoint("http://127.0.0.1:" + std::to_string(server.back()->port), std::to_string(i)));
      client.push_back(std::make_unique<weir::client>(loop, server.back()->addresses()));
    }
    for (std::size_t i = 0; i < where.size(); ++i) targets.push_back({&where[i], client[i].get(), &writer});
  }
  void on_record(weir::request_record&& r, bool last) override {
    records.push_back(std::move(r));
    ended += last ? 1 : 0;
  }
  void on_finished() override { finished = true, loop.stop(); }

  weir::runner& run(const weir::load_plan& plan) {
    current = std::make_unique<weir::runner>(loop, targets, plan, *this);
    current->start();
    return *current;
  }
  weir::runner& run(const std::vector<weir::prompt>& what, std::size_t cap,
                    const std::vector<std::int64_t>& times = {}) {
    return run({.prompts = what, .t_sched_ns = times, .max_concurrency = cap});
  }
  /// Turns the loop to the end, for 10 s at most.
  void finish() {
    const auto end = weir::now_ns() + 10'000 * ms;
    while (!finished && weir::now_ns() < end) loop.turn(end).value();
    REQUIRE(finished);
  }
  /// Requests under way at once, by the records.
  [[nodiscard]] int most_at_once() const {
    std::map<std::int64_t, int> changes;
    for (const auto& r : records) ++changes[r.t_send_ns], --changes[r.t_done_ns];
    int now = 0, most = 0;
    for (const auto& [t, change] : changes) most = std::max(most, now += change);
    return most;
  }

  weir::loop loop;
  std::vector<std::unique_ptr<scripted::server>> server;
  std::vector<weir::endpoint> where;
  std::vector<std::unique_ptr<weir::client>> client;
  weir::request_writer writer{{}, "t", "/v1/completions"};
  std::vector<weir::load_target> targets;
  std::unique_ptr<weir::runner> current;
  std::vector<weir::request_record> records;
  int ended = 0;
  bool finished = false;
};

}  // namespace load_tests

#endif  // WEIR_TESTS_LOAD_WORLD_HPP
