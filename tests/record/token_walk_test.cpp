#include "weir/record/token_walk.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catch.hpp"

namespace {

/// A walk over `text`, which is a part of something longer, as a row is.
struct walked {
  explicit walked(std::string_view text)
      : all(std::string(text) + std::string(40, '"')), walk({all.data(), text.size()}) {}
  std::string all;
  weir::detail::token_walk walk;
};

/// What is taken, whatever is guessed of its size.
std::string text_of(std::string_view inside) {
  std::string first;
  for (std::size_t guess = 0; guess < inside.size() + 3; ++guess) {
    walked w(std::string(inside) + "\"");
    std::string_view out;
    std::size_t size = guess;
    const auto taken = w.walk.take_text(out, size) ? std::string(out) : "none";
    if (guess == 0) first = taken;
    if (taken != first) return "depends on the guess";
  }
  return first;
}
bool skips(std::string_view inside) {
  bool skipped = false;
  for (std::size_t guess = 0; guess < inside.size() + 3; ++guess) {
    walked w(std::string(inside) + "\"");
    std::size_t size = guess;
    const bool now = w.walk.skip_text(size) && size == inside.size() && w.walk.skip('"') && w.walk.ended();
    REQUIRE((guess == 0 || now == skipped));  // whatever is guessed of its size
    skipped = now;
  }
  return skipped;
}

}  // namespace

TEST_CASE("token_walk: a plain text of any length is taken", "[record]") {
  for (std::size_t n = 0; n < 40; ++n) CHECK(text_of(std::string(n, 'x')) == std::string(n, 'x'));
}

TEST_CASE("token_walk: one odd byte anywhere makes a text the parser's", "[record]") {
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'x');
      text[place] = static_cast<char>(byte);
      CAPTURE(byte, place);
      const bool odd = byte < 0x20 || byte == '\\' || byte >= 0x80;
      const std::string taken = byte == '"' ? text.substr(0, place) : odd ? "none" : text;
      CHECK(text_of(text) == taken);
      CHECK(skips(text) ==
            (byte >= 0x20 && byte != '\\' && byte != '"' && byte < 0x80 ? true : place < 19 && byte == '\\'));
    }
}

TEST_CASE("token_walk: a text that nobody wants may have escapes and any UTF-8", "[record]") {
  CHECK(skips(R"(a \"quote\" and \\)"));
  CHECK(skips("\xE7\xAD\x94\xE6\xA1\x88"));
  CHECK_FALSE(skips("\xE7\xAD"));
  CHECK_FALSE(skips("\xFF"));
  CHECK_FALSE(skips(R"(\)"));  // its quote is escaped, and none follows
}

TEST_CASE("token_walk: a text without its end is none, whatever stands behind the line", "[record][hostile]") {
  for (std::size_t n = 0; n < 40; ++n) {
    walked w(std::string(n, 'x'));
    std::string_view out;
    std::size_t size = n % 3 * 10;
    CHECK_FALSE(w.walk.take_text(out, size));
    walked again(std::string(n, 'x'));
    size = n % 3 * 10;
    CHECK_FALSE(again.walk.skip_text(size));
  }
}

TEST_CASE("token_walk: bytes are compared to the last one", "[record]") {
  const std::string form = "0123456789abcdefghij" + std::string(8, '\0');
  for (std::size_t size = 0; size <= 20; ++size)
    for (std::size_t place = 0; place < size; ++place) {
      std::string text = form.substr(0, size);
      CHECK(walked(text).walk.same(form.data(), size));
      CHECK_FALSE(walked(text.substr(1)).walk.same(form.data(), size));
      text[place] ^= 1;
      CHECK_FALSE(walked(text).walk.same(form.data(), size));
    }
}

TEST_CASE("token_walk: numbers, null and arrays end where they end", "[record]") {
  std::int64_t out = 0;
  std::size_t size = 3;
  for (const auto* text : {"0,", "17,", "123456789012345678,", "null,"}) {
    walked w(text);
    REQUIRE(w.walk.take_number(out, size));
    CHECK(w.walk.skip(','));
    CHECK(w.walk.ended());
    CHECK(out == (text[0] == 'n' ? weir::unmeasured : std::atoll(text)));
  }
  for (const auto* text : {"01,", "-1,", "nul,", "1234567890123456789,", ",", "\"1\""})
    for (std::size_t guess = 0; guess < 17; ++guess) {
      walked bad(text);
      size = guess;
      CHECK_FALSE((bad.walk.take_number(out, size) && bad.walk.skip(',')));
    }
  walked w("[1,2.5,null, -3],");
  CHECK((w.walk.skip_numbers() && w.walk.skip(',') && w.walk.ended()));
  for (const auto* text : {"[1,[2]]", "[\"a\"]", "[{}]", "[1", "1]"}) {
    walked bad(text);
    CHECK_FALSE((bad.walk.skip_numbers() && bad.walk.ended()));
  }
}
