#include "weir/run/commands.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/shell_words.hpp"
#include "weir/run/command_results.hpp"

namespace {

weir::cell_job job_of(std::initializer_list<std::pair<const char*, const char*>> values) {
  weir::cell_job job{.cell = {.name = "c",
                              .model = "m",
                              .quant = "bf16",
                              .path = "/m",
                              .values = {},
                              .points = {},
                              .engine_args = {"--extra"},
                              .command = {},
                              .variables = {},
                              .derived_from = {}}};
  job.out = "/out", job.driver = "d.py";
  weir::cell_point p{.name = "p", .values = {}};
  for (const auto& [name, value] : values)
    (weir::find_setting(name)->level == weir::setting_level::point ? p.values : job.cell.values).set(name, value);
  job.cell.points = {p};
  return job;
}

bool has(const std::string& line, const std::string& words) {
  return (" " + line + " ").find(" " + words + " ") != std::string::npos;
}

std::string driver(const weir::cell_job& job, std::int64_t rank = 0) {
  return weir::shell_line(weir::driver_command(job, {}, rank));
}

struct without_python {
  without_python() { ::unsetenv("WEIR_PYTHON"); }
};

}  // namespace

TEST_CASE_METHOD(without_python, "commands: an offline cell is one driver with all its points", "[run]") {
  auto job =
      job_of({{"tp", "2"}, {"max_model_len", "2048"}, {"enforce_eager", "true"}, {"batch_size", "4"}, {"n", "8"}});
  const auto line = driver(job);
  CHECK(has(line, "python3 d.py --out /out/cells/c/driver.jsonl"));
  CHECK(has(line, "--point name=p,prompts=4,batch=4,input=512,output=128,n=8,temperature=1.0"));
  CHECK(has(line, "-- --model /m --tensor-parallel-size 2"));
  CHECK(has(line, "--max-model-len 2048"));
  CHECK(has(line, "--enforce-eager"));
  CHECK(line.ends_with(" --extra"));
  CHECK_FALSE(has(line, "--profile torch"));
  job.profiled = true;
  job.cell.values.set("profile", "torch");
  CHECK(has(driver(job), "--profile torch --profile-dir /out/benchmark_profiles/c"));
  job.cell.values.set("profile", "nsys");
  CHECK(driver(job).starts_with("nsys profile --output=/out/benchmark_profiles/c/nsys_0 "));
  CHECK(has(driver(job), "--capture-range=cudaProfilerApi"));
  CHECK(has(driver(job), "--profile cuda"));
  job.cell.values.set("profile", "msprof");
  CHECK(driver(job).starts_with("msprof --output=/out/benchmark_profiles/c python3 d.py"));
}

TEST_CASE_METHOD(without_python, "commands: external_launcher is torchrun, once on each machine", "[run]") {
  const auto job = job_of({{"tp", "4"}, {"executor_backend", "external_launcher"}, {"nodes", "2"}});
  CHECK(has(driver(job), "python3 -m torch.distributed.run --standalone --nnodes 1 --nproc-per-node 4 d.py"));
  const auto line =
      weir::shell_line(weir::driver_command(job, {.rank = 1, .count = 2, .master = "10.0.0.1", .port = "29500"}, 0));
  CHECK(has(line, "--nnodes 2 --node-rank 1 --master-addr 10.0.0.1 --master-port 29500 --nproc-per-node 2 d.py"));
  CHECK(has(line, "--distributed-executor-backend external_launcher"));
}

TEST_CASE_METHOD(without_python, "commands: data parallelism offline is drivers side by side that share the prompts",
                 "[run]") {
  const auto job = job_of({{"dp", "2"}, {"batch_size", "8"}});
  CHECK(weir::drivers_of(job.cell) == 2);
  CHECK(has(driver(job, 1), "--out /out/cells/c/driver.1.jsonl"));
  CHECK(has(driver(job, 1), "--dp-rank 1 --dp-size 2 --barrier /out/cells/c/barrier"));
  CHECK_FALSE(has(driver(job, 1), "--data-parallel-size 2"));
}

TEST_CASE_METHOD(without_python, "commands: an online cell is a server, and weir-bench's words for each point",
                 "[run]") {
  auto job = job_of({{"mode", "online"},
                     {"tp", "2"},
                     {"dp", "2"},
                     {"batch_size", "16"},
                     {"input_len", "64"},
                     {"top_p", "0.9"},
                     {"request_rate", "4"},
                     {"warmup", "2"},
                     {"seed", "7"}});
  const auto server = weir::server_of(job, {}, true).value();
  const auto line = weir::shell_line(server.command);
  CHECK(line.starts_with("vllm serve /m --tensor-parallel-size 2"));
  CHECK(has(line, "--data-parallel-size 2"));
  const auto load = weir::shell_line(weir::load_words(job, job.cell.points[0], 0, "/e"));
  CHECK(has(load, "--endpoints /e"));
  CHECK(has(load, "--num-prompts 64 --max-concurrency 16"));
  CHECK(has(load, "--request-rate 4"));
  CHECK(has(load, "--extra-body '{\"top_p\":0.9}'"));
  CHECK(has(load, "--warmup 32"));
  CHECK(has(load, "--seed 7"));
  const auto second = weir::shell_line(weir::load_words(job, job.cell.points[0], 1, "/e"));
  CHECK_FALSE(has(second, "--seed 7"));  // other prompts: a prefix cache knows the first ones
  CHECK_FALSE(has(second, "--warmup 32"));
  job.cell.points.push_back(job.cell.points[0]);
  job.cell.points[1].name = "another";
  CHECK_FALSE(has(weir::shell_line(weir::load_words(job, job.cell.points[1], 0, "/e")), "--seed 7"));  // nor of points

  job.profiled = true;
  job.cell.values.set("profile", "torch");
  CHECK(weir::shell_line(weir::server_of(job, {}, true).value().command)
            .find("\"torch_profiler_dir\":\"/out/benchmark_profiles/c\"") != std::string::npos);
  const auto old = weir::server_of(job, {}, false).value();
  CHECK(weir::shell_line(old.command).find("profiler") == std::string::npos);
  CHECK(std::find(old.variables.begin(), old.variables.end(),
                  std::pair<std::string, std::string>("VLLM_TORCH_PROFILER_DIR", "/out/benchmark_profiles/c")) !=
        old.variables.end());
}

TEST_CASE_METHOD(without_python, "commands: the machines behind the first one of a server are headless", "[run]") {
  const auto job = job_of({{"mode", "online"}, {"tp", "8"}, {"pp", "2"}, {"nodes", "2"}});
  const auto line = [&](std::int64_t rank) {
    return weir::shell_line(
        weir::server_of(job, {.rank = rank, .count = 2, .master = "h", .port = "1"}, true).value().command);
  };
  CHECK(has(line(0), "--nnodes 2 --node-rank 0 --master-addr h --master-port 1"));
  CHECK_FALSE(has(line(0), "--headless"));
  CHECK(has(line(1), "--node-rank 1"));
  CHECK(has(line(1), "--headless"));
}

TEST_CASE_METHOD(without_python, "commands: vLLM's own benches get a process a point", "[run]") {
  auto job = job_of({{"mode", "throughput"}, {"num_prompts", "10"}, {"n", "2"}});
  CHECK(has(weir::shell_line(weir::vllm_bench_command(job, job.cell.points[0])),
            "vllm bench throughput --model /m --input-len 512 --output-len 128 --n 2 --dataset-name random "
            "--num-prompts 10"));
  job = job_of({{"mode", "latency"}, {"batch_size", "4"}, {"iterations", "3"}});
  CHECK(has(weir::shell_line(weir::vllm_bench_command(job, job.cell.points[0])),
            "--batch-size 4 --num-iters 3 --num-iters-warmup 1"));
}

TEST_CASE("commands: prompts default to a batch offline, to four online, else 32", "[run]") {
  const auto prompts = [](std::initializer_list<std::pair<const char*, const char*>> values) {
    const auto job = job_of(values);
    return weir::prompts_of(job.cell, job.cell.points[0].values);
  };
  CHECK(prompts({}) == 32);
  CHECK(prompts({{"batch_size", "4"}}) == 4);
  CHECK(prompts({{"mode", "online"}, {"batch_size", "4"}}) == 16);
  CHECK(prompts({{"mode", "online"}, {"batch_size", "4"}, {"num_prompts", "5"}}) == 5);
}

TEST_CASE("commands: what an engine is not told is known", "[run]") {
  CHECK(weir::untold_settings(job_of({{"engine", "vllm"}, {"tp", "2"}, {"dp", "2"}, {"dtype", "auto"}}).cell).empty());
  CHECK(weir::untold_settings(job_of({{"engine", "mock"}, {"tp", "2"}}).cell) == std::vector<std::string>{"tp"});
  CHECK(weir::untold_settings(job_of({{"engine", "mock"}, {"tp", "1"}}).cell).empty());
  CHECK(weir::untold_settings(job_of({{"engine", "llama.cpp"}, {"max_model_len", "2048"}, {"dtype", "f16"}}).cell) ==
        std::vector<std::string>{"dtype"});
}

TEST_CASE("commands: communication backends are flags and variables", "[run]") {
  const auto nccl = job_of({{"comm_backend", "nccl"}});
  CHECK(has(driver(nccl), "--disable-custom-all-reduce"));
  CHECK(weir::cell_variables(nccl.cell).size() == 2);
  CHECK(weir::cell_variables(job_of({{"comm_backend", "hccl"}}).cell) ==
        std::vector<std::pair<std::string, std::string>>{{"HCCL_OP_EXPANSION_MODE", "AIV"}});
  CHECK(has(driver(job_of({{"comm_backend", "nvshmem"}})), "--all2all-backend deepep_low_latency"));
}

TEST_CASE("commands: one's own command gets the cell's values, and keeps what is filled in later", "[run]") {
  auto job = job_of({{"mode", "command"}, {"tp", "2"}, {"input_len", "64"}});
  job.cell.command = {"bench",  "--tp={tp}", "{input_len}", "{model}",       "{result}",
                      "{port}", "{unknown}", "{",           "a{tp}b{quant}c"};
  CHECK(weir::own_command(job, job.cell.points[0]) == std::vector<std::string>{"bench", "--tp=2", "64", "m",
                                                                               "/out/cells/c/p.json", "{port}",
                                                                               "{unknown}", "{", "a2bbf16c"});
}
