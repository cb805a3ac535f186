// What SLURM's commands print: tests/fixtures/slurm holds what those of 22.05.8 (Debian 12) printed.
#include "weir/run/slurm_text.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"
#include "serve/scratch.hpp"

namespace {

std::string recorded(const std::string& name) {
  const auto text = test::text_of(WEIR_SOURCE_DIR "/tests/fixtures/slurm/" + name);
  REQUIRE(!text.empty());
  return text;
}

weir::slurm_job of(const std::vector<weir::slurm_job>& jobs, const std::string& id) {
  const auto found = std::find_if(jobs.rbegin(), jobs.rend(), [&](const auto& job) { return job.id == id; });
  REQUIRE(found != jobs.rend());
  return *found;
}

}  // namespace

TEST_CASE("squeue: each row is read, whatever its reason says", "[slurm]") {
  const auto text = recorded("squeue.txt");
  const auto jobs = weir::parse_squeue(text);
  CHECK(jobs.size() == static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  const auto waits = of(jobs, "21");
  CHECK(of(jobs, "19").state == "PENDING");
  CHECK(of(jobs, "19").reason == "JobHeldUser");
  CHECK(of(jobs, "17").nodes == "n[1-2]");
  CHECK(of(jobs, "18_4").state == "FAILED");
  CHECK(of(jobs, "22").nodes == "n3");
  CHECK(std::any_of(jobs.begin(), jobs.end(), [](const auto& job) {
    return job.id == "21" && job.state == "PENDING" && job.nodes.empty() &&
           job.reason == "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions";
  }));
}

TEST_CASE("squeue: lines that are no rows are passed over", "[slurm]") {
  const auto jobs = weir::parse_squeue("squeue: warning: something\n\n1|RUNNING\n2|RUNNING|None\n3|RUNNING|a|b|n1\n");
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].id == "3");
  CHECK(jobs[0].reason == "a|b");
  CHECK(jobs[0].nodes == "n1");
}

TEST_CASE("scontrol: state, exit code and nodes of a job and of an array's elements", "[slurm]") {
  const auto timeout = of(weir::parse_scontrol_jobs(recorded("scontrol_timeout.txt")), "20");
  CHECK(timeout.state == "TIMEOUT");
  CHECK(timeout.reason == "TimeLimit");
  CHECK(timeout.status == 128 + 15);
  const auto killed = of(weir::parse_scontrol_jobs(recorded("scontrol_killed.txt")), "21");
  CHECK(killed.state == "FAILED");
  CHECK(killed.status == 128 + 9);
  CHECK(killed.nodes == "n[1-3]");
  const auto array = weir::parse_scontrol_jobs(recorded("scontrol_array.txt"));
  REQUIRE(array.size() == 6);
  for (int i = 0; i < 6; ++i) CHECK(of(array, "18_" + std::to_string(i)).status == i);  // each exited with its index
  CHECK(of(array, "18_0").state == "COMPLETED");
  CHECK(weir::parse_scontrol_jobs("slurm_load_jobs error: Invalid job id specified\n").empty());
}

TEST_CASE("sacct: state and exit code; who cancelled it is the reason", "[slurm]") {
  const auto jobs = weir::parse_sacct(recorded("sacct.txt"));
  for (int i = 0; i < 3; ++i) CHECK(of(jobs, "1_" + std::to_string(i)).status == i);
  const auto cancelled =
      std::find_if(jobs.begin(), jobs.end(), [](const auto& job) { return job.state == "CANCELLED"; });
  REQUIRE(cancelled != jobs.end());
  CHECK(cancelled->reason == "by 0");
  CHECK(weir::parse_sacct("Slurm accounting storage is disabled\n").empty());
}

TEST_CASE("sbatch: the id is found among warnings, and with a cluster's name", "[slurm]") {
  CHECK(weir::parse_sbatch_id("17\n") == "17");
  CHECK(weir::parse_sbatch_id("17;main\n") == "17");
  CHECK(weir::parse_sbatch_id("sbatch: warning: 4 nodes are few\n17\n") == "17");
  CHECK_FALSE(weir::parse_sbatch_id(""));
  CHECK_FALSE(weir::parse_sbatch_id("Submitted batch job 17\n"));
}

TEST_CASE("slurm: an exit code is a shell's status", "[slurm]") {
  CHECK(weir::slurm_exit_code("0:0") == 0);
  CHECK(weir::slurm_exit_code("23:0") == 23);
  CHECK(weir::slurm_exit_code("0:9") == 137);
  CHECK_FALSE(weir::slurm_exit_code(""));
  CHECK_FALSE(weir::slurm_exit_code("N/A"));
}

TEST_CASE("slurm: a controller that is away is told from a refusal", "[slurm]") {
  const auto away = recorded("sbatch_away.txt"), refused = recorded("sbatch_refused.txt");
  CHECK(weir::slurm_is_away(away));
  CHECK_FALSE(weir::slurm_is_away(refused));
  CHECK(weir::slurm_words(refused) == "Batch job submission failed: Requested node configuration is not available");
}

TEST_CASE("slurm: every state is waiting, running or over", "[slurm]") {
  // squeue(1), JOB STATE CODES.
  for (const char* last : {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY",
                           "PREEMPTED", "REVOKED", "TIMEOUT"}) {
    CAPTURE(last);
    CHECK(weir::slurm_is_over(last));
    CHECK_FALSE(weir::slurm_is_running(last));
  }
  for (const char* running : {"RUNNING", "COMPLETING", "SUSPENDED", "SIGNALING", "STAGE_OUT", "STOPPED", "RESIZING"}) {
    CAPTURE(running);
    CHECK(weir::slurm_is_running(running));
    CHECK_FALSE(weir::slurm_is_over(running));
  }
  for (const char* waits :
       {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"}) {
    CAPTURE(waits);
    CHECK_FALSE(weir::slurm_is_over(waits));
    CHECK_FALSE(weir::slurm_is_running(waits));
  }
}
