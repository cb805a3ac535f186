#include "weir/data/prompt_words.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "weir/data/prompts_random.hpp"

using weir::prompt;

TEST_CASE("prompt_words: as many words as there were ids, and equal ids are equal words", "[data]") {
  prompt p;
  p.form = weir::prompt_form::token_ids;
  p.content = "[256,257,256,29999]";
  weir::to_words(p);
  CHECK(p.form == weir::prompt_form::text);
  CHECK(p.content == R"("the of the not")");
  CHECK(weir::count_words(p) == 4);
  const weir::random_prompts make{.input_len = 50, .prefix_len = 10};
  auto a = make.at(0), b = make.at(1);
  weir::to_words(a), weir::to_words(b);
  CHECK(weir::count_words(a) == 60);
  std::size_t same = 0, at = 0;
  for (; a.content[at] == b.content[at]; ++at) same += a.content[at] == ' ';
  CHECK(same >= 10);
}

TEST_CASE("prompt_words: made longer and shorter at the end, and the same again", "[data]") {
  prompt p;
  p.id = "7";
  p.content = R"("the of and")";
  weir::resize_words(p, 2);
  CHECK(p.content == R"("the of")");
  weir::resize_words(p, 9);
  CHECK(weir::count_words(p) == 9);
  CHECK(p.content.starts_with(R"("the of )"));
  const auto nine = p.content;
  weir::resize_words(p, 1);
  CHECK(p.content == R"("the")");
  weir::resize_words(p, 9);
  CHECK(p.content.substr(p.content.size() - 8) == nine.substr(nine.size() - 8));  // by id and place
}
