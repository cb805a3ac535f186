// Agents decide from replies alone: here the replies are made up.
#include "weir/eval/agents.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

weir::prompt question(weir::prompt_form form = weir::prompt_form::text) {
  weir::prompt p;
  p.id = "q";
  p.form = form;
  p.content = form == weir::prompt_form::text ? R"("How many?")" : R"([{"role":"user","content":"How many?"}])";
  return p;
}
weir::agent_reply said(std::string text) {
  return {{std::move(text)}, true, {}};
}
weir::agent_reply failed() {
  return {{}, false, "timeout: too late"};
}

struct played {
  std::vector<std::size_t> rounds;  // requests a round
  std::vector<weir::agent_ask> asks;
  weir::agent_answer answer;
};
/// Lets an agent run against replies that come in this order.
played play(std::string_view name, std::int32_t runs, const std::vector<weir::agent_reply>& script,
            const weir::prompt& q = question()) {
  weir::agent_options options;
  options.runs = runs;
  const auto kind = weir::find_agent(name).value();
  const auto run = kind.start(q, options);
  std::vector<weir::agent_reply> replies;
  played p;
  for (;;) {
    const auto asks = run->next(replies);
    if (asks.empty()) break;
    p.rounds.push_back(asks.size());
    for (const auto& ask : asks) {
      p.asks.push_back(ask);
      REQUIRE(replies.size() < script.size());
      replies.push_back(script[replies.size()]);
    }
  }
  p.answer = run->answer(replies);
  return p;
}
using sizes = std::vector<std::size_t>;

}  // namespace

TEST_CASE("vote: it is decided as soon as the rest can neither change the winner nor make a tie", "[eval]") {
  const auto needed = [](const std::vector<std::string>& votes, std::size_t left) {
    weir::vote_count count;
    for (const auto& v : votes) count.add(v);
    return count.votes_needed(left);
  };
  CHECK(needed({}, 5) == 3);
  CHECK(needed({}, 4) == 3);  // 2 of 4 may be a tie
  CHECK(needed({}, 1) == 1);
  CHECK(needed({"a", "a", "a"}, 2) == 0);
  CHECK(needed({"a", "a", "b"}, 2) == 1);
  CHECK(needed({"a", "b", "c"}, 2) == 2);
  CHECK(needed({"a", "a"}, 2) == 1);
  CHECK(needed({"a", "b"}, 0) == 0);
  CHECK(needed({"", ""}, 3) == 2);  // no vote is no vote
}

TEST_CASE("vote: votes_needed is the least number after which some continuation is decided", "[eval][property]") {
  // By brute force: all sequences of up to 4 votes of 3 answers, with up to 4 to come.
  const std::string letters = "abc";
  for (int code = 0; code < 81; ++code)
    for (std::size_t left = 0; left <= 4; ++left) {
      weir::vote_count count;
      std::array<std::size_t, 3> votes{};
      int rest = code;
      for (int i = 0; i < 4; ++i, rest /= 3) {
        count.add(letters.substr(static_cast<std::size_t>(rest % 3), 1));
        ++votes[static_cast<std::size_t>(rest % 3)];
      }
      // Decided: the first answer in votes stays alone in front whatever the others do.
      const auto decided = [](std::array<std::size_t, 3> v, std::size_t more) {
        std::sort(v.begin(), v.end());
        return v[2] > v[1] + more;
      };
      std::size_t least = left;
      for (std::size_t m = 0; m < left; ++m)
        for (std::size_t who = 0; who < 3; ++who) {
          auto then = votes;
          then[who] += m;
          if (decided(then, left - m)) least = std::min(least, m);
        }
      CAPTURE(code, left);
      CHECK(count.votes_needed(left) == least);
    }
}

TEST_CASE("vote: of a tie the first given wins, and it is said", "[eval]") {
  weir::vote_count count;
  for (const auto* v : {"15", "12", "12", "15", "9"}) count.add(v);
  CHECK(count.winner() == "15");
  CHECK(count.tie() == "15 and 12, 2 votes each");
  count.add("12");
  CHECK(count.winner() == "12");
  CHECK(count.tie().empty());
}

TEST_CASE("standard: one request, its text or its failure", "[eval]") {
  const auto good = play("standard", 1, {said("4")});
  CHECK(good.rounds == sizes{1});
  CHECK(good.answer.text == "4");
  CHECK(good.answer.ok);
  const auto bad = play("standard", 1, {failed()});
  CHECK_FALSE(bad.answer.ok);
  CHECK(bad.answer.note == "timeout: too late");
}

TEST_CASE("majority_vote: stops when the vote is decided, goes on where it is not", "[eval]") {
  CHECK(play("majority_vote", 5, {said("a"), said("a"), said("a")}).rounds == sizes{3});
  const auto split = play("majority_vote", 5, {said("a"), said("b"), said("a"), said("a")});
  CHECK(split.rounds == sizes{3, 1});
  CHECK(split.answer.text == "a");
  const auto tie = play("majority_vote", 4, {said("a"), said("b"), said("b"), said("a")});
  CHECK(tie.answer.text == "a");
  CHECK(tie.answer.note == "tie: a and b, 2 votes each; the first given is taken");
  const auto hurt = play("majority_vote", 3, {failed(), said("b"), failed()});
  CHECK(hurt.answer.text == "b");
  CHECK(hurt.answer.ok);
  CHECK_FALSE(play("majority_vote", 3, {failed(), failed(), failed()}).answer.ok);
  CHECK(play("majority_vote", 1, {said("x")}).rounds == sizes{1});
}

TEST_CASE("self_consistency: one request of n samples", "[eval]") {
  const auto p = play("self_consistency", 3, {{{"a", "b", "b"}, true, {}}});
  CHECK(p.rounds == sizes{1});
  CHECK(p.asks[0].choices == 3);
  CHECK(p.answer.text == "b");
}

TEST_CASE("self_refine: ends where the answer stands, after its rounds, or with the last good one", "[eval]") {
  CHECK(play("self_refine", 3, {said("4"), said("4")}).rounds == sizes{1, 1});
  const auto changed = play("self_refine", 2, {said("4"), said("5"), said("6")});
  CHECK(changed.rounds == sizes{1, 1, 1});
  CHECK(changed.answer.text == "6");
  CHECK(play("self_refine", 2, {said("4"), failed()}).answer.text == "4");
  CHECK_FALSE(play("self_refine", 2, {failed()}).answer.ok);
}

TEST_CASE("solver_checker: solves again only where the check does not pass", "[eval]") {
  const auto passes = play("solver_checker", 3, {said("4"), said("All is CORRECT")});
  CHECK(passes.rounds == sizes{1, 1});
  CHECK(passes.answer.text == "4");
  const auto again = play("solver_checker", 3, {said("4"), said("INCORRECT"), said("5"), said("CORRECT")});
  CHECK(again.answer.text == "5");
  CHECK(again.answer.note.empty());
  CHECK(again.asks[2].what.content.find("A check of this solution says:\\nINCORRECT") != std::string::npos);
  const auto never = play("solver_checker", 2, {said("4"), said("INCORRECT"), said("5"), said("INCORRECT")});
  CHECK(never.answer.text == "5");
  CHECK(never.answer.note == "the last check did not pass");
  CHECK(play("solver_checker", 2, {said("4"), failed()}).answer.text == "4");
  CHECK(play("solver_checker", 2, {said("4"), said("INCORRECT"), failed()}).answer.text == "4");
  CHECK_FALSE(play("solver_checker", 2, {failed()}).answer.ok);
}

TEST_CASE("debate: one round where all agree, two where they do not", "[eval]") {
  CHECK(play("debate", 3, {said("a"), said("a"), said("a")}).rounds == sizes{3});
  const auto two = play("debate", 3, {said("a"), said("b"), said("c"), said("c"), said("c"), said("a")});
  CHECK(two.rounds == sizes{3, 3});
  CHECK(two.answer.text == "c");
  CHECK(two.asks[3].what.content.find("---\\nb\\n---\\nc\\n") !=
        std::string::npos);  // the others' answers, not its own
  const auto lost = play("debate", 2, {said("a"), said("b"), failed(), failed()});
  CHECK(lost.answer.text == "a");
  CHECK(lost.answer.note == "tie: a and b, 1 vote each; the first given is taken");
}

TEST_CASE("conversation: a chat goes on as messages, a string as text", "[eval]") {
  CHECK(weir::continued(question(weir::prompt_form::messages), "4 \"x\"", "Sure?").content ==
        R"([{"role":"user","content":"How many?"},{"role":"assistant","content":"4 \"x\""},)"
        R"({"role":"user","content":"Sure?"}])");
  CHECK(weir::continued(question(), "4", "Sure?").content == R"("How many?\n\n4\n\nSure?\n\n")");
}

TEST_CASE("find_agent: an unknown name is told all there are", "[eval]") {
  CHECK(weir::find_agent("oracle").error().detail.find("standard, majority_vote, self_consistency") !=
        std::string::npos);
}
