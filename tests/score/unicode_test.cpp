#include "weir/score/unicode.hpp"

#include <string>

#include "catch.hpp"

TEST_CASE("unicode: digits, spaces and capitals are counted as Unicode 14 counts them", "[score]") {
  int digits = 0, spaces = 0, capitals = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    digits += weir::decimal_value(c) >= 0;
    spaces += weir::is_python_space(c);
    capitals += weir::is_capital(c);
  }
  CHECK(digits == 660);     // Python 3.11: sum(chr(c).isdecimal() for c in range(0x110000))
  CHECK(spaces == 29);      // isspace
  CHECK(capitals == 1951);  // isupper
}

TEST_CASE("unicode: characters of every kind are told apart", "[score]") {
  CHECK(weir::decimal_value(U'7') == 7);
  CHECK(weir::decimal_value(0xFF15) == 5);     // fullwidth five
  CHECK(weir::decimal_value(0x0669) == 9);     // Arabic-Indic nine
  CHECK(weir::decimal_value(0x1D7FF) == 9);    // monospace nine
  CHECK(weir::decimal_value(0x00B2) == -1);    // superscript two: a digit, not a decimal one
  CHECK(weir::decimal_value(0x4E94) == -1);    // the Chinese numeral five
  CHECK(weir::decimal_value(0x110035) == -1);  // a stray byte
  CHECK(weir::is_capital(0xFF21));
  CHECK(weir::is_capital(0x0130));
  CHECK_FALSE(weir::is_capital(0x01C5));  // titlecase
  CHECK_FALSE(weir::is_capital(0x4E00));
  CHECK_FALSE(weir::is_capital(0x110041));
}

TEST_CASE("unicode: strip takes spaces of every script from both ends only", "[score]") {
  CHECK(weir::python_strip(" \t\n a b \x1C\r") == "a b");
  CHECK(weir::python_strip("\xE3\x80\x80\xC2\xA0x y\xE2\x80\xA8\xE3\x80\x80") == "x y");
  CHECK(weir::python_strip("\xE3\x80\x80").empty());
  CHECK(weir::python_strip("").empty());
  CHECK(weir::python_strip("\x80\x80\x80\x80\x80") == "\x80\x80\x80\x80\x80");  // stray bytes are no spaces
  CHECK(weir::python_strip("\xE2\x80\x8B"
                           "a") ==
        "\xE2\x80\x8B"
        "a");  // zero width space is none
}
