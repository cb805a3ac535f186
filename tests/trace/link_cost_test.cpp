#include "weir/trace/link_cost.hpp"

#include <vector>

#include "catch.hpp"

namespace {

/// An all-reduce of `bytes` on `ranks` whose transfer takes `us`, of which the first rank waits 1000 us more.
weir::matched_collective all_reduce(std::int64_t bytes, std::int64_t ranks, double us) {
  weir::matched_collective m;
  m.collective = "all_reduce";
  m.group = "0";
  m.group_size = ranks;
  m.bytes = bytes;
  m.ranks = {0, 1};
  const auto end = static_cast<std::int64_t>(1000e3 + us * 1e3);
  m.begins = {0, 1'000'000};
  m.ends = {end, end};
  return m;
}

}  // namespace

TEST_CASE("link_cost: the line that transfers lie on is found, whatever the ranks waited", "[trace]") {
  // n = 4, alpha = 3 us, 1 / beta = 50 GB/s = 50000 B/us: T = 2 (n - 1) (alpha + S / n / 50000)
  std::vector<weir::matched_collective> all;
  for (const double size : {1e6, 2e6, 4e6, 8e6, 16e6})
    all.push_back(all_reduce(static_cast<std::int64_t>(size), 4, 6 * (3 + size / 4 / 50000)));
  const auto cost = fit_link_cost(all);
  CHECK(cost.reason.empty());
  CHECK(cost.samples == 5);
  CHECK(cost.alpha_us == Approx(3).epsilon(0.001));
  CHECK(cost.bytes_per_us == Approx(50000).epsilon(0.001));
}

TEST_CASE("link_cost: what does not make a line is said", "[trace]") {
  std::vector<weir::matched_collective> few(4, all_reduce(1000, 2, 5)), same(6, all_reduce(1000, 2, 5)), falling;
  for (int i = 0; i < 6; ++i) falling.push_back(all_reduce(1000 * (i + 1), 2, 50 - i));
  CHECK(fit_link_cost(few).reason.find("fewer than 5") == 0);
  CHECK(fit_link_cost(same).reason == "all matched all-reduces have one size");
  CHECK(fit_link_cost(falling).reason == "larger all-reduces were not slower");
}
