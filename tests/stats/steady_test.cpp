#include "weir/stats/steady.hpp"

#include <vector>

#include "autoregressive.hpp"
#include "catch.hpp"

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
