#include "weir/trace/written_ns.hpp"

#include <string>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/trace/kineto_event.hpp"

TEST_CASE("written_ns: a time is read as its digits say, whatever stood before it", "[trace][property]") {
  weir::random_stream random(GENERATE(range(1U, 100U)));
  weir::detail::written_before last;
  for (int i = 0; i < 500; ++i) {
    std::string number;
    for (std::size_t whole = random.below(17); whole > 0; --whole) number += static_cast<char>('0' + random.below(10));
    if (random.below(8) > 0) number += '.';
    for (std::size_t part = random.below(4) > 0 ? 3 : random.below(5); part > 0; --part)
      number += static_cast<char>('0' + random.below(10));
    if (random.below(4) == 0 && !number.empty()) {
      constexpr char odd[] = {'\0', '/', ':', '.', '-', 'e', '\xb5', '\xff', '0'};
      number[random.below(number.size())] = odd[random.below(sizeof odd)];
    }
    const std::string padded = number + std::string(1, random.below(2) == 0 ? ',' : '\0') + std::string(64, '7');
    const auto found = weir::detail::read_ns(padded.data(), last);
    CAPTURE(number);
    if (found.length == 0) continue;  // read by the general way
    REQUIRE(found.length <= number.size());
    const auto exact = weir::exact_ns(std::string_view(padded).substr(0, found.length));
    REQUIRE(exact);
    CHECK(static_cast<std::int64_t>(found.value) == *exact);
  }
}

TEST_CASE("written_ns: what profilers write is read at once", "[trace]") {
  weir::detail::written_before last;
  const auto ns = [&](std::string text) {
    text += "," + std::string(64, '7');
    const auto found = weir::detail::three_decimals(text.data(), last);
    return found.length == text.size() - 65 ? static_cast<std::int64_t>(found.value) : -1;
  };
  CHECK(ns("4461810182019.683") == 4'461'810'182'019'683);
  CHECK(ns("4461810182020.001") == 4'461'810'182'020'001);
  CHECK(ns("4461810282020.001") == 4'461'810'282'020'001);
  CHECK(ns("1.600") == 1600);
  CHECK(ns("99999.999") == 99'999'999);
  CHECK(ns("100000.000") == 100'000'000);
  CHECK(ns("0.000") == 0);
  CHECK(ns("1234567.125") == 1'234'567'125);
  CHECK(ns(".125") == -1);
  CHECK(ns("5.12") == -1);
  CHECK(ns("5.1234") == -1);
  CHECK(ns(std::string(8, '\0') + "10182019.683") == -1);
}
