#include <string>

#include "catch.hpp"
#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/nearest.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/base/units.hpp"
#include "weir/base/utf8.hpp"
#include "weir/base/version.hpp"

TEST_CASE("version: the number and the text agree", "[base]") {
  CHECK(std::to_string(WEIR_VERSION / 10000) + "." + std::to_string(WEIR_VERSION / 100 % 100) + "." +
            std::to_string(WEIR_VERSION % 100) ==
        WEIR_VERSION_STRING);
}

TEST_CASE("result: a failure converts to any result and is not a value", "[base]") {
  const weir::failure missing{weir::errc::not_found, "no such thing"};
  const weir::result<int> number = missing;
  const weir::result<void> nothing = missing;
  REQUIRE_FALSE(number);
  REQUIRE_FALSE(nothing);
  CHECK(number.error().detail == "no such thing");
  CHECK_THROWS_WITH(weir::result<int>(missing).value(), "no such thing");
  CHECK(*weir::result<int>(7) == 7);
}

TEST_CASE("json_write: what is written is JSON whatever the bytes were", "[base]") {
  const auto text = [](std::string_view bytes) {
    std::string out;
    weir::append_json_string(out, bytes);
    return out;
  };
  CHECK(text("a\"b\\c\n\x01") == R"("a\"b\\c\n\u0001")");
  CHECK(text("答案") == "\"答案\"");
  CHECK(text("\xFFx\xE7\xAD") == R"("\ufffdx\ufffd\ufffd")");  // stray byte, cut sequence
  CHECK(text("\xED\xA0\x80") == R"("\ufffd\ufffd\ufffd")");    // a surrogate in UTF-8 is not UTF-8
  CHECK(text(std::string_view("\0", 1)) == R"("\u0000")");

  std::string out;
  weir::json_writer json(out);
  json.begin_object().field("a", 1).field("b", 0.1).field("c", true).field("d", nullptr);
  json.field("e", std::numeric_limits<double>::quiet_NaN()).key("f").begin_array().value("x").begin_array().end_array();
  json.value(-2).end_array().key("g").begin_object().end_object().key("h").raw("[1]").end_object();
  CHECK(out == R"({"a":1,"b":0.1,"c":true,"d":null,"e":null,"f":["x",[],-2],"g":{},"h":[1]})");
}

TEST_CASE("utf8: well-formed sequences decode, others have length 0", "[base]") {
  struct row {
    std::string_view bytes;
    char32_t code;
  };
  for (const auto& [bytes, code] :
       {row{"A", U'A'}, row{"\xC3\xA9", 0xE9}, row{"\xEF\xBC\xA1", 0xFF21}, row{"\xF0\x9F\x98\x80", 0x1F600}}) {
    CHECK(weir::utf8_length(bytes) == bytes.size());
    CHECK(weir::utf8_decode(bytes, bytes.size()) == code);
    std::string back;
    weir::append_utf8(back, code);
    CHECK(back == bytes);
  }
  for (const std::string_view bad :
       {"", "\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80"})
    CHECK(weir::utf8_length(bad) == 0);
}

TEST_CASE("units: durations take units, and nonsense is refused", "[base]") {
  CHECK(*weir::parse_duration_ns("50ms") == 50'000'000);
  CHECK(*weir::parse_duration_ns("1.5m") == 90'000'000'000);
  CHECK(*weir::parse_duration_ns("2") == 2'000'000'000);
  CHECK(*weir::parse_duration_ns("2", 1e6) == 2'000'000);
  for (const char* bad : {"", "ms", "-1s", "5 s", "nan", "1e300", "3x"}) CHECK_FALSE(weir::parse_duration_ns(bad));
  CHECK(*weir::parse_number<int>("-3") == -3);
  for (const char* bad : {"", "3x", " 3", "99999999999"}) CHECK_FALSE(weir::parse_number<int>(bad));
}

TEST_CASE("hash: the stream of random numbers is SplitMix64's", "[base]") {
  // First outputs for seed 1234567, as published with the reference implementation of SplitMix64.
  weir::random_stream random(1234567);
  CHECK(random.next() == 6457827717110365317U);
  CHECK(random.next() == 3203168211198807973U);
  CHECK(random.next() == 9817491932198370423U);
}

TEST_CASE("hash: exponential gaps have the asked mean", "[base][property]") {
  weir::random_stream random(1);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) sum += random.exponential(2.0);
  CHECK(sum / 100000 == Approx(2.0).epsilon(0.02));
}

TEST_CASE("clock: dates are UTC", "[base]") {
  CHECK(weir::utc_text(1'795'322'048'000'000'000) == "2026-11-22T04:34:08Z");
  const auto before = weir::now_ns();
  CHECK(before <= weir::now_ns());
}

TEST_CASE("nearest: the nearest name is one that a slip of the finger leads from", "[base]") {
  CHECK(weir::edit_distance("kitten", "sitting") == 3);  // the textbook example
  CHECK(weir::edit_distance("", "abc") == 3);
  CHECK(weir::nearest({"split", "bench"}, "spilt") == "split");
  CHECK(weir::nearest({"split", "bench"}, "summarize").empty());
}
