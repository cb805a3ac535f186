// weir/load/bench_table.hpp - a run's result as people who know `vllm bench serve` expect it. Needs weir/report.
#ifndef WEIR_LOAD_BENCH_TABLE_HPP
#define WEIR_LOAD_BENCH_TABLE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "weir/load/run_findings.hpp"
#include "weir/load/run_summary.hpp"
#include "weir/load/vllm_result.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/request_figures.hpp"
#include "weir/report/table.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

namespace detail {

/// Lines of a name and a value in two columns, and headings between them.
class two_columns {
 public:
  void heading(std::string_view title, char rule) {
    const std::size_t left = (width - title.size()) / 2;
    text_.append(left, rule).append(title).append(width - title.size() - left, rule).push_back('\n');
  }
  void line(std::string_view name, std::string_view value) {
    text_.append(name).append(":");
    text_.append(name.size() + 2 > name_width ? 1 : name_width - name.size() - 1, ' ').append(value).push_back('\n');
  }
  void number(std::string_view name, double value, int digits = 2) {
    const auto shown = cell::number(value, digits);
    line(name, shown.is(cell::kind::missing) ? "n/a" : shown.shown());
  }
  void count(std::string_view name, std::uint64_t value) { line(name, std::to_string(value)); }
  void words(std::string_view text) { text_.append(text).push_back('\n'); }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  static constexpr std::size_t width = 60, name_width = 45;
  std::string text_;
};

inline void add_section(two_columns& out, std::string_view title, std::string_view name, sample_set& samples,
                        const std::vector<double>& percentiles) {
  if (samples.count() == 0) return;
  out.heading(title, '-');
  const auto m = samples.describe_with_median(percentiles);
  const auto line = [&](std::string_view what, double ns) {
    out.number(std::string(what).append(" ").append(name).append(" (ms)"), ns * ms_of_ns);
  };
  line("Mean", m.mean);
  line("Median", samples.percentile(50));
  for (const double p : percentiles) line("P" + percentile_name(p).substr(1), samples.percentile(p));
}

inline void add_totals(two_columns& out, const run_identity& run, const run_summary& s) {
  const double n = static_cast<double>(s.requests());
  out.count("Successful requests", s.completed);
  out.count("Failed requests", s.failed);
  out.number("Error rate (%)", 100 * static_cast<double>(s.failed) / n);
  if (s.resent > 0) out.count("Sent again on a new connection", s.resent);
  if (s.turns_not_sent > 0) out.count("Turns not sent (an earlier one failed)", s.turns_not_sent);
  if (run.max_concurrency > 0) out.count("Maximum request concurrency", run.max_concurrency);
  out.number("Concurrency held (mean)", s.held_concurrency());
  out.count("Concurrency held (peak)", s.max_in_flight);
  if (std::isfinite(run.request_rate)) out.number("Request rate configured (RPS)", run.request_rate);
  if (const double asked = s.offered.asked_per_s(); !std::isnan(asked)) {
    out.number("Request rate of the schedule (RPS)", asked);
    out.number("Request rate achieved (RPS)", s.offered.achieved_per_s());
  }
  out.number("Benchmark duration (s)", s.window_s());
  out.number("Total input tokens", s.tokens_in(), 0);
  out.number("Total generated tokens", s.tokens_out(), 0);
  out.number("Request throughput (req/s)", s.per_s(static_cast<double>(s.completed)));
  if (run.goals) {
    out.number("Request goodput (req/s)", s.per_s(static_cast<double>(s.good)));
    out.number("Requests within the goals (%)", 100 * static_cast<double>(s.good) / n);
  }
  out.number("Output token throughput (tok/s)", s.per_s(s.tokens_out()));
  out.number("Peak output token throughput (tok/s)", s.rate.peak_per_s());
  out.number("Total token throughput (tok/s)", s.per_s(s.tokens_in() + s.tokens_out()));
  if (s.completed == 0) return;
  out.line("Token counts from", basis_words(s.attempts.counts));
  out.number("Tokens per chunk", s.tokens_per_chunk(), 3);
}

inline void add_failures(two_columns& out, const run_summary& s) {
  if (s.failures.empty()) return;
  out.heading("Failures", '-');
  const auto kinds = s.by_count();
  constexpr std::size_t shown = 10;
  for (std::size_t i = 0; i < std::min(kinds.size(), shown); ++i)
    out.words(std::to_string(kinds[i].first) + " x " + words_of(*kinds[i].second));
  if (kinds.size() > shown) out.words("... and " + std::to_string(kinds.size() - shown) + " other kinds");
}

/// The same run as the server counted it.
inline void add_server(two_columns& out, const run_findings& found, run_summary& s) {
  if (!found.server.grown) return;
  const server_metrics& server = *found.server.grown;
  out.heading("Server's own count (" + std::string(server.engine) + ")", '-');
  for (const auto& each : compare_latencies(server, s)) {
    out.number("Mean " + std::string(each.name) + " of the server (ms)", each.server_ms);
    out.number("Client's mean " + std::string(each.name) + " / server's", each.ratio(), 3);
  }
  if (const double queue = server.mean_ms(server_figure::queue_s, server_figure::queue_count); !std::isnan(queue))
    out.number("Mean queue time of the server (ms)", queue);
  if (const double hits = prefix_hit_share(server); !std::isnan(hits))
    out.number("Prompt tokens from the prefix cache (%)", 100 * hits);
  if (server.of(server_figure::preemptions) > 0) out.number("Preemptions", server.of(server_figure::preemptions), 0);
}

/// How well the run knows the figures that were to end it.
inline void add_precision(two_columns& out, const run_findings& found) {
  if (found.precision.empty()) return;
  out.heading("Precision", '-');
  for (const auto& f : found.precision) out.line(f.goal.text, precision_words(f));
}

/// Whether to believe any of it.
inline void add_verdict(two_columns& out, const verdict& judged) {
  out.line("Verdict on this measurement", to_string(judged.level));
  for (const auto& reason : judged.reasons) out.words("- " + reason);
}

/// What stands out in the server's own figures.
template <class Remark>
void add_server_remarks(const run_findings& found, run_summary& s, const Remark& remark) {
  if (!found.server.grown) {
    if (!found.server.missing.empty()) remark("the server's own figures could not be had: " + found.server.missing);
    return;
  }
  for (const auto& each : compare_latencies(*found.server.grown, s))
    if (each.name != "E2EL" && each.ratio() > 1.2)
      remark("the client's mean " + std::string(each.name) + " is " + detail::shown(each.ratio()) +
             " times the engine's own: what lies between them (API server, network) costs that much");
  if (const double hits = prefix_hit_share(*found.server.grown); hits > 0.01)
    remark(detail::percent(hits) +
           " of the prompt tokens came from the server's prefix cache: TTFT is that of prompts "
           "which it knew in part");
}

/// What a reader must know before using the numbers.
inline void add_remarks(two_columns& out, const run_identity& run, run_summary& s, const run_findings& found) {
  const auto& counts = s.attempts.counts;
  const auto remark = [&](const std::string& text) { out.words("note: " + text); };
  const std::size_t values = s.of(latency::e2el).count();
  for (const double p : run.percentiles)
    if (values > 0 && static_cast<double>(values) * (100 - p) < 100 && p < 100)
      remark("with " + std::to_string(values) + " requests, " + percentile_name(p) + " is next to the maximum");
  if (const auto& l = s.lengths; l.other > 0)
    remark(std::to_string(l.other) + " prompts had another length than asked for: of " + std::to_string(l.known) +
           " the mean is " + detail::shown(static_cast<double>(l.real) / static_cast<double>(l.known), 1) +
           " tokens, not " + detail::shown(static_cast<double>(l.asked) / static_cast<double>(l.known), 1));
  if (counts.itl_by_chunk > 0)
    remark("the tokens of an event are not known for " + std::to_string(counts.itl_by_chunk) +
           " answers: their ITL is the gap between events");
  if (counts.first_estimated > 0)
    remark("TPOT of " + std::to_string(counts.first_estimated) +
           " answers rests on an estimate of the first event's tokens");
  if (s.fewer_choices > 0)
    remark(std::to_string(s.fewer_choices) + " answers had fewer choices than the " + std::to_string(run.choices) +
           " asked for");
  if (counts.by_basis[static_cast<std::size_t>(tokens_basis::chunks)] > 0)
    remark("tokens were estimated by counting events, because the server reports no usage");
  add_server_remarks(found, s, remark);
}

}  // namespace detail

/// The result as text. Figures that were not measured read n/a; sections without any are left out.
[[nodiscard]] inline std::string bench_table(const run_identity& run, run_summary& s, const run_findings& found) {
  detail::two_columns out;
  out.heading(" Serving Benchmark Result ", '=');
  detail::add_totals(out, run, s);
  struct section {
    latency which;
    std::string_view title, name;
  };
  for (const auto& [which, title, name] :
       {section{latency::ttft, "Time to First Token", "TTFT"},
        section{latency::ttfot, "Time to First Visible Token", "TTFOT"},
        section{latency::tpot, "Time per Output Token (excl. 1st event)", "TPOT"},
        section{latency::itl, "Inter-token Latency", "ITL"}, section{latency::icl, "Inter-chunk Latency", "ICL"},
        section{latency::e2el, "End-to-end Latency", "E2EL"},
        section{latency::ttft_sched, "Time to First Token, from the schedule", "TTFT"},
        section{latency::client_queue, "Wait in this client", "queue"}}) {
    const auto& counts = s.attempts.counts;
    if (which == latency::ttfot && counts.reasoned == 0) continue;  // the same as TTFT
    if (which == latency::icl && counts.events == static_cast<std::uint64_t>(counts.tokens_in_events))
      continue;  // one token an event: the same as ITL
    detail::add_section(out, title, name, s.of(which), run.percentiles);
  }
  detail::add_precision(out, found);
  detail::add_server(out, found, s);
  detail::add_failures(out, s);
  out.heading("", '=');
  detail::add_verdict(out, found.judged);
  detail::add_remarks(out, run, s, found);
  return std::move(out).take();
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_BENCH_TABLE_HPP
