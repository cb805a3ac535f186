// The launcher against programs that print what SLURM's do; tests/cluster has it against SLURM itself.
#include "weir/run/slurm.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "catch.hpp"
#include "run/fake_slurm.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms;
using weir::job_phase;

struct cluster : test::fake_slurm {
  cluster() {
    says("squeue", "");
    says("sbatch", "17\n");
    says("scancel", "");
    says("scontrol", "slurm_load_jobs error: Invalid job id specified\n", 1);
    says("sacct", "Slurm accounting storage is disabled\n", 1);
  }
  [[nodiscard]] weir::slurm_launcher launcher(std::int64_t settle_ns = 0) const {
    return weir::slurm_launcher({.site = {},
                                 .scripts = path("scripts"),
                                 .limits = {10, 10},
                                 .ask_every_ns = 0,
                                 .look_every_ns = ms,
                                 .settle_ns = settle_ns,
                                 .patience_ns = 20 * s});
  }
  [[nodiscard]] weir::job a_job(const std::string& name) const {
    return {name, {"true"}, {}, {}, path(""), path(name + ".log"), path(name + ".exit")};
  }
};

/// Polls until the report is of this phase, for a bounded time.
weir::job_report await(weir::slurm_launcher& where, const weir::job_ticket& ticket, job_phase phase) {
  weir::job_report last;
  for (const auto start = weir::now_ns(); weir::now_ns() - start < 20 * s;) {
    last = where.poll({&ticket, 1}, 50 * ms).value()[0];
    if (last.phase == phase) break;
  }
  return last;
}

}  // namespace

TEST_CASE("slurm: a job is submitted by its script, and its exit-status file tells its end", "[slurm]") {
  const cluster here;
  auto where = here.launcher();
  const auto job = here.a_job("a");
  const auto tickets = where.submit({&job, 1}).value();
  REQUIRE(tickets.size() == 1);
  CHECK(tickets[0].id == "17");
  CHECK(tickets[0].log == here.path("a.log"));
  CHECK(here.calls("sbatch") == "--parsable " + here.path("scripts/a.sbatch") + "\n");
  CHECK(test::text_of(here.path("scripts/a.sbatch")) == weir::sbatch_script(job, {}).value());
  here.says("squeue", "17|PENDING|Resources|\n");
  CHECK(await(where, tickets[0], job_phase::queued).why.empty());  // not asked yet
  while (where.poll(tickets, ms).value()[0].why != "Resources") continue;
  here.says("squeue", "17|RUNNING|None|n[1-2]\n");
  CHECK(await(where, tickets[0], job_phase::running).where == "n[1-2]");
  here.write("a.exit", "3 17\n");
  CHECK(await(where, tickets[0], job_phase::ended).status == 3);
}

TEST_CASE("slurm: jobs of the same needs become one array", "[slurm]") {
  const cluster here;
  auto where = here.launcher();
  std::vector<weir::job> jobs{here.a_job("a"), here.a_job("b"), here.a_job("c")};
  const auto tickets = where.submit(jobs).value();
  REQUIRE(tickets.size() == 3);
  CHECK(tickets[0].id == "17_0");
  CHECK(tickets[2].id == "17_2");
  CHECK(tickets[2].status_file == here.path("c.exit"));
  here.says("squeue", "17_0|RUNNING|None|n1\n17_1|PENDING|Resources|\n17_2|PENDING|Resources|\n");
  here.write("b.exit", "0 17_0\n");  // of another element: not b's
  REQUIRE(await(where, tickets[1], job_phase::queued).phase == job_phase::queued);
  here.write("b.exit", "0 17_1\n");
  CHECK(await(where, tickets[1], job_phase::ended).status == 0);
  jobs[1].needs.nodes = 2;
  CHECK(where.submit(jobs).error().code == weir::errc::invalid_argument);
}

TEST_CASE("slurm: a refused job is an error with SLURM's words", "[slurm]") {
  const cluster here;
  here.says("sbatch", test::text_of(WEIR_SOURCE_DIR "/tests/fixtures/slurm/sbatch_refused.txt"), 1);
  auto where = here.launcher();
  const auto job = here.a_job("a");
  const auto refused = where.submit({&job, 1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == weir::errc::invalid_argument);
  CHECK(refused.error().detail == "sbatch: Batch job submission failed: Requested node configuration is not available");
}

TEST_CASE("slurm: what arrived although its answer was lost is not submitted again", "[slurm]") {
  const cluster here;
  auto where = here.launcher();
  const auto job = here.a_job("a");
  here.says("sbatch", test::text_of(WEIR_SOURCE_DIR "/tests/fixtures/slurm/sbatch_away.txt"), 1);
  REQUIRE(where.submit({&job, 1}).error().code == weir::errc::closed);
  here.says("sbatch", "18\n");
  here.says("squeue", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n", 1);
  REQUIRE(where.submit({&job, 1}).error().code == weir::errc::closed);  // nobody knows yet
  here.says("squeue", "16|/another/script\n17|" + here.path("scripts/a.sbatch") + "\n");
  CHECK(where.submit({&job, 1}).value()[0].id == "17");
  CHECK(here.calls("sbatch").find('\n') == here.calls("sbatch").rfind('\n'));  // called once
  const auto other = here.a_job("b");
  CHECK(where.submit({&other, 1}).value()[0].id == "18");
}

TEST_CASE("slurm: while the controller is away nothing is known, and nothing is lost", "[slurm]") {
  const cluster here;
  auto where = here.launcher();
  const std::vector<weir::job_ticket> tickets{{"17", here.path("a.exit"), ""}, {"18", here.path("b.exit"), ""}};
  here.says("squeue", "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n", 1);
  const auto away = await(where, tickets[0], job_phase::unknown);
  CHECK(away.phase == job_phase::unknown);
  CHECK(away.why == "squeue: slurm_load_jobs error: Unable to contact slurm controller (connect failure)");
  here.write("b.exit", "0 18\n");
  CHECK(await(where, tickets[1], job_phase::ended).status == 0);  // its own file is enough
  here.says("squeue", "17|RUNNING|None|n1\n");
  CHECK(await(where, tickets[0], job_phase::running).phase == job_phase::running);
}

TEST_CASE("slurm: an end without a status file is told by scontrol, then by sacct", "[slurm]") {
  const cluster here;
  const auto end_of = [&](const std::string& id) {
    auto where = here.launcher();
    return await(where, {id, here.path(id + ".exit"), ""}, job_phase::ended);
  };
  const auto fixture = [](const std::string& name) {
    return test::text_of(WEIR_SOURCE_DIR "/tests/fixtures/slurm/" + name);
  };
  here.says("squeue", "20|TIMEOUT|TimeLimit|n1\n");
  here.says("scontrol", fixture("scontrol_timeout.txt"));
  const auto timeout = end_of("20");
  CHECK_FALSE(timeout.status);
  CHECK(timeout.why == "TIMEOUT: it ran into its time limit");
  CHECK(timeout.where == "n1");

  here.says("squeue", "21|FAILED|JobLaunchFailure|n[1-3]\n");
  here.says("scontrol", fixture("scontrol_killed.txt"));
  CHECK(end_of("21").status == 137);

  here.says("squeue", "slurm_load_jobs error: Invalid job id specified\n", 1);
  here.says("scontrol", "slurm_load_jobs error: Invalid job id specified\n", 1);
  here.says("sacct", fixture("sacct.txt"));
  CHECK(end_of("1_2").status == 2);
  const auto lost = end_of("999");
  CHECK_FALSE(lost.status);
  CHECK(lost.why == "SLURM does not know the job any more, and it left no exit status");
}

TEST_CASE("slurm: a status file that comes into sight late counts", "[slurm]") {
  const cluster here;
  auto where = here.launcher(20 * s);
  const weir::job_ticket ticket{"20", here.path("exit"), ""};
  here.says("squeue", "20|COMPLETED|None|n1\n");
  while (where.poll({&ticket, 1}, ms).value()[0].why != "over; its exit status is waited for") continue;
  here.write("exit", "0 20\n");
  const auto end = await(where, ticket, job_phase::ended);
  CHECK(end.status == 0);
  CHECK(end.why.empty());
}

TEST_CASE("slurm: a status by a signal counts once SLURM says that the job is over", "[slurm]") {
  const cluster here;
  auto where = here.launcher();
  const weir::job_ticket ticket{"20", here.write("exit", "143 20\n"), ""};
  here.says("squeue", "20|PENDING|BeginTime|\n");  // requeued
  while (where.poll({&ticket, 1}, ms).value()[0].why != "BeginTime") continue;
  here.says("squeue", "20|FAILED|NonZeroExitCode|n1\n");
  CHECK(await(where, ticket, job_phase::ended).status == 143);
}

TEST_CASE("slurm: poll returns when it is woken, and when something has changed", "[slurm]") {
  const cluster here;
  auto where = here.launcher();
  here.says("squeue", "20|RUNNING|None|n1\n");
  const weir::job_ticket ticket{"20", here.path("exit"), ""};
  REQUIRE(await(where, ticket, job_phase::running).phase == job_phase::running);
  const weir::unique_fd wake(::eventfd(1, EFD_CLOEXEC));
  const auto start = weir::now_ns();
  REQUIRE(where.poll({&ticket, 1}, 3600 * s, wake.get()));
  here.write("exit", "0 20\n");
  CHECK(where.poll({&ticket, 1}, 3600 * s).value()[0].status == 0);
  CHECK(weir::now_ns() - start < 60 * s);
}

TEST_CASE("slurm: cancelling asks for all at once, and is no failure where they are over", "[slurm]") {
  const cluster here;
  auto where = here.launcher();
  const std::vector<weir::job_ticket> tickets{{"17_0", "", ""}, {"18", "", ""}};
  REQUIRE(where.cancel(tickets));
  CHECK(here.calls("scancel") == "17_0 18\n");
  here.says("scancel", "scancel: error: Kill job error on job id 99: Invalid job id specified\n", 1);
  CHECK(where.cancel(tickets));
  here.says("scancel",
            "scancel: error: Kill job error on job id 5: Unable to contact slurm controller (connect failure)\n", 8);
  CHECK(where.cancel(tickets).error().code == weir::errc::closed);
  CHECK(where.cancel({}));
}

TEST_CASE("slurm: a machine without SLURM says so", "[slurm]") {
  const test::scratch here;
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", here.path("").c_str(), 1);
  weir::slurm_launcher where({.scripts = here.path("scripts")});
  const weir::job job{"a", {"true"}, {}, {}, "/", "/log", "/exit"};
  const auto submitted = where.submit({&job, 1});
  const weir::job_ticket ticket{"17", "", ""};
  const auto polled = where.poll({&ticket, 1}, 0);
  ::setenv("PATH", path.c_str(), 1);
  REQUIRE_FALSE(submitted);
  CHECK(submitted.error().code == weir::errc::not_found);
  CHECK(submitted.error().detail == "there is no squeue here: is this a machine of a SLURM cluster?");
  REQUIRE_FALSE(polled);
  CHECK(polled.error().code == weir::errc::not_found);
}
