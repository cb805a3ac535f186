#include "weir/trace/card.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/results_row.hpp"
#include "weir/trace/step_metrics.hpp"

namespace {

std::vector<weir::rank_profile> set() {
  static const weir::kind_table kinds;
  const std::string text = R"json({"deviceProperties":[{"id":0,"name":"NVIDIA H100 80GB HBM3"}],
    "distributedInfo":{"backend":"nccl","rank":0,"world_size":8,"nccl_version":"2.27.5"},"traceEvents":[
    {"ph":"X","cat":"kernel","name":"gemm","ts":1,"dur":2},
    {"ph":"X","cat":"user_annotation","name":"execute_context_0(0)_generation_2(2)","ts":0,"dur":4}]})json";
  std::vector<weir::rank_profile> out;
  auto p = weir::read_profile(weir::memory_source(text), "rank0.json", kinds);
  REQUIRE(p);
  out.push_back(*std::move(p));
  return out;
}

}  // namespace

TEST_CASE("card: every key of the template is there; the config speaks first, then the traces, then the machine",
          "[trace]") {
  std::vector<std::string> unknown;
  const auto text =
      weir::make_card("description: ours\nworkload:\n  model: {model_family: llama, phase: training}\n  odd: 1\n",
                      set(), "580.1", unknown);
  REQUIRE(text);
  CHECK(unknown == std::vector<std::string>{"workload.odd"});
  CHECK(weir::check_card(*text).empty());
  const YAML::Node card = YAML::Load(*text);
  CHECK(card["description"].as<std::string>() == "ours");
  CHECK(card["workload"]["model"]["phase"].as<std::string>() == "training");
  CHECK(card["workload"]["model"]["iteration"].as<int>() == 1);
  CHECK(card["workload"]["model"]["epochs"].IsNull());
  CHECK(card["workload"]["hardware"]["xpu_spec"]["model"].as<std::string>() == "NVIDIA H100 80GB HBM3");
  CHECK(card["workload"]["hardware"]["xpu_spec"]["total_count"].as<int>() == 8);
  CHECK(card["workload"]["hardware"]["driver_version"].as<std::string>() == "580.1");
  CHECK(card["Model-executor"]["communication_library"]["version"].as<std::string>() == "2.27.5");
  CHECK(card["metric_source"]["traces"][0].as<std::string>() == "json");
}

TEST_CASE("card: an experiment's file fills the card's keys, and a broken one is refused", "[trace]") {
  std::vector<std::string> unknown;
  const auto text = weir::make_card(
      "experiment_id: E1.1\nmodel: {name: llama-3.1-8b, precision: bf16}\n"
      "parallelism: {tp: 4, pp: 2}\ndata: {batch_size: 8, max_tokens: 128}\n",
      set(), "", unknown);
  REQUIRE(text);
  const YAML::Node card = YAML::Load(*text);
  CHECK(card["Model-executor"]["model_plan_parallelization"]["tp"].as<int>() == 4);
  CHECK(card["workload"]["data"]["output_len"].as<int>() == 128);
  CHECK(card["workload"]["model"]["phase"].as<std::string>() == "inference");
  CHECK_FALSE(weir::make_card("workload: 3\n", set(), "", unknown));
  CHECK_FALSE(weir::make_card("a: [1", set(), "", unknown));
  CHECK_FALSE(weir::make_card("just words", set(), "", unknown));
  CHECK(weir::check_card("version: 1\n").size() > 3);
  CHECK(weir::check_card("a: b: c").size() == 1);
}

TEST_CASE("results_row: the columns are the workflow's, and what is not known is no number", "[trace]") {
  std::vector<weir::trace_metric> metrics;
  const auto ranks = set();
  REQUIRE(append_rank_metrics(metrics, ranks[0], {}));
  auto t = weir::results_table();
  append_results(t, "E1", "model: {name: m}\nparallelism: {tp: 2}\n", 8, metrics);
  REQUIRE(t.columns.size() == 12);
  CHECK(t.columns[6].name == "throughput_tokens_sec");
  REQUIRE(t.rows[0].size() == 12);
  CHECK(t.rows[0][6].shown() == "500000.0000");  // two tokens in 4 us
  CHECK(t.rows[0][8].shown() == "0.0040");       // each of two requests waits 4 us for a token
  CHECK_FALSE(t.rows[0][7].reason().empty());
}

TEST_CASE("results_row: where a rank lacks a figure there is no mean of the others", "[trace]") {
  std::vector<weir::trace_metric> metrics;
  auto ranks = set();
  REQUIRE(append_rank_metrics(metrics, ranks[0], {}));
  weir::rank_profile empty;
  empty.file = "b.json", empty.rank = 1, empty.summary.has_events = true;
  REQUIRE(append_rank_metrics(metrics, empty, {}));
  auto t = weir::results_table();
  append_results(t, "E1", "", 2, metrics);
  CHECK(t.rows[0][6].reason().find("rank 1: ") == 0);
  CHECK(t.rows[0][10].reason() == "rank 1: the trace has no device events");
}

TEST_CASE("results_row: TTFT and TPOT are both of the run that was timed, where it tells them", "[trace]") {
  auto ranks = set();
  const auto row = [&](weir::timing_stats timing) {
    ranks[0].timing = std::move(timing);
    std::vector<weir::trace_metric> metrics;
    REQUIRE(append_rank_metrics(metrics, ranks[0], {}));
    auto t = weir::results_table();
    append_results(t, "E1", "", 1, metrics);
    return t.rows.at(0);
  };
  weir::timing_stats both{.iterations = {0.5}};
  both.ttft_mean = 0.02, both.tpot_mean = 0.003;
  CHECK(row(both)[7].shown() == "20.0000");
  CHECK(row(both)[8].shown() == "3.0000");  // not the profiled steps' 0.004 ms
  CHECK(row({.iterations = {0.5}})[8].shown() == "0.0040");
  CHECK_FALSE(row({.iterations = {0.5}})[7].reason().empty());
}
