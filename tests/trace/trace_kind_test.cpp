#include "weir/trace/trace_kind.hpp"

#include <string>

#include "catch.hpp"
#include "weir/trace/rank_of_name.hpp"

namespace {

weir::trace_kind kind(const std::string& path, const std::string& head) {
  const std::string padded = head + std::string(64, ' ');
  return weir::kind_of_file(path, std::string_view(padded).substr(0, head.size()));
}

}  // namespace

TEST_CASE("trace_kind: a file's name or its first bytes tell what it is", "[trace]") {
  using enum weir::trace_kind;
  CHECK(kind("d/timing_stats_3.json", "{}") == timing);
  CHECK(kind("d/step_trace_time.csv", "Step,Computing") == step_table);
  CHECK(kind("d/cluster_step_trace_time.csv", "Step") == step_table);
  CHECK(kind("d/kernel_details.csv", "Step Id") == device_table);
  CHECK(kind("r.sqlite", "SQLite format 3") == nsys_database);
  CHECK(kind("r.json", R"({"schema": "1.0.1", "pid": 5, "nodes": [{"id": 1)") == execution);
  CHECK(kind("r.json", R"({"schemaVersion": 1, "traceEvents": [{"ph": "X", "name": "nodes"})") == events);
  CHECK(kind("r.json", R"({"schemaVersion": 1, "traceEvents": [{"ph": "X", "args": {"nodes": 1}})") == events);
  CHECK(kind("r.json", "{\"Type\":79,\"CudaEvent\":{}}\n{\"Type\":80}\n") == nsys_lines);
  CHECK(kind("r.json", "{\"data\":[\"a string that is longer than the head") == nsys_lines);
  CHECK(kind("r.json", "{\"a\":79}") == events);  // one object is no line
  CHECK(kind("communication.json", R"({"step1": {"p2p": {}, "collective": {"a@1": {"Communication Time Info": {)") ==
        communication_table);
  CHECK(kind("r.json", "[{\"ph\":\"X\"}]") == events);
  CHECK(kind("r.json", "") == events);
}

TEST_CASE("rank_of_name: behind 'rank', else the last number", "[trace]") {
  CHECK(weir::rank_of_name("d1/kineto_trace_3.json.gz") == 3);
  CHECK(weir::rank_of_name("rank-12.1700.pt.trace.json") == 12);
  CHECK(weir::rank_of_name("torch_et_0.json") == 0);
  CHECK(weir::rank_of_name("et_rank7.json.gz") == 7);
  CHECK(weir::rank_of_name("/a/profiler_info_5.json") == 5);
  CHECK_FALSE(weir::rank_of_name("trace_view.json"));
}
