#include "weir/report/rival_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

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

TEST_CASE("rival_files: sockets, pipes and links to directories stop nothing, and are told", "[rivals]") {
  const scratch s;
  s.copy("vllm.json", "runs/a.json");
  s.copy("evalscope_summary.json", "runs/benchmark_summary.json");
  s.write("runs/benchmark_args.json", "{\"model_id\":\"mock\",\"number\":1,\"parallel\":1,\"max_prompt_length\":16}\n");
  REQUIRE(::mkfifo((s.path / "runs/pipe.jsonl").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((s.path / "pipe.jsonl").c_str(), 0600) == 0);
  fs::create_directory_symlink(s.path / "runs", s.path / "latest");
  fs::create_symlink(s.path / "nowhere", s.path / "gone.json");
  REQUIRE(weir::is_rival_tree(s.path));  // opens no pipe
  const auto tree = weir::rivals_below(s.path.string() + "/");
  REQUIRE(tree);
  REQUIRE(tree->results.size() == 2);
  CHECK(tree->results[0].source == (s.path / "runs/a.json").string());
  CHECK(std::ranges::count(tree->results[1].workload, std::pair<std::string, std::string>("model_id", "mock")) == 1);
  const auto told = [&](const std::string& words) {
    return std::ranges::count(tree->passed_over, s.path.string() + words) == 1;
  };
  CHECK(told("/latest is a link to a directory"));
  CHECK(told("/gone.json is neither a file nor a directory"));
  CHECK(told("/runs/pipe.jsonl is neither a file nor a directory"));
  CHECK(weir::record_files({s.path.string()}).error().code == weir::errc::not_found);
}

TEST_CASE("rival_files: a result without any figure of ours is no run", "[rivals]") {
  const scratch s;
  s.write("benchmark_args.json", R"({"model_id":"m","parallel":1,"number":2,"max_prompt_length":9})");
  const auto path = (s.path / "benchmark_args.json").string();
  CHECK(weir::load_runs(path).error().detail == path + ", of evalscope perf, holds no figure that can be compared");
  s.copy("evalscope_summary.json", "benchmark_summary.json");
  const auto both = weir::load_runs(s.path.string());  // one run
  REQUIRE(both);
  CHECK((both->size() == 1 && both->front().figures.contains("ttft_mean_ms")));
}

TEST_CASE("rival_files: a packed file is named as such, not as damaged JSON", "[rivals][hostile]") {
  const scratch s;
  for (const auto& [head, name] :
       {std::pair<std::string, std::string>{"\x1F\x8B\x08", "gzip"}, {"PK\x03\x04", "zip"}}) {
    s.write("r.json", head + "{\"completed\":1}");
    const auto packed = weir::rivals_in((s.path / "r.json").string());
    REQUIRE_FALSE(packed);
    CHECK(packed.error().detail == (s.path / "r.json").string() + " is packed (" + name + "): unpack it first");
  }
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
