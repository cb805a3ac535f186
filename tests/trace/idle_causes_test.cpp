#include "weir/trace/idle_causes.hpp"

#include <string>

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
