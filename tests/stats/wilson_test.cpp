#include "weir/stats/wilson.hpp"

#include <cmath>

#include "catch.hpp"

TEST_CASE("wilson: bounds are those that solve the normal equation", "[stats]") {
  // The definition itself, a second way: (share - p)^2 = z^2 p (1 - p) / n holds at both ends.
  const double z = 1.959963984540054;
  for (const auto& [k, n] : {std::pair(1, 10), std::pair(9, 10), std::pair(81, 263), std::pair(1305, 1319)}) {
    const auto i = weir::wilson_interval(static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(n));
    CAPTURE(k, n);
    CHECK(i.share == Approx(static_cast<double>(k) / n));
    CHECK(i.low < i.share);
    CHECK(i.share < i.high);
    for (const double p : {i.low, i.high})
      CHECK((i.share - p) * (i.share - p) == Approx(z * z * p * (1 - p) / n).epsilon(1e-9));
  }
  // Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
  const auto known = weir::wilson_interval(81, 263);
  CHECK(known.low == Approx(0.2553).margin(5e-5));
  CHECK(known.high == Approx(0.3662).margin(5e-5));
}

TEST_CASE("wilson: the ends of the scale are not left, and nothing is claimed of nothing", "[stats]") {
  const auto none = weir::wilson_interval(0, 20), all = weir::wilson_interval(20, 20);
  CHECK(none.low == 0);
  CHECK(none.high == Approx(0.1611).margin(5e-5));  // Newcombe 1998: 0 of 20
  CHECK(all.high == 1);
  CHECK(all.low == Approx(1 - none.high));
  CHECK(std::isnan(weir::wilson_interval(0, 0).low));
}
