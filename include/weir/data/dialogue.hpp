// weir/data/dialogue.hpp - a prompt that goes on from what was said before. Needs simdjson (for the record).
#ifndef WEIR_DATA_DIALOGUE_HPP
#define WEIR_DATA_DIALOGUE_HPP

#include <string>
#include <string_view>

#include "weir/base/json_write.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// The content of a prompt that holds `so_far`, the answer to it, and `next`: as messages, the answer is the
/// assistant's between the two; as text, the three stand one behind the other with nothing between them.
/// \param so_far, next  contents of prompts of this form: raw JSON. \param answer  plain text.
/// \pre                 the form is not token ids: an answer's are not known.
[[nodiscard]] inline std::string joined_content(prompt_form form, std::string_view so_far, std::string_view answer,
                                                std::string_view next) {
  std::string out(so_far.substr(0, so_far.size() - 1));  // without the bracket, or the quote
  out.reserve(so_far.size() + answer.size() + next.size() + 64);
  if (form == prompt_form::messages) {
    out.append(R"(,{"role":"assistant","content":)");
    append_json_string(out, answer);
    return out.append("},").append(next.substr(1));
  }
  std::string text;
  append_json_string(text, answer);
  return out.append(text, 1, text.size() - 2).append(next.substr(1));
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DIALOGUE_HPP
