#include "weir/load/progress.hpp"

#include <limits>

#include "catch.hpp"

using weir::progress_line, weir::run_state;

TEST_CASE("progress: what is done, under way, failed and left, in one line", "[load]") {
  CHECK(progress_line({.wanted = 512, .ended = 128, .failed = 3, .in_flight = 16, .tokens = 9}, 2988.4, 4) ==
        "128/512 done, 16 in flight, 2988 tok/s, 3 failed, 12 s left");
  CHECK(progress_line({.wanted = 512, .in_flight = 16}, 0, 4) == "0/512 done, 16 in flight, 0 tok/s, 0 failed");
  CHECK(progress_line({.wanted = 8, .ended = 2, .in_flight = 4}, std::numeric_limits<double>::quiet_NaN(), 4) ==
        "2/8 done, 4 in flight, 0 failed, 12 s left");
  CHECK(progress_line({.wanted = 2, .ended = 2}, 0, 4) == "2/2 done, 0 in flight, 0 tok/s, 0 failed");
}

TEST_CASE("progress: a run by duration ends with it", "[load]") {
  CHECK(progress_line({.ended = 128, .in_flight = 16, .duration_s = 60}, 10, 18) ==
        "128 done, 16 in flight, 10 tok/s, 0 failed, 42 s left");
  CHECK(progress_line({.ended = 128, .in_flight = 16, .duration_s = 60}, 10, 61) ==
        "128 done, 16 in flight, 10 tok/s, 0 failed");
}

TEST_CASE("progress: long times are told as people do", "[load]") {
  const auto line =
      progress_line({.wanted = 1'000'000, .ended = 123'456, .failed = 1234, .in_flight = 10'000}, 1'234'567, 86'400);
  CHECK(line == "123456/1000000 done, 10000 in flight, 1234567 tok/s, 1234 failed, 170 h 24 min left");
  CHECK(weir::rough_time(99.4) == "99 s");
  CHECK(weir::rough_time(100) == "2 min");
  CHECK(weir::rough_time(5939) == "99 min");
  CHECK(weir::rough_time(12'000) == "3 h 20 min");
  CHECK(weir::rough_time(-1) == "0 s");
}
