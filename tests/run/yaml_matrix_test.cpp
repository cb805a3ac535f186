#include "weir/run/yaml_matrix.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

namespace {

using words = std::vector<std::string>;

weir::expansion expanded(const std::string& yaml) {
  const auto m = weir::read_matrix(yaml).value();
  return weir::expand(m, [](const std::string&) { return weir::model_facts{}; }).value();
}

words names(const weir::expansion& all) {
  words out;
  for (const auto& c : all.cells) out.push_back(c.name);
  return out;
}

std::string trouble(const std::string& yaml) {
  const auto m = weir::read_matrix(yaml);
  return m ? std::string("nothing") : m.error().detail;
}

}  // namespace

TEST_CASE("yaml: models, formats, axes and exclusions become cells", "[run]") {
  const auto all = expanded(R"(
mode: online
quants: [bf16, w8a8]
tensor_parallel_size: [1, 2]
batch-sizes: [1, 16]
models:
  small:
    path: /models/small
    gpu_memory_utilization: 0.4
    env: {VLLM_USE_V1: 1}
    quants:
      bf16: /models/small
      w8a8: {path: /models/small-int8, quantization: ascend, engine_args: [--kv-cache-dtype, fp8]}
  large:
    tp: 4
    quants: {bf16: /models/large}
exclude:
  - {model: small, tp: 2, quant: bf16}
engine_args: [--disable-log-requests]
)");
  CHECK(names(all) == words{"small_bf16_tp1", "small_w8a8_tp1", "small_w8a8_tp2", "large_bf16_tp4"});
  REQUIRE(all.skipped.size() == 1);
  CHECK(all.skipped[0].reason == "large has no w8a8");
  const auto& quantized = all.cells[1];
  CHECK(quantized.path == "/models/small-int8");
  CHECK(quantized.values.text("quantization") == "ascend");
  CHECK(quantized.engine_args == words{"--disable-log-requests", "--kv-cache-dtype", "fp8"});
  CHECK(quantized.variables == weir::variable_list{{"VLLM_USE_V1", "1"}});
  CHECK(quantized.points.size() == 2);
}

TEST_CASE("yaml: models may be a list of paths", "[run]") {
  const auto all = expanded("models: [org/a, /m/b/]\n");
  CHECK(names(all) == words{"a", "b"});
  CHECK(all.cells[0].path == "org/a");
}

TEST_CASE("yaml: a study is a start that the file builds on", "[run]") {
  const auto all = expanded("study: tensor-parallel\nbatch_sizes: [2]\nmodels: {m: /m}\n");
  CHECK(names(all) == words{"tp_1", "tp_2", "tp_4", "tp_8"});
  CHECK(all.cells[0].points.size() == 3);
  CHECK(all.cells[0].values.text("gpu_memory_utilization") == "0.8");
}

TEST_CASE("yaml: an unknown key is named with its line and the nearest known one", "[run]") {
  CHECK(trouble("mode: online\nmodles: [a]\n") == "2: unknown key 'modles'; did you mean 'models'?");
  CHECK(trouble("models:\n  a:\n    path: /a\n    gpu_mem_utl: 0.5\n") ==
        "4: unknown key 'gpu_mem_utl'; did you mean 'gpu_mem_util'?");
  CHECK(trouble("zzzzzzzzzz: 1\n") == "1: unknown key 'zzzzzzzzzz'");
  CHECK(trouble("models: {a: {quants: {w8a8: {pth: /x}}}}\n") == "1: unknown key 'pth'; did you mean 'path'?");
  CHECK(trouble("exclude:\n  - {modell: a}\n") == "2: unknown key 'modell'; did you mean 'model'?");
  CHECK(trouble("configurations:\n  - {name: x, tpp: 2}\n") == "2: unknown key 'tpp'; did you mean 'tp'?");
}

TEST_CASE("yaml: what can't be meant is told with its line", "[run]") {
  CHECK(trouble("tp: 0\n") == "1: tp: '0' is not a count of at least 1");
  CHECK(trouble("\ntp: [1, x]\n") == "2: tp: 'x' is not a count of at least 1");
  CHECK(trouble("num_runs: [1, 2]\n") == "1: num_runs is one for the whole sweep: it takes no list");
  CHECK(trouble("models: {a: {num_runs: 3}}\n") == "1: num_runs is one for the whole sweep: it stands at the top");
  CHECK(trouble("tp: []\n") == "1: tp is an empty list");
  CHECK(trouble("tp: 1\ntp: 2\n") == "2: the key 'tp' comes twice");
  CHECK(trouble("- a\n") == "1: the file is not a map of keys to values");
  CHECK(trouble("study: tensor-paralel\n") == "1: there is no study 'tensor-paralel'; did you mean tensor-parallel?");
  CHECK(trouble("tp: [1, 2\nmode: online\n").find(": ") != std::string::npos);
  CHECK(trouble("").find("the file is not a map") != std::string::npos);
  CHECK(trouble("mode: fast\n") == "1: mode: 'fast' is not one of offline|online|throughput|latency|command");
}

TEST_CASE("yaml: a secret is refused, since what stands in a file stands in every record", "[run]") {
  CHECK(trouble("env:\n  HF_TOKEN: hf_abc\n").find("2: HF_TOKEN looks like a secret") == 0);
  CHECK(trouble("models: {a: {env: {my_api_key: x}}}\n").find("1: my_api_key looks like a secret") == 0);
  CHECK(trouble("env: {NCCL_DEBUG: INFO}\n") == "nothing");
}

TEST_CASE("yaml: an experiment's file is one cell", "[run]") {
  const auto all = expanded(R"(
experiment_id: E1.2_llama8b_tp2
description: two devices
model: {name: meta-llama/Llama-3.1-8B, precision: bfloat16}
parallelism: {tp: 2, pp: 1, dp_replicate: 1, dp_shard: 1, ep: 1}
data: {batch_size: 4, seq_len: 2048, max_tokens: 512}
warmup_iterations: 2
profile_iterations: 5
output_dir: trace_collection/E1.2_llama8b_tp2
)");
  REQUIRE(names(all) == words{"E1.2_llama8b_tp2"});
  const auto& c = all.cells[0];
  CHECK(c.path == "meta-llama/Llama-3.1-8B");
  CHECK(c.quant == "bf16");
  CHECK(c.values.text("tp") == "2");
  CHECK(c.values.text("iterations") == "5");
  CHECK(c.values.text("warmup") == "2");
  REQUIRE(c.points.size() == 1);
  CHECK(c.points[0].name == "b4_in2048_out512");
  CHECK(trouble("experiment_id: x\nparallelism: {tpp: 2}\n") == "2: unknown key 'tpp'; did you mean 'tp'?");
  CHECK(trouble("experiment_id: x\nparallelism: {dp_shard: 2}\n") ==
        "2: dp_shard other than 1 is not known to inference");
}
