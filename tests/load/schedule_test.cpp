#include "weir/load/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> gaps_s(const std::vector<std::int64_t>& times) {
  std::vector<double> gaps;
  std::int64_t last = 0;
  for (const auto t : times) {
    gaps.push_back(static_cast<double>(t - last) / 1e9);
    last = t;
  }
  return gaps;
}

}  // namespace

TEST_CASE("schedule: an infinite rate has no times, an infinite burstiness has equal gaps", "[load]") {
  CHECK(weir::arrival_times(10, {})->empty());
  const auto even = weir::arrival_times(1'000'000, {.rate = 3, .burstiness = infinity});
  REQUIRE(even);
  CHECK((*even)[0] == 333'333'333);
  CHECK((*even)[2] == 1'000'000'000);
  CHECK(even->back() == 333'333'333'333'333);  // no drift after a million
}

TEST_CASE("schedule: gaps have the mean and the spread that rate and burstiness ask for", "[load][property]") {
  const auto burstiness = GENERATE(0.25, 0.8, 1.0, 4.0, 50.0);
  const auto rate = GENERATE(0.5, 1000.0);
  CAPTURE(burstiness, rate);
  const auto times = weir::arrival_times(200'000, {.rate = rate, .burstiness = burstiness, .seed = 7});
  REQUIRE(times);
  CHECK(std::is_sorted(times->begin(), times->end()));
  double sum = 0, squares = 0, cubes = 0;
  const auto gaps = gaps_s(*times);
  for (const double g : gaps) sum += g;
  const double mean = sum / 200'000;
  for (const double g : gaps) squares += (g - mean) * (g - mean), cubes += std::pow(g - mean, 3);
  const double deviation = std::sqrt(squares / 200'000);
  CHECK(mean * rate == Approx(1).epsilon(0.02));
  CHECK(deviation * rate == Approx(1 / std::sqrt(burstiness)).epsilon(0.03));
  // A gamma distribution's skewness is 2 / sqrt(shape): mean and spread alone would not tell it from others.
  CHECK(cubes / 200'000 / std::pow(deviation, 3) == Approx(2 / std::sqrt(burstiness)).epsilon(0.12));
}

TEST_CASE("schedule: exponential gaps are exponential, not only on average", "[load][property]") {
  auto gaps = gaps_s(*weir::arrival_times(100'000, {.rate = 1, .seed = 3}));
  std::sort(gaps.begin(), gaps.end());
  for (const double quantile : {0.1, 0.5, 0.9, 0.99})
    CHECK(gaps[static_cast<std::size_t>(quantile * 100'000)] == Approx(-std::log(1 - quantile)).epsilon(0.04));
}

TEST_CASE("schedule: a seed is a schedule, and a longer run only adds to it", "[load]") {
  const weir::arrival_options options{.rate = 10, .burstiness = 0.5, .seed = 42};
  const auto shorter = *weir::arrival_times(100, options), longer = *weir::arrival_times(200, options);
  CHECK(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  CHECK(*weir::arrival_times(100, {.rate = 10, .burstiness = 0.5, .seed = 43}) != shorter);
}

TEST_CASE("schedule: what is no rate or no burstiness is refused", "[load]") {
  for (const double bad : {0.0, -1.0, std::nan(""), -infinity}) {
    CHECK_FALSE(weir::arrival_times(1, {.rate = bad}));
    CHECK_FALSE(weir::arrival_times(1, {.rate = 1, .burstiness = bad}));
  }
  CHECK_FALSE(weir::arrival_times(100, {.rate = 1e-9}));
}

TEST_CASE("schedule: a linear ramp's rate grows by the request's place, as vLLM's does", "[load]") {
  // vLLM: rate_i = start + (end - start) i / (n - 1); constant gaps make the sum of 1 / rate_i exact.
  const auto times =
      weir::arrival_times(5, {.burstiness = infinity, .rising = weir::ramp::linear, .ramp_from = 1, .ramp_to = 5});
  REQUIRE(times);
  const double sums[] = {1.0, 1.5, 1.5 + 1.0 / 3, 1.75 + 1.0 / 3, 1.95 + 1.0 / 3};
  for (std::size_t i = 0; i < 5; ++i) CHECK(static_cast<double>((*times)[i]) / 1e9 == Approx(sums[i]));
}

TEST_CASE("schedule: an exponential ramp multiplies the rate by the same factor each time", "[load]") {
  const auto times = weir::arrival_times(
      3, {.burstiness = infinity, .rising = weir::ramp::exponential, .ramp_from = 1, .ramp_to = 100});
  REQUIRE(times);
  CHECK((*times)[0] == 1'000'000'000);
  CHECK((*times)[1] == 1'100'000'000);
  CHECK((*times)[2] == 1'110'000'000);
}

TEST_CASE("schedule: vLLM's rescaling ends every run at count / rate and keeps the gaps' proportions", "[load]") {
  const auto plain = *weir::arrival_times(50, {.rate = 10, .burstiness = 0.5, .seed = 3});
  const auto stretched = *weir::arrival_times(50, {.rate = 10, .burstiness = 0.5, .seed = 3, .vllm_rescaled = true});
  CHECK(stretched.back() == 5'000'000'000);
  const double factor = 5e9 / static_cast<double>(plain.back());
  for (std::size_t i = 0; i < 50; ++i)
    CHECK(static_cast<double>(stretched[i]) == Approx(static_cast<double>(plain[i]) * factor));
}

TEST_CASE("schedule: a ramp without two rates, or beside a rate, is refused", "[load]") {
  CHECK_FALSE(weir::arrival_times(3, {.rising = weir::ramp::linear, .ramp_from = 0, .ramp_to = 5}));
  CHECK_FALSE(weir::arrival_times(3, {.rate = 1, .rising = weir::ramp::linear, .ramp_from = 1, .ramp_to = 5}));
}
