#include "weir/trace/kept_text.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

bool slowly(std::string_view kept, std::string_view text, bool digits) {
  if (kept.empty() || text.size() < kept.size()) return false;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (kept[i] != text[i] && !(digits && digit(kept[i]) && digit(text[i]))) return false;
  return true;
}

}  // namespace

TEST_CASE("kept_text: all forms compare as a byte by byte reading does", "[trace][property]") {
  weir::random_stream random(GENERATE(range(1U, 200U)));
  constexpr std::string_view alphabet("0123456789/:{}[]\", \n\x2f\x3a\xb0\xb9\xff\0", 26);
  std::string one;
  const std::size_t size = 1 + random.below(400);
  while (one.size() < size) one += alphabet[random.below(alphabet.size())];
  weir::kept_text kept;
  kept.keep(one);
  REQUIRE(kept.text() == one);
  for (int i = 0; i < 50; ++i) {
    std::string other = one;
    for (std::size_t changes = random.below(4); changes > 0; --changes) {
      const std::size_t at = random.below(size);
      other[at] = digit(other[at]) && random.below(4) > 0 ? static_cast<char>('0' + random.below(10))
                                                          : alphabet[random.below(alphabet.size())];
    }
    const std::string padded = other + "behind" + std::string(64, '9');
    const std::string_view text = std::string_view(padded).substr(0, size + random.below(7));
    CAPTURE(one, other);
    CHECK(kept.begins(text) == slowly(one, text, false));
    CHECK(kept.begins_but_digits(text) == slowly(one, text, true));
    CHECK(kept.compare_plain<false>(text.data()) == slowly(one, text, false));
    CHECK(kept.compare_plain<true>(text.data()) == slowly(one, text, true));
#if defined(WEIR_JSON_AVX)
    if (weir::detail::avx2_blocks::available) {
      CHECK(kept.compare_avx2<false>(text.data()) == slowly(one, text, false));
      CHECK(kept.compare_avx2<true>(text.data()) == slowly(one, text, true));
    }
    if (weir::detail::avx512_blocks::available) {
      CHECK(kept.compare_avx512<false>(text.data()) == slowly(one, text, false));
      CHECK(kept.compare_avx512<true>(text.data()) == slowly(one, text, true));
    }
#endif
  }
}

TEST_CASE("kept_text: nothing is kept of nothing, of what is too long, and of what is longer than the text",
          "[trace]") {
  weir::kept_text kept;
  const std::string text(weir::kept_text::most + 1 + 64, 'x');
  const auto first = [&](std::size_t size) { return std::string_view(text).substr(0, size); };
  CHECK_FALSE(kept.begins(first(100)));
  CHECK_FALSE(kept.begins_but_digits(first(100)));
  kept.keep(first(weir::kept_text::most));
  CHECK(kept.begins(first(weir::kept_text::most)));
  CHECK_FALSE(kept.begins(first(weir::kept_text::most - 1)));
  kept.keep(first(weir::kept_text::most + 1));
  CHECK_FALSE(kept.begins(first(weir::kept_text::most + 1)));
}
