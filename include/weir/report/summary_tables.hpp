// weir/report/summary_tables.hpp - a summary as tables: several to be read, or one to be loaded. Needs weir/report
// only.
#ifndef WEIR_REPORT_SUMMARY_TABLES_HPP
#define WEIR_REPORT_SUMMARY_TABLES_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/report/summary.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {
namespace detail {

/// A column of a table that people read, and the figure that stands in it.
struct shown_figure {
  std::string figure;
  column head;
};

inline void append_labels(std::vector<cell>& row, const summary& s, const group_summary& group) {
  for (std::size_t i = 0; i < s.keys.size(); ++i) {
    if (group.labels.empty())
      row.push_back(cell::text(i == 0 ? "all" : ""));
    else
      row.push_back(cell::text(group.labels[i].empty() ? "(none)" : group.labels[i]));
  }
}

/// One row a group; a row starts with the group's labels.
inline table table_of(const summary& s, std::string title, const std::vector<shown_figure>& figures) {
  table t{std::move(title), {}, {}, s.keys.size()};
  for (const auto& key : s.keys) t.columns.push_back({key, "", side::left});
  for (const auto& f : figures) t.columns.push_back(f.head);
  for (const auto& group : s.groups) {
    auto& row = t.rows.emplace_back();
    append_labels(row, s, group);
    for (const auto& f : figures) row.push_back(group.find(f.figure)->shown);
  }
  return t;
}

inline table outcome_table(const summary& s) {
  std::vector<shown_figure> figures{
      {"requests", {"requests"}}, {"ok", {"ok"}}, {"failed", {"failed"}}, {"error_rate_pct", {"error rate", "%"}}};
  for (std::size_t i = 1; i < outcome_count; ++i)
    if (s.counts.by_outcome[i] > 0) {
      const std::string name(to_string(static_cast<outcome>(i)));
      figures.push_back({"failed_" + name, {name}});
    }
  if (s.counts.retries > 0) figures.push_back({"retries", {"retries"}});
  figures.insert(figures.end(), {{"tokens_in", {"tokens in"}},
                                 {"tokens_out", {"tokens out"}},
                                 {"tokens_basis", {"basis", "", side::left}},
                                 {"tokens_per_chunk", {"tokens/chunk"}}});
  return table_of(s, "Requests", figures);
}

inline table throughput_table(const summary& s) {
  std::vector<shown_figure> figures{{"window_s", {"window", "s"}},
                                    {"requests_per_s", {"requests", "1/s"}},
                                    {"output_tokens_per_s", {"output tokens", "1/s"}},
                                    {"total_tokens_per_s", {"total tokens", "1/s"}}};
  if (s.goals) {
    figures.push_back({"goodput_requests_per_s", {"good requests", "1/s"}});
    figures.push_back({"slo_attainment_pct", {"good", "%"}});
  }
  if (s.cost) {
    figures.push_back({"cost_per_million_output_tokens", {"cost of 1M output tokens"}});
    figures.push_back({"cost_per_million_tokens", {"of 1M tokens"}});
  }
  return table_of(s, "Throughput, first byte sent to last token", figures);
}

inline table energy_table(const summary& s) {
  return table_of(s, "Energy and memory, from samples",
                  {{"energy_j", {"energy", "J"}},
                   {"power_active_w", {"active", "W"}},
                   {"power_idle_w", {"idle", "W"}},
                   {"energy_per_output_token_j", {"per output token", "J"}},
                   {"energy_above_idle_per_output_token_j", {"above idle", "J"}},
                   {"requests_per_j", {"requests", "1/J"}},
                   {"device_busy_pct", {"device busy", "%"}},
                   {"device_memory_max_mib", {"device memory", "MiB"}},
                   {"process_memory_max_mib", {"memory", "MiB"}},
                   {"cpu_cores", {"cores"}},
                   {"host_energy_j", {"host", "J"}}});
}

/// The latencies that people compare groups by; the others are shown of all records only.
inline bool shown_by_group(latency which) noexcept {
  return which == latency::ttft || which == latency::tpot || which == latency::itl || which == latency::e2el;
}

/// One row a latency and group.
inline table latency_table(const summary& s) {
  table t{"Latency of successful requests", {{"latency", "", side::left}}, {}, 1 + s.keys.size()};
  for (const auto& key : s.keys) t.columns.push_back({key, "", side::left});
  std::vector<std::string> figures{"_n", "_mean_ms"};
  t.columns.insert(t.columns.end(), {{"n"}, {"mean", "ms"}});
  const auto add = [&](const std::string& name) {
    figures.push_back("_" + name + "_ms");
    t.columns.push_back({name, "ms"});
  };
  for (const double p : s.percentiles) {
    add(percentile_name(p));
    if (s.intervals) add(percentile_name(p) + "_low"), add(percentile_name(p) + "_high");
  }
  add("max");
  for (const auto which : s.latencies)
    for (const auto& group : s.groups) {
      if (&group != &s.groups.back() && !shown_by_group(which)) continue;
      auto& row = t.rows.emplace_back();
      row.push_back(cell::text(std::string(to_string(which))));
      append_labels(row, s, group);
      for (const auto& name : figures) row.push_back(group.find(std::string(to_string(which)) + name)->shown);
    }
  return t;
}

/// Percentiles in which a failed request takes part.
inline table adjusted_table(const summary& s) {
  table t{"Latency with each failure as never finished", {{"latency", "", side::left}}, {}, 1 + s.keys.size()};
  for (const auto& key : s.keys) t.columns.push_back({key, "", side::left});
  for (const double p : s.percentiles) t.columns.push_back({"adj_" + percentile_name(p), "ms"});
  for (const auto which : s.latencies) {
    if (!can_adjust(which)) continue;
    for (const auto& group : s.groups) {
      auto& row = t.rows.emplace_back();
      row.push_back(cell::text(std::string(to_string(which))));
      append_labels(row, s, group);
      for (const double p : s.percentiles)
        row.push_back(group.find(std::string(to_string(which)) + "_adj_" + percentile_name(p) + "_ms")->shown);
    }
  }
  return t;
}

/// All answers: one row a rule set.
inline table accuracy_table(const summary& s) {
  table t{"Accuracy, with its 95 % interval", {{"rules", "", side::left}}};
  t.columns.insert(t.columns.end(), {{"questions"}, {"unanswered"}, {"correct"}, {"not found"}});
  t.columns.insert(t.columns.end(), {{"accuracy", "%"}, {"from", "%"}, {"to", "%"}});
  const auto& all = s.groups.back();
  for (const auto& rule : s.rules) {
    auto& row = t.rows.emplace_back(1, cell::text(rule));
    const auto accuracy = "accuracy_" + rule;
    for (const auto& name : {std::string("questions"), std::string("unanswered"), "correct_" + rule,
                             "not_found_" + rule, accuracy + "_pct", accuracy + "_low_pct", accuracy + "_high_pct"})
      row.push_back(all.find(name)->shown);
  }
  return t;
}

/// One row a group, one column a rule set.
inline table accuracy_by_group_table(const summary& s) {
  std::vector<shown_figure> figures{{"questions", {"questions"}}};
  for (const auto& rule : s.rules) figures.push_back({"accuracy_" + rule + "_pct", {rule, "%"}});
  std::string title = "Accuracy by ";
  for (const auto& key : s.keys) title += (&key == &s.keys.front() ? "" : ", ") + key;
  return table_of(s, std::move(title), figures);
}

}  // namespace detail

/// The tables that people read: accuracy, latency, throughput, requests.
[[nodiscard]] inline std::vector<table> reading_tables(const summary& s) {
  std::vector<table> tables;
  if (s.answers) tables.push_back(detail::accuracy_table(s));
  if (s.answers && !s.keys.empty()) tables.push_back(detail::accuracy_by_group_table(s));
  if (!s.requests) return tables;
  tables.push_back(detail::latency_table(s));
  if (s.adjusted) tables.push_back(detail::adjusted_table(s));
  tables.push_back(detail::throughput_table(s));
  if (s.steady) tables.push_back(steady_table(s.groups.back()));
  if (s.samples) tables.push_back(detail::energy_table(s));
  tables.push_back(detail::outcome_table(s));
  return tables;
}

/// The table that programs load: one row a group, one column a figure.
[[nodiscard]] inline table data_table(const summary& s) {
  table t{"", {}, {}, s.keys.size()};
  for (const auto& key : s.keys) t.columns.push_back({key, "", side::left});
  for (const auto& f : s.groups.back().figures) t.columns.push_back({f.name});
  for (const auto& group : s.groups) {
    auto& row = t.rows.emplace_back();
    detail::append_labels(row, s, group);
    for (const auto& f : group.figures) row.push_back(f.shown);
  }
  return t;
}

/// Appends each figure of each group as a metric record: {"type":"metric","name","value" or null,"unit","labels"}.
/// Values are those computed, before they were rounded for tables.
inline void append_metrics(std::string& out, const summary& s) {
  for (const auto& group : s.groups)
    for (const auto& f : group.figures) {
      json_writer json(out);
      json.begin_object().field("type", "metric").field("name", f.name);
      if (f.shown.is(cell::kind::text))
        json.field("value", f.shown.shown());
      else
        json.field("value", f.exact);
      if (f.shown.is(cell::kind::missing)) json.field("reason", f.shown.reason());
      if (std::isinf(f.exact)) json.field("reason", "infinite");
      if (!f.unit.empty()) json.field("unit", f.unit);
      json.key("labels").begin_object();
      for (std::size_t i = 0; i < group.labels.size(); ++i) json.field(s.keys[i], group.labels[i]);
      json.end_object().end_object();
      out.push_back('\n');
    }
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARY_TABLES_HPP
