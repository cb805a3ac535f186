#include "weir/base/eight_bytes.hpp"

#include <bit>
#include <cstddef>
#include <string>

#include "catch.hpp"

TEST_CASE("eight_bytes: exactly the ten digits are digits", "[base]") {
  for (int byte = 0; byte < 256; ++byte)
    for (int place = 0; place < 8; ++place) {
      std::string word(8, '7');
      word[static_cast<std::size_t>(place)] = static_cast<char>(byte);
      const auto found = weir::detail::not_digits(weir::detail::word_at(word.data()));
      const bool digit = byte >= '0' && byte <= '9';
      CAPTURE(byte, place);
      CHECK((digit ? found == 0 : std::countr_zero(found) / 8 == place));
    }
}
