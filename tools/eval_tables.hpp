// tools/eval_tables.hpp - what weir-eval prints: accuracy beside cost and speed.
#ifndef WEIR_TOOLS_EVAL_TABLES_HPP
#define WEIR_TOOLS_EVAL_TABLES_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "score_tables.hpp"
#include "weir/data/rows.hpp"
#include "weir/eval/evaluate.hpp"
#include "weir/record/read.hpp"
#include "weir/report/natural_order.hpp"
#include "weir/report/table.hpp"
#include "weir/report/table_text.hpp"
#include "weir/score/scoreboard.hpp"

namespace weir::tool {

/// All answers in a file of records, those of earlier runs too.
inline result<scoreboard> board_of(const std::string& path) {
  scoreboard board({score_rules.begin(), score_rules.end()});
  auto rows = open_rows(path);
  if (!rows) return rows.error();
  result<void> added;
  const auto seen = prediction_reader().read(*rows, path, [&](prediction& p) {
    if (added) added = board.add(p);
  });
  if (!seen) return seen.error();
  if (!added) return added.error();
  return board;
}

/// Every question of a file of records: what was expected, what each rule for its gold read ("+" is right), and what it
/// took. Of several answers to a question the last counts.
inline result<table> question_table(const std::string& path) {
  auto rows = open_rows(path);
  if (!rows) return rows.error();
  std::map<std::string, answer_record, decltype(&natural_less)> answers(&natural_less);
  record_reader record({.text = false, .events = false});
  const auto seen = read_records(*rows, path, record, [&](record_type type) {
    if (type == record_type::answer) answers.insert_or_assign(record.answer().id, record.answer());
  });
  if (!seen) return seen.error();
  std::vector<std::string_view> rules;
  for (const auto& rule : score_rules)
    if (std::ranges::any_of(answers, [&](const auto& each) { return has_form(each.second.expected, rule.gold); }))
      rules.push_back(rule.name);
  table t{"", {{"question", "", side::left}, {"expected"}, {"status", "", side::left}}};
  for (const auto rule : rules) t.columns.push_back({std::string(rule)});
  t.columns.insert(t.columns.end(), {{"requests"}, {"tokens out"}, {"ms"}, {"note", "", side::left}});
  for (const auto& [id, a] : answers) {
    auto& row = t.rows.emplace_back();
    row = {cell::text(id), cell::text(a.expected), cell::text(a.status)};
    for (const auto rule : rules) {
      const auto read = std::ranges::find(a.rules, rule, &rule_verdict::rule);
      row.push_back(read == a.rules.end()
                        ? cell::missing("not a rule for its gold")
                        : cell::text((read->found ? read->predicted : "nothing") + (read->correct ? " +" : " -")));
    }
    const auto count = [](std::int64_t value) {
      return value == unmeasured ? cell::missing("not known") : cell::count(value);
    };
    row.push_back(count(a.requests));
    row.push_back(count(a.tokens_out));
    row.push_back(a.wall_ns == unmeasured ? cell::missing("no request was sent")
                                          : cell::number(static_cast<double>(a.wall_ns) / 1e6, 1));
    row.push_back(cell::text(a.note));
  }
  return t;
}

inline cell milliseconds(double ns) {
  return std::isnan(ns) ? cell::missing("nothing was streamed") : cell::number(ns / 1e6, 1);
}

/// Cost and speed of one run, a row a figure.
inline table cost_table(eval_outcome& out) {
  eval_report& r = out.report;
  table t{"", {{"figure", "", side::left}, {"value"}, {"unit", "", side::left}}};
  const auto row = [&](std::string name, cell value, std::string unit) {
    t.rows.push_back({cell::text(std::move(name)), std::move(value), cell::text(std::move(unit))});
  };
  const std::size_t answered = r.questions - r.unanswered;
  const auto done = static_cast<double>(answered), wall = r.wall_s();
  row("questions answered now", cell::count(answered), "");
  row("questions without an answer", cell::count(r.unanswered), "");
  row("questions done before", cell::count(r.already_done), "");
  row("requests", cell::count(r.requests), "");
  row("requests that failed", cell::count(r.failed_requests), "");
  if (r.replayed > 0) row("requests answered before", cell::count(r.replayed), "");
  row("answers with a note", cell::count(r.noted), "");
  row("tokens out", r.tokens_out == unmeasured ? cell::missing("an answer's are not known") : cell::count(r.tokens_out),
      "");
  row("wall time", cell::number(wall, 2), "s");
  if (answered > 0) row("questions a second", cell::number(done / wall, 2), "");
  if (answered > 0 && r.tokens_out != unmeasured)
    row("tokens a question", cell::number(static_cast<double>(r.tokens_out) / done, 1), "");
  if (r.ttft_ns.count() > 0) {
    row("TTFT, mean", milliseconds(r.ttft_ns.describe().mean), "ms");
    row("TTFT, p99", milliseconds(r.ttft_ns.percentile(99)), "ms");
  }
  if (r.time_ns.count() > 0) {
    row("E2EL, mean", milliseconds(r.time_ns.describe().mean), "ms");
    row("E2EL, p99", milliseconds(r.time_ns.percentile(99)), "ms");
  }
  row("most in flight", cell::count(r.most_in_flight), "");
  row("concurrency", cell::count(r.concurrency), r.concurrency_reason);
  if (r.asked_while_searching > 0) row("requests until it was found", cell::count(r.asked_while_searching), "");
  if (r.tried_later > 0) row("requests that tried more later", cell::count(r.tried_later), "");
  return t;
}

/// Accuracy by every rule, what a reader must know beside it, and what it cost.
inline std::string eval_text(const scoreboard& board, eval_outcome& out) {
  std::string text;
  append_text(text, accuracy_table(board));
  text.push_back('\n');
  append_text(text, cost_table(out));
  for (const auto& note : score_notes(board)) text.append("  ").append(note).append("\n");
  return text;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_EVAL_TABLES_HPP
