#include "weir/stats/log_histogram.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

/// Latencies of all sizes, from a nanosecond to about a minute, and some zeros.
std::vector<double> latencies(std::size_t count) {
  weir::random_stream random(5);
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(random.below(50) == 0 ? 0 : std::exp(random.uniform() * 24.8));
  return out;
}

}  // namespace

TEST_CASE("log_histogram: every value read back is within its bound of the true one", "[stats][property]") {
  auto values = latencies(5000);
  weir::log_histogram histogram;
  for (const double value : values) histogram.add(value);
  std::ranges::sort(values);
  REQUIRE(histogram.count() == values.size());
  for (std::size_t rank = 0; rank < values.size(); ++rank) {
    CAPTURE(rank, values[rank]);
    CHECK(std::abs(histogram.value_at(rank) - values[rank]) <= values[rank] * weir::log_histogram::relative_error);
  }
}

TEST_CASE("log_histogram: merged shards are the whole, bit for bit, in any order", "[stats][property]") {
  const auto values = latencies(3000);
  weir::log_histogram whole;
  for (const double value : values) whole.add(value);
  const std::size_t count = GENERATE(1U, 2U, 3U, 7U, 64U);
  std::vector<weir::log_histogram> shards(count);
  for (std::size_t i = 0; i < values.size(); ++i) shards[i % count].add(values[i]);
  weir::log_histogram forward, backward;
  for (const auto& shard : shards) forward.merge(shard);
  for (auto shard = shards.rbegin(); shard != shards.rend(); ++shard) backward.merge(*shard);
  CHECK(forward == whole);
  CHECK(backward == whole);
}

TEST_CASE("log_histogram: times count, zero is exact, and nothing merges as nothing", "[stats]") {
  weir::log_histogram h, empty;
  h.add(0, 3);
  h.add(1024, 2);
  h.add(7, 0);
  h.merge(empty);
  empty.merge(h);
  CHECK(empty == h);
  CHECK(h.count() == 5);
  CHECK(h.value_at(2) == 0);
  CHECK(h.value_at(3) == 1024.5);  // the middle of [1024, 1025)
  std::vector<std::pair<double, std::uint64_t>> buckets;
  h.for_each([&](double value, std::uint64_t times) { buckets.emplace_back(value, times); });
  CHECK(buckets == std::vector<std::pair<double, std::uint64_t>>{{0, 3}, {1024.5, 2}});
}
