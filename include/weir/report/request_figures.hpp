// weir/report/request_figures.hpp - a group's counts and samples as figures. Needs weir/record and weir/stats.
#ifndef WEIR_REPORT_REQUEST_FIGURES_HPP
#define WEIR_REPORT_REQUEST_FIGURES_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "weir/record/request.hpp"
#include "weir/report/figure.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/request_group.hpp"
#include "weir/report/time_axis.hpp"
#include "weir/stats/interval.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// "p99", "p99.9"
[[nodiscard]] inline std::string percentile_name(double p) {
  std::array<char, 32> text{'p'};
  return {text.data(), std::to_chars(text.data() + 1, text.data() + text.size(), p).ptr};
}

/// Which figures a summary has: the same for all of its groups.
struct figure_choice {
  std::vector<double> percentiles;
  bool intervals = false;                      ///< Of the percentiles.
  bool goals = false;                          ///< Requests were held against a service level.
  bool adjusted = false;                       ///< Percentiles that count failures as never finished: some failed.
  std::array<bool, outcome_count> outcomes{};  ///< Classes of failures that occurred.
};

namespace detail {

/// Why a group has no sample of a latency.
inline std::string why_no(latency which, const request_counts& counts) {
  if (counts.all() == 0) return "no requests in this group";
  if (counts.ok() == 0) return "no request succeeded";
  switch (which) {
    case latency::itl:
    case latency::icl:
      return "the records hold no times of events, or no answer had two";
    case latency::tpot:
      return "no streamed answer had tokens after its first event, or tokens were not counted";
    case latency::ttft:
    case latency::ttfot:
      return counts.backwards > 0 ? "no answer was streamed, or its times run backwards" : "no answer was streamed";
    case latency::ttft_sched:
    case latency::e2el_sched:
    case latency::client_queue:
    case latency::sched_lag:
    case latency::slot_wait:
      return "requests had no intended arrival (closed loop)";
    case latency::connect:
      return "all requests went over kept connections";
    case latency::ttft_choice:
    case latency::e2el_choice:
      return "no request asked for several choices";
    default:
      return counts.backwards > 0 ? "not measured, or the times run backwards" : "not measured";
  }
}

/// Whether a failed request can be counted as one whose latency never ended.
inline bool can_adjust(latency which) noexcept {
  return which == latency::ttft || which == latency::tpot || which == latency::e2el || which == latency::ttft_sched ||
         which == latency::e2el_sched;
}

inline constexpr double ns_per_ms = 1e6;

/// Appends the bounds between which the percentile lies.
inline void append_interval(figure_list& out, const std::string& label, sample_set& samples, double p) {
  const auto ranks = percentile_interval(samples.count(), p);
  const auto bound = [&](const char* which, std::size_t rank_interval::* rank) {
    const double ns = ranks ? samples.value_at((*ranks).*rank) : std::numeric_limits<double>::quiet_NaN();
    out.number_or(label + which, "ms", ns / ns_per_ms, 3, "too few values for an interval");
  };
  bound("_low_ms", &rank_interval::low);
  bound("_high_ms", &rank_interval::high);
}

}  // namespace detail

/// Appends the figures of one latency: n, mean, std, min, percentiles, max, and adjusted percentiles.
inline void append_latency(figure_list& out, latency which, sample_set& samples, const request_counts& counts,
                           const figure_choice& choice) {
  const std::string name(to_string(which)), reason = detail::why_no(which, counts);
  const auto m = samples.describe(choice.percentiles);
  const auto in_ms = [&](const std::string& what, double ns) {
    out.number_or(name + what + "_ms", "ms", ns / detail::ns_per_ms, 3, reason);
  };
  out.count(name + "_n", m.count);
  in_ms("_mean", m.mean);
  in_ms("_std", m.std);
  in_ms("_min", m.min);
  for (const double p : choice.percentiles) {
    in_ms("_" + percentile_name(p), samples.percentile(p));
    if (choice.intervals) detail::append_interval(out, name + "_" + percentile_name(p), samples, p);
  }
  in_ms("_max", m.max);
  if (!choice.adjusted || !detail::can_adjust(which)) return;
  for (const double p : choice.percentiles) in_ms("_adj_" + percentile_name(p), samples.percentile(p, counts.failed()));
}

/// Appends how many requests there were and how they ended.
inline void append_outcomes(figure_list& out, const request_counts& counts, const figure_choice& choice) {
  out.count("requests", counts.all());
  out.count("ok", counts.ok());
  out.count("failed", counts.failed());
  if (counts.all() > 0)
    out.number("error_rate_pct", "%", 100 * static_cast<double>(counts.failed()) / static_cast<double>(counts.all()),
               2);
  else
    out.missing("error_rate_pct", "%", "no requests in this group");
  out.count("retries", counts.retries);
  for (std::size_t i = 1; i < outcome_count; ++i)
    if (choice.outcomes[i])
      out.count("failed_" + std::string(to_string(static_cast<outcome>(i))), counts.by_outcome[i]);
}

namespace detail {

/// Why a sum of tokens is not known; empty where it is. With terms left out, it would be too small.
inline std::string why_unknown(const char* which, const partial_sum& sum, const request_counts& counts) {
  if (counts.ok() == 0) return why_no(latency::e2el, counts);
  if (sum.unknown == 0) return {};
  return std::string("the ") + which + " tokens of " + std::to_string(sum.unknown) + " of " +
         std::to_string(counts.ok()) + " answers are not known";
}

/// "usage", or "usage 90, estimated 10".
inline std::string basis_words(const request_counts& counts) {
  std::string words;
  std::size_t kinds = 0;
  for (const auto count : counts.by_basis) kinds += count > 0;
  for (std::size_t i = 0; i < basis_count; ++i) {
    const auto basis = static_cast<tokens_basis>(i);
    if (counts.by_basis[i] == 0) continue;
    words.append(words.empty() ? "" : ", ").append(basis == tokens_basis::chunks ? "estimated" : to_string(basis));
    if (kinds > 1) words.append(" ").append(std::to_string(counts.by_basis[i]));
  }
  return words;
}

}  // namespace detail

/// Appends tokens, and what their counts rest on.
inline void append_tokens(figure_list& out, const request_counts& counts) {
  const auto sum = [&](const char* name, const char* which, const partial_sum& tokens) {
    if (const auto unknown = detail::why_unknown(which, tokens, counts); !unknown.empty())
      out.missing(name, "", unknown);
    else
      out.number(name, "", static_cast<double>(tokens.known), 0);
  };
  sum("tokens_in", "input", counts.tokens_in);
  sum("tokens_out", "output", counts.tokens_out);
  if (counts.ok() > 0)
    out.text("tokens_basis", detail::basis_words(counts));
  else
    out.missing("tokens_basis", "", detail::why_no(latency::e2el, counts));
  if (counts.events > 0)
    out.number("tokens_per_chunk", "",
               static_cast<double>(counts.tokens_in_events) / static_cast<double>(counts.events), 2);
  else
    out.missing("tokens_per_chunk", "", "no events of answers whose tokens were counted");
}

/// Appends how many requests were good, of all: a failure is not.
inline void append_goodput(figure_list& out, const request_counts& counts, const time_axis& axis) {
  const auto window = axis.over(counts.windows);
  out.count("good", counts.good);
  if (counts.all() > 0)
    out.number("slo_attainment_pct", "%", 100 * static_cast<double>(counts.good) / static_cast<double>(counts.all()),
               2);
  else
    out.missing("slo_attainment_pct", "%", "no requests in this group");
  if (window)
    out.number("goodput_requests_per_s", "1/s",
               static_cast<double>(counts.good) * 1e9 / static_cast<double>(window->length_ns), 2);
  else
    out.missing("goodput_requests_per_s", "1/s", window.error().detail);
}

/// What an hour of one device costs, in anybody's money, and how many of them each group ran on.
struct device_price {
  double per_hour = 0;  ///< 0: not told.
  double devices = 1;
};

/// Appends what a million tokens cost. \param why  there is no telling for this group; empty: there is.
inline void append_cost(figure_list& out, const request_counts& counts, const time_axis& axis, device_price price,
                        const std::string& why) {
  const auto window = axis.over(counts.windows);
  const auto no_out = detail::why_unknown("output", counts.tokens_out, counts);
  const auto no_in = detail::why_unknown("input", counts.tokens_in, counts);
  const auto cost = [&](const char* name, std::int64_t tokens, const std::string& unknown) {
    const std::string reason = !why.empty() ? why : !window ? window.error().detail : unknown;
    if (!reason.empty() || tokens == 0) return out.missing(name, "", reason.empty() ? "no token came" : reason);
    const double hours = static_cast<double>(window->length_ns) / 3.6e12;
    out.number(name, "", price.per_hour * price.devices * hours / static_cast<double>(tokens) * 1e6, 4);
  };
  cost("cost_per_million_output_tokens", counts.tokens_out.known, no_out);
  cost("cost_per_million_tokens", counts.tokens_in.known + counts.tokens_out.known, no_out.empty() ? no_in : no_out);
}

/// Appends the full window (first byte sent to last token) and what went through in it.
inline void append_throughput(figure_list& out, const request_counts& counts, const time_axis& axis) {
  const auto window = axis.over(counts.windows);
  if (window)
    out.number("window_s", "s", static_cast<double>(window->length_ns) / 1e9, 3);
  else
    out.missing("window_s", "s", window.error().detail);
  const auto rate = [&](const char* name, const char* unit, std::int64_t amount, const std::string& unknown) {
    if (!window || !unknown.empty())
      out.missing(name, unit, window ? unknown : window.error().detail);
    else
      out.number(name, unit, static_cast<double>(amount) * 1e9 / static_cast<double>(window->length_ns), 2);
  };
  const auto no_out = detail::why_unknown("output", counts.tokens_out, counts);
  rate("requests_per_s", "1/s", static_cast<std::int64_t>(counts.ok()), "");
  rate("output_tokens_per_s", "1/s", counts.tokens_out.known, no_out);
  rate("total_tokens_per_s", "1/s", counts.tokens_in.known + counts.tokens_out.known,
       no_out.empty() ? detail::why_unknown("input", counts.tokens_in, counts) : no_out);
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_REQUEST_FIGURES_HPP
