#include "weir/report/display_width.hpp"

#include "catch.hpp"

// Expected widths: Unicode 15.0's classes by character, and what xterm and VTE show.
TEST_CASE("display_width: letters are one column, ideographs two, marks none", "[report]") {
  CHECK(weir::display_width("") == 0);
  CHECK(weir::display_width("ttft p99") == 8);
  CHECK(weir::display_width("\xC3\xA9") == 1);                  // e with acute, one code point
  CHECK(weir::display_width("e\xCC\x81") == 1);                 // e, then U+0301
  CHECK(weir::display_width("\xE6\xA8\xA1\xE5\x9E\x8B") == 4);  // two ideographs
  CHECK(weir::display_width("\xED\x95\x9C\xEA\xB8\x80") == 4);  // two Hangul syllables
  CHECK(weir::display_width("\xEF\xBC\xA1") == 2);              // U+FF21, fullwidth A
  CHECK(weir::display_width("\xEF\xBD\xB1") == 1);              // U+FF71, halfwidth katakana
  CHECK(weir::display_width("\xF0\x9F\x98\x80") == 2);          // U+1F600
  CHECK(weir::display_width("\xE3\x80\x80") == 2);              // U+3000, ideographic space
  CHECK(weir::display_width("a\xE2\x80\x8B"
                            "b") == 2);                         // U+200B, zero width space
  CHECK(weir::display_width("\xE1\x84\x80\xE1\x85\xA1") == 2);  // Hangul from its parts: G wide, A none
  CHECK(weir::display_width("\xF0\xA0\x80\x80") == 2);          // U+20000, plane 2
  CHECK(weir::display_width("\xCE\xB1\xC2\xB1") == 2);          // ambiguous characters count one each
}

TEST_CASE("display_width: a byte that is not UTF-8 takes one column, as its replacement does", "[report]") {
  CHECK(weir::display_width("a\xFF"
                            "b") == 3);
  CHECK(weir::display_width("\xE6\xA8") == 2);
}

TEST_CASE("display_width: the tables are sorted and do not overlap", "[report]") {
  const auto ordered = [](const auto& ranges) {
    char32_t before = 0;
    for (const auto& range : ranges) {
      if (range.first <= before || range.last < range.first) return false;
      before = range.last;
    }
    return true;
  };
  CHECK(ordered(weir::detail::zero_width));
  CHECK(ordered(weir::detail::double_width));
}
