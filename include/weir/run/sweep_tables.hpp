// weir/run/sweep_tables.hpp - a sweep's results as tables: every point, speed-up, the best, what devices bring. Needs
// POSIX and simdjson.
#ifndef WEIR_RUN_SWEEP_TABLES_HPP
#define WEIR_RUN_SWEEP_TABLES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/table.hpp"
#include "weir/run/cell_metrics.hpp"
#include "weir/run/sweep_results.hpp"

namespace weir::inline v0 {

namespace detail {

/// The figures that some row has, in the order of cell_metrics; those of one's own commands behind them.
inline std::vector<std::string> figures_of(const std::vector<result_row>& rows) {
  std::vector<std::string> out;
  const auto any = [&](std::string_view name) {
    return std::any_of(rows.begin(), rows.end(), [&](const auto& r) { return !std::isnan(r.mean(name)); });
  };
  for (const auto& m : cell_metrics)
    if (any(m.name)) out.emplace_back(m.name);
  for (const auto& r : rows)
    for (const auto& [name, values] : r.figures)
      if (find_metric(name) == nullptr && !values.values.empty() &&
          std::find(out.begin(), out.end(), name) == out.end())
        out.push_back(name);
  return out;
}

inline cell figure_cell(const result_row& row, const std::string& name) {
  const auto at = row.figures.find(name);
  const auto* about = find_metric(name);
  if (at == row.figures.end() || at->second.values.empty())
    return cell::missing(at != row.figures.end() ? at->second.reason
                         : row.reason.empty()    ? "not measured"
                                                 : row.reason);
  return cell::number(at->second.mean(), about ? about->digits : 4);
}

inline cell setting_cell(const settings& s, std::string_view name) {
  const auto text = s.text(name);
  return text.empty() ? cell::missing("not given") : cell::text(std::string(text));
}

/// What a row is of, but for the settings named: two rows with one key differ in those settings alone.
template <std::size_t N>
std::string key_but(const result_row& row, const std::array<std::string_view, N>& names) {
  settings kept = row.cell().values;
  for (const auto name : names) kept.erase(name);
  std::string key = row.cell().model;
  for (const settings* part : {static_cast<const settings*>(&kept), &row.point.values}) {
    for (const auto& [name, value] : part->values()) key.append(1, '\0').append(name).append(1, '=').append(value);
    key.append(2, '\0');
  }
  return key;
}
/// Of rows that differ in the format alone.
inline std::string key_but_format(const result_row& row) {
  return key_but(row, std::array<std::string_view, 4>{"quantization", "dtype", "load_format", "vocab_size"});
}
/// Of rows that differ in how many devices work together, and in nothing else.
inline std::string key_but_devices(const result_row& row) {
  return row.cell().quant + '\0' +
         key_but(row, std::array<std::string_view, 8>{"tp", "pp", "dp", "ep", "instances", "nodes", "executor_backend",
                                                      "gpu_memory_utilization"});
}

/// The figures that a table for people shows: those of the mode, as far as there are any.
inline std::vector<std::string> shown_figures(const std::vector<result_row>& rows) {
  static constexpr std::array<std::string_view, 9> wanted{"output_tokens_per_s", "total_tokens_per_s", "requests_per_s",
                                                          "iteration_s",         "ttft_mean_ms",       "ttft_p99_ms",
                                                          "tpot_mean_ms",        "e2el_mean_ms",       "e2el_p99_ms"};
  std::vector<std::string> out;
  for (const auto& name : figures_of(rows))
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end() || find_metric(name) == nullptr)
      out.push_back(name);
  return out;
}

}  // namespace detail

/// One row a point: what it is, and its figures as means over runs. `spread` is half the distance between the runs'
/// extremes, in percent of the mean, of the output tokens a second.
[[nodiscard]] inline table result_table(const std::vector<result_row>& rows) {
  table t{"Results", {{"cell", "", side::left}, {"point", "", side::left}, {"runs"}}, {}, 2};
  const auto figures = detail::shown_figures(rows);
  for (const auto& name : figures) {
    const auto* about = find_metric(name);
    t.columns.push_back({about ? std::string(about->title) : name, about ? std::string(about->unit) : ""});
  }
  const bool several = std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.done > 1; });
  if (several) t.columns.push_back({"spread", "%"});
  for (const auto& row : rows) {
    auto& cells = t.rows.emplace_back();
    cells.push_back(cell::text(row.cell().name));
    cells.push_back(cell::text(row.point.name));
    cells.push_back(cell::count(row.done));
    for (const auto& name : figures) cells.push_back(detail::figure_cell(row, name));
    if (!several) continue;
    const auto at = row.figures.find("output_tokens_per_s");
    const double spread = at == row.figures.end() ? std::nan("") : at->second.spread();
    cells.push_back(std::isnan(spread) ? cell::missing("fewer than two runs") : cell::number(spread * 100, 1));
  }
  return t;
}

/// Everything of every point, for programs: settings, means, and least and most over the runs.
[[nodiscard]] inline table data_table_of(const std::vector<result_row>& rows) {
  table t{"", {}, {}, 2};
  for (const auto* name : {"cell", "model", "quant", "point", "status", "verdict"})
    t.columns.push_back({name, "", side::left});
  for (const auto* name : {"runs", "devices"}) t.columns.push_back({name});
  static constexpr std::array<std::string_view, 14> engine{"mode",
                                                           "engine",
                                                           "tp",
                                                           "pp",
                                                           "dp",
                                                           "ep",
                                                           "executor_backend",
                                                           "dtype",
                                                           "quantization",
                                                           "gpu_memory_utilization",
                                                           "max_model_len",
                                                           "max_num_seqs",
                                                           "max_num_batched_tokens",
                                                           "enforce_eager"};
  static constexpr std::array<std::string_view, 6> load{"batch_size", "num_prompts", "input_len",
                                                        "output_len", "n",           "request_rate"};
  for (const auto name : engine) t.columns.push_back({std::string(name), "", side::left});
  for (const auto name : load) t.columns.push_back({std::string(name)});
  const auto figures = detail::figures_of(rows);
  for (const auto& name : figures) t.columns.push_back({name});
  const bool several = std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.done > 1; });
  if (several) t.columns.push_back({"output_tokens_per_s_least"}), t.columns.push_back({"output_tokens_per_s_most"});
  for (const auto& row : rows) {
    auto& cells = t.rows.emplace_back();
    for (const auto& text : {row.cell().name, row.cell().model, row.cell().quant, row.point.name,
                             std::string(status_name(row.status)), row.verdict})
      cells.push_back(cell::text(text));
    cells.push_back(cell::count(row.done));
    cells.push_back(cell::count(row.devices()));
    for (const auto name : engine) cells.push_back(detail::setting_cell(row.cell().values, name));
    for (const auto name : load) cells.push_back(detail::setting_cell(row.point.values, name));
    for (const auto& name : figures) cells.push_back(detail::figure_cell(row, name));
    if (!several) continue;
    const auto at = row.figures.find("output_tokens_per_s");
    const bool any = at != row.figures.end() && !at->second.values.empty();
    cells.push_back(any ? cell::number(at->second.least(), 1) : cell::missing("not measured"));
    cells.push_back(any ? cell::number(at->second.most(), 1) : cell::missing("not measured"));
  }
  return t;
}

/// Of each format the figures as times better than bf16's: above 1 is better, whichever way the figure goes. ^ and v
/// stand where no run of the one lies among the other's, ~ where one does, nothing where one of the two ran once; empty
/// where there is no bf16 to compare with, or no other format.
[[nodiscard]] inline table speedup_table(const std::vector<result_row>& rows) {
  static constexpr std::array<std::string_view, 6> wanted{"output_tokens_per_s", "iteration_s",  "ttft_mean_ms",
                                                          "tpot_mean_ms",        "e2el_mean_ms", "e2el_p99_ms"};
  table t{"Times better than bf16 (^ v: the runs of the two do not overlap, ~: they do)",
          {{"cell", "", side::left}, {"point", "", side::left}},
          {},
          2};
  std::vector<std::string> figures;
  for (const auto& name : detail::figures_of(rows))
    if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) figures.push_back(name);
  for (const auto& name : figures) t.columns.push_back({std::string(find_metric(name)->title)});
  std::map<std::string, const result_row*> bases;
  for (const auto& row : rows)
    if (row.cell().quant == "bf16") bases.emplace(detail::key_but_format(row), &row);
  for (const auto& row : rows) {
    if (row.cell().quant == "bf16" || row.cell().quant.empty()) continue;
    const auto found = bases.find(detail::key_but_format(row));
    if (found == bases.end()) continue;
    const result_row* base = found->second;
    auto& cells = t.rows.emplace_back();
    cells.push_back(cell::text(row.cell().name));
    cells.push_back(cell::text(row.point.name));
    for (const auto& name : figures) {
      const double own = row.mean(name), other = base->mean(name);
      const double times = find_metric(name)->way == better::lower ? other / own : own / other;
      if (!std::isfinite(times)) {
        cells.push_back(cell::missing(std::isnan(other) ? "bf16 has none" : "not measured"));
        continue;
      }
      const auto &a = row.figures.at(name), &b = base->figures.at(name);
      const bool several = a.values.size() > 1 && b.values.size() > 1;
      const bool overlap = a.least() <= b.most() && b.least() <= a.most();
      const std::string mark = !several ? "" : overlap ? " ~" : times > 1 ? " ^" : times < 1 ? " v" : "";
      cells.push_back(cell::text(std::string(cell::number(times, 2).shown()) + "x" + mark));
    }
  }
  if (t.rows.empty()) t.columns.clear();
  return t;
}

/// The best point of each figure.
[[nodiscard]] inline table best_table(const std::vector<result_row>& rows) {
  table t{"Best",
          {{"figure", "", side::left},
           {"value"},
           {"unit", "", side::left},
           {"cell", "", side::left},
           {"point", "", side::left}},
          {},
          1};
  for (const auto& name : detail::figures_of(rows)) {
    const auto* about = find_metric(name);
    if (about == nullptr || about->way == better::neither || name == "error_rate") continue;
    const result_row* best = nullptr;
    for (const auto& row : rows) {
      const double value = row.mean(name);
      if (std::isnan(value)) continue;
      if (best == nullptr || (about->way == better::lower ? value < best->mean(name) : value > best->mean(name)))
        best = &row;
    }
    if (best == nullptr) continue;
    t.rows.push_back({cell::text(std::string(about->title)), cell::number(best->mean(name), about->digits),
                      cell::text(std::string(about->unit)), cell::text(best->cell().name),
                      cell::text(best->point.name)});
  }
  return t;
}

/// What more devices bring: against the row of the fewest devices that is alike in all else, the speed-up and how much
/// of the ideal it is. Empty where no such pair is there.
[[nodiscard]] inline table device_table(const std::vector<result_row>& rows) {
  table t{"Output tokens a second by devices",
          {{"cell", "", side::left},
           {"point", "", side::left},
           {"devices"},
           {"output", "tok/s"},
           {"per device", "tok/s"},
           {"speed-up", "x"},
           {"efficiency", "%"}},
          {},
          2};
  struct group {
    const result_row *fewest, *most;
  };
  std::map<std::string, group> groups;
  for (const auto& row : rows) {
    auto& alike = groups.try_emplace(detail::key_but_devices(row), &row, &row).first->second;
    if (row.devices() < alike.fewest->devices()) alike.fewest = &row;
    if (row.devices() > alike.most->devices()) alike.most = &row;
  }
  bool pairs = false;
  for (const auto& row : rows) {
    const auto [base, most] = groups.at(detail::key_but_devices(row));
    if (base->devices() == most->devices()) continue;
    pairs = true;
    const double own = row.mean("output_tokens_per_s"), least = base->mean("output_tokens_per_s");
    const auto n = static_cast<double>(row.devices()), ratio = n / static_cast<double>(base->devices());
    const auto number = [](double value, int digits) {
      return std::isnan(value) ? cell::missing("not measured") : cell::number(value, digits);
    };
    t.rows.push_back({cell::text(row.cell().name), cell::text(row.point.name), cell::count(row.devices()),
                      number(own, 1), number(own / n, 1), number(own / least, 2),
                      number(own / least / ratio * 100, 1)});
  }
  if (!pairs) t.rows.clear(), t.columns.clear();
  return t;
}

/// What was not measured, and why: cells left out of the matrix, and points that failed or ran out of memory.
[[nodiscard]] inline table unmeasured_table(const sweep_results& all, const std::vector<result_row>& rows) {
  table t{"Not measured",
          {{"cell", "", side::left}, {"point", "", side::left}, {"status", "", side::left}, {"why", "", side::left}},
          {},
          2};
  for (const auto& row : rows)
    if (row.done < row.runs || row.done == 0)
      t.rows.push_back(
          {cell::text(row.cell().name), cell::text(row.point.name),
           cell::text(
               std::string(status_name(row.status)) +
               (row.done > 0 ? " in " + std::to_string(row.done) + " of " + std::to_string(row.runs) + " runs" : "")),
           cell::text(row.reason)});
  for (const auto& c : all.plan.cells)
    if (std::none_of(all.records.begin(), all.records.end(),
                     [&](const auto& r) { return r.cell.name == c.name && !r.profiled; }))
      t.rows.push_back(
          {cell::text(c.name), cell::text(""), cell::text("not run"), cell::text("the sweep was ended before")});
  for (const auto& s : all.plan.skipped)
    t.rows.push_back({cell::text(s.name), cell::text(""), cell::text("left out"), cell::text(s.reason)});
  return t;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_TABLES_HPP
