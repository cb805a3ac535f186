// weir/run/sweep_results.hpp - the raw records of a sweep, gathered: each point of each cell over all its runs. Needs
// POSIX and simdjson.
#ifndef WEIR_RUN_SWEEP_RESULTS_HPP
#define WEIR_RUN_SWEEP_RESULTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/report/natural_order.hpp"
#include "weir/run/cell_metrics.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/read_cell_record.hpp"
#include "weir/run/sweep_directory.hpp"

namespace weir::inline v0 {

/// A figure over the runs of a cell.
struct run_values {
  std::vector<double> values;  ///< Of the runs that have it.
  std::string reason = "not measured";

  [[nodiscard]] double mean() const noexcept {
    double sum = 0;
    for (const double v : values) sum += v;
    return values.empty() ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(values.size());
  }
  [[nodiscard]] double least() const { return *std::min_element(values.begin(), values.end()); }
  [[nodiscard]] double most() const { return *std::max_element(values.begin(), values.end()); }
  /// Half the distance of the extremes, as a part of the mean; NaN below two runs.
  [[nodiscard]] double spread() const {
    return values.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : (most() - least()) / 2 / mean();
  }
};

/// One point of one cell, over its clean runs.
struct result_row {
  const cell_record* first = nullptr;  ///< A record of the cell: its names and settings.
  cell_point point;
  std::size_t runs = 0, done = 0;  ///< Finished runs, and those in which the point was measured.
  cell_status status = cell_status::failed;
  std::string reason = {}, verdict = {};
  std::map<std::string, run_values, std::less<>> figures = {};

  [[nodiscard]] const sweep_cell& cell() const noexcept { return first->cell; }
  [[nodiscard]] std::int64_t devices() const { return devices_needed(cell().values); }
  [[nodiscard]] double mean(std::string_view name) const {
    const auto at = figures.find(name);
    return at == figures.end() ? std::numeric_limits<double>::quiet_NaN() : at->second.mean();
  }
};

/// A sweep's results.
struct sweep_results {
  sweep_plan plan;
  std::vector<cell_record> records;  ///< In the plan's order, clean and profiled.
  std::vector<std::string> unreadable;

  /// The clean runs' points, in order. Valid as long as the records are.
  [[nodiscard]] std::vector<result_row> rows() const;
};

namespace detail {

inline void add_to_row(result_row& row, const point_record& p) {
  ++row.runs;
  if (p.status == cell_status::done) {
    ++row.done;
    row.status = cell_status::done;
    if (row.verdict.empty() || p.verdict != "VALID") row.verdict = p.verdict;
  } else if (row.done == 0) {
    row.status = p.status;
  }
  if (row.reason.empty()) row.reason = p.reason;
  for (const auto& m : p.metrics.all()) {
    auto& figure = row.figures[m.name];
    if (std::isnan(m.value))
      figure.reason = m.reason;
    else
      figure.values.push_back(m.value);
  }
}

}  // namespace detail

inline std::vector<result_row> sweep_results::rows() const {
  std::vector<result_row> out;
  for (const auto& r : records) {
    if (r.profiled) continue;
    for (const auto& p : r.points) {
      auto at = std::find_if(out.begin(), out.end(), [&](const result_row& row) {
        return row.cell().name == r.cell.name && row.point.name == p.point.name;
      });
      if (at == out.end()) at = out.insert(at, {.first = &r, .point = p.point});
      detail::add_to_row(*at, p);
    }
  }
  return out;
}

/// The directory of a sweep that `path` means: itself, or the one above its benchmark_results; empty where it is
/// neither.
[[nodiscard]] inline std::string sweep_directory_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  auto directory = fs::weakly_canonical(path, ignored);
  if (fs::exists(directory / "sweep.json", ignored)) return directory.string();
  if (directory.filename() == "benchmark_results" && fs::exists(directory.parent_path() / "sweep.json", ignored))
    return directory.parent_path().string();
  return {};
}

/// \return  errc::not_found where there is no sweep; a record that can't be read is told and left out.
[[nodiscard]] inline result<sweep_results> read_sweep_results(const std::string& directory) {
  auto plan = read_sweep_plan(directory);
  if (!plan) return plan.error();
  sweep_results out{std::move(*plan), {}, {}};
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/benchmark_results", error))
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end(), natural_less);
  for (const auto& file : files) {
    auto record = read_cell_record(file);
    if (record)
      out.records.push_back(std::move(*record));
    else
      out.unreadable.push_back(record.error().detail);
  }
  std::map<std::string, std::size_t, std::less<>> place;
  for (std::size_t i = 0; i < out.plan.cells.size(); ++i) place.emplace(out.plan.cells[i].name, i);
  const auto rank = [&](const cell_record& r) {
    const auto& name = r.cell.derived_from.empty() ? r.cell.name : r.cell.derived_from;
    const auto at = place.find(name);
    return std::tuple(at == place.end() ? place.size() : at->second, !r.cell.derived_from.empty(), r.profiled, r.run);
  };
  std::stable_sort(out.records.begin(), out.records.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_RESULTS_HPP
