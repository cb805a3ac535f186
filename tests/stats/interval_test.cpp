#include "weir/stats/interval.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/stats/percentile.hpp"

// Expected ranks: scipy 1.17.1, from scipy.stats.binom.cdf(k, n, p): low is the largest k with cdf <= 0.025, high the
// smallest with cdf >= 0.975. The median's for n = 100, values 40 and 61 from 1, stands in every textbook.
TEST_CASE("interval: ranks are those of the binomial distribution", "[stats]") {
  struct row {
    std::size_t n;
    double p;
    std::size_t low, high;
  };
  for (const auto& [n, p, low, high] :
       {row{6, 50, 0, 5}, row{10, 50, 1, 8}, row{100, 50, 39, 60}, row{36, 90, 28, 35}, row{50, 90, 40, 49},
        row{100, 90, 83, 95}, row{368, 99, 359, 367}, row{1000, 50, 468, 531}, row{1000, 99, 982, 996},
        row{1'000'000, 50, 499'019, 500'980}, row{1'000'000, 99, 989'804, 990'195}}) {
    CAPTURE(n, p);
    const auto ranks = weir::percentile_interval(n, p);
    REQUIRE(ranks);
    CHECK(ranks->low == low);
    CHECK(ranks->high == high);
  }
}

TEST_CASE("interval: a sample that is too small has none", "[stats]") {
  for (const std::size_t n : {0U, 1U, 5U}) CHECK_FALSE(weir::percentile_interval(n, 50));
  CHECK_FALSE(weir::percentile_interval(35, 90));
  CHECK_FALSE(weir::percentile_interval(367, 99));
  CHECK_FALSE(weir::percentile_interval(100, 0));
  CHECK_FALSE(weir::percentile_interval(100, 100));
}

TEST_CASE("interval: covers the true percentile as often as it says, for independent values", "[stats][property]") {
  weir::random_stream random(3);
  const double p = GENERATE(50.0, 90.0);
  const double truth = -std::log1p(-p / 100);  // of the exponential distribution with mean 1
  const auto ranks = weir::percentile_interval(200, p);
  REQUIRE(ranks);
  int covered = 0;
  constexpr int runs = 4000;
  for (int run = 0; run < runs; ++run) {
    std::vector<double> values;
    for (int i = 0; i < 200; ++i) values.push_back(random.exponential(1));
    std::ranges::sort(values);
    covered += values[ranks->low] <= truth && truth <= values[ranks->high];
  }
  const double share = static_cast<double>(covered) / runs;
  CHECK(share >= 0.94);  // nominal 0.95, at least, and the discrete ranks give up to 0.96
  CHECK(share <= 0.975);
}
