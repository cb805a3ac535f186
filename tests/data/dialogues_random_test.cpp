#include "weir/data/dialogues_random.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "catch.hpp"

using weir::random_dialogues;

TEST_CASE("dialogues_random: turns of words, each going on from the one before", "[data]") {
  const random_dialogues make{.first = {.input_len = 20, .output_len = 5, .prefix_len = 3, .seed = 1},
                              .later_len = 8,
                              .least_turns = 3,
                              .most_turns = 3,
                              .think_ns = 7};
  const auto all = make.at(4);
  REQUIRE(all.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(all[k].id == "4/" + std::to_string(k));
    CHECK(all[k].session == "4");
    CHECK(all[k].turn == static_cast<std::int64_t>(k));
    CHECK(all[k].continues == (k > 0));
    CHECK(all[k].form == weir::prompt_form::text);
    CHECK(all[k].max_tokens == 5);
    CHECK(std::count(all[k].content.begin(), all[k].content.end(), ' ') == (k == 0 ? 22 : 8));
    CHECK(all[k].content.starts_with("\" ") == (k > 0));
    CHECK(all[k].think_ns == (k == 0 ? weir::unmeasured : 7));
    CHECK(all[k].tokens_in_asked == (k == 0 ? 23 : weir::unmeasured));
  }
  CHECK(all[1].content != all[2].content);
  CHECK(all[1].content != make.at(5)[1].content);
  CHECK(all[2].content == make.at(4)[2].content);
}

TEST_CASE("dialogues_random: numbers of turns are drawn evenly", "[data]") {
  const random_dialogues make{.first = {.input_len = 1, .output_len = 1}, .least_turns = 2, .most_turns = 5};
  std::map<std::size_t, int> counts;
  for (std::uint64_t i = 0; i < 2000; ++i) ++counts[make.at(i).size()];
  REQUIRE(counts.size() == 4);
  for (const auto& [turns, count] : counts) {
    CHECK((turns >= 2 && turns <= 5));
    CHECK(count > 420);  // 500, four standard deviations of 19.4
    CHECK(count < 580);
  }
  CHECK_FALSE(random_dialogues{.first = {}, .least_turns = 3, .most_turns = 2}.check());
  CHECK_FALSE(random_dialogues{.first = {}, .least_turns = 0, .most_turns = 2}.check());
}
