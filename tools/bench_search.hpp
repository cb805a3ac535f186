// tools/bench_search.hpp - weir-bench --search: what it is asked for, and what it prints.
#ifndef WEIR_TOOLS_BENCH_SEARCH_HPP
#define WEIR_TOOLS_BENCH_SEARCH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench_flags.hpp"
#include "cli.hpp"
#include "weir/base/json_write.hpp"
#include "weir/load/search_run.hpp"
#include "weir/report/table.hpp"

namespace weir::tool {

/// A probe lasts so long at least, unless --duration or --num-prompts says otherwise: queues must have time to grow.
inline constexpr std::int64_t probe_ns = 10'000'000'000;

inline search_plan search_plan_of(const arguments& args, const std::vector<std::string>& words) {
  search_plan plan;
  plan.by_concurrency = args.get("search") == "throughput";
  plan.log = args.get("search-log");
  auto& o = plan.options;
  o.target = args.number("search-target", o.target).value();
  o.start = args.number("search-start", o.start).value();
  o.precision = args.number("search-precision", o.precision).value();
  o.probes = args.number("search-probes", o.probes).value();
  o.check().value();
  if (!plan.by_concurrency && !args.has("goodput")) refuse("--search goodput needs goals: --goodput ttft:200 tpot:50");
  for (const auto* name : {"records", "schedule", "ramp-up-strategy", "save-result", "append-result"})
    if (args.has(name)) refuse("--" + std::string(name) + " does not go with --search: --search-log keeps the probes");
  if (args.get("prompts") == "-") refuse("--search reads its prompts once for each probe: give a file, not a pipe");
  if (args.has("request-rate") && !plan.by_concurrency) refuse("--search goodput chooses the rate: leave it out");
  plan.run = [&args, words, plan](double load, std::size_t number) {
    const auto fewest = plan.options.fewest_requests();
    const double seconds = static_cast<double>(args.duration_ns("duration", probe_ns).value()) / 1e9;
    const auto wanted = static_cast<std::size_t>(std::ceil(load * seconds));
    bench_options run = bench_options_of(args, words, {number, plan.by_concurrency ? 0 : std::max(fewest, wanted)});
    run.duration_ns = plan.by_concurrency ? run.duration_ns : 0;
    run.repeat = run.repeat && plan.by_concurrency;
    if (plan.by_concurrency)
      run.max_concurrency = static_cast<std::size_t>(std::max(1.0, std::round(load)));
    else
      run.arrivals.rate = load;
    if (!plan.by_concurrency && run.prompts.size() < fewest)
      refuse("to show " + detail::percent(plan.options.target) + " a probe needs at least " + std::to_string(fewest) +
             " requests: raise --num-prompts");
    return run;
  };
  return plan;
}

inline std::string search_json(const search_report& report) {
  std::string out;
  json_writer json(out);
  json.begin_object().key("probes").begin_array();
  for (const auto& p : report.probes)
    json.begin_object()
        .field("load", p.load)
        .field("good", p.good)
        .field("sent", p.sent)
        .field("request_throughput", p.per_s)
        .field("verdict", to_string(p.level))
        .end_object();
  json.end_array();
  report.answer ? json.field("answer", report.answer->load) : json.field("answer", nullptr);
  report.missing.empty() ? json.field("missing", nullptr) : json.field("missing", report.missing);
  json.end_object();
  return out + "\n";
}

inline std::string search_text(const search_report& report, const search_plan& plan) {
  const std::string unit = plan.by_concurrency ? " requests in flight" : " requests/s";
  std::string text = "      load      good      sent  requests/s  verdict\n";
  const auto column = [&](const std::string& value, std::size_t width) {
    text += std::string(value.size() < width ? width - value.size() : 0, ' ') + value;
  };
  for (const auto& p : report.probes) {
    column(detail::shown(p.load, 3), 10), column(std::to_string(p.good), 10), column(std::to_string(p.sent), 10);
    column(detail::shown(p.per_s), 12);
    text += "  " + std::string(to_string(p.level)) + "\n";
  }
  if (report.answer && plan.by_concurrency)
    text += "highest throughput: " + detail::shown(report.answer->per_s) + " requests/s at " +
            detail::shown(report.answer->load, 0) + unit + "\n";
  else if (report.answer)
    text += "highest load that held: " + detail::shown(report.answer->load, 3) + unit + " (" +
            std::to_string(report.answer->good) + " of " + std::to_string(report.answer->sent) + " good: at least " +
            detail::percent(plan.options.target) + " with 95 % confidence)\n";
  else
    text += "no load was shown to hold\n";
  if (!report.missing.empty()) text += "note: " + report.missing + "\n";
  return text;
}

/// \return  0 where a load was found, 1 where none was shown to hold.
inline result<int> search_limit(const arguments& args, const std::vector<std::string>& words,
                                const run_console& console) {
  const search_plan plan = search_plan_of(args, words);
  const auto report = run_search(plan, console);
  if (!report) return report.error();
  if (auto printed = print(args.has("json") ? search_json(*report) : search_text(*report, plan)); !printed)
    return printed.error();
  if (report->signal != 0) return 128 + report->signal;
  return report->answer ? 0 : 1;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_SEARCH_HPP
