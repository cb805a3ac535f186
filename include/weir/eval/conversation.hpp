// weir/eval/conversation.hpp - prompts that go on from what was said before. Needs simdjson.
#ifndef WEIR_EVAL_CONVERSATION_HPP
#define WEIR_EVAL_CONVERSATION_HPP

#include <string>
#include <string_view>

#include "weir/base/json_write.hpp"
#include "weir/data/dialogue.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// `question` with the model's answer and a next message of the user behind it. As messages, that is a conversation; a
/// string prompt gets both as text, each after a blank line.
/// \pre  the question is no list of token ids.
[[nodiscard]] inline prompt continued(const prompt& question, std::string_view answer, std::string_view next) {
  prompt p = question;
  std::string more;
  if (question.form == prompt_form::messages) {
    json_writer json(more);
    json.begin_array().begin_object().field("role", "user").field("content", next).end_object().end_array();
    p.content = joined_content(question.form, question.content, answer, more);
  } else {
    append_json_string(more, std::string(next).append("\n\n"));
    p.content =
        joined_content(question.form, question.content, std::string("\n\n").append(answer).append("\n\n"), more);
  }
  return p;
}

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_CONVERSATION_HPP
