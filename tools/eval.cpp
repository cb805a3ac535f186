// weir-eval: asks the questions of a data set through an agent, many at once; every request and answer becomes a
// record.
#include <string>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "eval_flags.hpp"
#include "eval_suite.hpp"
#include "eval_tables.hpp"
#include "weir/eval/evaluate.hpp"
#include "weir/report/table_text.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments, weir::tool::say;

std::vector<std::string> words;  // the command line, for the run's record

const weir::tool::description about{
    .name = "weir-eval",
    .summary = "asks a data set's questions through an agent, many at once, and scores the answers",
    .usage = "weir-eval --dataset NAME --path PATH (--base-url URL | --endpoints FILE) --records FILE [OPTION]...",
    .text =
        "Sends the questions to the servers, keeps as many requests in flight as --max-concurrency says, writes each "
        "request and each answer as a record at once, and prints the accuracy by every rule of the field beside "
        "tokens and times.\n\n"
        "Agents: standard asks once. majority_vote asks --num-runs times, and stops when the rest can't change the "
        "vote. "
        "self_consistency takes --num-runs samples from one request. self_refine lets the model look over its answer, "
        "solver_checker lets it check and solve again, debate lets several answers meet. The last three send requests "
        "that build on earlier ones; questions never wait for each other.\n\n"
        "--resume goes on after any end: what was answered is not asked again. Questions, agent or model other than "
        "those of the records are refused. weir-score reads the records again, with --paired against another run's.",
    .options = weir::tool::eval_flags(),
    .examples =
        "weir-eval --dataset gsm8k --path test.jsonl --base-url http://127.0.0.1:8000 --count 40 --records run.jsonl\n"
        "weir-eval --dataset gsm8k --path test.jsonl --endpoints endpoints.jsonl --agent majority_vote --num-runs 5 "
        "--temperature 0.7 --records vote.jsonl\n"
        "weir-eval --dataset ceval --path formal_ceval --prompt 0-shot-cot-chat --endpoints endpoints.jsonl --records "
        "ceval.jsonl --resume",
    .exits = "0 done, 1 done and some questions have no answer, 2 trouble, 128 + signal ended by SIGINT or SIGTERM",
    .operands = "",
};

void print_questions(const std::string& records) {
  std::string text;
  weir::append_text(text, weir::tool::question_table(records).value());
  weir::tool::print(text + "\n").value();
}

result<int> one_run(const arguments& args, weir::eval_options options) {
  const std::string records = options.records;
  weir::tool::console person(args.get("progress", "auto"));
  auto out = weir::evaluate(std::move(options), person.calls);
  person.clear();
  if (!out) return out.error();
  if (!out->records) return out->records.error();
  const auto board = weir::tool::board_of(records);
  if (!board) return board.error();
  if (args.has("detailed")) print_questions(records);
  if (!board->questions().empty()) weir::tool::print(weir::tool::eval_text(*board, *out)).value();
  if (out->signal != 0) {
    say("ended by signal " + std::to_string(out->signal) + "; go on with --resume");
    return 128 + out->signal;
  }
  return out->report.unanswered > 0 ? 1 : 0;
}

result<int> whole_suite(const arguments& args, const weir::eval_options& options) {
  for (const auto* name : {"agent", "num-runs"})
    if (args.has(name))
      return failure{errc::invalid_argument, "--" + std::string(name) + " stands in the suite's lines"};
  const auto suite = weir::read_suite(std::string(args.get("suite")));
  if (!suite) return suite.error();
  const auto all = weir::tool::run_suite(options, *suite, args.has("speedup"), args.get("progress", "auto"));
  if (!all) return all.error();
  std::string text;
  if (!all->shown.rows.empty()) weir::append_text(text, all->shown);
  weir::tool::print(text).value();
  if (all->unanswered > 0)
    say(std::to_string(all->unanswered) + " questions have no answer and count as wrong: weir-score names them; " +
        "--resume asks them again");
  if (all->signal == 0) return all->unanswered > 0 ? 1 : 0;
  say(all->ended + " was ended by signal " + std::to_string(all->signal) + "; go on with --resume");
  return 128 + all->signal;
}

result<int> body(const arguments& args) {
  if (!args.operands().empty()) return failure{errc::invalid_argument, "takes no operand: the data set is --path"};
  if (args.has("speedup") && !args.has("suite")) return failure{errc::invalid_argument, "--speedup belongs to --suite"};
  auto options = weir::tool::eval_options_of(args, words);
  if (!options) return options.error();
  return args.has("suite") ? whole_suite(args, *options) : one_run(args, *std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  words.assign(argv, argv + argc);
  return weir::tool::run(about, argc, argv, body);
}
