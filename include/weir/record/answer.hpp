// weir/record/answer.hpp - the record of one scored answer. Needs the standard library only.
#ifndef WEIR_RECORD_ANSWER_HPP
#define WEIR_RECORD_ANSWER_HPP

#include <string>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"

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
  json.end_object().end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_ANSWER_HPP
