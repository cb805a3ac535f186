#include "weir/load/precision.hpp"

#include <future>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

/// A request whose first token takes `ms` milliseconds.
weir::request_record answered(double ms) {
  weir::request_record r;
  r.t_send_ns = 1'000'000'000;
  r.t_first_ns = r.t_visible_ns = r.t_send_ns + static_cast<std::int64_t>(ms * 1e6);
  r.t_last_ns = r.t_done_ns = r.t_first_ns + 90'000'000;
  r.tokens_out = 10;
  r.choices = {{0, r.t_first_ns, r.t_last_ns, 10, 1, "stop", "", ""}};
  return r;
}
std::vector<weir::precision_goal> goals(const std::vector<std::string>& words) {
  std::vector<weir::precision_goal> out;
  for (const auto& w : words) out.push_back(weir::parse_precision_goal(w).value());
  return out;
}
/// Requests of 50 to 60 ms until the goals are met. \return  how many, or 0 where `most` were not enough.
std::size_t requests_until_met(const std::vector<std::string>& words, std::size_t most) {
  weir::precision_watch watch(goals(words), std::launch::deferred);
  weir::random_stream random(3);
  for (std::size_t n = 1; n <= most; ++n)
    if (watch.add(answered(50 + 10 * random.uniform()))) return n;
  return 0;
}

}  // namespace

TEST_CASE("precision: a goal is a figure and how well it is to be known", "[load]") {
  const auto p99 = weir::parse_precision_goal("p99_ttft:5%");
  REQUIRE(p99);
  CHECK((p99->which == weir::latency::ttft && p99->p == 99 && p99->share == Approx(0.05)));
  const auto mean = weir::parse_precision_goal("mean_e2el_sched:2.5%");
  REQUIRE(mean);
  CHECK((mean->which == weir::latency::e2el_sched && mean->p == 0 && mean->share == Approx(0.025)));
  CHECK(weir::parse_precision_goal("median_tpot:1%")->p == 50);
  for (const auto* bad : {"", "p99_ttft", "p99_ttft:5", "ttft:5%", "p0_ttft:5%", "p100_ttft:5%", "p99_itl:5%",
                          "p99_ttft:0%", "p99_ttft:100%", "p99_ttft:x%", "99_ttft:5%", "p99_ttft:5%%", "p_ttft:5%"}) {
    CAPTURE(bad);
    CHECK_FALSE(weir::parse_precision_goal(bad));
  }
}

TEST_CASE("precision: a run ends once it knows enough, later for a narrower goal, and never before all are met",
          "[load]") {
  const auto wide = requests_until_met({"mean_ttft:5%"}, 100000);
  const auto narrow = requests_until_met({"mean_ttft:0.2%"}, 100000);
  CHECK((wide >= 200 && wide < 2000));
  CHECK(narrow > 2 * wide);
  CHECK(requests_until_met({"mean_ttft:5%", "mean_ttft:0.2%"}, 100000) >= narrow / 2);
  CHECK(requests_until_met({"p99_ttft:5%"}, 900) == 0);  // 1000 are needed for any interval
  CHECK(requests_until_met({}, 1000) == 0);
}

TEST_CASE("precision: an open loop lasts until it has seen 200 answers' time, whatever its figures look like",
          "[load]") {
  weir::precision_watch watch(goals({"mean_ttft:5%"}), std::launch::deferred);
  weir::random_stream random(3);
  std::size_t n = 0;
  bool met = false;
  for (; !met && n < 100000; ++n) {  // one each 10 ms, which takes 145 ms: 14.5 under way, 2,900 needed
    auto r = answered(50 + 10 * random.uniform());
    const auto later = static_cast<std::int64_t>(n) * 10'000'000;
    r.t_sched_ns = r.t_send_ns + later;
    for (auto* t : {&r.t_send_ns, &r.t_first_ns, &r.t_visible_ns, &r.t_last_ns, &r.t_done_ns}) *t += later;
    met = watch.add(r);
    if (n == 1000) CHECK_FALSE(watch.met());
  }
  CHECK((met && n >= 2800 && n < 6000));
}

TEST_CASE("precision: failures tell nothing, and what is known in the end is said with its reason", "[load]") {
  weir::precision_watch watch(goals({"p50_ttft:5%", "p99_e2el:1%"}));
  auto failed = answered(1000);
  failed.status = weir::outcome::timeout;
  weir::random_stream random(3);
  for (int i = 0; i < 700; ++i) watch.add(answered(50 + 10 * random.uniform())), watch.add(failed);
  const auto found = watch.finish();
  REQUIRE(found.size() == 2);
  CHECK(found[0].values == 700);
  CHECK(found[0].met());
  REQUIRE(found[0].known.estimate.interval);
  CHECK((found[0].known.estimate.interval->low < 55e6 && found[0].known.estimate.interval->high > 55e6));
  CHECK(weir::precision_words(found[0]).find("95 % interval 5") != std::string::npos);
  CHECK_FALSE(found[1].met());
  CHECK(weir::precision_words(found[1]).find("1000 are needed: a run about 1.") != std::string::npos);
  std::string text;
  weir::json_writer json(text);
  json.begin_object();
  append_precision(json, found);
  json.end_object();
  CHECK(text.starts_with(R"({"until":[{"goal":"p50_ttft:5%","met":true,"values":700,"value_ms":)"));
  CHECK(text.find(R"("goal":"p99_e2el:1%","met":false)") != std::string::npos);
  CHECK(text.find(R"("low_ms":null,"high_ms":null)") != std::string::npos);
}

TEST_CASE("precision: a run that ended by a look reports what that look saw", "[load]") {
  weir::precision_watch watch(goals({"mean_ttft:5%"}), std::launch::deferred);
  weir::random_stream random(3);
  std::size_t seen = 0;
  while (seen < 10'000 && !watch.add(answered(50 + 10 * random.uniform()))) ++seen;
  REQUIRE(watch.met());
  for (int i = 0; i < 1000; ++i) watch.add(answered(i % 2 ? 1 : 1e6));  // those that were in flight
  const auto& found = watch.finish();
  CHECK(found[0].values == seen);
  CHECK(found[0].met());
  CHECK(found[0].known.estimate.value == Approx(55e6).epsilon(0.05));
}
