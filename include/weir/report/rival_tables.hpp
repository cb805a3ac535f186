// weir/report/rival_tables.hpp - results of other tools as tables: side by side to be read, in one list to be loaded.
// Needs weir/record only.
#ifndef WEIR_REPORT_RIVAL_TABLES_HPP
#define WEIR_REPORT_RIVAL_TABLES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/record/rival.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {
namespace detail {

inline cell rival_cell(const rival_figure* f) {
  if (f == nullptr) return cell::missing("the file does not say");
  if (std::isnan(f->value)) return cell::missing(f->reason);
  if (f->unit.empty() && f->value == std::floor(f->value) && f->value < 1e15)
    return cell::count(static_cast<long long>(f->value));
  return cell::number(f->value, f->unit == "1/s" ? 2 : 3);
}

inline constexpr std::array<std::string_view, 10> statistics_shown{"",    "n",   "mean", "std", "min",
                                                                   "p50", "p90", "p95",  "p99", "max"};

inline std::size_t statistic_rank(const rival_figure& f) noexcept {
  return static_cast<std::size_t>(std::ranges::find(statistics_shown, statistic_of(f)) - statistics_shown.begin());
}

/// The order in which people look for quantities; others follow in the order in which they come.
inline std::size_t quantity_rank(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 22> order{"requests",
                                                   "ok",
                                                   "failed",
                                                   "ttft",
                                                   "ttfot",
                                                   "tpot",
                                                   "itl",
                                                   "icl",
                                                   "e2el",
                                                   "e2el_per_token",
                                                   "ttft_sched",
                                                   "e2el_sched",
                                                   "batch",
                                                   "window_s",
                                                   "tokens_in",
                                                   "tokens_out",
                                                   "requests_per_s",
                                                   "goodput_requests_per_s",
                                                   "output_tokens_per_s",
                                                   "total_tokens_per_s",
                                                   "cost_per_million_output_tokens",
                                                   "cost_per_million_tokens"};
  return static_cast<std::size_t>(std::ranges::find(order, name) - order.begin());
}

}  // namespace detail

/// One column a result, one row a figure: of each quantity n, mean, std, min, p50, p90, p95, p99 and max. The list has
/// the others.
[[nodiscard]] inline table rivals_side_by_side(const std::vector<rival_result>& all) {
  table t{"Results of other tools", {{"figure", "", side::left}, {"unit", "", side::left}}, {}, 2};
  struct quantity {
    std::string name;
    std::vector<const rival_figure*> figures;
  };
  std::vector<quantity> rows;
  for (const auto& r : all) {
    t.columns.push_back({r.tool + ", " + r.source.substr(r.source.find_last_of('/') + 1)});
    for (const auto& f : r.figures) {
      const auto name = detail::quantity_of(f);
      auto known = std::ranges::find(rows, name, &quantity::name);
      if (known == rows.end()) known = rows.insert(known, {name, {}});
      if (detail::statistic_rank(f) < detail::statistics_shown.size() &&
          std::ranges::none_of(known->figures, [&](const auto* other) { return other->name == f.name; }))
        known->figures.push_back(&f);
    }
  }
  std::ranges::stable_sort(rows, {}, [](const auto& q) { return detail::quantity_rank(q.name); });
  for (auto& row : rows) {
    std::ranges::stable_sort(row.figures, {}, [](const auto* f) { return detail::statistic_rank(*f); });
    for (const auto* f : row.figures) {
      auto& cells = t.rows.emplace_back(std::vector{cell::text(f->name), cell::text(f->unit)});
      for (const auto& r : all) cells.push_back(detail::rival_cell(r.find(f->name)));
    }
  }
  return t;
}

/// One row a result and figure, with the name the file has for it and how it is measured there. What has no counterpart
/// here stands at the end with its own name alone.
[[nodiscard]] inline table rivals_in_a_list(const std::vector<rival_result>& all) {
  table t{"",
          {{"source", "", side::left},
           {"tool", "", side::left},
           {"figure", "", side::left},
           {"unit", "", side::left},
           {"value"},
           {"theirs", "", side::left},
           {"basis", "", side::left}},
          {},
          3};
  for (const auto& r : all) {
    for (const auto& f : r.figures)
      t.rows.push_back({cell::text(r.source), cell::text(r.tool), cell::text(f.name), cell::text(f.unit),
                        detail::rival_cell(&f), cell::text(f.theirs), cell::text(f.basis)});
    for (const auto& [name, value] : r.other)
      t.rows.push_back({cell::text(r.source), cell::text(r.tool), cell::text(""), cell::text(""), cell::text(value),
                        cell::text(name), cell::text("")});
  }
  return t;
}

/// Adds what a million tokens cost to each result that says its tokens a second. \param per_hour  of all devices.
inline void add_costs(std::vector<rival_result>& all, double per_hour) {
  for (auto& r : all)
    for (const auto& [rate, cost] : {std::pair{"output_tokens_per_s", "cost_per_million_output_tokens"},
                                     {"total_tokens_per_s", "cost_per_million_tokens"}})
      if (const auto* f = r.find(rate); f != nullptr && f->value > 0)
        r.add({cost, "", per_hour / 3600 / f->value * 1e6, "", "computed from " + f->theirs, f->basis});
}

namespace detail {

/// What a reader must know of figures of one tool that are measured alike.
struct rival_basis {
  std::string_view tool, basis;
  std::vector<std::string> quantities;
};

/// "a, b, c", and of many the first three and how many more.
inline std::string some_of(const std::vector<std::string>& names) {
  const std::size_t shown = names.size() <= 5 ? names.size() : 3;
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? "" : ", ") + names[i];
  return shown == names.size() ? out : out + " and " + std::to_string(names.size() - shown) + " more";
}

}  // namespace detail

/// What a reader must know: where a tool means something else by its figures.
[[nodiscard]] inline std::vector<std::string> rival_notes(const std::vector<rival_result>& all) {
  std::vector<std::string> notes;
  std::vector<detail::rival_basis> bases;
  for (const auto& r : all) {
    for (const auto& words : r.notes) notes.push_back(r.source + ": " + words);
    for (const auto& f : r.figures) {
      if (f.basis.empty()) continue;
      auto known = std::ranges::find_if(bases, [&](const auto& b) { return b.tool == r.tool && b.basis == f.basis; });
      if (known == bases.end()) known = bases.insert(known, {r.tool, f.basis, {}});
      auto name = detail::quantity_of(f);
      if (std::ranges::find(known->quantities, name) == known->quantities.end())
        known->quantities.push_back(std::move(name));
    }
    if (!r.other.empty())
      notes.push_back(r.source + ": " + std::to_string(r.other.size()) +
                      " numbers have no counterpart here; --format csv lists them");
  }
  for (const auto& b : bases)
    notes.push_back(std::string(b.tool) + ", " + detail::some_of(b.quantities) + ": " + std::string(b.basis));
  return notes;
}

/// Metric records, one a figure and result: as weir-summarize --json writes its own.
inline void append_metrics(std::string& out, const std::vector<rival_result>& all) {
  for (const auto& r : all)
    for (const auto& f : r.figures) {
      json_writer json(out);
      json.begin_object().field("type", "metric").field("name", f.name).field("value", f.value);
      if (!f.reason.empty()) json.field("reason", f.reason);
      json.field("unit", f.unit).key("labels").begin_object().field("source", r.source).field("tool", r.tool);
      json.end_object();
      if (!f.basis.empty()) json.field("basis", f.basis);
      json.end_object();
      out.push_back('\n');
    }
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_RIVAL_TABLES_HPP
