#include "weir/data/split.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "catch.hpp"
#include "weir/data/rows.hpp"

namespace {
std::vector<int> first_integers(int n) {
  std::vector<int> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}
}  // namespace

TEST_CASE("shard: the shards of any count partition the rows, in order", "[split][property]") {
  const auto n = GENERATE(0, 1, 2, 7, 64, 1000);
  const auto count = GENERATE(1, 2, 3, 8, 1001);
  const auto rows = first_integers(n);
  const auto sizes = weir::shard_sizes(static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(count));
  std::vector<int> seen;
  for (int i = 0; i < count; ++i) {
    CAPTURE(n, count, i);
    const auto mine = weir::shard(rows, i, count) | ranges::to<std::vector>();
    CHECK(mine.size() == sizes[static_cast<std::size_t>(i)]);
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    for (const int row : mine)
      CHECK(weir::stride_owner(static_cast<std::uint64_t>(row), static_cast<std::uint64_t>(count)) ==
            static_cast<std::uint64_t>(i));
    seen.insert(seen.end(), mine.begin(), mine.end());
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen == rows);
}

TEST_CASE("block: the blocks of any count, put one after the other, are the rows", "[split][property]") {
  const auto n = GENERATE(0, 1, 2, 7, 64, 1000);
  const auto count = GENERATE(1, 2, 3, 8, 1001);
  const auto rows = first_integers(n);
  const auto n_rows = static_cast<std::uint64_t>(n), shards = static_cast<std::uint64_t>(count);
  const auto sizes = weir::shard_sizes(n_rows, shards);
  std::vector<int> seen;
  for (std::uint64_t i = 0; i < shards; ++i) {
    CAPTURE(n, count, i);
    const auto mine = weir::block(rows, i, shards, n_rows) | ranges::to<std::vector>();
    CHECK(mine.size() == sizes[i]);
    for (const int row : mine) CHECK(weir::block_owner(static_cast<std::uint64_t>(row), n_rows, shards) == i);
    seen.insert(seen.end(), mine.begin(), mine.end());
  }
  CHECK(seen == rows);
}

TEST_CASE("shard: a stream is dealt without being held", "[split]") {
  using memory_rows = weir::basic_row_reader<weir::line_scanner, weir::memory_source>;
  memory_rows reader(weir::memory_source("a\nb\nc\nd\ne", 1), {1, 1});
  std::string mine;
  auto rows = reader.unheld();
  for (auto* row : weir::shard(rows, 1, 3)) row->pieces([&](std::string_view piece) { mine += piece; });
  CHECK(mine == "b\ne");
}

TEST_CASE("hash_owner: rows keep their worker when others come or go, and workers get even shares", "[split]") {
  CHECK(weir::hash_owner("question 17", 5) == weir::hash64("question 17") % 5);
  std::vector<int> shares(8);
  for (int i = 0; i < 80000; ++i) ++shares[weir::hash_owner("question " + std::to_string(i), 8)];
  for (const int share : shares) CHECK(std::abs(share - 10000) < 5 * 94);  // five standard deviations of a binomial
}

TEST_CASE("least_loaded: loads differ by at most the heaviest row", "[split][property]") {
  weir::random_stream random(5);
  for (const std::uint64_t count : {1U, 2U, 3U, 16U}) {
    weir::least_loaded workers(count);
    std::vector<double> loads(count);
    double heaviest = 0;
    for (int i = 0; i < 1000; ++i) {
      const double weight = std::floor(random.exponential(50));
      heaviest = std::max(heaviest, weight);
      loads[workers.owner(weight)] += weight;
      const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
      CHECK(*most - *least <= heaviest);
    }
  }
}

TEST_CASE("least_loaded: equal weights, and weights of nothing, give a stride", "[split]") {
  for (const double weight : {0.0, 1.0}) {
    weir::least_loaded workers(3);
    for (std::uint64_t i = 0; i < 20; ++i) CHECK(workers.owner(weight) == weir::stride_owner(i, 3));
  }
}

TEST_CASE("least_loaded: one heavy row leaves the rest to the others", "[split]") {
  weir::least_loaded workers(2);
  CHECK(workers.owner(10) == 0);
  for (int i = 0; i < 10; ++i) CHECK(workers.owner(1) == 1);
  CHECK(workers.owner(1) == 0);  // 10 each, and worker 0 has fewer rows
}
