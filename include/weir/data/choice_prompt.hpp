// weir/data/choice_prompt.hpp - a multiple-choice question put into a harness's template. Needs simdjson.
#ifndef WEIR_DATA_CHOICE_PROMPT_HPP
#define WEIR_DATA_CHOICE_PROMPT_HPP

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// A row of a file: the names of its columns and its fields, in the order of the file.
using row_fields = std::vector<std::pair<std::string, std::string>>;

/// The field called `name`, or nullptr.
[[nodiscard]] inline const std::string* find_field(const row_fields& row, std::string_view name) noexcept {
  for (const auto& [key, value] : row)
    if (key == name) return &value;
  return nullptr;
}

/// Puts `with` in the place of each `what` in `text`. \pre  `what` is not empty.
[[nodiscard]] inline std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

/// Puts each field in the place of its `{name}`, one name after the other in the order of the columns. So a question
/// that holds `{A}` itself gets the text of choice A, as it does in the harnesses; agreement means copying that.
/// \source  safe_format of AISBench 3.1 and OpenCompass 0.5 (utils/prompt.py).
[[nodiscard]] inline std::string fill_template(std::string text, const row_fields& row) {
  for (const auto& [name, value] : row) text = replaced(std::move(text), "{" + name + "}", value);
  return text;
}

/// One way of asking: `lead` once, then the worked examples, then the question. `%S` in a template is the subject.
struct choice_prompt {
  std::string_view name;
  prompt_form form;
  std::string_view lead;          ///< As string: stands before the examples. As messages: empty.
  std::string_view question;      ///< The template of the question.
  std::string_view example = {};  ///< The template of a worked example, up to and with its answer (as string).
  std::string_view reply = {};    ///< As messages: the template of what the model is shown to have answered.
  int shots = 0;
  std::string_view answer = "answer";  ///< The column with the gold, which is left empty in the question.
};

/// The content of a prompt record: raw JSON.
/// \param shots  worked examples, at least `way.shots`.
[[nodiscard]] inline std::string choice_content(const choice_prompt& way, std::string_view subject,
                                                std::span<const row_fields> shots, row_fields question) {
  const auto in_subject = [&](std::string_view part) { return replaced(std::string(part), "%S", subject); };
  const auto examples = shots.first(static_cast<std::size_t>(way.shots));
  for (auto& [name, value] : question)
    if (name == way.answer) value.clear();
  std::string content;
  json_writer json(content);
  if (way.form == prompt_form::text) {
    std::string text = in_subject(way.lead);
    for (const auto& shot : examples) text.append(fill_template(in_subject(way.example), shot)).append("\n");
    json.value(fill_template(text + in_subject(way.question), question));  // the examples are filled once more, too
    return content;
  }
  const auto message = [&](std::string_view role, const std::string& text) {
    json.begin_object().field("role", role).field("content", fill_template(text, question)).end_object();
  };
  json.begin_array();
  for (const auto& shot : examples) {
    message("user", fill_template(in_subject(way.question), shot));
    message("assistant", fill_template(in_subject(way.reply), shot));
  }
  message("user", in_subject(way.question));
  json.end_array();
  return content;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_CHOICE_PROMPT_HPP
