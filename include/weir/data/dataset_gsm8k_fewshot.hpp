// weir/data/dataset_gsm8k_fewshot.hpp - lm-eval's GSM8K prompt, with examples drawn from the training set. Needs
// simdjson, POSIX.
#ifndef WEIR_DATA_DATASET_GSM8K_FEWSHOT_HPP
#define WEIR_DATA_DATASET_GSM8K_FEWSHOT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/python_random.hpp"
#include "weir/data/rows.hpp"

namespace weir::inline v0 {

/// A question with its solution.
struct solved_question {
  std::string question, answer, id, subject;
};

/// Reads {"question":..., "answer":..., ...}. \return  errc::parse naming what is missing.
[[nodiscard]] inline result<solved_question> parse_solved(json_row_reader& rows, std::string_view line) {
  solved_question q;
  const auto read = rows(line, [&](std::string_view name, json_value v) -> result<void> {
    if (name == "question") return read_text(q.question, name, v);
    if (name == "answer") return read_text(q.answer, name, v);
    if (name == "id") return read_text(q.id, name, v);
    if (name == "subject") return read_text(q.subject, name, v);
    return {};
  });
  if (!read) return read.error();
  if (q.question.empty()) return failure{errc::parse, "has no field 'question'"};
  if (q.answer.empty()) return failure{errc::parse, "has no field 'answer'"};
  return q;
}

/// The lines of a file of that form. \return  a failure names file and line.
[[nodiscard]] inline result<std::vector<solved_question>> read_solved(const std::string& path) {
  auto rows = open_rows(path);
  if (!rows) return rows.error();
  std::vector<solved_question> all;
  json_row_reader json;
  for (std::string_view line; rows->next(line);) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    auto q = parse_solved(json, line);
    if (!q) return failure{q.error().code, path + ": line " + std::to_string(rows->line()) + ": " + q.error().detail};
    all.push_back(*std::move(q));
  }
  if (!rows->status()) return rows->status().error();
  return all;
}

/// lm-eval's task gsm8k with its examples: "Question: ...\nAnswer: ...\n\n" of each, then the question. For every
/// question in turn five others are drawn from the training set, by Python's generator from one seed: the prompt of a
/// question depends on its place, so all questions before it must have been read, shards made afterwards.
/// \source  lm-eval 0.4.13, tasks/gsm8k/gsm8k.yaml and api/samplers.py (ContextSampler); seed 1234 is its --seed.
class gsm8k_fewshot_reader {
 public:
  explicit gsm8k_fewshot_reader(std::vector<solved_question> train, std::size_t shots = 5, std::uint32_t seed = 1234)
      : train_(std::move(train)), shots_(shots), random_(seed) {}

  /// \return  errc::invalid_argument where the training set has fewer questions than the prompt shows.
  result<prompt> operator()(std::string_view line) {
    if (train_.size() < shots_)
      return failure{errc::invalid_argument,
                     "the training set has only " + std::to_string(train_.size()) + " questions"};
    auto q = parse_solved(rows_, line);
    if (!q) return q.error();
    std::string text;
    for (const std::size_t i : random_.sample(train_.size(), shots_))
      text.append(asked(train_[i].question)).append(" ").append(train_[i].answer).append("\n\n");
    prompt p;
    p.id = std::move(q->id);
    p.subject = std::move(q->subject);
    p.expected = gold_of(q->answer);
    append_json_string(p.content, text + asked(q->question));
    return p;
  }

 private:
  static std::string asked(std::string_view question) {
    return std::string("Question: ").append(question).append("\nAnswer:");
  }

  std::vector<solved_question> train_;
  std::size_t shots_;
  python_random random_;
  json_row_reader rows_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_GSM8K_FEWSHOT_HPP
