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
  const auto plain = [](int n) {
    return padded_line("{ \"status\" : \"ok\", \"id\":\"" + std::to_string(n) + "\",\"mine\" : " + std::to_string(n) +
                       ".5e3 ,\t\"type\":\"request\" }\r");
  };
  weir::detail::request_parts parts({});
  weir::detail::request_form form;
  REQUIRE(form.learn(plain(1), parts));
  const padded_line line = plain(234567);
  weir::detail::token_walk walk(line);
  std::size_t done = 0;
  CHECK(form.read_on(walk, done, [&](auto& h, auto& at) { return form.fill(h, at, parts); }));
  CHECK(parts.id == "234567");
  const padded_line nested(R"({"status":"ok","id":"1","mine":[1],"type":"request"})");
  CHECK_FALSE(form.learn(nested, parts));  // what is in an array that nobody knows is not told from here
}

TEST_CASE("request_form: records of many forms, in any order, are read without the parser", "[record][property]") {
  weir::random_stream random(23);
  std::vector<std::string> lines;
  for (int form = 0; form < 12; ++form)  // with and without, of four things that later lines have or have not
    for (int i = 0; i < 20; ++i) {
      weir::request_record r;
      r.id = std::to_string(random.below(1000)), r.t_send_ns = 1'000'000 + number(random) % 1'000'000;
      r.status = form % 3 == 0 ? weir::outcome::timeout : weir::outcome::ok;
      if (form % 3 == 0) r.error = "took too long";
      if (form % 3 == 1) r.choices.push_back({0, 5, 7, 3, 1, "stop", "text", ""});
      if (form % 3 == 2) r.choices.resize(2), r.choices[1].finish_reason = "length";
      r.shared_events = form / 3 % 2 * 17;
      if (form / 6 == 1) r.turn = 4, r.session = "s";
      for (std::size_t n = random.below(40) + 1; n > 0 && form % 3 != 0; --n)
        r.events.push_back({r.t_send_ns + number(random) % 1'000'000, 1, 0});
      append_record(lines.emplace_back(), r);
      lines.back().pop_back();
    }
  weir::detail::request_target forms({});
  const auto by_form = [&](const std::string& text) {
    const padded_line line(text);
    if (!forms.read_by_form(line)) return std::string();
    std::string out = "request";
    append_record(out, forms.record());
    return out;
  };
  for (std::size_t i = 0; i < lines.size(); i += 20) {  // one line of each
    const padded_line line(lines[i]);
    REQUIRE_FALSE(forms.read_by_form(line));
    simdjson::ondemand::parser parser;
    auto document = parser.iterate(simdjson::padded_string_view(std::string_view(line).data(), lines[i].size(),
                                                                lines[i].size() + weir::record_padding));
    REQUIRE(forms.read(document.get_object().value(), line));
    forms.learn(line);
  }
  for (int i = 0; i < 3000; ++i) {
    const auto& line = lines[random.below(lines.size())];
    REQUIRE(by_form(line) == parsed({}, line));
  }
}

TEST_CASE("request_form: the form that was met last longest ago gives way", "[record]") {
  weir::record_reader reader;
  const auto line = [](int form, int n) {
    return "{\"type\":\"request\",\"id\":\"1\",\"status\":\"ok\",\"x" + std::to_string(form) +
           "\":1,\"tokens_out\":" + std::to_string(n) + "}";
  };
  for (int n = 0; n < 4; ++n)
    for (int form = 0; form < 40; ++form) CHECK(said(reader, line(form, n)) == parsed({}, line(form, n)));
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
