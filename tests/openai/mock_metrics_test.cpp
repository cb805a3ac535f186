#include "weir/openai/mock_metrics.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include "../catch.hpp"

namespace {

/// The samples of an exposition, by name and labels.
std::map<std::string, double> samples(const std::string& text) {
  std::map<std::string, double> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with('#')) all[line.substr(0, line.rfind(' '))] = std::stod(line.substr(line.rfind(' ') + 1));
  return all;
}

}  // namespace

TEST_CASE("mock metrics: counters, gauges and histograms are told as vLLM does", "[mock]") {
  weir::mock_metrics m;
  m.running = 2, m.waiting = 1;
  m.prompt_tokens = 60, m.generation_tokens = 39;
  m.finished.find("length")->second = 12;
  m.ttft.observe(15'000'000);
  m.ttft.observe(80'000'000'000);
  m.itl.observe(30'000'000, 3);  // three of 10 ms: at the first edge, which belongs to its bucket
  m.itl.observe(1'000'000, 0);   // none
  auto all = samples(m.text("tiny"));
  CHECK(all["vllm:num_requests_running{engine=\"0\",model_name=\"tiny\"}"] == 2);
  CHECK(all["vllm:num_requests_waiting{engine=\"0\",model_name=\"tiny\"}"] == 1);
  CHECK(all["vllm:prompt_tokens_total{engine=\"0\",model_name=\"tiny\"}"] == 60);
  CHECK(all["vllm:generation_tokens_total{engine=\"0\",model_name=\"tiny\"}"] == 39);
  CHECK(all["vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"tiny\"}"] == 12);
  CHECK(all["vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"tiny\"}"] == 0);
  const auto bucket = [&](const std::string& name, const std::string& edge) {
    const std::string key = "vllm:" + name + "_seconds_bucket{engine=\"0\",le=\"" + edge + "\",model_name=\"tiny\"}";
    REQUIRE(all.contains(key));
    return all[key];
  };
  CHECK(bucket("time_to_first_token", "0.01") == 0);
  CHECK(bucket("time_to_first_token", "0.02") == 1);
  CHECK(bucket("time_to_first_token", "40.0") == 1);
  CHECK(bucket("time_to_first_token", "80.0") == 2);
  CHECK(bucket("time_to_first_token", "+Inf") == 2);
  CHECK(all["vllm:time_to_first_token_seconds_count{engine=\"0\",model_name=\"tiny\"}"] == 2);
  CHECK(all["vllm:time_to_first_token_seconds_sum{engine=\"0\",model_name=\"tiny\"}"] == Approx(80.015));
  CHECK(bucket("inter_token_latency", "0.01") == 3);
  CHECK(all["vllm:inter_token_latency_seconds_count{engine=\"0\",model_name=\"tiny\"}"] == 3);
  CHECK(all["vllm:inter_token_latency_seconds_sum{engine=\"0\",model_name=\"tiny\"}"] == Approx(0.03));
}

TEST_CASE("mock metrics: a model's name is escaped", "[mock]") {
  CHECK(weir::mock_metrics{}.text("a\"b").find("model_name=\"a\\\"b\"}") != std::string::npos);
}

TEST_CASE("mock metrics: every sample that it gives is one of vLLM's own", "[mock]") {
  std::ifstream in(WEIR_SOURCE_DIR "/../shared/data/sse/vllm-metrics.txt", std::ios::binary);
  const std::string real{std::istreambuf_iterator<char>(in), {}};
  if (real.empty()) {
    WARN("skipped: vLLM's metrics are not at hand");
    return;
  }
  std::size_t compared = 0;
  for (const auto& [name, value] : samples(weir::mock_metrics{}.text("tiny"))) {
    CAPTURE(name);
    CHECK(real.find("\n" + name + " ") != real.npos);
    ++compared;
  }
  CHECK(compared > 80);
}
