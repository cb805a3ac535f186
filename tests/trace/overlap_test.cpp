#include "weir/trace/overlap.hpp"

#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

/// The same question asked moment by moment.
struct slow_set {
  std::vector<bool> covered = std::vector<bool>(400);
  void add(std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) covered[static_cast<std::size_t>(t)] = true;
  }
};

}  // namespace

TEST_CASE("overlap: unions, overlaps and exposed time agree with counting moments", "[trace][property]") {
  weir::random_stream random(GENERATE(range(1U, 40U)));
  weir::interval_union a, b;
  slow_set slow_a, slow_b;
  const auto fill = [&](weir::interval_union& fast, slow_set& slow, int count) {
    for (int i = 0; i < count; ++i) {
      const auto begin = static_cast<std::int64_t>(random.below(380));
      const auto end = begin + static_cast<std::int64_t>(random.below(20));
      fast.add(begin, end);
      slow.add(begin, end);
    }
  };
  fill(a, slow_a, static_cast<int>(random.below(60)));
  fill(b, slow_b, static_cast<int>(random.below(60)));

  std::int64_t in_a = 0, in_both = 0, in_a_only = 0, in_window = 0;
  for (std::size_t t = 0; t < slow_a.covered.size(); ++t) {
    in_a += slow_a.covered[t];
    in_both += slow_a.covered[t] && slow_b.covered[t];
    in_a_only += slow_a.covered[t] && !slow_b.covered[t];
    in_window += slow_a.covered[t] && t >= 100 && t < 200;
  }
  CHECK(a.total_ns() == in_a);
  CHECK(weir::overlap_ns(a, b) == in_both);
  CHECK(weir::overlap_ns(b, a) == in_both);
  CHECK(weir::exposed_ns(a, b) == in_a_only);
  CHECK(weir::clipped(a, 100, 200).total_ns() == in_window);
  for (std::size_t i = 1; i < a.pieces().size(); ++i) CHECK(a.pieces()[i - 1].end < a.pieces()[i].begin);
}

TEST_CASE("overlap: many intervals settle without changing the set", "[trace]") {
  weir::interval_union set;
  for (std::int64_t i = 0; i < 20000; ++i) set.add((i * 7919 % 20000) * 10, (i * 7919 % 20000) * 10 + 5);
  CHECK(set.total_ns() == 100000);
  CHECK(set.pieces().size() == 20000);
  set.add(0, 200000);
  CHECK(set.pieces().size() == 1);
}
