#include "weir/report/latency.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "catch.hpp"

using weir::latency, weir::request_record, weir::tokens_basis, weir::unmeasured;

namespace {

struct durations {
  std::map<latency, std::vector<double>> of;  // itl: once a token
  weir::latency_remarks remarks;
};

durations durations_of(const request_record& r) {
  durations out;
  weir::latency_reader read;
  struct keeper {
    void operator()(latency which, double ns, std::uint32_t times) { of(which).insert(of(which).end(), times, ns); }
    void operator()(latency which, std::span<const double> ns) {
      of(which).insert(of(which).end(), ns.begin(), ns.end());
    }
    std::vector<double>& of(latency which) { return out->of[which]; }
    durations* out;
  };
  out.remarks = read(r, keeper{&out});
  return out;
}

/// An open-loop request: due at 900, woken at 910, connecting at 930, sent at 1000, tokens at 1500 to 2500, end at
/// 2600.
request_record open_loop() {
  request_record r;
  r.t_sched_ns = 900, r.t_woke_ns = 910, r.t_connect_ns = 930, r.t_send_ns = 1000;
  r.t_first_ns = 1500, r.t_visible_ns = 1700, r.t_last_ns = 2500, r.t_done_ns = 2600;
  r.tokens_out = 8, r.basis = tokens_basis::usage, r.itl_basis = tokens_basis::usage;
  r.choices = {{0, 1500, 2500, 8, 3, "stop", "", ""}};
  r.events = {{1500, 3, 0}, {1700, 1, 0}, {1900, 2, 0}, {2500, 2, 0}};
  return r;
}

using values = std::vector<double>;

}  // namespace

TEST_CASE("latency: each duration is the difference that its definition says", "[report]") {
  const auto d = durations_of(open_loop());
  CHECK(d.of.at(latency::ttft) == values{500});
  CHECK(d.of.at(latency::ttfot) == values{700});
  CHECK(d.of.at(latency::e2el) == values{1500});
  CHECK(d.of.at(latency::ttft_sched) == values{600});
  CHECK(d.of.at(latency::e2el_sched) == values{1600});
  CHECK(d.of.at(latency::client_queue) == values{100});
  CHECK(d.of.at(latency::sched_lag) == values{10});
  CHECK(d.of.at(latency::slot_wait) == values{20});
  CHECK(d.of.at(latency::connect) == values{70});  // 10 + 20 + 70: the parts of the queue time add up to it
  CHECK(d.of.at(latency::usage_tail) == values{100});
  CHECK_FALSE(d.of.contains(latency::ttft_choice));
  CHECK_FALSE(d.remarks.backwards);
}

TEST_CASE("latency: tpot leaves out the tokens of the first event, itl counts each token of the others", "[report]") {
  const auto d = durations_of(open_loop());
  CHECK(d.of.at(latency::tpot) == values{200});  // (2500 - 1500) / (8 - 3)
  CHECK(d.of.at(latency::icl) == values{200, 200, 600});
  CHECK(d.of.at(latency::itl) == values{200, 100, 100, 300, 300});
  CHECK(d.remarks.itl_by_token);
  CHECK_FALSE(d.remarks.first_estimated);
}

TEST_CASE("latency: on a kept connection waiting for a slot ends with sending", "[report]") {
  auto r = open_loop();
  r.t_connect_ns = unmeasured;
  const auto d = durations_of(r);
  CHECK(d.of.at(latency::slot_wait) == values{90});
  CHECK_FALSE(d.of.contains(latency::connect));
}

TEST_CASE("latency: where all tokens came at once there is no tpot, and no 0 in its place", "[report]") {
  auto r = open_loop();
  r.events = {{1500, 8, 0}};
  r.choices[0].tokens_first = 8;
  auto d = durations_of(r);
  CHECK_FALSE(d.of.contains(latency::tpot));
  CHECK_FALSE(d.of.contains(latency::itl));
  r.choices[0].tokens_first = 1, r.choices[0].tokens_out = 1;
  CHECK_FALSE(durations_of(r).of.contains(latency::tpot));
  r.choices[0].tokens_out = unmeasured;
  CHECK_FALSE(durations_of(r).of.contains(latency::tpot));
}

TEST_CASE("latency: an answer in one piece has an end but no first token", "[report]") {
  auto r = open_loop();
  r.t_first_ns = r.t_visible_ns = r.choices[0].t_first_ns = unmeasured;
  r.events.clear();
  const auto d = durations_of(r);
  CHECK_FALSE(d.of.contains(latency::ttft));
  CHECK_FALSE(d.of.contains(latency::tpot));
  CHECK(d.of.at(latency::e2el) == values{1500});
}

TEST_CASE("latency: itl is by token where events and tokens are as many, else it is the gap", "[report]") {
  auto r = open_loop();
  r.itl_basis = tokens_basis::chunks;
  for (auto& e : r.events) e.tokens = 1;
  r.tokens_out = 4;  // as many as events: each held exactly one
  r.choices[0].tokens_out = 4, r.choices[0].tokens_first = 1;
  auto d = durations_of(r);
  CHECK(d.remarks.itl_by_token);
  CHECK_FALSE(d.remarks.first_estimated);

  r.tokens_out = r.choices[0].tokens_out = 8, r.choices[0].tokens_first = 2;  // two an event, on average
  d = durations_of(r);
  CHECK_FALSE(d.remarks.itl_by_token);
  CHECK(d.remarks.first_estimated);
  CHECK(d.of.at(latency::itl) == d.of.at(latency::icl));
  CHECK(d.of.at(latency::tpot)[0] == Approx(1000.0 / 6));

  r.basis = tokens_basis::chunks, r.tokens_out = 4;  // the count itself is an estimate
  CHECK_FALSE(durations_of(r).remarks.itl_by_token);
}

TEST_CASE("latency: with several choices each has its own tpot and gaps", "[report]") {
  request_record r;
  r.t_send_ns = 0, r.t_first_ns = r.t_visible_ns = 100, r.t_last_ns = 700, r.t_done_ns = 700;
  r.tokens_out = 5, r.basis = tokens_basis::usage;
  r.choices = {{0, 100, 500, 3, 1, "stop", "", ""}, {1, 300, 700, 2, 1, "stop", "", ""}};
  r.events = {{100, 1, 0}, {300, 1, 1}, {400, 1, 0}, {500, 1, 0}, {700, 1, 1}};
  const auto d = durations_of(r);
  CHECK(d.of.at(latency::ttft) == values{100});
  CHECK(d.of.at(latency::e2el) == values{700});
  CHECK(d.of.at(latency::ttft_choice) == values{100, 300});
  CHECK(d.of.at(latency::e2el_choice) == values{500, 700});
  CHECK(d.of.at(latency::tpot) == values{200, 400});
  CHECK(d.of.at(latency::icl) == values{300, 100, 400});
  CHECK(d.remarks.itl_by_token);
}

TEST_CASE("latency: times that run backwards are left out and told of", "[report]") {
  auto r = open_loop();
  r.t_first_ns = 990;
  const auto d = durations_of(r);
  CHECK(d.remarks.backwards);
  CHECK_FALSE(d.of.contains(latency::ttft));
  CHECK(d.of.at(latency::e2el) == values{1500});
}

TEST_CASE("latency: every one has a name of its own", "[report]") {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < weir::latency_count; ++i) names.push_back(to_string(static_cast<latency>(i)));
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK(to_string(latency::e2el_choice) == "e2el_choice");
}
