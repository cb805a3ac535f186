#include "weir/trace/step_name.hpp"

#include <string_view>

#include "catch.hpp"
#include "weir/trace/read_profile.hpp"

namespace {

void works(std::string_view name, std::int64_t prefills, std::int64_t prefill_tokens, std::int64_t decodes,
           std::int64_t decode_tokens) {
  CAPTURE(name);
  const auto work = weir::step_work_of(name);
  REQUIRE(work);
  CHECK(work->prefill_requests == prefills);
  CHECK(work->prefill_tokens == prefill_tokens);
  CHECK(work->decode_requests == decodes);
  CHECK(work->decode_tokens == decode_tokens);
}

}  // namespace

TEST_CASE("step_name: each format of vLLM tells requests and the tokens that are computed", "[trace]") {
  works("execute_context_1(4096)_generation_8(8)", 1, 4096, 8, 8);
  works("execute_context_1(888_788544)_generation_0(0)", 1, 888, 0, 0);
  works("execute_32_context_0(sq0sk0sqsq0sqsk0)_generation_32(sq32sk55086sqsq32sqsk55086)", 0, 0, 32, 32);
  works("execute_8192_context_9(sq8155sk8430sqsq7475785sqsk7671310)_generation_37(sq37sk34489sqsq37sqsk34489)", 9, 8155,
        37, 37);
}

TEST_CASE("step_name: what is not one of them tells no tokens", "[trace]") {
  for (const auto* name :
       {"", "execute_", "execute_context_", "execute_context_1", "execute_context_1(", "ProfilerStep#1",
        "execute_context_x(1)_generation_1(1)", "execute_context_1(1)_generation_-1(1)",
        "execute_context_1(1)_generation_99999999999999999999(1)", "step[DECODE bs=32]"}) {
    CAPTURE(name);
    CHECK_FALSE(weir::step_work_of(name));
  }
  CHECK(weir::step_kind_of("step[DECODE bs=32]") == weir::step_kind::engine);
  CHECK(weir::step_kind_of("executed") == weir::step_kind::none);
}

TEST_CASE("profile: a file's name tells the rank, however profilers spell it", "[trace]") {
  CHECK(weir::rank_of_name("a/rank1/kineto_trace_3.json.gz") == 3);
  CHECK(weir::rank_of_name("kineto_rank7.json.gz") == 7);
  CHECK(weir::rank_of_name("graph_capture_rank_0.1712195495505583.pt.trace.json.gz") == 0);
  CHECK(weir::rank_of_name("sampled_rank-12.json") == 12);
  CHECK(weir::rank_of_name("b200_eager_rank0_of_8.json.gz") == 0);
  CHECK_FALSE(weir::rank_of_name("host_1234.5678.pt.trace.json"));  // a process and a time
  CHECK_FALSE(weir::rank_of_name("trace.json"));
  CHECK_FALSE(weir::rank_of_name(""));
}
