#include "weir/stats/samples.hpp"

#include <algorithm>
#include <cmath>
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
  for (const auto& part : parts) merged.merge(part);
  CHECK(whole.exact() == (limit >= 2000));
  CHECK(merged.exact() == whole.exact());
  CHECK(of(merged) == of(whole));
}
