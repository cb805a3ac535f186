#include "weir/load/self_test.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "catch.hpp"

namespace {

struct two_files {
  two_files(const std::string& records_text, const std::string& truth_text) {
    static int number = 0;
    const auto base = (std::filesystem::temp_directory_path() /
                       ("weir-truth-" + std::to_string(::getpid()) + "-" + std::to_string(number++)))
                          .string();
    records = base + ".records", truth = base + ".truth";
    std::ofstream(records) << records_text;
    std::ofstream(truth) << truth_text;
  }
  ~two_files() { std::filesystem::remove(records), std::filesystem::remove(truth); }
  std::string records, truth;
};

const std::string request =
    R"({"type":"request","id":"7","attempt":1,"status":"ok","http_status":200,"t_sched_ns":null,"t_connect_ns":null,)"
    R"("t_send_ns":1000000,"t_first_ns":51500000,"t_visible_ns":51500000,"t_last_ns":71000000,"t_done_ns":71000000,)"
    R"("tokens_in":1,"tokens_out":3,"tokens_basis":"usage","itl_basis":"usage","choices":[],)"
    R"("event_t_ns":[50500000,60000000,70000000]})"
    "\n";

}  // namespace

// By hand: true TTFT 51.0 - 1.2 = 49.8 ms, said 50.5: +0.7. True gaps 10 and 10 ms, said 9.5 and 10: 0.5 and 0 off.
TEST_CASE("self_test: errors are what was said minus what the log says", "[load]") {
  const two_files files(request,
                        "{\"type\":\"truth\",\"id\":\"c-1\",\"user\":\"7\",\"t_accept_ns\":1200000,"
                        "\"event_t_ns\":[51000000,61000000,71000000]}\n");
  const auto report = weir::compare_with_truth(files.records, files.truth);
  REQUIRE(report);
  CHECK(report->requests == 1);
  CHECK(report->events == 3);
  CHECK(report->true_ttft_mean_ms == Approx(49.8));
  CHECK(report->ttft_mean_ms == Approx(0.7));
  CHECK(report->ttft_worst_ms == Approx(0.7));
  CHECK(report->itl_p99_ms == Approx(0.5 * 0.99));
  CHECK(weir::self_test_text(*report).find("mean 0.700 ms of 49.80 ms") != std::string::npos);
}

TEST_CASE("self_test: without a request in both files there is no result", "[load]") {
  const two_files files(request, "{\"type\":\"truth\",\"user\":\"8\",\"t_accept_ns\":1,\"event_t_ns\":[2]}\n");
  const auto report = weir::compare_with_truth(files.records, files.truth);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == weir::errc::not_found);
}
