#include "weir/trace/overlap.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

/// What a process of its own needs at most beside what it began with, for `count` intervals that `order` gives a place.
/// \return  bytes an interval; less than 0: it could not be told.
template <class Order>
double peak_bytes_each(std::int64_t count, Order order) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto peak = [] {
      rusage used{};
      ::getrusage(RUSAGE_SELF, &used);
      return used.ru_maxrss;
    };
    const long before = peak();
    weir::interval_union set;
    for (std::int64_t i = 0; i < count; ++i) set.add(10 * order(i), 10 * order(i) + 5);
    const double each = set.total_ns() == 5 * count ? static_cast<double>(peak() - before) * 1024 : -1;
    const double bytes = each / static_cast<double>(count);
    ::_exit(::write(ends[1], &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
  }
  double bytes = -1;
  const bool told = child > 0 && ::read(ends[0], &bytes, sizeof bytes) == sizeof bytes;
  ::close(ends[0]), ::close(ends[1]);
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && told && status == 0 ? bytes : -1;
}

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

TEST_CASE("overlap: late pieces are merged with all that they touch, before and behind", "[trace]") {
  weir::random_stream random(GENERATE(range(1U, 20U)));
  weir::interval_union at_once, late;
  std::vector<std::pair<std::int64_t, std::int64_t>> all;
  for (int i = 0; i < 30000; ++i) {
    const auto begin = static_cast<std::int64_t>(random.below(1'000'000));
    all.emplace_back(begin, begin + static_cast<std::int64_t>(random.below(i % 100 == 0 ? 5000 : 20)));
  }
  for (const auto& [begin, end] : all) late.add(begin, end);
  std::sort(all.begin(), all.end());
  for (const auto& [begin, end] : all) at_once.add(begin, end);
  CHECK(late.pieces() == at_once.pieces());
  std::int64_t covered = 0, until = 0;
  for (const auto& [begin, end] : all) {
    covered += std::max<std::int64_t>(0, end - std::max(begin, until));
    until = std::max(until, end);
  }
  CHECK(late.total_ns() == covered);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they keep what was freed
TEST_CASE("overlap: an interval takes at most 24 bytes, in whatever order they come", "[trace]") {
  constexpr std::int64_t count = 500'000;
  const auto in_turn = peak_bytes_each(count, [](auto i) { return i; });
  const auto backwards = peak_bytes_each(count, [](auto i) { return count - 1 - i; });
  const auto any = peak_bytes_each(count, [](auto i) { return i * 7919 % count; });
  const auto by_halves = peak_bytes_each(count, [](auto i) { return i % 2 == 0 ? i / 2 : count - 1 - i / 2; });
  for (const double each : {in_turn, backwards, any, by_halves}) {
    CHECK(each >= 15);  // less than the intervals themselves is no measurement
    CHECK(each <= 24);
  }
}
#endif
