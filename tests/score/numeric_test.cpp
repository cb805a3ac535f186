#include "weir/score/numeric.hpp"

#include <string>

#include "catch.hpp"

namespace {
std::string read(std::string_view text) {
  return weir::numeric_answer(text).value_or("nothing");
}
std::string gold(std::string_view text) {
  return weir::numeric_gold(text).value_or("nothing");
}
}  // namespace

TEST_CASE("numeric: one value has one spelling", "[score]") {
  for (const std::string_view text : {"1250", "1,250", "$1250", "$1,250.00", "01250", "1250.", "**1,250**", "1250%",
                                      "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x95\xEF\xBC\x90", "it is 1,250 euros!"}) {
    CAPTURE(text);
    CHECK(read(text) == "1250");
  }
  CHECK(read("0.50") == "0.5");
  CHECK(read(".5") == "0.5");
  CHECK(read("$.75 each") == "0.75");
  CHECK(read("-0.0") == "0");
  CHECK(read("1,234,567.891") == "1234567.891");
  CHECK(read("123456789012345678901234567890") == "123456789012345678901234567890");
}

TEST_CASE("numeric: a comma joins thousands and nothing else", "[score]") {
  CHECK(read("3, 4") == "4");
  CHECK(read("1,23") == "23");
  CHECK(read("1,2345") == "2345");
  CHECK(read("1234,567") == "567");
  CHECK(read("12,345,6") == "6");
  CHECK(read("there are 5,000, no more") == "5000");
}

TEST_CASE("numeric: a minus is a sign where nothing is subtracted", "[score]") {
  CHECK(read("-5") == "-5");
  CHECK(read("= -5") == "-5");
  CHECK(read("-$5") == "-5");
  CHECK(read("$-5") == "-5");
  CHECK(read("\xE2\x88\x92"
             "5") == "-5");
  CHECK(read("16-3") == "3");
  CHECK(read("x-3") == "3");
  CHECK(read("(2)-3") == "3");
  CHECK(read("10--3") == "3");
}

TEST_CASE("numeric: the announced number counts, else the last", "[score]") {
  CHECK(read("She has 3 and buys 4. #### 7\n(2 more than before 5)") == "7");
  CHECK(read("The answer is 7. That is 2 more than 5.") == "7");
  CHECK(read("The answer is 7.5 because 2 + 5.5") ==
        "5.5");  // the last of its sentence: "answer: 2 + 5.5 = 7.5" is read too
  CHECK(read("so \\boxed{1,200} marbles, 3 each") == "1200");
  CHECK(read("ANSWER: $18\nThanks for 100 questions") == "18");
  CHECK(read("answer: 4\nNo, the answer is 5") == "5");
  CHECK(read("12 eggs; the answer is below.\n30") == "30");
  CHECK(read("12 eggs. The answer is twelve.") == "12");
  CHECK(read("x2 is 3") == "3");
  CHECK(read("is H2O") == "nothing");
  CHECK(read("") == "nothing");
  CHECK(read("none") == "nothing");
}

TEST_CASE("numeric: a gold is one number, or it is none", "[score]") {
  CHECK(gold("18") == "18");
  CHECK(gold(" 1,250\n") == "1250");
  CHECK(gold("$1,250.00") == "1250");
  CHECK(gold("-3") == "-3");
  CHECK(gold("+3") == "3");
  CHECK(gold("40%") == "40");
  CHECK(gold("2.5") == "2.5");
  for (const std::string_view text : {"", "answer", "B", "3 apples", "1 2", "3/4", "1,23"})
    CHECK(gold(text) == "nothing");
}
