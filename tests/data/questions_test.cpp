// The project's own questions (examples/data/questions.jsonl) have the answers that they say they have.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"

namespace {

struct worked_question {
  std::string question, answer;
  [[nodiscard]] std::string gold() const { return answer.substr(answer.rfind("#### ") + 5); }
};

std::vector<worked_question> questions() {
  auto rows = weir::open_rows(WEIR_SOURCE_DIR "/examples/data/questions.jsonl").value();
  weir::json_row_reader read;
  std::vector<worked_question> out;
  for (std::string_view line; rows.next(line);) {
    worked_question q;
    read(line, [&](std::string_view name, weir::json_value v) -> weir::result<void> {
      if (name == "question") return weir::read_text(q.question, name, v);
      if (name == "answer") return weir::read_text(q.answer, name, v);
      return weir::failure{weir::errc::parse, "another field: " + std::string(name)};
    }).value();
    out.push_back(q);
  }
  if (!rows.status()) throw std::runtime_error(rows.status().error().detail);
  return out;
}

/// Evaluates + - * / and brackets over decimal numbers, left to right as usual.
class calculator {
 public:
  explicit calculator(std::string_view text) : text_(text) {}
  double value() {
    const double v = sum();
    if (!text_.empty()) throw std::runtime_error("left over: " + std::string(text_));
    return v;
  }

 private:
  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  double sum() {
    double v = product();
    for (;;)
      if (take('+'))
        v += product();
      else if (take('-'))
        v -= product();
      else
        return v;
  }
  double product() {
    double v = factor();
    for (;;)
      if (take('*'))
        v *= factor();
      else if (take('/'))
        v /= factor();
      else
        return v;
  }
  double factor() {
    if (take('(')) {
      const double v = sum();
      if (!take(')')) throw std::runtime_error("no closing bracket");
      return v;
    }
    double v = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), v);
    if (error != std::errc{}) throw std::runtime_error("no number: " + std::string(text_));
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return v;
  }
  std::string_view text_;
};

std::string without_commas(std::string text) {
  std::erase(text, ',');
  return text;
}

}  // namespace

TEST_CASE("questions: every step computes to what it says, and the last step is the answer", "[data]") {
  for (const auto& [question, answer] : questions()) {
    CAPTURE(question);
    std::string last;
    for (std::size_t at = answer.find("<<"); at != answer.npos; at = answer.find("<<", at + 1)) {
      const std::size_t equals = answer.find('=', at), end = answer.find(">>", at);
      REQUIRE(equals < end);
      const std::string expression = answer.substr(at + 2, equals - at - 2);
      last = answer.substr(equals + 1, end - equals - 1);
      CAPTURE(expression);
      CHECK(std::abs(calculator(expression).value() - calculator(last).value()) < 1e-9);
      CHECK(answer.substr(0, at).ends_with(expression + "="));  // the step stands in the text as well
      const std::size_t after = answer.find_first_not_of("0123456789.,", end + 2);
      std::string shown = answer.substr(end + 2, after - end - 2);
      while (shown.ends_with('.') || shown.ends_with(',')) shown.pop_back();  // the sentence's own
      CHECK(without_commas(shown) == last);
    }
    const std::string gold = answer.substr(answer.rfind("#### ") + 5);
    CHECK(without_commas(gold) == last);
    CHECK(gold.find_first_not_of("0123456789.,") == gold.npos);
    CHECK(answer.find("#### ") == answer.rfind("#### "));
  }
}

TEST_CASE("questions: no question is another one, or a part of it", "[data]") {
  const auto all = questions();
  CHECK(all.size() >= 100);
  for (const auto& a : all)
    CHECK(std::count_if(all.begin(), all.end(),
                        [&](const auto& b) { return b.question.find(a.question) != std::string::npos; }) == 1);
}

TEST_CASE("questions: golds are such that the rule sets can disagree about them", "[data]") {
  const auto all = questions();
  const auto with = [&](char mark) {
    return std::count_if(all.begin(), all.end(),
                         [&](const auto& q) { return q.gold().find(mark) != std::string::npos; });
  };
  CHECK(with(',') >= 10);  // "1,250"
  CHECK(with('.') >= 5);
}
