
#include "catch.hpp"
#include "serve/scratch.hpp"
#include "weir/report/sample_track.hpp"
#include "weir/report/summarize_files.hpp"
#include "weir/report/summary_tables.hpp"

namespace {

constexpr std::int64_t s = 1'000'000'000;

weir::value_track track(std::initializer_list<std::pair<std::int64_t, double>> points) {
  weir::value_track t;
  for (const auto& [seconds, value] : points) t.add(seconds * s, value);
  t.sort();
  return t;
}

std::string device(int seconds, const std::string& instance, const std::string& id, const std::string& values) {
  return R"({"type":"sample","t_ns":)" + std::to_string(seconds * s) + R"(,"source":")" + id + R"(","instance":")" +
         instance + R"(","values":{)" + values + "}}\n";
}

/// A request of `tokens` tokens, sent and ended at these seconds.
std::string request(const std::string& instance, int from, int to, int tokens) {
  const auto ns = [](int seconds) { return std::to_string(seconds * s); };
  return R"({"type":"request","id":")" + instance + ns(from) + R"(","instance":")" + instance +
         R"(","status":"ok","t_sched_ns":)" + ns(from) + R"(,"t_send_ns":)" + ns(from) + R"(,"t_first_ns":)" + ns(to) +
         R"(,"t_last_ns":)" + ns(to) + R"(,"t_done_ns":)" + ns(to) + R"(,"tokens_in":1,"tokens_out":)" +
         std::to_string(tokens) + R"(,"tokens_basis":"usage"})" + "\n";
}

struct summarized : test::scratch {
  explicit summarized(const std::string& records, std::vector<weir::group_key> keys = {weir::group_key::instance}) {
    weir::summarizer counted(std::move(keys));
    weir::file_summarizer reader(counted);
    reader.add(write("records.jsonl", records)).value();
    summary = weir::summarize(counted);
  }
  [[nodiscard]] double of(std::size_t group, std::string_view name) const {
    return summary.groups.at(group).find(name)->exact;
  }
  [[nodiscard]] std::string why(std::size_t group, std::string_view name) const {
    const auto* f = summary.groups.at(group).find(name);
    return f->shown.is(weir::cell::kind::missing) ? std::string(f->shown.reason()) : "it is known";
  }
  weir::summary summary;
};

}  // namespace

TEST_CASE("samples: a track is straight between its samples and knows nothing beyond them", "[report][samples]") {
  const auto t = track({{10, 4}, {0, 0}, {20, 4}});
  CHECK(t.at(0) == 0);
  CHECK(t.at(5 * s) == 2);
  CHECK(t.at(20 * s) == 4);
  CHECK(t.integral({0, 20 * s}) == Approx(20 + 40));
  CHECK(t.integral({5 * s, 15 * s}) == Approx(5 * (2 + 4) / 2 + 5 * 4));
  CHECK(t.covers({0, 20 * s}));
  CHECK_FALSE(t.covers({0, 20 * s + 1}));
  CHECK_FALSE(t.covers({-1, s}));
  CHECK_FALSE(track({{1, 4}}).covers({s, s}));  // one sample is no time
  CHECK(std::isnan(track({}).highest()));
  CHECK(track({{0, -3}, {1, -7}}).highest() == -3);
  CHECK(track({{0, 100}, {1, std::nan("")}, {2, 100}}).integral({0, 2 * s}) == Approx(200));  // a null is no 0
}

TEST_CASE("samples: energy is the counter's where there is one, else power times time", "[report][samples]") {
  const weir::energy_track both{track({{0, 1000}, {10, 1500}}), track({{0, 999}, {10, 999}})};
  CHECK(both.during({0, 10 * s}) == Approx(500));
  CHECK(both.during({2 * s, 4 * s}) == Approx(100));
  const weir::energy_track watts{{}, track({{0, 100}, {10, 300}})};
  CHECK(watts.during({0, 10 * s}) == Approx(2000));
  CHECK(std::isnan(watts.during({0, 11 * s})));
  const weir::energy_track load{{}, track({{0, 50}, {10, 50}, {11, 400}, {19, 400}, {20, 70}, {30, 70}})};
  CHECK(load.idle_watts({10 * s, 20 * s}) == Approx((10 * 50 + 10 * 70) / 20.0));
  CHECK(std::isnan(load.idle_watts({0, 30 * s})));
}

TEST_CASE("samples: energy per token of each instance and of all, by hand", "[report][samples]") {
  // Instance 0: 100 W idle, 300 W from 10 s to 20 s while it makes 100 tokens. Instance 1 has a counter and two
  // devices.
  std::string records = request("0", 10, 20, 100) + request("1", 10, 20, 50);
  for (const auto& [at, watts] : {std::pair(0, 100), {9, 100}, {10, 300}, {20, 300}, {21, 100}, {30, 100}})
    records += device(
        at, "0", "GPU-a",
        R"("device_memory_bytes":1048576,"watts":)" + std::to_string(watts) + R"(,"joules":null,"busy_percent":80)");
  for (const auto& [at, joules] : {std::pair(0, 0), {10, 500}, {20, 2500}, {30, 3000}})
    for (const char* id : {"GPU-b", "GPU-c"})
      records += device(at, "1", id,
                        R"("device_memory_bytes":)" + std::to_string((1 + at) << 20) + R"(,"watts":1,"joules":)" +
                            std::to_string(joules) + R"(,"busy_percent":null)");
  for (const auto& [at, cpu] : {std::pair(0, 1.0), {10, 2.0}, {20, 17.0}, {30, 17.0}})
    records += device(at, "0", "processes", R"("processes":3,"memory_bytes":4194304,"cpu_s":)" + std::to_string(cpu));
  const summarized r(records);
  REQUIRE(r.summary.groups.size() == 3);
  CHECK(r.of(0, "energy_j") == Approx(3000));
  CHECK(r.of(0, "power_active_w") == Approx(300));
  CHECK(r.of(0, "energy_per_output_token_j") == Approx(30));
  CHECK(r.of(0, "requests_per_j") == Approx(1 / 3000.0));
  // Idle: 9 s at 100 W, 1 s rising to 300 W, and the same downwards: (900 + 200 + 200 + 900) J in 20 s.
  CHECK(r.of(0, "power_idle_w") == Approx(110));
  CHECK(r.of(0, "energy_above_idle_per_output_token_j") == Approx((3000 - 1100) / 100.0));
  CHECK(r.of(0, "device_busy_pct") == Approx(80));
  CHECK(r.of(0, "device_memory_max_mib") == 1);
  CHECK(r.of(0, "process_memory_max_mib") == 4);
  CHECK(r.of(0, "cpu_cores") == Approx(1.5));
  CHECK(r.of(1, "energy_j") == Approx(4000));
  CHECK(r.of(1, "power_idle_w") == Approx(2 * 50));
  CHECK(r.of(1, "energy_per_output_token_j") == Approx(80));
  CHECK(r.of(1, "device_memory_max_mib") == 2 * 31);
  CHECK(r.why(1, "device_busy_pct") == "the driver does not tell how busy the device was");
  CHECK(r.why(1, "cpu_cores") == "no process was sampled");
  CHECK(r.of(2, "energy_j") == Approx(7000));
  CHECK(r.of(2, "energy_per_output_token_j") == Approx(7000.0 / 150));
  CHECK(r.why(2, "host_energy_j") == "the host's energy counters could not be read");
}

TEST_CASE("samples: what is not known says why, and is never 0", "[report][samples]") {
  const auto memory = std::string(R"("device_memory_bytes":1,"watts":null,"joules":null,"busy_percent":null)");
  const summarized untold(request("0", 10, 20, 9) + device(0, "0", "GPU-a", memory) + device(30, "0", "GPU-a", memory));
  CHECK(untold.why(0, "energy_j") == "the driver does not tell the power drawn");
  CHECK(untold.why(0, "energy_per_output_token_j") == "the driver does not tell the power drawn");

  const auto watts = std::string(R"("device_memory_bytes":1,"watts":5,"joules":null,"busy_percent":1)");
  const summarized late(request("0", 10, 20, 9) + device(15, "0", "GPU-a", watts) + device(30, "0", "GPU-a", watts));
  CHECK(late.why(0, "energy_j") == "the samples do not cover the time of the requests");

  const summarized tight(request("0", 10, 20, 9) + device(10, "0", "GPU-a", watts) + device(20, "0", "GPU-a", watts));
  CHECK(tight.of(0, "energy_j") == Approx(50));
  CHECK(tight.why(0, "power_idle_w") == "there are no samples outside the time of the requests");
  CHECK(tight.why(0, "energy_above_idle_per_output_token_j") ==
        "there are no samples outside the time of the requests");

  // One of two devices does not tell: half of the energy is none.
  const summarized half(request("0", 10, 20, 9) + device(0, "0", "GPU-a", watts) + device(30, "0", "GPU-a", watts) +
                        device(0, "0", "GPU-b", memory) + device(30, "0", "GPU-b", memory));
  CHECK(half.why(0, "energy_j") == "the driver does not tell the power drawn");

  const summarized by_model(request("0", 10, 20, 9) + device(0, "0", "GPU-a", watts) + device(30, "0", "GPU-a", watts),
                            {weir::group_key::model});
  CHECK(by_model.of(0, "energy_j") == Approx(50));  // a single group is all there is

  const summarized none(request("0", 10, 20, 9));
  CHECK(none.summary.groups.back().find("energy_j") == nullptr);  // nobody sampled: nothing to say
}

TEST_CASE("samples: a server's /metrics are passed over, a broken sample is named", "[report][samples]") {
  const summarized metrics(request("0", 10, 20, 9) + device(15, "0", "/metrics", R"("prompt_tokens":7)"));
  CHECK_FALSE(metrics.summary.samples);
  weir::summarizer counted({weir::group_key::instance});
  weir::file_summarizer reader(counted);
  const test::scratch here;
  for (const char* values : {"7", "[1]", R"({"watts":"x"})", R"({"watts":[]})"}) {
    CAPTURE(values);
    const auto read = reader.add(here.write(
        "bad.jsonl", R"({"type":"sample","t_ns":1,"source":"GPU-a","values":)" + std::string(values) + "}\n"));
    REQUIRE_FALSE(read);
    CHECK(read.error().detail.find("bad.jsonl:1: field 'values' is not an object of numbers and null") !=
          std::string::npos);
  }
}
