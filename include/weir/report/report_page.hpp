// weir/report/report_page.hpp - what was counted, as plots by name and as the page with all of them. Needs weir/report
// only.
#ifndef WEIR_REPORT_REPORT_PAGE_HPP
#define WEIR_REPORT_REPORT_PAGE_HPP

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/report/html.hpp"
#include "weir/report/request_log.hpp"
#include "weir/report/summary.hpp"
#include "weir/report/summary_plots.hpp"
#include "weir/report/summary_tables.hpp"

namespace weir::inline v0 {

inline constexpr std::string_view plot_names =
    "cdf|over-time|throughput|waterfall|by-group|latency|load|load-tpot|load-itl|load-e2el|scaling|efficiency|goodput|"
    "pareto";

namespace detail {

/// One plot of groups that are steps of a load; nothing for a name that is none.
inline std::optional<plot> plot_by_load(std::string_view name, const summary& s) {
  if (name == "scaling") return scaling_plot(s);
  if (name == "efficiency") return efficiency_plot(s);
  if (name == "goodput") return goodput_plot(s);
  if (name == "load-tpot") return latency_by_load(s, latency::tpot);
  if (name == "load-itl") return latency_by_load(s, latency::itl);
  if (name == "load-e2el") return latency_by_load(s, latency::e2el);
  if (name == "load") return latency_by_load(s, latency::ttft);
  return std::nullopt;
}

}  // namespace detail

/// One plot by its name. \param devices  for pareto. \return  errc::invalid_argument where the groups can't be drawn
/// so.
[[nodiscard]] inline result<plot> plot_named(std::string_view name, const summary& s, const request_log& log,
                                             double devices) {
  if (name == "cdf") return cdf_plot(log);
  if (name == "over-time") return latency_over_time(log);
  if (name == "throughput") return throughput_over_time(log);
  if (name == "waterfall") return waterfall_plot(log);
  if (name == "by-group")
    return figure_by_group(s, "Throughput by group", "output tokens / s",
                           {{"output_tokens_per_s", "output tokens / s"}});
  if (name == "latency") return latency_by_group(s);
  if (name == "pareto") return pareto_plot(s, devices);
  if (!detail::loads(s).are_steps())
    return failure{errc::invalid_argument, "the plot '" + std::string(name) +
                                               "' needs two groups or more, each with a number of its own "
                                               "in its name, such as files c1.jsonl, c2.jsonl with --group-by file"};
  if (name == "goodput" && !s.goals)
    return failure{errc::invalid_argument, "the plot 'goodput' needs --goodput: ttft:200, say"};
  if (auto drawn = detail::plot_by_load(name, s)) return *std::move(drawn);
  return failure{errc::invalid_argument, "there is no plot '" + std::string(name) + "'"};
}

/// Names of figures and what they are: docs/summarize.md in short.
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> figure_definitions() {
  return {{"ttft", "first event that carries a generated token - first byte sent"},
          {"ttfot", "first visible (not a reasoning) token - first byte sent"},
          {"tpot", "(last token - first token) / (tokens - tokens of the first event), of each choice"},
          {"itl", "gap between two events / tokens of the later one, once for each of them"},
          {"icl", "gap between two events that carry tokens; vLLM's JSON calls it ITL"},
          {"e2el", "last token - first byte sent"},
          {"ttft_sched, e2el_sched", "the same from the intended arrival: free of coordinated omission"},
          {"client_queue",
           "first byte sent - intended arrival: sched_lag (woke late), slot_wait (waited for a free slot), connect "
           "(TCP and "
           "TLS)"},
          {"usage_tail", "end of the answer - last token"},
          {"ttft_choice, e2el_choice", "of each choice, where a request asked for several"},
          {"p50, p99, ...",
           "percentiles: linear interpolation between ranks, as numpy's; of successful requests. adj: each failure "
           "counts as "
           "one that never ended"},
          {"low, high", "95 % interval"},
          {"window", "first byte sent to last token"},
          {"throughput", "successful requests, their output tokens, their input and output tokens / window"},
          {"steady part",
           "after the warm-up that MSER-5 cuts, up to the last sending; its intervals count with requests that "
           "hang together"},
          {"good", "requests that met every bound of --goodput; a failure is not good"},
          {"cost", "price of an hour of a device * devices * window / tokens"},
          {"energy, active, idle", "of the devices during the window; / window; while nobody asked"},
          {"above idle", "(energy - idle power * window) / output tokens"},
          {"tokens/chunk", "tokens / events that carried them"},
          {"basis",
           "what the token counts rest on: the server's usage, token ids in the stream, or one an event (estimated)"},
          {"error rate", "requests that did not succeed / all requests"},
          {"accuracy", "right answers / questions, by rule set, with Wilson's 95 % interval"},
          {"output_tok_s_gpu, total_tok_s_gpu", "output, and input and output tokens a second / devices"}};
}

/// The whole report. \pre  `log` is in the order of sending. \param devices  that each group ran on.
[[nodiscard]] inline html_page page_of(const summary& s, const std::vector<std::string>& notes,
                                       const std::vector<std::string>& runs, const request_log& log,
                                       double devices = 1) {
  html_page page{.title = "weir report",
                 .facts = runs,
                 .tables = reading_tables(s),
                 .plots = {},
                 .notes = notes,
                 .definitions = figure_definitions()};
  if (!s.requests) return page;
  page.plots = {cdf_plot(log), latency_over_time(log), throughput_over_time(log), waterfall_plot(log, 40)};
  if (s.groups.size() > 1)
    for (const auto* name : {"by-group", "latency"}) page.plots.push_back(*plot_named(name, s, log, devices));
  if (s.groups.size() > 2 && s.keys.size() == 1 && s.keys[0] == "file")
    for (const auto* name :
         {"load", "load-tpot", "load-itl", "load-e2el", "scaling", "efficiency", "goodput", "pareto"})
      if (auto more = plot_named(name, s, log, devices)) page.plots.push_back(*std::move(more));
  return page;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_REPORT_PAGE_HPP
