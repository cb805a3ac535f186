#include "weir/openai/mock_text.hpp"

#include <set>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "weir/openai/mock_choice.hpp"

namespace {

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> all;
  weir::for_each_token(text, [&](std::string_view token) { all.emplace_back(token); });
  return all;
}

}  // namespace

TEST_CASE("mock text: a token is white space and up to eight bytes, no character cut", "[mock]") {
  CHECK(tokens_of("") == std::vector<std::string>{});
  CHECK(tokens_of("aaab aabc aacd aade") == std::vector<std::string>{"aaab", " aabc", " aacd", " aade"});
  CHECK(tokens_of(" w294\n\nw1") == std::vector<std::string>{" w294", "\n\nw1"});
  CHECK(tokens_of("abcdefghi") == std::vector<std::string>{"abcdefgh", "i"});
  CHECK(tokens_of("end  ") == std::vector<std::string>{"end", "  "});
  // Three bytes each: two fit into eight, three do not.
  CHECK(tokens_of("\u7B54\u6848\u662F") == std::vector<std::string>{"\u7B54\u6848", "\u662F"});
  CHECK(tokens_of("abcdefg\u7B54") == std::vector<std::string>{"abcdefg", "\u7B54"});
}

TEST_CASE("mock text: the tokens of any bytes, joined, are the bytes", "[mock][property]") {
  weir::random_stream random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto left = random.below(40); left > 0; --left)
      text.push_back(static_cast<char>(random.below(3) == 0 ? ' ' : random.below(256)));
    std::string joined;
    for (const auto& token : tokens_of(text)) {
      REQUIRE_FALSE(token.empty());
      joined += token;
    }
    REQUIRE(joined == text);
    REQUIRE(weir::count_tokens(text) == static_cast<std::int64_t>(tokens_of(text).size()));
  }
}

TEST_CASE("mock text: a text of words has as many tokens as words", "[mock][property]") {
  const bool wide = GENERATE(false, true);
  const weir::mock_words words(wide);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    weir::mock_choice choice(words, seed, 37);
    std::string text;
    std::vector<std::int64_t> ids;
    choice.say(5, text, &ids);
    choice.say(100, text, &ids);
    CHECK(weir::count_tokens(text) == 37);
    CHECK(ids.size() == 37);
    CHECK(choice.said() == 37);
  }
}

TEST_CASE("mock text: words are the same in every run, differ between texts, and no digit or capital is in them",
          "[mock]") {
  const weir::mock_words words, again;
  std::set<std::string> seen;
  for (std::int64_t i = 0; i < 500; ++i) {
    const std::string word(words.word(1, i));
    CHECK(word == again.word(1, i));
    CHECK(word.size() == 5);
    CHECK(word.find_first_not_of(" abcdefghijklmnopqrstuvwxyz") == word.npos);
    seen.insert(word);
  }
  CHECK(seen.size() > 200);
  std::string one, two;
  weir::mock_choice(words, 1, 20).say(20, one);
  weir::mock_choice(words, 2, 20).say(20, two);
  CHECK(one != two);
}

TEST_CASE("mock choice: what is cut short says so and is not correct", "[mock]") {
  const weir::mock_words words;
  const weir::mock_answer answer{"The answer is 18.\n#### 18", "18", true};
  const auto length = weir::count_tokens(answer.text);
  const auto say_all = [](weir::mock_choice c) {
    std::string text;
    c.say(1'000'000, text);
    return std::pair{text, c};
  };
  const auto [text, whole] = say_all({words, 1, 0, answer});
  CHECK(text == answer.text);
  CHECK(whole.finish_reason() == "stop");
  CHECK(whole.correct());

  weir::mock_choice fits(words, 1, 0, answer);
  fits.limit(length, "length");
  CHECK(fits.finish_reason() == "stop");

  weir::mock_choice cut(words, 1, 0, answer);
  cut.limit(length - 1, "length");
  cut.limit(length, "stop");  // the smaller limit holds
  const auto [less, short_one] = say_all(cut);
  CHECK(answer.text.starts_with(less));
  CHECK(short_one.finish_reason() == "length");
  CHECK_FALSE(short_one.correct());

  const auto [thought, reasoned] = say_all({words, 1, 3, answer});
  CHECK(reasoned.length() == length + 3);
  CHECK(thought.ends_with(answer.text));
  CHECK_FALSE(weir::mock_choice(words, 1, 0, answer).correct());  // not said yet
}
