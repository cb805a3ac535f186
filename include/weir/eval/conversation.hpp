// weir/eval/conversation.hpp - prompts that go on from what was said before. Needs simdjson.
#ifndef WEIR_EVAL_CONVERSATION_HPP
#define WEIR_EVAL_CONVERSATION_HPP

#include <string>
#include <string_view>

#include "weir/base/json_write.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// `question` with the model's answer and a next message of the user behind it. As messages, that is a conversation; a
/// string prompt gets both as text, each after a blank line.
/// \pre  the question is no list of token ids.
[[nodiscard]] inline prompt continued(const prompt& question, std::string_view answer, std::string_view next) {
  prompt p = question;
  if (question.form == prompt_form::messages) {
    p.content.pop_back();  // the bracket
    p.content.push_back(',');
    json_writer json(p.content);
    json.begin_object().field("role", "assistant").field("content", answer).end_object();
    json.begin_object().field("role", "user").field("content", next).end_object();
    p.content.push_back(']');
    return p;
  }
  std::string more;
  append_json_string(more, std::string("\n\n").append(answer).append("\n\n").append(next).append("\n\n"));
  p.content.pop_back();  // the quote
  p.content.append(more, 1);
  return p;
}

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_CONVERSATION_HPP
