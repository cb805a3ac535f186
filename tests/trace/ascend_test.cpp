#include <filesystem>
#include <string>

#include "catch.hpp"
#include "weir/trace/check_set.hpp"
#include "weir/trace/profile_files.hpp"
#include "weir/trace/set_metrics.hpp"
#include "weir/trace/step_metrics.hpp"

// The set is made by hand: two ranks, one all-reduce. Microseconds of rank 0 (rank 1's product takes 30 longer):
//   hardware       MatMul 0-40, EVENT_WAIT 40-80, Add 100-110, MEMCPY_ASYNC 120-125
//   communication  hcom_allReduce 20-80 on the group's row, its pieces on planes
//   host           ProfilerStep#3 -50 to 130

namespace {

const std::string fixtures = WEIR_SOURCE_DIR "/tests/fixtures/trace/";
const weir::kind_table kinds;

weir::trace_set read(const std::vector<std::string>& operands) {
  auto set = weir::read_trace_set(operands, kinds, 2);
  REQUIRE(set);
  return *std::move(set);
}

double value(const std::vector<weir::trace_metric>& all, std::string_view table, std::string_view name,
             std::string_view rank) {
  for (const auto& m : all)
    if (m.table == table && m.name == name && (m.labels.empty() || m.labels[0].second == rank)) return m.value;
  FAIL("no metric " << table << " " << name << " of rank " << rank);
  return 0;
}

std::vector<weir::trace_metric> metrics_of(const weir::trace_set& set) {
  std::vector<weir::trace_metric> all;
  for (const auto& p : set.ranks) REQUIRE(append_rank_metrics(all, p, {}));
  append_set_metrics(all, set.ranks, find_skew(set.ranks));
  return all;
}

}  // namespace

TEST_CASE("ascend: a directory of ranks gives device times by layer, and the vendor's own beside them", "[trace]") {
  const auto set = read({fixtures + "ascend_set"});
  CHECK(set.remarks.empty());
  REQUIRE(set.ranks.size() == 2);
  const auto& p = set.ranks[0];
  CHECK(p.rank == 0);
  CHECK(p.device.span() == weir::interval{1'704'161'511'420'306'491, 1'704'161'511'420'431'491});
  const auto all = metrics_of(set);
  CHECK(value(all, "rank", "computation", "0") == 50);
  CHECK(value(all, "rank", "communication", "0") == 60);
  CHECK(value(all, "rank", "overlap", "0") == 20);
  CHECK(value(all, "rank", "memory", "0") == 5);
  CHECK(value(all, "rank", "busy", "0") == 95);
  CHECK(value(all, "rank", "idle", "0") == 30);
  CHECK(value(all, "rank", "coll_call_num", "0") == 1);
  CHECK(value(all, "rank", "iteration_wall_clock", "0") == 180);
  CHECK(value(all, "collective", "bytes", "0") == 2048);
  for (const auto* rank : {"0", "1"}) {  // the layer "Overlap Analysis" and the tables say what the layers add up to
    CHECK(value(all, "ascend", "computing", rank) == value(all, "rank", "computation", rank));
    CHECK(value(all, "ascend", "communication", rank) == value(all, "rank", "communication", rank));
    CHECK(value(all, "ascend", "communication_not_overlapped", rank) ==
          value(all, "rank", "exposed_communication", rank));
    CHECK(value(all, "ascend_step", "computing", rank) == value(all, "rank", "computation", rank));
    CHECK(value(all, "ascend_step", "communication", rank) == value(all, "rank", "communication", rank));
  }
  CHECK(value(all, "ascend_collective", "wait", "0") == Approx(30));
  CHECK(value(all, "ascend_collective", "wait", "1") == Approx(0));
  CHECK(value(all, "ascend_collective", "transit_size", "0") == Approx(0.001536));  // SDMA carries the others' bytes
}

TEST_CASE("ascend: the rank that computes longer arrives last", "[trace]") {
  const auto set = read({fixtures + "ascend_set"});
  const auto skew = find_skew(set.ranks);
  REQUIRE(skew.collectives.size() == 1);
  CHECK(skew.collectives[0].skew_ns() == 30'000);
  CHECK(skew.collectives[0].group == "673");
  CHECK(skew.ranks[1].arrived_last == 1);
  CHECK(skew.ranks[0].wait_ns == 30'000);
  for (const auto& check : check_set(set.ranks, {})) {
    CAPTURE(check.question, check.detail);
    CHECK(check.outcome != weir::check_outcome::failed);
  }
}

TEST_CASE("ascend: what the profiler computed stands for a trace where there is none", "[trace]") {
  const std::string output = fixtures + "ascend_set/host_1_ascend_pt/ASCEND_PROFILER_OUTPUT/";
  const auto set = read({output + "step_trace_time.csv", output + "communication.json"});
  REQUIRE(set.ranks.size() == 1);
  const auto all = metrics_of(set);
  const std::string label = set.ranks[0].label();
  CHECK(value(all, "rank", "computation", label) == 50);
  CHECK(value(all, "rank", "span", label) == 110);
  CHECK(value(all, "rank", "comm_overhead", label) == Approx(100.0 * 60 / 110));
  CHECK(value(all, "rank", "coll_call_num", label) == 1);
  CHECK(value(all, "rank", "iteration_wall_clock", label) == 110);
  CHECK(std::isnan(value(all, "rank", "memory", label)));
}

TEST_CASE("ascend: a cluster's tables are taken apart by rank, stages are left out", "[trace]") {
  const auto path = std::filesystem::temp_directory_path() / "weir_cluster_step_trace_time.csv";
  REQUIRE(weir::replace_text(path.string(),
                             "Step,Type,Index,Computing,Communication(Not Overlapped),Overlapped,Communication,Free\n"
                             ",rank,0,10,20,5,25,30\n,rank,1,11,19,5,24,30\n,stage,\"(0, 1)\",11,20,5,25,30\n"
                             ",rank,2,11,19,5,99,30\n"));
  const auto set = read({path.string()});
  std::filesystem::remove(path);
  REQUIRE(set.ranks.size() == 2);
  REQUIRE(set.remarks.size() == 1);  // 99 is not 19 + 5
  CHECK(set.remarks[0].find("1 row of step_trace_time.csv is in no figure") != std::string::npos);
  const auto all = metrics_of(set);
  CHECK(value(all, "rank", "communication", "1") == 24);
}

TEST_CASE("ascend: layers whose names come after their events are the same, damage is counted", "[trace]") {
  const std::string kernel =
      R"({"name":"MatMul","pid":8,"tid":2,"ts":"10.5","dur":4,"args":{"Task Type":"AI_CORE"},"ph":"X"})";
  const std::string name = R"({"name":"process_name","pid":8,"tid":0,"args":{"name":"Ascend Hardware"},"ph":"M"})";
  const auto profile = [](const std::string& text) {
    auto p = weir::read_profile(weir::memory_source(text), "x", kinds);
    REQUIRE(p);
    return *std::move(p);
  };
  for (const auto& text : {"[" + name + "," + kernel + "]", "[" + kernel + "," + name + "]"}) {
    const auto p = profile(text);
    CHECK(p.device.events() == 1);
    CHECK(p.device.span() == weir::interval{10'500, 14'500});
    CHECK(p.unknown_categories().empty());
  }
  auto broken = "[" + name + "," + kernel + "," + kernel + "]";
  broken.replace(broken.find("\"ts\":\"10.5\""), 11, "\"ts\":\"1x.5\"");
  CHECK(profile(broken).summary.damaged == 1);
  CHECK(profile(broken).device.events() == 1);
  CHECK(profile("[" + kernel + "]").device.events() == 0);  // no process says that this is a device
  const std::string second = R"({"name":"process_name","pid":9,"args":{"name":"Ascend Hardware"},"ph":"M"})";
  const auto several = weir::read_profile(weir::memory_source("[" + name + "," + second + "]"), "x", kinds);
  REQUIRE_FALSE(several);
  CHECK(several.error().detail.find("2 Ascend devices") != std::string::npos);
}
