#include "weir/stats/moments.hpp"

#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

// Expected values: numpy 2.4.6, np.mean and np.std (population).
TEST_CASE("moments: agree with numpy, also far from zero", "[stats]") {
  const auto near = weir::moments_of(std::vector<double>{3.5, 1.25, 9, 4, 4, 7.75, 0.125});
  CHECK(near.count == 7);
  CHECK(near.mean == Approx(4.232142857142857).epsilon(1e-14));
  CHECK(near.std == Approx(2.9643932854836264).epsilon(1e-14));
  CHECK(near.min == 0.125);
  CHECK(near.max == 9);

  std::vector<double> far(10);
  std::iota(far.begin(), far.end(), 1e9);
  CHECK(weir::moments_of(far).mean == Approx(1000000004.5).epsilon(1e-15));
  CHECK(weir::moments_of(far).std == Approx(2.8722813232690143).epsilon(1e-9));

  std::vector<double> squares;
  for (int i = 0; i <= 100; ++i) squares.push_back(i * i / 7.0);
  const auto y = weir::moments_of(squares);
  CHECK(y.mean == Approx(478.57142857142844).epsilon(1e-14));
  CHECK(y.std == Approx(430.4205347502531).epsilon(1e-14));
}

TEST_CASE("moments: equal values have no width, and their mean is theirs, whatever they are and how many",
          "[stats][property]") {
  weir::random_stream random(5);
  for (std::size_t n = 1; n < 400; ++n) {
    const double value = n % 3 == 0 ? -random.uniform() : 1e9 * random.uniform();
    const auto m = weir::moments_of(std::vector<double>(n, value));
    CAPTURE(n, value);
    REQUIRE(m.mean == value);
    REQUIRE(m.std == 0);
  }
}

TEST_CASE("moments: of nothing are not numbers, of one value have no width", "[stats]") {
  const auto none = weir::moments_of({});
  CHECK(none.count == 0);
  CHECK((std::isnan(none.mean) && std::isnan(none.std) && std::isnan(none.min) && std::isnan(none.max)));
  const auto one = weir::moments_of(std::vector<double>{-3});
  CHECK((one.count == 1 && one.mean == -3 && one.std == 0 && one.min == -3 && one.max == -3));
}
