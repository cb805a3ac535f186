#include "weir/trace/idle_causes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/read_profile.hpp"

TEST_CASE("idle_causes: a gap up to the launch is the host's, behind it the queue's", "[trace]") {
  // device  ####......####..####....##      a 0-40, b 100-140, c 160-200, d 240-260
  // launch b ends at 70, c at 10, d is not in the trace
  const std::string text = R"([
    {"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","ts":60,"dur":10,"args":{"correlation":2}},
    {"ph":"X","cat":"cuda_driver","name":"cuLaunchKernelEx","ts":5,"dur":5,"args":{"correlation":3}},
    {"ph":"X","cat":"kernel","name":"c","ts":160,"dur":40,"args":{"correlation":3}},
    {"ph":"X","cat":"kernel","name":"a","ts":0,"dur":40,"args":{"correlation":1}},
    {"ph":"X","cat":"gpu_memcpy","name":"b","ts":100,"dur":40,"args":{"correlation":2}},
    {"ph":"X","cat":"kernel","name":"d","ts":240,"dur":20,"args":{"correlation":4}}])";
  const weir::kind_table kinds;
  const auto p = weir::read_profile(weir::memory_source(text), "rank0.json", kinds, {.idle = true});
  REQUIRE(p);
  REQUIRE(p->idle);
  CHECK(p->idle->host_ns == 30'000);
  CHECK(p->idle->queued_ns == 30'000 + 20'000);
  CHECK(p->idle->unknown_ns == 40'000);
  CHECK_FALSE(weir::read_profile(weir::memory_source(text), "rank0.json", kinds)->idle);
}

TEST_CASE("idle_causes: of several that end a gap together the first launched tells, in whatever order they come",
          "[trace]") {
  // a 0-40; b and c begin at 100: b was launched until 70 by a call of the runtime, inside it until 65 by the driver's;
  // c until 90, d at a time that is not told
  const std::vector<std::string> events = {
      R"({"ph":"X","cat":"kernel","name":"a","ts":0,"dur":40,"args":{"correlation":1}})",
      R"({"ph":"X","cat":"kernel","name":"d","ts":100,"dur":9,"args":{"correlation":4}})",
      R"({"ph":"X","cat":"kernel","name":"c","ts":100,"dur":9,"args":{"correlation":3}})",
      R"({"ph":"X","cat":"kernel","name":"b","ts":100,"dur":9,"args":{"correlation":2}})",
      R"({"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","ts":80,"dur":10,"args":{"correlation":3}})",
      R"({"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","ts":60,"dur":10,"args":{"correlation":2}})",
      R"({"ph":"X","cat":"cuda_driver","name":"cuLaunchKernel","ts":61,"dur":4,"args":{"correlation":2}})"};
  std::vector<std::size_t> order(events.size());
  std::iota(order.begin(), order.end(), 0U);
  const weir::kind_table kinds;
  do {
    std::string text = "[";
    for (const auto i : order) text += (text == "[" ? "" : ",") + events[i];
    const auto p = weir::read_profile(weir::memory_source(text + "]"), "rank0.json", kinds, {.idle = true});
    REQUIRE(p);
    REQUIRE(p->idle);
    REQUIRE(p->idle->host_ns == 25'000);
    REQUIRE(p->idle->queued_ns == 35'000);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("idle_causes: gaps of a stream are by when their launch began, whatever other streams did", "[trace]") {
  // stream 7  a 0-40  b 100-140 (launched at 60)  c 160-200 (at 5)  d 240-260 (not in the trace); stream 9  e 300-310
  const std::string text = R"([
    {"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","ts":60,"dur":10,"args":{"correlation":2}},
    {"ph":"X","cat":"cuda_driver","name":"cuLaunchKernelEx","ts":5,"dur":500,"args":{"correlation":3}},
    {"ph":"X","cat":"kernel","name":"e","ts":300,"dur":10,"args":{"stream":9,"correlation":5}},
    {"ph":"X","cat":"kernel","name":"c","ts":160,"dur":40,"args":{"stream":7,"correlation":3}},
    {"ph":"X","cat":"kernel","name":"a","ts":0,"dur":40,"args":{"stream":7,"correlation":1}},
    {"ph":"X","cat":"gpu_memcpy","name":"b","ts":100,"dur":40,"args":{"stream":7,"correlation":2}},
    {"ph":"X","cat":"kernel","name":"d","ts":240,"dur":20,"args":{"stream":7,"correlation":4}}])";
  const weir::kind_table kinds;
  const auto p = weir::read_profile(weir::memory_source(text), "rank0.json", kinds, {.idle = true});
  REQUIRE(p);
  REQUIRE(p->stream_gaps.size() == 2);
  CHECK(p->stream_gaps[0].stream == 7);
  CHECK(p->stream_gaps[0].host_wait_ns == 60'000);
  CHECK(p->stream_gaps[0].kernel_wait_ns == 20'000);
  CHECK(p->stream_gaps[0].other_ns == 40'000);
  CHECK(p->stream_gaps[1].stream == 9);
  CHECK(p->stream_gaps[1].host_wait_ns + p->stream_gaps[1].kernel_wait_ns + p->stream_gaps[1].other_ns == 0);
}

TEST_CASE("idle_causes: a queue grows at a launch and shrinks where what was launched begins", "[trace]") {
  // stream 7: launched at 0, 1 and 5, begun at 5, 7 and 20: lengths 1 2 3 2 1 0; the third launch goes first in the tie
  // stream 9: launched by a call that HTA does not know
  const std::string text = R"([
    {"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","ts":0,"dur":1,"args":{"correlation":1}},
    {"ph":"X","cat":"cuda_runtime","name":"cudaMemcpyAsync","ts":1,"dur":1,"args":{"correlation":2}},
    {"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","ts":5,"dur":1,"args":{"correlation":3}},
    {"ph":"X","cat":"cuda_driver","name":"cuLaunchKernelEx","ts":5,"dur":1,"args":{"correlation":4}},
    {"ph":"X","cat":"kernel","name":"a","ts":5,"dur":1,"args":{"stream":7,"correlation":1}},
    {"ph":"X","cat":"gpu_memcpy","name":"b","ts":7,"dur":1,"args":{"stream":7,"correlation":2}},
    {"ph":"X","cat":"kernel","name":"c","ts":20,"dur":1,"args":{"stream":7,"correlation":3}},
    {"ph":"X","cat":"kernel","name":"d","ts":21,"dur":1,"args":{"stream":7,"correlation":5}},
    {"ph":"X","cat":"kernel","name":"e","ts":21,"dur":1,"args":{"stream":9,"correlation":4}}])";
  const weir::kind_table kinds;
  const auto p = weir::read_profile(weir::memory_source(text), "rank0.json", kinds, {.idle = true});
  REQUIRE(p);
  REQUIRE(p->queues.size() == 1);
  const auto& q = p->queues[0];
  CHECK(q.stream == 7);
  CHECK(q.changes == 6);
  CHECK(q.ties == 1);
  CHECK(q.mean == 1.5);
  CHECK(q.deviation == Approx(std::sqrt(5.5 / 5)));
  CHECK(q.least == 0);
  CHECK(q.quarter == 1);
  CHECK(q.half == 1.5);
  CHECK(q.three_quarters == 2);
  CHECK(q.most == 3);
}
