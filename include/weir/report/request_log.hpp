// weir/report/request_log.hpp - what pictures need of each request, in few bytes. Needs weir/record and weir/stats.
#ifndef WEIR_REPORT_REQUEST_LOG_HPP
#define WEIR_REPORT_REQUEST_LOG_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/record/request.hpp"
#include "weir/record/sample.hpp"
#include "weir/report/plot.hpp"
#include "weir/report/request_figures.hpp"
#include "weir/stats/percentile.hpp"
#include "weir/stats/steady.hpp"

namespace weir::inline v0 {

/// One request as pictures see it; times are of its file's clock.
struct logged_request {
  std::int64_t t_send_ns, t_sched_ns, t_first_ns, t_last_ns;  ///< `unmeasured` where it never came so far.
  std::uint32_t tokens;                                       ///< See tokens_out().
  std::uint32_t group : 31;
  std::uint32_t ok : 1;

  [[nodiscard]] std::int64_t tokens_out() const noexcept { return tokens == no_tokens ? unmeasured : tokens; }

  /// All of it, the sending first.
  [[nodiscard]] auto in_order() const noexcept {
    return std::tuple(t_send_ns, t_sched_ns, t_first_ns, t_last_ns, tokens, +group, +ok);
  }

  static constexpr std::uint32_t no_tokens = std::numeric_limits<std::uint32_t>::max();  ///< They were not counted.
};

/// The requests of a run, with the names of their groups.
/// \complexity  44 bytes a request; they are never moved to make room for more.
class request_log {
 public:
  void add(const request_record& r, const std::string& group) {
    const auto known = groups_.emplace(group, static_cast<std::uint32_t>(groups_.size())).first;
    const bool counted = r.tokens_out >= 0 && r.tokens_out < logged_request::no_tokens;
    all_.push_back({r.t_send_ns, r.t_sched_ns, r.t_first_ns, r.t_last_ns,
                    counted ? static_cast<std::uint32_t>(r.tokens_out) : logged_request::no_tokens,
                    known->second & 0x7FFFFFFFU, r.status == outcome::ok ? 1U : 0U});
  }
  void add(const sample_record& s) {
    if (s.t_ns != unmeasured) samples_.push_back(s);
  }
  /// Puts them in the order in which they were sent, or taken; of those of one nanosecond in one that does not depend
  /// on the order of files. \pre all of one clock.
  void sort() {
    std::ranges::sort(all_, {}, &logged_request::in_order);
    std::ranges::stable_sort(samples_, {}, &sample_record::t_ns);
  }
  [[nodiscard]] const std::vector<sample_record>& samples() const noexcept { return samples_; }
  [[nodiscard]] const std::deque<logged_request>& all() const noexcept { return all_; }
  [[nodiscard]] const std::map<std::string, std::uint32_t>& groups() const noexcept { return groups_; }

 private:
  std::deque<logged_request> all_;
  std::vector<sample_record> samples_;
  std::map<std::string, std::uint32_t> groups_;
};

namespace detail {

inline constexpr double ns_per_s = 1e9;

/// One latency of successful requests in ms, in the order of the log; NaN-free.
template <class Of>
std::vector<double> latencies_ms(const request_log& log, Of&& of) {
  std::vector<double> out;
  for (const auto& r : log.all()) {
    const double ns = r.ok ? of(r) : -1;
    if (ns >= 0) out.push_back(ns / ns_per_ms);
  }
  return out;
}
inline double ttft_ns(const logged_request& r) {
  return r.t_send_ns == unmeasured || r.t_first_ns == unmeasured ? -1 : static_cast<double>(r.t_first_ns - r.t_send_ns);
}
inline double e2el_ns(const logged_request& r) {
  return r.t_send_ns == unmeasured || r.t_last_ns == unmeasured ? -1 : static_cast<double>(r.t_last_ns - r.t_send_ns);
}
inline double tpot_ns(const logged_request& r) {
  if (r.t_first_ns == unmeasured || r.t_last_ns == unmeasured || r.tokens_out() < 2) return -1;
  return static_cast<double>(r.t_last_ns - r.t_first_ns) / static_cast<double>(r.tokens_out() - 1);
}

/// A CDF of at most `points` points, denser towards the slow end, where people look.
inline plot_series cdf_series(std::string name, std::vector<double> values, std::size_t points = 400) {
  plot_series out{.name = std::move(name), .x = {}, .y = {}};
  std::ranges::sort(values);
  for (std::size_t i = 0; i <= points && !values.empty(); ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(points), p = 100 * (1 - (1 - t) * (1 - t));
    out.x.push_back(percentile(values, p)), out.y.push_back(p);
  }
  return out;
}

}  // namespace detail

/// The share of requests that were at least as fast, for TTFT, TPOT (as vLLM divides it) and E2EL.
[[nodiscard]] inline plot cdf_plot(const request_log& log) {
  plot p{.title = "Latency: share of requests at least as fast",
         .x = {"ms", true},
         .y = {"% of successful requests", false}};
  p.series = {detail::cdf_series("TTFT", detail::latencies_ms(log, detail::ttft_ns)),
              detail::cdf_series("TPOT, by tokens - 1", detail::latencies_ms(log, detail::tpot_ns)),
              detail::cdf_series("E2EL", detail::latencies_ms(log, detail::e2el_ns))};
  return p;
}

/// Percentiles of TTFT and E2EL over the run: median, band from p10 to p90, p99 dashed; `parts` stretches of equal
/// time.
[[nodiscard]] inline plot latency_over_time(const request_log& log, std::size_t parts = 40) {
  plot p{.title = "TTFT over the run: median, p10 to p90",
         .x = {"s since the first request was sent", false},
         .y = {"TTFT (ms)", false}};
  if (log.all().empty()) return p;
  std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = std::numeric_limits<std::int64_t>::min();
  for (const auto& r : log.all())
    if (r.t_send_ns != unmeasured) first = std::min(first, r.t_send_ns), last = std::max(last, r.t_send_ns);
  if (last <= first) return p;
  const double length = static_cast<double>(last - first);
  std::vector<std::vector<double>> values(parts);
  for (const auto& r : log.all())
    if (const double ns = r.ok ? detail::ttft_ns(r) : -1; ns >= 0)
      values[std::min(parts - 1, static_cast<std::size_t>(static_cast<double>(r.t_send_ns - first) / length *
                                                          static_cast<double>(parts)))]
          .push_back(ns / detail::ns_per_ms);
  plot_series middle{.name = "median", .x = {}, .y = {}}, slow{.name = "p99", .x = {}, .y = {}, .dashed = true};
  for (std::size_t i = 0; i < parts; ++i) {
    std::ranges::sort(values[i]);
    middle.x.push_back((static_cast<double>(i) + 0.5) / static_cast<double>(parts) * length / detail::ns_per_s);
    middle.y.push_back(percentile(values[i], 50));
    middle.low.push_back(percentile(values[i], 10)), middle.high.push_back(percentile(values[i], 90));
    slow.y.push_back(values[i].size() >= 100 ? percentile(values[i], 99) : std::nan(""));
  }
  slow.x = middle.x;
  p.series.push_back(std::move(middle));
  // p99 of a part is worth drawn where it rests on 100 requests, and a line where two parts have it.
  if (std::ranges::count_if(slow.y, [](double y) { return !std::isnan(y); }) > 1) {
    p.title += ", p99 dashed";
    p.series.push_back(std::move(slow));
  }
  return p;
}

/// Output tokens a second over the run, with the warm-up that MSER-5 would cut.
[[nodiscard]] inline plot throughput_over_time(const request_log& log, std::size_t parts = 60) {
  plot p{.title = "Throughput over the run",
         .x = {"s since the first request was sent", false},
         .y = {"output tokens / s", false}};
  std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = std::numeric_limits<std::int64_t>::min();
  for (const auto& r : log.all()) {
    if (r.t_send_ns != unmeasured) first = std::min(first, r.t_send_ns);
    if (r.ok && r.t_last_ns != unmeasured) last = std::max(last, r.t_last_ns);
  }
  if (last <= first) return p;
  const double length = static_cast<double>(last - first),
               part_s = length / static_cast<double>(parts) / detail::ns_per_s;
  std::vector<double> tokens(parts, 0);
  const auto part_of = [&](std::int64_t t) {
    return std::min(parts - 1,
                    static_cast<std::size_t>(static_cast<double>(t - first) / length * static_cast<double>(parts)));
  };
  for (const auto& r : log.all()) {  // a request's tokens are spread evenly over its answer
    if (!r.ok || r.t_first_ns == unmeasured || r.t_last_ns == unmeasured || r.tokens_out() <= 0) continue;
    const std::size_t from = part_of(std::max(first, r.t_first_ns)), to = part_of(std::max(first, r.t_last_ns));
    for (std::size_t i = from; i <= to; ++i)
      tokens[i] += static_cast<double>(r.tokens_out()) / static_cast<double>(to - from + 1);
  }
  plot_series s{.name = "output tokens / s", .x = {}, .y = {}};
  for (std::size_t i = 0; i < parts; ++i)
    s.x.push_back((static_cast<double>(i) + 0.5) * part_s), s.y.push_back(tokens[i] / part_s);
  const auto cut = mser5(s.y);
  if (cut.skip > 0)
    p.marks.push_back(
        {static_cast<double>(cut.skip) * part_s, true, cut.steady ? "end of warm-up (MSER-5)" : "not steady (MSER-5)"});
  p.series.push_back(std::move(s));
  return p;
}

/// The first `most` requests as bars: time in the client's queue, to the first token, and of the rest of the answer.
[[nodiscard]] inline plot waterfall_plot(const request_log& log, std::size_t most = 60) {
  plot p{.title = "The first requests",
         .kind = plot_kind::spans,
         .x = {"ms since the first request was due", false},
         .y = {}};
  plot_series before{.name = "", .x = {}, .y = {}}, queue{.name = "client queue", .x = {}, .y = {}};
  plot_series wait{.name = "to first token", .x = {}, .y = {}}, answer{.name = "rest of the answer", .x = {}, .y = {}};
  std::int64_t first = unmeasured;
  for (const auto& r : log.all()) {
    if (p.categories.size() == most) break;
    if (r.t_send_ns == unmeasured || r.t_first_ns == unmeasured || r.t_last_ns == unmeasured) continue;
    const auto begin = r.t_sched_ns == unmeasured ? r.t_send_ns : std::min(r.t_sched_ns, r.t_send_ns);
    if (first == unmeasured) first = begin;
    const auto ms = [](std::int64_t ns) { return static_cast<double>(ns) / detail::ns_per_ms; };
    p.categories.push_back(std::to_string(p.categories.size() + 1));
    before.y.push_back(std::max(0.0, ms(begin - first)));
    queue.y.push_back(ms(r.t_send_ns - begin)), wait.y.push_back(ms(r.t_first_ns - r.t_send_ns));
    answer.y.push_back(ms(r.t_last_ns - r.t_first_ns));
  }
  p.series = {std::move(before), std::move(queue), std::move(wait), std::move(answer)};
  return p;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_REQUEST_LOG_HPP
