// tools/eval_suite.hpp - a suite of configurations over the same questions, as one table.
#ifndef WEIR_TOOLS_EVAL_SUITE_HPP
#define WEIR_TOOLS_EVAL_SUITE_HPP

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli.hpp"
#include "eval_tables.hpp"
#include "progress_flags.hpp"
#include "weir/eval/evaluate.hpp"
#include "weir/eval/suite.hpp"

namespace weir::tool {

/// The rule by which the table shows accuracy: the one for the golds at hand that asks least of the form.
inline std::size_t shown_rule(const scoreboard& board) {
  const auto shares = rule_shares(board, [](const auto&) { return ""; });
  std::size_t best = 0;
  for (std::size_t i = 0; i < board.rules().size(); ++i)
    if (shares.at("")[i].total > 0 && (board.rules()[i].name == "numeric" || board.rules()[i].name == "last_option"))
      best = i;
  return best;
}

/// What came of a suite.
struct suite_outcome {
  table shown = {};
  std::size_t unanswered = 0;  ///< Questions without an answer, over all configurations: wrong in every accuracy.
  int signal = 0;              ///< What ended it; 0: nothing.
  std::string ended = {};      ///< The configuration that the signal ended.
};

inline table suite_table(bool speedup) {
  table t{"",
          {{"configuration", "", side::left},
           {"questions"},
           {"unanswered"},
           {"accuracy"},
           {"rule", "", side::left},
           {"requests"},
           {"tokens out"},
           {"concurrency"},
           {"wall s"}}};
  if (speedup) t.columns.push_back({"wall s at 1"}), t.columns.push_back({"speed-up"});
  return t;
}

/// Runs each configuration, its records in DIRECTORY/NAME.jsonl; with `speedup` once more at concurrency 1, its records
/// in NAME.sequential.jsonl. \return  a failure names the configuration.
inline result<suite_outcome> run_suite(const eval_options& base, const std::vector<suite_entry>& suite, bool speedup,
                                       std::string_view progress) {
  suite_outcome all{.shown = suite_table(speedup)};
  std::error_code error;
  std::filesystem::create_directories(base.records, error);
  if (error) return failure{errc::io, "cannot make " + base.records + ": " + error.message()};
  const auto run = [&](const suite_entry& entry, bool sequential) -> result<std::pair<eval_outcome, std::string>> {
    eval_options options = base;
    options.agent = entry.agent;
    options.how.runs = entry.runs;
    if (entry.temperature) options.how.temperature = entry.temperature;
    if (sequential) options.concurrency = {.fixed = 1};
    options.records = base.records + "/" + entry.name + (sequential ? ".sequential" : "") + ".jsonl";
    const std::string path = options.records;
    console person(progress);
    auto out = evaluate(std::move(options), person.calls);
    person.clear();
    if (!out) return failure{out.error().code, entry.name + ": " + out.error().detail};
    if (!out->records) return out->records.error();
    all.unanswered += out->report.unanswered;
    if (out->signal != 0) all.signal = out->signal, all.ended = entry.name;
    return std::pair(*std::move(out), path);
  };
  for (const auto& entry : suite) {
    auto done = run(entry, false);
    if (!done) return done.error();
    if (all.signal != 0) return all;
    const auto board = board_of(done->second);
    if (!board) return board.error();
    const auto rule = shown_rule(*board);
    const auto share = rule_shares(*board, [](const auto&) { return ""; }).at("")[rule];
    const eval_report& r = done->first.report;
    auto& row = all.shown.rows.emplace_back();
    const auto whole = [&](const eval_report& of, cell value) {
      return of.already_done > 0 ? cell::missing("part of it was done before") : value;
    };
    row = {cell::text(entry.name),
           cell::count(board->questions().size()),
           cell::count(r.unanswered),
           share.total == 0 ? cell::missing("no gold for a rule") : cell::number(share.share(), 4),
           cell::text(std::string(board->rules()[rule].name)),
           cell::count(r.requests),
           r.tokens_out == unmeasured ? cell::missing("not known") : cell::count(r.tokens_out),
           cell::count(r.concurrency),
           whole(r, cell::number(r.wall_s(), 2))};
    if (!speedup) continue;
    auto slow = run(entry, true);
    if (!slow) return slow.error();
    if (all.signal != 0) return all;
    const eval_report& one = slow->first.report;
    row.push_back(whole(one, cell::number(one.wall_s(), 2)));
    row.push_back(whole(one, whole(r, cell::number(one.wall_s() / r.wall_s(), 1))));
  }
  return all;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_EVAL_SUITE_HPP
