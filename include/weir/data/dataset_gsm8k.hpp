// weir/data/dataset_gsm8k.hpp - GSM8K questions as the harnesses put them to a model. Needs simdjson.
#ifndef WEIR_DATA_DATASET_GSM8K_HPP
#define WEIR_DATA_DATASET_GSM8K_HPP

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/dataset_gsm8k_shots.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// One way of asking: the question stands between `before` and `after`, the worked examples (asked the same way) stand
/// in front of it.
struct gsm8k_prompt {
  std::string_view name;
  prompt_form form;
  std::string_view before, after;
  bool four_shots = false;
};

/// \source  AISBench 3.1 for the first five, named after its gsm8k_gen_NAME configurations; lm-eval 0.4.13's tasks
///          gsm8k (with num_fewshot 0) and gsm8k_cot_zeroshot for the next two.
inline constexpr std::array<gsm8k_prompt, 8> gsm8k_prompts{{
    {"0-shot-cot-chat", prompt_form::messages,
     "Answer the following question.The last line of the response should follow this format: \"answer:$ANSWER\" "
     "(without quotes), where ANSWER is a number. Let's think step by step.\n\nQuestion: ",
     ""},
    {"0-shot-noncot-chat", prompt_form::messages,
     "Answer the following question.The last line of the response should follow this format: \"answer:$ANSWER\" "
     "(without quotes), where ANSWER is a number.\n\nQuestion: ",
     ""},
    {"4-shot-cot-chat", prompt_form::messages, "Question: ", "\nLet's think step by step\nAnswer:", true},
    {"0-shot-cot-str", prompt_form::text, "Question: ", "\nLet's think step by step\nAnswer:"},
    {"4-shot-cot-str", prompt_form::text, "Question: ", "\nLet's think step by step\nAnswer:\n", true},
    {"lm-eval-0-shot", prompt_form::text, "Question: ", "\nAnswer:"},
    {"lm-eval-cot-0-shot", prompt_form::text, "Q: ", "\nA: Let's think step by step."},
    {"plain", prompt_form::text, "", ""},
}};

/// The way of that name. \return  errc::not_found.
[[nodiscard]] inline result<gsm8k_prompt> find_gsm8k_prompt(std::string_view name) {
  for (const auto& way : gsm8k_prompts)
    if (way.name == name) return way;
  return failure{errc::not_found, "there is no GSM8K prompt named '" + std::string(name) + "'"};
}

/// The content of a prompt record: the question put that way, as raw JSON.
[[nodiscard]] inline std::string gsm8k_content(const gsm8k_prompt& way, std::string_view question) {
  std::string content;
  json_writer json(content);
  const auto asked = [&](std::string_view q) { return std::string(way.before).append(q).append(way.after); };
  if (way.form == prompt_form::text) {
    std::string text;
    if (way.four_shots)
      for (const auto& shot : gsm8k_shots) text.append(asked(shot.question)).append(shot.solution).append("\n\n");
    json.value(text + asked(question));
    return content;
  }
  const auto message = [&](std::string_view role, std::string_view text) {
    json.begin_object().field("role", role).field("content", text).end_object();
  };
  json.begin_array();
  if (way.four_shots)
    for (const auto& shot : gsm8k_shots) {
      message("user", asked(shot.question));
      message("assistant", std::string(shot.in_chat.empty() ? shot.solution : shot.in_chat).append("\n"));
    }
  message("user", asked(question));
  json.end_array();
  return content;
}

/// Reads GSM8K's own lines, {"question": ..., "answer": "... #### N"}, into prompts.
class gsm8k_reader {
 public:
  explicit gsm8k_reader(gsm8k_prompt way) : way_(way) {}

  /// `expected` is what follows "#### ", thousands commas and all; `id` and `subject` are kept where the line has them.
  /// \return  errc::parse naming what is missing.
  result<prompt> operator()(std::string_view line) {
    prompt p;
    std::string question, answer;
    const auto read = rows_(line, [&](std::string_view name, json_value v) -> result<void> {
      if (name == "question") return read_text(question, name, v);
      if (name == "answer") return read_text(answer, name, v);
      if (name == "id") return read_text(p.id, name, v);
      if (name == "subject") return read_text(p.subject, name, v);
      return {};
    });
    if (!read) return read.error();
    if (question.empty()) return failure{errc::parse, "has no field 'question'"};
    if (answer.find("#### ") == answer.npos) return failure{errc::parse, "field 'answer' has no '#### ' with the gold"};
    p.expected = gold_of(answer);
    p.form = way_.form;
    p.content = gsm8k_content(way_, question);
    return p;
  }

 private:
  gsm8k_prompt way_;
  json_row_reader rows_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_GSM8K_HPP
