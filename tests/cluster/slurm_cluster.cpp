// The launcher on a real SLURM of three nodes: run by tests/cluster/with-slurm, which starts it.
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "cluster/jobs.hpp"
#include "shell.hpp"
#include "weir/base/units.hpp"
#include "weir/run/slurm.hpp"

namespace {

using test::leaves_much, test::ms, test::s;
using weir::job_phase;

struct cluster final : test::jobs {
  weir::launcher& where() override { return launcher; }
  weir::slurm_launcher launcher{{.site = {.words = {}, .gres = "gpu", .keeper = WEIR_TOOLS_DIR "/weir-keep"},
                                 .scripts = path("scripts"),
                                 .limits = {100, 100},
                                 .ask_every_ns = 300 * ms,
                                 .look_every_ns = 50 * ms,
                                 .settle_ns = 1 * s,
                                 .patience_ns = 30 * s}};
};

}  // namespace

TEST_CASE("slurm cluster: an array's jobs end each with a status of its own", "[cluster]") {
  cluster here;
  std::vector<weir::job> jobs;
  for (int i = 0; i < 6; ++i)
    jobs.push_back(here.script("a" + std::to_string(i), "echo ran; exit " + std::to_string(i)));
  const auto tickets = here.submit(jobs);
  CHECK(tickets[0].id + "|" + tickets[5].id == tickets[0].id.substr(0, tickets[0].id.find('_')) + "_0|" +
                                                   tickets[0].id.substr(0, tickets[0].id.find('_')) + "_5");
  const auto reports = here.ends(tickets);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    CAPTURE(i, reports[i].why);
    CHECK(reports[i].status == static_cast<int>(i));
    CHECK(here.log(jobs[i].name) == "ran\n");
  }
}

TEST_CASE("slurm cluster: srun starts a task on each node, which is told its rank", "[cluster]") {
  cluster here;
  const auto ticket =
      here.submit(here.script("nodes", "echo $SLURMD_NODENAME {node_rank} {nnodes} {master_addr}", {3, 1, 0, 0}));
  const auto end = here.end(ticket);
  CAPTURE(end.why, here.log("nodes"));
  CHECK(end.status == 0);
  CHECK(here.log("nodes").find("n1 0 3 n1\n") != std::string::npos);
  CHECK(test::text_of(here.path("nodes.log.1")).find("n2 1 3 n1\n") != std::string::npos);
  CHECK(test::text_of(here.path("nodes.log.2")).find("n3 2 3 n1\n") != std::string::npos);
}

TEST_CASE("slurm cluster: where one task fails the others are ended, and its status is the job's", "[cluster]") {
  cluster here;
  const auto ticket = here.submit(here.script("fails", "[ {node_rank} != 2 ] || exit 7; sleep 1000", {3, 1, 0, 0}));
  CHECK(here.end(ticket).status == 7);
}

TEST_CASE("slurm cluster: a job sees the devices that it asked for", "[cluster]") {
  cluster here;
  const auto ticket = here.submit(here.script("gres", "echo $SLURM_GPUS_ON_NODE $CUDA_VISIBLE_DEVICES", {1, 1, 2, 0}));
  CHECK(here.end(ticket).status == 0);
  const bool numbered = std::getenv("WEIR_SLURM_NUMBERED") != nullptr;  // the fake devices, which only root can make
  CHECK(here.log("gres") == (numbered ? "2 0,1\n" : "2\n"));
}

TEST_CASE("slurm cluster: a job that can't be is refused in SLURM's words", "[cluster]") {
  cluster here;
  const auto job = here.script("huge", "true", {1, 1, 9, 0});
  const auto refused = here.where().submit({&job, 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail == "sbatch: Batch job submission failed: Requested node configuration is not available");
}

TEST_CASE("slurm cluster: nothing is left of a job, however it ends", "[cluster]") {
  cluster here;
  const auto tickets = here.submit({here.script("ends", leaves_much + "sleep 1; exit 4"),
                                    here.script("cancelled", leaves_much + "echo up; sleep 1000"),
                                    here.script("waits", leaves_much + "echo up; sleep 1000")});
  REQUIRE(here.says("cancelled", "up"));
  REQUIRE(here.says("waits", "up"));
  CHECK(test::eventually([&] { return here.nasty() > 10; }, 10 * s));
  REQUIRE(here.where().cancel(std::vector{tickets[1], tickets[2]}));
  const auto reports = here.ends(tickets);
  CHECK(reports[0].status == 4);
  CHECK_FALSE(reports[1].status);
  CHECK(reports[1].why == "CANCELLED: it was cancelled");
  CHECK(test::eventually([&] { return here.nasty() == 0; }, 10 * s));
}

TEST_CASE("slurm cluster: nothing is left of a job over several nodes that is cancelled", "[cluster]") {
  cluster here;
  const auto ticket = here.submit(here.script("nodes", leaves_much + "echo up; sleep 1000", {2, 1, 0, 0}));
  REQUIRE(here.says("nodes", "up"));
  CHECK(test::eventually([&] { return here.nasty() > 10; }, 10 * s));
  REQUIRE(test::eventually([&] { return !test::text_of(here.path("nodes.log.1")).empty(); }, 20 * s));
  REQUIRE(here.where().cancel({&ticket, 1}));
  CHECK(here.end(ticket).why == "CANCELLED: it was cancelled");
  CHECK(test::eventually([&] { return here.nasty() == 0; }, 10 * s));
}

TEST_CASE("slurm cluster: a requeued job is run again, unless its command has ended", "[cluster]") {
  cluster here;
  const auto ticket =
      here.submit(here.script("again", "echo ran; [ ! -e go ] || exit 3; trap 'exit 0' TERM; sleep 1000 & wait"));
  REQUIRE(here.says("again", "ran"));
  const auto requeue = [&] {
    REQUIRE(shell("scontrol requeue " + ticket.id).status == 0);
    // SLURM would let a requeued job wait for two minutes.
    REQUIRE(test::eventually([&] { return shell("squeue -h -o %T -j " + ticket.id).out == "PENDING\n"; }, 20 * s));
    REQUIRE(shell("scontrol update JobId=" + ticket.id + " StartTime=now").status == 0);
  };
  requeue();
  CHECK(here.reach(ticket, job_phase::queued).phase == job_phase::queued);
  here.write("go", "");
  CHECK(here.end(ticket).status == 3);
  const auto before = here.log("again");
  requeue();
  REQUIRE(test::eventually([&] { return shell("squeue -h --states=all -o %T -j " + ticket.id).out == "FAILED\n"; },
                           20 * s));
  CHECK(here.log("again") == before);
  CHECK(weir::read_exit_file(ticket.status_file, ticket.id) == 3);
}

TEST_CASE("slurm cluster: a node that is drained on the way costs time and no job", "[cluster]") {
  cluster here;
  std::vector<weir::job> jobs;
  for (int i = 0; i < 8; ++i)
    jobs.push_back(here.script("d" + std::to_string(i), "sleep 1; echo $SLURMD_NODENAME", {1, 1, 2, 0}));
  const auto tickets = here.submit(jobs);
  REQUIRE(here.reach(tickets[0], job_phase::running).phase == job_phase::running);
  REQUIRE(shell("scontrol update NodeName=n1 State=DRAIN Reason=test").status == 0);
  const auto reports = here.ends(tickets);
  CHECK(shell("scontrol update NodeName=n1 State=RESUME").status == 0);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    CAPTURE(i, reports[i].why);
    CHECK(reports[i].status == 0);
  }
}

TEST_CASE("slurm cluster: jobs outlive their controller, and who asks for them waits", "[cluster]") {
  cluster here;
  const auto quick = here.submit(here.script("quick", "sleep 4; exit 6"));
  const auto slow = here.submit(here.script("slow", "until [ -e go ]; do sleep 0.1; done; exit 5"));
  REQUIRE(here.reach(slow, job_phase::running).phase == job_phase::running);
  const auto pid_file = test::text_of(std::string(std::getenv("WEIR_SLURM_DIR")) + "/slurmctld.pid");
  const auto pid = weir::parse_number<int>(weir::trimmed(pid_file));
  REQUIRE(pid);
  REQUIRE(::kill(*pid, SIGTERM) == 0);
  const auto away = here.reach(slow, job_phase::unknown);
  CHECK(away.phase == job_phase::unknown);
  CHECK(away.why.find("Unable to contact slurm controller") != std::string::npos);
  CHECK(here.end(quick).status == 6);  // while nobody can be asked
  const auto late = here.script("late", "exit 8");
  CHECK(here.where().submit({&late, 1}).error().code == weir::errc::closed);
  REQUIRE(std::system("env -u WEIR_TEST_MARK \"$WEIR_SLURM_CTLD\" &") == 0);
  REQUIRE(here.reach(slow, job_phase::running).phase == job_phase::running);
  const auto ticket = here.submit(late);
  here.write("go", "");
  CHECK(here.end(slow).status == 5);
  CHECK(here.end(ticket).status == 8);
}

TEST_CASE("slurm cluster: a ticket that was written down is enough for another process", "[cluster]") {
  cluster here;
  const auto done = here.submit(here.script("done", "exit 2"));
  const auto lost = here.submit(here.script("lost", "exit 0"));
  REQUIRE(here.end(done).status == 2);
  REQUIRE(here.end(lost).status == 0);
  std::filesystem::remove(here.path("lost.exit"));
  cluster other;
  CHECK(other.end(done).status == 2);
  const auto from_slurm = other.end(lost);
  CHECK(from_slurm.status == 0);
  CHECK(from_slurm.why == "COMPLETED, says SLURM; the job left no exit status");
}
