// weir/data/prompts.hpp - the prompt record: one question, ready to be sent. Needs simdjson.
#ifndef WEIR_DATA_PROMPTS_HPP
#define WEIR_DATA_PROMPTS_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_copy.hpp"
#include "weir/data/json_row.hpp"

namespace weir::inline v0 {

/// Which field of a request's body a prompt's content is the value of.
enum class prompt_form : unsigned char {
  text,       ///< `prompt`, a string.
  messages,   ///< `messages`, an array of objects with `role` and `content`.
  token_ids,  ///< `prompt`, an array of integers; `prompt_token_ids` in a prompt record.
};

/// One prompt, and what a scorer and a scheduler want to know of it.
struct prompt {
  std::string id;  ///< Global: survives splitting and merging. Empty where the line gave none.
  prompt_form form = prompt_form::text;
  std::string content;                        ///< Raw JSON value, checked: a string, messages, or an array of integers.
  std::int64_t max_tokens = unmeasured;       ///< >= 1, or `unmeasured`: the sender's default holds.
  std::int64_t tokens_in_asked = unmeasured;  ///< Its length as it was wanted; the server's count may be another.
  std::int64_t t_sched_ns = unmeasured;  ///< Intended arrival, ns after the run's start; `unmeasured`: no schedule.
  std::string expected, subject, session, model;  ///< Empty where not known.
  std::int64_t turn = 0;                          ///< Place in its session, from 0.
  /// Goes on from the turn before: what was said there and what the server answered stand before this content.
  bool continues = false;
  std::int64_t think_ns = unmeasured;  ///< From the end of the turn before until this is sent; `unmeasured`: at once.
};

/// Appends `p` as one line of JSON with its newline: {"type":"prompt","id":"7","prompt":"...","max_tokens":20}.
inline void append_record(std::string& out, const prompt& p) {
  constexpr std::string_view names[] = {"prompt", "messages", "prompt_token_ids"};
  json_writer json(out);
  const auto text = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) json.field(name, value);
  };
  json.begin_object().field("type", "prompt").field("id", p.id);
  json.key(names[static_cast<unsigned char>(p.form)]).raw(p.content);
  if (p.max_tokens != unmeasured) json.field("max_tokens", p.max_tokens);
  if (p.tokens_in_asked != unmeasured && p.form != prompt_form::token_ids)
    json.field("tokens_in_asked", p.tokens_in_asked);  // ids speak for themselves
  if (p.t_sched_ns != unmeasured) json.field("t_sched_ns", p.t_sched_ns);
  text("expected", p.expected);
  text("subject", p.subject);
  text("session", p.session);
  if (p.turn != 0) json.field("turn", p.turn);
  if (p.continues) json.field("continues", true);
  if (p.think_ns != unmeasured) json.field("think_ns", p.think_ns);
  text("model", p.model);
  json.end_object();
  out.push_back('\n');
}

/// The gold answer in a data set's `answer` field: what follows the last "#### " (GSM8K), else all of it.
[[nodiscard]] inline std::string_view gold_of(std::string_view answer) noexcept {
  const auto mark = answer.rfind("#### ");
  return mark == answer.npos ? answer : answer.substr(mark + 5);
}

/// Reads prompts line by line; keeps its buffers from line to line.
///
///     weir::prompt_reader read;
///     weir::result<weir::prompt> p = read(line);
class prompt_reader {
 public:
  /// Reads a prompt record, or any object with `prompt`, `messages`, `prompt_token_ids` or `question`.
  ///
  /// `question` is the prompt where none of the three others is there; `answer` (its part after "#### ") stands for
  /// `expected` where that is not there. Unknown fields are ignored; `id` and `expected` may be numbers.
  /// \return  errc::not_found for a record of another type (to be skipped or passed on), errc::parse for anything that
  ///          is not a prompt; the sentence names the field. The line number is the caller's to add.
  result<prompt> operator()(std::string_view line) {
    prompt p;
    source_ = nullptr;
    question_.clear(), answer_.clear(), type_.clear();
    const auto read = rows_(line, [&](std::string_view name, json_value v) { return take(p, name, v); });
    if (!read) return read.error();
    return finish(std::move(p));
  }

 private:
  result<void> take(prompt& p, std::string_view name, json_value v) {
    if (name == "prompt") return take_content(p, "prompt", prompt_form::text, v);
    if (name == "messages") return take_content(p, "messages", prompt_form::messages, v);
    if (name == "prompt_token_ids") return take_content(p, "prompt_token_ids", prompt_form::token_ids, v);
    if (name == "question") return read_text(question_, name, v);
    if (name == "answer") return read_text(answer_, name, v);
    if (name == "type") return read_text(type_, name, v);
    if (name == "id") return read_text(p.id, name, v);
    if (name == "expected") return read_text(p.expected, name, v);
    if (name == "subject") return read_text(p.subject, name, v);
    if (name == "session") return read_text(p.session, name, v);
    if (name == "model") return read_text(p.model, name, v);
    if (name == "max_tokens") return read_count(p.max_tokens, name, v, 1);
    if (name == "tokens_in_asked") return read_count(p.tokens_in_asked, name, v, 1);
    if (name == "t_sched_ns") return read_count(p.t_sched_ns, name, v, 0);
    if (name == "turn") return read_count(p.turn, name, v, 0);
    if (name == "think_ns") return read_count(p.think_ns, name, v, 0);
    if (name == "continues")
      return v.get_bool().get(p.continues) ? field_failure(name, "true or false") : result<void>{};
    return {};
  }

  result<void> take_content(prompt& p, const char* name, prompt_form form, json_value v) {
    if (source_) return failure{errc::parse, std::string("has both '") + source_ + "' and '" + name + "'"};
    source_ = name;
    p.form = form;
    json_writer json(p.content);
    if (const auto error = append_json(json, v)) return json_failure(error);
    if (form == prompt_form::text) return p.content[0] == '"' ? result<void>{} : field_failure(name, "a string");
    if (form == prompt_form::messages)
      return p.content.starts_with("[{") ? result<void>{} : field_failure(name, "an array of message objects");
    const bool integers = p.content[0] == '[' && p.content.size() > 2 &&
                          p.content.find_first_not_of("0123456789,", 1) == p.content.size() - 1;
    return integers ? result<void>{} : field_failure(name, "an array of token ids (integers from 0)");
  }

  result<prompt> finish(prompt p) {
    if (!type_.empty() && type_ != "prompt")
      return failure{errc::not_found, "a record of type '" + type_ + "', not a prompt"};
    if (!source_ && question_.empty())
      return failure{errc::parse, "has none of the fields prompt, messages, prompt_token_ids and question"};
    if (!source_) append_json_string(p.content, question_);
    if (p.expected.empty()) p.expected = gold_of(answer_);
    if (p.form == prompt_form::token_ids) p.tokens_in_asked = 1 + std::ranges::count(p.content, ',');
    return p;
  }

  json_row_reader rows_;
  const char* source_ = nullptr;          // the field that `content` came from
  std::string question_, answer_, type_;  // of the line being read
};

/// Reads one line: see prompt_reader, which is faster for many.
[[nodiscard]] inline result<prompt> parse_prompt(std::string_view line) {
  return prompt_reader{}(line);
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_PROMPTS_HPP
