#include "weir/stats/percentile.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"

namespace {

/// A hundred and one values of all sizes, ascending.
std::vector<double> squares_over_seven() {
  std::vector<double> y;
  for (int i = 0; i <= 100; ++i) y.push_back(i * i / 7.0);  // = sorted((i*37 % 101)**2 / 7 for i in range(101))
  return y;
}

}  // namespace

// Expected values: numpy 2.4.6, float(np.percentile(x, p)), np.mean, np.std (population).
TEST_CASE("percentile: agrees with numpy to the last bit", "[stats]") {
  const std::vector<double> x{0.125, 1.25, 3.5, 4, 4, 7.75, 9};
  struct row {
    double p, expected;
  };
  for (const auto& [p, expected] :
       {row{0, 0.125}, row{1, 0.1925}, row{10, 0.8}, row{25, 2.375}, row{50, 4.0}, row{75, 5.875}, row{90, 8.25},
        row{95, 8.625}, row{99, 8.924999999999999}, row{99.9, 8.992500000000001}, row{100, 9.0}}) {
    CAPTURE(p);
    CHECK(weir::percentile(x, p) == expected);
  }
  const auto y = squares_over_seven();
  for (const auto& [p, expected] :
       {row{0.1, 0.014285714285714285}, row{12.5, 22.357142857142858}, row{50, 357.14285714285717},
        row{90, 1157.142857142857}, row{99, 1400.142857142857}, row{99.9, 1425.7285714285717}}) {
    CAPTURE(p);
    CHECK(weir::percentile(y, p) == expected);
  }
  CHECK(weir::percentile(std::vector<double>{1, 2}, 99) == 1.99);
  CHECK(weir::percentile(std::vector<double>{1, 2, 3, 4, 5}, 99) == 4.96);
}

TEST_CASE("percentile: of nothing is not a number, of one value is that value", "[stats]") {
  CHECK(std::isnan(weir::percentile({}, 50)));
  for (const double p : {0.0, 50.0, 99.9, 100.0}) CHECK(weir::percentile(std::vector<double>{7}, p) == 7);
  const std::vector<double> two{1, 2};
  CHECK(weir::percentile(two, -5) == 1);
  CHECK(weir::percentile(two, 200) == 2);
}

TEST_CASE("percentile: a failure counts as a value that is never reached", "[stats]") {
  const std::vector<double> x{1, 2, 3, 4};
  constexpr double never = std::numeric_limits<double>::infinity();
  // Six attempts, ranks 0 to 5: ranks 4 and 5 are infinite; 60 % is rank 3.0, 61 % lies between 3 and 4.
  CHECK(weir::percentile(x, 50, 2) == 3.5);  // rank 2.5, between 3 and 4
  CHECK(weir::percentile(x, 60, 2) == 4);
  CHECK(weir::percentile(x, 61, 2) == never);
  CHECK(weir::percentile(x, 100, 2) == never);
  CHECK(weir::percentile({}, 0, 3) == never);
}

TEST_CASE("percentile: never decreases with p and stays within the values", "[stats][property]") {
  const auto y = squares_over_seven();
  double before = y.front();
  for (int tenth = 0; tenth <= 1000; ++tenth) {
    const double now = weir::percentile(y, tenth / 10.0);
    CHECK(now >= before);
    before = now;
  }
  CHECK(before == y.back());
}
