#include "weir/report/summary.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "golden.hpp"
#include "weir/base/hash.hpp"
#include "weir/data/rows.hpp"
#include "weir/report/summarize_files.hpp"
#include "weir/report/summary_notes.hpp"
#include "weir/report/summary_text.hpp"

using weir::outcome, weir::request_record, weir::tokens_basis, weir::unmeasured;

namespace {

using lines_in_memory = weir::basic_row_reader<weir::line_scanner, weir::memory_source>;
constexpr std::int64_t ms = 1'000'000;

/// A successful request of instance `instance`: sent at `send`, first token after `ttft`, then one each `gap`.
request_record ok(std::string id, std::string instance, std::int64_t send, std::int64_t ttft, int tokens,
                  std::int64_t gap) {
  request_record r;
  r.id = std::move(id), r.instance = std::move(instance);
  r.t_send_ns = send, r.t_first_ns = r.t_visible_ns = send + ttft;
  for (int i = 0; i < tokens; ++i) r.events.push_back({r.t_first_ns + i * gap, 1, 0});
  r.t_last_ns = r.events.back().t_ns;
  r.t_done_ns = r.t_last_ns + 10;
  r.tokens_in = 7, r.tokens_out = tokens, r.basis = r.itl_basis = tokens_basis::usage;
  r.choices = {{0, r.t_first_ns, r.t_last_ns, tokens, 1, "stop", "", ""}};
  return r;
}

request_record failed(std::string id, std::string instance, outcome status, std::int64_t send) {
  request_record r;
  r.id = std::move(id), r.instance = std::move(instance), r.status = status, r.t_send_ns = send;
  return r;
}

weir::summarizer count(const std::vector<request_record>& requests,
                       std::vector<weir::group_key> keys = {weir::group_key::instance}) {
  weir::summarizer counted(std::move(keys));
  counted.begin_file("a.jsonl");
  for (const auto& r : requests) counted.add(r);
  return counted;
}

/// A figure's value as tables show it; its reason in parentheses where it is missing.
std::string shown(const weir::summary& s, std::string_view name, std::size_t group) {
  const auto* f = s.groups.at(group).find(name);
  if (!f) return "no such figure";
  return std::string(f->shown.reason().empty() ? f->shown.shown() : "(" + std::string(f->shown.reason()) + ")");
}
std::string shown(const weir::summary& s, std::string_view name) {
  return shown(s, name, s.groups.size() - 1);
}

/// Lines of all kinds: open and closed loop, failures, retries, several choices, unknown tokens, copies, answers.
std::vector<std::string> mixed_lines(int count) {
  weir::random_stream random(21);
  std::vector<std::string> lines;
  const auto add = [&](const auto& record) {
    lines.emplace_back();
    append_record(lines.back(), record);
  };
  for (int i = 0; i < count; ++i) {
    const auto instance = std::to_string(random.below(12));
    const auto send = static_cast<std::int64_t>(random.below(3'000'000'000));
    auto r = ok("q" + std::to_string(i), instance, send, static_cast<std::int64_t>(random.below(90'000'000)),
                1 + static_cast<int>(random.below(9)), static_cast<std::int64_t>(random.below(20'000'000)));
    r.subject = "subject " + std::to_string(i % 3);
    if (i % 5 == 0) r.t_sched_ns = send - 1000, r.t_woke_ns = send - 900;
    if (i % 7 == 0) r.tokens_in = unmeasured;
    if (i % 11 == 0) r.itl_basis = tokens_basis::chunks, r.tokens_out += 3, r.choices[0].tokens_out += 3;
    if (i % 13 == 0) r.choices.push_back(r.choices[0]), r.choices[1].index = 1, r.choices[1].t_last_ns += 5;
    if (i % 17 == 0) r = failed(r.id, instance, static_cast<outcome>(1 + random.below(9)), send);
    if (i % 19 == 0) r.attempt = 2;
    add(r);
    if (i % 23 == 0) lines.push_back(lines.back());
    weir::answer_record a{r.id, r.subject, instance, "m", "1", std::string(to_string(r.status)), {}};
    a.rules = {{"strict", "1", i % 2 == 0, i % 4 == 0}, {"flexible", "1", true, i % 3 != 0}};
    add(a);
  }
  return lines;
}

/// Everything that is printed about files that hold these lines.
std::string printed(const std::vector<std::vector<std::string>>& files) {
  weir::summarizer counted({weir::group_key::instance, weir::group_key::subject});
  weir::file_summarizer reader(counted);
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::string bytes;
    for (const auto& line : files[i]) bytes += line;
    lines_in_memory rows{weir::memory_source(bytes)};
    REQUIRE(reader.add(rows, std::to_string(i)));
  }
  const auto s = weir::summarize(counted, {.percentiles = {50, 90, 99.9}, .intervals = true});
  std::string text;
  weir::append_metrics(text, s);
  for (const auto format : weir::report_formats) text += render(s, notes_on(s, counted), format);
  return text;
}

/// Where two texts first differ: they are too long to be printed whole.
std::string difference(const std::string& a, const std::string& b) {
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  if (a == b) return "none";
  const auto from = at < 60 ? 0 : at - 60;
  return "\"" + a.substr(from, 120) + "\" and \"" + b.substr(from, 120) + "\"";
}

}  // namespace

TEST_CASE("summary: figures of three requests are those computed by hand", "[report]") {
  auto counted = count({ok("a", "0", 0, 50 * ms, 11, 10 * ms), ok("b", "1", 100 * ms, 70 * ms, 6, 20 * ms),
                        ok("c", "1", 200 * ms, 30 * ms, 1, 0)});
  const auto s = weir::summarize(counted);
  REQUIRE(s.groups.size() == 3);
  CHECK(s.groups[0].labels == std::vector<std::string>{"0"});
  CHECK(shown(s, "requests", 1) == "2");
  CHECK(shown(s, "ttft_mean_ms") == "50.000");  // 50, 70, 30
  CHECK(shown(s, "ttft_p50_ms") == "50.000");
  CHECK(shown(s, "ttft_p90_ms") == "66.000");  // rank 1.8: 50 + 0.8 * 20
  CHECK(shown(s, "ttft_std_ms") == "16.330");  // sqrt(800 / 3)
  CHECK(shown(s, "ttft_max_ms") == "70.000");
  CHECK(shown(s, "e2el_p50_ms") == "150.000");  // 150, 170, 30
  CHECK(shown(s, "tpot_n") == "2");             // 100/10 and 100/5; one token has none
  CHECK(shown(s, "tpot_mean_ms") == "15.000");
  CHECK(shown(s, "itl_n") == "15");
  CHECK(shown(s, "itl_mean_ms") == "13.333");  // (10 * 10 + 5 * 20) / 15
  CHECK(shown(s, "itl_p50_ms") == "10.000");
  CHECK(shown(s, "window_s") == "0.270");  // 0 to 100 + 70 + 100 ms
  CHECK(shown(s, "requests_per_s") == "11.11");
  CHECK(shown(s, "output_tokens_per_s") == "66.67");  // 18 / 0.27
  CHECK(shown(s, "total_tokens_per_s") == "144.44");  // (18 + 21) / 0.27
  CHECK(shown(s, "window_s", 1) == "0.170");          // 100 to 270 ms
  CHECK(shown(s, "output_tokens_per_s", 1) == "41.18");
  CHECK(shown(s, "tokens_per_chunk") == "1.00");
  CHECK(shown(s, "error_rate_pct") == "0.00");
}

TEST_CASE("summary: failures stand in the error rate and in adjusted percentiles, not in the others", "[report]") {
  auto counted = count({ok("a", "0", 0, 50 * ms, 2, 10 * ms), ok("b", "0", 0, 60 * ms, 2, 10 * ms),
                        ok("c", "0", 0, 70 * ms, 2, 10 * ms), failed("d", "0", outcome::timeout, 0)});
  const auto s = weir::summarize(counted);
  REQUIRE(s.groups.size() == 1);  // one instance: nothing to tell apart
  CHECK(s.keys.empty());
  CHECK(shown(s, "error_rate_pct") == "25.00");
  CHECK(shown(s, "failed_timeout") == "1");
  CHECK(shown(s, "ttft_n") == "3");
  CHECK(shown(s, "ttft_p50_ms") == "60.000");
  CHECK(shown(s, "ttft_adj_p50_ms") == "65.000");  // rank 1.5 of 50, 60, 70, infinity
  CHECK(shown(s, "ttft_adj_p90_ms") == "inf");
  CHECK(shown(s, "failed_http") == "no such figure");
}

TEST_CASE("summary: what was not measured is missing with its reason, and never 0", "[report]") {
  auto none = count({failed("a", "0", outcome::connect, unmeasured), failed("b", "0", outcome::http, 5)});
  auto s = weir::summarize(none);
  CHECK(shown(s, "ok") == "0");
  CHECK(shown(s, "ttft_p99_ms") == "(no request succeeded)");
  CHECK(shown(s, "output_tokens_per_s") == "(no token came after the first byte sent)");
  CHECK(shown(s, "tokens_out") == "(no request succeeded)");
  CHECK(shown(s, "tokens_basis") == "(no request succeeded)");

  auto unknown = ok("a", "0", 0, 50 * ms, 5, ms);
  unknown.tokens_in = unmeasured, unknown.events.clear();
  auto some = count({unknown, ok("b", "1", 0, 50 * ms, 5, ms)});
  s = weir::summarize(some);
  CHECK(shown(s, "tokens_in") == "(the input tokens of 1 of 2 answers are not known)");
  CHECK(shown(s, "total_tokens_per_s") == "(the input tokens of 1 of 2 answers are not known)");
  CHECK(shown(s, "output_tokens_per_s") == "185.19");  // 10 / 0.054
  CHECK(shown(s, "itl_p50_ms", 0) == "(the records hold no times of events, or no answer had two)");
  CHECK(shown(s, "itl_p50_ms", 1) == "1.000");

  auto backwards = ok("a", "0", 60 * ms, -50 * ms, 5, ms);
  auto wrong = count({backwards});
  s = weir::summarize(wrong);
  CHECK(shown(s, "ttft_p50_ms") == "(no answer was streamed, or its times run backwards)");
  CHECK(shown(s, "e2el_p50_ms") == "(not measured, or the times run backwards)");
}

TEST_CASE("summary: a record that came twice counts once, a retry counts as a request", "[report]") {
  auto first = failed("a", "0", outcome::timeout, 5);
  auto second = ok("a", "0", 10, 50 * ms, 5, ms);
  second.attempt = 2;
  auto counted = count({first, second, second, first, second});
  const auto s = weir::summarize(counted);
  CHECK(shown(s, "requests") == "2");
  CHECK(shown(s, "retries") == "1");
  CHECK(counted.requests_read_twice() == 3);

  weir::summarizer one_by_one({weir::group_key::instance});
  one_by_one.begin_file("a.jsonl");
  CHECK(one_by_one.add(first));
  CHECK(one_by_one.add(second));
  CHECK_FALSE(one_by_one.add(first));  // who keeps requests keeps this one out
}

TEST_CASE("summary: an attempt that was sent again at once is no failed request", "[report]") {
  auto lost = failed("a", "0", outcome::truncated, 5);
  lost.resent = true;
  auto answered = ok("a", "0", 10, 50 * ms, 5, ms);
  answered.attempt = 2;
  for (const auto& order : {std::vector{lost, answered}, std::vector{answered, lost}}) {
    auto counted = count(order);
    const auto s = weir::summarize(counted);
    CHECK(shown(s, "requests") == "1");
    CHECK(shown(s, "failed") == "0");
    CHECK(shown(s, "retries") == "1");
  }
}

TEST_CASE("summary: accuracy is over all answers, failed ones too, for each rule set and group", "[report]") {
  weir::summarizer counted({weir::group_key::subject});
  counted.begin_file("answers");
  counted.add(weir::answer_record{"1", "law", "0", "m", "A", "ok", {{"first", "A", true, true}}});
  counted.add(weir::answer_record{"2", "law", "0", "m", "A", "timeout", {{"first", "", false, false}}});
  counted.add(
      weir::answer_record{"3", "art", "1", "m", "B", "ok", {{"first", "B", true, true}, {"last", "B", true, true}}});
  const auto s = weir::summarize(counted);
  REQUIRE(s.groups.size() == 3);
  CHECK(s.groups[0].labels[0] == "art");
  CHECK(shown(s, "accuracy_first_pct", 1) == "50.00");
  CHECK(shown(s, "accuracy_first_pct") == "66.67");
  CHECK(shown(s, "accuracy_first_low_pct") == "20.77");  // statsmodels proportion_confint(2, 3, method='wilson')
  CHECK(shown(s, "accuracy_first_high_pct") == "93.85");
  CHECK(shown(s, "not_found_first") == "1");
  CHECK(shown(s, "unanswered") == "1");
  CHECK(shown(s, "accuracy_last_pct", 1) == "(no answer was judged by this rule set)");
  CHECK(shown(s, "accuracy_last_pct") == "100.00");
  CHECK(shown(s, "requests") == "no such figure");
}

TEST_CASE("summary: the order of records changes nothing that is printed", "[report][property]") {
  auto lines = mixed_lines(150);
  const auto expected = printed({lines});
  std::mt19937 random(4);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(lines.begin(), lines.end(), random);
    CHECK(difference(printed({lines}), expected) == "none");
  }
}

TEST_CASE("summary: shards summarised together are the whole, however they were dealt", "[report][property]") {
  const auto lines = mixed_lines(150);
  const std::size_t shards = GENERATE(1U, 2U, 3U, 10U, 400U);
  std::vector<std::vector<std::string>> stride(shards), block(shards);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    stride[i % shards].push_back(lines[i]);
    block[i * shards / lines.size()].push_back(lines[i]);
  }
  const auto expected = printed({lines});
  CHECK(difference(printed(stride), expected) == "none");
  CHECK(difference(printed(block), expected) == "none");
}

TEST_CASE("summary: the same digits stand in every format", "[report][property]") {
  auto counted = count({ok("a", "0", 0, 50 * ms + 123456, 11, 10 * ms + 77),
                        ok("b", "1", 100 * ms, 70 * ms, 6, 20 * ms), failed("c", "1", outcome::truncated, 0)});
  const auto s = weir::summarize(counted);
  const auto csv = render(s, {}, weir::report_format::csv), tsv = render(s, {}, weir::report_format::tsv);
  const auto json = render(s, {}, weir::report_format::json);
  for (const auto& t : reading_tables(s))
    for (const auto& row : t.rows)
      for (const auto& c : row) {
        if (!c.is(weir::cell::kind::number)) continue;
        const std::string digits(c.shown());
        CAPTURE(t.title, digits);
        CHECK(("," + csv).find("," + digits) != csv.npos);
        CHECK(tsv.find(digits + "\t") != tsv.npos);
        CHECK((digits == "inf" || json.find(":" + digits) != json.npos));
      }
}

TEST_CASE("summary: goodput, its share and the cost of tokens are those computed by hand", "[report]") {
  weir::service_level goals;
  REQUIRE((weir::add_level(goals, "ttft:60") && weir::add_level(goals, "tpot:15")));
  weir::summarizer counted({weir::group_key::instance}, goals);
  counted.begin_file("a.jsonl");
  counted.add(ok("a", "0", 0, 50 * ms, 11, 10 * ms));         // good
  counted.add(ok("b", "0", 100 * ms, 70 * ms, 11, 10 * ms));  // too late
  counted.add(ok("c", "1", 200 * ms, 50 * ms, 11, 20 * ms));  // too slow
  counted.add(failed("d", "1", outcome::timeout, 300 * ms));  // never good
  const auto s = weir::summarize(counted, {.price = {3.6, 2}});
  CHECK(shown(s, "good") == "1");
  CHECK(shown(s, "slo_attainment_pct") == "25.00");
  // From 0 to 450 ms.
  CHECK(shown(s, "window_s") == "0.450");
  CHECK(shown(s, "goodput_requests_per_s") == "2.22");
  // Two devices for each of two instances at 3.6 an hour are 0.004 a second: 0.0018 for 33 tokens out, 54 in all.
  CHECK(shown(s, "cost_per_million_output_tokens") == "54.5455");
  CHECK(shown(s, "cost_per_million_tokens") == "33.3333");
  // Instance 0 alone, from 0 to 270 ms: 0.002 a second for 22 tokens.
  CHECK(shown(s, "cost_per_million_output_tokens", 0) == "24.5455");
  weir::summarizer by_model({weir::group_key::model});
  by_model.begin_file("a.jsonl");
  auto x = ok("x", "0", 0, 50 * ms, 11, 10 * ms), y = x;
  x.model = "x", y.model = "y", y.id = "y";
  by_model.add(x), by_model.add(y);
  const auto t = weir::summarize(by_model, {.price = {1, 1}});
  CHECK(shown(t, "cost_per_million_tokens") ==
        "(groups other than instances are not told to have run at the same time)");
  CHECK(shown(t, "good") == "no such figure");
}

TEST_CASE("summary: the steady part is what MSER-5 and the last sending leave, with reasons where it says nothing",
          "[report]") {
  weir::summarizer counted({weir::group_key::instance});
  weir::request_log log;
  counted.begin_file("a.jsonl");
  weir::random_stream random(4);
  for (int i = 0; i < 4000; ++i) {  // the first 200 are slow by a second and less and less
    const auto extra = i < 200 ? (200 - i) * 5 * ms : 0;
    const auto r = ok(std::to_string(i), "0", i * 10 * ms,
                      (50 + static_cast<std::int64_t>(random.below(20))) * ms + extra, 11, 10 * ms);
    counted.add(r), log.add(r, r.instance);
  }
  log.sort();
  const auto s = weir::summarize(counted, {.steady = &log});
  const auto number = [&](const char* name) { return s.groups.back().find(name)->exact; };
  CHECK((number("steady_from_s") > 1.5 && number("steady_from_s") < 6));
  CHECK(number("steady_to_s") == Approx(39.99));
  CHECK(number("steady_requests_per_s") == Approx(100).epsilon(0.02));
  CHECK(number("steady_output_tokens_per_s") == Approx(1100).epsilon(0.02));
  CHECK(number("steady_ttft_mean_ms") == Approx(59.5).epsilon(0.01));
  CHECK((number("steady_ttft_mean_low_ms") < 59.5 && number("steady_ttft_mean_high_ms") > 59.5));
  CHECK(number("steady_tpot_p50_ms") == Approx(10));
  CHECK(number("steady_ttft_effective_n") > 2000);

  // As an open loop it has 16 requests under way at once and needs 3,200 of them; half of it is too short.
  for (const int n : {4000, 2000}) {
    weir::summarizer open({weir::group_key::instance});
    weir::request_log of_open;
    open.begin_file("c.jsonl");
    for (int i = 0; i < n; ++i) {
      auto r =
          ok(std::to_string(i), "0", i * 10 * ms, (50 + static_cast<std::int64_t>(random.below(20))) * ms, 11, 10 * ms);
      r.t_sched_ns = r.t_send_ns;
      open.add(r), of_open.add(r, r.instance);
    }
    const auto low = shown(weir::summarize(open, {.steady = &of_open}), "steady_ttft_mean_low_ms");
    CAPTURE(n, low);
    CHECK((low.find("lasted less than 200 answers") != std::string::npos) == (n == 2000));
    CHECK((low.find("no interval") != std::string::npos) == (n == 2000));
  }

  weir::summarizer few({weir::group_key::instance});
  weir::request_log short_log;
  few.begin_file("b.jsonl");
  for (int i = 0; i < 10; ++i)
    few.add(ok(std::to_string(i), "0", i * ms, ms, 2, ms)), short_log.add(ok("", "0", i * ms, ms, 2, ms), "0");
  const auto t = weir::summarize(few, {.steady = &short_log});
  CHECK(shown(t, "steady_ttft_mean_ms") == "(fewer than 20 answers)");
  CHECK(shown(t, "steady_from_s") == "(fewer than 20 answers)");
}

TEST_CASE("summary: groups are keys that records have, in natural order, and a typing error is refused", "[report]") {
  auto counted = count({ok("a", "10", 0, ms, 2, ms), ok("b", "9", 0, ms, 2, ms), ok("c", "", 0, ms, 2, ms)});
  const auto s = weir::summarize(counted);
  REQUIRE(s.groups.size() == 4);
  CHECK(s.groups[1].labels[0] == "9");
  CHECK(s.groups[2].labels[0] == "10");
  CHECK(data_table(s).rows[0][0].shown() == "(none)");
  CHECK(data_table(s).rows[3][0].shown() == "all");

  CHECK(weir::parse_group_keys("subject,instance,subject")->size() == 2);
  CHECK(weir::parse_group_keys("")->empty());
  CHECK_FALSE(weir::parse_group_keys("instance,colour"));
  CHECK_FALSE(weir::parse_group_keys("instance,,model"));
}

TEST_CASE("summary: percentiles that rest on one value are told of", "[report]") {
  std::vector<request_record> requests;
  for (int i = 0; i < 99; ++i) requests.push_back(ok(std::to_string(i), "0", i, ms + i, 1, 0));
  auto few = count(requests);
  auto notes = notes_on(weir::summarize(few), few);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0] == "n < 100: p99 is the maximum, or next to it: ttft, e2el, usage_tail");
  requests.push_back(ok("99", "0", 99, ms, 1, 0));
  auto enough = count(requests);
  CHECK(notes_on(weir::summarize(enough), enough).empty());
}

TEST_CASE("summary: text and Markdown are what was looked at, with wide characters in line", "[report][golden]") {
  std::vector<request_record> requests;
  for (int i = 0; i < 8; ++i) {
    auto r = ok(std::to_string(i), std::to_string(i % 2), i * 50 * ms, (40 + i) * ms, 5 + i, (10 + i) * ms);
    r.model = i % 2 == 0 ? "\xE9\x80\x9A\xE4\xB9\x89\xE5\x8D\x83\xE9\x97\xAE" : "llama";
    requests.push_back(r);
  }
  requests.push_back(failed("8", "1", outcome::timeout, 20));
  requests.back().model = "llama";
  auto counted = count(requests, {weir::group_key::model, weir::group_key::instance});
  for (int i = 0; i < 8; ++i)
    counted.add(weir::answer_record{std::to_string(i),
                                    "",
                                    std::to_string(i % 2),
                                    requests[static_cast<std::size_t>(i)].model,
                                    "1",
                                    "ok",
                                    {{"gsm8k_strict", "1", true, i % 3 != 0}}});
  const auto s = weir::summarize(counted, {.percentiles = {50, 99}});
  const auto notes = notes_on(s, counted);
  const auto txt = render(s, notes, weir::report_format::txt, 100);
  const auto md = render(s, notes, weir::report_format::md);
  CHECK(txt == golden("summary.txt", txt));
  CHECK(md == golden("summary.md", md));
}
