#include "weir/record/request_form.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/record/read.hpp"

namespace {

/// A line with the bytes behind it that a row has.
class padded_line {
 public:
  explicit padded_line(std::string text) : size_(text.size()), text_(std::move(text)) {
    text_.append(weir::record_padding, '7');
  }
  operator std::string_view() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string text_;
};

/// What a reader makes of a line, in words: its record as our writer writes it, or what is wrong.
std::string said(weir::record_reader& reader, const std::string& text) {
  const padded_line line(text);
  const auto type = reader.read(line);
  if (!type) return "error";
  std::string out(to_string(*type));
  if (*type == weir::record_type::request) append_record(out, reader.request());
  return out;
}
/// The JSON parser's own view: a reader that has met no line before.
std::string parsed(weir::read_options options, const std::string& text) {
  weir::record_reader reader(options);
  return said(reader, text);
}

std::string word(weir::random_stream& random) {
  static const std::vector<std::string> all{"",
                                            "a",
                                            "gsm8k/17",
                                            "http://127.0.0.1:8000",
                                            "tab\tand \"quotes\"",
                                            "\xE7\xAD\x94\xE6\xA1\x88",
                                            "a text that is longer than sixteen bytes"};
  return all[random.below(all.size())];
}
std::int64_t number(weir::random_stream& random) {
  return static_cast<std::int64_t>(random.next() >> (5 + random.below(58)));
}
std::int64_t time(weir::random_stream& random) {
  return random.below(4) == 0 ? weir::unmeasured : number(random) % 1'000'000'000'000'000'000;
}

weir::request_record record(weir::random_stream& random) {
  weir::request_record r;
  r.id = word(random), r.endpoint = word(random), r.model = word(random), r.subject = word(random);
  r.attempt = 1 + static_cast<std::int32_t>(random.below(3));
  r.status = static_cast<weir::outcome>(random.below(3) == 0 ? random.below(10) : 0);
  r.error = r.status == weir::outcome::ok ? "" : word(random);
  r.http_status = static_cast<std::int32_t>(random.below(600));
  r.resent = random.below(5) == 0;
  for (auto* t : {&r.t_sched_ns, &r.t_woke_ns, &r.t_connect_ns, &r.t_first_ns, &r.t_visible_ns, &r.t_last_ns,
                  &r.t_done_ns, &r.tokens_in, &r.tokens_out})
    *t = time(random);
  r.t_send_ns = number(random) % 1'000'000'000'000'000;
  r.basis = static_cast<weir::tokens_basis>(random.below(4));
  r.stamps = static_cast<weir::stamp_basis>(random.below(3));
  r.shared_events = static_cast<std::int64_t>(random.below(2) * random.below(100));
  for (std::size_t i = random.below(3); i > 0; --i)
    r.choices.push_back({static_cast<std::int32_t>(i), time(random), time(random), time(random), time(random),
                         word(random), word(random), ""});
  for (std::size_t i = random.below(2) * random.below(300); i > 0; --i)
    r.events.push_back({r.t_send_ns + number(random) % 1'000'000'000,
                        1 + static_cast<std::int32_t>(random.below(2) * random.below(5)),
                        static_cast<std::int32_t>(random.below(2))});
  return r;
}

}  // namespace

TEST_CASE("request_form: a reader that knows forms says what the JSON parser says", "[record][property]") {
  weir::random_stream random(11);
  for (const weir::read_options options :
       {weir::read_options{true, true}, {false, true}, {true, false}, {false, false}}) {
    weir::record_reader reader(options);
    for (int i = 0; i < 500; ++i) {
      std::string line;
      append_record(line, record(random));
      line.pop_back();
      const auto expected = parsed(options, line);
      REQUIRE(expected != "error");
      REQUIRE(said(reader, line) == expected);
      REQUIRE(said(reader, line) == expected);  // by the form that it has become
    }
  }
}

TEST_CASE("request_form: damage anywhere in a line is what it is to the JSON parser", "[record][property][hostile]") {
  weir::random_stream random(5);
  constexpr std::string_view bytes = "\"\\,:[]{}0123456789nul-+.eE tx\x01\x80\xE7\n";
  std::size_t broken = 0;
  for (int i = 0; i < 60; ++i) {
    const weir::read_options options{random.below(2) == 0, random.below(2) == 0};
    std::string line;
    append_record(line, record(random));
    line.pop_back();
    weir::record_reader reader(options);
    REQUIRE(said(reader, line) != "error");
    for (int round = 0; round < 200; ++round) {
      std::string damaged = line;
      for (std::size_t n = 1 + random.below(2); n > 0; --n) {
        const auto at = random.below(damaged.size());
        const char byte = bytes[random.below(bytes.size())];
        switch (random.below(4)) {
          case 0:
            damaged.erase(at, 1 + random.below(3));
            break;
          case 1:
            damaged.insert(at, 1, byte);
            break;
          case 2:
            damaged.resize(std::max<std::size_t>(at, 1));
            break;
          default:
            damaged[at] = byte;
        }
      }
      CAPTURE(line, damaged);
      const auto expected = parsed(options, damaged);
      broken += expected == "error";
      REQUIRE(said(reader, damaged) == expected);
    }
  }
  CHECK(broken > 1000);  // the damage is damage
}

TEST_CASE("request_form: any order of fields and any spaces become a form", "[record]") {
  weir::detail::request_target reader({});
  const auto line = [](int n) {
    return padded_line(R"({ "status" : "ok", "id":")" + std::to_string(n) + R"(", "mine":[)" + "]" +
                       R"(,"type":"request"})");
  };
  // An empty array is nothing that a form may have; without it the line is one.
  weir::record_reader whole;
  REQUIRE(whole.read(line(1)));
  const auto plain = [](int n) {
    return padded_line("{ \"status\" : \"ok\", \"id\":\"" + std::to_string(n) + "\",\"mine\" : " + std::to_string(n) +
                       ".5e3 ,\t\"type\":\"request\" }\r");
  };
  weir::record_reader first;
  REQUIRE(first.read(plain(1)));
  weir::detail::request_parts parts({});
  weir::detail::request_form form;
  parts.rows = 0;
  REQUIRE(form.learn(plain(1), parts));
  form.prepare(parts);
  CHECK(form.read(plain(234567), parts));
  CHECK(parts.id == "234567");
  CHECK_FALSE(form.learn(line(1), parts));
}

TEST_CASE("request_form: what a later line leaves out is not there", "[record]") {
  weir::record_reader reader;
  const std::string with =
      R"({"type":"request","id":"1","status":"ok","t_send_ns":5,"choices":[{"index":0,"text":"a"}]})";
  const std::string without = R"({"type":"request","id":"2","status":"ok","choices":[]})";
  for (int i = 0; i < 3; ++i) {
    REQUIRE(reader.read(padded_line(with)));
    CHECK(reader.request().t_send_ns == 5);
    CHECK(reader.request().choices.size() == 1);
    REQUIRE(reader.read(padded_line(without)));
    CHECK(reader.request().t_send_ns == weir::unmeasured);
    CHECK(reader.request().choices.empty());
  }
}
