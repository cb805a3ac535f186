// weir-trace: profiler traces in, metrics that can be trusted out.
#include <algorithm>

#include "trace_pictures.hpp"
#include "trace_set.hpp"
#include "trace_yaml.hpp"
#include "weir/trace/diff_sets.hpp"
#include "weir/trace/metric_tables.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-trace",
    .summary = "turns profiler traces into metrics: communication, overlap, stragglers, steps, kernels",
    .usage =
        "weir-trace [OPTION]... FILE|DIR...\nweir-trace check DIR\nweir-trace diff DIR|FILE DIR|FILE\n"
        "weir-trace card --config FILE.yaml DIR\nweir-trace results DIR...",
    .text =
        "Reads Kineto traces (torch.profiler, vLLM, SGLang; .json and .json.gz; - is standard input), nsys' exports "
        "(json, and cuda_gpu_trace as CSV), and what Ascend's profilers write (trace_view.json, kernel_details, "
        "op_summary, step_trace_time, communication.json, directories *_ascend_pt), and prints metrics per rank, per "
        "step and for the whole set. Collectives are matched across ranks to tell who arrived last and how long the "
        "others waited. timing_stats_RANK.json and execution traces go with the trace of their rank.\n\n"
        "A metric is a value or missing with a reason, never a silent 0; times are unions, exact to the nanosecond. "
        "What is damaged or cut is said on standard error and counted. docs/traces.md defines every metric.\n\n"
        "check tells whether a directory holds one whole set of one run; diff compares two sets by class and kernel; "
        "card prints a workload card; results prints results_summary.csv, a row an experiment.",
    .options = {{"metrics", "LIST", "Only metrics of these names, with commas between."},
                {"step", "NAME", "Only what lies in steps of this name; * stands for any text: 'execute_context_0*'."},
                {"kinds", "FILE",
                 "More kernel names: lines of PATTERN, computation|communication|memory, and a collective's name."},
                {"idle", "", "Also why the device was idle; reads launches too, and takes about twice as long."},
                {"sm-coverage", "", "Also how many blocks kernels have; reads the arguments of all kernels."},
                {"hta-compatible", "", "HolisticTraceAnalysis' figures, by its classes of kernels and its names."},
                {"flops-per-token", "F", "What a token costs this rank, for mfu: twice the parameters it holds."},
                {"peak-tflops", "T", "What the device can do at most, for mfu."},
                {"link-gbps", "B",
                 "What the link between ranks can do at most, in 10^9 bytes a second, for link_share."},
                {"annotations", "FILE", "Write who waited for whom as a small trace that Perfetto opens."},
                {"plots", "DIR", "Write ranks.svg and skew.svg into this directory, which is made."},
                {"config", "FILE", "card: what the traces can't tell, a card or an experiment's file in YAML."},
                {"top", "N", "How many kernels are named (default 10; diff: 30)."},
                {"rows", "N", "How many rows of a long table txt and md show (default 20)."},
                {"format", "FORMAT", "txt (default), md, csv, tsv or json.", "txt|md|csv|tsv|json"},
                {"json", "", "Metric records, one a line, for other programs."}},
    .examples =
        "weir-trace trace.json.gz\n"
        "weir-trace --metrics comm_overhead,coll_call_num --json traces/\n"
        "weir-trace --step 'ProfilerStep#3' traces/\n"
        "weir-trace check traces/\n"
        "weir-trace diff before/ after/\n"
        "weir-trace card --config config.yaml traces/ > workload_card.yaml",
    .exits = "0 done, 1 a trace without device events, or a check that failed; 2 trouble (usage, input, system)",
    .operands = "check|diff|card|results|FILE|DIR...",
};

result<int> report(const arguments& args, const weir::kind_table& kinds) {
  const auto rows = args.number<std::size_t>("rows", 20);
  const auto options = weir::tool::metric_options(args);
  if (!rows || !options) return rows ? options.error() : rows.error();
  const auto set = read_set(args, args.operands(), kinds);
  if (!set) return set.error();
  const int status = weir::tool::say_empty(*set);
  std::vector<weir::trace_metric> metrics;
  for (const auto& p : set->ranks) {
    if (args.has("hta-compatible"))
      append_hta_metrics(metrics, p, options->kernels);
    else if (auto ok = append_rank_metrics(metrics, p, *options); !ok)
      return ok.error();
  }
  std::vector<std::string> notes;
  weir::tool::say_mixed(*set);
  const auto skew = find_skew(set->ranks);
  if (set->ranks.size() > 1 && !args.has("hta-compatible")) {
    append_set_metrics(metrics, set->ranks, skew);
    for (const auto& what : skew.unmatched) notes.push_back("not matched across ranks: " + what);
  }
  if (auto ok = weir::tool::write_pictures(args, *set, skew); !ok) return ok.error();
  if (args.has("metrics"))
    if (auto ok = keep_metrics(metrics, weir::tool::split_at(args.get("metrics"), ',')); !ok) return ok.error();
  const auto format = weir::tool::format_of(args);
  const bool for_people = format == weir::report_format::txt || format == weir::report_format::md;
  if (args.has("json")) {
    std::string text;
    append_metric_records(text, metrics);
    if (auto ok = weir::tool::print(text); !ok) return ok.error();
  } else if (auto ok = print_tables(
                 args,
                 for_people ? metric_tables(metrics, *rows, !args.has("metrics")) : std::vector{metric_rows(metrics)},
                 notes);
             !ok) {
    return ok.error();
  }
  return status;
}

result<int> check(const arguments& args, const weir::kind_table& kinds) {
  const auto set = read_set(args, {args.operands().begin() + 1, args.operands().end()}, kinds);
  if (!set) return set.error();
  const auto checks = check_set(set->ranks, set->unreadable);
  if (auto ok = print_tables(args, {check_table(checks)}); !ok) return ok.error();
  return std::ranges::count(checks, weir::check_outcome::failed, &weir::set_check::outcome) > 0 ? 1 : 0;
}

result<int> diff(const arguments& args, const weir::kind_table& kinds) {
  const auto top = args.number<std::size_t>("top", 30);
  if (!top) return top.error();
  if (args.operands().size() != 3) return failure{errc::invalid_argument, "diff takes two directories or files"};
  const auto a = read_set(args, {args.operands()[1]}, kinds), b = read_set(args, {args.operands()[2]}, kinds);
  if (!a || !b) return a ? b.error() : a.error();
  if (auto ok = print_tables(args, diff_sets(a->ranks, b->ranks, *top)); !ok) return ok.error();
  return 0;
}

result<int> trace(const arguments& args) {
  if (args.operands().empty())
    return failure{errc::invalid_argument, "no trace is named: give files, directories, or - for standard input"};
  const auto kinds = weir::tool::kinds_of(args);
  if (!kinds) return kinds.error();
  const std::string_view form = args.operands().size() > 1 ? std::string_view(args.operands()[0]) : std::string_view{};
  if (form == "check") return check(args, *kinds);
  if (form == "diff") return diff(args, *kinds);
  if (form == "card") return weir::tool::trace_card(args, *kinds);
  if (form == "results") return weir::tool::trace_results(args, *kinds);
  return report(args, *kinds);
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, trace);
}
