#include "weir/stats/swings.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include "autoregressive.hpp"
#include "catch.hpp"

TEST_CASE("swings: counted by hand", "[stats]") {
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) values.push_back(i < 20 ? 1 : 3);  // one crossing of 2 in 39 steps
  CHECK(weir::swing_score(values, 2) == Approx((1 - 19.5) / (std::sqrt(39) / 2)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0 ? 1 : 3;  // in every step: more is no swing
  CHECK(weir::swing_score(values, 2) == 0);
  CHECK(weir::swing_score(std::vector<double>{1, 2, 3}, 2) == 0);  // too few to tell
}

TEST_CASE("swings: short stretches that stay on one side are found where long ones do not", "[stats]") {
  std::vector<double> values;  // up and down for 100 values each: of 3200 values 320 stretches of 10 see it
  for (int i = 0; i < 3200; ++i) values.push_back(i / 100 % 2);
  // Each of the 32 halves is ten stretches long, so that there are 31 crossings in 319 steps.
  CHECK(weir::swing_score(values, 0.5) == Approx((31 - 159.5) / (std::sqrt(319) / 2)));
}

TEST_CASE("swings: independent values pass, those that remember a stretch do not", "[stats][property]") {
  int independent = 0, long_memory = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    // Each of the four counts is nearly normal, and lower than this once in 4,300 times.
    const auto passes = [&](double r) { return weir::swing_score(autoregressive(6400, r, seed), 10) >= -3.5; };
    independent += passes(0), long_memory += passes(0.97);
  }
  CHECK(independent >= 99);  // of four counts: once in a thousand runs
  CHECK(long_memory == 0);   // 320 stretches of 20, memory 33
}
