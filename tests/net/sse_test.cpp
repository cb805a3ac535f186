#include "weir/net/sse.hpp"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "samples.hpp"
#include "weir/base/result.hpp"

namespace {

struct event {
  std::string type, data, id;
  bool operator==(const event&) const = default;
};
using events = std::vector<event>;

std::ostream& operator<<(std::ostream& out, const event& e) {
  return out << '{' << Catch::StringMaker<std::string>::convert(e.type) << ' '
             << Catch::StringMaker<std::string>::convert(e.data) << ' ' << e.id << '}';
}

struct recorder {
  weir::sse_parser parser{};
  events seen{};
  bool refused = false;

  void feed(std::string_view bytes) {
    if (refused) return;
    const std::size_t before = seen.size();
    const auto fed = parser.feed(bytes, [&](const weir::sse_parser::event& e) {
      seen.push_back({std::string(e.type), std::string(e.data), std::string(e.id)});
    });
    refused = !fed;
    if (fed) REQUIRE(*fed == seen.size() - before);
    if (refused) REQUIRE(fed.error().code == weir::errc::limit);
  }
};

events whole(std::string_view stream) {
  recorder r;
  r.feed(stream);
  REQUIRE_FALSE(r.refused);
  return r.seen;
}

events cut_at(std::string_view stream, std::size_t cut) {
  recorder r;
  r.feed(stream.substr(0, cut));
  r.feed(stream.substr(cut));
  return r.seen;
}

events in_steps_of(std::string_view stream, std::size_t step) {
  recorder r;
  samples::in_steps(stream, step, [&](std::string_view piece) { r.feed(piece); });
  return r.seen;
}

std::vector<std::string> data_of(const events& seen) {
  std::vector<std::string> data;
  for (const auto& e : seen) data.push_back(e.data);
  return data;
}

/// The standard's algorithm word for word, on a stream that is all there: the second source for what is expected.
events by_the_book(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  for (std::size_t at = 0; (at = text.find("\r\n", at)) != text.npos;) text.erase(at, 1);
  std::replace(text.begin(), text.end(), '\r', '\n');

  events seen;
  std::string data, type, id;
  while (text.find('\n') != text.npos) {
    const std::string line = text.substr(0, text.find('\n'));
    text.erase(0, line.size() + 1);
    if (line.empty()) {
      if (!data.empty()) {
        data.pop_back();
        seen.push_back({type.empty() ? "message" : type, data, id});
      }
      data.clear();
      type.clear();
      continue;
    }
    const auto colon = line.find(':');
    if (colon == 0) continue;
    const std::string field = line.substr(0, colon);
    std::string value = colon == line.npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (field == "data") data += value + "\n";
    if (field == "event") type = value;
    if (field == "id" && value.find('\0') == value.npos) id = value;
  }
  return seen;
}

}  // namespace

TEST_CASE("sse: lines end in CR, LF or CRLF, mixed as they come", "[sse]") {
  const events expected{{"message", "a\nb", ""}, {"t", "c", "7"}};
  for (const std::string_view end : {"\n", "\r", "\r\n"}) {
    std::string stream;
    for (const std::string_view line : {"data: a", "data:b", "", ": ping", "event: t", "id: 7", "data: c", ""})
      stream.append(line).append(end);
    CHECK(whole(stream) == expected);
  }
  CHECK(whole("data: a\r\ndata:b\n\r\n: ping\revent: t\r\nid: 7\ndata: c\r\r") == expected);
}

TEST_CASE("sse: fields are read as the standard says", "[sse]") {
  using namespace std::string_literals;
  struct row {
    std::string stream;
    events expected;
  };
  const row rows[] = {
      {"data:x\n\n", {{"message", "x", ""}}},
      {"data: x\n\n", {{"message", "x", ""}}},
      {"data:  x\n\n", {{"message", " x", ""}}},   // one space is taken off, not two
      {"data:\tx\n\n", {{"message", "\tx", ""}}},  // and no tab
      {"data:x \n\n", {{"message", "x ", ""}}},    // nor one at the end
      {"data\n\n", {{"message", "", ""}}},         // no colon: an empty value
      {"data\ndata\n\n", {{"message", "\n", ""}}},
      {"data:\n\ndata:", {{"message", "", ""}}},  // the second is not finished
      {"data: x\n", {}},
      {"event: a\n\ndata: x\n\n", {{"message", "x", ""}}},  // a type without data is forgotten
      {"event: a\nevent: b\ndata: x\n\n", {{"b", "x", ""}}},
      {"event\ndata: x\n\n", {{"message", "x", ""}}},
      {"id: 1\n\ndata: x\n\n", {{"message", "x", "1"}}},  // an id without data is kept
      {"id: 1\ndata: x\n\ndata: y\n\nid\ndata: z\n\n",
       {{"message", "x", "1"}, {"message", "y", "1"}, {"message", "z", ""}}},
      {"id: 1\nid: 2\0x\ndata: x\n\n"s, {{"message", "x", "1"}}},  // an id with NUL is no id
      {"data: a\0b\n\n"s, {{"message", "a\0b"s, ""}}},
      {"Data: x\n data: y\ndata : z\ndata\0: w\ndatum: v\n\n"s, {}},  // none of these is the field "data"
      {": data: x\n:\n::\n\n", {}},
      {"retry: 10\n\n\n\n\n", {}},
      {"\xEF\xBB\xBF"
       "data: x\n\n",
       {{"message", "x", ""}}},
      {"\xEF\xBB\xBF\xEF\xBB\xBF"
       "data: x\n\n",
       {}},  // only one byte order mark is one
      {"\n\xEF\xBB\xBF"
       "data: x\n\ndata: y\n\n",
       {{"message", "y", ""}}},  // and only at the start
      {"\xEF\xBB"
       "data: x\n\ndata: y\n\n",
       {{"message", "y", ""}}},
      {"\xEF\xBB\xBF", {}},
      {"", {}},
  };
  for (const auto& [stream, expected] : rows) {
    CAPTURE(stream);
    CHECK(by_the_book(stream) == expected);
    CHECK(whole(stream) == expected);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) CHECK(cut_at(stream, cut) == expected);
    CHECK(in_steps_of(stream, 1) == expected);
  }
}

TEST_CASE("sse: every stream of up to five pieces reads as by the book, at every cut", "[sse][property]") {
  const std::vector<std::string_view> pieces{"data", ":",  " ",     "\n",      "\r",
                                             "x",    "id", "event", {"\0", 1}, "\xEF\xBB\xBF"};
  for (std::size_t length = 1, count = pieces.size(); length <= 5; ++length, count *= pieces.size()) {
    for (std::size_t number = 0; number < count; ++number) {
      std::string stream;
      for (std::size_t i = 0, rest = number; i < length; ++i, rest /= pieces.size())
        stream += pieces[rest % pieces.size()];
      stream += "\ndata:z\n\n";  // so that there is an event in each
      const auto expected = by_the_book(stream);
      bool same = in_steps_of(stream, 1) == expected;
      for (std::size_t cut = 0; cut < (length < 5 ? stream.size() : 1); ++cut)
        same = same && cut_at(stream, cut) == expected;
      if (!same) FAIL("differs: " << Catch::StringMaker<std::string>::convert(stream));
    }
  }
}

TEST_CASE("sse: recorded streams give the same events at every cut", "[sse]") {
  std::size_t streams = 0;
  for (const auto& [name, bytes] : samples::in(WEIR_SOURCE_DIR "/tests/fixtures/sse", ".txt")) {
    if (bytes.find("text/event-stream") == bytes.npos) continue;
    CAPTURE(name);
    const std::string body = bytes.substr(bytes.find("\r\n\r\n") + 4);
    const events expected = by_the_book(body);
    ++streams;
    bool same = whole(body) == expected;
    for (std::size_t cut = 0; cut <= body.size(); ++cut) same = same && cut_at(body, cut) == expected;
    for (std::size_t step = 1; step < 40; ++step) same = same && in_steps_of(body, step) == expected;
    CHECK(same);
    const bool nothing = name == "llamacpp-error-too-long.txt";  // HTTP 200 and not one event, as recorded
    CHECK((nothing ? expected.empty() : expected.back().data == "[DONE]"));
  }
  CHECK(streams >= 19);
}

TEST_CASE("sse: the stream shapes on which other clients lose tokens are read whole", "[sse][rivals]") {
  const std::string json = R"({"choices":[{"text":" 答案 是B。"}]})";
  const std::vector<std::string> expected{json, json, "[DONE]"};
  const auto stream = [&](std::string_view field, std::string_view end, std::string_view between) {
    std::string text;
    for (const auto& data : expected) text.append(field).append(data).append(end).append(end).append(between);
    return text;
  };
  for (const std::string_view field : {"data: ", "data:"})
    for (const std::string_view end : {"\n", "\r\n", "\r"})
      for (const std::string& between : {std::string(), ": ping" + std::string(end) + std::string(end)}) {
        const auto text = stream(field, end, between);
        CAPTURE(text);
        // A cut after a space in the text, inside a UTF-8 sequence, right behind "data: ": all are among these.
        for (std::size_t cut = 0; cut <= text.size(); ++cut) CHECK(data_of(cut_at(text, cut)) == expected);
      }
}

TEST_CASE("sse: an event is refused at the same byte however the bytes are cut", "[sse][limits]") {
  const std::string good = "data: 12345678\n\n";  // a line of 14 bytes
  const auto refused = [](std::string_view stream, std::size_t limit, std::size_t step) {
    recorder r{weir::sse_parser(limit)};
    samples::in_steps(stream, step, [&](std::string_view piece) { r.feed(piece); });
    return r.refused;
  };
  for (const std::size_t step : {1U, 3U, 1000U}) {
    CHECK_FALSE(refused(good + good + good, 14, step));
    CHECK(refused(good, 13, step));
    CHECK(refused("data: 12345678", 13, step));                 // not finished, already too long
    CHECK(refused(": 123456789012345", 14, step));              // nor may a comment grow for ever
    CHECK_FALSE(refused("data: 1\ndata: 2\n\n", 1 + 7, step));  // what is held, and a line
    CHECK(refused("data: 1\ndata: 2\n\n", 1 + 7 - 1, step));
    CHECK(refused(std::string(100, '\xEF'), 99, step));
    // Every event before the refusal is reported.
    recorder r{weir::sse_parser(14)};
    samples::in_steps(good + good + "data: 123456789\n\n", step, [&](std::string_view piece) { r.feed(piece); });
    CHECK(r.refused);
    CHECK(r.seen.size() == 2);
  }
}

TEST_CASE("sse: random bytes read as by the book, and limits fall at the same event", "[sse][property]") {
  std::mt19937 random(7);
  const std::string_view alphabet = "data: \n\n\n\r\r:idevent7\0x";
  for (int round = 0; round < 3000; ++round) {
    std::string stream;
    for (std::size_t i = random() % 200; i > 0; --i) stream += alphabet[random() % alphabet.size()];
    REQUIRE(whole(stream) == by_the_book(stream));
    const std::size_t limit = random() % 30;
    recorder one{weir::sse_parser(limit)}, many{weir::sse_parser(limit)};
    one.feed(stream);
    for (std::string_view rest = stream; !rest.empty();) {
      const std::size_t cut = std::min<std::size_t>(1 + random() % 9, rest.size());
      many.feed(rest.substr(0, cut));
      rest.remove_prefix(cut);
    }
    REQUIRE(one.seen == many.seen);
    REQUIRE(one.refused == many.refused);
    if (!one.refused) REQUIRE(one.parser.pending() == many.parser.pending());
  }
}

TEST_CASE("sse: a stream that was cut short is seen to be", "[sse]") {
  for (const std::string_view cut : {"d", "data: x", "data: x\n", "data\n", "event: x\n", "\xEF\xBB", ": pin"}) {
    CAPTURE(cut);
    recorder r;
    r.feed("\n");  // so that a byte order mark is none
    if (cut[0] == '\xEF') r.parser.reset();
    r.feed(cut);
    CHECK(r.parser.pending());
    r.parser.reset();
    CHECK_FALSE(r.parser.pending());
  }
  for (const std::string_view full :
       {"", "data: x\n\n", "data: x\r\r", "data: x\r\n\r\n", ": ping\n", "id: 1\n", "\n"}) {
    CAPTURE(full);
    recorder r;
    r.feed(full);
    CHECK_FALSE(r.parser.pending());
  }
}

TEST_CASE("sse: after reset nothing of the old stream is left", "[sse]") {
  recorder r;
  r.feed("id: 1\nevent: t\nretry: 5\ndata: x\ndata: half a li");
  r.parser.reset();
  CHECK_FALSE(r.parser.retry_ms());
  r.feed(
      "\xEF\xBB\xBF"
      "data: y\n\n");
  CHECK(r.seen == events{{"message", "y", ""}});
  r.feed("data: z\r");
  r.parser.reset();
  r.feed("\ndata: w\n\n");
  CHECK(r.seen.back() == event{"message", "w", ""});
}

TEST_CASE("sse: retry takes digits and nothing else", "[sse]") {
  const auto retry = [](std::string_view value) {
    recorder r;
    r.feed("retry: 3\nretry: " + std::string(value) + "\n");
    return r.parser.retry_ms().value();
  };
  CHECK(retry("250") == 250);
  CHECK(retry("0") == 0);
  for (const std::string_view bad : {"", "-1", "1.5", "1s", " 7", "99999999999999999999999"}) CHECK(retry(bad) == 3);
}

TEST_CASE("sse: bytes behind data may be read as far as behind the bytes fed", "[sse]") {
  // The address sanitizer is the judge: a read behind an allocation ends the test.
  const std::string stream = "data: {\"a\":1}\n\ndata: 1\ndata: 2\n\ndata: [DONE]\n\n";
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    weir::sse_parser parser;
    int sum = 0;
    samples::in_steps(stream, step, [&](std::string_view piece) {
      std::vector<char> buffer(piece.begin(), piece.end());
      buffer.resize(piece.size() + weir::sse_parser::padding);
      REQUIRE(parser.feed({buffer.data(), piece.size()}, [&](const weir::sse_parser::event& e) {
        const volatile char* behind = e.data.data() + e.data.size();
        for (std::size_t i = 0; i < weir::sse_parser::padding; ++i) sum += behind[i];
      }));
    });
    CHECK(sum != -1);
  }
}

TEST_CASE("sse: a stream of nothing but line ends costs no more than its length", "[sse]") {
  const std::string ends(std::size_t{1} << 22, '\r');
  recorder r;
  r.feed(ends);  // quadratic would be hours
  r.feed(std::string(std::size_t{1} << 22, '\n'));
  CHECK(r.seen.empty());
}
