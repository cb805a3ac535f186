#include "weir/report/rival_files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.hpp"
#include "weir/report/load_run.hpp"

namespace {

namespace fs = std::filesystem;
const std::string fixtures = std::string(WEIR_SOURCE_DIR) + "/tests/fixtures/rivals/";

/// A directory that is gone afterwards.
struct scratch {
  fs::path path = [] {
    std::string name = "/tmp/weir-rivals-XXXXXX";
    return fs::path(::mkdtemp(name.data()));
  }();
  scratch() = default;
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { fs::remove_all(path); }

  void copy(const std::string& from, const std::string& to) const {
    fs::create_directories((path / to).parent_path());
    fs::copy_file(fixtures + from, path / to);
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
  }
};

}  // namespace

TEST_CASE("rival_files: the trees that tools write are one result a run", "[rivals]") {
  const scratch s;
  s.copy("ais_bench.csv", "20261122_044157/performances/mock/synthetic.csv");
  s.copy("ais_bench.json", "20261122_044157/performances/mock/synthetic.json");
  s.write("20261122_044157/configs/config.json", "{\n  \"a\": 1\n}\n");
  s.copy("evalscope_summary.json", "es/parallel_16/benchmark_summary.json");
  s.copy("evalscope_percentile.json", "es/parallel_16/benchmark_percentile.json");
  s.copy("aiperf.json", "art/profile_export_aiperf.json");
  s.copy("aiperf.csv", "art/profile_export_aiperf.csv");
  s.copy("vllm.json", "vllm/a.json");
  s.copy("vllm_rs.json", "vllm/b.json");
  REQUIRE(weir::is_rival_tree(s.path));
  const auto tree = weir::rivals_below(s.path);
  REQUIRE(tree);
  REQUIRE(tree->results.size() == 5);
  const auto& ais = tree->results[0];
  CHECK(ais.tool == "ais_bench");
  CHECK((ais.find("ttft_p99_ms") != nullptr && ais.find("requests_per_s") != nullptr));
  const auto& aiperf = tree->results[1];
  CHECK(aiperf.tool == "AIPerf 0.13.0");
  CHECK(aiperf.find("ttft_mean_ms")->theirs == "time_to_first_token/avg");  // the JSON's, with all its digits
  CHECK(tree->results[2].tool == "evalscope perf");
  CHECK((tree->results[3].tool == "vllm bench serve" && tree->results[4].tool == "vllm bench serve (Rust)"));
  REQUIRE(tree->passed_over.size() == 1);
  CHECK(tree->passed_over[0].find("config.json") != std::string::npos);
  const auto runs = weir::load_runs(s.path);
  REQUIRE(runs);
  CHECK(runs->size() == 5);
}

TEST_CASE("rival_files: a directory with records of ours is none of another tool, one with nothing says so",
          "[rivals]") {
  const scratch s;
  s.write("a.txt", "hello\n");
  CHECK(weir::is_rival_tree(s.path));
  const auto nothing = weir::rivals_below(s.path);
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().detail.find("neither a *.jsonl") != std::string::npos);
  s.copy("sglang.jsonl", "result.jsonl");
  CHECK(weir::is_rival_tree(s.path));
  s.write("run.jsonl", "{\"type\":\"run\",\"tool\":\"weir-bench\"}\n");
  CHECK_FALSE(weir::is_rival_tree(s.path));
  CHECK_FALSE(weir::is_rival_tree((s.path / "run.jsonl").string()));
  CHECK_FALSE(weir::is_rival_tree("/nonexistent"));
}

TEST_CASE("rival_files: requests of AIPerf are read line by line, and a broken line is named", "[rivals]") {
  const scratch s;
  s.copy("made/aiperf_records.jsonl", "profile_export.jsonl");
  const auto path = (s.path / "profile_export.jsonl").string();
  const auto found = weir::rivals_in(path);
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->front().find("ttft_n")->value == 3);
  std::ofstream(path, std::ios::app) << "{\"metadata\":{\"session_num\":4},\"metrics\":{\n";
  const auto broken = weir::rivals_in(path);
  REQUIRE_FALSE(broken);
  CHECK(broken.error().detail.find("profile_export.jsonl:5: not a JSON object in one line") != std::string::npos);
}

TEST_CASE("rival_files: SGLang's runs of other lengths are other workloads", "[rivals]") {
  const scratch s;
  s.copy("sglang.jsonl", "a.jsonl");
  std::ifstream in(fixtures + "sglang.jsonl");
  std::string text(std::istreambuf_iterator<char>(in), {});
  const auto replace = [&](const std::string& from, const std::string& to) {
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
  };
  replace("\"total_input_tokens\": 2048", "\"total_input_tokens\": 20480");
  replace("\"completed\": 128", "\"completed\": 640");
  s.write("b.jsonl", text);
  const auto a = weir::load_runs((s.path / "a.jsonl").string()), b = weir::load_runs((s.path / "b.jsonl").string());
  REQUIRE((a && b));
  const auto d = weir::workload_differences(*a, *b);
  REQUIRE(d.size() == 2);
  CHECK(d[0] == "input tokens a request: 16 and 32");
  CHECK(d[1] == "requests: 128 and 640");
  CHECK(weir::workload_differences(*a, *a).empty());
}
