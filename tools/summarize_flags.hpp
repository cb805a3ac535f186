// tools/summarize_flags.hpp - weir-summarize's command line: its table, and the values of its options.
#ifndef WEIR_TOOLS_SUMMARIZE_FLAGS_HPP
#define WEIR_TOOLS_SUMMARIZE_FLAGS_HPP

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/report/report_page.hpp"
#include "weir/report/service_level.hpp"
#include "weir/report/summarizer.hpp"

namespace weir::tool {

inline const description summarize_about{
    .name = "weir-summarize",
    .summary = "turns records into tables: accuracy, latency percentiles, throughput, failures",
    .usage = "weir-summarize [OPTION]... [FILE|DIR]...",
    .text =
        "Reads request and answer records (JSON Lines) of files, of the *.jsonl in directories, or of standard input, "
        "and prints accuracy, TTFT, TPOT, ITL and E2EL, throughput and failures: for each group and for all.\n\n"
        "Neither the order of records nor how they are spread over files changes a figure. A figure is a value or it "
        "is "
        "missing with a reason, never a silent 0. docs/summarize.md defines every one.\n\n"
        "Of a directory of weir-sweep (or its benchmark_results), and of *_results.json of batch experiments, it "
        "prints the sweep's tables: docs/experiments.md.\n\n"
        "Results of vLLM, SGLang, AIPerf, guidellm, ais_bench, evalscope, GenAI-Perf and MLPerf LoadGen are read too, "
        "told by what is in them: docs/results.md. Metric records alone are shown as one table.\n\n"
        "txt and md are several tables with notes; csv, tsv and json are one table with a row for each group. A number "
        "has the same digits in all five. --json writes metric records instead, with the values as computed.",
    .options =
        {{"format", "FORMAT",
          "txt (default), md, csv, tsv, json, latex; html: one page with tables and pictures; svg, gnuplot: a plot; "
          "trace: "
          "requests for Perfetto.",
          "txt|md|csv|tsv|json|latex|html|svg|gnuplot|trace"},
         {"plot", "KIND",
          "One picture: cdf, over-time (latency), throughput (over time), waterfall, by-group, latency (by group), "
          "pareto; load, load-tpot, load-itl, load-e2el, scaling, efficiency, goodput (by the number in the group's "
          "name). As SVG; in characters with --format txt.",
          plot_names},
         {"devices", "N", "How many devices each group ran on, for --price and --plot pareto (default 1)."},
         {"price", "AMOUNT", "What an hour of one device costs: adds the cost of a million tokens."},
         {"goodput",
          "GOAL",
          "ttft:MS, tpot:MS or e2el:MS; may be repeated. Adds the requests a second that meet all, and their share.",
          {},
          true},
         {"steady", "",
          "Adds the part of the run between warm-up and drain, with 95 % intervals that count with requests that hang "
          "together."},
         {"pivot", "FIGURE[:BASE]",
          "One figure as a table, with --group-by of two keys: rows of the first, columns of the second; with BASE "
          "also "
          "the speed-up against that column."},
         {"follow", "", "With --serve: the same; a live page."},
         {"serve", "PORT",
          "Show the html page at this port of 127.0.0.1 (0: any free one); the files are read anew for each visit, and "
          "may still be growing."},
         {"json", "", "Metric records, one a figure and group, for other programs."},
         {"group-by", "KEYS",
          "Any of instance, model, subject, endpoint, session, turn, file, with commas between; none for no groups. "
          "Default: "
          "instance."},
         {"percentiles", "LIST", "Which percentiles, with commas between (default 50,90,95,99)."},
         {"intervals", "", "A 95 % interval for each percentile; it holds if requests are independent of each other."},
         {"out", "DIR", "Write summary.txt, .md, .csv and .json into DIR, and print --format's as well."},
         {"force", "", "With --out: overwrite what is there."},
         {"no-plots", "", "Of a sweep, with --out: no pictures."}},
    .examples =
        "weir-summarize records.jsonl answers.jsonl\n"
        "weir-summarize --group-by instance,subject --format md results/\n"
        "weir-bench --base-url http://127.0.0.1:8000 --num-prompts 100 --records - | weir-summarize --percentiles "
        "50,99",
    .operands = "[FILE|DIR]...",
};

inline result<std::vector<double>> percentiles_of(std::string_view list) {
  std::vector<double> out;
  for (const auto& word : split_at(list, ',')) {
    const auto p = parse_number<double>(word);
    if (!p || !(*p > 0 && *p < 100))
      return failure{errc::invalid_argument, "--percentiles: '" + word + "' is not between 0 and 100"};
    if (!std::ranges::count(out, *p)) out.push_back(*p);
  }
  return out;
}

inline result<double> positive(const arguments& args, std::string_view name, double fallback) {
  const auto value = args.number<double>(name, fallback);
  if (args.has(name) && (!value || !(*value > 0)))
    return failure{errc::invalid_argument, "--" + std::string(name) + " is a number above 0"};
  return *value;
}

/// What counts the records: by the groups and goals that are asked for.
inline result<summarizer> empty_summarizer(const arguments& args) {
  const auto keys = args.get("group-by", "instance");
  const auto group_by = parse_group_keys(keys == "none" ? "" : keys);
  if (!group_by) return failure{errc::invalid_argument, "--group-by: " + group_by.error().detail};
  service_level goals;
  for (const auto& goal : args.all("goodput"))
    if (auto ok = add_level(goals, goal); !ok)
      return failure{errc::invalid_argument, "--goodput: " + ok.error().detail};
  return summarizer(*group_by, goals);
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SUMMARIZE_FLAGS_HPP
