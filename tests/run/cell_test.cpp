#include <cmath>
#include <string>
#include <vector>

#include "../shell.hpp"
#include "catch.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/driver_results.hpp"
#include "weir/run/log_facts.hpp"
#include "weir/run/measure_results.hpp"
#include "weir/run/read_cell_record.hpp"

namespace {

weir::sweep_cell some_cell() {
  weir::sweep_cell c{.name = "m_w8a8",
                     .model = "m",
                     .quant = "w8a8",
                     .path = "/models/m \"8\"",
                     .values = {},
                     .points = {},
                     .engine_args = {"--a", "{\"x\":1}"},
                     .command = {},
                     .variables = {{"NCCL_DEBUG", "INFO"}},
                     .derived_from = {}};
  c.values.set("tp", "2");
  c.values.set("enforce_eager", "true");
  weir::cell_point p{.name = "b4_in16_out32", .values = {}};
  p.values.set("batch_size", "4");
  c.points = {p};
  return c;
}

}  // namespace

TEST_CASE("cell_job: what is written of a run is what its runner reads", "[run]") {
  const temporary_directory folder;
  weir::cell_job job{.cell = some_cell(), .run = 3, .profiled = true};
  job.out = "/out", job.driver = "/out/drivers/d.py", job.study = "rollout";
  const auto back = weir::read_cell_job(folder.write("cell.json", weir::cell_job_json(job))).value();
  CHECK(back.cell == job.cell);
  CHECK(back.run == 3);
  CHECK(back.profiled);
  CHECK(back.name() == "m_w8a8_profile");
  CHECK(back.study == "rollout");
  CHECK(back.record() == "/out/benchmark_results/m_w8a8_profile.json");
  CHECK_FALSE(weir::read_cell_job(folder.write("broken", "{\"type\":\"cell_job\",\"cell\":{")));
  CHECK_FALSE(weir::read_cell_job(folder.write("other", "{}\n")));
  const auto unknown =
      weir::read_cell_job(folder.write("new", R"({"out":"/o","cell":{"name":"a","settings":{"warp":"9"}}})"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().detail.find("there is no setting 'warp'") != std::string::npos);
}

TEST_CASE("cell_record: a record reads back as it was, null with its reason and all", "[run]") {
  const temporary_directory folder;
  weir::cell_record r{.cell = some_cell(), .run = 2};
  r.status = weir::cell_status::partial;
  r.reason = "one point failed";
  r.engine.weights_bytes = 3.22e9;
  r.engine.kernels = {"MacheteLinearKernel for CompressedTensorsWNA16"};
  r.devices = {"GPU-1", "GPU-2"};
  r.devices_after = "empty";
  r.wall_s = 92.5;
  r.start_unix_ns = 1'795'322'048'000'000'000;
  weir::point_record p{.point = r.cell.points[0], .status = weir::cell_status::done, .reason = "", .verdict = "VALID"};
  p.metrics.set("output_tokens_per_s", 28160.5);
  p.metrics.missing("ttft_mean_ms", "nobody asked");
  p.iterations_s = {2.5, 2.25};
  r.points = {p};
  const auto back = weir::read_cell_record(folder.write("r.json", weir::cell_record_json(r))).value();
  CHECK(back.cell == r.cell);
  CHECK(back.name() == "m_w8a8_run2");
  CHECK(back.status == weir::cell_status::partial);
  CHECK(back.engine.weights_bytes == 3.22e9);
  CHECK(std::isnan(back.engine.init_s));
  CHECK(back.engine.kernels == r.engine.kernels);
  CHECK(back.devices == r.devices);
  CHECK(back.start_unix_ns == r.start_unix_ns);
  REQUIRE(back.points.size() == 1);
  CHECK(back.points[0].metrics.value("output_tokens_per_s") == 28160.5);
  CHECK(std::isnan(back.points[0].metrics.value("ttft_mean_ms")));
  CHECK(back.points[0].metrics.find("ttft_mean_ms")->reason == "nobody asked");
  CHECK(back.points[0].iterations_s == std::vector<double>{2.5, 2.25});
  CHECK(back.points[0].verdict == "VALID");
  const auto text = weir::cell_record_json(r);
  CHECK_FALSE(weir::read_cell_record(folder.write("half.json", text.substr(0, text.size() / 2))));
  CHECK_FALSE(weir::read_cell_record(folder.write("vllm.json", R"({"elapsed_time": 2.5})")));
}

TEST_CASE("cell_record: the status is that of the points together", "[run]") {
  using enum weir::cell_status;
  const auto of = [](std::initializer_list<weir::cell_status> all) {
    std::vector<weir::point_record> points;
    for (const auto s : all) points.push_back({.point = {}, .status = s});
    return weir::status_of(points);
  };
  CHECK(of({done, done}) == done);
  CHECK(of({done, failed}) == partial);
  CHECK(of({done, out_of_memory}) == partial);
  CHECK(of({failed, out_of_memory}) == out_of_memory);
  CHECK(of({failed}) == failed);
  CHECK(of({}) == failed);
}

TEST_CASE("log_facts: weights, kernels and memory as engines log them", "[run]") {
  weir::log_facts facts;
  for (const auto* line :
       {"(Worker pid=7) INFO 11-28 20:50:41 [gpu_model_runner.py:5150] Model loading took 1.5 GiB memory and 3.2 "
        "seconds",
        "(Worker pid=8) INFO 11-28 20:50:41 [gpu_model_runner.py:5150] Model loading took 1.5 GiB memory and 3.1 "
        "seconds",
        "INFO 11-28 20:50:40 [cuda.py:1] Using FlashAttention version 3",
        "INFO 11-28 20:50:40 [compressed_tensors_wNa16.py:138] Using MacheteLinearKernel for CompressedTensorsWNA16",
        "INFO 11-28 20:50:40 [compressed_tensors_wNa16.py:138] Using MacheteLinearKernel for CompressedTensorsWNA16",
        "INFO 11-28 20:50:40 [model.py:1] Using max model len 2048",
        "INFO [kv_cache_utils.py:2327] GPU KV cache size: 258,288 tokens"})
    weir::add_log_line(facts, line);
  CHECK(facts.weights_bytes == 3.0 * 1024 * 1024 * 1024);
  CHECK(facts.weights_told == 2);
  CHECK(facts.kv_cache_tokens == 258288);
  CHECK(facts.kernels ==
        std::vector<std::string>{"FlashAttention version 3", "MacheteLinearKernel for CompressedTensorsWNA16"});
  CHECK_FALSE(facts.out_of_memory);
  weir::add_log_line(facts, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB");
  CHECK(facts.out_of_memory);
  CHECK(facts.memory_line.find("2.00 GiB") != std::string::npos);
  CHECK(weir::says_share_too_small("ValueError: No available memory for the cache blocks."));
  CHECK_FALSE(weir::says_share_too_small("CUDA out of memory."));

  weir::log_facts none;
  weir::add_log_line(none, "nothing of interest");
  CHECK(std::isnan(none.weights_bytes));
  CHECK(std::isnan(none.kv_cache_tokens));
}

TEST_CASE("driver_results: a driver's lines become iterations, several drivers' are put together", "[run]") {
  const temporary_directory folder;
  // What vLLM 0.32 on a processor wrote through examples/drivers/vllm_offline.py, shortened.
  const auto one = folder.write(
      "driver.0.jsonl",
      R"({"type": "engine", "version": "0.32.0", "import_s": 87.8, "init_s": 176.5, "weights": [{"rank": 0, "bytes": 600, "by_type": {"float32": 600}}, {"rank": 1, "bytes": 400, "by_type": {}}]}
{"type": "iteration", "point": "a", "index": -1, "measured": false, "t_start_ns": 100, "t_end_ns": 200, "prompts": 1, "samples": 1, "prompt_tokens": 4, "output_tokens": 8, "cached_tokens": 0, "ttft_s": [0.5], "latency_s": [1.0], "tpot_s": [0.1], "tokens": [8]}
{"type": "iteration", "point": "a", "index": 0, "measured": true, "t_start_ns": 1000000000, "t_end_ns": 3000000000, "prompts": 2, "samples": 2, "prompt_tokens": 8, "output_tokens": 16, "cached_tokens": 4, "ttft_s": [0.5, 0.25], "latency_s": [1.0, 2.0], "tpot_s": [0.1, 0.2], "tokens": [8, 8]}
{"type": "point_failed", "point": "b", "error": "RuntimeError: CUDA out of memory", "out_of_memory": true}
{"type": "end", "alive": true, "memory": [{"rank": 0, "allocated_bytes": 5, "reserved_bytes": 6, "device": "H100"}, {"rank": 1, "allocated_bytes": 7, "reserved_bytes": 8, "device": "H100"}]}
)");
  const auto alone = weir::read_driver_results({one}).value();
  CHECK(alone.started);
  CHECK(alone.ended);
  CHECK(alone.engine.weights_bytes == 1000);
  CHECK(alone.engine.allocated_max_bytes == 7);
  CHECK(alone.points.at("b").out_of_memory);
  REQUIRE(alone.points.at("a").iterations.size() == 2);

  weir::metric_list metrics;
  weir::set_iteration_metrics(metrics, alone.points.at("a").iterations, 1, 2);
  CHECK(metrics.value("output_tokens_per_s") == 8);  // 16 tokens in 2 s
  CHECK(metrics.value("output_tokens_per_s_per_device") == 4);
  CHECK(metrics.value("total_tokens_per_s") == 12);
  CHECK(metrics.value("requests_per_s") == 1);
  CHECK(metrics.value("ttft_mean_ms") == 375);
  CHECK(metrics.value("e2el_p50_ms") == 1500);
  CHECK(metrics.value("cached_tokens") == 4);

  const auto two = folder.write("driver.1.jsonl",
                                R"({"type": "engine", "version": "0.32.0", "import_s": 1, "init_s": 1, "weights": null}
{"type": "iteration", "point": "a", "index": 0, "measured": true, "t_start_ns": 1500000000, "t_end_ns": 5000000000, "prompts": 1, "samples": 1, "prompt_tokens": 4, "output_tokens": 8, "cached_tokens": 0, "ttft_s": [null], "latency_s": [1.0], "tpot_s": [null], "tokens": [8]}
{"type": "iteration", "point": "a", "ind)");
  const auto both = weir::read_driver_results({one, two}).value();
  CHECK(both.started);
  CHECK_FALSE(both.ended);  // the second one was killed in the middle of a line
  CHECK(std::isnan(both.engine.weights_bytes));
  weir::metric_list merged;
  weir::set_iteration_metrics(merged, both.points.at("a").iterations, 1, 2);
  CHECK(merged.value("output_tokens_per_s") == 6);  // 24 tokens from the first start to the last end, 4 s
  CHECK(std::isnan(merged.value("ttft_mean_ms")));  // one of three requests has none
  CHECK(merged.find("ttft_mean_ms")->reason == "the engine did not tell the times of every request");

  CHECK_FALSE(weir::read_driver_results({folder.write("bad.jsonl", "{\"type\": [1]}\n")}));
  CHECK_FALSE(weir::read_driver_results({folder.file("none")}).value().started);
}

TEST_CASE("driver_results: nothing measured is null, never 0", "[run]") {
  weir::metric_list metrics;
  weir::set_iteration_metrics(metrics, {}, 8, 1);
  for (const auto& m : metrics.all()) {
    CAPTURE(m.name);
    CHECK(std::isnan(m.value));
    CHECK_FALSE(m.reason.empty());
  }
}

TEST_CASE("measure_results: figures are means over iterations, missing where one has none", "[run]") {
  const temporary_directory folder;
  const auto path = folder.write(
      "measure.jsonl",
      R"({"type":"iteration","point":"p","index":0,"t_start_ns":1,"t_end_ns":9,"verdict":"VALID","result":{"output_throughput":100,"mean_ttft_ms":20,"mean_tpot_token_ms":null,"weir":{"error_rate":0}}}
{"type":"iteration","point":"p","index":1,"t_start_ns":11,"t_end_ns":19,"verdict":"SUSPECT","result":{"output_throughput":300,"mean_ttft_ms":40,"mean_tpot_token_ms":5,"weir":{"error_rate":0}}}
{"type":"point_failed","point":"q","error":"connection refused"}
{"type":"profile_failed","error":"/start_profile of http://127.0.0.1:1: HTTP 404"}
{"type":"iterat)");
  const auto read = weir::read_measure_results(path).value();
  weir::metric_list metrics;
  weir::set_measured_metrics(metrics, read.points.at("p").iterations, 4);
  CHECK(metrics.value("output_tokens_per_s") == 200);
  CHECK(metrics.value("output_tokens_per_s_per_device") == 50);
  CHECK(metrics.value("ttft_mean_ms") == 30);
  CHECK(std::isnan(metrics.value("tpot_mean_ms")));
  CHECK(std::isnan(metrics.value("e2el_mean_ms")));
  CHECK(read.points.at("q").error == "connection refused");
  CHECK(read.profile_error.find("HTTP 404") != std::string::npos);
}
