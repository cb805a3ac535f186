// weir-score: predictions and golds in, accuracies by every rule set of the field out.
#include "cli.hpp"
#include "record_output.hpp"
#include "score_extract.hpp"
#include "score_paired.hpp"
#include "score_read.hpp"
#include "score_tables.hpp"
#include "weir/report/table_text.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-score",
    .summary = "scores answers under every rule set that people publish with",
    .usage =
        "weir-score [OPTION]... [FILE]...\n"
        "weir-score --paired OTHER [OPTION]... FILE...\n"
        "weir-score ais-bench [OPTION]... DIR...\n"
        "weir-score extract --rule NAME [FILE]",
    .text =
        "Reads request records (of weir-bench) or prediction files (lines with id, text or prediction, expected or "
        "gold) and prints the accuracy by each rule, with its 95 % Wilson interval. The rules disagree even about a "
        "perfect model, so none of them is \"the\" accuracy: docs/scoring.md says what each reads.\n\n"
        "A question that failed counts as wrong and is named. Of several attempts the last that succeeded counts. A "
        "question whose gold is no number has no accuracy by a rule for numbers: it is named, and not counted.\n\n"
        "--paired compares the answers in FILE (the base) with those in OTHER, question by question: differences with "
        "their intervals, what was lost and won, McNemar's exact test; --disagreements lists the flips.\n\n"
        "ais-bench reads ais_bench's work directories, all shards together: every question counts once, never a mean "
        "of "
        "shards. A DIR/prompts.jsonl (of weir-prompts, over the shard's own tree) gives rows their global ids, and "
        "names "
        "what is missing.\n\n"
        "extract reads lines {\"text\":...} and writes {\"answer\":...} for each: what one rule reads, null where it "
        "finds nothing.",
    .options =
        {{"rules", "SET",
          "Only the rules for one data set; ceval and mmlu share theirs (default: all, each for the golds of its "
          "form).",
          "gsm8k|ceval|mmlu|all"},
         {"after-think", "", "Cut <think>...</think> out of each answer first, as AISBench does for chat models."},
         {"by", "FIELD",
          "A table by subject or by instance too, with the plain mean of its rows; group: CEval's own groups.",
          "subject|instance|group"},
         {"paired", "OTHER", "The other set of answers; may be given several times.", {}, true},
         {"disagreements", "", "List the questions about which the rules differ, with what each read."},
         {"json", "", "Answer records instead of tables; notes go to standard error."},
         {"rule", "NAME", "extract: the rule.",
          "gsm8k_opencompass|gsm8k_strict|gsm8k_flexible|gsm8k_cot_strict|numeric|first_option|first_capital|"
          "last_option|after_think"}},
    .examples =
        "weir-score records.jsonl\n"
        "weir-score --by instance --disagreements run/*.jsonl\n"
        "weir-score --json records.jsonl | weir-summarize -\n"
        "weir-score --paired w8a8.jsonl --by subject bf16.jsonl\n"
        "weir-score ais-bench --by group outputs/parallel_ceval_20261122_120000/instance_*\n"
        "weir-score extract --rule gsm8k_flexible answers.jsonl",
};

void print_tables(const arguments& args, const weir::scoreboard& board) {
  std::string out;
  weir::append_text(out, weir::tool::accuracy_table(board));
  const auto add = [&](const weir::table& t) { out.push_back('\n'), weir::append_text(out, t); };
  if (args.get("by") == "subject")
    add(weir::tool::group_table(board, "subject", [](const auto& q) { return q.subject; }));
  if (args.get("by") == "instance")
    add(weir::tool::group_table(board, "instance", [](const auto& q) { return q.instance; }));
  if (args.get("by") == "group") add(weir::tool::ceval_group_table(board));
  if (args.has("disagreements")) add(weir::tool::dispute_table(board));
  const auto notes = weir::tool::score_notes(board);
  if (!notes.empty()) out.append("\nof " + std::to_string(board.questions().size()) + " questions\n");
  for (const auto& note : notes) out.append("  ").append(note).append("\n");
  weir::tool::print(out).value();
}

result<int> compare(const arguments& args, const weir::scoreboard& base, const std::vector<std::string>& others) {
  const auto other = weir::tool::read_all(args, others, false);
  if (!other) return other.error();
  const auto pairing = weir::pair_up(base, *other);
  if (!pairing) return pairing.error();
  if (pairing->pairs.empty()) return failure{errc::invalid_argument, "the two sets have no question in common"};
  std::string out;
  weir::append_text(out, weir::tool::paired_table(*pairing, base.rules()));
  const auto add = [&](const weir::table& t) { out.push_back('\n'), weir::append_text(out, t); };
  if (args.get("by") == "subject")
    add(weir::tool::paired_group_table(*pairing, base.rules(), "subject", [](const auto& q) { return q.subject; }));
  if (args.has("disagreements")) add(weir::tool::flip_table(*pairing, base.rules()));
  for (const auto& note : weir::tool::pairing_notes(*pairing)) out.append("  ").append(note).append("\n");
  weir::tool::print(out).value();
  return 0;
}

result<int> score(const arguments& args, std::vector<std::string> paths, bool ais_bench) {
  if (paths.empty()) paths.emplace_back("-");
  const auto board = weir::tool::read_all(args, paths, ais_bench);
  if (!board) return board.error();
  if (args.has("paired")) return compare(args, *board, args.all("paired"));
  if (!args.has("json")) return print_tables(args, *board), 0;
  weir::tool::record_output out;
  for (const auto& q : board->questions()) out.add(weir::to_record(q, board->rules()));
  out.flush();
  for (const auto& note : weir::tool::score_notes(*board)) weir::tool::say(note);
  return 0;
}

result<int> extract(const arguments& args) {
  const auto* rule = weir::find_rule(args.get("rule"));
  if (!rule) return failure{errc::invalid_argument, "extract needs --rule NAME"};
  if (args.operands().size() > 2) return failure{errc::invalid_argument, "extract takes one FILE"};
  return weir::tool::extract_answers(*rule, args.operands().size() == 2 ? args.operands()[1] : "-");
}

result<int> body(const arguments& args) {
  auto words = args.operands();
  if (!words.empty() && words[0] == "extract") return extract(args);
  if (args.has("rule")) return failure{errc::invalid_argument, "--rule belongs to 'weir-score extract'; see --rules"};
  const bool ais_bench = !words.empty() && words[0] == "ais-bench";
  if (ais_bench) words.erase(words.begin());
  if (ais_bench && words.empty()) return failure{errc::invalid_argument, "ais-bench takes the work directories"};
  return score(args, std::move(words), ais_bench);
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, body);
}
