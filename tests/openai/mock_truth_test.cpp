#include "weir/openai/mock_truth.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include "../catch.hpp"
#include "../shell.hpp"
#include "skeleton.hpp"

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::string line_of(const weir::mock_truth& t) {
  std::string line;
  append_record(line, t, "127.0.0.1:8000");
  return line;
}

}  // namespace

TEST_CASE("mock truth: a line says what was done, when, and whether the answer was right", "[mock]") {
  weir::mock_truth t;
  t.id = "cmpl-1", t.user = "p7", t.question = "7", t.expected = "18", t.index = 3;
  t.t_accept_ns = 100, t.t_start_ns = 110, t.t_done_ns = 400;
  t.prompt_tokens = 9;
  t.event_t_ns = {200, 300};
  t.event_tokens = {1, 1};
  t.event_choice = {0, 0};
  t.choices.push_back({2, "stop", "18", true});
  CHECK(
      line_of(t) ==
      R"({"type":"truth","id":"cmpl-1","index":3,"instance":"127.0.0.1:8000","user":"p7","question":"7","status":"ok",)"
      R"("http_status":200,"t_accept_ns":100,"t_start_ns":110,"t_role_ns":null,"t_usage_ns":null,"t_done_ns":400,)"
      R"("prompt_tokens":9,"blocked":0,"tokens":2,"finish_reason":"stop","answer":"18","correct":true,"expected":"18",)"
      R"("event_t_ns":[200,300]})"
      "\n");
}

TEST_CASE("mock truth: choices and larger events are told apart, what was not measured is null", "[mock]") {
  weir::mock_truth t;
  t.id = "cmpl-1";
  t.event_t_ns = {200, 300, 300};
  t.event_tokens = {2, 2, 1};
  t.event_choice = {0, 1, 0};
  t.choices.push_back({3, "length", {}, {}});
  t.choices.push_back({2, "", {}, {}});
  const std::string line = line_of(t);
  CHECK(line.find(R"("tokens":5,"finish_reason":"length","answer":null,"correct":null,"expected":null)") != line.npos);
  CHECK(
      line.find(R"("event_tokens":[2,2,1],"event_choice":[0,1,0],"choices":[{"tokens":3,"finish_reason":"length",)") !=
      line.npos);
  CHECK(line.find(R"({"tokens":2,"finish_reason":null,"answer":null,"correct":null}])") != line.npos);
  CHECK(line.find(R"("t_accept_ns":null)") != line.npos);
  CHECK(skeleton(line).starts_with("{type:s,id:s,"));
  CHECK(line_of({}).find(R"("event_t_ns":[])") != std::string::npos);
}

TEST_CASE("mock truth: the log holds every line in order, however many there are", "[mock]") {
  const temporary_directory folder;
  const std::string path = folder.file("truth.jsonl");
  std::string expected;
  {
    weir::truth_log log(weir::truth_log::create(path).value(), path);
    for (int i = 0; i < 20'000; ++i) {
      const std::string line = "{\"line\":" + std::to_string(i) + ",\"pad\":\"" + std::string(200, 'x') + "\"}\n";
      log.add(line);
      expected += line;
    }
    CHECK(log.close());
    CHECK(log.close());
    CHECK_FALSE(log.failed());
  }
  CHECK(bytes_of(path) == expected);
}

TEST_CASE("mock truth: a line is in the file soon, without waiting for others", "[mock]") {
  const temporary_directory folder;
  const std::string path = folder.file("truth.jsonl");
  weir::truth_log log(weir::truth_log::create(path).value(), path);
  log.add("{}\n");
  for (int i = 0; i < 200 && bytes_of(path).empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(bytes_of(path) == "{}\n");
}

TEST_CASE("mock truth: a disk that is full is a failure, and adding goes on without waiting", "[mock]") {
  weir::truth_log log(weir::truth_log::create("/dev/full").value(), "/dev/full");
  const std::string lines(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 200; ++i) log.add(lines);  // more than it would hold
  const auto closed = log.close();
  REQUIRE_FALSE(closed);
  CHECK(closed.error().detail.find("/dev/full: No space left") != std::string::npos);
  CHECK(log.failed());
  CHECK_FALSE(weir::truth_log::create("/not/there/truth.jsonl"));
}
