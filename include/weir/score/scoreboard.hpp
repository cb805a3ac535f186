// weir/score/scoreboard.hpp - every question with its best attempt, judged by every rule. Needs weir/record.
#ifndef WEIR_SCORE_SCOREBOARD_HPP
#define WEIR_SCORE_SCOREBOARD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/record/answer.hpp"
#include "weir/score/prediction.hpp"
#include "weir/score/rules.hpp"

namespace weir::inline v0 {

/// What one rule made of one question.
struct rule_outcome {
  bool applies = false;  ///< The gold is of the form that the rule is made for.
  bool found = false;
  bool correct = false;
  std::string predicted;
};

/// A question and the attempt at it that counts.
struct scored_question {
  std::string id, subject, instance, model, expected;
  std::string status;                  ///< "ok", or why there is no answer.
  std::int32_t attempt = 0;            ///< The one that counts.
  std::vector<std::int32_t> attempts;  ///< All that were seen, in the order of the files.
  std::vector<rule_outcome> outcomes;  ///< One a rule, in the order of scoreboard::rules().

  [[nodiscard]] bool answered() const { return status == "ok"; }
  [[nodiscard]] bool judged() const {
    return std::ranges::any_of(outcomes, [](const auto& o) { return o.applies; });
  }
  /// Whether the rules that apply differ about it.
  [[nodiscard]] bool disputed() const {
    const auto differs = [&](bool correct) {
      return std::ranges::any_of(outcomes, [&](const auto& o) { return o.applies && o.correct == correct; });
    };
    return differs(true) && differs(false);
  }
  [[nodiscard]] bool repeated() const {
    auto sorted = attempts;
    std::ranges::sort(sorted);
    return std::ranges::adjacent_find(sorted) != sorted.end();
  }
};

/// Collects predictions by question. Of several attempts the last that succeeded counts; a question none of whose
/// attempts succeeded is wrong by every rule that applies to it.
class scoreboard {
 public:
  explicit scoreboard(std::vector<score_rule> rules) : rules_(std::move(rules)) {}

  /// \return  errc::invalid_argument where the id was seen with another gold: those are two questions, and no sum over
  ///          them means anything.
  result<void> add(const prediction& p) {
    const auto [place, is_new] = by_id_.try_emplace(p.id, questions_.size());
    if (is_new) questions_.emplace_back();
    scored_question& q = questions_[place->second];
    if (!is_new && q.expected != p.expected)
      return failure{errc::invalid_argument, "question '" + p.id + "' has two golds, '" + q.expected + "' and '" +
                                                 p.expected + "': ids must be global (make prompts before you split)"};
    const bool better = p.status == "ok" ? !q.answered() || p.attempt >= q.attempt : !q.answered();
    q.attempts.push_back(p.attempt);
    if (is_new || better) judge(q, p);
    return {};
  }

  [[nodiscard]] const std::vector<score_rule>& rules() const noexcept { return rules_; }
  [[nodiscard]] const std::vector<scored_question>& questions() const noexcept { return questions_; }

 private:
  void judge(scored_question& q, const prediction& p) {
    q.id = p.id, q.subject = p.subject, q.instance = p.instance, q.model = p.model;
    q.expected = p.expected, q.status = p.status, q.attempt = p.attempt;
    q.outcomes.resize(rules_.size());
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      rule_outcome& o = q.outcomes[i];
      o.applies = has_form(p.expected, rules_[i].gold);
      o.found = o.applies && q.answered() && rules_[i].extract(p.text, o.predicted);
      o.correct = o.found && rules_[i].correct(o.predicted, p.expected);
    }
  }

  std::vector<score_rule> rules_;
  std::vector<scored_question> questions_;  // in the order of their first attempts
  std::unordered_map<std::string, std::size_t> by_id_;
};

/// The answer record of a question: the rules that apply to it.
[[nodiscard]] inline answer_record to_record(const scored_question& q, const std::vector<score_rule>& rules) {
  answer_record a{q.id, q.subject, q.instance, q.model, q.expected, q.status, {}};
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (const auto& o = q.outcomes[i]; o.applies)
      a.rules.push_back({std::string(rules[i].name), o.found ? o.predicted : std::string(), o.found, o.correct});
  return a;
}

/// How many of the questions that a rule applies to it calls right.
struct rule_share {
  std::uint64_t correct = 0, total = 0;

  void add(const rule_outcome& o) { total += o.applies, correct += o.correct; }
  [[nodiscard]] double share() const {
    return total == 0 ? std::numeric_limits<double>::quiet_NaN()
                      : static_cast<double>(correct) / static_cast<double>(total);
  }
};

/// The shares of all questions by group (of `group_of(question)`), one a rule each. Add the counts, or read shares of
/// all from one group: a mean of groups' shares weighs their questions differently.
template <class GroupOf>
[[nodiscard]] std::map<std::string, std::vector<rule_share>> rule_shares(const scoreboard& board, GroupOf&& group_of) {
  std::map<std::string, std::vector<rule_share>> groups;
  for (const auto& q : board.questions()) {
    auto& shares = groups.try_emplace(std::string(group_of(q)), board.rules().size()).first->second;
    for (std::size_t i = 0; i < shares.size(); ++i) shares[i].add(q.outcomes[i]);
  }
  return groups;
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_SCOREBOARD_HPP
