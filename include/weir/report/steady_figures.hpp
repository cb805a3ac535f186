// weir/report/steady_figures.hpp - the part of a run between warm-up and drain, as figures. Needs weir/record and
// weir/stats.
#ifndef WEIR_REPORT_STEADY_FIGURES_HPP
#define WEIR_REPORT_STEADY_FIGURES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/report/figure.hpp"
#include "weir/report/flow_meter.hpp"
#include "weir/report/request_figures.hpp"
#include "weir/report/request_log.hpp"
#include "weir/report/table.hpp"
#include "weir/stats/run_interval.hpp"
#include "weir/stats/steady.hpp"

namespace weir::inline v0 {

/// Where a run is neither warming up nor ending: from the first request after the warm-up to the last sending, after
/// which there are fewer and fewer under way.
struct steady_part {
  std::int64_t first_ns = 0;  ///< First byte sent of all.
  std::int64_t from_ns = 0, to_ns = 0;
  std::size_t skip = 0;  ///< So many requests of the log are warm-up.
  bool steady = true;    ///< False: MSER-5 finds no end of the warm-up in the first half.
  request_flow flow;     ///< Of all requests.
};

namespace detail {
/// How long an answer let wait: TTFT, or E2EL where no first token was seen; < 0: it has neither.
inline double waited_ns(const logged_request& r) {
  if (!r.ok) return -1;
  return std::max(ttft_ns(r), r.t_first_ns == unmeasured ? e2el_ns(r) : -1.0);
}
}  // namespace detail

/// \pre  the log is in the order of sending. \return  errc::not_found where there is too little to tell.
[[nodiscard]] inline result<steady_part> steady_part_of(const request_log& log) {
  const auto& all = log.all();
  const auto sent = std::ranges::find_if(all, [](const auto& r) { return r.t_send_ns != unmeasured; });
  std::vector<double> ttft;
  flow_meter meter;
  for (auto r = sent; r != all.end(); ++r) {
    meter.add(r->t_sched_ns, r->t_send_ns, r->t_last_ns);
    if (const double ns = detail::waited_ns(*r); ns >= 0) ttft.push_back(ns);
  }
  if (ttft.size() < 20) return failure{errc::not_found, "fewer than 20 answers"};
  const auto cut = mser5(ttft);
  auto first = sent;  // that is not cut off
  for (std::size_t passed = 0; detail::waited_ns(*first) < 0 || passed++ < cut.skip;) ++first;
  steady_part out{sent->t_send_ns, 0,           all.back().t_send_ns, static_cast<std::size_t>(first - all.begin()),
                  cut.steady,      meter.flow()};
  out.from_ns = all[out.skip].t_send_ns;
  if (out.to_ns <= out.from_ns) return failure{errc::not_found, "all requests were sent at once"};
  return out;
}

namespace detail {

/// The latencies that are told of the steady part, and the figures of each.
struct steady_latency {
  latency which;
  double (*ns)(const logged_request&);
};
inline constexpr std::array steady_latencies{steady_latency{latency::ttft, ttft_ns},
                                             steady_latency{latency::tpot, tpot_ns},
                                             steady_latency{latency::e2el, e2el_ns}};
inline constexpr std::array<std::pair<std::string_view, double>, 4> steady_statistics{
    {{"mean", 0}, {"p50", 50}, {"p90", 90}, {"p99", 99}}};

inline std::string steady_name(latency which, std::string_view stat) {
  return "steady_" + std::string(to_string(which)) + "_" + std::string(stat);
}

inline void append_steady_latency(figure_list& out, const steady_latency& of, const std::vector<double>& ns,
                                  const steady_part& part) {
  const bool none = ns.empty();
  const value_run run(ns, part.flow);
  out.count(steady_name(of.which, "n"), ns.size());
  out.number_or(steady_name(of.which, "effective_n"), "", none ? std::nan("") : run.effective(), 0,
                "no answer tells it");
  for (const auto& [stat, p] : steady_statistics) {
    const auto e = estimate_of_part(run, p, part.steady);
    const auto name = steady_name(of.which, stat);
    const std::string why = (none ? "" : "no interval: ") + words_of_lack(e);
    out.number_or(name + "_ms", "ms", e.value / ns_per_ms, 3, why);
    out.number_or(name + "_low_ms", "ms", e.interval ? e.interval->low / ns_per_ms : std::nan(""), 3, why);
    out.number_or(name + "_high_ms", "ms", e.interval ? e.interval->high / ns_per_ms : std::nan(""), 3, why);
  }
}

}  // namespace detail

/// Appends the figures of the steady part, or their names with `why` there are none.
/// \param log  nullptr: they are not of this group.
inline void append_steady(figure_list& out, const request_log* log, std::string why) {
  const auto part = log != nullptr ? steady_part_of(*log) : failure{errc::not_found, std::move(why)};
  std::uint64_t ended = 0, tokens = 0;
  bool counted = true;
  if (part)
    for (const auto& r : log->all()) {
      if (!r.ok || r.t_last_ns == unmeasured || r.t_last_ns < part->from_ns || r.t_last_ns > part->to_ns) continue;
      ++ended, counted = counted && r.tokens_out() != unmeasured;
      tokens += r.tokens;  // of no use where one is not counted
    }
  const auto seconds = [&](std::int64_t ns) { return static_cast<double>(ns) / 1e9; };
  const double length = part ? seconds(part->to_ns - part->from_ns) : std::nan("");
  const std::string reason = part ? "the tokens of an answer are not known" : part.error().detail;
  out.number_or("steady_from_s", "s", part ? seconds(part->from_ns - part->first_ns) : std::nan(""), 3, reason);
  out.number_or("steady_to_s", "s", part ? seconds(part->to_ns - part->first_ns) : std::nan(""), 3, reason);
  out.number_or("steady_requests_per_s", "1/s", static_cast<double>(ended) / length, 2, reason);
  out.number_or("steady_output_tokens_per_s", "1/s", counted ? static_cast<double>(tokens) / length : std::nan(""), 2,
                reason);
  for (const auto& of : detail::steady_latencies) {
    std::vector<double> ns;
    for (std::size_t i = part ? part->skip : 0; part && i < log->all().size(); ++i)
      if (const double v = log->all()[i].ok ? of.ns(log->all()[i]) : -1; v >= 0) ns.push_back(v);
    if (part) {
      detail::append_steady_latency(out, of, ns, *part);
      continue;
    }
    for (const auto* name : {"n", "effective_n"}) out.missing(detail::steady_name(of.which, name), "", reason);
    for (const auto& [stat, p] : detail::steady_statistics)
      for (const auto* end : {"_ms", "_low_ms", "_high_ms"})
        out.missing(detail::steady_name(of.which, stat) + end, "ms", reason);
  }
}

/// The steady part of all records, to be read: one row a latency and statistic.
[[nodiscard]] inline table steady_table(const group_summary& all) {
  const auto shown = [&](const std::string& name) { return std::string(all.find(name)->shown.shown()); };
  const auto* from = all.find("steady_from_s");
  table t{"Steady part of the run",
          {{"latency", "", side::left},
           {"n"},
           {"effective n"},
           {"", "", side::left},
           {"value", "ms"},
           {"low", "ms"},
           {"high", "ms"}},
          {},
          1};
  if (!from->shown.is(cell::kind::missing))
    t.title += ", " + shown("steady_from_s") + " s to " + shown("steady_to_s") +
               " s: " + shown("steady_requests_per_s") + " requests/s, " + shown("steady_output_tokens_per_s") +
               " output tokens/s";
  for (const auto& of : detail::steady_latencies)
    for (const auto& [stat, p] : detail::steady_statistics) {
      const auto name = detail::steady_name(of.which, stat);
      t.rows.push_back(
          {cell::text(std::string(to_string(of.which))), all.find(detail::steady_name(of.which, "n"))->shown,
           all.find(detail::steady_name(of.which, "effective_n"))->shown, cell::text(std::string(stat)),
           all.find(name + "_ms")->shown, all.find(name + "_low_ms")->shown, all.find(name + "_high_ms")->shown});
    }
  return t;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_STEADY_FIGURES_HPP
