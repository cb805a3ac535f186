#include "weir/score/choice.hpp"

#include <simdjson.h>

#include <fstream>
#include <string>

#include "catch.hpp"
#include "weir/score/first_option.hpp"

TEST_CASE("choice: the rules read what the harnesses' own functions read", "[score]") {
  simdjson::dom::parser parser;
  const simdjson::dom::array rows =
      parser.load(WEIR_SOURCE_DIR "/tests/fixtures/golden/ceval_extract.json").get_array().value();
  REQUIRE(rows.size() >= 43);
  for (const simdjson::dom::element row : rows) {
    const std::string_view text = row["text"].get_string().value();
    CAPTURE(text);
    CHECK(weir::first_option(text) == row["first_option"].get_string().value());
    CHECK(weir::first_capital(text) == row["first_capital"].get_string().value());
    CHECK(weir::last_option(text) == row["last_option"].get_string().value());
    CHECK(weir::after_think(text) == row["after_think"].get_string().value());
  }
}

TEST_CASE("choice: the patterns are those of the source, in its order", "[score]") {
  std::ifstream file(WEIR_SOURCE_DIR "/tests/fixtures/golden/first_option_patterns.txt");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    REQUIRE(count < weir::first_option_patterns.size());
    CHECK(weir::first_option_patterns[count] == line);
  }
  CHECK(count == weir::first_option_patterns.size());
}

TEST_CASE("choice: reasoning is cut out where it is closed", "[score]") {
  CHECK(weir::after_think("<think>A</think> B <think>C</think> D\n") == "B  D");
  CHECK(weir::after_think("x</think>y</think> z ") == "z");
  CHECK(weir::after_think("a<think>b") == "a<think>b");
  CHECK(weir::after_think("a</think>b<think>c") == "a</think>b<think>c");  // opens, and never closes after that
  CHECK(weir::after_think("<think><think>a</think>b</think>c") == "b</think>c");
}
