// tools/score_paired.hpp - `weir-score --paired`: two sets of answers to the same questions, as tables.
#ifndef WEIR_TOOLS_SCORE_PAIRED_HPP
#define WEIR_TOOLS_SCORE_PAIRED_HPP

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "score_tables.hpp"
#include "weir/report/natural_order.hpp"
#include "weir/report/table.hpp"
#include "weir/score/paired.hpp"

namespace weir::tool {

/// One row a rule: both accuracies over the questions that both sets have, their difference with its interval, what was
/// lost and won, and how likely chance alone is.
inline table paired_table(const score_pairing& pairing, const std::vector<score_rule>& rules) {
  table t{"",
          {{"rule", "", side::left},
           {"of"},
           {"base"},
           {"other"},
           {"difference"},
           {"from"},
           {"to"},
           {"lost"},
           {"won"},
           {"McNemar p"}}};
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto all = paired_by(pairing, i, [](const auto&) { return ""; });
    if (all.empty()) continue;
    const paired_counts& c = all.at("");
    const auto interval = paired_interval(c);
    t.rows.push_back({cell::text(std::string(rules[i].name)), cell::count(c.total()), cell::number(c.base_share(), 4),
                      cell::number(c.other_share(), 4), cell::number(c.difference(), 4), cell::number(interval.low, 4),
                      cell::number(interval.high, 4), cell::count(c.lost), cell::count(c.won),
                      cell::number(mcnemar_exact(c.lost, c.won), 4)});
  }
  return t;
}

/// One row a group and rule: what changed in it.
template <class GroupOf>
table paired_group_table(const score_pairing& pairing, const std::vector<score_rule>& rules, const std::string& name,
                         GroupOf&& group_of) {
  table t{"",
          {{name, "", side::left},
           {"rule", "", side::left},
           {"of"},
           {"base"},
           {"other"},
           {"difference"},
           {"lost"},
           {"won"}}};
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (const auto& [group, c] : paired_by(pairing, i, group_of))
      t.rows.push_back({cell::text(group.empty() ? "(none)" : group), cell::text(std::string(rules[i].name)),
                        cell::count(c.total()), cell::number(c.base_share(), 4), cell::number(c.other_share(), 4),
                        cell::number(c.difference(), 4), cell::count(c.lost), cell::count(c.won)});
  std::ranges::stable_sort(t.rows, natural_less, [](const auto& row) { return row[0].shown(); });
  return t;
}

/// One row a question that a rule calls right in one set only.
inline table flip_table(const score_pairing& pairing, const std::vector<score_rule>& rules) {
  table t{"",
          {{"question", "", side::left},
           {"expected"},
           {"rule", "", side::left},
           {"base"},
           {"other"},
           {"", "", side::left}}};
  const auto said = [](const scored_question& q, const rule_outcome& o) {
    return cell::text(!q.answered() ? q.status : o.found ? o.predicted : "nothing");
  };
  for (const auto& [base, other] : pairing.pairs)
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto &a = base->outcomes[i], &b = other->outcomes[i];
      if (!a.applies || a.correct == b.correct) continue;
      t.rows.push_back({cell::text(base->id), cell::text(base->expected), cell::text(std::string(rules[i].name)),
                        said(*base, a), said(*other, b), cell::text(a.correct ? "lost" : "won")});
    }
  std::ranges::stable_sort(t.rows, natural_less, [](const auto& row) { return row[0].shown(); });
  t.title = std::to_string(t.rows.size()) + " flips";
  return t;
}

/// Ids that stand in one set only: no figure above holds them.
inline std::vector<std::string> pairing_notes(const score_pairing& pairing) {
  std::vector<std::string> notes;
  const auto add = [&](const std::vector<std::string>& ids, const std::string& where) {
    if (!ids.empty())
      notes.push_back(std::to_string(ids.size()) + " only in the " + where + ", in no figure: " + listed(ids));
  };
  add(pairing.only_base, "base");
  add(pairing.only_other, "other set");
  return notes;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SCORE_PAIRED_HPP
