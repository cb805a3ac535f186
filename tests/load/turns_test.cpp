#include "weir/load/turns.hpp"

#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/load/run_plan.hpp"

using weir::prompt, weir::turn_plan;

namespace {

prompt turn(const std::string& id, const std::string& session, std::int64_t number, const std::string& says = "\"x\"") {
  prompt p;
  p.id = id, p.session = session, p.turn = number, p.content = says;
  return p;
}
prompt message(const std::string& id, std::int64_t number, const std::string& says) {
  prompt p = turn(id, "s", number, R"([{"role":"user","content":")" + says + "\"}]");
  p.form = weir::prompt_form::messages;
  p.continues = number > 0;
  return p;
}

/// The ids of a plan's chains: "a b c" for each prompt that begins.
std::vector<std::string> chains(const turn_plan& plan) {
  std::vector<std::string> out;
  std::set<std::size_t> seen;
  for (std::size_t k = 0; k < plan.begins; ++k) {
    std::string& chain = out.emplace_back();
    std::size_t at = k;
    do {
      CHECK(seen.insert(at).second);
      chain += (chain.empty() ? "" : " ") + plan.prompts[at].id;
      at = plan.next.empty() ? turn_plan::none : plan.next[at];
    } while (at != turn_plan::none);
  }
  CHECK(seen.size() == plan.prompts.size());
  return out;
}
using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("turns: prompts of one session follow each other by turn, and by place where that is the same", "[load]") {
  const std::vector<prompt> all{turn("b1", "B", 1), turn("x", "", 0),  turn("a0", "A", 0), turn("b0", "B", 0),
                                turn("a1", "A", 0), turn("c", "C", 7), turn("y", "", 3),   turn("b2", "B", 5)};
  const auto plan = weir::plan_turns(all, false).value();
  CHECK(chains(plan) == lines{"b0 b1 b2", "x", "a0 a1", "c", "y"});
  CHECK(weir::plan_turns({turn("x", "", 0), turn("c", "C", 1)}, false)->next.empty());
  CHECK(weir::plan_turns({}, false)->begins == 0);
}

TEST_CASE("turns: shares hold whole sessions, and all of them together are the plan", "[load][property]") {
  std::vector<prompt> all;
  for (int s = 0; s < 23; ++s)
    for (int k = 0; k <= s % 4; ++k)
      all.push_back(turn(std::to_string(s) + "." + std::to_string(k), s % 5 == 0 ? "" : std::to_string(s), k));
  weir::run_plan whole;
  whole.turns = weir::plan_turns(all, false).value();
  for (std::size_t i = 0; i < whole.turns.begins; ++i) whole.t_sched_ns.push_back(static_cast<std::int64_t>(i));
  whole.max_concurrency = 10;
  const auto known = chains(whole.turns);
  const auto parts = GENERATE(as<std::size_t>{}, 1, 2, 3, 40);
  lines together(known.size());
  std::size_t concurrency = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto share = whole.share(part, parts);
    const auto some = chains(share.turns);
    REQUIRE(some.size() == share.t_sched_ns.size());
    for (std::size_t k = 0; k < some.size(); ++k) {
      const auto place = static_cast<std::size_t>(share.t_sched_ns[k]);
      CHECK(place == share.first + k * share.step);
      together[place] = some[k];
    }
    concurrency += share.max_concurrency;
    const auto half = share.share(1, 2);  // a thread of this client
    for (std::size_t k = 0; k < half.t_sched_ns.size(); ++k)
      CHECK(static_cast<std::size_t>(half.t_sched_ns[k]) == half.first + k * half.step);
  }
  CHECK(together == known);
  CHECK(concurrency == (parts > 10 ? parts : 10));
}

TEST_CASE("turns: a turn that can't go on from the one before is refused by name", "[load]") {
  const auto refused = [](std::vector<prompt> prompts) {
    const auto plan = weir::plan_turns(std::move(prompts), true);
    REQUIRE_FALSE(plan);
    return plan.error().detail;
  };
  auto alone = message("7", 1, "and?");
  CHECK(refused({alone}) == "prompt 7 continues its session, s, of which no earlier turn is here");
  alone.session.clear();
  CHECK(refused({alone}) == "prompt 7 continues its session, but names none");
  auto ids = turn("8", "s", 2, "[1,2]");
  ids.form = weir::prompt_form::token_ids;
  ids.continues = true;
  CHECK(refused({message("7", 0, "q"), ids}).find("which token ids can't") != std::string::npos);
  auto text = turn("9", "s", 0);
  CHECK(weir::plan_turns({text, message("7", 1, "q")}, true));  // a chat's text is a message
  CHECK_FALSE(weir::plan_turns({text, message("7", 1, "q")}, false));
}

TEST_CASE("turns: what was answered is left out, and the next turn begins with all that was said", "[load]") {
  std::vector<prompt> all{message("0", 0, "one"), message("1", 1, "two"), message("2", 2, "three"), turn("x", "", 0)};
  all[0].t_sched_ns = 5;
  const auto plan = weir::plan_turns(all, true, {{"0", "uno \"!\""}, {"1", "dos"}, {"x", ""}}).value();
  REQUIRE(plan.prompts.size() == 1);
  CHECK(plan.prompts[0].content ==
        R"([{"role":"user","content":"one"},{"role":"assistant","content":"uno \"!\""},)"
        R"({"role":"user","content":"two"},{"role":"assistant","content":"dos"},{"role":"user","content":"three"}])");
  CHECK_FALSE(plan.prompts[0].continues);
  CHECK(plan.prompts[0].t_sched_ns == 5);  // it is its session's first now
  const auto later = weir::plan_turns(all, true, {{"0", "uno"}}).value();
  CHECK(chains(later) == lines{"1 2", "x"});
  // An answer behind a turn that was not answered can't have come from this conversation: it is asked again.
  CHECK(chains(weir::plan_turns(all, true, {{"1", "dos"}}).value()) == lines{"0 1 2", "x"});
}

TEST_CASE("turns: texts that continue stand one behind the other, with nothing between", "[load]") {
  auto next = turn("1", "s", 1, R"("\nTwo: ")");
  next.continues = true;
  const auto plan = weir::plan_turns({turn("0", "s", 0, R"("One: ")"), next}, false, {{"0", "a\tb"}}).value();
  REQUIRE(plan.prompts.size() == 1);
  CHECK(plan.prompts[0].content == R"("One: a\tb\nTwo: ")");
}

TEST_CASE("run_plan: times of the prompts are kept where each that begins has one, and put them in order", "[load]") {
  weir::bench_options o;
  o.prompts = {turn("a", "", 0), turn("b0", "B", 0), turn("b1", "B", 1), turn("c", "", 0)};
  o.prompts[0].t_sched_ns = 30, o.prompts[1].t_sched_ns = 20, o.prompts[3].t_sched_ns = 10;
  auto copy = o;
  const auto plan = weir::plan_run(copy, {}).value();
  CHECK(chains(plan.turns) == lines{"c", "b0 b1", "a"});
  CHECK(plan.t_sched_ns == std::vector<std::int64_t>{10, 20, 30});
  copy = o, copy.duration_ns = 20;
  CHECK(chains(weir::plan_run(copy, {})->turns) == lines{"c", "b0 b1"});
  copy = o, copy.duration_ns = 9;
  CHECK_FALSE(weir::plan_run(copy, {}));
  copy = o, copy.prompts[3].t_sched_ns = weir::unmeasured;
  const auto some = weir::plan_run(copy, {}).value();
  CHECK(some.t_sched_ns.empty());
  CHECK(some.times_missing);
  copy = o, copy.arrivals.rate = 1e9, copy.arrivals.burstiness = INFINITY;
  CHECK(weir::plan_run(copy, {})->t_sched_ns == std::vector<std::int64_t>{1, 2, 3});  // later turns have no arrival
}
