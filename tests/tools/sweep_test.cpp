#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../shell.hpp"
#include "catch.hpp"
#include "weir/run/read_cell_record.hpp"

namespace {

const std::string tools = WEIR_TOOLS_DIR;
const std::string sweep = "WEIR_LOCK_DIR=\"$PWD/locks\" WEIR_RUN_DIR=\"$PWD/runs\" " + tools + "/weir-sweep";

/// A directory to work in, with the experiment's file in it.
struct scratch {
  explicit scratch(const std::string& yaml = "") {
    if (!yaml.empty()) folder.write("x.yaml", yaml);
    std::filesystem::create_directories(folder.file("runs"));
    std::filesystem::permissions(folder.file("runs"), std::filesystem::perms::owner_all);
  }
  shell_result run(const std::string& words) const {
    // A shell's background commands ignore SIGINT unless they are told not to.
    return shell("exec 2>&1; cd '" + folder.file("") + "' || exit; env --default-signal=INT " + sweep + " " + words);
  }
  /// One of examples/, with the tools in PATH. \param variables  "NAME=value ..."
  shell_result script(const std::string& words, const std::string& variables = "") const {
    return shell("exec 2>&1; cd '" + folder.file("") + "' || exit; export PATH=\"" + tools + ":$PATH\"; " +
                 "WEIR_LOCK_DIR=\"$PWD/locks\" WEIR_RUN_DIR=\"$PWD/runs\" " + variables +
                 " " WEIR_SOURCE_DIR "/examples/" + words);
  }
  std::string text(const std::string& name) const {
    std::ifstream file(folder.file(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  weir::cell_record record(const std::string& name) const {
    return weir::read_cell_record(folder.file("out/benchmark_results/" + name + ".json")).value();
  }
  std::size_t lines(const std::string& name) const {
    const auto all = text(name);
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
  }
  temporary_directory folder;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// \return  a process has the word in its command line.
bool runs_with(const std::string& word) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    if (has({std::istreambuf_iterator<char>(file), {}}, word)) return true;
  }
  return false;
}

bool ends_soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 600 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return holds();
}

/// Cells that write the given shell command's marks: a line in `ran` each.
std::string commands(const std::string& script, const std::string& more = "") {
  return "mode: command\ndevices: none\ncommand: [sh, -c, '" + script + "']\n" + more;
}

const std::string four = "configurations: [{name: a, tp: 1}, {name: b, tp: 2}, {name: c, tp: 4}, {name: d, tp: 8}]\n";

/// The milliseconds a token of each sample of the requests in weir-bench's records, by their own stamps.
std::vector<double> tpots_ms(const std::string& records) {
  std::vector<double> all;
  const auto number = [&](std::string_view name, std::size_t& at) {
    at = records.find("\"" + std::string(name) + "\":", at);
    return at == std::string::npos ? 0.0 : std::stod(records.substr(at += name.size() + 3, 20));
  };
  for (std::size_t at = 0; (at = records.find("{\"index\":", at)) != std::string::npos;) {
    const double first = number("t_first_ns", at), last = number("t_last_ns", at), tokens = number("tokens_out", at);
    all.push_back((last - first) / (tokens - 1) / 1e6);
  }
  return all;
}

}  // namespace

TEST_CASE("weir-sweep: --dry-run prints every command line and what is left out, and runs nothing", "[sweep]") {
  const scratch s("mode: command\nmax_devices: 4\ncommand: [bench, '--tp={tp}', '{result}']\n" + four);
  const auto dry = s.run("x.yaml --out out --dry-run");
  CHECK(dry.status == 0);
  CHECK(has(dry.out, "# 2 of 3: b, 2 devices\nbench --tp=2 "));
  CHECK(has(dry.out, "# left out: d: tp 8 x pp 1 x dp 1 needs 8 devices, there are 4"));
  CHECK_FALSE(std::filesystem::exists(s.folder.file("out")));
  const auto study = s.run("tensor-parallel --model /nowhere --dry-run");
  CHECK(study.status == 2);
  CHECK(has(study.out, "there is no model at /nowhere"));
}

TEST_CASE("weir-sweep: a machine without SLURM is said once, and no cell fails for it", "[sweep]") {
  const scratch s(commands("true", four));
  const auto study = shell("exec 2>&1; cd '" + s.folder.file("") + "' && PATH=/nowhere " + tools +
                           "/weir-sweep x.yaml --out out --launcher slurm");
  CHECK(study.status == 2);
  CHECK(study.out == "weir-sweep: --launcher slurm: there is no sbatch here: is this a machine of a SLURM cluster?\n");
  CHECK_FALSE(std::filesystem::exists(s.folder.file("out/benchmark_results/a.json")));
}

TEST_CASE("weir-sweep: what a command measured comes to the tables, and is not run again", "[sweep]") {
  const scratch s(
      commands("echo {name} >> ran; echo \"{\\\"output_tokens_per_s\\\": $((100 * {tp}))}\" > {result}", four));
  const auto first = s.run("x.yaml --out out");
  CHECK(first.status == 0);
  CHECK(has(first.out, "800.0"));
  CHECK(s.lines("ran") == 4);
  CHECK(s.record("d").points.at(0).metrics.value("output_tokens_per_s") == 800);
  CHECK(has(s.text("out/benchmark_results/summary.csv"), "d,,,"));
  const auto again = s.run("x.yaml --out out");
  CHECK(again.status == 2);
  CHECK(has(again.out, "4 finished runs of this matrix: --resume goes on"));
  CHECK(s.run("x.yaml --out out --resume").status == 0);
  CHECK(s.lines("ran") == 4);
  const auto other = s.run("x.yaml --out out --resume --tp 1");
  CHECK(other.status == 2);
  CHECK(has(other.out, "holds the results of another matrix"));
  const auto shown = shell("cd '" + s.folder.file("") + "' && " + tools + "/weir-summarize out/benchmark_results");
  CHECK(shown.status == 0);
  CHECK(has(shown.out, "800.0"));
}

TEST_CASE("weir-sweep: a cell that fails stops no other one, and says why", "[sweep]") {
  const scratch s(commands(
      "test {name} != b || { echo the engine is broken; exit 3; }; test {name} != c || exec no-such-program", four));
  const auto ran = s.run("x.yaml --out out");
  CHECK(ran.status == 1);
  CHECK(s.record("a").status == weir::cell_status::done);
  CHECK(s.record("b").status == weir::cell_status::failed);
  CHECK(has(s.record("b").reason, "exit status 3; its log ends with: the engine is broken"));
  CHECK(has(s.record("c").reason, "exit status 127"));
  CHECK(s.record("d").status == weir::cell_status::done);
  CHECK(has(ran.out, "Not measured"));
  CHECK(has(ran.out, "the engine is broken"));
}

TEST_CASE("weir-sweep: a runner clears what an earlier start left, and keeps its job's ticket", "[sweep]") {
  const scratch s(commands("echo {name} >> ran", four));
  REQUIRE(s.run("x.yaml --out out").status == 0);
  s.folder.write("out/cells/a/ticket", "slurm 17");
  s.folder.write("out/cells/a/old", "of an earlier start");
  REQUIRE(s.run("run-cell out/cells/a").status == 0);
  CHECK(s.text("out/cells/a/ticket") == "slurm 17");
  CHECK_FALSE(std::filesystem::exists(s.folder.file("out/cells/a/old")));
}

TEST_CASE("weir-sweep: a command is taken from behind --", "[sweep]") {
  const scratch s;
  const auto ran = s.run("--mode command --devices none --out out -- sh -c 'echo here >> ran; exit 4'");
  CHECK(ran.status == 1);
  CHECK(s.text("ran") == "here\n");
  CHECK(has(s.record("cell").reason, "exit status 4"));
}

TEST_CASE("weir-sweep: an engine that is not there fails its cells and not the sweep", "[sweep]") {
  const scratch s("models: [some/model]\ndevices: none\n");
  const auto ran = s.run("x.yaml --out out --python no-such-python");
  CHECK(ran.status == 1);
  CHECK(has(s.record("model").reason, "no-such-python: command not found"));
}

TEST_CASE("weir-sweep: bad input is told with its place", "[sweep]") {
  const scratch s("mode: command\ncomand: [true]\n");
  auto ran = s.run("x.yaml --out out");
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "x.yaml:2: unknown key 'comand'; did you mean 'command'?"));
  ran = s.run("tensor-paralel --out out");
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "did you mean tensor-parallel?"));
  ran = s.run("batch --tp 0 --out out");
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "--tp: tp: '0' is not a count of at least 1"));
  ran = s.run("batch --env HF_TOKEN=hf_x --out out");
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "HF_TOKEN looks like a secret"));
  ran = s.run("--mode command --out out");
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "mode command needs a command"));
  ran = s.run("");
  CHECK(ran.status == 2);
  CHECK(has(ran.out,
            "what is to be run? name a FILE.yaml, a STUDY such as tensor-parallel, or --models; weir-sweep --help"));
  ran = s.run("--mode online --out out");
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "no model is given: name one with --models"));
  ran = s.run("custom TP=2 PP=x --out out");
  CHECK(ran.status == 2);
  CHECK(has(ran.out, "'PP=x'"));
  CHECK_FALSE(std::filesystem::exists(s.folder.file("out")));
}

TEST_CASE("weir-sweep: a place among machines that can't be is refused with its words", "[sweep]") {
  const scratch s;
  const std::string command = " --mode command --devices none --out out -- true";
  const auto refused = [&](const std::string& words, const std::string& why) {
    INFO(words);
    for (const auto* more : {"", "--dry-run "}) {
      const auto ran = s.run(words + " " + more + command);
      CHECK(ran.status == 2);
      CHECK(has(ran.out, why));
    }
  };
  refused("--nnodes 2 --node-rank one", "--node-rank: 'one' is not");
  refused("--nnodes two --node-rank 1", "--nodes: 'two' is not");
  refused("--nnodes 2 --node-rank 2", "--node-rank: 2 is none of 2 machines, which count from 0");
  refused("--nnodes 2 --node-rank -1", "--node-rank: -1 is none of 2 machines");
  refused("--node-rank 1", "--node-rank: 1 is none of 1 machine, which count from 0: --nnodes says how many there are");
  refused("--nnodes 2 --node-rank 1 --master-port x", "--master-port: 'x' is not");
  refused("--nnodes 2 --node-rank 1 --master-port 65536", "--master-port: 65536 is not from 1 to 65535");
  CHECK_FALSE(std::filesystem::exists(s.folder.file("out")));
}

TEST_CASE("weir-sweep: out of memory is told apart, and the largest batch that fits is looked for", "[sweep]") {
  const scratch s(commands("test {batch_size} -le 5 || { echo torch.OutOfMemoryError: CUDA out of memory; exit 1; }",
                           "batch_size: [2, 16]\non_oom: bisect-batch\n"));
  const auto ran = s.run("x.yaml --out out");
  CHECK(ran.status == 1);
  const auto cell = s.record("cell");
  CHECK(cell.status == weir::cell_status::partial);
  CHECK(cell.points.at(1).status == weir::cell_status::out_of_memory);
  CHECK(s.record("cell_batch_size9_in512_out128").status == weir::cell_status::out_of_memory);
  CHECK(s.record("cell_batch_size5_in512_out128").status == weir::cell_status::done);
  CHECK(s.run("x.yaml --out out --resume").status == 1);
}

TEST_CASE("weir-sweep: Ctrl-C keeps what is finished, and --resume goes on", "[sweep]") {
  const scratch s(commands("echo {name} >> ran; test {name} != c || test -e free || sleep 60", four));
  const auto ended = s.run(
      "x.yaml --out out & pid=$!; i=0; while [ $i -lt 3000 ] && ! grep -q c ran 2> /dev/null; do sleep 0.02; "
      "i=$((i + 1)); done; kill -INT $pid; wait $pid; echo status $?");
  CHECK(has(ended.out, "status 130"));
  CHECK(s.record("b").status == weir::cell_status::done);
  CHECK_FALSE(std::filesystem::exists(s.folder.file("out/benchmark_results/c.json")));
  s.folder.write("free", "");
  CHECK(s.run("x.yaml --out out --resume").status == 0);
  CHECK(s.lines("ran") == 5);  // a b c, then c d
}

TEST_CASE("weir-sweep: SIGKILL at any moment loses no finished cell and leaves nothing running", "[sweep]") {
  const std::string mark = "weir-sweep-killed-" + std::to_string(::getpid());
  const scratch s(commands(
      "sleep 0.0{tp}; : " + mark, "configurations: [" + [] {
        std::string all;
        for (int i = 0; i < 12; ++i)
          all += (i ? ", " : "") + std::string("{name: c") + std::to_string(i) + ", tp: " + std::to_string(i % 4 + 1) +
                 "}";
        return all;
      }() + "]\n"));
  std::map<std::string, std::string> finished;
  for (int round = 0; round < 6; ++round) {
    (void)s.run("x.yaml --out out --resume & pid=$!; sleep 0." + std::to_string(5 + round * 4) +
                "; kill -KILL $pid; wait $pid");
    for (const auto& [name, text] : finished) {
      CAPTURE(round, name);
      CHECK(s.text("out/benchmark_results/" + name) == text);  // still there, and the same
    }
    for (const auto& entry : std::filesystem::directory_iterator(s.folder.file("out/benchmark_results")))
      if (entry.path().extension() == ".json") {
        CHECK(weir::read_cell_record(entry.path().string()));
        finished[entry.path().filename().string()] =
            s.text("out/benchmark_results/" + entry.path().filename().string());
      }
  }
  CHECK(s.run("x.yaml --out out --resume").status == 0);
  CHECK(finished.size() <= 12);
  CHECK(ends_soon([&] { return !runs_with(mark); }));
}

TEST_CASE("weir-sweep: results that can't be written stop it, and it goes on when they can", "[sweep]") {
  const scratch s(commands("true", four));
  std::filesystem::create_directories(s.folder.file("out/benchmark_results/b.json/full"));
  const auto full = s.run("x.yaml --out out --resume");
  CHECK(full.status == 2);
  CHECK(has(full.out, "what is finished is whole: --resume goes on"));
  CHECK(s.record("a").status == weir::cell_status::done);
  std::filesystem::remove_all(s.folder.file("out/benchmark_results/b.json"));
  CHECK(s.run("x.yaml --out out --resume").status == 0);
}

TEST_CASE("weir-sweep: two sweeps never share a device", "[sweep]") {
  const scratch s(
      "mode: command\ncommand: [sh, -c, 'echo start $CUDA_VISIBLE_DEVICES >> uses; sleep 0.05; echo end "
      "$CUDA_VISIBLE_DEVICES >> uses']\nconfigurations: [{name: a}, {name: b}, {name: c}, {name: d}]\n");
  s.folder.write("devices.jsonl",
                 "{\"type\":\"device\",\"vendor\":\"nvidia\",\"index\":0,\"id\":\"GPU-a\"}\n{\"type\":\"device\","
                 "\"vendor\":\"nvidia\",\"index\":1,\"id\":\"GPU-b\"}\n");
  const auto ran = shell("cd '" + s.folder.file("") +
                         "' && export WEIR_DEVICES=$PWD/devices.jsonl WEIR_LOCK_DIR=$PWD/locks WEIR_RUN_DIR=$PWD/runs;"
                         " for i in 1 2 3; do " +
                         tools + "/weir-sweep x.yaml --out out$i 2>&1 & done; wait");
  CAPTURE(ran.out);
  std::istringstream uses(s.text("uses"));
  std::map<std::string, int> on;
  std::size_t starts = 0;
  for (std::string what, device; uses >> what >> device;) {
    CAPTURE(device, starts);
    starts += what == "start";
    CHECK((on[device] += what == "start" ? 1 : -1) <= 1);
  }
  CHECK(starts == 12);
  CHECK(on == std::map<std::string, int>{{"GPU-a", 0}, {"GPU-b", 0}});
  for (const auto* i : {"1", "2", "3"})
    for (const auto* name : {"a", "b", "c", "d"}) {
      const auto r =
          weir::read_cell_record(s.folder.file(std::string("out") + i + "/benchmark_results/" + name + ".json"))
              .value();
      CHECK(r.devices.size() == 1);
      CHECK(r.devices_after == "empty");
    }
}

TEST_CASE("weir-sweep: an online cell starts its server once, loads every point, and counts every sample", "[sweep]") {
  const scratch s;
  const auto ran = s.run(
      "--mode online --engine mock --models mock --concurrency 1,4 --num-prompts 8 --input-len 16 --output-len 4 -n 3"
      " --out out -- --ttft 2ms --itl 1ms");
  CAPTURE(ran.out);
  CHECK(ran.status == 0);
  const auto r = s.record("mock");
  REQUIRE(r.points.size() == 2);
  for (const auto& p : r.points) {
    CHECK(p.metrics.value("output_tokens") == 8 * 3 * 4);
    CHECK(p.metrics.value("prompt_tokens") == 8 * 16);
    CHECK(p.metrics.value("error_rate") == 0);
    const auto own = tpots_ms(s.text("out/cells/mock/requests." + p.point.name + ".0.jsonl"));
    REQUIRE(own.size() == 8 * 3);  // of each sample one, not of three taken for one
    const double mean = std::accumulate(own.begin(), own.end(), 0.0) / 24;
    CHECK(std::abs(p.metrics.value("tpot_mean_ms") - mean) < 1e-6);
    CHECK(p.metrics.value("ttft_mean_ms") > 0);
  }
  CHECK(std::filesystem::exists(s.folder.file("out/benchmark_logs/server_mock.log")));
  CHECK(std::filesystem::exists(s.folder.file("out/report.html")));
  CHECK(has(s.text("out/results_summary.csv"),
            "experiment,model,tp,pp,ep,gpus,throughput_tokens_sec,ttft_ms,tpot_ms,mfu_pct,comm_overhead_pct,bubble_"
            "ratio_pct\nmock,"));
}

TEST_CASE("weir-sweep: a profile that a server does not take is empty and said, and its run is in no table",
          "[sweep]") {
  const scratch s;
  const auto ran = s.run(
      "--mode online --engine mock --models mock --num-prompts 2 --input-len 4 --output-len 2 --profile torch --out "
      "out");
  CHECK(ran.status == 0);
  const auto r = s.record("mock_profile");
  CHECK(r.profiled);
  CHECK(r.profile.empty);
  CHECK(has(r.profile.reason, "/start_profile"));
  CHECK(has(ran.out, "the profile of mock is empty"));
  CHECK_FALSE(has(s.text("out/benchmark_results/summary.csv"), "mock_profile"));
}

TEST_CASE("weir-sweep: the second machine's part of a server is ended when the first one has measured", "[sweep]") {
  const scratch s(
      "mode: online\nmodels: [some/model]\ndevices: none\nnum_prompts: 2\ninput_len: 4\noutput_len: 2\nwarmup: 0\n"
      "configurations: [{name: both, tp: 2}]\n"
      "command: [sh, -c, '[ $RANK = 0 ] || { touch joined; exec sleep 600; }; until [ -e joined ]; do sleep 0.05; "
      "done; "
      "exec \"$0\" --host {host} --port {port}', " +
      tools + "/weir-mock]\n");
  const auto node = [&](const std::string& rank) {
    return "RANK=" + rank + " " + sweep + " x.yaml --out out --nnodes 2 --master-addr 127.0.0.1 --node-rank " + rank +
           "; echo node " + rank + " ends with $?";
  };
  const auto ran =
      shell("exec 2>&1; cd '" + s.folder.file("") + "' || exit; { " + node("1") + "; } & " + node("0") + "; wait");
  INFO(ran.out);
  CHECK(has(ran.out, "node 0 ends with 0"));
  CHECK(has(ran.out, "node 1 ends with 0"));
  const auto r = s.record("model_both");
  CHECK(r.status == weir::cell_status::done);
  REQUIRE(r.points.at(0).metrics.find("process_memory_max_mib"));
  CHECK(has(r.points[0].metrics.find("process_memory_max_mib")->reason, "only the first of the engine's 2 machines"));
}

TEST_CASE("weir-sweep: the diagnostic runs the smallest cell, elsewhere", "[sweep]") {
  const scratch s(commands("echo {name} {num_prompts} >> ran", four));
  CHECK(s.run("x.yaml --out out --diagnostic").status == 0);
  CHECK(s.text("ran") == "a 4\n");
}

TEST_CASE("weir-sweep: --follow shows the states of a sweep", "[sweep]") {
  const scratch s(commands("test {name} != b || exit 1", four));
  CHECK(s.run("x.yaml --out out").status == 1);
  const auto shown = s.run("--follow --out out");
  CHECK(shown.status == 0);
  CHECK(has(shown.out, "4 runs: 3 done, 1 failed"));
  CHECK(s.run("--follow --out nothing").status == 2);
}

TEST_CASE("weir-sweep: batch studies leave the lists that their scripts read", "[sweep]") {
  const scratch s;
  const auto ran = s.run(
      "custom TP=2 --engine mock --model mock --batch-sizes 2 --seq-lens 8 --max-tokens 4 --num-runs 1 --devices none"
      " --output-dir out --output-file all.json");
  CAPTURE(ran.out);
  CHECK(ran.status == 0);
  for (const auto* file : {"out/custom_tp2_pp1_dp1_results.json", "all.json"}) {
    CHECK(has(s.text(file), "\"tensor_parallel_size\":2"));
    CHECK(has(s.text(file), "\"throughput_tokens_per_sec\":"));
    CHECK(has(s.text(file), "\"tokens_generated\":8,"));
  }
  const auto shown = shell("cd '" + s.folder.file("") + "' && " + tools + "/weir-summarize all.json");
  CHECK(shown.status == 0);
  CHECK(has(shown.out, "TP2_PP1_DP1"));
}

TEST_CASE("batch-experiments: on the mock the script leaves its lists, and the analysis reads them", "[sweep]") {
  const scratch s;
  const auto ran = s.script(
      "batch-experiments/run_batch_experiments.sh tensor-parallel --online --engine mock --model mock "
      "--devices none --batch-sizes 1,4 --seq-lens 8 --max-tokens 2 --num-runs 1 --output-file all.json "
      "-- --ttft 2ms --itl 1ms");
  INFO(ran.out);
  CHECK(ran.status == 0);
  for (const auto* name : {"tp_1", "tp_2", "tp_4", "tp_8"}) {
    const auto list = s.text("experiment_results/" + std::string(name) + "_results.json");
    CHECK(has(list, "\"batch_size\":1"));
    CHECK(has(list, "\"batch_size\":4"));
  }
  CHECK(has(s.text("all.json"), "\"tensor_parallel_size\":8"));
  const auto analysed = s.script("batch-experiments/analyze_results.sh --input experiment_results --no-plots");
  CHECK(analysed.status == 0);
  CHECK(has(s.text("analysis_output/summary.csv"), "tp_8"));
  const auto one =
      s.script("batch-experiments/analyze_results.sh --input experiment_results/tp_2_results.json --output-dir one");
  CHECK(one.status == 0);
  CHECK(has(s.text("one/results_summary.csv"), "TP2_PP1_DP1"));
}

TEST_CASE("rollout-bench: on the mock the script runs its eight cells, and its diagnostic one", "[sweep]") {
  const scratch s;
  const std::string script =
      "rollout-bench/run_vllm_benchmark.sh --engine mock --devices none --input-len 8 --output-len 4 "
      "--no-profile ";
  const auto ran = s.script(script + "--num-prompts 2 -n 2 -- --ttft 2ms --itl 1ms", "BENCH_BASE_DIR=out");
  INFO(ran.out);
  CHECK(ran.status == 0);
  CHECK(s.lines("out/benchmark_results/summary.csv") == 1 + 8);
  CHECK(has(ran.out, "qwen3-30b-a3b_w8a16: qwen3-30b-a3b has no w8a16"));
  CHECK(has(ran.out, "Times better than bf16"));
  CHECK(s.record("pangu-7b_w8a8").points.at(0).metrics.value("output_tokens") == 2 * 2 * 4);
  const auto small = s.script(script + "--diagnostic -- --ttft 2ms --itl 1ms", "BENCH_BASE_DIR=out");
  CHECK(small.status == 0);
  CHECK(s.lines("out/diagnostic/benchmark_results/summary.csv") == 1 + 1);
  CHECK(has(s.text("out/diagnostic/benchmark_results/summary.csv"), "qwen3-1.7b_bf16,qwen3-1.7b,bf16,diagnostic"));
}

TEST_CASE("parallelism-profiling: on the mock an experiment is written, run, and its empty profile said", "[sweep]") {
  const scratch s;
  const std::string words = "SEQ_LEN=8 MAX_TOKENS=2 CONFIGS=configs OUT=here";
  const auto dry = s.script("parallelism-profiling/run_E1.2.sh --dry-run", words);
  CHECK(dry.status == 0);
  CHECK(has(dry.out, "--tensor-parallel-size 2"));
  CHECK_FALSE(std::filesystem::exists(s.folder.file("here")));
  const auto ran =
      s.script("parallelism-profiling/run_E1.1.sh --engine mock --devices none --model mock -- --ttft 2ms", words);
  INFO(ran.out);
  CHECK(ran.status == 0);
  CHECK(has(ran.out, "the profile of E1.1_llama8b_baseline is empty"));
  CHECK(has(s.text("configs/E1.3_llama8b_tp4.yaml"), "profile_iterations: 5"));
  CHECK(s.lines("here/runs/E1.1_llama8b_baseline/results_summary.csv") == 1 + 1);
  CHECK_FALSE(std::filesystem::is_symlink(s.folder.file("here/trace_collection/E1.1_llama8b_baseline")));
  const auto other = s.script("parallelism-profiling/run_E1.1.sh --dry-run", words + " SEQ_LEN=16");
  CHECK(other.status == 2);
  CHECK(has(other.out, "E1.1_llama8b_baseline.yaml is there, and is not what"));
  const auto machines = s.script("parallelism-profiling/run_E1.1.sh --dry-run", words + " NODES=2 OUT=two");
  CHECK(machines.status == 0);
}
