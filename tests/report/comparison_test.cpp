#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/report/comparison_views.hpp"
#include "weir/report/table_data.hpp"

namespace {

/// Runs of a system whose metric is `center`, scattered by `noise` (relative).
std::vector<weir::measured_run> runs(std::size_t count, double center, double noise, std::uint64_t seed,
                                     const std::string& metric = "ttft_p50_ms") {
  weir::random_stream random(seed);
  std::vector<weir::measured_run> out;
  for (std::size_t i = 0; i < count; ++i) {
    double z = -6;
    for (int k = 0; k < 12; ++k) z += random.uniform();
    out.push_back({"run", {{metric, center * std::exp(noise * z)}, {"ok", 100}, {"failed", 0}}, {{"requests", "100"}}});
  }
  return out;
}
weir::metric_comparison one(const std::vector<weir::measured_run>& a, const std::vector<weir::measured_run>& b,
                            const std::string& metric = "ttft_p50_ms") {
  return weir::compare(a, b, {.metrics = {metric}}).front();
}
using v = weir::ab_verdict;

}  // namespace

TEST_CASE("comparison: a change that matters is found, with its direction by the metric", "[comparison]") {
  const auto slower = one(runs(10, 100, 0.01, 1), runs(10, 110, 0.01, 2));
  CHECK(slower.verdict == v::worse);
  CHECK(slower.change == Approx(0.1).margin(0.02));
  REQUIRE(slower.interval);
  CHECK((slower.interval->low > 0.05 && slower.interval->high < 0.15));
  CHECK(one(runs(10, 100, 0.01, 1), runs(10, 90, 0.01, 2)).verdict == v::better);
  const std::string rate = "output_tokens_per_s";
  CHECK(one(runs(10, 100, 0.01, 1, rate), runs(10, 110, 0.01, 2, rate), rate).verdict == v::better);
  CHECK(one(runs(10, 100, 0.01, 1, rate), runs(10, 90, 0.01, 2, rate), rate).verdict == v::worse);
}

TEST_CASE("comparison: more is better of rates, shares kept, energy's yield and what is right", "[comparison]") {
  for (const auto* name : {"output_tokens_per_s", "goodput_requests_per_s", "requests_per_j", "slo_attainment_pct",
                           "good", "accuracy_gsm8k_pct", "correct_strict", "score_rouge1_x", "steady_requests_per_s"}) {
    CAPTURE(name);
    CHECK(weir::is_more_better(name));
  }
  for (const auto* name : {"ttft_p50_ms", "energy_per_output_token_j", "failed", "error_rate_pct", "not_found_strict",
                           "cost_per_million_tokens", "power_active_w", "score_ppl_x", "score_bpb_x"}) {
    CAPTURE(name);
    CHECK_FALSE(weir::is_more_better(name));
  }
}

TEST_CASE("comparison: what is 0 in every run is the same, and a small p is no 0", "[comparison]") {
  const auto zero = one(runs(5, 50, 0.02, 1), runs(5, 50, 0.02, 2), "failed");
  CHECK((zero.verdict == v::same && zero.why == "0 in every run of both sides" && std::isnan(zero.change)));
  CHECK((zero.base_runs == 5 && zero.new_runs == 5));
  CHECK(weir::comparison_table({zero}).rows[0][5].reason() == "0 has no relative change");
  CHECK(one(runs(1, 50, 0.02, 1), runs(5, 50, 0.02, 2), "failed").verdict == v::inconclusive);
  const auto equal = weir::comparison_table({one(runs(2, 50, 0, 1), runs(2, 50, 0, 2))});
  CHECK(equal.rows[0][6].reason() == "the runs do not differ from each other");
  auto all = weir::compare(runs(10, 50, 0.01, 1), runs(10, 80, 0.01, 2), {.metrics = {"ttft_p50_ms"}});
  REQUIRE(all[0].p < 1e-6);
  all.push_back(weir::compare_failures(runs(5, 50, 0.02, 1), runs(5, 50, 0.02, 2)));
  const auto t = weir::comparison_table(all);
  const double shown = std::stod(std::string(t.rows[0][10].shown()));
  CHECK((shown > 0.94 * all[0].p && shown < 1.06 * all[0].p));
  CHECK(t.rows[1][10].reason() == "judged by the counts of all runs together");
}

TEST_CASE("comparison: what is neither better nor worse gets no such verdict, however sure the change",
          "[comparison]") {
  for (const auto* name : {"tokens_out", "requests", "ttft_n", "steady_effective_n", "device_busy_pct"}) {
    CAPTURE(name);
    const auto m = one(runs(10, 100, 0.01, 1, name), runs(10, 110, 0.01, 2, name), name);
    CHECK((m.verdict == v::inconclusive && m.more_runs == 0));
    CHECK(m.why == "a change that is sure, but neither more nor less of it is better");
    CHECK(one(runs(10, 100, 0.0001, 1, name), runs(10, 100, 0.0001, 2, name), name).verdict == v::same);
  }
}

TEST_CASE("comparison: runs that agree in every figure are one run only where a figure is a time", "[comparison]") {
  const weir::measured_run a{"a", {{"ttft_p50_ms", 50.125}, {"ok", 9}}, {}},
      accuracy{"b", {{"accuracy_x_pct", 75}}, {}};
  auto b = a;
  b.source = "b";
  CHECK(weir::is_same_run(a, b));
  b.figures["ttft_p50_ms"] = 50.126;
  CHECK_FALSE(weir::is_same_run(a, b));
  CHECK_FALSE(weir::is_same_run(accuracy, accuracy));
}

TEST_CASE("comparison: what surely changes less than the threshold is the same, and what nobody knows is not",
          "[comparison]") {
  CHECK(one(runs(10, 100, 0.005, 1), runs(10, 100, 0.005, 2)).verdict == v::same);
  const auto noisy = one(runs(5, 100, 0.2, 1), runs(5, 103, 0.2, 2));
  CHECK(noisy.verdict == v::inconclusive);
  CHECK(noisy.more_runs > 5);  // how many depends on the effect seen, mostly noise here
}

TEST_CASE("comparison: one run a side has no interval and no verdict", "[comparison]") {
  const auto m = one(runs(1, 100, 0.01, 1), runs(1, 150, 0.01, 2));
  CHECK(m.verdict == v::inconclusive);
  CHECK_FALSE(m.interval);
  CHECK(m.why.find("one run") != std::string::npos);
  CHECK(m.more_runs > 0);
}

TEST_CASE("comparison: runs that do not differ at all give no certainty", "[comparison]") {
  const auto exact = one(runs(5, 100, 0, 1), runs(5, 110, 0, 2));
  CHECK(exact.verdict == v::worse);  // 5 and 5 runs that never overlap: the exact test needs no scatter
  CHECK(one(runs(2, 100, 0, 1), runs(2, 110, 0, 2)).verdict == v::inconclusive);
  CHECK(one(runs(5, 100, 0, 1), runs(5, 100, 0, 2)).verdict == v::same);
}

TEST_CASE("comparison: a metric that is missing is inconclusive and says so", "[comparison]") {
  const auto m = one(runs(5, 100, 0.01, 1), runs(5, 100, 0.01, 2), "tpot_p99_ms");
  CHECK(m.verdict == v::inconclusive);
  CHECK(m.why.find("no run of the base") != std::string::npos);
  std::string csv;
  weir::append_csv(csv, weir::comparison_table({m}));
  CHECK(csv.find("nan") == std::string::npos);
}

TEST_CASE("comparison: several metrics are judged under Holm", "[comparison]") {
  auto a = runs(6, 100, 0.02, 1), b = runs(6, 103.5, 0.02, 2);
  const double alone = one(a, b).p;
  const auto both = weir::compare(a, b, {.metrics = {"ttft_p50_ms", "ok"}});
  CHECK(both[0].p == Approx(std::min(1.0, 2 * alone)));
}

TEST_CASE("comparison: what is faster because it fails is worse", "[comparison]") {
  auto a = runs(4, 100, 0.01, 1), b = runs(4, 50, 0.01, 2);
  for (auto& run : b) run.figures["failed"] = 40, run.figures["ok"] = 60;
  CHECK(weir::compare_failures(a, b).verdict == v::worse);
  CHECK(weir::compare_failures(a, a).verdict == v::same);
  CHECK(weir::compare_failures(b, a).verdict == v::better);
  for (auto& run : b) run.figures.erase("failed");
  CHECK(weir::compare_failures(a, b).verdict == v::inconclusive);
}

TEST_CASE("comparison: workloads that differ are named, with both values", "[comparison]") {
  auto a = runs(2, 100, 0.01, 1), b = runs(2, 100, 0.01, 2);
  CHECK(weir::workload_differences(a, b).empty());
  b[0].workload["requests"] = b[1].workload["requests"] = "128";
  b[0].workload["model"] = "m";
  const auto d = weir::workload_differences(a, b);
  REQUIRE(d.size() == 2);
  CHECK(d[0] == "model: not said and m");
  CHECK(d[1] == "requests: 100 and 128");
}

TEST_CASE(
    "comparison: what a run came to may differ by a twentieth, and a hash that varies on both sides is no workload",
    "[comparison]") {
  auto a = runs(2, 100, 0.01, 1), b = runs(2, 100, 0.01, 2);
  for (auto& run : a) run.sizes["input tokens a request"] = 500;
  for (auto& run : b) run.sizes["input tokens a request"] = 524;
  CHECK(weir::workload_differences(a, b).empty());
  b[1].sizes["input tokens a request"] = 526;
  REQUIRE(weir::workload_differences(a, b).size() == 1);
  CHECK(weir::workload_differences(a, b)[0] == "input tokens a request: 500 and 524 or 526");
  b[1].sizes.clear();
  for (std::size_t i = 0; i < 2; ++i) {
    a[i].workload["prompts_hash"] = std::to_string(i);
    b[i].workload["prompts_hash"] = std::to_string(10 + i);
  }
  CHECK(weir::workload_differences(a, b).empty());
  a[1].workload["prompts_hash"] = "0";
  CHECK(weir::workload_differences(a, b).size() == 1);
}

TEST_CASE("comparison: runs without a value are told of, and nothing is judged without them", "[comparison]") {
  auto a = runs(8, 100, 0.01, 1), b = runs(8, 150, 0.01, 2);
  CHECK(weir::compare(a, b, {.metrics = {"ttft_p50_ms"}})[0].verdict == v::worse);
  b[3].figures.erase("ttft_p50_ms");
  const auto m = weir::compare(a, b, {.metrics = {"ttft_p50_ms"}})[0];
  CHECK(m.verdict == v::inconclusive);
  CHECK(m.why == "1 of 8 runs of the new side have no value above 0: what the others say is not judged");
}

TEST_CASE("comparison: the bootstrap's interval lies round the change, and needs five runs a side", "[comparison]") {
  const auto m = one(runs(10, 100, 0.01, 1), runs(10, 110, 0.01, 2));
  REQUIRE((m.bootstrap && m.interval));
  CHECK((m.bootstrap->low < m.change && m.change < m.bootstrap->high));
  CHECK(m.bootstrap->high - m.bootstrap->low == Approx(m.interval->high - m.interval->low).epsilon(0.6));
  CHECK_FALSE(one(runs(4, 100, 0.01, 1), runs(4, 110, 0.01, 2)).bootstrap);
}

TEST_CASE("comparison: JUnit has a case a metric, failed where it is worse", "[comparison]") {
  const auto all = weir::compare(runs(8, 100, 0.01, 1), runs(8, 120, 0.01, 2), {.metrics = {"ttft_p50_ms", "a<b"}});
  const auto xml = weir::junit_of(all);
  CHECK(xml.find("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\"") != std::string::npos);
  CHECK(xml.find("name=\"a&lt;b\"") != std::string::npos);
}
