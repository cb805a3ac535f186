// The launcher on a real Ray: run by tests/real/ray, which starts it.
#include <cstdlib>
#include <string>
#include <vector>

#include "catch.hpp"
#include "cluster/jobs.hpp"
#include "shell.hpp"
#include "weir/run/ray.hpp"

namespace {

using test::leaves_much, test::ms, test::s;
using weir::job_phase;

struct cluster final : test::jobs {
  weir::launcher& where() override { return launcher; }
  weir::ray_launcher launcher =
      weir::ray_launcher::make({.address = std::getenv("RAY_ADDRESS"),
                                .token = {},
                                .site = {.device = "GPU", .keeper = WEIR_TOOLS_DIR "/weir-keep"},
                                .limits = {1, 100},
                                .ask_every_ns = 500 * ms,
                                .look_every_ns = 50 * ms,
                                .settle_ns = 1 * s,
                                .patience_ns = 30 * s})
          .value();
};

}  // namespace

TEST_CASE("ray cluster: jobs end each with a status of its own", "[cluster]") {
  cluster here;
  std::vector<weir::job_ticket> tickets;
  for (int i = 0; i < 3; ++i)
    tickets.push_back(here.submit(here.script("j" + std::to_string(i), "echo ran in $PWD; exit " + std::to_string(i))));
  const auto reports = here.ends(tickets);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    CAPTURE(i, reports[i].why);
    CHECK(reports[i].status == static_cast<int>(i));
    CHECK(here.log("j" + std::to_string(i)) == "ran in " + here.path("").substr(0, here.path("").size() - 1) + "\n");
  }
}

TEST_CASE("ray cluster: a job sees the devices that it asked for, and waits for them", "[cluster]") {
  cluster here;
  const auto holds = here.submit(
      here.script("holds", "echo $CUDA_VISIBLE_DEVICES; until [ -e go ]; do sleep 0.1; done", {1, 1, 3, 0}));
  REQUIRE(here.says("holds", ","));
  const auto waits = here.submit(here.script("waits", "echo $CUDA_VISIBLE_DEVICES", {1, 1, 2, 0}));
  const auto report = here.where().poll({&waits, 1}, 3 * s).value()[0];
  CHECK(report.phase == job_phase::queued);
  here.write("go", "");
  CHECK(here.end(holds).status == 0);
  CHECK(here.end(waits).status == 0);
  CHECK(here.log("holds").size() == 6);  // "0,1,2\n"
  CHECK(here.log("waits").size() == 4);
}

TEST_CASE("ray cluster: nothing is left of a job, however it ends", "[cluster]") {
  cluster here;
  const auto ends = here.submit(here.script("ends", leaves_much + "sleep 1; exit 4"));
  const auto stopped = here.submit(here.script("stopped", leaves_much + "echo up; sleep 1000"));
  REQUIRE(here.says("stopped", "up"));
  CHECK(test::eventually([&] { return here.nasty() > 10; }, 10 * s));
  CHECK(here.reach(stopped, job_phase::running).phase == job_phase::running);
  REQUIRE(here.where().cancel({&stopped, 1}));
  CHECK(here.end(ends).status == 4);
  const auto end = here.end(stopped);
  CHECK_FALSE(end.status);
  CHECK(end.why.find("STOPPED") == 0);
  CHECK(test::eventually([&] { return here.nasty() == 0; }, 10 * s));
}

TEST_CASE("ray cluster: a job whose log can't be written tells by Ray", "[cluster]") {
  cluster here;
  auto job = here.script("lost", "exit 0");
  job.log = here.path("no/such/directory/log");
  const auto end = here.end(here.submit(job));
  CAPTURE(end.why);
  CHECK(end.status == 2);  // sh's, for a redirection that fails
  CHECK(end.why.find("FAILED") == 0);
}

TEST_CASE("ray cluster: the same job handed over twice runs once; after its end it runs again", "[cluster]") {
  cluster here;
  const auto job = here.script("twice", "echo ran; sleep 2");
  const auto first = here.submit(job), second = here.submit(job);
  CHECK(first.id == second.id);
  CHECK(here.end(first).status == 0);
  CHECK(here.log("twice") == "ran\n");
  const auto third = here.submit(job);
  CHECK(third.id != first.id);
  CHECK(here.end(third).status == 0);
  CHECK(here.log("twice") == "ran\nran\n");
}
