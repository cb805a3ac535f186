#include "weir/record/read.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "weir/data/rows.hpp"

namespace {

using lines_in_memory = weir::basic_row_reader<weir::line_scanner, weir::memory_source>;

weir::request_record sample_request() {
  weir::request_record r;
  r.id = "gsm8k/7";
  r.attempt = 2;
  r.endpoint = "http://127.0.0.1:8001";
  r.instance = "1";
  r.model = "\xE6\xA8\xA1\xE5\x9E\x8B \"q\"";
  r.http_status = 200;
  r.t_sched_ns = 900;
  r.t_send_ns = 1000;
  r.t_first_ns = 2000;
  r.t_visible_ns = 2000;
  r.t_last_ns = 5000;
  r.t_done_ns = 5100;
  r.tokens_in = 12;
  r.tokens_out = 6;
  r.basis = weir::tokens_basis::usage;
  r.choices = {{0, 2000, 5000, 4, 2, "stop", "a \"quoted\"\n{text}", ""}, {1, 2500, 4000, 2, 1, "length", "b", "why"}};
  r.events = {{2000, 2, 0}, {2500, 1, 1}, {4000, 1, 1}, {5000, 2, 0}};
  r.expected = "42";
  r.subject = "algebra";
  r.session = "s-1";
  return r;
}

std::string line_of(const auto& record) {
  std::string line;
  append_record(line, record);
  line.pop_back();
  return line;
}

/// Reads one line that has its padding.
weir::result<weir::record_type> read(weir::record_reader& reader, std::string line) {
  const auto length = line.size();
  line.append(weir::record_padding, '}');  // padding that would close a truncated object, were it read
  return reader.read(std::string_view(line).substr(0, length));
}

std::string error_of(const std::string& line) {
  weir::record_reader reader;
  const auto type = read(reader, line);
  return type ? "no error" : type.error().detail;
}

/// The fields of a flat JSON object line, cut at the commas between its members.
std::vector<std::string> members(std::string_view line) {
  std::vector<std::string> out;
  int depth = 0;
  bool quoted = false;
  std::size_t start = 1;
  for (std::size_t i = 1; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '[' || c == '{')) {
      ++depth;
    } else if (!quoted && ((depth == 0 && c == ',') || i + 1 == line.size())) {
      out.emplace_back(line.substr(start, i - start));
      start = i + 1;
    } else if (!quoted && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("record: a request that was written is read back the same", "[record]") {
  weir::record_reader reader;
  for (const auto& written : {sample_request(), weir::request_record{}, sample_request()}) {
    const auto line = line_of(written);
    const auto type = read(reader, line);
    REQUIRE(type);
    CHECK(*type == weir::record_type::request);
    CHECK(line_of(reader.request()) == line);
  }
}

TEST_CASE("record: nothing of one line is left when the next is read", "[record]") {
  weir::record_reader reader;
  REQUIRE(read(reader, line_of(sample_request())));
  REQUIRE(read(reader, R"({"type":"request","id":"b","status":"timeout"})"));
  const auto& r = reader.request();
  CHECK(r.id == "b");
  CHECK(r.status == weir::outcome::timeout);
  CHECK(r.attempt == 1);
  CHECK((r.endpoint.empty() && r.instance.empty() && r.model.empty() && r.expected.empty() && r.subject.empty()));
  CHECK((r.t_sched_ns == weir::unmeasured && r.t_send_ns == weir::unmeasured && r.tokens_out == weir::unmeasured));
  CHECK((r.choices.empty() && r.events.empty()));
}

TEST_CASE("record: the order of fields means nothing, and unknown ones are skipped", "[record][property]") {
  const auto line = line_of(sample_request());
  auto parts = members(line);
  REQUIRE(parts.size() > 20);
  parts.emplace_back(R"("later":{"a":[1,{"type":"run"}],"t_send_ns":5})");
  parts.emplace_back(R"( "note" : "\"}{" )");
  weir::record_reader reader;
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::shuffle(parts.begin(), parts.end(), random);
    std::string shuffled = "{";
    for (const auto& part : parts) shuffled += (shuffled.size() > 1 ? "," : "") + part;
    shuffled += "}";
    CAPTURE(shuffled);
    REQUIRE(*read(reader, shuffled) == weir::record_type::request);
    CHECK(line_of(reader.request()) == line);
  }
}

TEST_CASE("record: texts and events that are not wanted are not read", "[record]") {
  weir::record_reader reader({.text = false, .events = false});
  REQUIRE(read(reader, line_of(sample_request())));
  const auto& r = reader.request();
  CHECK(r.events.empty());
  REQUIRE(r.choices.size() == 2);
  CHECK((r.choices[0].text.empty() && r.choices[1].reasoning.empty()));
  CHECK(r.choices[1].t_first_ns == 2500);
  CHECK(r.choices[0].tokens_first == 2);
}

TEST_CASE("record: answers keep what each rule found", "[record]") {
  const weir::answer_record written{
      "7", "law", "0", "m", "18", "ok", {{"strict", "18", true, true}, {"flexible", "", false, false}}};
  weir::record_reader reader;
  REQUIRE(*read(reader, line_of(written)) == weir::record_type::answer);
  CHECK(line_of(reader.answer()) == line_of(written));
  REQUIRE(read(reader, R"({"correct":{"b":true,"a":false},"predicted":{"a":"x"},"id":3,"type":"answer"})"));
  REQUIRE(reader.answer().rules.size() == 2);
  CHECK(reader.answer().id == "3");
  CHECK((reader.answer().rules[0].rule == "b" && reader.answer().rules[0].correct && !reader.answer().rules[0].found));
  CHECK((reader.answer().rules[1].predicted == "x" && !reader.answer().rules[1].correct));
}

TEST_CASE("record: a run's clocks are read", "[record]") {
  weir::run_record run;
  run.tool = "weir-bench";
  run.argv = {"--num-prompts", "3"};
  run.host = "node";
  run.t_start_ns = 17;
  run.start_unix_ns = 1'795'322'048'000'000'000;
  run.config = {{"rate", "[1,{}]"}};
  weir::record_reader reader;
  REQUIRE(*read(reader, line_of(run)) == weir::record_type::run);
  CHECK(reader.run().tool == "weir-bench");
  CHECK(reader.run().host == "node");
  CHECK(reader.run().t_start_ns == 17);
  CHECK(reader.run().start_unix_ns == 1'795'322'048'000'000'000);
}

TEST_CASE("record: a metric is a number, a text, or null with its reason, and knows what it is of", "[record]") {
  weir::record_reader reader;
  const auto type = read(
      reader, R"({"type":"metric","name":"kernel_us","value":8.5,"unit":"us","labels":{"device":"a \"b\"","m":4}})");
  REQUIRE((type && *type == weir::record_type::metric));
  CHECK(reader.metric().value == 8.5);
  CHECK(reader.metric().labels == std::vector<std::pair<std::string, std::string>>{{"device", "a \"b\""}, {"m", "4"}});
  REQUIRE(read(reader, R"({"type":"metric","name":"x","value":null,"reason":"no device","labels":{}})"));
  CHECK(std::isnan(reader.metric().value));
  CHECK(reader.metric().reason == "no device");
  CHECK(reader.metric().labels.empty());
  REQUIRE(read(reader, R"({"type":"metric","name":"basis","value":"usage","labels":{}})"));
  CHECK(reader.metric().text == "usage");
  const auto written = line_of(reader.metric());
  CHECK(written == R"({"type":"metric","name":"basis","value":"usage","labels":{}})");
  CHECK(error_of(R"({"type":"metric","value":[1]})") == "field 'value' is not a number, a string or null");
  CHECK(error_of(R"({"type":"metric","labels":{"a":[1]}})") == "field 'labels' is not an object of strings");
}

TEST_CASE("record: types that are not known pass as other", "[record]") {
  weir::record_reader reader;
  CHECK(*read(reader, R"({"type":"sample","x":1})") == weir::record_type::sample);
  CHECK(*read(reader, R"({"type":"from_the_future","x":[{}]})") == weir::record_type::other);
  CHECK(*read(reader, R"({"prompt":"no type"})") == weir::record_type::other);
  CHECK(*read(reader, R"({"type":7})") == weir::record_type::other);
  CHECK(*read(reader, "{}") == weir::record_type::other);
}

TEST_CASE("record: a key written with escapes is the same key", "[record]") {
  weir::record_reader reader;
  REQUIRE(read(reader, R"({"type":"request","status":"ok","t_s\u0065nd_ns":12})"));
  CHECK(reader.request().t_send_ns == 12);
}

TEST_CASE("record: what is wrong is named", "[record]") {
  CHECK(error_of(R"({"type":"request","status":"ok","t_send_ns":"12"})") ==
        "field 't_send_ns' is not an integer or null");
  CHECK(error_of(R"({"type":"request","status":"ok","t_send_ns":1.5})") ==
        "field 't_send_ns' is not an integer or null");
  for (const char* far : {"4611686018427387904", "-4611686018427387904", "9223372036854775807"})
    CHECK(error_of(R"({"type":"request","status":"ok","t_send_ns":)" + std::string(far) + "}") ==
          "field 't_send_ns' is not within 4.6e18");
  CHECK(error_of(R"({"type":"request","status":"ok","t_send_ns":4611686018427387903})") == "no error");
  CHECK(error_of(R"({"type":"request","status":"ok","t_send_ns":1,"event_t_ns":[1000000000000000001]})") ==
        "field 'event_t_ns' is not an array of integers within 1e18");
  CHECK(error_of(R"({"type":"request","status":"ok","tokens_out":-1})") ==
        "field 'tokens_out' is not a count from 0 or null");
  CHECK(error_of(R"({"type":"request","status":"fine"})") ==
        "field 'status' is not an outcome that docs/records.md lists");
  CHECK(error_of(R"({"type":"request","id":"1"})") == "a request without the field 'status'");
  CHECK(error_of(R"({"type":"request","status":"ok","t_send_ns":1,"event_t_ns":[1,2],"event_tokens":[1]})") ==
        "event_t_ns, event_tokens and event_choice differ in length");
  CHECK(error_of(R"({"type":"request","status":"ok","event_t_ns":[1,2]})") ==
        "event_t_ns counts from t_send_ns, which is not there");
  CHECK(error_of(R"({"type":"request","status":"ok","attempt":3000000000})") ==
        "field 'attempt' is not an integer from 0 to 2147483647");
  CHECK(error_of(R"({"type":"answer","correct":{"a":1}})") == "field 'correct' is not an object of true and false");
  CHECK(error_of("[1,2]") == "not a JSON object in one line");
  CHECK(error_of("17") == "not a JSON object in one line");
  CHECK(error_of(R"({"type":"run"} {"type":"run"})") == "more text after the JSON object");
  CHECK(error_of("id,question") == "not a JSON object in one line");
  CHECK(error_of("{\"a\":1").starts_with("not JSON"));
}

TEST_CASE("record: no beginning of a line passes for a line", "[record][property]") {
  const auto line = line_of(sample_request());
  weir::record_reader reader;
  for (std::size_t length = 0; length < line.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(read(reader, line.substr(0, length)));
  }
  CHECK(read(reader, line));
}

TEST_CASE("record: a file's last line may be half written; every other fault is named by file and line", "[record]") {
  const auto whole = line_of(sample_request());
  weir::record_reader reader;
  struct seen {
    std::vector<weir::record_type> types;
    weir::result<weir::records_seen> result;
  };
  const auto read_all = [&](const std::string& bytes) {
    lines_in_memory rows{weir::memory_source(bytes, 100)};
    seen s{{}, weir::records_seen{}};
    s.result = weir::read_records(rows, "a.jsonl", reader, [&](weir::record_type t) { s.types.push_back(t); });
    return s;
  };
  const auto good = read_all("\xEF\xBB\xBF{\"type\":\"run\"}\r\n\n" + whole + "\n  \n" + whole);
  REQUIRE(good.result);
  CHECK(good.result->records == 3);
  CHECK(good.result->truncated_line == 0);
  CHECK(good.types == std::vector{weir::record_type::run, weir::record_type::request, weir::record_type::request});

  const auto cut = read_all(whole + "\n" + whole.substr(0, whole.size() / 2));
  REQUIRE(cut.result);
  CHECK(cut.result->records == 1);
  CHECK(cut.result->truncated_line == 2);

  const auto inside = read_all(whole + "\n{\"type\":\n" + whole + "\n");
  REQUIRE_FALSE(inside.result);
  CHECK(inside.result.error().detail.starts_with("a.jsonl:2: not JSON"));
  CHECK(inside.types.size() == 1);

  const auto wrong_last = read_all(R"({"type":"request","status":"new"})");  // whole JSON, so nobody died here
  REQUIRE_FALSE(wrong_last.result);
  CHECK(wrong_last.result.error().detail.starts_with("a.jsonl:1: field 'status'"));
  CHECK_FALSE(read_all("not a record").result);
}

TEST_CASE("record: a line that is too long is refused by its number", "[record]") {
  const std::string bytes = "{\"type\":\"run\"}\n{\"type\":\"run\",\"x\":\"" + std::string(5000, 'x') + "\"}\n";
  lines_in_memory rows{weir::memory_source(bytes), {.window_bytes = 64, .max_row_bytes = 1000}};
  weir::record_reader reader;
  const auto seen = weir::read_records(rows, "b.jsonl", reader, [](weir::record_type) {});
  REQUIRE_FALSE(seen);
  CHECK(seen.error().detail == "b.jsonl: line 2 is longer than 1000 bytes");
}
