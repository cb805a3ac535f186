#include "weir/stats/order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

TEST_CASE("order: a value by its rank is what std::sort puts there, for every size and spread", "[stats][property]") {
  const std::size_t count = GENERATE(1U, 2U, 5U, 300U, 5000U);
  const int spread = GENERATE(0, 1, 2, 3);
  weir::random_stream random(count + 1);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double u = random.uniform();
    values.push_back(spread == 0   ? std::floor(u * 1e9)       // nanoseconds
                     : spread == 1 ? std::exp(u * 1400 - 700)  // every exponent
                     : spread == 2 ? std::floor(u * 3)         // many equal ones
                                   : 7);
  }
  if (count > 4) values[0] = values[3] = 0, values[4] = std::numeric_limits<double>::max();
  if (count > 4) values[1] = std::numeric_limits<double>::denorm_min();
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  weir::order_statistics order;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(count, 400); ++i) {
    const std::size_t rank = i < 2 ? i * (count - 1) : random.below(count);
    wrong += order.value_at(values, rank) != sorted[rank];
  }
  CHECK(wrong == 0);
}
