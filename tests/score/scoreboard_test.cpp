#include "weir/score/scoreboard.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/data/rows.hpp"
#include "weir/record/request.hpp"

namespace {

using memory_rows = weir::basic_row_reader<weir::line_scanner, weir::memory_source>;

weir::scoreboard all_rules() {
  return weir::scoreboard({weir::score_rules.begin(), weir::score_rules.end()});
}

weir::prediction said(std::string id, std::string text, std::string gold = "7") {
  weir::prediction p;
  p.id = std::move(id), p.text = std::move(text), p.expected = std::move(gold);
  return p;
}

bool right(const weir::scored_question& q, std::string_view rule, const weir::scoreboard& board) {
  for (std::size_t i = 0; i < board.rules().size(); ++i)
    if (board.rules()[i].name == rule) return q.outcomes[i].correct;
  throw std::runtime_error("no such rule");
}

std::vector<weir::prediction> read(std::string_view bytes) {
  memory_rows rows{weir::memory_source(bytes)};
  std::vector<weir::prediction> out;
  weir::prediction_reader().read(rows, "f", [&](const weir::prediction& p) { out.push_back(p); }).value();
  return out;
}

std::string why(std::string_view bytes) {
  memory_rows rows{weir::memory_source(bytes)};
  const auto seen = weir::prediction_reader().read(rows, "f", [](const weir::prediction&) {});
  return seen ? "read" : seen.error().detail;
}

}  // namespace

TEST_CASE("scoreboard: the last success counts, whatever failed before or after it", "[score]") {
  auto board = all_rules();
  const auto failed = [](weir::prediction p, int attempt) {
    p.status = "timeout", p.attempt = attempt;
    return p;
  };
  const auto tried = [](weir::prediction p, int attempt) {
    p.attempt = attempt;
    return p;
  };
  REQUIRE(board.add(failed(said("a", ""), 1)));
  REQUIRE(board.add(tried(said("a", "#### 7"), 2)));
  REQUIRE(board.add(failed(said("a", ""), 3)));
  REQUIRE(board.add(tried(said("b", "#### 7"), 2)));
  REQUIRE(board.add(tried(said("b", "#### 1"), 1)));  // an earlier attempt that stands later in the file
  REQUIRE(board.add(failed(said("c", "#### 7"), 1)));
  REQUIRE(board.questions().size() == 3);
  const auto& [a, b, c] = std::tie(board.questions()[0], board.questions()[1], board.questions()[2]);
  CHECK(a.answered());
  CHECK(right(a, "gsm8k_strict", board));
  CHECK_FALSE(a.repeated());
  CHECK(right(b, "gsm8k_strict", board));
  CHECK_FALSE(c.answered());
  CHECK(c.status == "timeout");
  CHECK_FALSE(right(c, "gsm8k_strict", board));  // a text that came with a failure is no answer
  const auto all = weir::rule_shares(board, [](const auto&) { return ""; });
  for (std::size_t i = 0; i < board.rules().size(); ++i)
    CHECK(all.at("")[i].total == (board.rules()[i].gold == weir::gold_form::number ? 3 : 0));
}

TEST_CASE("scoreboard: an id that comes again is named, and one with another gold is refused", "[score]") {
  auto board = all_rules();
  REQUIRE(board.add(said("1", "#### 1")));
  REQUIRE(board.add(said("1", "#### 7")));
  CHECK(board.questions().at(0).repeated());
  CHECK(right(board.questions()[0], "gsm8k_strict", board));
  const auto clash = board.add(said("1", "#### 8", "8"));
  REQUIRE_FALSE(clash);
  CHECK(clash.error().detail.find("two golds, '7' and '8'") != std::string::npos);
}

TEST_CASE("scoreboard: a gold that a rule can't be judged by is not counted by it", "[score]") {
  auto board = all_rules();
  REQUIRE(board.add(said("1", "#### 7")));
  REQUIRE(board.add(said("2", "answer", "answer")));
  REQUIRE(board.add(said("3", "7", "")));
  CHECK(board.questions()[0].judged());
  CHECK_FALSE(board.questions()[1].judged());
  CHECK_FALSE(board.questions()[2].judged());
  CHECK(weir::to_record(board.questions()[1], board.rules()).rules.empty());
  for (std::size_t i = 0; i < board.rules().size(); ++i)
    CHECK(weir::rule_shares(board, [](const auto&) { return ""; }).at("")[i].total ==
          (board.rules()[i].gold == weir::gold_form::number ? 1 : 0));
}

TEST_CASE("scoreboard: shares by group add up to those of all questions", "[score][property]") {
  auto board = all_rules();
  for (int i = 0; i < 60; ++i) {
    auto p = said(std::to_string(i), i % 3 == 0 ? "#### 7" : i % 3 == 1 ? "The answer is 7." : "8");
    p.subject = "s" + std::to_string(i % 7);
    REQUIRE(board.add(p));
  }
  const auto groups = weir::rule_shares(board, [](const auto& q) { return q.subject; });
  const auto all = weir::rule_shares(board, [](const auto&) { return ""; }).at("");
  CHECK(groups.size() == 7);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::uint64_t correct = 0, total = 0;
    for (const auto& [name, shares] : groups) correct += shares[i].correct, total += shares[i].total;
    CHECK(correct == all[i].correct);
    CHECK(total == all[i].total);
  }
  CHECK(board.questions()[0].disputed());        // only the chain-of-thought rule finds nothing in "#### 7"
  CHECK_FALSE(board.questions()[2].disputed());  // all agree that 8 is wrong
}

TEST_CASE("prediction: request records, AISBench's lines and plain lines read alike", "[score]") {
  weir::request_record request;
  request.id = "q1", request.expected = "7", request.subject = "s", request.instance = "i", request.model = "m";
  request.choices.resize(2);
  request.choices[0].text = "first";
  request.choices[1].index = 1, request.choices[1].text = "second";
  std::string bytes;
  weir::append_record(bytes, request);
  request.status = weir::outcome::http, request.attempt = 2, request.choices.clear();
  weir::append_record(bytes, request);
  bytes +=
      "{\"type\":\"run\",\"tool\":\"t\"}\n{\"type\":\"news\",\"id\":\"5\"}\n\n"
      "{\"success\":true,\"uuid\":\"u\",\"origin_prompt\":[{\"role\":\"HUMAN\"}],\"prediction\":\"p\","
      "\"gold\":\"1+1=<<1+1=2>>2\\n#### 2\",\"id\":4}\n"
      "{\"success\":false,\"prediction\":\"\",\"gold\":\"#### 3\",\"id\":5}\n"
      "{\"text\":\"t\",\"expected\":3,\"id\":\"6\"}";
  const auto all = read(bytes);
  REQUIRE(all.size() == 5);
  CHECK(all[0].text == "first");
  CHECK(all[0].expected == "7");
  CHECK(all[0].subject + all[0].instance + all[0].model == "sim");
  CHECK(all[1].status == "http");
  CHECK(all[1].attempt == 2);
  CHECK(all[1].text.empty());
  CHECK(all[2].id == "4");
  CHECK(all[2].text == "p");
  CHECK(all[2].expected == "2");
  CHECK(all[3].status == "failed");
  CHECK(all[4].expected == "3");
  CHECK(all[4].status == "ok");
}

TEST_CASE("prediction: what is no prediction is named by file and line", "[score]") {
  CHECK(why("{\"id\":1,\"text\":\"a\"}\n{\"id\":2}\n") == "f:2: has neither 'text' nor 'prediction'");
  CHECK(why("{\"text\":\"a\"}\n") == "f:1: has no 'id'");
  CHECK(why("{\"id\":1,\"text\":[\"a\"]}\n").starts_with("f:1: field 'text' is not"));
  CHECK(why("{\"id\":1,\"text\":\"a\",\"success\":\"no\"}\n").starts_with("f:1: field 'success' is not"));
  CHECK(why("\n{\"id\":1,\"text\n{}\n").starts_with("f:2: not JSON"));
  CHECK(why("{\"id\":1,\"text\":\"a\"}\n{\"id\":2,\"te") == "read");  // cut off by whoever was writing it
}
