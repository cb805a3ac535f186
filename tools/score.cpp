// weir-score: predictions and golds in, accuracies by every rule set of the field out.
#include "cli.hpp"
#include "record_output.hpp"
#include "score_extract.hpp"
#include "score_tables.hpp"
#include "weir/report/table_text.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-score",
    .summary = "scores answers under every rule set that people publish with",
    .usage =
        "weir-score [OPTION]... [FILE]...\n"
        "weir-score extract --rule NAME [FILE]",
    .text =
        "Reads request records (of weir-bench) or prediction files (lines with id, text or prediction, expected or "
        "gold) and prints the accuracy by each rule, with its 95 % Wilson interval. The rules disagree even about a "
        "perfect model, so none of them is \"the\" accuracy: docs/scoring.md says what each reads.\n\n"
        "A question that failed counts as wrong and is named. Of several attempts the last that succeeded counts. A "
        "question whose gold is no number has no accuracy by a rule for numbers: it is named, and not counted.\n\n"
        "extract reads lines {\"text\":...} and writes {\"answer\":...} for each: what one rule reads, null where it "
        "finds nothing.",
    .options =
        {{"rules", "SET",
          "Only the rules for one data set; ceval and mmlu share theirs (default: all, each for the golds of its "
          "form).",
          "gsm8k|ceval|mmlu|all"},
         {"after-think", "", "Cut <think>...</think> out of each answer first, as AISBench does for chat models."},
         {"by", "FIELD", "A table by subject or by instance too, with the plain mean of its rows.", "subject|instance"},
         {"disagreements", "", "List the questions about which the rules differ, with what each read."},
         {"json", "", "Answer records instead of tables; notes go to standard error."},
         {"rule", "NAME", "extract: the rule.",
          "gsm8k_opencompass|gsm8k_strict|gsm8k_flexible|gsm8k_cot_strict|numeric|first_option|first_capital|"
          "last_option|after_think"}},
    .examples =
        "weir-score records.jsonl\n"
        "weir-score --by instance --disagreements run/*.jsonl\n"
        "weir-score --json records.jsonl | weir-summarize -\n"
        "weir-score extract --rule gsm8k_flexible answers.jsonl",
};

std::vector<weir::score_rule> chosen_rules(std::string_view set) {
  const auto wanted = set == "gsm8k" ? weir::gold_form::number : weir::gold_form::option;
  std::vector<weir::score_rule> rules;
  for (const auto& rule : weir::score_rules)
    if (set == "all" || rule.gold == wanted) rules.push_back(rule);
  return rules;
}

result<void> read_file(const std::string& path, bool after_think, weir::scoreboard& board) {
  auto rows = weir::tool::open_operand(path);
  if (!rows) return rows.error();
  result<void> added;
  std::uint64_t count = 0;
  const auto seen = weir::prediction_reader().read(*rows, weir::tool::shown(path), [&](weir::prediction& p) {
    ++count;
    if (after_think) p.text = weir::after_think(p.text);
    if (added) added = board.add(p);
  });
  if (!seen) return seen.error();
  if (!added) return failure{added.error().code, weir::tool::shown(path) + ": " + added.error().detail};
  if (seen->truncated_line > 0)
    weir::tool::say(weir::tool::shown(path) + ":" + std::to_string(seen->truncated_line) +
                    ": cut off while it was written; left out");
  if (count == 0) return failure{errc::parse, weir::tool::shown(path) + " holds no answer"};
  return {};
}

void print_tables(const arguments& args, const weir::scoreboard& board) {
  std::string out;
  weir::append_text(out, weir::tool::accuracy_table(board));
  const auto add = [&](const weir::table& t) { out.push_back('\n'), weir::append_text(out, t); };
  if (args.get("by") == "subject")
    add(weir::tool::group_table(board, "subject", [](const auto& q) { return q.subject; }));
  if (args.get("by") == "instance")
    add(weir::tool::group_table(board, "instance", [](const auto& q) { return q.instance; }));
  if (args.has("disagreements")) add(weir::tool::dispute_table(board));
  const auto notes = weir::tool::score_notes(board);
  if (!notes.empty()) out.append("\nof " + std::to_string(board.questions().size()) + " questions\n");
  for (const auto& note : notes) out.append("  ").append(note).append("\n");
  weir::tool::print(out).value();
}

result<int> score(const arguments& args) {
  weir::scoreboard board(chosen_rules(args.get("rules", "all")));
  const auto files = args.operands().empty() ? std::vector<std::string>{"-"} : args.operands();
  for (const auto& path : files)
    if (auto ok = read_file(path, args.has("after-think"), board); !ok) return ok.error();
  if (std::ranges::none_of(board.questions(), &weir::scored_question::judged))
    return failure{errc::invalid_argument, "no question has a gold that these rules can be judged by"};
  if (!args.has("json")) return print_tables(args, board), 0;
  weir::tool::record_output out;
  for (const auto& q : board.questions()) out.add(weir::to_record(q, board.rules()));
  out.flush();
  for (const auto& note : weir::tool::score_notes(board)) weir::tool::say(note);
  return 0;
}

result<int> extract(const arguments& args) {
  const auto* rule = weir::find_rule(args.get("rule"));
  if (!rule) return failure{errc::invalid_argument, "extract needs --rule NAME"};
  if (args.operands().size() > 2) return failure{errc::invalid_argument, "extract takes one FILE"};
  return weir::tool::extract_answers(*rule, args.operands().size() == 2 ? args.operands()[1] : "-");
}

result<int> body(const arguments& args) {
  if (!args.operands().empty() && args.operands()[0] == "extract") return extract(args);
  if (args.has("rule")) return failure{errc::invalid_argument, "--rule belongs to 'weir-score extract'; see --rules"};
  return score(args);
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, body);
}
