#include "weir/base/byte_pairs.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "weir/base/hash.hpp"

TEST_CASE("byte_pairs: no piece of a text is ever denied, and most of what is none is", "[base]") {
  weir::random_stream random(11);
  std::size_t denied = 0, absent = 0;
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (std::size_t i = 0, size = random.below(400); i < size; ++i) text += static_cast<char>(random.below(256));
    const weir::byte_pairs pairs(text);
    for (int piece = 0; piece < 50; ++piece) {
      const auto at = random.below(text.size() + 1);
      CHECK(pairs.may_hold(std::string_view(text).substr(at, random.below(20))));
      std::string other(4, '\0');
      for (auto& c : other) c = static_cast<char>(random.below(256));
      if (text.find(other) != text.npos) continue;
      ++absent;
      denied += !pairs.may_hold(other);
    }
  }
  CHECK(denied * 10 > absent * 9);  // a pair is seen by chance in at most 400 of 4096 slots
}
