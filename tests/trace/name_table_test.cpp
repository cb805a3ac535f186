#include "weir/trace/name_table.hpp"

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

TEST_CASE("name_table: values stand beside their names in order of appearance, as a map has them",
          "[trace][property]") {
  weir::random_stream random(GENERATE(range(1U, 30U)));
  weir::name_table<int> table;
  std::map<std::string, int> wanted;
  std::vector<std::string> order;
  const std::size_t distinct = 1 + random.below(300);
  for (int i = 0; i < 2000; ++i) {
    // Half of the names come in turn, as kernels of layers do, the others in any order; lengths from 0 to 3000 bytes.
    const std::size_t which = random.below(2) == 0 ? static_cast<std::size_t>(i) % distinct : random.below(distinct);
    const std::string name = std::string(which * 10, 'k') + (which == 0 ? "" : std::to_string(which));
    bool fresh = false;
    ++table.find_or_make(name, [&](int& value) { fresh = true, value = 100; });
    const auto last = table.last();
    REQUIRE(last < table.entries().size());
    CHECK(table.entries()[last].name == name);
    CHECK(&table.again(last) == &table.entries()[last].value);
    CHECK(fresh == !wanted.contains(name));
    if (fresh) order.push_back(name), wanted[name] = 100;
    ++wanted[name];
  }
  REQUIRE(table.entries().size() == order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    CHECK(table.entries()[i].name == order[i]);
    CHECK(table.entries()[i].value == wanted[order[i]]);
  }
}

TEST_CASE("name_table: a copy goes on by itself", "[trace]") {
  weir::name_table<int> first;
  const auto count = [](weir::name_table<int>& table, const char* name) { ++table.find_or_make(name, [](int&) {}); };
  for (const char* name : {"a", "b", "a", "b"}) count(first, name);
  weir::name_table<int> second = first;
  for (const char* name : {"a", "c"}) count(second, name);
  count(first, "a");
  REQUIRE(first.entries().size() == 2);
  CHECK(first.entries()[0].value == 3);
  REQUIRE(second.entries().size() == 3);
  CHECK(second.entries()[0].value == 3);
  CHECK(second.entries()[2].value == 1);
}
