#include "weir/stats/value_list.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace {

std::vector<double> all_of(const weir::value_list& list) {
  std::vector<double> out;
  list.for_each_block([&](std::span<const double> block) { out.insert(out.end(), block.begin(), block.end()); });
  std::ranges::sort(out);
  return out;
}

/// The numbers begin, begin + 1, ...
std::vector<double> numbers(std::size_t begin, std::size_t count) {
  std::vector<double> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(static_cast<double>(begin + i));
  return out;
}

}  // namespace

TEST_CASE("value_list: holds what was put in, one by one and many at once", "[stats]") {
  const std::size_t count = GENERATE(0U, 1U, 5U, 1023U, 1024U, 1025U, 5000U);
  weir::value_list one, many;
  for (const double value : numbers(0, count)) one.push_back(value);
  many.append(numbers(0, count / 3));
  many.append(numbers(count / 3, count - count / 3));
  for (const auto* list : {&one, &many}) {
    CHECK(list->size() == count);
    CHECK(list->empty() == (count == 0));
    CHECK(all_of(*list) == numbers(0, count));
    if (count == 0) continue;
    CHECK(list->extent().least == 0);
    CHECK(list->extent().greatest == static_cast<double>(count - 1));
  }
}

TEST_CASE("value_list: takes another list, of any size, and goes on", "[stats]") {
  const std::size_t mine = GENERATE(0U, 3U, 1024U, 3000U), theirs = GENERATE(0U, 3U, 1024U, 3000U);
  weir::value_list list, other;
  list.append(numbers(0, mine));
  other.append(numbers(mine, theirs));
  list.append(std::move(other));
  list.push_back(static_cast<double>(mine + theirs));
  CHECK(list.size() == mine + theirs + 1);
  CHECK(all_of(list) == numbers(0, mine + theirs + 1));
  CHECK(list.extent().least == 0);
  CHECK(list.extent().greatest == static_cast<double>(mine + theirs));
}
