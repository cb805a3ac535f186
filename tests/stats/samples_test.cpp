#include "weir/stats/samples.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

std::vector<double> gaps(std::size_t count) {
  weir::random_stream random(11);
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(std::floor(random.exponential(5e6)));
  return out;
}

struct figures {
  std::size_t count;
  double mean, std, p50, p99;
  bool operator==(const figures&) const = default;
};
figures of(weir::sample_set& set) {
  const auto m = set.describe();
  return {set.count(), m.mean, m.std, set.percentile(50), set.percentile(99)};
}

}  // namespace

TEST_CASE("samples: few values give exact figures", "[stats]") {
  weir::sample_set set(10);
  for (const double value : {9.0, 1.0, 4.0}) set.add(value);
  set.add(2.0, 2);
  CHECK(set.exact());
  CHECK(set.count() == 5);
  CHECK(set.value_at(1) == 2);
  CHECK(set.percentile(50) == 2);
  CHECK(set.percentile(100) == 9);
  CHECK(std::isinf(set.percentile(100, 1)));
  CHECK(set.describe().mean == Approx(3.6).epsilon(1e-15));
  CHECK(std::isnan(weir::sample_set().percentile(50)));
}

TEST_CASE("samples: many values are counted, within the histogram's bound and with the exact mean", "[stats]") {
  auto values = gaps(2000);
  weir::sample_set few(5000), many(100);
  for (const double value : values) few.add(value), many.add(value);
  CHECK(few.exact());
  CHECK_FALSE(many.exact());
  CHECK(many.count() == 2000);
  CHECK(many.describe().mean == Approx(few.describe().mean).epsilon(1e-12));
  CHECK(many.describe().std == Approx(few.describe().std).epsilon(1e-3));
  for (const double p : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    CAPTURE(p);
    CHECK(many.percentile(p) == Approx(few.percentile(p)).epsilon(weir::log_histogram::relative_error));
  }
}

TEST_CASE("samples: neither order nor sharding changes a figure, on both sides of the limit", "[stats][property]") {
  const std::size_t limit = GENERATE(100U, 1500U, 2000U, 5000U);
  const std::size_t shards = GENERATE(1U, 2U, 5U, 40U);
  const auto values = gaps(2000);
  weir::sample_set whole(limit), merged(limit);
  for (const double value : values) whole.add(value);
  std::vector<weir::sample_set> parts(shards, weir::sample_set(limit));
  for (std::size_t i = values.size(); i-- > 0;) parts[i % shards].add(values[i]);
  for (auto& part : parts) merged.merge(std::move(part));
  CHECK(whole.exact() == (limit >= 2000));
  CHECK(merged.exact() == whole.exact());
  CHECK(of(merged) == of(whole));
}

TEST_CASE("samples: a value that comes several times counts as often, whenever the limit is passed",
          "[stats][property]") {
  const std::size_t limit = GENERATE(0U, 5U, 100U, 10000U);
  const std::size_t shards = GENERATE(1U, 3U);
  std::vector<weir::sample_set> parts(shards, weir::sample_set(limit));
  weir::sample_set merged(limit), reversed(limit);
  double sum = 0;
  for (std::uint32_t i = 1; i <= 300; ++i) {  // an event of `times` tokens that took 1000 * i ns
    const std::uint32_t times = i % 7 + 1, back = 301 - i, back_times = back % 7 + 1;
    parts[i % shards].add(1000.0 * i / times, times);
    reversed.add(1000.0 * back / back_times, back_times);
    sum += 1000.0 * i;
  }
  for (auto& part : parts) merged.merge(std::move(part));
  CHECK(merged.exact() == (limit == 10000));
  CHECK(of(merged) == of(reversed));
  CHECK(merged.describe().mean == Approx(sum / static_cast<double>(merged.count())).epsilon(1e-15));
}

TEST_CASE("samples: the mean of a histogram is right where the sum of its values is beyond 64 bits", "[stats]") {
  weir::sample_set many(10), shard(10);
  for (int i = 0; i < 20; ++i) many.add(1e18), shard.add(3e18);
  many.add(1e9, 2'000'000'000), shard.add(3e9, 2'000'000'000);
  many.merge(std::move(shard));
  CHECK(many.describe().mean == Approx(88e18 / 4'000'000'040.0).epsilon(1e-12));
}

TEST_CASE("samples: figures are those of the values as they are when asked", "[stats]") {
  const auto values = gaps(5000);
  weir::sample_set set;
  std::vector<double> sorted;
  for (std::size_t i = 0; i < values.size(); ++i) {
    set.add(values[i]);
    sorted.insert(std::ranges::upper_bound(sorted, values[i]), values[i]);
    if (i % 500 > 1) continue;
    const std::vector<double> asked{0, 50, 99.9};
    const auto m = i % 1000 > 1 ? set.describe(asked) : set.describe();  // alone, and together with percentiles
    CHECK(m.mean == weir::moments_of(std::span(values).first(i + 1)).mean);
    CHECK(m.std == weir::moments_of(sorted).std);
    CHECK((m.min == sorted.front() && m.max == sorted.back()));
    for (const double p : {0.0, 10.0, 50.0, 99.9, 100.0}) CHECK(set.percentile(p) == weir::percentile(sorted, p));
    CHECK(set.percentile(50, 7) == weir::percentile(sorted, 50, 7));
  }
}
