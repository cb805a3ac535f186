// Runs of several threads, against a mock in a thread of its own. Also what the thread sanitizer looks at.
#include "weir/load/worker.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "weir/load/bench.hpp"
#include "weir/net/server.hpp"
#include "weir/openai/mock.hpp"
#include "weir/record/read.hpp"

namespace {

/// A mock on a thread and a loop of its own.
class mock_thread {
 public:
  explicit mock_thread(std::int64_t ttft_ns = 2'000'000) : mock_(loop_, paced(ttft_ns)), http_(loop_, mock_) {
    http_.bind("127.0.0.1", 0).value();
    http_.listen().value();
    url = "http://127.0.0.1:" + std::to_string(http_.port());
    halt_.hang(loop_);
    thread_ = std::thread([this] { loop_.run().value(); });
  }
  ~mock_thread() {
    halt_.bell->ring();
    thread_.join();
  }
  std::string url;

 private:
  struct halt final : weir::watcher {
    void hang(weir::loop& on) {
      of = &on;
      bell.emplace(on, *this);
      bell->hang().value();
    }
    void on_ready(std::uint32_t) override { of->stop(); }
    weir::loop* of = nullptr;
    std::optional<weir::loop_bell> bell;
  };
  static weir::mock_options paced(std::int64_t ttft_ns) {
    weir::mock_options o;
    o.ttft_ns = ttft_ns;
    o.itl_ns = 200'000;
    return o;
  }
  weir::loop loop_;
  weir::mock_server mock_;
  weir::http_server http_;
  halt halt_;
  std::thread thread_;
};

weir::bench_options options_for(const std::vector<std::string>& urls, std::size_t threads, std::size_t requests) {
  weir::bench_options o;
  for (const auto& url : urls) o.endpoints.push_back(weir::make_endpoint(url, url, "mock").value());
  o.path = "/v1/completions";
  for (std::size_t i = 0; i < requests; ++i) {
    weir::prompt p;
    p.id = std::to_string(i);
    p.content = "\"question " + p.id + "\"";
    p.max_tokens = 1 + static_cast<std::int64_t>(i % 17);
    o.prompts.push_back(std::move(p));
  }
  o.max_concurrency = 24;
  o.threads = threads;
  o.identity.percentiles = {50, 99};
  o.records = "worker_test." + std::to_string(::getpid()) + ".jsonl";
  o.mode = weir::records_mode::replace;
  return o;
}

struct outcome_of_run {
  weir::bench_report report;
  std::vector<weir::request_record> records;
};

outcome_of_run run(const weir::bench_options& o) {
  const weir::run_console console{[](std::string_view) {}, [](std::string_view) {}, 50'000'000};
  outcome_of_run out{weir::run_bench(o, console).value(), {}};
  auto rows = weir::open_rows(o.records).value();
  weir::record_reader reader{weir::read_options{}};
  weir::read_records(rows, o.records, reader, [&](weir::record_type type) {
    if (type == weir::record_type::request) out.records.push_back(reader.request());
  }).value();
  std::remove(o.records.c_str());
  return out;
}

/// The number behind `name` in the report.
std::string figure(const std::string& json, const std::string& name) {
  const auto at = json.find("\"" + name + "\":");
  REQUIRE(at != json.npos);
  const auto from = at + name.size() + 3;
  return json.substr(from, json.find_first_of(",}", from) - from);
}

}  // namespace

TEST_CASE("threads: four ask each prompt once, and get what one thread gets", "[load][threads]") {
  const mock_thread mock;
  const auto single = run(options_for({mock.url}, 1, 200)), four = run(options_for({mock.url}, 4, 200));
  const auto said = [](const outcome_of_run& of) {
    std::map<std::string, std::pair<std::string, std::int64_t>> texts;
    for (const auto& r : of.records) {
      CHECK(r.status == weir::outcome::ok);
      CHECK(texts.emplace(r.id, std::pair(r.choices.at(0).text, r.tokens_out)).second);
    }
    return texts;
  };
  CHECK(said(single).size() == 200);
  CHECK(said(four) == said(single));
  CHECK(four.report.completed == 200);
  CHECK(figure(four.report.json, "total_output_tokens") == figure(single.report.json, "total_output_tokens"));
}

TEST_CASE("threads: the report is that of all records together, to the last digit", "[load][threads]") {
  const mock_thread mock;
  const auto four = run(options_for({mock.url}, 4, 300));
  REQUIRE(four.records.size() == 300);
  weir::run_summary together;
  for (const auto& r : four.records) together.add(r, true);
  weir::run_identity id;
  id.percentiles = {50, 99};
  const std::string json = weir::vllm_result(id, together, nullptr);
  for (const char* name :
       {"duration", "completed", "total_output_tokens", "output_throughput", "mean_ttft_ms", "std_ttft_ms",
        "p99_ttft_ms", "median_tpot_ms", "mean_itl_ms", "p99_itl_ms", "p99_e2el_ms", "held_concurrency"}) {
    CAPTURE(name);
    CHECK(figure(four.report.json, name) == figure(json, name));
  }
  std::map<std::int64_t, int> steps;  // requests under way, from the records
  for (const auto& r : four.records) ++steps[r.t_send_ns], --steps[r.t_done_ns];
  int held = 0, most = 0;
  for (const auto& [t, step] : steps) most = std::max(most, held += step);
  CHECK(most <= 24);
  CHECK(std::stoi(figure(four.report.json, "max_concurrent_requests")) <= 24);
  CHECK(std::stoi(figure(four.report.json, "max_concurrent_requests")) >= most);
}

TEST_CASE("threads: a schedule is kept by all of them from one common start", "[load][threads]") {
  const mock_thread mock;
  auto o = options_for({mock.url}, 3, 90);
  o.max_concurrency = 0;
  for (std::size_t i = 0; i < o.prompts.size(); ++i) o.prompts[i].t_sched_ns = static_cast<std::int64_t>(i) * 2'000'000;
  const auto three = run(o);
  std::map<int, std::int64_t> due;
  for (const auto& r : three.records) due[std::stoi(r.id)] = r.t_sched_ns;
  REQUIRE(due.size() == 90);
  for (const auto& [id, t] : due) CHECK(t - due[0] == id * 2'000'000);
  for (const auto& r : three.records) CHECK(r.t_send_ns >= r.t_sched_ns);
}

TEST_CASE("threads: a server that is down fails its share, in every thread", "[load][threads]") {
  const mock_thread mock;
  auto o = options_for({mock.url, "http://127.0.0.1:1"}, 4, 80);
  o.how = weir::balance::shard;
  o.server_metrics = false;
  const auto four = run(o);
  CHECK(four.report.completed == 40);
  CHECK(four.report.failed == 40);
  for (const auto& r : four.records)
    CHECK((std::stoi(r.id) % 2 == 0) == (r.status == weir::outcome::ok));  // prompt k goes to server k modulo 2
}

TEST_CASE("balance: round robin takes the servers in turn, whatever they do", "[load][threads]") {
  const mock_thread first, second(30'000'000);
  auto o = options_for({first.url, second.url}, 1, 40);
  o.how = weir::balance::round_robin;
  std::map<std::string, int> asked;
  for (const auto& r : run(o).records) ++asked[r.endpoint];
  CHECK(asked[first.url] == 20);
  CHECK(asked[second.url] == 20);
}

TEST_CASE("threads: more of them than requests or places are left out", "[load][threads]") {
  const mock_thread mock;
  CHECK(run(options_for({mock.url}, 64, 3)).report.completed == 3);
}
