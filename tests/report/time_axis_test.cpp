#include "weir/report/time_axis.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

constexpr std::int64_t second = 1'000'000'000;

weir::run_record run_on(const std::string& host, std::int64_t start_s, std::int64_t unix_s) {
  weir::run_record run;
  run.host = host;
  run.t_start_ns = start_s * second;
  run.start_unix_ns = unix_s * second;
  return run;
}

weir::file_window window(std::size_t file, std::int64_t first_s, std::int64_t last_s) {
  return {file, first_s * second, last_s * second};
}

}  // namespace

TEST_CASE("time_axis: times of one clock compare as they are, with or without run records", "[report]") {
  weir::time_axis axis;
  CHECK(axis.over({window(0, 10, 15), window(1, 12, 20)})->length_ns == 10 * second);
  axis.add_run(0, run_on("a", 5, 1005));
  axis.add_run(1, run_on("a", 8, 1009));  // the wall clock was stepped by a second between the runs
  CHECK(axis.one_clock());
  const auto both = axis.over({window(0, 10, 15), window(1, 12, 20), window(2, 30, 31)});
  REQUIRE(both);
  CHECK(both->length_ns == 21 * second);
  CHECK(both->idle_ns == 10 * second);
}

TEST_CASE("time_axis: clocks of several machines meet on the wall clock", "[report]") {
  weir::time_axis axis;
  axis.add_run(0, run_on("a", 100, 5000));    // 4900 s apart
  axis.add_run(1, run_on("b", 90000, 5002));  // another boot, another zero
  CHECK_FALSE(axis.one_clock());
  const auto both = axis.over({window(0, 100, 110), window(1, 90000, 90010)});
  REQUIRE(both);
  CHECK(both->length_ns == 12 * second);  // 5000 to 5012
  CHECK(both->idle_ns == 0);
}

TEST_CASE("time_axis: a reboot of one machine is another clock", "[report]") {
  weir::time_axis axis;
  axis.add_run(0, run_on("a", 100, 5000));
  axis.add_run(1, run_on("a", 10, 6000));
  CHECK_FALSE(axis.one_clock());
}

TEST_CASE("time_axis: where it can't be told which clock a time is of, there is a reason and no number", "[report]") {
  weir::time_axis axis;
  axis.add_run(0, run_on("a", 100, 5000));
  axis.add_run(1, run_on("b", 90000, 5002));
  CHECK_FALSE(axis.over({window(0, 100, 110), window(2, 100, 110)}));  // no run record
  axis.add_run(0, run_on("b", 90000, 5002));                           // two clocks in one file
  CHECK_FALSE(axis.over({window(0, 100, 110)}));
  CHECK(axis.over({window(1, 90000, 90001)}));
}

TEST_CASE("time_axis: nothing sent and nothing received give no window", "[report]") {
  const weir::time_axis axis;
  CHECK_FALSE(axis.over({}));
  CHECK_FALSE(axis.over({weir::file_window{}}));
  const auto only_sent = axis.over({weir::file_window{.file = 0, .first_ns = 5}});
  REQUIRE_FALSE(only_sent);
  CHECK(only_sent.error().detail == "no token came after the first byte sent");
}
