#include "weir/score/pattern.hpp"

#include <chrono>
#include <string>

#include "catch.hpp"
#include "weir/score/first_option.hpp"

namespace {
/// "whole/group", or "no match".
std::string found(std::string_view pattern, std::string_view text) {
  const auto match = weir::text_pattern(pattern).search(text);
  return match ? std::string(match->whole) + "/" + std::string(match->group) : "no match";
}
}  // namespace

// Every expected value is what Python 3.11's re.search(pattern, text, re.DOTALL) gives.
TEST_CASE("pattern: matches are those of Python's re", "[score]") {
  CHECK(found("ab?c", "xxacabc") == "ac/");
  CHECK(found("a\\s*(b)", "a a \n b") == "a \n b/b");
  CHECK(found("a\\s+([bc])", "ab a c") == "a c/c");
  CHECK(found("([AB]):", "A B:") == "B:/B");
  CHECK(found("1.\\s?(.*?)$", "21\n x\ny") == "1\n x\ny/x\ny");
  CHECK(found("x(\\S+)(?:z|$)", "xazbz c") == "xazbz/azb");
  CHECK(found("x(\\S+)(?:z|$)", "xab c") == "no match");
  CHECK(found("x(\\S+)(?:z|$)", "xab c xd") == "xd/d");
  CHECK(found("(\\s|^)[AB][\\s:\\.$]", "A. B ") == "A./");
  CHECK(found("(\\s|^)[AB][\\s:\\.$]", "xA. B$") == " B$/ ");
  CHECK(found("(?i)ans\\s*:\\s*([ab])", "An\xC5\xBF : B") == "An\xC5\xBF : B/B");  // a long s
  CHECK(found("is:?.*?b{([AB])}", "is: b{C} b{B} b{A}") == "is: b{C} b{B}/B");
  CHECK(found("so\\s?([AB][.$]?$)", "so A. so B$") == "so B$/B$");
  CHECK(found("[\\s:]([AB])[.]?$", "A: B") == " B/B");
  CHECK(found("[\\s:]([AB])[.]?$",
              "\xE3\x80\x80"
              "B.") ==
        "\xE3\x80\x80"
        "B./B");
  CHECK(found("^x\\s?([AB])", "a xA") == "no match");
  CHECK(found("^x\\s?([AB])", "x B") == "x B/B");
  CHECK(found("a(b)c(d)e", "abcde") == "abcde/b");
  CHECK(found("\\(?\\*?([AB])\\*?\\)?", "(*A*)") == "(*A*)/A");
  CHECK(found("a", "") == "no match");
  CHECK(found("\xE7\xAD\x94\xE6\xA1\x88\xE6\x98\xAF?([AB])",
              "\xE7\xAD\x94\xE6\xA1\x88"
              "B") ==
        "\xE7\xAD\x94\xE6\xA1\x88"
        "B/B");
  CHECK(found("b",
              "\xFF\xE7\xAD"
              "b") == "b/");  // bytes that are not UTF-8 are passed over
}

TEST_CASE("pattern: what it does not know is refused, not misread", "[score]") {
  CHECK_THROWS_AS(weir::text_pattern("a\\"), std::invalid_argument);
  CHECK_THROWS_AS(weir::text_pattern("[ab"), std::invalid_argument);
  CHECK_THROWS_AS(weir::text_pattern("(?:a|b)"), std::invalid_argument);
  CHECK_THROWS_AS(weir::text_pattern("a*b*c*d*e*"), std::invalid_argument);
}

TEST_CASE("pattern: hostile texts take linear time", "[score]") {
  // Each made so that a backtracking search is quadratic: 3 MB of them would take minutes.
  const auto repeated = [](std::string_view piece) {
    std::string text;
    while (text.size() < 3'000'000) text += piece;
    return text;
  };
  for (const std::string_view piece : {"\u7b54\u6848\u662f", "The correct answer is boxed{", "\u7b54\u6848 ",
                                       "ANSWER : ", "1", " ", "\u9009 ", "\u6240\u4ee5"}) {
    const std::string text = "x" + repeated(piece) + " x";
    const auto start = std::chrono::steady_clock::now();
    (void)weir::first_option(text);
    CAPTURE(piece);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  }
}
