#include "weir/score/gsm8k.hpp"

#include <simdjson.h>

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
  const auto right = [&](std::string_view rule_name, auto&& answer_of) {
    const auto& rule = *weir::find_rule(rule_name);
    int correct = 0;
    for (const auto& [solution, gold] : set) {
      std::string predicted;
      correct += rule.extract(answer_of(solution, gold), predicted) && rule.correct(predicted, gold);
    }
    return correct;
  };
  const auto solution = [](const std::string& text, const std::string&) { return text; };
  CHECK(right("gsm8k_opencompass", solution) == 1305);  // 0.9894: 14 golds have a thousands comma
  CHECK(right("gsm8k_strict", solution) == 1319);
  CHECK(right("gsm8k_flexible", solution) == 1319);
  CHECK(right("numeric", solution) == 1319);
  const auto sentence = [](const std::string&, const std::string& gold) { return "The answer is " + gold + "."; };
  CHECK(right("gsm8k_strict", sentence) == 0);
  CHECK(right("gsm8k_cot_strict", sentence) == 1319);
  CHECK(right("numeric", sentence) == 1319);
  const auto cents = [](const std::string&, const std::string& gold) { return gold + ".00"; };
  CHECK(right("gsm8k_strict", cents) == 0);
  CHECK(right("gsm8k_flexible", cents) == 0);
  CHECK(right("numeric", cents) == 1319);
}
