#include "weir/observe/server_metrics.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include "catch.hpp"

using weir::server_figure;

namespace {

std::string shared(const std::string& name) {
  std::ifstream in(std::string(WEIR_SOURCE_DIR) + "/../shared/vllm_h100/streams/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

// What it is compared with is metrics_delta.py of the same folder, a reader of its own, and the table of its README:
// server TTFT 105.6 ms, ITL 4.457 ms, e2e 674 ms, queue 4.5 ms, 31,744 prefix hits, at 64 streams.
TEST_CASE("server_metrics: the growth between two scrapes of a real vLLM is what its run was", "[observe]") {
  const std::string before_text = shared("metrics_before_raw_c64.txt"),
                    after_text = shared("metrics_after_raw_c64.txt");
  if (before_text.empty()) SKIP("../shared/vllm_h100 is not here");
  const auto before = weir::parse_server_metrics(before_text), after = weir::parse_server_metrics(after_text);
  REQUIRE(before);
  REQUIRE(after);
  CHECK(after->engine == "vllm");
  const auto grown = weir::growth(*before, *after);
  REQUIRE(grown);
  CHECK(grown->of(server_figure::requests) == 192);
  CHECK(grown->of(server_figure::generation_tokens) == 192 * 128);
  CHECK(grown->of(server_figure::prompt_tokens) == 192 * 512);
  CHECK(grown->of(server_figure::prefix_hits) == 31744);
  CHECK(grown->of(server_figure::prefix_queries) == 192 * 512);
  CHECK(grown->of(server_figure::itl_count) == 192 * 127);  // per token, without each first one
  CHECK(grown->mean_ms(server_figure::ttft_s, server_figure::ttft_count) == Approx(105.6).epsilon(0.001));
  CHECK(grown->mean_ms(server_figure::itl_s, server_figure::itl_count) == Approx(4.457).epsilon(0.001));
  CHECK(grown->mean_ms(server_figure::e2el_s, server_figure::e2el_count) == Approx(674).epsilon(0.002));
  CHECK(grown->mean_ms(server_figure::queue_s, server_figure::queue_count) == Approx(4.5).epsilon(0.02));
  CHECK(grown->of(server_figure::running) == 0);

  const auto backwards = weir::growth(*after, *before);
  REQUIRE_FALSE(backwards);
  CHECK(backwards.error().detail.find("started anew") != std::string::npos);
}

TEST_CASE("server_metrics: engines of one server are added up, an old name beside the new counts once", "[observe]") {
  const auto m = weir::parse_server_metrics(
      "vllm:prompt_tokens_total{engine=\"0\"} 10\nvllm:prompt_tokens_total{engine=\"1\"} 5\n"
      "vllm:time_per_output_token_seconds_sum 7\nvllm:inter_token_latency_seconds_sum{engine=\"0\"} 3\n"
      "vllm:inter_token_latency_seconds_sum{engine=\"1\"} 1\nvllm:time_per_output_token_seconds_sum 7\n"
      "vllm:kv_cache_usage_perc{engine=\"0\"} 0.5\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.25\n"
      "vllm:e2e_request_latency_seconds_sum NaN\nprocess_cpu_seconds_total 9\n");
  REQUIRE(m);
  CHECK(m->of(server_figure::prompt_tokens) == 15);
  CHECK(m->of(server_figure::itl_s) == 4);
  CHECK(m->of(server_figure::cache_usage) == 0.5);
  CHECK_FALSE(m->knows(server_figure::e2el_s));
  CHECK_FALSE(m->knows(server_figure::requests));
}

TEST_CASE("server_metrics: SGLang's and llama.cpp's names mean the same figures", "[observe]") {
  const auto sglang = weir::parse_server_metrics(
      "sglang:prompt_tokens_total{model_name=\"m\"} 100\nsglang:cached_tokens_total{model_name=\"m\"} 25\n"
      "sglang:num_requests_total{model_name=\"m\"} 4\nsglang:time_to_first_token_seconds_sum{model_name=\"m\"} 2\n"
      "sglang:time_to_first_token_seconds_count{model_name=\"m\"} 4\n");
  REQUIRE(sglang);
  CHECK(sglang->engine == "sglang");
  CHECK(sglang->of(server_figure::prefix_queries) == 100);
  CHECK(sglang->of(server_figure::prefix_hits) == 25);
  CHECK(sglang->mean_ms(server_figure::ttft_s, server_figure::ttft_count) == 500);

  const auto llama = weir::parse_server_metrics(
      "llamacpp:tokens_predicted_total 200\nllamacpp:tokens_predicted_seconds_total 4\nllamacpp:requests_deferred 3\n");
  REQUIRE(llama);
  CHECK(llama->mean_ms(server_figure::itl_s, server_figure::itl_count) == 20);
  CHECK(llama->of(server_figure::waiting) == 3);
  CHECK_FALSE(llama->knows(server_figure::ttft_s));
}

TEST_CASE("server_metrics: a page without known names knows nothing, and a page of HTML is refused", "[observe]") {
  const auto other = weir::parse_server_metrics("go_goroutines 5\n");
  REQUIRE(other);
  CHECK(other->engine.empty());
  CHECK_FALSE(weir::parse_server_metrics("<!doctype html>\n"));
}

TEST_CASE("server_metrics: several servers are one sum, in which what one does not know is unknown", "[observe]") {
  weir::server_metrics sum;
  weir::add(sum, *weir::parse_server_metrics("vllm:prompt_tokens_total 3\nvllm:generation_tokens_total 1\n"));
  weir::add(sum, *weir::parse_server_metrics("vllm:prompt_tokens_total 4\n"));
  CHECK(sum.of(server_figure::prompt_tokens) == 7);
  CHECK_FALSE(sum.knows(server_figure::generation_tokens));
}

TEST_CASE("server_metrics: a sample record holds what the server said, and no more", "[observe]") {
  auto record = weir::sample_of(*weir::parse_server_metrics("vllm:prompt_tokens_total 3\n"), "0");
  record.t_ns = 5;
  std::string line;
  append_record(line, record);
  CHECK(
      line ==
      "{\"type\":\"sample\",\"t_ns\":5,\"source\":\"/metrics\",\"instance\":\"0\",\"values\":{\"prompt_tokens\":3}}\n");
}
