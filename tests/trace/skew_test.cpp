#include "weir/trace/skew.hpp"

#include <array>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/check_set.hpp"
#include "weir/trace/diff_sets.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/set_metrics.hpp"
#include "weir/trace/step_metrics.hpp"

namespace {

struct call {
  int begin, end;  // us
  int sequence = -1;
};

/// A trace of all-reduces of 1000 floats, in a group of two.
std::string trace_of(const std::vector<call>& calls, const std::string& head = "") {
  std::string text = "{" + head + "\"traceEvents\":[";
  for (const auto& c : calls) {
    text += text.back() == '[' ? "" : ",";
    text += R"({"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_f32_RING_LL","ts":)" +
            std::to_string(c.begin) + R"(,"dur":)" + std::to_string(c.end - c.begin) +
            R"(,"args":{"Collective name":"allreduce","In msg nelems":1000,"Out msg nelems":1000,"Group size":2,)"
            R"("dtype":"Float","Process Group Name":"0","Process Group Ranks":"[0, 1]")";
    if (c.sequence >= 0) text += R"(,"Seq":)" + std::to_string(c.sequence);
    text += "}}";
  }
  return text + "]}";
}

const weir::kind_table kinds;

weir::rank_profile profile(const std::string& text, const std::string& name) {
  auto read = weir::read_profile(weir::memory_source(text, 1000), name, kinds);
  REQUIRE(read);
  return *std::move(read);
}

std::vector<weir::rank_profile> two(const std::vector<call>& a, const std::vector<call>& b) {
  std::vector<weir::rank_profile> set;
  set.push_back(profile(trace_of(a), "rank0.json"));
  set.push_back(profile(trace_of(b), "rank1.json"));
  return set;
}

const weir::trace_metric& metric(const std::vector<weir::trace_metric>& all, std::string_view table,
                                 std::string_view name) {
  for (const auto& m : all)
    if (m.table == table && m.name == name) return m;
  FAIL("no metric " << name);
  return all.front();
}

weir::check_outcome outcome(const std::vector<weir::set_check>& checks, std::string_view question) {
  for (const auto& c : checks)
    if (c.question.find(question) != c.question.npos) return c.outcome;
  FAIL("no check " << question);
  return {};
}

}  // namespace

TEST_CASE("skew: the rank that comes last waits for nobody and has the least communication", "[trace]") {
  const auto set = two({{0, 100}, {200, 260}}, {{90, 100}, {250, 260}});
  const auto report = find_skew(set);
  REQUIRE(report.collectives.size() == 2);
  CHECK(report.collectives[0].skew_ns() == 90'000);
  CHECK(report.collectives[0].transfer_ns() == 10'000);
  CHECK(report.ranks[1].arrived_last == 2);
  CHECK(report.ranks[1].wait_ns == 0);
  CHECK(report.ranks[0].wait_ns == 140'000);
  CHECK(report.ranks[0].own_ns == 160'000);
  CHECK(report.ranks[1].own_ns == 20'000);
  CHECK(report.ranks[1].lateness_ns == 140'000);
  CHECK_FALSE(report.aligned);
}

TEST_CASE("wait_cost: what waiting cost is what no computation ran beside, by step", "[trace]") {
  // rank 0 waits 0-90 for rank 1; its step is 0-60, and a product runs 20-50
  const std::string beside = R"(,{"ph":"X","cat":"kernel","name":"gemm","ts":20,"dur":30},
    {"ph":"X","cat":"user_annotation","name":"ProfilerStep#1","ts":0,"dur":60}])";
  auto text = trace_of({{0, 100}});
  text.replace(text.size() - 2, 1, beside);
  std::vector<weir::rank_profile> set;
  set.push_back(profile(text, "rank0.json"));
  set.push_back(profile(trace_of({{90, 100}}), "rank1.json"));
  const auto report = find_skew(set);
  const auto waits = waits_of(set, report);
  CHECK(waits[0].total_ns() == 90'000);
  CHECK(waits[1].empty());
  CHECK(cost_of(waits[0], set[0], {0, 100'000}).exposed_ns == 60'000);
  std::vector<weir::trace_metric> all;
  append_set_metrics(all, set, report);
  CHECK(metric(all, "step_wait", "wait_for_last").value == 60);
  CHECK(metric(all, "step_wait", "exposed_wait").value == 30);
  CHECK(metric(all, "step_wait", "exposed_wait_share").value == 50);
  CHECK(metric(all, "straggler", "exposed_wait").value == 60);
  CHECK(metric(all, "straggler", "exposed_wait_share").value == 60);
}

TEST_CASE("skew: a clock that is off by a steady amount changes no wait", "[trace]") {
  const std::vector<call> a{{0, 100}, {200, 260}, {300, 330}}, b{{90, 100}, {250, 260}, {320, 330}};
  auto late = b;
  for (auto& c : late) c.begin += 5000, c.end += 5000;
  const auto straight = find_skew(two(a, b)), off = find_skew(two(a, late));
  CHECK(off.aligned);
  for (const std::size_t r : {0U, 1U}) {
    CHECK(off.ranks[r].wait_ns == straight.ranks[r].wait_ns);
    CHECK(off.ranks[r].arrived_last == straight.ranks[r].arrived_last);
  }
}

TEST_CASE("skew: sequence numbers match what the order of calls cannot", "[trace]") {
  const auto report = find_skew(two({{0, 10, 7}, {20, 30, 8}, {40, 50, 9}}, {{25, 30, 8}, {41, 50, 9}}));
  REQUIRE(report.collectives.size() == 2);
  CHECK(report.collectives[0].number == 8);
  CHECK(report.collectives[0].skew_ns() == 5000);
  CHECK(report.unmatched.empty());
}

TEST_CASE("skew: different numbers of calls without sequence numbers are named, not guessed", "[trace]") {
  const auto report = find_skew(two({{0, 10}, {20, 30}}, {{25, 30}}));
  CHECK(report.collectives.empty());
  REQUIRE(report.unmatched.size() == 1);
  CHECK(report.unmatched[0].find("all_reduce of group 0 [0, 1]") == 0);
}

TEST_CASE("skew: calls that a rank would have left before another came are not one collective", "[trace]") {
  // as many calls on both, but each trace lacks one that the other has: the k-th of one is not the k-th of the other
  const std::vector<call> a{{0, 1000}, {5000, 5900}, {7000, 7700}}, b{{5800, 5900}, {7600, 7700}, {19000, 19100}};
  const auto report = find_skew(two(a, b));
  CHECK(report.collectives.empty());
  CHECK(report.ranks[0].matched == 0);
  CHECK(report.offsets[0].samples == 0);
  REQUIRE(report.unmatched.size() == 1);
  CHECK(report.unmatched[0].find("all_reduce of group 0 [0, 1]: by their order") == 0);
  // with their numbers it is known which belong together
  const auto numbered = find_skew(
      two({{0, 1000, 1}, {5000, 5900, 2}, {7000, 7700, 3}}, {{5800, 5900, 2}, {7600, 7700, 3}, {19000, 19100, 4}}));
  CHECK(numbered.collectives.size() == 2);
  CHECK(numbered.ranks[0].wait_ns == 800'000 + 600'000);
}

TEST_CASE("rank metrics: bandwidth is bytes by time, times the factor of nccl-tests", "[trace]") {
  std::vector<weir::trace_metric> all;
  const auto p = profile(trace_of({{0, 10}, {20, 30}}), "rank0.json");
  REQUIRE(append_rank_metrics(all, p, {}));
  CHECK(metric(all, "collective", "bytes").value == 8000);
  CHECK(metric(all, "collective", "algorithm_bandwidth").value == Approx(8000 / 20e-6 / 1e9));
  CHECK(metric(all, "collective", "bus_bandwidth").value == Approx(0.4));  // 2 (n - 1) / n is 1 for two ranks
  CHECK(weir::bus_factor("all_reduce", 8) == 1.75);
  CHECK(weir::bus_factor("all_gather", 8) == 0.875);
  CHECK(weir::bus_factor("barrier", 8) == 0);
  CHECK(metric(all, "rank", "overlap").value == 0);
  CHECK(metric(all, "rank", "ttft").reason.starts_with("a trace does not tell when requests arrived"));
}

TEST_CASE("rank metrics: calls that took no time have bytes and no bandwidth", "[trace]") {
  std::vector<weir::trace_metric> all;
  REQUIRE(append_rank_metrics(all, profile(trace_of({{5, 5}, {9, 9}}), "rank0.json"), {}));
  CHECK(metric(all, "collective", "bytes").value == 8000);
  CHECK(metric(all, "collective", "bus_bandwidth").reason == "these calls took no time");
}

TEST_CASE("collective_log: an all_gather whose output is not told gives out what each rank puts in", "[trace]") {
  const auto bytes = [](const std::string& category, const std::string& name, const std::string& args) {
    const std::string text = R"([{"ph":"X","cat":")" + category + R"(","name":")" + name +
                             R"(","ts":1,"dur":1,"pid":0,"tid":1,"args":{)" + args + "}}]";
    return profile(text, "rank0.json").collectives.calls().at(0).bytes;
  };
  const std::string dims = R"("Input type": ["float"], "Input Dims": [[4, 256]])";
  CHECK(bytes("user_annotation", "gloo:all_reduce", dims) == 4096);
  CHECK(bytes("user_annotation", "gloo:all_gather", dims) == -1);  // the number of ranks is not told
  CHECK(bytes("kernel", "hcom_allGather__1_1", R"("count": 100, "data_type": "FP16")") == -1);
  CHECK(bytes("kernel", "ncclKernel_AllGather", R"("In msg nelems":100,"dtype":"Half","Group size":8)") == 1600);
  CHECK(bytes("kernel", "ncclKernel_AllGather", R"("In msg nelems":1,"Out msg nelems":8,"dtype":"Half")") == 16);
}

TEST_CASE("rank metrics: a trace without device events has reasons and no zeros", "[trace]") {
  std::vector<weir::trace_metric> all;
  const auto p = profile(R"({"traceEvents":[{"ph":"X","cat":"cpu_op","name":"aten::mm","ts":1,"dur":2}]})", "t.json");
  REQUIRE(append_rank_metrics(all, p, {}));
  for (const auto* name : {"span", "busy", "idle", "communication", "coll_call_num", "comm_overhead", "overlap_share",
                           "computation", "exposed_communication", "unclassified_share", "computation_kernels"}) {
    CAPTURE(name);
    CHECK(std::isnan(metric(all, "rank", name).value));
    CHECK_FALSE(metric(all, "rank", name).reason.empty());
  }
  CHECK(p.contents() == "1 cpu_op");
  CHECK(p.label() == "t.json");
}

TEST_CASE("rank metrics: a step's device time is looked for where its kernels ran", "[trace]") {
  const std::string text = R"json([
    {"ph":"X","cat":"user_annotation","name":"execute_context_1(4)_generation_0(0)","ts":0,"dur":10,"args":{"External id":1}},
    {"ph":"X","cat":"user_annotation","name":"execute_context_0(0)_generation_2(2)","ts":10,"dur":6,"args":{"External id":2}},
    {"ph":"X","cat":"kernel","name":"gemm","ts":20,"dur":5},
    {"ph":"X","cat":"kernel","name":"gemm","ts":40,"dur":7},
    {"ph":"X","cat":"gpu_user_annotation","name":"execute_context_1(4)_generation_0(0)","ts":20,"dur":5,"args":{"External id":1}},
    {"ph":"X","cat":"gpu_user_annotation","name":"execute_context_0(0)_generation_2(2)","ts":40,"dur":7,"args":{"External id":2}}])json";
  const auto p = profile(text, "rank0.json");
  REQUIRE(p.steps.size() == 2);
  std::vector<weir::trace_metric> all;
  REQUIRE(append_rank_metrics(all, p, {"execute_context_0(0)_generation_2(2)", 10}));
  CHECK(metric(all, "rank", "computation").value == 7);
  CHECK(metric(all, "step", "wall").value == 6);
  CHECK(metric(all, "rank", "tpot").value == 6);  // two requests wait 6 us for one token each
  all.clear();
  REQUIRE(append_rank_metrics(all, p, {}));
  CHECK(metric(all, "rank", "iteration_wall_clock").value == 8);
  CHECK(metric(all, "rank", "throughput_tokens_sec").value == Approx(6 / 16e-6));
  CHECK_FALSE(append_rank_metrics(all, p, {"ProfilerStep#1", 10}));
}

TEST_CASE("check_set: a missing rank, a cut file, another run and other steps are each found", "[trace]") {
  const std::string head = R"("distributedInfo":{"rank":0,"world_size":2},)",
                    other = R"("distributedInfo":{"rank":1,"world_size":2},)";
  const auto step = [](const char* name) {
    return std::string(R"({"ph":"X","cat":"user_annotation","name":")") + name + R"(","ts":1,"dur":500})";
  };
  const auto with_step = [&](std::string text, const char* name) {
    return text.insert(text.size() - 2, "," + step(name));
  };
  const auto a = with_step(trace_of({{0, 10}}, head), "ProfilerStep#1");
  std::vector<weir::rank_profile> set;
  set.push_back(profile(a, "a"));
  CHECK(outcome(check_set(set, {}), "every rank") == weir::check_outcome::failed);
  set.push_back(profile(with_step(trace_of({{5, 10}}, other), "ProfilerStep#1"), "b"));
  for (const auto& check : check_set(set, {})) {
    CAPTURE(check.question, check.detail);
    CHECK(check.outcome == weir::check_outcome::ok);
  }
  CHECK(outcome(check_set(set, {"c.json"}), "whole") == weir::check_outcome::failed);
  set[1] = profile(a, "b");
  CHECK(outcome(check_set(set, {}), "every rank") == weir::check_outcome::failed);
  set[1] = profile(with_step(trace_of({{5, 10}}, other), "ProfilerStep#2"), "b");
  CHECK(outcome(check_set(set, {}), "same steps") == weir::check_outcome::failed);
  set[1] = profile(trace_of({{90000, 90010}}, other), "b");
  CHECK(outcome(check_set(set, {}), "one run") == weir::check_outcome::failed);
  const auto whole = trace_of({{5, 10}, {20, 30}}, other);
  set[1] = profile(whole.substr(0, whole.size() - 20), "b");
  CHECK(outcome(check_set(set, {}), "whole") == weir::check_outcome::failed);
  set[1] = profile(whole, "b");
  CHECK(outcome(check_set(set, {}), "same collectives") == weir::check_outcome::failed);
  set[1] = profile(with_step(trace_of({}, other), "ProfilerStep#1"), "b");  // of the group's two ranks one made none
  CHECK(outcome(check_set(set, {}), "same collectives") == weir::check_outcome::failed);
}

TEST_CASE("diff_sets: time per rank by class and by kernel, largest change first", "[trace]") {
  const auto a = two({{0, 10}}, {{0, 20}}), b = two({{0, 40}}, {{0, 20}});
  const auto tables = diff_sets(a, b, 0);
  REQUIRE(tables.size() == 2);
  const auto& kernel = tables[1].rows.at(0);
  CHECK(kernel[1].shown() == "1");
  CHECK(kernel[3].shown() == "15.000");
  CHECK(kernel[4].shown() == "30.000");
  CHECK(kernel[6].shown() == "100.00");
  const auto same = diff_sets(a, a, 0);
  for (const auto& t : same)
    for (const auto& row : t.rows) CHECK(row[5].shown() == "0.000");
}

TEST_CASE("diff_sets: what a set without a device does not have is missing, not 0", "[trace]") {
  const auto on_cpu = profile(
      R"([{"ph":"X","cat":"user_annotation","name":"gloo:all_reduce","pid":1,"tid":2,"ts":1,"dur":2,"args":{}}])", "a");
  const std::vector<weir::rank_profile> set{on_cpu};
  const auto by_class = diff_sets(set, set, 0).at(0);
  for (const auto& row : by_class.rows) {
    CAPTURE(row[0].shown());
    const bool told = row[0].shown() == "communication";
    for (const std::size_t column : {3U, 4U, 5U, 6U}) CHECK(row[column].is(weir::cell::kind::missing) == !told);
    if (told) CHECK(row[3].shown() == "2.000");
  }
  const auto one_side = diff_sets(two({{0, 10}}, {{0, 20}}), set, 0).at(0);
  CHECK_FALSE(one_side.rows.at(0)[3].is(weir::cell::kind::missing));
  CHECK(one_side.rows.at(0)[4].is(weir::cell::kind::missing));
}
