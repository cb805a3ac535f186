// weir-trace: profiler traces in, metrics that can be trusted out.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/trace/check_set.hpp"
#include "weir/trace/diff_sets.hpp"
#include "weir/trace/metric_tables.hpp"
#include "weir/trace/profile_files.hpp"
#include "weir/trace/report_text.hpp"
#include "weir/trace/set_metrics.hpp"
#include "weir/trace/step_metrics.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-trace",
    .summary = "turns profiler traces into metrics: communication, overlap, stragglers, steps, kernels",
    .usage = "weir-trace [OPTION]... FILE|DIR...\nweir-trace check DIR\nweir-trace diff DIR|FILE DIR|FILE",
    .text =
        "Reads Kineto traces (torch.profiler, vLLM, SGLang; .json and .json.gz; - is standard input) and prints "
        "metrics per rank, per step and for the whole set. Collectives are matched across ranks to tell who arrived "
        "last and how long the others waited.\n\n"
        "A metric is a value or missing with a reason, never a silent 0; times are unions, exact to the nanosecond. "
        "What is damaged or cut is said on standard error and counted. docs/traces.md defines every metric.\n\n"
        "check tells whether a directory holds one whole set of one run; diff compares two sets by class and kernel.",
    .options = {{"metrics", "LIST", "Only metrics of these names, with commas between."},
                {"step", "NAME", "Only what lies in steps of this name; * stands for any text: 'execute_context_0*'."},
                {"kinds", "FILE",
                 "More kernel names: lines of PATTERN, computation|communication|memory, and a collective's name."},
                {"top", "N", "How many kernels are named (default 10; diff: 30)."},
                {"rows", "N", "How many rows of a long table txt and md show (default 20)."},
                {"format", "FORMAT", "txt (default), md, csv, tsv or json.", "txt|md|csv|tsv|json"},
                {"json", "", "Metric records, one a line, for other programs."}},
    .examples =
        "weir-trace trace.json.gz\n"
        "weir-trace --metrics comm_overhead,coll_call_num --json traces/\n"
        "weir-trace --step 'ProfilerStep#3' traces/\n"
        "weir-trace check traces/\n"
        "weir-trace diff before/ after/",
    .exits = "0 done, 1 a trace without device events, or a check that failed; 2 trouble (usage, input, system)",
    .operands = "check|diff|FILE|DIR...",
};

weir::report_format format_of(const arguments& args) {
  const auto name = args.get("format", "txt");
  return *std::ranges::find(weir::report_formats, name, [](auto f) { return to_string(f); });
}

std::size_t terminal_width() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

result<weir::kind_table> kinds_of(const arguments& args) {
  if (!args.has("kinds")) return weir::kind_table{};
  const std::string path(args.get("kinds"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure{errc::not_found, "--kinds: cannot open " + path};
  auto table = weir::kind_table::parse({std::istreambuf_iterator<char>(file), {}});
  if (!table) return failure{table.error().code, "--kinds: " + path + ": " + table.error().detail};
  return table;
}

result<weir::trace_set> read_set(const std::vector<std::string>& operands, const weir::kind_table& kinds) {
  constexpr unsigned threads = 2;  // a rank is read at a gigabyte a second: more would wait for the disk
  return weir::read_trace_set(operands, kinds, threads);
}

result<int> report(const arguments& args, const weir::kind_table& kinds) {
  const auto top = args.number<std::size_t>("top", 10), rows = args.number<std::size_t>("rows", 20);
  if (!top || !rows) return top ? rows.error() : top.error();
  const auto set = read_set(args.operands(), kinds);
  if (!set) return set.error();
  for (const auto& remark : set->remarks) weir::tool::say(remark);
  int status = 0;
  for (const auto& p : set->ranks) {
    if (p.device.events() > 0 || p.on_cpu) continue;
    weir::tool::say(p.file + ": there are no kernels in it, so its metrics are missing; it has " + p.contents());
    status = 1;
  }
  std::vector<weir::trace_metric> metrics;
  for (const auto& p : set->ranks)
    if (auto ok = append_rank_metrics(metrics, p, {std::string(args.get("step")), *top}); !ok) return ok.error();
  std::vector<std::string> notes = set->remarks;
  if (set->ranks.size() > 1) {
    const auto skew = find_skew(set->ranks);
    append_set_metrics(metrics, set->ranks, skew);
    for (const auto& what : skew.unmatched) notes.push_back("not matched across ranks: " + what);
  }
  if (args.has("metrics"))
    if (auto ok = keep_metrics(metrics, weir::tool::split_at(args.get("metrics"), ',')); !ok) return ok.error();
  std::string text;
  const auto format = format_of(args);
  if (args.has("json"))
    append_metric_records(text, metrics);
  else if (format == weir::report_format::txt || format == weir::report_format::md)
    text = render_tables(metric_tables(metrics, *rows), notes, format, terminal_width());
  else
    text = render_tables({metric_rows(metrics)}, notes, format);
  if (auto ok = weir::tool::print(text); !ok) return ok.error();
  return status;
}

result<int> check(const arguments& args, const weir::kind_table& kinds) {
  const auto set = read_set({args.operands().begin() + 1, args.operands().end()}, kinds);
  if (!set) return set.error();
  const auto checks = check_set(set->ranks, set->unreadable);
  if (auto ok =
          weir::tool::print(render_tables({check_table(checks)}, set->remarks, format_of(args), terminal_width()));
      !ok)
    return ok.error();
  return std::ranges::count(checks, weir::check_outcome::failed, &weir::set_check::outcome) > 0 ? 1 : 0;
}

result<int> diff(const arguments& args, const weir::kind_table& kinds) {
  const auto top = args.number<std::size_t>("top", 30);
  if (!top) return top.error();
  if (args.operands().size() != 3) return failure{errc::invalid_argument, "diff takes two directories or files"};
  const auto a = read_set({args.operands()[1]}, kinds), b = read_set({args.operands()[2]}, kinds);
  if (!a || !b) return a ? b.error() : a.error();
  auto notes = a->remarks;
  notes.insert(notes.end(), b->remarks.begin(), b->remarks.end());
  const auto text = render_tables(diff_sets(a->ranks, b->ranks, *top), notes, format_of(args), terminal_width());
  if (auto ok = weir::tool::print(text); !ok) return ok.error();
  return 0;
}

result<int> trace(const arguments& args) {
  if (args.operands().empty())
    return failure{errc::invalid_argument, "no trace is named: give files, directories, or - for standard input"};
  const auto kinds = kinds_of(args);
  if (!kinds) return kinds.error();
  if (args.operands().size() > 1 && args.operands()[0] == "check") return check(args, *kinds);
  if (args.operands().size() > 1 && args.operands()[0] == "diff") return diff(args, *kinds);
  return report(args, *kinds);
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, trace);
}
