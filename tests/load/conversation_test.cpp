#include "weir/load/conversation.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "load/world.hpp"
#include "openai/scripted.hpp"
#include "weir/load/turns.hpp"

using load_tests::ms, load_tests::world;
using weir::outcome, weir::prompt, weir::request_record, weir::unmeasured;

namespace {

/// `sessions` of `turns` turns each: "s0.1" says `ask s0.1`, and goes on from what was said.
std::vector<prompt> dialogues(int sessions, int turns) {
  std::vector<prompt> all;
  for (int k = 0; k < turns; ++k)
    for (int s = 0; s < sessions; ++s) {
      prompt p;
      p.session = "s" + std::to_string(s);
      p.id = p.session + "." + std::to_string(k);
      p.turn = k;
      p.continues = k > 0;
      p.content = "\"ask " + p.id + ";\"";
      all.push_back(p);
    }
  return all;
}

/// One event that says `text`, with the end of the answer.
std::string says(const std::string& text) {
  const std::string body = R"(data: {"choices":[{"index":0,"text":")" + text +
                           R"(","finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}})"
                           "\n\ndata: [DONE]\n\n";
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

/// Answers the last question of the prompt: "re s0.1;" after 5 ms.
scripted::script echo(const scripted::request& r) {
  const auto from = r.body.rfind("ask ") + 4;
  return {scripted::send(says("re " + r.body.substr(from, r.body.find(';', from) - from) + ";"), 5 * ms)};
}

std::map<std::string, request_record> by_id(const world& w) {
  std::map<std::string, request_record> all;
  for (const auto& r : w.records) CHECK(all.emplace(r.id, r).second);
  return all;
}

weir::load_plan plan_of(const weir::turn_plan& turns, std::size_t cap) {
  return {.prompts = turns.prompts, .next = turns.next, .max_concurrency = cap};
}

}  // namespace

TEST_CASE("conversation: a turn leaves when the one before has ended, and holds all that was said", "[load]") {
  world w(1, echo);
  const auto turns = weir::plan_turns(dialogues(6, 3), false).value();
  w.run(plan_of(turns, 3));
  w.finish();
  const auto said = by_id(w);
  REQUIRE(said.size() == 18);
  for (int s = 0; s < 6; ++s)
    for (int k = 0; k < 3; ++k) {
      const std::string session = "s" + std::to_string(s);
      const auto& r = said.at(session + "." + std::to_string(k));
      CHECK(r.status == outcome::ok);
      CHECK(r.session == session);
      CHECK(r.turn == k);
      CHECK(r.turns_not_sent == 0);
      if (k > 0) CHECK(r.t_send_ns >= said.at(session + "." + std::to_string(k - 1)).t_done_ns);
    }
  std::set<std::string> bodies;
  for (const auto& r : w.server[0]->seen) bodies.insert(r.body.substr(0, r.body.find("\",")));
  CHECK(bodies.contains(R"({"prompt":"ask s4.0;re s4.0;ask s4.1;re s4.1;ask s4.2;)"));
  CHECK(w.most_at_once() == 3);
}

TEST_CASE("conversation: turns go before new sessions", "[load]") {
  world w(1, echo);
  const auto turns = weir::plan_turns(dialogues(3, 3), false).value();
  w.run(plan_of(turns, 1));
  w.finish();
  std::string order;
  for (const auto& r : w.records) order += r.id + " ";
  CHECK(order == "s0.0 s0.1 s0.2 s1.0 s1.1 s1.2 s2.0 s2.1 s2.2 ");
}

TEST_CASE("conversation: a turn that fails ends its session, and no other", "[load]") {
  world w(1, [](const scripted::request& r) -> scripted::script {
    if (r.body.find("ask s1.1") != r.body.npos) return {scripted::send("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")};
    return echo(r);
  });
  const auto turns = weir::plan_turns(dialogues(3, 4), false).value();
  w.run(plan_of(turns, 3));
  w.finish();
  const auto said = by_id(w);
  CHECK(said.size() == 4 + 2 + 4);
  CHECK(said.at("s1.1").status == outcome::http);
  CHECK(said.at("s1.1").turns_not_sent == 2);
  CHECK_FALSE(said.contains("s1.2"));
  CHECK(said.contains("s2.3"));
}

TEST_CASE("conversation: the next turn is thought about, and its own time is waited for", "[load]") {
  world w(1, echo);
  auto prompts = dialogues(2, 2);
  for (auto& p : prompts)
    if (p.id == "s0.1") p.think_ns = 60 * ms;
  for (auto& p : prompts)
    if (p.id == "s1.1") p.t_sched_ns = 100 * ms;
  const auto turns = weir::plan_turns(prompts, false).value();
  const auto& run = w.run(plan_of(turns, 2));
  w.finish();
  const auto said = by_id(w);
  CHECK(said.at("s0.1").t_send_ns - said.at("s0.0").t_done_ns >= 60 * ms);
  CHECK(said.at("s1.1").t_send_ns - run.t_start_ns() >= 100 * ms);
  CHECK(said.at("s1.1").t_sched_ns == unmeasured);
}

TEST_CASE("conversation: with a schedule only first turns are due, and later ones need no place in it", "[load]") {
  world w(1, echo);
  const auto turns = weir::plan_turns(dialogues(4, 3), false).value();
  const std::vector<std::int64_t> times{10 * ms, 20 * ms, 30 * ms, 200 * ms};
  auto plan = plan_of(turns, 0);
  plan.t_sched_ns = times;
  const auto& run = w.run(plan);
  w.finish();
  const auto said = by_id(w);
  REQUIRE(said.size() == 12);
  for (std::size_t s = 0; s < 4; ++s)
    CHECK(said.at("s" + std::to_string(s) + ".0").t_sched_ns == run.t_start_ns() + times[s]);
  CHECK(said.at("s0.2").t_sched_ns == unmeasured);
  CHECK(said.at("s0.2").t_send_ns < said.at("s3.0").t_send_ns);
}

TEST_CASE("conversation: no turn that comes due after the end of a schedule is sent", "[load]") {
  world w(1, echo);
  auto prompts = dialogues(2, 2);
  for (auto& p : prompts)
    if (p.session == "s1") p.think_ns = p.turn * 500 * ms;
  const auto turns = weir::plan_turns(prompts, false).value();
  const std::vector<std::int64_t> times{10 * ms, 20 * ms};
  auto plan = plan_of(turns, 0);
  plan.t_sched_ns = times;
  plan.turns_end_ns = 300 * ms;
  w.run(plan);
  w.finish();
  const auto said = by_id(w);
  CHECK(said.size() == 3);
  CHECK(said.contains("s0.1"));
  CHECK(said.at("s1.0").turns_not_sent == 0);  // not for its own fault
}

TEST_CASE("conversation: so many at once, those that think too", "[load]") {
  world w(1, echo);
  auto prompts = dialogues(6, 2);
  for (auto& p : prompts)
    if (p.turn == 1) p.think_ns = 30 * ms;
  const auto turns = weir::plan_turns(prompts, false).value();
  auto plan = plan_of(turns, 0);
  plan.max_sessions = 2;
  w.run(plan);
  w.finish();
  const auto said = by_id(w);
  REQUIRE(said.size() == 12);
  std::map<std::int64_t, int> changes;
  for (int s = 0; s < 6; ++s)
    ++changes[said.at("s" + std::to_string(s) + ".0").t_send_ns],
        --changes[said.at("s" + std::to_string(s) + ".1").t_done_ns];
  int now = 0, most = 0;
  for (const auto& [t, change] : changes) most = std::max(most, now += change);
  CHECK(most == 2);
}

TEST_CASE("conversation: stays with its server, whatever the others have to do", "[load]") {
  world w(3, echo);
  const auto turns = weir::plan_turns(dialogues(10, 4), false).value();
  auto plan = plan_of(turns, 4);
  plan.how = GENERATE(weir::balance::least_busy, weir::balance::round_robin, weir::balance::shard);
  w.run(plan);
  w.finish();
  std::map<std::string, std::set<std::string>> servers;
  std::set<std::string> all;
  for (const auto& r : w.records) servers[r.session].insert(r.instance), all.insert(r.instance);
  CHECK(w.records.size() == 40);
  for (const auto& [session, its] : servers) CHECK(its.size() == 1);
  CHECK(all.size() == 3);
}

TEST_CASE("conversation: begun again it has another name, and draining leaves its later turns", "[load]") {
  world w(1, echo);
  const auto turns = weir::plan_turns(dialogues(2, 2), false).value();
  auto plan = plan_of(turns, 2);
  plan.repeat = true;
  auto& run = w.run(plan);
  const auto end = weir::now_ns() + 5000 * ms;
  while (w.records.size() < 10 && weir::now_ns() < end) w.loop.turn(end).value();
  run.drain();
  w.finish();
  const auto said = by_id(w);
  CHECK(said.at("s0.1#2").session == "s0#2");
  CHECK(said.at("s0.1#2").t_send_ns >= said.at("s0.0#2").t_done_ns);
  for (const auto& r : w.records) CHECK(r.turns_not_sent == 0);
}

TEST_CASE("conversation: draining and stopping end sessions that think", "[load]") {
  world w(1, echo);
  auto prompts = dialogues(2, 2);
  for (auto& p : prompts)
    if (p.turn == 1) p.think_ns = 60'000 * ms;
  const auto turns = weir::plan_turns(prompts, false).value();
  auto& run = w.run(plan_of(turns, 2));
  const auto end = weir::now_ns() + 5000 * ms;
  while (w.records.size() < 2 && weir::now_ns() < end) w.loop.turn(end).value();
  REQUIRE(w.records.size() == 2);
  CHECK_FALSE(run.sending());
  CHECK_FALSE(w.finished);
  const bool drains = GENERATE(true, false);
  drains ? run.drain() : run.stop("enough");
  w.finish();
  CHECK(w.records.size() == 2);
}
