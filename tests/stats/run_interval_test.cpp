#include "weir/stats/run_interval.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "autoregressive.hpp"
#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

constexpr auto median = [](std::vector<double>& values) {
  std::ranges::sort(values);
  return weir::percentile(values, 50);
};

bool holds(const std::optional<weir::value_interval>& interval, double truth) {
  return interval && interval->low <= truth && truth <= interval->high;
}

}  // namespace

TEST_CASE("run_interval: the effective sample is what the autocorrelation of a made process says", "[stats]") {
  for (const double r : {0.0, 0.5, 0.9}) {
    CAPTURE(r);
    const double expected = 20000 * (1 - r) / (1 + r);  // of the process, exactly
    CHECK(weir::effective_samples(autoregressive(20000, r, 7)) == Approx(expected).epsilon(0.25));
  }
  CHECK(weir::effective_samples(std::vector<double>(50, 3)) == 50);
}

TEST_CASE("run_interval: intervals hold the truth of a made process about as often as they say", "[stats][property]") {
  int mean = 0, middle = 0, high = 0, drawn = 0, given = 0;
  const int rounds = 200;
  const double p90 = 10 + 1.2815515655446004 / std::sqrt(1 - 0.36);  // normal, variance 1 / (1 - r^2)
  for (int i = 0; i < rounds; ++i) {
    const auto values = autoregressive(8000, 0.6, 100 + static_cast<std::uint64_t>(i));
    given += weir::value_run(values).mean().interval.has_value();
    mean += holds(weir::value_run(values).mean().interval, 10);
    middle += holds(weir::value_run(values).percentile(50).interval, 10);
    high += holds(weir::value_run(values).percentile(90).interval, p90);
    if (i < 60) drawn += holds(weir::block_bootstrap(std::span(values).first(2000), 60, median, 1, 200), 10);
  }
  CHECK(given == rounds);
  // 95 % of 200 is 190 +- 3.1; four standard deviations below. Seeds are fixed: this does not flicker.
  CHECK(mean >= 178);
  CHECK(middle >= 178);
  CHECK(high >= 178);
  CHECK(drawn >= 48);
  CHECK(mean + middle + high < 3 * rounds);  // and not always
}

TEST_CASE("run_interval: values that hang together have a wider interval than as many that do not", "[stats]") {
  const auto width = [](double r) {
    const auto e = weir::value_run(autoregressive(4000, r, 3)).percentile(50);
    REQUIRE(e.interval);
    return (e.interval->high - e.interval->low) * std::sqrt(1 - r * r);  // of values of one variance
  };
  // n (1 - r) / (1 + r) independent values: the square root of 4 at r = 0.6.
  CHECK(width(0.6) / width(0) == Approx(2).epsilon(0.25));
}

TEST_CASE("run_interval: too few values have no interval, and say how many would do", "[stats]") {
  const auto few = weir::value_run(autoregressive(100, 0.6, 3)).mean();  // worth about 25
  CHECK_FALSE(few.interval);
  CHECK((few.effective < 60 && few.needed == 60));
  CHECK(few.longer == Approx(60 / few.effective));
  CHECK(few.lack == weir::interval_lack::too_few);
  CHECK_FALSE(few.within(1e9));
  const auto tail = weir::value_run(autoregressive(600, 0, 3)).percentile(99);
  CHECK_FALSE(tail.interval);
  CHECK(tail.needed == Approx(1000));
  CHECK(weir::value_run(autoregressive(1500, 0, 3)).percentile(99).interval);
  CHECK(weir::value_run(autoregressive(600, 0, 3)).percentile(1).needed == Approx(1000));
  CHECK(weir::value_run(autoregressive(600, 0, 3)).percentile(90).needed == Approx(100));
  CHECK(std::isnan(weir::value_run({}).mean().value));
  CHECK(std::isnan(weir::value_run({}).percentile(50).value));
}

TEST_CASE("run_interval: the interval lies round the value, and narrows with the run", "[stats]") {
  const auto a = weir::value_run(autoregressive(4000, 0.3, 9)).percentile(90);
  REQUIRE(a.interval);
  CHECK((a.interval->low < a.value && a.value < a.interval->high));
  const auto width = [](std::size_t n) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const auto e = weir::value_run(autoregressive(n, 0.3, seed)).percentile(90);
      sum += e.interval ? e.interval->high - e.interval->low : std::nan("");
    }
    return sum;
  };
  CHECK(width(4000) / width(36000) == Approx(3).epsilon(0.2));
  CHECK(a.within(0.5));
  CHECK_FALSE(a.within(1e-6));
}

TEST_CASE("run_interval: swings that hide in noise do not hide from the interval", "[stats][property]") {
  // Memory 100, under noise of ten times its variance: worth 20000 / 19, not 20000.
  int held = 0;
  const int rounds = 100;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    auto values = autoregressive(20000, 0.99, seed);
    weir::random_stream random(1000 + seed);
    for (auto& v : values) v += 77 * (random.uniform() - 0.5);  // variance 494; of the process 1 / (1 - 0.99^2) = 50
    const auto e = weir::value_run(values).mean();
    REQUIRE(e.interval);
    CHECK(e.interval->high - e.value > 1.5 * (e.value - e.interval->low));  // what was not seen is slow
    held += holds(e.interval, 10);
  }
  CHECK(held >= 87);  // 95 % of 100 is 95 +- 2.2: four standard deviations below
}

TEST_CASE("run_interval: an open loop of fewer than 200 answers' time has no interval, a closed one of 10", "[stats]") {
  const auto values = autoregressive(4000, 0.3, 3);
  const auto of = [&](double at_once, bool open) {
    return weir::steady_estimate(values, 50, {at_once, open}).estimate;
  };
  const auto unknown = of(0, true), open = of(19, true), closed = of(19, false), narrow = of(300, false);
  REQUIRE((unknown.interval && open.interval && closed.interval && narrow.interval));
  CHECK(open.interval->low == unknown.interval->low);
  CHECK(open.interval->high > unknown.interval->high);  // it is hardly long enough
  CHECK(closed.interval->high < open.interval->high);   // its queue can't grow
  CHECK(narrow.interval->high > closed.interval->high);
  CHECK(narrow.interval->low < closed.interval->low);
  const auto e = of(50, true), few = of(500, false);
  CHECK_FALSE((e.interval || few.interval));
  CHECK(e.lack == weir::interval_lack::too_short);
  CHECK(e.longer == Approx(2.5));
  CHECK(weir::words_of_lack(e).ends_with(": a run about 2.5 times as long would do"));
  CHECK(few.lack == weir::interval_lack::few_rounds);
  CHECK(weir::words_of_lack(few) ==
        "it lasted less than 10 answers one after the other: a run about 1.3 times as long would do");
  CHECK(weir::estimate_of_part(weir::value_run(values), 50, false).lack == weir::interval_lack::not_steady);
  CHECK(weir::steady_estimate({}, 50).estimate.lack == weir::interval_lack::no_values);
}

TEST_CASE("run_interval: equal values are known exactly", "[stats]") {
  const std::vector<double> same(1000, 7.25);
  for (const auto& e : {weir::value_run(same).mean(), weir::value_run(same).percentile(50)}) {
    REQUIRE(e.interval);
    CHECK((e.value == 7.25 && e.interval->low == 7.25 && e.interval->high == 7.25));
  }
}

TEST_CASE("run_interval: the same seed draws the same blocks, and ten blocks are the least", "[stats]") {
  const auto values = autoregressive(599, 0.2, 3);
  CHECK_FALSE(weir::block_bootstrap(values, 60, median));
  const auto one = weir::block_bootstrap(values, 20, median, 5, 100),
             two = weir::block_bootstrap(values, 20, median, 5, 100);
  REQUIRE((one && two));
  CHECK((one->low == two->low && one->high == two->high && one->low < one->high));
}
