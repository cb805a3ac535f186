#include "weir/stats/radix_sort.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

TEST_CASE("radix_sort: gives what std::sort gives, for every size and spread", "[stats][property]") {
  const std::size_t count = GENERATE(0U, 1U, 2U, 2047U, 2048U, 5000U, 20000U);
  const int spread = GENERATE(0, 1, 2, 3);
  weir::random_stream random(count + 1);
  std::vector<double> ours;
  for (std::size_t i = 0; i < count; ++i) {
    const double u = random.uniform();
    ours.push_back(spread == 0   ? std::floor(u * 1e9)       // nanoseconds
                   : spread == 1 ? std::exp(u * 1400 - 700)  // every exponent
                   : spread == 2 ? std::floor(u * 3)         // many equal ones
                                 : 7);
  }
  if (count > 4) ours[3] = 0, ours[4] = std::numeric_limits<double>::max();
  auto theirs = ours;
  std::sort(theirs.begin(), theirs.end());
  weir::radix_sort(ours);
  CHECK(ours == theirs);
}
