#include "weir/openai/mock_schedule.hpp"

#include <map>
#include <vector>

#include "../catch.hpp"

namespace {

using kind = weir::mock_step::kind;

std::vector<weir::mock_step> all_steps(weir::mock_schedule schedule) {
  std::vector<weir::mock_step> steps{schedule.step()};
  while (schedule.next()) steps.push_back(schedule.step());
  return steps;
}

constexpr std::int64_t ms = 1'000'000;
weir::mock_options pace() {
  weir::mock_options o;
  o.ttft_ns = 50 * ms;
  o.itl_ns = 10 * ms;
  return o;
}

}  // namespace

TEST_CASE("mock schedule: token t is due ttft + t itl after the start, the end with the last", "[mock]") {
  const auto o = pace();
  CHECK(all_steps({o, {3}, false, false, true}) == std::vector<weir::mock_step>{{kind::tokens, 50 * ms, 0, 1},
                                                                                {kind::tokens, 60 * ms, 0, 1},
                                                                                {kind::tokens, 70 * ms, 0, 1},
                                                                                {kind::done, 70 * ms, 0, 0},
                                                                                {kind::end, 70 * ms, 0, 0}});
  // The 10,000th token is not a nanosecond off: nothing adds up.
  CHECK(all_steps({o, {10'000}, false, false, true})[9'999].after_ns == 50 * ms + 9'999 * 10 * ms);
}

TEST_CASE("mock schedule: a chat begins with a role for each choice, usage comes before the end", "[mock]") {
  auto o = pace();
  CHECK(all_steps({o, {1, 1}, true, true, true}) == std::vector<weir::mock_step>{{kind::role, 50 * ms, 0, 0},
                                                                                 {kind::role, 50 * ms, 1, 0},
                                                                                 {kind::tokens, 50 * ms, 0, 1},
                                                                                 {kind::tokens, 50 * ms, 1, 1},
                                                                                 {kind::usage, 50 * ms, 0, 0},
                                                                                 {kind::done, 50 * ms, 0, 0},
                                                                                 {kind::end, 50 * ms, 0, 0}});
  o.role_first_ns = 5 * ms;
  o.late_usage_ns = 200 * ms;
  const auto steps = all_steps({o, {2}, true, true, true});
  CHECK(steps[0] == weir::mock_step{kind::role, 5 * ms, 0, 0});
  CHECK(steps[3] == weir::mock_step{kind::usage, 260 * ms, 0, 0});
  CHECK(steps[4].after_ns == 260 * ms);
}

TEST_CASE("mock schedule: larger events keep the pace of tokens", "[mock]") {
  auto o = pace();
  o.tokens_per_event = 4;
  const auto steps = all_steps({o, {10}, false, false, true});
  CHECK(steps[0] == weir::mock_step{kind::tokens, 50 * ms, 0, 4});
  CHECK(steps[1] == weir::mock_step{kind::tokens, 90 * ms, 0, 4});
  CHECK(steps[2] == weir::mock_step{kind::tokens, 130 * ms, 0, 2});
  // Time per output token is (last - first) / (tokens - those of the first event), whatever the size of the events.
  const auto twelve = all_steps({o, {12}, false, false, true});
  CHECK((twelve[2].after_ns - twelve[0].after_ns) / (12 - 4) == 10 * ms);
}

TEST_CASE("mock schedule: choices of different length take turns until each has said all", "[mock][property]") {
  auto o = pace();
  o.shuffle_choices = GENERATE(false, true);
  o.tokens_per_event = GENERATE(1, 3);
  const std::vector<std::int64_t> lengths{5, 1, 7, 0};
  weir::mock_schedule schedule(o, lengths, false, false, true);
  std::map<int, std::int64_t> said, closed;
  std::int64_t before = 0;
  bool any_turned = false;
  int last_choice = -1;
  do {
    const auto& step = schedule.step();
    CHECK(step.after_ns >= before);
    before = step.after_ns;
    if (step.what != kind::tokens) continue;
    CHECK(step.after_ns == o.ttft_ns + said[step.choice] * o.itl_ns);
    said[step.choice] += step.count;
    if (schedule.closes_choice()) ++closed[step.choice];
    CHECK(schedule.closes_choice() == (said[step.choice] == lengths[static_cast<std::size_t>(step.choice)]));
    any_turned = any_turned || step.choice < last_choice;
    last_choice = step.choice;
  } while (schedule.next());
  CHECK(said == std::map<int, std::int64_t>{{0, 5}, {1, 1}, {2, 7}});
  CHECK(closed == std::map<int, std::int64_t>{{0, 1}, {1, 1}, {2, 1}});
  CHECK(any_turned);
  CHECK(schedule.last_token_ns() == o.ttft_ns + 6 * o.itl_ns);
}

TEST_CASE("mock schedule: shuffled choices do not always come in the same order, unshuffled ones do", "[mock]") {
  auto o = pace();
  const auto starts = [&] {
    const auto steps = all_steps({o, {40, 40, 40}, false, false, true});
    std::map<int, int> leaders;
    for (std::size_t i = 0; i + 3 <= 120; i += 3) ++leaders[steps[i].choice];
    return leaders;
  };
  CHECK(starts() == std::map<int, int>{{0, 40}});
  o.shuffle_choices = true;
  CHECK(starts().size() == 3);
}

TEST_CASE("mock schedule: a fault comes after its tokens, when the next one would be due", "[mock]") {
  auto o = pace();
  o.error_at = 2;
  CHECK(all_steps({o, {5}, false, true, true}) == std::vector<weir::mock_step>{{kind::tokens, 50 * ms, 0, 1},
                                                                               {kind::tokens, 60 * ms, 0, 1},
                                                                               {kind::error, 70 * ms, 0, 0},
                                                                               {kind::done, 70 * ms, 0, 0},
                                                                               {kind::end, 70 * ms, 0, 0}});
  o.tokens_per_event = 4;  // an event is cut down so that exactly two tokens come
  CHECK(all_steps({o, {5}, false, true, true})[0] == weir::mock_step{kind::tokens, 50 * ms, 0, 2});
  o.tokens_per_event = 1;
  o.abort_at = 1;  // the earlier of two wins
  const auto cut = all_steps({o, {5}, false, true, true});
  CHECK(cut.size() == 2);
  CHECK(cut[1] == weir::mock_step{kind::cut, 60 * ms, 0, 0});
  CHECK(all_steps({o, {5}, false, true, false}).size() == 8);  // not this request's turn
  CHECK(all_steps({o, {0}, false, false, true}).size() == 2);  // too short to get there
}

TEST_CASE("mock schedule: a fault at once, and one right behind the last token", "[mock]") {
  auto o = pace();
  o.abort_at = 0;
  CHECK(all_steps({o, {5}, false, false, true}) == std::vector<weir::mock_step>{{kind::cut, 50 * ms, 0, 0}});
  o.abort_at = 2;
  weir::mock_schedule schedule(o, {2}, false, true, true);
  REQUIRE(schedule.next());
  CHECK(schedule.closes_choice());  // the finish reason was said, usage and [DONE] are not
  REQUIRE(schedule.next());
  CHECK(schedule.step().what == kind::cut);
  CHECK(schedule.fault() == kind::cut);
  CHECK(schedule.finish_ns() == 70 * ms);
}
