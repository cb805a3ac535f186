#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/report/hash_set.hpp"
#include "weir/report/natural_order.hpp"

TEST_CASE("natural_order: numbers in names compare as numbers", "[report]") {
  const std::vector<std::string> sorted{"",    "0",    "2",     "10",     "a",      "a2",
                                        "a2b", "a10b", "a10b9", "a10b10", "gpu-09", "gpu-10"};
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      CAPTURE(sorted[i], sorted[j]);
      CHECK(weir::natural_less(sorted[i], sorted[j]) == (i < j));
    }
}

TEST_CASE("natural_order: is an order even where zeros lead and numbers are long", "[report][property]") {
  const std::vector<std::string> names{
      "1", "01", "001", "1a", "01a", "99999999999999999999999", "100000000000000000000000", "a", "a0", "a00", "0a"};
  for (const auto& a : names)
    for (const auto& b : names) {
      CAPTURE(a, b);
      CHECK((weir::natural_less(a, b) + weir::natural_less(b, a) + (a == b)) == 1);
      for (const auto& c : names)
        if (weir::natural_less(a, b) && weir::natural_less(b, c)) CHECK(weir::natural_less(a, c));
    }
}

TEST_CASE("hash_set: agrees with std::set on what is new", "[report][property]") {
  weir::random_stream random(2);
  weir::hash_set ours;
  std::set<std::uint64_t> theirs;
  CHECK(ours.insert(0));
  CHECK_FALSE(ours.insert(0));
  theirs.insert(1);  // 0 and 1 are one hash here
  for (int i = 0; i < 20000; ++i) {
    const auto hash = weir::mix64(random.below(8000) + 2);
    REQUIRE(ours.insert(hash) == theirs.insert(hash).second);
    const auto never_before = weir::mix64(10'000 + static_cast<std::uint64_t>(i));
    if (i % 3 == 0) ours.insert_new(never_before), theirs.insert(never_before);
    if (i % 6 == 0) REQUIRE_FALSE(ours.insert(never_before));
  }
  CHECK(ours.size() == theirs.size());
}
