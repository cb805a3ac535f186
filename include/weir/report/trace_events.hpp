// weir/report/trace_events.hpp - requests as a trace that Perfetto and chrome://tracing show. Needs weir/report only.
#ifndef WEIR_REPORT_TRACE_EVENTS_HPP
#define WEIR_REPORT_TRACE_EVENTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/report/request_log.hpp"

namespace weir::inline v0 {
namespace detail {

/// Writes the events of one log.
class trace_event_writer {
 public:
  trace_event_writer(std::string& out, const request_log& log) : json_(out), log_(log), free_(log.groups().size()) {
    for (const auto& r : log.all())
      if (r.t_send_ns != unmeasured) zero_ = std::min(zero_, r.t_send_ns);
    for (const auto& s : log.samples()) zero_ = std::min(zero_, s.t_ns);
  }

  void write() {
    json_.begin_object().field("displayTimeUnit", "ms").key("traceEvents").begin_array();
    for (const auto& [name, index] : log_.groups()) {
      begin("M", "process_name", index).key("args").begin_object();
      json_.field("name", name.empty() ? "requests" : "instance " + name).end_object().end_object();
    }
    if (!log_.samples().empty()) {
      begin("M", "process_name", host()).key("args").begin_object().field("name", "host").end_object().end_object();
      for (const auto& s : log_.samples()) sample(s);
    }
    for (const auto& r : log_.all())
      if (r.t_send_ns != unmeasured && r.t_last_ns != unmeasured) request(r);
    under_way();
    json_.end_array().end_object();
  }

 private:
  json_writer& begin(std::string_view phase, std::string_view name, std::uint32_t process) {
    return json_.begin_object().field("ph", phase).field("name", name).field("pid", process + 1);
  }
  /// Microseconds from the first request, with the nanoseconds behind the point.
  [[nodiscard]] static double us(std::int64_t ns) { return static_cast<double>(ns) / 1000; }

  void span(std::string_view name, const logged_request& r, std::size_t row, std::int64_t from, std::int64_t to) {
    begin("X", name, r.group)
        .field("tid", row + 1)
        .field("ts", us(from - zero_))
        .field("dur", us(std::max<std::int64_t>(to - from, 0)));
    json_.key("args").begin_object().field("ok", r.ok != 0);
    if (r.tokens_out() != unmeasured) json_.field("tokens_out", r.tokens_out());
    json_.end_object().end_object();
  }
  /// Requests that overlap stand in rows of their own.
  void request(const logged_request& r) {
    auto& rows = free_[r.group];
    std::size_t row = 0;
    while (row < rows.size() && rows[row] > r.t_send_ns) ++row;
    if (row == rows.size()) rows.push_back(0);
    rows[row] = r.t_last_ns;
    span("request", r, row, r.t_send_ns, r.t_last_ns);
    if (r.t_first_ns == unmeasured) return;
    span("to first token", r, row, r.t_send_ns, r.t_first_ns);
    span("answer", r, row, r.t_first_ns, r.t_last_ns);
  }
  /// The process of what belongs to no instance.
  [[nodiscard]] std::uint32_t host() const { return static_cast<std::uint32_t>(log_.groups().size()); }

  /// Each value of a sample as a counter of its instance; what counts up (energy, processor time, totals) as its rate.
  void sample(const sample_record& s) {
    const auto known = log_.groups().find(s.instance);
    const auto process = known == log_.groups().end() || s.instance.empty() ? host() : known->second;
    for (const auto& [name, value] : s.values) {
      if (!std::isfinite(value)) continue;
      const auto rate = rate_of(name);
      const std::string counter = (s.source.empty() ? "" : s.source + " ") + (rate.empty() ? name : rate);
      double shown = value;
      if (!rate.empty()) {
        const auto [at, fresh] = last_.try_emplace({process, counter}, s.t_ns, value);
        const auto [t, before] = std::exchange(at->second, {s.t_ns, value});
        if (fresh || s.t_ns <= t || value < before) continue;  // the first, or a counter that began again
        shown = (value - before) * 1e9 / static_cast<double>(s.t_ns - t);
      }
      begin("C", counter, process).field("ts", us(s.t_ns - zero_)).key("args").begin_object();
      json_.field("value", shown).end_object().end_object();
    }
  }
  /// What a counter's rate is called; empty for a value that is no counter.
  static std::string rate_of(const std::string& name) {
    if (name == "joules" || name == "package_joules") return "W, from " + name;
    if (name == "cpu_s") return "cores";
    return name.ends_with("_total") ? name + " / s" : std::string();
  }

  /// A counter of the requests under way.
  void under_way() {
    std::vector<std::pair<std::int64_t, int>> steps;
    for (const auto& r : log_.all())
      if (r.t_send_ns != unmeasured && r.t_last_ns != unmeasured)
        steps.insert(steps.end(), {{r.t_send_ns, 1}, {r.t_last_ns, -1}});
    std::ranges::sort(steps);
    int now = 0;
    for (const auto& [t, step] : steps) {
      begin("C", "requests under way", 0).field("ts", us(t - zero_)).key("args").begin_object();
      json_.field("requests", now += step).end_object().end_object();
    }
  }

  json_writer json_;
  const request_log& log_;
  std::int64_t zero_ = std::numeric_limits<std::int64_t>::max();
  std::map<std::pair<std::uint32_t, std::string>, std::pair<std::int64_t, double>> last_;  // of what counts up
  std::vector<std::vector<std::int64_t>> free_;  // by group: when each row is free again
};

}  // namespace detail

/// Appends the requests of `log` in the Trace Event Format: one process an instance, a slice a request with its wait
/// for the first token and the rest inside, a counter of requests under way, and counters of what was sampled: power,
/// memory and load of its devices and processes, a server's own metrics. \pre  in the order of sending.
inline void append_trace_events(std::string& out, const request_log& log) {
  detail::trace_event_writer(out, log).write();
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_TRACE_EVENTS_HPP
