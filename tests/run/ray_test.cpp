// The launcher against a job service of this test's own; tests/real/ray has it against Ray itself. The answers below
// have the fields that Ray 2.60.0 gave.
#include "weir/run/ray.hpp"

#include <sys/eventfd.h>

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "serve/scratch.hpp"
#include "shell.hpp"
#include "weir/net/server.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms;
using weir::job_phase;

/// Answers what it was told to, by "METHOD /path", and keeps the requests.
class fake_ray final : weir::http_service, weir::watcher {
 public:
  fake_ray() : stop_(::eventfd(0, EFD_CLOEXEC)) {
    server_.bind("127.0.0.1", 0).value();
    server_.listen().value();
    loop_.watch(stop_.get(), EPOLLIN, *this).value();
    thread_ = std::thread([this] { loop_.run().value(); });
  }
  ~fake_ray() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);
    thread_.join();
  }
  void says(const std::string& request, int status, const std::string& body) {
    const std::lock_guard guard(mutex_);
    answers_[request] = {status, body};
  }
  std::vector<std::string> requests() {
    const std::lock_guard guard(mutex_);
    return requests_;
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

 private:
  void on_request(weir::exchange& x) override {
    const std::lock_guard guard(mutex_);
    const std::string what = std::string(x.head().method) + " " + std::string(x.head().target);
    requests_.push_back(what + (x.body().empty() ? "" : " ") + std::string(x.body()));
    const auto found = answers_.find(what);
    if (found == answers_.end()) return x.reply(404, "text/plain", "Job does not exist");
    x.reply(found->second.first, "application/json", found->second.second);
  }
  void on_ready(std::uint32_t) override { loop_.stop(); }

  std::mutex mutex_;
  std::map<std::string, std::pair<int, std::string>> answers_;
  std::vector<std::string> requests_;
  weir::unique_fd stop_;
  weir::loop loop_;
  weir::http_server server_{loop_, *this};
  std::thread thread_;
};

std::string told(const std::string& id, const std::string& state, const std::string& code = "null",
                 const std::string& message = "") {
  return R"({"type":"SUBMISSION","job_id":null,"submission_id":")" + id + R"(","driver_info":null,"status":")" + state +
         R"(","entrypoint":"x","message":")" + message +
         R"(","error_type":null,"start_time":1,"end_time":null,"metadata":{},"runtime_env":{},"driver_agent_http_address":"h",)"
         R"("driver_node_id":"abc","driver_exit_code":)" +
         code + "}";
}

struct place : test::scratch {
  [[nodiscard]] weir::ray_launcher launcher(const std::string& url) const {
    return weir::ray_launcher::make({.address = url,
                                     .token = {},
                                     .site = {},
                                     .limits = {1, 10},
                                     .ask_every_ns = 0,
                                     .look_every_ns = ms,
                                     .settle_ns = 0,
                                     .patience_ns = 20 * s})
        .value();
  }
  [[nodiscard]] weir::job a_job(std::vector<std::string> argv, std::size_t devices = 0) const {
    return {"j", std::move(argv), {}, {1, 1, devices, 0}, path(""), path("log"), path("exit")};
  }
};

weir::job_report await(weir::ray_launcher& where, const weir::job_ticket& ticket, job_phase phase) {
  weir::job_report last;
  for (const auto start = weir::now_ns(); weir::now_ns() - start < 20 * s;) {
    last = where.poll({&ticket, 1}, 10 * ms).value()[0];
    if (last.phase == phase) break;
  }
  return last;
}

}  // namespace

TEST_CASE("ray: a job is submitted with its devices, and followed to its end", "[ray]") {
  const place here;
  fake_ray ray;
  ray.says("POST /api/jobs/", 200, R"({"job_id":"x","submission_id":"x"})");
  auto where = here.launcher(ray.url());
  const auto job = here.a_job({"true"}, 2);
  const auto ticket = where.submit({&job, 1}).value()[0];
  CHECK(ticket.id.starts_with("weir-j-"));
  const auto asked = ray.requests().back();
  CHECK(asked.find(R"("submission_id":")" + ticket.id + "\"") != asked.npos);
  CHECK(asked.find(R"("entrypoint_num_gpus":2)") != asked.npos);
  ray.says("GET /api/jobs/" + ticket.id, 200, told(ticket.id, "PENDING", "null", "Job has not started yet."));
  CHECK(await(where, ticket, job_phase::queued).why == "Job has not started yet.");
  ray.says("GET /api/jobs/" + ticket.id, 200, told(ticket.id, "RUNNING"));
  CHECK(await(where, ticket, job_phase::running).where == "abc");
  here.write("exit", "3 " + ticket.id + "\n");
  CHECK(await(where, ticket, job_phase::ended).status == 3);
}

TEST_CASE("ray: a submission whose answer was lost is found again; one of the past is not taken for it", "[ray]") {
  const place here;
  fake_ray ray;
  ray.says("POST /api/jobs/", 200, "{}");
  auto where = here.launcher(ray.url());
  const auto job = here.a_job({"true"});
  const auto first = where.submit({&job, 1}).value()[0].id;
  ray.says("GET /api/jobs/" + first, 200, told(first, "RUNNING"));
  const auto before = ray.requests().size();
  CHECK(where.submit({&job, 1}).value()[0].id == first);
  CHECK(ray.requests().size() == before + 1);  // asked, not submitted
  ray.says("GET /api/jobs/" + first, 200, told(first, "FAILED", "1"));
  CHECK(where.submit({&job, 1}).value()[0].id == first + "-1");
}

TEST_CASE("ray: an end without a status file is Ray's, and so are its words", "[ray]") {
  const place here;
  fake_ray ray;
  const auto end_of = [&](const std::string& state, const std::string& code, const std::string& message) {
    auto where = here.launcher(ray.url());
    ray.says("GET /api/jobs/x", 200, told("x", state, code, message));
    ray.says("GET /api/jobs/x/logs", 200, R"({"logs":"sh: cannot create /x: Directory nonexistent\n"})");
    return await(where, {"x", here.path("exit"), here.path("log")}, job_phase::ended);
  };
  CHECK(end_of("SUCCEEDED", "0", "Job finished successfully.").status == 0);
  CHECK(end_of("FAILED", "2", "failed").status == 2);
  CHECK(end_of("FAILED", "-9", "killed").status == 128 + 9);
  const auto stopped = end_of("STOPPED", "null", "Job was intentionally stopped.");
  CHECK_FALSE(stopped.status);
  CHECK(stopped.why == "STOPPED: Job was intentionally stopped.");
  CHECK(test::text_of(here.path("log")).find("sh: cannot create /x") == 0);
  auto where = here.launcher(ray.url());
  const auto lost = await(where, {"y", here.path("exit"), ""}, job_phase::ended);
  CHECK_FALSE(lost.status);
  CHECK(lost.why == "Ray does not know the job any more, and it left no exit status");
}

TEST_CASE("ray: while nobody answers nothing is known; what can't be is refused", "[ray]") {
  const place here;
  const weir::job job = here.a_job({"true"});
  std::string url;
  {
    fake_ray ray;
    url = ray.url();
    ray.says("POST /api/jobs/", 400, "Traceback (most recent call last):\n  ...\nValueError: no such resource\n");
    auto where = here.launcher(url);
    const auto refused = where.submit({&job, 1});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == weir::errc::invalid_argument);
    CHECK(refused.error().detail == "Ray, asked to run j: HTTP 400: ValueError: no such resource");
    ray.says("POST /api/jobs/", 500,
             "Traceback:\n\nException: No available agent to submit job, please try again later.\n");
    CHECK(where.submit({&job, 1}).error().code == weir::errc::closed);
    weir::job wide = job;
    wide.needs.nodes = 2;
    CHECK(where.submit({&wide, 1}).error().code == weir::errc::invalid_argument);
  }
  auto where = here.launcher(url);
  CHECK(where.submit({&job, 1}).error().code == weir::errc::closed);
  const weir::job_ticket ticket{"x", here.path("exit"), ""};
  CHECK(await(where, ticket, job_phase::unknown).phase == job_phase::unknown);
  here.write("exit", "0 x\n");
  CHECK(await(where, ticket, job_phase::ended).status == 0);
  CHECK(weir::ray_launcher::make({.address = "https://x"}).error().code == weir::errc::invalid_argument);
  CHECK(weir::ray_launcher::make({.address = "ray://x:10001"}).error().code == weir::errc::invalid_argument);
}

TEST_CASE("ray: a job is stopped; a token is sent and not shown", "[ray]") {
  const place here;
  fake_ray ray;
  auto where = here.launcher(ray.url());
  const weir::job_ticket ticket{"x", here.path("exit"), ""};
  ray.says("POST /api/jobs/x/stop", 200, R"({"stopped":true})");
  CHECK(where.cancel({&ticket, 1}));
  CHECK(ray.requests().back() == "POST /api/jobs/x/stop");
  ray.says("POST /api/jobs/x/stop", 500, "no");
  CHECK_FALSE(where.cancel({&ticket, 1}));
}

TEST_CASE("ray: the entrypoint runs the command and writes its status", "[ray]") {
  const place here;
  auto job = here.a_job({"sh", "-c", "echo \"$A $PWD {node_rank}/{nnodes}\"; exit 6", "it's"});
  job.variables = {{"A", "it's"}};
  const auto line = weir::ray_entrypoint(job, "weir-1", {}).value();
  CHECK(shell(line).status == 6);
  CHECK(test::text_of(here.path("exit")) == "6 weir-1\n");
  const auto log = test::text_of(here.path("log"));
  auto directory = here.path("");
  directory.pop_back();
  CHECK(log.find("it's " + directory + " 0/1\n") != std::string::npos);
  CHECK(shell(line).status == 6);  // again: not run twice
  CHECK(test::text_of(here.path("log")) == log);
}
