// weir/trace/metric_tables.hpp - metrics as tables to be read, or as one to be loaded. Needs the standard library only.
#ifndef WEIR_TRACE_METRIC_TABLES_HPP
#define WEIR_TRACE_METRIC_TABLES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/table.hpp"
#include "weir/trace/metric.hpp"

namespace weir::inline v0 {
namespace detail {

inline cell cell_of(const trace_metric& m) {
  if (!m.text.empty()) return cell::text(m.text);
  return std::isnan(m.value) ? cell::missing(m.reason) : cell::number(m.value, m.digits);
}

/// Where a metric stands: names and label sets in order of appearance.
struct metric_grid {
  std::vector<const trace_metric*> names;     // one metric of each name
  std::vector<const trace_labels*> subjects;  // one of each set of labels
  std::map<std::pair<std::string_view, trace_labels>, const trace_metric*> at;

  metric_grid(const std::vector<trace_metric>& metrics, std::string_view table) {
    std::map<std::string_view, int> seen_names;
    std::map<trace_labels, int> seen_labels;
    for (const auto& m : metrics) {
      if (m.table != table) continue;
      if (seen_names.emplace(m.name, 0).second) names.push_back(&m);
      if (seen_labels.emplace(m.labels, 0).second) subjects.push_back(&m.labels);
      at.emplace(std::pair(std::string_view(m.name), m.labels), &m);
    }
  }
  [[nodiscard]] cell shown(std::string_view name, const trace_labels& labels) const {
    const auto found = at.find({name, labels});
    return found == at.end() ? cell::missing("not a figure of this row") : cell_of(*found->second);
  }
};

/// A row a metric, a column a rank.
inline table by_rank(const metric_grid& grid) {
  table t{"Ranks", {{"metric", "", side::left}, {"unit", "", side::left}}, {}, 2};
  for (const auto* labels : grid.subjects)
    t.columns.push_back({labels->empty() ? "set" : labels->front().first + " " + labels->front().second});
  for (const auto* name : grid.names) {
    auto& row = t.rows.emplace_back();
    row.push_back(cell::text(name->name));
    row.push_back(cell::text(name->unit));
    for (const auto* labels : grid.subjects) row.push_back(grid.shown(name->name, *labels));
  }
  return t;
}

inline std::string shortened(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

/// What people look at in steps, of which there are many: 20 columns a step fill no terminal.
inline constexpr std::string_view step_columns[] = {"wall",           "window",       "busy",          "computation",
                                                    "communication",  "overlap",      "comm_overhead", "phase",
                                                    "prefill_tokens", "decode_tokens"};

/// A row a subject, a column a metric.
/// \param columns  only these; empty: all.
inline table by_subject(metric_grid grid, std::string title, std::size_t most_rows,
                        std::span<const std::string_view> columns) {
  const std::size_t all = grid.names.size();
  if (!columns.empty())
    std::erase_if(grid.names, [&](const auto* m) { return std::ranges::find(columns, m->name) == columns.end(); });
  if (grid.names.size() < all) title += " (some columns; --format csv has all)";
  table t{std::move(title), {}, {}, grid.subjects.front()->size()};
  for (const auto& label : *grid.subjects.front()) t.columns.push_back({label.first, "", side::left});
  for (const auto* name : grid.names) t.columns.push_back({name->name, name->unit});
  for (const auto* labels : grid.subjects) {
    if (t.rows.size() == most_rows) break;
    auto& row = t.rows.emplace_back();
    for (const auto& label : *labels) row.push_back(cell::text(shortened(label.second, 60)));
    for (const auto* name : grid.names) row.push_back(grid.shown(name->name, *labels));
  }
  if (t.rows.size() < grid.subjects.size())
    t.title += " (the first " + std::to_string(most_rows) + " of " + std::to_string(grid.subjects.size()) +
               "; --format csv has all)";
  return t;
}

}  // namespace detail

/// The tables that people read, those without rows left out.
/// \param most_rows  of a table about steps, kernels or collectives.
/// \param some_columns  of steps only what people look at.
[[nodiscard]] inline std::vector<table> metric_tables(const std::vector<trace_metric>& metrics, std::size_t most_rows,
                                                      bool some_columns) {
  struct kind {
    std::string_view name, title;
  };
  constexpr kind kinds[] = {
      {"rank", ""},
      {"hta", "HolisticTraceAnalysis' figures"},
      {"hta_stream", "HolisticTraceAnalysis' idle time of each stream, by cause"},
      {"hta_queue", "HolisticTraceAnalysis' queue lengths of each stream, over changes"},
      {"timing", "What the run measured of itself"},
      {"execution", "Execution traces"},
      {"ascend", "What the Ascend trace says of itself (Overlap Analysis)"},
      {"set", ""},
      {"straggler", "Stragglers: the slow rank waits least and arrives last; it has the least communication time"},
      {"step", "Steps"},
      {"step_wait", "What waiting for the last rank cost in each step (exposed: nothing was computed beside it)"},
      {"collective", "Collectives, as each rank saw them (with the time it waited for others)"},
      {"ascend_step", "What Ascend's profiler says of steps (step_trace_time.csv)"},
      {"ascend_collective", "What Ascend's profiler says of collectives (communication.json)"},
      {"family", "Where the time of kernels and copies went (sums of durations)"},
      {"kernel", "Kernels and copies with the most time"},
      {"skew", "Collectives across ranks: skew is waiting for the last to arrive, transfer is what follows"}};
  std::vector<table> out;
  for (const auto& k : kinds) {
    const detail::metric_grid grid(metrics, k.name);
    if (grid.subjects.empty()) continue;
    std::span<const std::string_view> columns;
    if (k.name == "step" && some_columns) columns = detail::step_columns;
    out.push_back(k.title.empty() ? detail::by_rank(grid)
                                  : detail::by_subject(grid, std::string(k.title), most_rows, columns));
    if (k.name == "set") out.back().title = "The set";
  }
  return out;
}

/// One table for programs: a row a metric, with the value's digits as shown and the reason where there is none.
[[nodiscard]] inline table metric_rows(const std::vector<trace_metric>& metrics) {
  constexpr std::string_view keys[] = {"rank", "index", "step", "collective", "group", "family", "kernel", "stream"};
  table t{"", {{"table", "", side::left}}, {}, 1};
  for (const auto key : keys) t.columns.push_back({std::string(key), "", side::left});
  for (const auto* name : {"metric", "value", "unit", "reason"}) t.columns.push_back({name, "", side::left});
  for (const auto& m : metrics) {
    auto& row = t.rows.emplace_back();
    row.push_back(cell::text(std::string(m.table)));
    for (const auto key : keys) {
      const auto found = std::find_if(m.labels.begin(), m.labels.end(), [&](const auto& l) { return l.first == key; });
      row.push_back(cell::text(found == m.labels.end() ? std::string{} : found->second));
    }
    row.push_back(cell::text(m.name));
    row.push_back(detail::cell_of(m));
    row.push_back(cell::text(m.unit));
    row.push_back(cell::text(m.reason));
  }
  return t;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_METRIC_TABLES_HPP
