// weir/report/answer_group.hpp - what is counted of a group of answers. Needs weir/record only.
#ifndef WEIR_REPORT_ANSWER_GROUP_HPP
#define WEIR_REPORT_ANSWER_GROUP_HPP

#include <cstdint>
#include <map>
#include <string>

#include "weir/record/answer.hpp"

namespace weir::inline v0 {

/// What one rule set made of a group's answers.
struct rule_counts {
  std::uint64_t answers = 0;  ///< Judged by the rule.
  std::uint64_t found = 0;    ///< In which the rule found something.
  std::uint64_t correct = 0;
};

struct answer_group {
  std::uint64_t questions = 0;
  std::uint64_t unanswered = 0;  ///< Whose request failed: they count as wrong.
  std::map<std::string, rule_counts, std::less<>> rules;

  void add(const answer_record& a) {
    ++questions;
    unanswered += a.status != "ok" && !a.status.empty();
    for (const auto& verdict : a.rules) {
      auto rule = rules.find(verdict.rule);
      if (rule == rules.end()) rule = rules.emplace(verdict.rule, rule_counts{}).first;
      ++rule->second.answers;
      rule->second.found += verdict.found;
      rule->second.correct += verdict.correct;
    }
  }

  void merge(const answer_group& other) {
    questions += other.questions, unanswered += other.unanswered;
    for (const auto& [name, counts] : other.rules) {
      auto& rule = rules[name];
      rule.answers += counts.answers, rule.found += counts.found, rule.correct += counts.correct;
    }
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_ANSWER_GROUP_HPP
