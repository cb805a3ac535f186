// The scripts are run here by sh, with the variables that SLURM sets; tests/cluster runs them under SLURM.
#include "weir/run/slurm_script.hpp"

#include <string>

#include "catch.hpp"
#include "run/fake_slurm.hpp"
#include "shell.hpp"
#include "weir/run/parallel_command.hpp"

namespace {

struct place : test::fake_slurm {
  place() {
    command("scontrol", "echo first-node; echo second-node");
    // srun as far as the script needs it: two tasks, one after the other.
    command("srun",
            "while [ \"$1\" != /bin/sh ]; do shift; done\n"
            "SLURM_NODEID=0 SLURM_PROCID=0 \"$@\" && SLURM_NODEID=1 SLURM_PROCID=1 \"$@\"");
  }
  [[nodiscard]] weir::job a_job(std::vector<std::string> argv) const {
    return {"j", std::move(argv), {}, {}, path(""), path("the log"), path("exit")};
  }
  /// Runs a job's script as job 17 of SLURM would.
  int run(const weir::job& what) const {
    const auto script = write("script", weir::sbatch_script(what, {}).value());
    return shell("SLURM_JOB_ID=17 SLURM_STEP_ID=1 SLURM_STEP_NODELIST=x SLURM_STEP_NUM_TASKS=2 SLURM_STEP_NUM_NODES=" +
                 std::to_string(what.needs.nodes) + " sh " + script)
        .status;
  }
  [[nodiscard]] std::string log() const { return test::text_of(path("the log")); }
  [[nodiscard]] std::string exit_file() const { return test::text_of(path("exit")); }
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("slurm script: the command gets its words as they are, and its status is written", "[slurm]") {
  const place here;
  auto job = here.a_job({"sh", "-c", "printf '%s|' \"$@\"; exit 3", "sh", "it's", "two words", "$HOME", "{port}", ""});
  CHECK(here.run(job) == 3);
  CHECK(here.log().find("it's|two words|$HOME|{port}||") != std::string::npos);
  CHECK(here.exit_file() == "3 17\n");
}

TEST_CASE("slurm script: variables are set for the command, odd ones refused", "[slurm]") {
  const place here;
  auto job = here.a_job({"sh", "-c", "echo \"<$A>\""});
  job.variables = {{"A", "it's $HOME"}};
  CHECK(here.run(job) == 0);
  CHECK(has_line(here.log(), "<it's $HOME>"));
  job.variables = {{"A B", "x"}};
  CHECK(weir::sbatch_script(job, {}).error().code == weir::errc::invalid_argument);
}

TEST_CASE("slurm script: a requeued job whose command has ended does not run it again", "[slurm]") {
  const place here;
  const auto job = here.a_job({"sh", "-c", "echo ran"});
  REQUIRE(here.run(job) == 0);
  REQUIRE(here.run(job) == 0);
  CHECK(here.log().find("ran") == here.log().rfind("ran"));
  // What another job wrote, or one that a signal ended, does not count.
  here.write("exit", "0 16\n");
  REQUIRE(here.run(job) == 0);
  CHECK(here.log().find("ran") != here.log().rfind("ran"));
  const auto before = here.log().size();
  here.write("exit", "143 17\n");
  REQUIRE(here.run(job) == 0);
  CHECK(here.log().size() > before);
}

TEST_CASE("slurm script: a job that is told to end writes no status", "[slurm]") {
  const place here;
  // The command tells the script, which waits for it, as SLURM would.
  CHECK(here.run(here.a_job({"sh", "-c", "kill -TERM $(cut -d' ' -f4 /proc/$$/stat); exit 5"})) == 5);
  CHECK(here.exit_file().empty());
}

TEST_CASE("slurm script: each task is told which one it is, and has a log", "[slurm]") {
  const place here;
  auto job = here.a_job({"sh", "-c", "echo \"$*\"", "sh", "{node_rank}/{nnodes}", "{task_rank} of {ntasks}",
                         "at={master_addr}:{master_port}", "{rest:--headless}", "{first:--ready=a b}"});
  job.needs.nodes = 2;
  CHECK(here.run(job) == 0);
  CHECK(has_line(here.log(), "0/2 0 of 2 at=first-node:21800 --ready=a b"));  // 20000 + (17 + 1) mod 100 times 100
  CHECK(has_line(test::text_of(here.path("the log.1")), "1/2 1 of 2 at=first-node:21800 --headless"));
  CHECK(here.exit_file() == "0 17\n");
  CHECK(here.calls("srun").find("--kill-on-bad-exit=1 /bin/sh -c") == 0);
}

TEST_CASE("slurm script: the status of several tasks is that of the first that failed, not srun's", "[slurm]") {
  const place here;
  auto job = here.a_job({"sh", "-c", "[ {task_rank} = 0 ] || exit 9"});
  job.needs.tasks_per_node = 2;
  CHECK(here.run(job) == 9);
  CHECK(here.exit_file() == "9 17\n");
  CHECK_FALSE(std::filesystem::exists(here.path("exit.first")));
}

TEST_CASE("slurm script: vLLM and torchrun over nodes get the flags of their node", "[slurm]") {
  const place here;
  std::vector<std::string> vllm{"echo", "vllm", "serve", "m"};
  for (const auto& flag : weir::vllm_node_flags()) vllm.push_back(flag);
  auto job = here.a_job(vllm);
  job.needs.nodes = 2;
  CHECK(here.run(job) == 0);
  const std::string common = "vllm serve m --nnodes 2 --node-rank ",
                    at = " --master-addr first-node --master-port 21800";
  CHECK(has_line(here.log(), common + "0" + at));
  CHECK(has_line(test::text_of(here.path("the log.1")), common + "1" + at + " --headless"));

  here.write("exit", "");  // or it would be taken for a requeue
  job.argv = weir::torchrun_command({"echo", "torchrun"}, 2, 4, {"x.py", "--tp", "8"});
  CHECK(here.run(job) == 0);
  CHECK(has_line(here.log(), "torchrun --nnodes 2 --node-rank 0" + at + " --nproc-per-node 4 x.py --tp 8"));
  CHECK(weir::torchrun_command({"torchrun"}, 1, 4, {"x.py"}) ==
        std::vector<std::string>{"torchrun", "--standalone", "--nnodes", "1", "--nproc-per-node", "4", "x.py"});
  // Without a scheduler, a person says it on each node.
  CHECK(weir::vllm_node_flags({"2", "1", "10.0.0.1", "29501"}) ==
        std::vector<std::string>{"--nnodes", "2", "--node-rank", "1", "--master-addr", "10.0.0.1", "--master-port",
                                 "29501", "--headless"});
  CHECK(weir::vllm_node_flags({"2", "0", "10.0.0.1", "29501"}).back() == "29501");
}

TEST_CASE("slurm script: its first lines ask for what the job needs, in the site's words", "[slurm]") {
  const place here;
  auto job = here.a_job({"true"});
  job.needs = {2, 4, 8, 90'000'000'001};
  const auto text = weir::sbatch_script(job, {{"--partition=gpu", "--cpus-per-task=16"}, "gpu:h100", {}}).value();
  for (const char* line :
       {"#SBATCH --job-name=j", "#SBATCH --nodes=2", "#SBATCH --ntasks-per-node=4", "#SBATCH --gres=gpu:h100:8",
        "#SBATCH --time=0-00:01:31", "#SBATCH --partition=gpu", "#SBATCH --cpus-per-task=16", "#SBATCH --requeue"}) {
    CAPTURE(line);
    CHECK(has_line(text, line));
  }
  CHECK(has_line(text, "#SBATCH --output=\"" + here.path("the log") + "\""));
  CHECK(weir::slurm_time(93'784'000'000'000) == "1-02:03:04");  // a day, two hours, three minutes, four seconds
}

TEST_CASE("slurm script: what SLURM can't be told is refused", "[slurm]") {
  const place here;
  const auto refused = [&](auto&& change) {
    auto job = here.a_job({"true"});
    change(job);
    const auto script = weir::sbatch_script(job, {});
    return !script && script.error().code == weir::errc::invalid_argument;
  };
  CHECK_FALSE(refused([](auto&) {}));
  CHECK(refused([](auto& job) { job.name = ""; }));
  CHECK(refused([](auto& job) { job.name = "-x"; }));
  CHECK(refused([](auto& job) { job.name = "a b"; }));
  CHECK(refused([](auto& job) { job.directory = "relative"; }));
  CHECK(refused([](auto& job) { job.log = "/x/it's"; }));
  CHECK(refused([](auto& job) { job.log = "/x/a\nb"; }));
}

TEST_CASE("slurm script: an array's element runs the script of its number", "[slurm]") {
  const place here;
  auto first = here.a_job({"sh", "-c", "exit 4"}), second = here.a_job({"sh", "-c", "exit 5"});
  second.status_file = here.path("second's exit");
  const auto one = here.write("one's script", weir::sbatch_script(first, {}).value());
  const auto two = here.write("two", weir::sbatch_script(second, {}).value());
  const auto text = weir::sbatch_array_script(first, {one, two}, here.path("out"), {}).value();
  CHECK(has_line(text, "#SBATCH --array=0-1"));
  const auto file = here.write("array", text);
  const std::string common = "SLURM_JOB_ID=19 SLURM_ARRAY_JOB_ID=17 ";
  CHECK(shell(common + "SLURM_ARRAY_TASK_ID=0 sh " + file).status == 4);
  CHECK(shell(common + "SLURM_ARRAY_TASK_ID=1 sh " + file).status == 5);
  CHECK(here.exit_file() == "4 17_0\n");
  CHECK(test::text_of(here.path("second's exit")) == "5 17_1\n");
}
