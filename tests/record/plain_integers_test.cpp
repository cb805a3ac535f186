#include "weir/record/plain_integers.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

template <class Integer = std::int64_t>
std::string read(const std::string& text, char behind = '1') {
  const std::string padded =
      text + std::string(32, behind);  // a window's bytes: those of the next row, or of an old one
  std::vector<Integer> out;
  if (!weir::detail::plain_integers(padded.data(), padded.data() + text.size(), out)) return "the slow way";
  std::string words;
  for (const auto value : out) words += std::to_string(value) + " ";
  return words;
}

}  // namespace

TEST_CASE("plain_integers: integers of every length are read as std::to_string wrote them", "[record][property]") {
  weir::random_stream random(3);
  for (int round = 0; round < 300; ++round) {
    std::string text, expected;
    for (int i = 0; i < 5; ++i) {
      const auto value =
          static_cast<std::int64_t>(random.next() >> (5 + random.below(59))) * (random.below(2) ? 1 : -1);
      if (value > 999'999'999'999'999'999 || value < -999'999'999'999'999'999) continue;  // 18 digits
      text += (text.empty() ? "" : ",") + std::to_string(value);
      expected += std::to_string(value) + " ";
    }
    if (text.empty()) continue;
    CHECK(read("[" + text + "]") == expected);
  }
}

TEST_CASE("plain_integers: an array of any length comes whole", "[record]") {
  for (const int count : {1, 127, 128, 129, 1000}) {
    std::string text = "[", expected;
    for (int i = 0; i < count; ++i) {
      text += (i == 0 ? "" : ",") + std::to_string(i * 7919);
      expected += std::to_string(i * 7919) + " ";
    }
    CHECK(read(text + "]") == expected);
  }
}

TEST_CASE("plain_integers: what stands behind the document is none of its digits", "[record][hostile]") {
  for (const char behind : {'1', ',', ']', '[', '\0', '\x80'}) {
    CHECK(read("[12", behind) == "the slow way");
    CHECK(read("[1,", behind) == "the slow way");
    CHECK(read("[12]", behind) == "12 ");
  }
}

TEST_CASE("plain_integers: what is no plain array of integers in range is left to the slow way", "[record]") {
  for (const auto* text : {"",
                           "[",
                           "[]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[01]",
                           "[00]",
                           "[-]",
                           "[--1]",
                           "[1 ]",
                           "[ 1]",
                           "[1.5]",
                           "[1e3]",
                           "[\"1\"]",
                           "[null]",
                           "1",
                           "{1}",
                           "[1}",
                           "[1234567890123456789]",
                           "[12345678901234567890123456789012345]",
                           "[+1]",
                           "[1;2]"})
    CHECK(read(text) == "the slow way");
  CHECK(read<std::int32_t>("[2147483647]") == "2147483647 ");
  CHECK(read<std::int32_t>("[2147483648]") == "the slow way");
  CHECK(read("[0,-5,12345678,123456789]") == "0 -5 12345678 123456789 ");
}
