// weir/score/disagreement.hpp - why a rule calls an answer wrong that another calls right. Needs the standard library
// only.
#ifndef WEIR_SCORE_DISAGREEMENT_HPP
#define WEIR_SCORE_DISAGREEMENT_HPP

#include <string>
#include <string_view>

#include "weir/score/numeric.hpp"
#include "weir/score/rules.hpp"

namespace weir::inline v0 {

namespace detail {
inline std::string number_reason(std::string_view predicted, std::string_view gold) {
  const auto read = numeric_gold(predicted), right = numeric_gold(gold);
  if (!read) return "read no number";
  if (right && *read == *right) return "the right value, spelled unlike the gold";
  const auto comma = gold.rfind(',');
  if (comma != gold.npos && predicted == gold.substr(comma + 1)) return "cut at the thousands comma";
  return "read another number";
}
}  // namespace detail

/// One clause: what went wrong for `rule` with what it read. \pre  the rule calls the answer wrong.
[[nodiscard]] inline std::string why_wrong(const score_rule& rule, bool found, std::string_view predicted,
                                           std::string_view gold) {
  if (!found) return "found nothing";
  if (predicted == "[invalid]" || predicted == "NULL") return "found none of its patterns";
  if (rule.gold == gold_form::number) return detail::number_reason(predicted, gold);
  if (!has_form(predicted, gold_form::option)) return "took a capital that is no option";
  return "took another option";
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_DISAGREEMENT_HPP
