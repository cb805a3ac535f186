#include "weir/openai/mock_answers.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "weir/openai/mock_key.hpp"

namespace {

using weir::mock_question;

weir::mock_answers key_of(std::vector<mock_question> questions, double accuracy = 1, std::uint64_t seed = 0) {
  return {std::move(questions), accuracy, seed};
}
std::string found(const weir::mock_answers& key, std::string_view prompt) {
  const auto* q = key.find(prompt);
  return q ? q->id : "none";
}

/// The last question in `prompt` by trying all of them: slow, and certain.
std::string found_slowly(const std::vector<mock_question>& questions, std::string_view prompt) {
  std::string id = "none";
  std::size_t best_end = 0, best_size = 0;
  for (const auto& q : questions) {
    const auto at = prompt.rfind(q.text);
    if (at == prompt.npos) continue;
    const std::size_t end = at + q.text.size();
    if (end > best_end || (end == best_end && q.text.size() > best_size))
      id = q.id, best_end = end, best_size = q.text.size();
  }
  return id;
}

const weir::mock_words words;

}  // namespace

TEST_CASE("mock answers: the last question of the key counts, examples before it do not", "[mock]") {
  const auto key = key_of({{"a", "What is the sum of three and four apples?", "7", {}},
                           {"b", "How far does the second train travel in an hour?", "60", {}},
                           {"c", "2+2=?", "4", {}},
                           {"d", "12+2=?", "14", {}}});
  CHECK(found(key, "What is the sum of three and four apples?") == "a");
  CHECK(found(key,
              "Question: What is the sum of three and four apples?\nAnswer: 7\n\n"
              "Question: How far does the second train travel in an hour?\nAnswer:") == "b");
  CHECK(found(key,
              "Question: How far does the second train travel in an hour?\nAnswer: 60\n\n"
              "Question: What is the sum of three and four apples?\nLet's think step by step") == "a");
  CHECK(found(key, "2+2=?") == "c");
  CHECK(found(key, "12+2=?") == "d");  // two end there: the longer one is meant
  CHECK(found(key, "12+2=? 2+2=?") == "c");
  CHECK(found(key, "What is the sum of three and four pears?") == "none");
  CHECK(found(key, "") == "none");
}

TEST_CASE("mock answers: the index finds what trying every question finds", "[mock][property]") {
  weir::random_stream random(11);
  const auto text = [&](std::uint64_t length) {  // few letters, so that questions lie within one another
    std::string out;
    while (out.size() < length) out.push_back(static_cast<char>('a' + random.below(2)));
    return out;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<mock_question> questions;
    for (int i = 0; i < 12; ++i) questions.push_back({std::to_string(i), text(1 + random.below(45)), "1", {}});
    // Of two equal questions either may be named: keep one.
    std::sort(questions.begin(), questions.end(), [](auto& a, auto& b) { return a.text < b.text; });
    questions.erase(std::unique(questions.begin(), questions.end(), [](auto& a, auto& b) { return a.text == b.text; }),
                    questions.end());
    const auto key = key_of(questions);
    std::string prompt = text(random.below(60));
    if (random.below(2) == 0) prompt += questions[random.below(questions.size())].text + text(random.below(5));
    REQUIRE(found(key, prompt) == found_slowly(questions, prompt));
  }
}

TEST_CASE("mock answers: a choice that is a question itself is not the question asked", "[mock]") {
  const auto key = key_of({{"theory", "Whose theory is it?", "A", {"Keynes", "Friedman", "Marx", "Smith"}},
                           {"keynes", "Keynes", "B", {"an economist", "a fish", "a river", "a town"}},
                           {"twin-1", "Which of these is a prime number?", "C", {"4", "6", "7", "8"}},
                           {"twin-2", "Which of these is a prime number?", "A", {"11", "12", "14", "15"}},
                           {"twin-3", "Which of these is a prime number?", "A", {"11", "12", "14", "155"}}});
  CHECK(found(key, "Whose theory is it?\nA. Keynes\nB. Friedman\nC. Marx\nD. Smith\nAnswer:") == "theory");
  CHECK(found(key, "Keynes\nA. an economist\nB. a fish\nC. a river\nD. a town") == "keynes");
  CHECK(found(key, "Which of these is a prime number?\nA. 4\nB. 6\nC. 7\nD. 8") == "twin-1");
  CHECK(found(key, "Which of these is a prime number?\nA. 11\nB. 12\nC. 14\nD. 15") == "twin-2");
  CHECK(found(key, "Which of these is a prime number?\nA. 11\nB. 12\nC. 14\nD. 155") == "twin-3");
  CHECK(found(key, "Whose theory is it? Explain freely.") == "theory");  // asked without its choices
}

TEST_CASE("mock answers: right or wrong depends on seed, question and choice alone, and the share is as asked",
          "[mock]") {
  std::vector<mock_question> questions;
  for (int i = 0; i < 4000; ++i)
    questions.push_back(
        {std::to_string(i), "Question number " + std::to_string(i) + " of many?", std::to_string(i), {}});
  const auto key = key_of(questions, 0.8, 5);
  // Another file: a quarter of the questions, in another order, under other ids.
  std::vector<mock_question> shard;
  for (std::size_t i = questions.size(); i-- > 0;)
    if (i % 4 == 1) shard.push_back({"s" + std::to_string(i), questions[i].text, questions[i].expected, {}});
  const auto part = key_of(shard, 0.8, 5);
  const auto other_seed = key_of(questions, 0.8, 6);
  int right = 0, differ = 0, second_right = 0, both = 0;
  for (const auto& q : questions) {
    const auto a = key.answer(*key.find(q.text), 0, 40, words);
    right += a.correct;
    CHECK(a.correct == (a.value == q.expected));
    differ += a.correct != other_seed.answer(*other_seed.find(q.text), 0, 40, words).correct;
    const bool second = key.answer(*key.find(q.text), 1, 40, words).correct;
    second_right += second;
    both += second && a.correct;
    if (const auto* same = part.find(q.text)) {
      CHECK(part.answer(*same, 0, 40, words).text == a.text);
    }
  }
  // Four standard deviations of a binomial: 4 sqrt(4000 * 0.8 * 0.2) is 101.
  CHECK(std::abs(right - 3200) < 102);
  CHECK(std::abs(second_right - 3200) < 102);
  CHECK(std::abs(both - 2560) < 122);    // independent: 0.64 of 4000
  CHECK(std::abs(differ - 1280) < 120);  // 2 * 0.8 * 0.2 of 4000
  for (std::size_t i = 0; i < 300; ++i) {
    const auto& q = questions[i];
    CHECK(key_of({q}, 1).answer(q, 0, 40, words).correct);
    CHECK_FALSE(key_of({q}, 0).answer(q, 0, 40, words).correct);
  }
}

TEST_CASE("mock answers: a wrong answer is of the same kind and never right", "[mock]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto wrong = [&](const std::string& expected, std::vector<std::string> choices = {}) {
      const mock_question q{"q", "Question " + std::to_string(seed) + "?", expected, std::move(choices)};
      return key_of({q}, 0, seed).answer(q, 0, 0, words).value;
    };
    const std::string number = wrong("18");
    CHECK(number != "18");
    CHECK(number.find_first_not_of("0123456789") == number.npos);
    CHECK(std::stol(wrong("70,000")) > 70'000);
    CHECK(wrong("3.5").ends_with(".5"));
    CHECK(std::stod(wrong("3.5")) > 3.5);
    CHECK(std::stol(wrong("-5")) != -5);
    CHECK(wrong("123456789012345678901234567890") == "1123456789012345678901234567890");
    const std::string letter = wrong("B", {"w", "x", "y", "z"});
    CHECK((letter == "A" || letter == "C" || letter == "D"));
    CHECK(std::string("ABC").find(wrong("D", {"w", "x", "y", "z"})) != std::string::npos);
    CHECK(wrong("A", {"yes", "no"}) == "B");
    CHECK(wrong("Paris") == "none");
  }
}

TEST_CASE("mock answers: numbers end as every GSM8K rule reads them, letters as every choice rule does", "[mock]") {
  const auto say = [](const std::string& expected, std::int64_t tokens) {
    const mock_question q{"q", "A question?", expected, {}};
    return key_of({q}).answer(q, 0, tokens, words).text;
  };
  CHECK(say("18", 0) == "The answer is 18.\n#### 18");
  CHECK(say("1,234", 0) == "The answer is 1234.\n#### 1234");
  CHECK(say("$5", 0) == "The answer is 5.\n#### 5");
  CHECK(say("C", 0) == "answer:C");
  for (const std::string expected : {"18", "C"}) {
    const std::string text = say(expected, 60);
    CHECK(weir::count_tokens(text) == 60);
    CHECK(text.ends_with(say(expected, 0)));
    // No digit and no capital before the answer: the first and the last of them are the answer's.
    const std::string_view before(text.data(), text.size() - say(expected, 0).size());
    CHECK(
        std::none_of(before.begin(), before.end(), [](unsigned char c) { return std::isdigit(c) || std::isupper(c); }));
  }
}

TEST_CASE("mock answers: every question of GSM8K and MMLU is found behind eight worked examples", "[mock]") {
  for (const std::string file : {"gsm8k_test.jsonl", "mmlu.jsonl"}) {
    const std::string path = WEIR_SOURCE_DIR "/../shared/data/sets/" + file;
    if (!std::filesystem::exists(path)) {
      WARN("skipped: " << file << " is not at hand");
      continue;
    }
    const auto questions = weir::read_mock_key(path).value();
    const auto key = key_of(questions);
    std::string before;
    for (std::size_t i = 0; i < 8; ++i) before += "Question: " + questions[i].text + "\nAnswer: B\n\n";
    std::size_t found_itself = 0;
    for (const auto& asked : questions) {
      std::string prompt = before + "Question: " + asked.text;
      char letter = 'A';
      for (const auto& choice : asked.choices) prompt.append("\n").append(1, letter++).append(". ").append(choice);
      const auto* q = key.find(prompt + "\nAnswer:");
      found_itself += q && q->text == asked.text && q->choices == asked.choices;
    }
    CHECK(found_itself == questions.size());
  }
}
