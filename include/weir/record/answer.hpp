// weir/record/answer.hpp - the record of one scored answer. Needs the standard library only.
#ifndef WEIR_RECORD_ANSWER_HPP
#define WEIR_RECORD_ANSWER_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// What one rule set read out of an answer, and whether it counts.
struct rule_verdict {
  std::string rule;       ///< "gsm8k_strict"
  std::string predicted;  ///< What the rule found; "[invalid]" or "NULL" where the rule itself says so.
  bool found = false;     ///< False: the rule found nothing, `predicted` is written as null.
  bool correct = false;
};

/// A question, its gold answer, and what each rule set made of the model's text.
struct answer_record {
  std::string id, subject, instance, model;
  std::string expected;
  std::string status;  ///< The request's outcome: an answer that never came is wrong, and says why.
  std::vector<rule_verdict> rules;

  // What weir-eval adds: the text that was judged, and what it took. Absent where unmeasured or empty.
  std::string text = {}, agent = {}, note = {};
  std::int32_t attempt = 1;              ///< 2 where an earlier run had failed at the question.
  std::int64_t requests = unmeasured;    ///< That were sent for it.
  std::int64_t tokens_out = unmeasured;  ///< Of all of them; unmeasured where one is.
  std::int64_t wall_ns = unmeasured;     ///< From the first request's sending to the last one's end.
};

/// Appends `a` as one line of JSON: {"type":"answer","id":…,"predicted":{rule: text},"correct":{rule: bool}}.
inline void append_record(std::string& out, const answer_record& a) {
  json_writer json(out);
  json.begin_object().field("type", "answer").field("id", a.id);
  if (!a.subject.empty()) json.field("subject", a.subject);
  if (!a.instance.empty()) json.field("instance", a.instance);
  if (!a.model.empty()) json.field("model", a.model);
  json.field("expected", a.expected).field("status", a.status);
  json.key("predicted").begin_object();
  for (const auto& r : a.rules) r.found ? json.field(r.rule, r.predicted) : json.field(r.rule, nullptr);
  json.end_object().key("correct").begin_object();
  for (const auto& r : a.rules) json.field(r.rule, r.correct);
  json.end_object();
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) json.field(name, value);
  };
  const auto count = [&](std::string_view name, std::int64_t value) {
    if (value != unmeasured) json.field(name, value);
  };
  text("agent", a.agent);
  text("text", a.text);
  text("note", a.note);
  if (a.attempt > 1) json.field("attempt", a.attempt);
  count("requests", a.requests);
  count("tokens_out", a.tokens_out);
  count("wall_ns", a.wall_ns);
  json.end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_ANSWER_HPP
