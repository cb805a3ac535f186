// weir-summarize: records in, the tables that people look at out.
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.hpp"
#include "cli_table.hpp"
#include "summarize_job.hpp"
#include "summarize_live.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-summarize",
    .summary = "turns records into tables: accuracy, latency percentiles, throughput, failures",
    .usage = "weir-summarize [OPTION]... [FILE|DIR]...",
    .text =
        "Reads request and answer records (JSON Lines) of files, of the *.jsonl in directories, or of standard input, "
        "and prints accuracy, TTFT, TPOT, ITL and E2EL, throughput and failures: for each group and for all.\n\n"
        "Neither the order of records nor how they are spread over files changes a figure. A figure is a value or it "
        "is "
        "missing with a reason, never a silent 0. docs/summarize.md defines every one.\n\n"
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
          "load, "
          "scaling (both by the number in the group's name) or pareto. As SVG; in characters with --format txt.",
          weir::plot_names},
         {"devices", "N", "With --plot pareto: what throughput is divided by (default 1)."},
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
          "Any of instance, model, subject, endpoint, session, file, with commas between; none for no groups. Default: "
          "instance."},
         {"percentiles", "LIST", "Which percentiles, with commas between (default 50,90,95,99)."},
         {"intervals", "", "A 95 % interval for each percentile; it holds if requests are independent of each other."},
         {"out", "DIR", "Write summary.txt, .md, .csv and .json into DIR, and print --format's as well."},
         {"force", "", "With --out: overwrite what is there."}},
    .examples =
        "weir-summarize records.jsonl answers.jsonl\n"
        "weir-summarize --group-by instance,subject --format md results/\n"
        "weir-bench --base-url http://127.0.0.1:8000 --num-prompts 100 --records - | weir-summarize --percentiles "
        "50,99",
    .operands = "[FILE|DIR]...",
};

result<std::vector<double>> percentiles_of(std::string_view list) {
  std::vector<double> out;
  for (const auto& word : weir::tool::split_at(list, ',')) {
    const auto p = weir::parse_number<double>(word);
    if (!p || !(*p > 0 && *p < 100))
      return failure{errc::invalid_argument, "--percentiles: '" + word + "' is not between 0 and 100"};
    if (!std::ranges::count(out, *p)) out.push_back(*p);
  }
  return out;
}

/// The columns of the terminal that is standard output; 0 where it is none.
std::size_t terminal_width() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// The text that --format, --plot and --json ask for.
result<std::string> text_of(const arguments& args, weir::tool::gathered& input, const weir::tool::summarized& done) {
  const std::string format(args.get("format", args.has("plot") ? "svg" : "txt"));
  if (args.has("json")) return weir::tool::metrics_of(input, done);
  if (args.has("plot") || format == "svg" || format == "gnuplot") {
    const auto devices = args.number<double>("devices", 1);
    if (!devices || !(*devices > 0)) return failure{errc::invalid_argument, "--devices is a number above 0"};
    return weir::tool::drawn(input, done, args.get("plot", "cdf"), format, *devices, terminal_width());
  }
  if (format == "html") return render_html(weir::tool::page_parts(input, done));
  if (format == "trace") return weir::tool::trace_text(input);
  const auto known = std::ranges::find(weir::report_formats, format, [](auto f) { return to_string(f); });
  if (args.has("pivot")) return weir::tool::pivot_text(done, args.get("pivot"), *known, terminal_width());
  return weir::tool::tables_text(input, done, *known, terminal_width());
}

result<int> summarize(const arguments& args) {
  const auto keys = args.get("group-by", "instance");
  const auto group_by = weir::parse_group_keys(keys == "none" ? "" : keys);
  if (!group_by) return failure{errc::invalid_argument, "--group-by: " + group_by.error().detail};
  const bool html = args.get("format") == "html" || args.has("serve") || args.has("follow");
  const auto percentiles =
      percentiles_of(args.get("percentiles", html ? "1,10,25,50,75,90,95,99,99.9" : "50,90,95,99"));
  if (!percentiles) return percentiles.error();
  const bool pictures = html || args.has("plot") || args.get("format") == "svg" || args.get("format") == "gnuplot" ||
                        args.get("format") == "trace";

  const weir::summary_options options{.percentiles = *percentiles, .intervals = args.has("intervals")};
  if (args.has("follow") || args.has("serve")) {
    const auto port = args.number<std::uint16_t>("serve", 0);
    if (!port || args.operands().empty())
      return port ? failure{errc::invalid_argument, "--serve needs files: standard input is read once"} : port.error();
    weir::tool::live_report report(*group_by, options, args.operands());
    if (auto ok = weir::tool::serve_live(report, *port); !ok) return ok.error();
    return 0;
  }
  weir::tool::gathered input{weir::summarizer(*group_by), {}, {}, {}};
  if (auto ok = weir::tool::gather(input, args.operands(), pictures); !ok) return ok.error();
  for (const auto& remark : input.remarks) weir::tool::say(remark);
  const auto done = weir::tool::summarized_of(input, options);
  if (args.has("out"))
    if (auto ok = weir::tool::write_files(std::string(args.get("out")), args.has("force"), input, done); !ok)
      return ok.error();
  const auto text = text_of(args, input, done);
  if (!text) return text.error();
  if (auto ok = weir::tool::print(*text); !ok) return ok.error();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, summarize);
}
