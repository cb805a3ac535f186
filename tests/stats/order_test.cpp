#include "weir/stats/order.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <span>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

TEST_CASE("order: a value by its rank is what std::sort puts there, for every size and spread", "[stats][property]") {
  const std::size_t count = GENERATE(1U, 2U, 5U, 300U, 5000U);
  const int spread = GENERATE(0, 1, 2, 3, 4);
  weir::random_stream random(count + 1);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double u = random.uniform();
    values.push_back(spread == 0   ? std::floor(u * 1e9)         // nanoseconds
                     : spread == 1 ? std::exp(u * 1400 - 700)    // every exponent
                     : spread == 2 ? std::floor(u * 3)           // many equal ones
                     : spread == 3 ? 6.45e8 + std::floor(u * 9)  // no more of them than buckets
                                   : 7);
  }
  if (count > 4 && spread < 3) {
    values[0] = values[3] = 0, values[2] = -0.0, values[4] = std::numeric_limits<double>::max();
    values[1] = std::numeric_limits<double>::denorm_min();
  }
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  weir::value_extent all;
  all.add(values);
  weir::order_statistics order(all, count);
  const auto parts = {std::span<const double>(values).first(count / 3),
                      std::span<const double>(values).subspan(count / 3)};
  for (const auto& part : parts) order.count(part);
  std::size_t wrong = 0;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < std::min<std::size_t>(count, 100); ++i) {
    const std::size_t ranks[] = {i == 0 ? count - 1 : random.below(count), random.below(count), i};
    order.ask(ranks);
    for (const auto& part : parts) order.collect(part);
    asked.insert(asked.end(), std::begin(ranks), std::end(ranks));
    for (const std::size_t rank : asked) wrong += order.value_at(rank) != sorted[rank];
  }
  CHECK(wrong == 0);
}
