#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "catch.hpp"
#include "json_field.hpp"
#include "weir/data/json_row.hpp"
#include "weir/load/bench_table.hpp"
#include "weir/load/run_summary.hpp"
#include "weir/load/vllm_result.hpp"

using weir::outcome;

namespace {

constexpr std::int64_t ms = 1'000'000;

/// An answer of `tokens` single tokens: first after `ttft` ms, then one each `gap` ms.
weir::request_record answer(std::int64_t send_ms, std::int64_t ttft, std::int64_t gap, int tokens) {
  weir::request_record r;
  r.id = std::to_string(send_ms);
  r.http_status = 200;
  r.t_send_ns = send_ms * ms;
  for (int i = 0; i < tokens; ++i) r.events.push_back({r.t_send_ns + (ttft + i * gap) * ms, 1, 0});
  r.t_first_ns = r.t_visible_ns = r.events.front().t_ns;
  r.t_last_ns = r.t_done_ns = r.events.back().t_ns;
  r.tokens_in = 7;
  r.tokens_out = tokens;
  r.basis = r.itl_basis = weir::tokens_basis::usage;
  weir::choice_record c;
  c.t_first_ns = r.t_first_ns;
  c.t_last_ns = r.t_last_ns;
  c.tokens_out = tokens;
  c.tokens_first = 1;
  c.text = "text";
  r.choices.push_back(c);
  return r;
}

weir::request_record refused(const std::string& words) {
  weir::request_record r;
  r.id = "f";
  r.status = outcome::http;
  r.http_status = 404;
  r.error = words;
  r.t_send_ns = 5 * ms;
  r.t_done_ns = 6 * ms;
  return r;
}

/// The value of a top-level field, as it is spelled.
std::string field(const std::string& json, const std::string& name) {
  return test::json_field(json, name).value_or("(absent)");
}

}  // namespace

TEST_CASE("summary: window, throughput and held concurrency follow from the records' times", "[load]") {
  weir::run_summary s;
  s.add(answer(0, 50, 10, 20), true);     // 0 .. 240 ms
  s.add(answer(100, 100, 20, 20), true);  // 100 .. 580 ms
  CHECK(s.completed == 2);
  CHECK(s.window_s() == Approx(0.58));
  CHECK(s.tokens_in() == 14);
  CHECK(s.tokens_out() == 40);
  CHECK(s.per_s(s.tokens_out()) == Approx(40 / 0.58));
  CHECK(s.held_concurrency() == Approx((240.0 + 480.0) / 580.0));
  CHECK(s.tokens_per_chunk() == 1);
}

TEST_CASE("summary: a request sent again counts once", "[load]") {
  weir::run_summary s;
  auto lost = refused("closed");
  lost.status = outcome::truncated;
  lost.resent = true;
  s.add(lost, false);
  s.add(answer(0, 50, 10, 2), true);
  CHECK(s.completed == 1);
  CHECK(s.failed == 0);
  CHECK(s.resent == 1);
  CHECK(s.requests() == 1);
  CHECK(s.attempts.counts.all() == 1);
  CHECK(s.attempts.counts.resent == 1);
  CHECK(s.failures.empty());
}

TEST_CASE("summary: a goal is met by all of its parts, and never by a failure", "[load]") {
  const auto good = [](std::initializer_list<const char*> goals) {
    weir::service_level level;
    for (const char* goal : goals) REQUIRE(weir::add_level(level, goal));
    weir::run_summary s(level);
    s.add(answer(0, 50, 10, 20), true);   // ttft 50, tpot 10, e2el 240
    s.add(answer(0, 150, 10, 20), true);  // ttft 150, e2el 340
    s.add(answer(0, 50, 30, 20), true);   // tpot 30, e2el 620
    s.add(answer(0, 50, 10, 1), true);    // one token: no tpot
    s.add(refused("no"), true);
    return s.good;
  };
  CHECK(good({}) == 4);
  CHECK(good({"ttft:50"}) == 3);
  CHECK(good({"ttft:49.999"}) == 0);
  CHECK(good({"tpot:10"}) == 3);
  CHECK(good({"e2el:340"}) == 3);
  CHECK(good({"ttft:100", "tpot:20"}) == 2);
  weir::service_level level;
  for (const char* bad : {"", "ttft", "ttft:", "ttft:x", "ttft:-1", "itl:5", "ttft:nan"})
    CHECK_FALSE(weir::add_level(level, bad));
}

TEST_CASE("summary: the busiest second has at least the average, whatever the records' order", "[load]") {
  weir::token_rate rate;
  CHECK(std::isnan(rate.peak_per_s()));
  for (int i = 199; i >= 0; --i) rate.add(50'000 * ms + i * 10 * ms, i < 100 ? 1 : 4);  // 2 s; the later one is busier
  CHECK(rate.peak_per_s() == 400);
  weir::token_rate brief;
  for (int i = 0; i < 50; ++i) brief.add(i * 10 * ms, 1);
  CHECK(std::isnan(brief.peak_per_s()));
}

TEST_CASE("vllm_result: every key of vLLM's own file is there", "[load]") {
  std::ifstream file(WEIR_SOURCE_DIR "/../shared/data/rivals/vllm-bench/result.trimmed-lists.json");
  if (!file) {
    WARN("skipped: vLLM's result file is not beside the repository");
    return;
  }
  std::string theirs{std::istreambuf_iterator<char>(file), {}};
  weir::run_summary s;
  s.add(answer(0, 50, 10, 20), true);
  weir::detail_columns details;
  details.add(answer(0, 50, 10, 20), 0);
  const std::string ours = weir::vllm_result({.backend = "openai"}, s, &details);
  weir::json_row_reader read;
  int keys = 0;
  const auto ok = read(theirs, [&](std::string_view key, weir::json_value) -> weir::result<void> {
    const std::string name(key);
    INFO(name);
    // For speech models, and the client's own queue, which is ours to report as client_queue.
    if (name != "rtfx" && name != "queue_times") CHECK(field(ours, name) != "(absent)");
    ++keys;
    return {};
  });
  CHECK(ok);
  CHECK(keys > 40);
}

TEST_CASE("vllm_result: numbers are vLLM's, in its units", "[load]") {
  weir::run_summary s;
  s.add(answer(0, 50, 10, 20), true);
  s.add(answer(0, 150, 20, 20), true);
  weir::run_identity run{.backend = "openai", .model = "m", .num_prompts = 2, .max_concurrency = 2};
  run.metadata = {{"gpu", "h100"}};
  run.start_unix_ns = 1'795'322'048'000'000'000;
  const std::string json = weir::vllm_result(run, s, nullptr);
  CHECK(field(json, "date") == "\"20261122-043408\"");
  CHECK(field(json, "request_rate") == "\"inf\"");
  CHECK(field(json, "max_concurrency") == "2");
  CHECK(field(json, "label") == "null");
  CHECK(field(json, "gpu") == "\"h100\"");
  CHECK(field(json, "completed") == "2");
  CHECK(field(json, "duration") == "0.53");
  CHECK(field(json, "total_output_tokens") == "40");
  CHECK(std::stod(field(json, "mean_ttft_ms")) == Approx(100));
  CHECK(std::stod(field(json, "std_ttft_ms")) == Approx(50));
  CHECK(std::stod(field(json, "median_tpot_ms")) == Approx(15));
  CHECK(std::stod(field(json, "p90_e2el_ms")) == Approx(240 + 0.9 * 290));
  CHECK(std::stod(field(json, "mean_itl_ms")) == Approx(15));
  CHECK(field(json, "ttfts") == "(absent)");
  CHECK(weir::vllm_result_name(run) == "openai-infqps-concurrency2-m-20261122-043408.json");
  run.label = "a/b";
  run.request_rate = 2.5;
  run.max_concurrency = 0;
  CHECK(weir::vllm_result_name(run) == "a_b-2.5qps-m-20261122-043408.json");
}

TEST_CASE("vllm_result: vLLM's TPOT and ITL keep their meaning, ours stand beside them", "[load]") {
  // 8 tokens in two events of 4, 40 ms apart.
  auto r = answer(0, 50, 40, 2);
  r.tokens_out = 8;
  for (auto& e : r.events) e.tokens = 4;
  r.choices[0].tokens_out = 8;
  r.choices[0].tokens_first = 4;
  weir::run_summary s;
  s.add(r, true);
  const std::string json = weir::vllm_result({}, s, nullptr);
  CHECK(std::stod(field(json, "mean_tpot_ms")) == Approx(40.0 / 7));
  CHECK(std::stod(field(json, "mean_tpot_token_ms")) == Approx(10));
  CHECK(std::stod(field(json, "mean_itl_ms")) == Approx(40));
  CHECK(std::stod(field(json, "mean_itl_token_ms")) == Approx(10));
}

TEST_CASE("vllm_result: nothing measured is null, never 0", "[load]") {
  weir::run_summary s;
  s.add(refused("no such model"), true);
  s.add(refused("no such model"), true);
  weir::detail_columns details;
  details.add(refused("no such model"), 0);
  const std::string json = weir::vllm_result({.num_prompts = 2}, s, &details);
  CHECK(field(json, "completed") == "0");
  CHECK(field(json, "failed") == "2");
  for (const char* name : {"duration", "total_output_tokens", "request_throughput", "output_throughput", "mean_ttft_ms",
                           "p99_tpot_ms", "std_itl_ms", "median_e2el_ms", "max_output_tokens_per_s"})
    CHECK(field(json, name) == "null");
  CHECK(field(json, "ttfts") == "[null]");
  CHECK(field(json, "errors") == R"(["http: no such model"])");
  CHECK(field(json, "weir").find(R"("failures":[{"status":"http","error":"no such model","count":2}])") !=
        std::string::npos);
}

TEST_CASE("vllm_result: a failure counts as an answer that never ends in the adjusted percentiles", "[load]") {
  weir::run_summary s;
  for (int i = 0; i < 9; ++i) s.add(answer(0, 50, 10, 2), true);
  s.add(refused("no"), true);
  const std::string ours = field(weir::vllm_result({.percentiles = {50, 99}}, s, nullptr), "weir");
  CHECK(ours.find(R"("adj_p50_ttft_ms":50)") != std::string::npos);
  CHECK(ours.find(R"("adj_p99_ttft_ms":null)") != std::string::npos);  // infinite
  CHECK(ours.find(R"("error_rate":0.1)") != std::string::npos);
}

TEST_CASE("bench_table: failures and n/a stand where there is nothing to show", "[load]") {
  weir::run_summary s;
  for (int i = 0; i < 3; ++i) s.add(refused("no such model"), true);
  const std::string text = weir::bench_table({}, s, {});
  CHECK(text.find("3 x http: no such model") != std::string::npos);
  CHECK(text.find("Output token throughput (tok/s):             n/a") != std::string::npos);
  CHECK(text.find("Error rate (%):                              100.00") != std::string::npos);
  CHECK(text.find("TTFT") == std::string::npos);
}

TEST_CASE("bench_table: few requests and estimated tokens are said", "[load]") {
  weir::run_summary s;
  auto r = answer(0, 50, 10, 5);
  r.basis = r.itl_basis = weir::tokens_basis::chunks;
  s.add(r, true);
  const std::string text = weir::bench_table({}, s, {});
  CHECK(text.find("with 1 requests, p99 is next to the maximum") != std::string::npos);
  CHECK(text.find("tokens were estimated") != std::string::npos);
  CHECK(text.find("Mean TPOT (ms):                              10.00") != std::string::npos);
}
