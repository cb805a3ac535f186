// weir-compare: two sets of runs in, a verdict with its error out.
#include <algorithm>

#include "cli.hpp"
#include "compare_turns.hpp"
#include "terminal.hpp"
#include "weir/data/output.hpp"
#include "weir/report/comparison_views.hpp"
#include "weir/report/load_run.hpp"
#include "weir/report/summary_text.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-compare",
    .summary = "compares two sets of runs: effect, interval, verdict, exit code",
    .usage =
        "weir-compare --base FILE... --new FILE... [OPTION]...\n"
        "weir-compare run --base COMMAND --new COMMAND [--runs N] [--dir DIR] [OPTION]...",
    .text =
        "Each file is a run: records, or the result of another tool (docs/results.md); of a directory each file is "
        "one. "
        "A run that is given twice, a copy of it too, is refused. A metric is better, the same, worse or inconclusive; "
        "inconclusive ones say about how many more runs a side would decide.\n\n"
        "run starts the two commands in turn (base, new, new, base, ...), each with {out} replaced by the file it has "
        "to write its result to, and compares what they wrote. Runs that take turns see the same machine.\n\n"
        "docs/comparing.md says what is computed, and how often it errs.",
    .options = {{"base", "FILE...", "Runs of what there was; with run: its command, for sh -c.", {}, true},
                {"new", "FILE...", "Runs of what is new; with run: its command.", {}, true},
                {"metric",
                 "NAME",
                 "What to compare, by the names of weir-summarize --json; may be repeated, and then p-values are "
                 "Holm's. Default: "
                 "ttft_p50_ms, tpot_p50_ms, e2el_p50_ms, output_tokens_per_s.",
                 {},
                 true},
                {"threshold", "PERCENT", "A smaller change does not matter (default 1%)."},
                {"any-workload", "", "Compare even where the workloads differ."},
                {"runs", "N", "With run: how often each command is run (default 10)."},
                {"dir", "DIR", "With run: where results go (default: compare-runs); it must not hold any yet."},
                {"resume", "", "With run: go on where --dir was left; runs that are done stay."},
                {"format", "FORMAT", "txt (default), md, csv, tsv, json or latex.", "txt|md|csv|tsv|json|latex"},
                {"json", "", "Records of type comparison, one a metric, for other programs."},
                {"junit", "FILE", "Write JUnit XML, a test case a metric."},
                {"svg", "FILE", "Draw the changes with their intervals."},
                {"plot", "", "Draw them in characters too, below the table (txt only)."}},
    .examples =
        "weir-compare --base old/*.jsonl --new new/*.jsonl --metric ttft_p50_ms --threshold 3%\n"
        "weir-compare run --runs 10 --base 'weir-bench --base-url http://127.0.0.1:8000 --num-prompts 200 --records "
        "{out}' --new 'weir-bench --base-url http://127.0.0.1:9000 --num-prompts 200 --records {out}'",
    .exits = "0 done, nothing is worse; 1 something is worse; 2 trouble (usage, input, system)",
    .operands = "[run]",
};

result<double> threshold_of(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto percent = weir::parse_number<double>(text);
  if (!percent || !(*percent >= 0 && *percent < 100))
    return failure{errc::invalid_argument, "--threshold is a percentage, like 2%"};
  return *percent / 100;
}

result<int> compare(const arguments& args) {
  std::pair files{args.all("base"), args.all("new")};
  const bool driver = args.operands() == std::vector<std::string>{"run"};
  if (!driver && !args.operands().empty()) return failure{errc::invalid_argument, "files follow --base and --new"};
  const auto threshold = threshold_of(args.get("threshold", "1%"));
  if (!threshold) return threshold.error();
  if (driver) {
    auto made = weir::tool::take_turns(args);
    if (!made) return made.error();
    files = *std::move(made);
  }
  if (files.first.empty() || files.second.empty())
    return failure{errc::invalid_argument, "--base FILE... and --new FILE... are needed"};
  const auto base = weir::load_side(files.first), fresh = weir::load_side(files.second);
  if (!base || !fresh) return base ? fresh.error() : base.error();
  const auto differences = weir::workload_differences(*base, *fresh);
  for (const auto& d : differences) weir::tool::say("the workloads differ in " + d);
  if (!differences.empty() && !args.has("any-workload"))
    return failure{errc::invalid_argument,
                   "runs of different workloads are not compared; --any-workload compares them all the same"};
  if (const auto both = weir::runs_of_both(*base, *fresh); both > 0)
    weir::tool::say(std::to_string(both) + " of " + std::to_string(base->size()) +
                    " runs of the base stand on the new side too: they tell of no change");
  weir::comparison_options options{.metrics = args.all("metric"), .threshold = *threshold};
  if (const auto unknown = unknown_metrics(*base, *fresh, options.metrics); !unknown.empty())
    return failure{errc::invalid_argument, "no run has a figure '" + unknown.front() + "': weir-summarize --json " +
                                               base->front().source + " tells which there are"};
  if (options.metrics.empty()) options.metrics = {"ttft_p50_ms", "tpot_p50_ms", "e2el_p50_ms", "output_tokens_per_s"};
  auto all = weir::compare(*base, *fresh, options);
  all.push_back(weir::compare_failures(*base, *fresh));

  const auto format =
      std::ranges::find(weir::report_formats, args.get("format", "txt"), [](auto f) { return to_string(f); });
  std::string text, svg;
  if (args.has("json"))
    append_comparison(text, all);
  else
    weir::append_table(text, weir::comparison_table(all), *format, weir::tool::terminal_width());
  if (args.has("plot") && !args.has("json") && *format == weir::report_format::txt)
    append_terminal(text += '\n', weir::comparison_plot(all, *threshold), weir::tool::style_of_terminal());
  if (auto ok = weir::tool::print(text); !ok) return ok.error();
  weir::append_svg(svg, weir::comparison_plot(all, *threshold));
  if (args.has("junit"))
    if (auto ok = weir::write_whole(std::string(args.get("junit")), weir::junit_of(all)); !ok) return ok.error();
  if (args.has("svg"))
    if (auto ok = weir::write_whole(std::string(args.get("svg")), svg); !ok) return ok.error();
  return std::ranges::count(all, weir::ab_verdict::worse, &weir::metric_comparison::verdict) > 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> words;  // "--base a b" is "--base a --base b"
  static std::string base = "--base", fresh = "--new";
  char* option = nullptr;
  for (int i = 0; i < argc; ++i) {
    const std::string_view word(argv[i]);
    const bool starts = word == base || word == fresh;
    if (word.starts_with("--")) option = starts ? (word == base ? base.data() : fresh.data()) : nullptr;
    if (option != nullptr && !starts) words.push_back(option);
    if (!starts) words.push_back(argv[i]);
  }
  return weir::tool::run(about, static_cast<int>(words.size()), words.data(), compare);
}
