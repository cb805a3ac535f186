#include "weir/record/rival.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "weir/record/read_rival_text.hpp"
#include "weir/report/table.hpp"

namespace {

std::string bytes_of(const std::string& name) {
  std::ifstream in(std::string(WEIR_SOURCE_DIR) + "/tests/fixtures/rivals/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

weir::rival_result read(const std::string& name) {
  const auto bytes = bytes_of(name);
  REQUIRE_FALSE(bytes.empty());
  const auto all = weir::read_rivals(bytes, name);
  INFO(name << ": " << (all ? "" : all.error().detail));
  REQUIRE(all);
  REQUIRE(all->size() == 1);
  return all->front();
}

using printed = std::vector<std::pair<const char*, const char*>>;

/// Each figure, rounded as the tool printed it, must be what the tool printed.
void check(const std::string& file, const printed& expected) {
  const auto r = read(file);
  for (const auto& [name, text] : expected) {
    CAPTURE(file, name);
    const auto* f = r.find(name);
    REQUIRE(f != nullptr);
    const std::string digits(text);
    const auto point = digits.find('.');
    CHECK(
        weir::cell::number(f->value, point == digits.npos ? 0 : static_cast<int>(digits.size() - point - 1)).shown() ==
        digits);
  }
}

std::string error_of(const std::string& bytes) {
  const auto all = weir::read_rivals(bytes, "f");
  return all ? "no error" : all.error().detail;
}

}  // namespace

// The texts are those of each tool's own console output for the same run (data/rivals/*/console.txt and the like).
TEST_CASE("rival: vllm bench serve's figures are those it printed, its ITL as our ICL", "[rival]") {
  check("vllm.json", {{"ok", "128"},
                      {"failed", "0"},
                      {"window_s", "5.61"},
                      {"tokens_in", "2942"},
                      {"tokens_out", "16384"},
                      {"requests_per_s", "22.83"},
                      {"output_tokens_per_s", "2921.81"},
                      {"total_tokens_per_s", "3446.47"},
                      {"ttft_mean_ms", "61.72"},
                      {"ttft_p50_ms", "59.46"},
                      {"ttft_p90_ms", "71.47"},
                      {"ttft_p99_ms", "84.53"},
                      {"tpot_mean_ms", "5.00"},
                      {"tpot_p99_ms", "5.02"},
                      {"icl_mean_ms", "5.00"},
                      {"icl_p90_ms", "5.20"},
                      {"icl_p99_ms", "6.06"},
                      {"e2el_mean_ms", "697.24"},
                      {"e2el_p50_ms", "695.65"},
                      {"e2el_p99_ms", "720.07"}});
  const auto r = read("vllm.json");
  CHECK(r.tool == "vllm bench serve");
  CHECK(r.find("itl_mean_ms") == nullptr);
  CHECK(r.find("icl_mean_ms")->basis == weir::detail::by_chunk);
  CHECK(r.find("tpot_mean_ms")->basis == weir::detail::per_n_minus_1);
}

TEST_CASE("rival: vLLM's Rust benchmark gives the figures it printed", "[rival]") {
  check("vllm_rs.json", {{"ok", "160"},
                         {"window_s", "6.85"},
                         {"requests_per_s", "23.34"},
                         {"output_tokens_per_s", "2987.91"},
                         {"total_tokens_per_s", "3359.65"}});
  CHECK(read("vllm_rs.json").tool == "vllm bench serve (Rust)");
}

TEST_CASE("rival: SGLang's benchmarks give the figures they printed, and their ends of stream are said", "[rival]") {
  check("sglang.jsonl", {{"ok", "128"},
                         {"window_s", "5.63"},
                         {"requests_per_s", "22.72"},
                         {"output_tokens_per_s", "2908.10"},
                         {"total_tokens_per_s", "3271.61"},
                         {"e2el_mean_ms", "695.32"},
                         {"e2el_p50_ms", "695.68"},
                         {"e2el_p95_ms", "700.91"},
                         {"ttft_mean_ms", "59.66"},
                         {"ttft_p99_ms", "70.01"},
                         {"tpot_p50_ms", "5.01"},
                         {"icl_p99_ms", "8.57"},
                         {"icl_p95_ms", "5.27"}});
  check("sglang_rs.jsonl", {{"ok", "160"},
                            {"window_s", "6.85"},
                            {"requests_per_s", "23.34"},
                            {"e2el_p99_ms", "686.43"},
                            {"ttft_p90_ms", "50.38"},
                            {"ttft_p99_ms", "51.41"},
                            {"icl_p99_ms", "5.09"}});
  CHECK(read("sglang.jsonl").find("e2el_mean_ms")->basis == weir::detail::until_done);
  CHECK(read("sglang.jsonl").tool == "SGLang bench_serving");
  CHECK(read("sglang_rs.jsonl").tool == "SGLang bench_serving (Rust)");
}

TEST_CASE("rival: AIPerf's inter-token latency is our TPOT, in its JSON and its CSV alike", "[rival]") {
  const printed figures{{"ttft_mean_ms", "73.78"},
                        {"ttft_min_ms", "51.19"},
                        {"ttft_max_ms", "137.04"},
                        {"ttft_p99_ms", "125.74"},
                        {"ttft_p50_ms", "65.45"},
                        {"ttft_std_ms", "21.61"},
                        {"tpot_mean_ms", "5.13"},
                        {"tpot_p99_ms", "5.70"},
                        {"tpot_std_ms", "0.22"},
                        {"icl_p99_ms", "16.75"},
                        {"icl_mean_ms", "5.13"},
                        {"e2el_mean_ms", "725.82"},
                        {"e2el_p90_ms", "766.85"},
                        {"output_tokens_per_s", "2434.24"},
                        {"total_tokens_per_s", "2510.31"},
                        {"requests_per_s", "19.02"},
                        {"requests", "128"},
                        {"ok", "128"},
                        {"failed", "0"},
                        {"window_s", "6.70"},
                        {"tokens_out", "16384"}};
  check("aiperf.json", figures);
  check("aiperf.csv", figures);
  const auto r = read("aiperf.json");
  CHECK(r.tool == "AIPerf 0.13.0");
  CHECK(r.find("tpot_mean_ms")->theirs == "inter_token_latency/avg");
  CHECK(r.find("itl_mean_ms") == nullptr);
  CHECK(r.find("ttft_n")->value == 128);
  CHECK(std::ranges::count(r.other, "time_to_second_token/p50", &std::pair<std::string, std::string>::first) == 1);
}

TEST_CASE("rival: AIPerf's failures are what did not succeed of all, where the file leaves them out", "[rival]") {
  // AIPerf: "Completed Requests (Success + Error)"; its error_request_count is there only where there are any.
  const std::string begin = R"({"schema_version":"1.4","aiperf_version":"0.13.0",)";
  const auto failed = [&](const std::string& counts) {
    const auto all = weir::read_rivals(begin + counts + "}", "x");
    REQUIRE(all);
    const auto* f = all->front().find("failed");
    return f == nullptr ? -1 : f->value;
  };
  const std::string ok = R"("request_count":{"avg":90},)", all = R"("completed_request_count":{"avg":100})";
  CHECK(failed(ok + all) == 10);
  CHECK(failed(ok + all + R"(,"error_request_count":{"avg":9})") == 9);
  CHECK(failed(R"("request_count":{"avg":90})") == -1);
  CHECK(std::isnan(failed(R"("request_count":{"avg":101},)" + all)));
  CHECK(read("aiperf.json").find("failed")->theirs == "completed_request_count/avg - request_count/avg");
}

TEST_CASE("rival: guidellm's ITL is our TPOT, and its TPOT keeps a name of its own", "[rival]") {
  check("guidellm.json", {{"ok", "128"},
                          {"failed", "0"},
                          {"tokens_in", "512"},
                          {"tokens_out", "16384"},
                          {"window_s", "6.0"},
                          {"ttft_mean_ms", "55.3"},
                          {"ttft_p50_ms", "52.3"},
                          {"ttft_p95_ms", "60.4"},
                          {"tpot_mean_ms", "5.0"},
                          {"e2el_per_token_mean_ms", "5.4"},
                          {"requests_per_s", "21.4"},
                          {"output_tokens_per_s", "2739.3"},
                          {"total_tokens_per_s", "2825.0"}});
  const auto r = read("guidellm.json");
  CHECK(r.find("e2el_mean_ms")->value == Approx(690.7241120934486));    // 0.7 s, as it prints
  CHECK(r.find("ttft_p99.9_ms")->value == Approx(144.41418647766113));  // p999
  CHECK(r.find("ttft_p0.1_ms")->value == Approx(50.692081451416016));   // p001
  CHECK(r.find("ttft_p1_ms")->value == Approx(50.69994926452637));      // p01
}

TEST_CASE("rival: ais_bench's cells lose their units, and count in milliseconds", "[rival]") {
  check("ais_bench.csv", {{"e2el_mean_ms", "699.2"},
                          {"e2el_p99_ms", "719.0"},
                          {"ttft_p50_ms", "61.1"},
                          {"ttft_p75_ms", "67.5"},
                          {"tpot_min_ms", "4.9"},
                          {"icl_max_ms", "18.0"},
                          {"ttft_n", "160"}});
  check("ais_bench.json", {{"window_s", "7.1344289"},
                           {"ok", "160"},
                           {"failed", "0"},
                           {"requests_per_s", "22.4265"},
                           {"tokens_in", "1920"},
                           {"tokens_out", "20480"},
                           {"output_tokens_per_s", "2870.5872"},
                           {"total_tokens_per_s", "3139.7047"}});
  // Of a run of ceval: a metric that is not accuracy keeps its name.
  check("ais_bench_accuracy.csv", {{"accuracy_ceval-physician_pct", "73.47"},
                                   {"accuracy_ceval_pct", "76.39"},
                                   {"score_naive_average_ceval", "76.39"},
                                   {"score_weighted_average_ceval-weighted", "76.30"}});
}

TEST_CASE("rival: evalscope's summary and percentiles are read, seconds as milliseconds", "[rival]") {
  check("evalscope_summary.json", {{"window_s", "7.0505"},
                                   {"ok", "160"},
                                   {"requests_per_s", "22.6933"},
                                   {"ttft_mean_ms", "64.38"},
                                   {"tpot_mean_ms", "5.01"},
                                   {"e2el_mean_ms", "700.6"},
                                   {"output_tokens_per_s", "2904.7478"}});
  check("evalscope_percentile.json", {{"ttft_p50_ms", "62.35"},
                                      {"ttft_p99_ms", "77.35"},
                                      {"tpot_p99_ms", "5.04"},
                                      {"e2el_min_ms", "688.5"},
                                      {"icl_min_ms", "0.0049"},
                                      {"ttft_p1_ms", "53.4463"}});
}

TEST_CASE("rival: LoadGen's summary and detail log say the same, from the scheduled time", "[rival]") {
  const printed figures{{"e2el_sched_min_ms", "70.373338"},   {"e2el_sched_mean_ms", "71.214647"},
                        {"e2el_sched_p99_ms", "77.589312"},   {"ttft_sched_p50_ms", "20.456704"},
                        {"ttft_sched_p99.9_ms", "27.454279"}, {"tpot_p90_ms", "5.017938"},
                        {"tpot_mean_ms", "5.022013"},         {"ttft_sched_max_ms", "27.454279"},
                        {"output_tokens_per_s", "497.83"},    {"requests_per_s", "44.80"}};
  check("mlperf_log_summary.txt", figures);
  check("mlperf_log_detail.txt", figures);
  const auto r = read("mlperf_log_summary.txt");
  CHECK(std::ranges::count(r.workload, std::pair<std::string, std::string>{"Result is", "INVALID"}) == 1);
  CHECK(r.find("ttft_mean_ms") == nullptr);  // it is not from the first byte sent
}

TEST_CASE("rival: vllm bench throughput's figures and the pytorch-benchmark form's are those that were printed",
          "[rival]") {
  check("vllm_throughput.json", {{"requests_per_s", "41.85"}, {"total_tokens_per_s", "1360.28"}, {"requests", "8"}});
  check("vllm_pytorch.json", {{"ttft_mean_ms", "60.14"},
                              {"ttft_p50_ms", "56.78"},
                              {"ttft_p99_ms", "95.35"},
                              {"tpot_mean_ms", "4.99"},
                              {"tpot_p50_ms", "5.00"},
                              {"tpot_p99_ms", "5.06"},
                              {"icl_p50_ms", "4.99"},
                              {"icl_p99_ms", "12.38"}});
}

TEST_CASE("rival: AIPerf's records give the percentiles that its own summary of the same run has", "[rival]") {
  check("aiperf_records.jsonl", {{"ttft_n", "64"},
                                 {"ttft_mean_ms", "54.494129"},
                                 {"ttft_std_ms", "4.227129"},
                                 {"ttft_p1_ms", "50.410289"},
                                 {"ttft_p50_ms", "52.86853"},
                                 {"ttft_p90_ms", "58.249528"},
                                 {"ttft_p99_ms", "68.767186"},
                                 {"e2el_p5_ms", "366.446752"},
                                 {"e2el_p99_ms", "387.420403"},
                                 {"e2el_max_ms", "387.436718"},
                                 {"tpot_mean_ms", "5.089850"},
                                 {"tpot_std_ms", "0.099497"},
                                 {"tpot_p25_ms", "5.015947"},
                                 {"tpot_p99_ms", "5.334139"},
                                 {"tokens_in", "546"},
                                 {"tokens_out", "4096"},
                                 {"window_s", "3.177739"}});
}

TEST_CASE("rival: formats known from sources only are read with their figures", "[rival]") {
  check("made/vllm_latency.json",
        {{"batch_mean_ms", "1250"}, {"batch_p50_ms", "1250"}, {"batch_p99_ms", "1299"}, {"batch_p10_ms", "1210"}});
  for (const auto* file : {"made/genai_perf.csv", "made/genai_perf.json"})
    check(file, {{"ttft_mean_ms", "16.26"},
                 {"ttft_p99_ms", "17.09"},
                 {"tpot_mean_ms", "1.85"},
                 {"e2el_max_ms", "554.61"},
                 {"output_tokens_per_s", "520.87"},
                 {"requests_per_s", "1.99"}});
  CHECK(read("made/genai_perf.json").tool == "GenAI-Perf");
  // Four requests of 10 to 40 ms, of which the first one failed.
  check("made/aiperf_records.jsonl", {{"ttft_mean_ms", "30"},
                                      {"ttft_p50_ms", "30"},
                                      {"ttft_p90_ms", "38"},
                                      {"e2el_max_ms", "400"},
                                      {"ttft_n", "3"},
                                      {"ok", "3"},
                                      {"failed", "1"}});
}

TEST_CASE("rival: an accuracy summary is one result a model, missing figures said", "[rival]") {
  const auto all = weir::read_rivals(
      "dataset,version,metric,mode,model-a,model-b\n"
      "gsm8k,271d0b,accuracy,gen,62.35,-\n"
      "ceval-law,f1a2b3,accuracy,gen,50.00 (3/6),33.33\n",
      "summary.csv");
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK((*all)[0].workload[0] == std::pair<std::string, std::string>("model_id", "model-a"));
  CHECK((*all)[0].find("accuracy_gsm8k_pct")->value == 62.35);
  CHECK((*all)[0].find("accuracy_ceval-law_pct")->value == 50);
  CHECK((*all)[1].find("accuracy_gsm8k_pct")->reason == "the file has no figure for it");
  CHECK((*all)[1].find("accuracy_ceval-law_pct")->value == 33.33);
  CHECK_FALSE(weir::read_rivals("dataset,version,metric,mode,m\ngsm8k,1\n", "short.csv"));
}

TEST_CASE("rival: AIPerf's records with a time that can't be are refused, and the line is named", "[rival]") {
  const auto read_line = [](const std::string& start, const std::string& latency) {
    return weir::read_rivals(R"({"metadata":{"session_num":0,"request_start_ns":)" + start +
                                 R"(,"request_end_ns":9},"metrics":{"time_to_first_token":{"value":)" + latency +
                                 R"(,"unit":"ms"}}})",
                             "r.jsonl");
  };
  CHECK(read_line("5", "1.5"));
  for (const auto& [start, latency] :
       {std::pair<std::string, std::string>{"5", "2222222222222222222222222.5"}, {"-4600000000000000000", "1.5"}}) {
    const auto refused = read_line(start, latency);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail.find("r.jsonl:1: a latency") == 0);
  }
}

TEST_CASE("rival: what a file says of the workload has one name for all tools", "[rival]") {
  const auto asked = [](const std::string& file, const std::string& name) {
    const auto r = read(file);
    for (const auto& [known, value] : r.workload)
      if (known == name) return value;
    return std::string("not said");
  };
  for (const auto* file : {"vllm.json", "vllm_rs.json", "sglang.jsonl", "aiperf.json", "guidellm.json",
                           "ais_bench.json", "evalscope_summary.json"}) {
    CAPTURE(file);
    CHECK(asked(file, "max_concurrency") == "16");
  }
  for (const auto* file : {"vllm.json", "aiperf.json", "guidellm.json"}) {
    CAPTURE(file);
    CHECK(asked(file, "model_id") == "mock");
    CHECK(asked(file, "num_prompts") == "128");
  }
  CHECK(asked("sglang.jsonl", "input_len") == "16");
  CHECK(asked("sglang.jsonl", "output_len") == "128");
  CHECK(asked("aiperf.json", "output_len") == "128.0");
  CHECK(asked("sglang.jsonl", "request_rate") == "inf");
}

TEST_CASE("rival: a file of another version is read with a warning", "[rival]") {
  CHECK(read("aiperf.json").notes.empty());
  auto bytes = bytes_of("aiperf.json");
  bytes.replace(bytes.find("\"1.4\""), 5, "\"2.0\"");
  const auto later = weir::read_rivals(bytes, "later");
  REQUIRE(later);
  REQUIRE(later->front().notes.size() == 1);
  CHECK(later->front().notes[0].find("schema version '2.0' is not known here") == 0);
  CHECK(read("guidellm.json").notes.empty());
}

TEST_CASE("rival: files of one run are one result", "[rival]") {
  auto summary = read("evalscope_summary.json");
  const auto had = summary.figures.size();
  summary.merge(read("evalscope_percentile.json"));
  CHECK(summary.figures.size() > had + 20);
  CHECK(summary.find("ttft_mean_ms")->value == 64.38);
  CHECK(summary.find("ttft_p99_ms")->value == Approx(77.35).margin(0.005));
  const auto again = summary.figures.size();
  summary.merge(read("evalscope_percentile.json"));
  CHECK(summary.figures.size() == again);
}

TEST_CASE("rival: several results a file are several, each with its place", "[rival]") {
  const auto line = bytes_of("sglang.jsonl");
  const auto all = weir::read_rivals(line + line + line, "s.jsonl");
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[2].source == "s.jsonl:3");
}

TEST_CASE("rival: the order of keys means nothing", "[rival][property]") {
  const auto a =
      weir::read_rivals(R"({"completed":2,"request_throughput":1.5,"mean_ttft_ms":10,"p99_ttft_ms":20})", "a");
  const auto b =
      weir::read_rivals(R"({"p99_ttft_ms":20,"mean_ttft_ms":10,"request_throughput":1.5,"completed":2})", "a");
  REQUIRE((a && b));
  REQUIRE(a->front().figures.size() == 4);
  for (const auto& f : a->front().figures) CHECK(b->front().find(f.name)->value == f.value);
}

TEST_CASE("rival: what is no number is missing with a reason, and damage is told", "[rival][hostile]") {
  const auto all = weir::read_rivals(
      R"({"completed":0,"request_throughput":NaN,"mean_ttft_ms":Infinity,"p99_ttft_ms":-3.5,"output_throughput":null,"request_rate":-Infinity})",
      "x");
  REQUIRE(all);
  const auto& r = all->front();
  CHECK((std::isnan(r.find("requests_per_s")->value) && r.find("requests_per_s")->reason == "the file says NaN"));
  CHECK((std::isnan(r.find("ttft_mean_ms")->value) && r.find("ttft_mean_ms")->reason == "the file says infinity"));
  CHECK((std::isnan(r.find("ttft_p99_ms")->value) &&
         r.find("ttft_p99_ms")->reason.find("below zero") != std::string::npos));
  CHECK(r.find("output_tokens_per_s") == nullptr);
  CHECK(r.find("ok")->value == 0);
  const auto whole = bytes_of("aiperf.json");
  for (const std::size_t cut : {std::size_t{2}, std::size_t{500}, whole.size() / 2, whole.size() - 2}) {
    CAPTURE(cut);
    CHECK_FALSE(weir::read_rivals(whole.substr(0, cut), "cut"));
  }
  CHECK(error_of("{\"a\":1}").find("no tool that is known") != std::string::npos);
  CHECK(error_of("hello").find("no result file") != std::string::npos);
  CHECK(error_of("").find("no result file") != std::string::npos);
  CHECK(error_of(R"({"type":"run","tool":"x"})") == "records");
  CHECK_FALSE(weir::read_rivals(std::string(100, '['), "deep"));
}

TEST_CASE("rival: a latency of which a file says 0 throughout was not measured", "[rival]") {
  // vllm/benchmarks/serve.py: np.mean(tpots or 0), np.percentile(ttfts or 0, p)
  const auto all = weir::read_rivals(
      R"({"completed":0,"failed":9,"request_throughput":0.0,"mean_ttft_ms":0.0,"std_ttft_ms":0.0,"p99_ttft_ms":0.0})",
      "x");
  REQUIRE(all);
  for (const auto* name : {"ttft_mean_ms", "ttft_std_ms", "ttft_p99_ms"}) {
    CAPTURE(name);
    CHECK(std::isnan(all->front().find(name)->value));
    CHECK(all->front().find(name)->reason == "the file says 0 for all of it: nothing was measured");
  }
  CHECK(all->front().find("requests_per_s")->value == 0);  // nothing succeeded: that was measured
  const auto some = weir::read_rivals(
      R"({"completed":9,"request_throughput":1.5,"mean_tpot_ms":0.0,"p99_tpot_ms":0.0,"mean_itl_ms":2,"median_itl_ms":0.0})",
      "x");
  REQUIRE(some);
  CHECK(std::isnan(some->front().find("tpot_p99_ms")->value));
  CHECK(some->front().find("icl_p50_ms")->value == 0);  // chunks that came together
}

TEST_CASE("rival: what has no counterpart is kept by its path, samples of requests are not", "[rival]") {
  const auto kept = [](const weir::rival_result& r, const std::string& name) {
    const auto at = std::ranges::find(r.other, name, [](const auto& pair) { return pair.first; });
    return at == r.other.end() ? std::string() : at->second;
  };
  const auto vllm = read("vllm_rs.json");
  CHECK(kept(vllm, "steady_state/request_throughput") == "21.01674689396026");
  CHECK(kept(vllm, "steady_state/percentiles_ttft_ms/2/1") == "50.5261006");
  CHECK(kept(vllm, "ttfts/0").empty());
  CHECK(kept(vllm, "itls/0/0").empty());
  const auto guidellm = read("guidellm.json");
  CHECK(kept(guidellm, "benchmarks/0/metrics/request_concurrency/successful/mean") == "14.782287804050073");
  for (const auto& [path, value] : guidellm.other) CHECK(path.find("/requests/") == std::string::npos);
  const auto throughput = weir::read_rivals(
      R"({"n_samples":160,"warmup_frac":0.2,"rows":[{"metric":"Completion tok/s","overall":2904.7,"steady_state":2912.3}]})",
      "workload_throughput.json");
  REQUIRE(throughput);
  CHECK(throughput->front().tool == "evalscope perf");
  CHECK(kept(throughput->front(), "Completion tok/s steady_state") == "2912.3");
  const auto args = weir::read_rivals(
      R"({"model_id":"mock","number":160,"parallel":16,"dataset":"random","max_prompt_length":16,"max_tokens":128})",
      "a");
  REQUIRE(args);
  CHECK(args->front().figures.empty());
  CHECK(std::ranges::count(args->front().workload, std::pair<std::string, std::string>("dataset_name", "random")) == 1);
}

TEST_CASE("rival: a mark of byte order is no part of a file, and lines may end in CRLF", "[rival]") {
  const auto plain = read("vllm.json");
  const auto marked = weir::read_rivals("\xEF\xBB\xBF" + bytes_of("vllm.json"), "m");
  REQUIRE(marked);
  CHECK(marked->front().figures.size() == plain.figures.size());
  auto line = bytes_of("sglang.jsonl");
  line.erase(line.find_last_not_of("\r\n") + 1);
  const auto two = weir::read_rivals(line + "\r\n" + line + "\r\n", "s");
  REQUIRE(two);
  CHECK(two->size() == 2);
}

TEST_CASE("rival: empty sets, and lines of something else among results, are told", "[rival][hostile]") {
  CHECK(error_of(R"({"metadata":{"version":2,"guidellm_version":"0.8.1"},"benchmarks":[]})") ==
        "f is guidellm's and holds no benchmark");
  CHECK(error_of("[]").find("no tool that is known") != std::string::npos);
  const auto line = bytes_of("sglang.jsonl");
  CHECK(error_of(line + "{\"type\":\"request\",\"id\":\"1\"}\n").find("f:2 is the result of no tool that is known") ==
        0);
}
