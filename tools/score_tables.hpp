// tools/score_tables.hpp - what weir-score prints: a scoreboard as tables and as sentences.
#ifndef WEIR_TOOLS_SCORE_TABLES_HPP
#define WEIR_TOOLS_SCORE_TABLES_HPP

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "weir/data/ceval_subjects.hpp"
#include "weir/report/natural_order.hpp"
#include "weir/report/table.hpp"
#include "weir/score/disagreement.hpp"
#include "weir/score/scoreboard.hpp"
#include "weir/stats/wilson.hpp"

namespace weir::tool {

/// One row a rule: its share of right answers, with the interval, over all questions that it applies to.
inline table accuracy_table(const scoreboard& board) {
  table t{"", {{"rule", "", side::left}, {"accuracy"}, {"from"}, {"to"}, {"right"}, {"of"}, {"as in", "", side::left}}};
  const auto all = rule_shares(board, [](const auto&) { return ""; });
  for (std::size_t i = 0; i < board.rules().size(); ++i) {
    const rule_share& s = all.at("")[i];
    if (s.total == 0) continue;
    const auto interval = wilson_interval(s.correct, s.total);
    const score_rule& rule = board.rules()[i];
    t.rows.push_back({cell::text(std::string(rule.name)), cell::number(interval.share, 4),
                      cell::number(interval.low, 4), cell::number(interval.high, 4), cell::count(s.correct),
                      cell::count(s.total), cell::text(std::string(rule.source))});
  }
  return t;
}

/// One row a group: its questions and each rule's accuracy; then the plain mean of the groups, and all questions.
template <class GroupOf>
table group_table(const scoreboard& board, const std::string& name, GroupOf&& group_of) {
  table t{"", {{name, "", side::left}, {"questions"}}};
  const auto groups = rule_shares(board, group_of), all = rule_shares(board, [](const auto&) { return ""; });
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < board.rules().size(); ++i)
    if (all.at("")[i].total > 0) shown.push_back(i), t.columns.push_back({std::string(board.rules()[i].name)});

  const auto accuracy = [](double share) {
    return std::isnan(share) ? cell::missing("no question with a gold for this rule") : cell::number(share, 4);
  };
  std::vector<double> sums(board.rules().size());
  for (const auto& [group, shares] : groups) {
    const auto in_group = [&](const auto& q) { return group_of(q) == group; };
    auto& row = t.rows.emplace_back();
    row = {cell::text(group.empty() ? "(none)" : group),
           cell::count(std::ranges::count_if(board.questions(), in_group))};
    for (const auto i : shown) row.push_back(accuracy(shares[i].share())), sums[i] += shares[i].share();
  }
  std::ranges::sort(t.rows, natural_less, [](const auto& row) { return row[0].shown(); });
  auto& mean = t.rows.emplace_back();
  mean = {cell::text("mean of " + std::to_string(groups.size())), cell::count(groups.size())};
  for (const auto i : shown) mean.push_back(accuracy(sums[i] / static_cast<double>(groups.size())));
  auto& total = t.rows.emplace_back();
  total = {cell::text("all questions"), cell::count(board.questions().size())};
  for (const auto i : shown) total.push_back(accuracy(all.at("")[i].share()));
  return t;
}

/// "strict: found none of its patterns; opencompass: cut at the thousands comma"
inline std::string dispute_reasons(const scoreboard& board, const scored_question& q) {
  std::string out;
  for (std::size_t i = 0; i < q.outcomes.size(); ++i) {
    const auto& o = q.outcomes[i];
    if (!o.applies || o.correct) continue;
    const auto& rule = board.rules()[i];
    out.append(out.empty() ? "" : "; ").append(rule.name).append(": ");
    out.append(why_wrong(rule, o.found, o.predicted, q.expected));
  }
  return out;
}

/// CEval's own groups: the mean of their subjects' accuracies (what AISBench prints as ceval-stem and so on) and the
/// share of all their questions (its -weighted), a pair of columns a rule.
inline table ceval_group_table(const scoreboard& board) {
  table t{"", {{"group", "", side::left}, {"subjects"}, {"questions"}}};
  const auto subjects = rule_shares(board, [](const auto& q) { return q.subject; });
  std::vector<std::size_t> shown;
  const auto all = rule_shares(board, [](const auto&) { return ""; });
  for (std::size_t i = 0; i < board.rules().size(); ++i)
    if (all.at("")[i].total > 0) {
      shown.push_back(i);
      t.columns.push_back({std::string(board.rules()[i].name) + " mean"});
      t.columns.push_back({"weighted"});
    }
  const auto add = [&](const std::string& name, const auto& belongs) {
    std::vector<double> sums(board.rules().size());
    std::vector<rule_share> total(board.rules().size());
    std::uint64_t count = 0;
    for (const auto& [subject, shares] : subjects) {
      const auto* const known = find_ceval_subject(subject);
      if (!known || !belongs(*known)) continue;
      ++count;
      for (const auto i : shown)
        sums[i] += shares[i].share(), total[i].correct += shares[i].correct, total[i].total += shares[i].total;
    }
    if (count == 0) return;
    auto& row = t.rows.emplace_back();
    row = {cell::text(name), cell::count(count), cell::count(total[shown.front()].total)};
    for (const auto i : shown) {
      row.push_back(cell::number(sums[i] / static_cast<double>(count), 4));
      row.push_back(cell::number(total[i].share(), 4));
    }
  };
  for (const char* group : {"stem", "social-science", "humanities", "other"})
    add(std::string("ceval-") + group, [&](const ceval_subject& s) { return s.group == group; });
  add("ceval-hard", [](const ceval_subject& s) { return s.hard; });
  add("ceval", [](const ceval_subject&) { return true; });
  return t;
}

/// One row a question about which the rules differ: what each read, + where it calls that right, and why the others do
/// not.
inline table dispute_table(const scoreboard& board) {
  table t{"", {{"question", "", side::left}, {"expected"}}};
  for (const auto& rule : board.rules()) t.columns.push_back({std::string(rule.name)});
  t.columns.push_back({"why", "", side::left});
  for (const auto& q : board.questions()) {
    if (!q.disputed()) continue;
    auto& row = t.rows.emplace_back();
    row = {cell::text(q.id), cell::text(q.expected)};
    for (const auto& o : q.outcomes)
      row.push_back(cell::text(!o.applies ? "" : (o.found ? o.predicted : "nothing") + (o.correct ? " +" : " -")));
    row.push_back(cell::text(dispute_reasons(board, q)));
  }
  std::ranges::sort(t.rows, natural_less, [](const auto& row) { return row[0].shown(); });
  t.title = std::to_string(t.rows.size()) + " questions about which the rules differ (+ right, - wrong)";
  return t;
}

/// "a, b, c and 7 more", in the order in which people expect names.
inline std::string listed(std::vector<std::string> names, std::size_t most = 10) {
  std::ranges::sort(names, natural_less);
  std::string out;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() <= most ? out : out + " and " + std::to_string(names.size() - most) + " more";
}

/// What a reader must know beside the numbers: failures, golds that are none, ids that came more than once.
inline std::vector<std::string> score_notes(const scoreboard& board) {
  std::map<std::string, std::vector<std::string>> failed;
  std::vector<std::string> unjudged, repeated, notes;
  for (const auto& q : board.questions()) {
    if (!q.answered()) failed[q.status].push_back(q.id);
    if (!q.judged()) unjudged.push_back(q.expected.empty() ? q.id + " (no gold)" : q.id + " ('" + q.expected + "')");
    if (q.repeated()) repeated.push_back(q.id);
  }
  for (auto& [status, ids] : failed)
    notes.push_back(std::to_string(ids.size()) + " failed (" + status + ") and count as wrong: " + listed(ids));
  if (!unjudged.empty())
    notes.push_back(std::to_string(unjudged.size()) +
                    " are not counted, for want of a gold that these rules can be judged by: " + listed(unjudged));
  if (!repeated.empty())
    notes.push_back(std::to_string(repeated.size()) +
                    " came more than once with the same attempt number (the last success counts): " + listed(repeated));
  return notes;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SCORE_TABLES_HPP
