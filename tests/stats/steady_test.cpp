#include "weir/stats/steady.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

/// x[i] = r x[i-1] + noise: its autocorrelation at lag k is r^k, so that n values are worth n (1 - r) / (1 + r).
std::vector<double> autoregressive(std::size_t n, double r, std::uint64_t seed) {
  weir::random_stream random(seed);
  std::vector<double> out;
  double x = 0;
  for (std::size_t i = 0; i < n + 500; ++i) {
    double noise = -6;
    for (int k = 0; k < 12; ++k) noise += random.uniform();  // nearly normal, variance 1
    x = r * x + noise;
    if (i >= 500) out.push_back(10 + x);
  }
  return out;
}

}  // namespace

TEST_CASE("steady: MSER-5 cuts a made warm-up, and nothing of a steady run", "[stats]") {
  auto values = autoregressive(2000, 0.3, 1);
  const auto none = weir::mser5(values);
  CHECK((none.steady && none.skip < 400));
  for (std::size_t i = 0; i < 200; ++i) values[i] += 30 * (1 - static_cast<double>(i) / 200);
  const auto cut = weir::mser5(values);
  CHECK((cut.steady && cut.skip >= 150 && cut.skip < 500));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.05 * static_cast<double>(i);  // never steady
  CHECK_FALSE(weir::mser5(values).steady);
  CHECK_FALSE(weir::mser5(std::vector<double>(19, 1)).steady);
  CHECK(weir::mser5(std::vector<double>(100, 7.25)).skip == 0);
}

TEST_CASE("steady: the effective sample is what the autocorrelation of a made process says", "[stats]") {
  for (const double r : {0.0, 0.5, 0.9}) {
    CAPTURE(r);
    const double expected = 20000 * (1 - r) / (1 + r);  // of the process, exactly
    CHECK(weir::effective_samples(autoregressive(20000, r, 7)) == Approx(expected).epsilon(0.25));
  }
  CHECK(weir::effective_samples(std::vector<double>(50, 3)) == 50);
}

TEST_CASE("steady: intervals hold the truth of a made process about as often as they say", "[stats][property]") {
  int sectioned = 0, drawn = 0;
  const int rounds = 200;
  for (int i = 0; i < rounds; ++i) {
    const auto values = autoregressive(2000, 0.6, 100 + static_cast<std::uint64_t>(i));
    const auto a = weir::section_interval(values, weir::mean_figure());
    REQUIRE(a);
    sectioned += a->low <= 10 && 10 <= a->high;
    if (i >= 60) continue;
    const auto b = weir::block_bootstrap(values, 60, weir::percentile_figure(50), 1, 200);
    REQUIRE(b);
    drawn += b->low <= 10 && 10 <= b->high;  // the process is symmetric: its median is 10 too
  }
  // 95 % of 200 is 190 +- 3.1; four standard deviations below. Seeds are fixed: this does not flicker.
  CHECK(sectioned >= 178);
  CHECK(drawn >= 48);
}

TEST_CASE("steady: too few values have no interval, and the same seed gives the same one", "[stats]") {
  const auto values = autoregressive(599, 0.2, 3);
  CHECK_FALSE(weir::section_interval(values, weir::mean_figure()));
  CHECK_FALSE(weir::block_bootstrap(values, 60, weir::mean_figure()));
  const auto one = weir::block_bootstrap(values, 20, weir::mean_figure(), 5, 100);
  const auto two = weir::block_bootstrap(values, 20, weir::mean_figure(), 5, 100);
  REQUIRE((one && two));
  CHECK((one->low == two->low && one->high == two->high && one->low < one->high));
  CHECK(weir::precise_enough(10, one, 0.5));
  CHECK_FALSE(weir::precise_enough(10, one, 1e-6));
  CHECK_FALSE(weir::precise_enough(10, std::nullopt, 0.5));
}
