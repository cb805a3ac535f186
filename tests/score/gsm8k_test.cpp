#include "weir/score/gsm8k.hpp"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/data/dataset.hpp"
#include "weir/data/dataset_gsm8k.hpp"
#include "weir/score/rules.hpp"

TEST_CASE("gsm8k: the rules read what the harnesses' own functions read", "[score]") {
  simdjson::dom::parser parser;
  const simdjson::dom::array rows =
      parser.load(WEIR_SOURCE_DIR "/tests/fixtures/golden/gsm8k_extract.json").get_array().value();
  REQUIRE(rows.size() >= 16);
  for (const simdjson::dom::element row : rows) {
    const std::string_view text = row["text"].get_string().value();
    CAPTURE(text);
    CHECK(weir::gsm8k_opencompass(text) == row["opencompass"].get_string().value());
    CHECK(weir::gsm8k_strict(text) == row["strict"].get_string().value());
    CHECK(weir::gsm8k_flexible(text) == row["flexible"].get_string().value());
  }
}

TEST_CASE("gsm8k: the chain-of-thought rule gives a character back to its last dot", "[score]") {
  CHECK(weir::gsm8k_cot_strict("So. The answer is 18.") == "18");
  CHECK(weir::gsm8k_cot_strict("The answer is 18") == "1");  // re: `.` must match something
  CHECK(weir::gsm8k_cot_strict("The answer is 1,234.50\n") == "1,234.5");
  CHECK(weir::gsm8k_cot_strict("The answer is 5\nThe answer is 7 or so") == "7");
  CHECK(weir::gsm8k_cot_strict("The answer is -5") == "[invalid]");
  CHECK(weir::gsm8k_cot_strict("The answer is $5.") == "[invalid]");
  CHECK(weir::gsm8k_cot_strict("The answer is 18\xE3\x80\x82") == "18");
}

TEST_CASE("gsm8k: equality is what each harness calls equal", "[score]") {
  struct row {
    std::string_view predicted, gold;
    bool opencompass, lm_eval;
  };
  for (const auto& [predicted, gold, opencompass, lm_eval] : {
           row{"18", "18", true, true}, row{"18.0", "18", true, false}, row{"18.00000001", "18", true, false},
           row{"18.000002", "18", false, false}, row{"1,250", "1,250", false, true}, row{"1250", "1,250", true, true},
           row{"1250.", "1,250", true, true}, row{"$1250", "1,250", false, true},
           row{"\xEF\xBC\x92\xEF\xBC\x95", "25", true, false},               // fullwidth 25: Python's float() reads it
           row{"2.5", "2.5", true, true}, row{"2.50", "2.5", false, false},  // int("2.5") raises
           row{"-0", "0", true, false}, row{"25", " 2_5\n", true, false},    // int() allows both
           row{"25", "2__5", false, false}, row{"NULL", "0", false, false}, row{"[invalid]", "0", false, false},
           row{"18.", "18", true, true}, row{"18..", "18", false, false},  // one dot is deleted, not all
       }) {
    CAPTURE(predicted, gold);
    CHECK(weir::opencompass_equal(predicted, gold) == opencompass);
    CHECK(weir::lm_eval_equal(predicted, gold) == lm_eval);
  }
  CHECK(weir::lm_eval_equal("18", "9 + 9 = 18\n#### 18"));
  CHECK_FALSE(weir::opencompass_equal(std::string(400, '9'), "1"));  // float() is inf
  CHECK(weir::opencompass_equal("0." + std::string(400, '0') + "1", "0"));
}

TEST_CASE("gsm8k: on GSM8K itself the rules disagree as much as is known", "[score]") {
  auto rows = weir::open_rows(WEIR_SOURCE_DIR "/../shared/data/sets/gsm8k_test.jsonl");
  if (!rows) {
    WARN("skipped: there is no ../shared/data/sets/gsm8k_test.jsonl");
    return;
  }
  std::vector<std::pair<std::string, std::string>> set;  // the reference solution, the gold
  weir::json_row_reader read;
  for (std::string_view line; rows->next(line);) {
    std::string answer;
    read(line, [&](std::string_view name, weir::json_value v) -> weir::result<void> {
      if (name == "answer") return weir::read_text(answer, name, v);
      return {};
    }).value();
    set.emplace_back(answer, weir::gold_of(answer));
  }
  REQUIRE(set.size() == 1319);
  struct row {
    std::string_view rule;
    int solution, sentence, cents;  // how many are right of what each question is answered with
  };
  // 0.9894 is 1305: 14 golds have a thousands comma, of which OpenCompass reads what follows it.
  for (const auto& [name, solution, sentence, cents] :
       {row{"gsm8k_opencompass", 1305, 1305, 1305}, row{"gsm8k_strict", 1319, 0, 0},
        row{"gsm8k_flexible", 1319, 1319, 0}, row{"gsm8k_cot_strict", 0, 1319, 0}, row{"numeric", 1319, 1319, 1319}}) {
    CAPTURE(name);
    const auto& rule = *weir::find_rule(name);
    const auto right = [&](auto&& answer_of) {
      return std::count_if(set.begin(), set.end(), [&](const auto& question) {
        std::string predicted;
        return rule.extract(answer_of(question), predicted) && rule.correct(predicted, question.second);
      });
    };
    CHECK(right([](const auto& q) { return q.first; }) == solution);
    CHECK(right([](const auto& q) { return "The answer is " + q.second + "."; }) == sentence);
    CHECK(right([](const auto& q) { return q.second + ".00"; }) == cents);
  }
}
