#include "weir/data/prompts_random.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"

using weir::random_prompts;

namespace {

std::vector<long> ids(const weir::prompt& p) {
  std::vector<long> out;
  for (const char* at = p.content.c_str() + 1; *at != ']' && *at != '\0'; at += *at == ',') {
    char* end = nullptr;
    out.push_back(std::strtol(at, &end, 10));
    at = end;
  }
  return out;
}
std::size_t common(const weir::prompt& a, const weir::prompt& b) {
  const auto x = ids(a), y = ids(b);
  return static_cast<std::size_t>(std::mismatch(x.begin(), x.end(), y.begin(), y.end()).first - x.begin());
}

}  // namespace

TEST_CASE("prompts_random: as many ids as asked for, and the record knows it", "[data]") {
  const random_prompts make{.input_len = 30, .output_len = 7, .prefix_len = 5, .seed = 3};
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto p = make.at(i);
    CHECK(ids(p).size() == 35);
    CHECK(p.tokens_in_asked == 35);
    CHECK(p.max_tokens == 7);
    for (const long id : ids(p)) CHECK((id >= 256 && id < 30000));
    CHECK(common(p, make.at(i + 1)) == 5);  // 1 / 29744 that a sixth is the same too: decided by the seed
  }
}

TEST_CASE("prompts_random: several prefixes take turns", "[data]") {
  const random_prompts make{.input_len = 10, .prefix_len = 20, .prefixes = 3};
  for (std::uint64_t i = 0; i < 12; ++i)
    for (std::uint64_t k = 0; k < i; ++k) CHECK(common(make.at(i), make.at(k)) == ((i - k) % 3 == 0 ? 20 : 0));
  const random_prompts one{.input_len = 10, .prefix_len = 20};
  CHECK(make.at(0).content == one.at(0).content);
  CHECK_FALSE(random_prompts{.prefixes = 0}.check());
}

TEST_CASE("prompts_random: a share of the prompts is warm, and begins with the same part", "[data]") {
  const random_prompts make{.input_len = 100, .warm_share = 0.3, .warm_part = 0.8, .seed = 1};
  std::map<std::vector<long>, int> starts;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    auto all = ids(make.at(i));
    REQUIRE(all.size() == 100);
    all.resize(80);
    ++starts[all];
  }
  const auto most =
      std::max_element(starts.begin(), starts.end(), [](auto& a, auto& b) { return a.second < b.second; });
  CHECK(most->second > 255);  // 300 by lot, three standard deviations of 14.5
  CHECK(most->second < 345);
  CHECK(starts.size() == 1001 - static_cast<std::size_t>(most->second));  // the others share nothing
  CHECK_FALSE(random_prompts{.warm_share = 1.5}.check());
}

TEST_CASE("prompts_random: lengths in and out vary each by its own ratio", "[data]") {
  const random_prompts make{.input_len = 100, .output_len = 100, .range_ratio = 0.1, .output_range_ratio = 0.5};
  std::set<std::int64_t> in, out;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const auto p = make.at(i);
    in.insert(p.tokens_in_asked), out.insert(p.max_tokens);
    CHECK(static_cast<std::int64_t>(ids(p).size()) == p.tokens_in_asked);
  }
  CHECK(*in.begin() == 90);
  CHECK(*in.rbegin() == 110);
  CHECK(*out.begin() == 50);
  CHECK(*out.rbegin() == 150);
}
