// weir/run/sweep_plots.hpp - a sweep's results as pictures. Needs POSIX and simdjson.
#ifndef WEIR_RUN_SWEEP_PLOTS_HPP
#define WEIR_RUN_SWEEP_PLOTS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/plot.hpp"
#include "weir/run/sweep_results.hpp"

namespace weir::inline v0 {

/// A picture and the name of its file.
struct named_plot {
  std::string file;
  weir::plot plot;
};

namespace detail {

using row_number = std::function<double(const result_row&)>;
using row_text = std::function<std::string(const result_row&)>;

/// A line a series over rows; points of one x are averaged. Series of a single point are left out where others have
/// more.
inline plot lines_of(std::string title, std::string x_label, std::string y_label, const std::vector<result_row>& rows,
                     const row_text& series, const row_number& x, const row_number& y) {
  std::map<std::string, std::map<double, std::pair<double, double>>> sums;
  std::vector<std::string> order;
  for (const auto& row : rows) {
    const double at = x(row), value = y(row);
    if (std::isnan(at) || std::isnan(value)) continue;
    const auto name = series(row);
    if (!sums.contains(name)) order.push_back(name);
    auto& [sum, count] = sums[name][at];
    sum += value, count += 1;
  }
  plot p{.title = std::move(title), .x = {std::move(x_label)}, .y = {std::move(y_label)}};
  for (const auto& name : order) {
    auto& s = p.series.emplace_back(plot_series{.name = name, .x = {}, .y = {}});
    for (const auto& [at, value] : sums[name]) s.x.push_back(at), s.y.push_back(value.first / value.second);
  }
  return p;
}

inline double setting_number(const settings& s, std::string_view name) {
  return s.has(name) ? s.number(name) : std::numeric_limits<double>::quiet_NaN();
}

inline bool several_values(const std::vector<result_row>& rows, std::string_view name) {
  for (const auto& row : rows)
    if (row.point.values.text(name) != rows.front().point.values.text(name)) return true;
  return false;
}

/// A row's series where x is `but`: its cell, and the lengths where there are several.
inline row_text series_by_cell(const std::vector<result_row>& rows, std::string_view but) {
  std::vector<std::string_view> more;
  for (const std::string_view name : {"batch_size", "input_len", "output_len", "n", "request_rate"})
    if (name != but && several_values(rows, name)) more.push_back(name);
  return [more](const result_row& row) {
    std::string text = row.cell().name;
    for (const auto name : more) text += " " + std::string(name) + " " + std::string(row.point.values.text(name));
    return text;
  };
}

/// The same where devices are on x: the model, its format and the point.
inline std::string series_by_point(const result_row& row) {
  return (row.cell().quant.empty() ? "" : row.cell().quant + " ") + row.point.name;
}

inline double devices_of(const result_row& row) {
  return static_cast<double>(row.devices());
}

/// Of a tensor-parallel row: output per device against that of tp 1, in percent; NaN for others.
inline double tensor_efficiency(const result_row& row, const std::vector<result_row>& rows) {
  const auto only_tensor = [](const result_row& r) {
    return r.cell().values.count("pp") == 1 && r.cell().values.count("dp") == 1 &&
           r.cell().values.count("instances") == 1;
  };
  if (!only_tensor(row)) return std::numeric_limits<double>::quiet_NaN();
  for (const auto& base : rows)
    if (only_tensor(base) && base.cell().values.count("tp") == 1 && base.cell().model == row.cell().model &&
        base.cell().quant == row.cell().quant && base.point.values == row.point.values)
      return row.mean("output_tokens_per_s") / static_cast<double>(row.cell().values.count("tp")) /
             base.mean("output_tokens_per_s") * 100;
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace detail

/// The four pictures of scaling_analysis: throughput and time of an iteration over devices, what tensor parallelism
/// keeps of the ideal, throughput over expert parallelism.
[[nodiscard]] inline std::array<plot, 4> scaling_plots(const std::vector<result_row>& rows) {
  const auto by = detail::series_by_point;
  const auto figure = [](const char* name) { return [name](const result_row& r) { return r.mean(name); }; };
  std::array<plot, 4> out{
      detail::lines_of("Throughput by devices", "devices", "output tokens / s", rows, by, detail::devices_of,
                       figure("output_tokens_per_s")),
      detail::lines_of("Iteration by devices", "devices", "iteration (s)", rows, by, detail::devices_of,
                       figure("iteration_s")),
      detail::lines_of(
          "Tensor-parallel efficiency", "tensor-parallel size", "% of tp 1, per device", rows, by,
          [](const result_row& r) { return r.cell().values.number("tp"); },
          [&](const result_row& r) { return detail::tensor_efficiency(r, rows); }),
      detail::lines_of(
          "Throughput by expert parallelism", "expert-parallel size", "output tokens / s", rows, by,
          [](const result_row& r) { return r.cell().values.number("ep"); }, figure("output_tokens_per_s"))};
  out[2].marks.push_back({100, false, "ideal"});
  return out;
}

/// The other pictures, those that have more than one point to show.
[[nodiscard]] inline std::vector<named_plot> sweep_plots(const std::vector<result_row>& rows) {
  std::vector<named_plot> all;
  if (rows.empty()) return all;
  const auto figure = [](const char* name) { return [name](const result_row& r) { return r.mean(name); }; };
  const auto setting = [](const char* name) {
    return [name](const result_row& r) { return detail::setting_number(r.point.values, name); };
  };
  const auto by_batch = detail::series_by_cell(rows, "batch_size"),
             by_length = detail::series_by_cell(rows, "input_len");
  all.push_back(
      {"throughput_vs_batch_size", detail::lines_of("Throughput by batch size", "batch size", "output tokens / s", rows,
                                                    by_batch, setting("batch_size"), figure("output_tokens_per_s"))});
  all.push_back(
      {"latency_vs_batch_size",
       detail::lines_of("Time of an iteration by batch size", "batch size", "iteration (ms)", rows, by_batch,
                        setting("batch_size"), [](const result_row& r) { return r.mean("iteration_s") * 1e3; })});
  all.push_back(
      {"throughput_by_length", detail::lines_of("Throughput by input length", "input tokens", "output tokens / s", rows,
                                                by_length, setting("input_len"), figure("output_tokens_per_s"))});
  all.push_back({"scaling_efficiency", detail::lines_of("Throughput per device", "devices",
                                                        "output tokens / s / device", rows, detail::series_by_point,
                                                        detail::devices_of, figure("output_tokens_per_s_per_device"))});
  all.push_back(
      {"ttft_vs_concurrency", detail::lines_of("TTFT by requests in flight", "requests in flight", "TTFT p99 (ms)",
                                               rows, by_batch, setting("batch_size"), figure("ttft_p99_ms"))});
  std::erase_if(all, [](const named_plot& p) {
    return std::none_of(p.plot.series.begin(), p.plot.series.end(), [](const auto& s) { return s.x.size() > 1; });
  });
  plot memory{.title = "Device memory, at most", .kind = plot_kind::bars, .x = {"cell"}, .y = {"MiB"}};
  memory.series = {{"device memory", {}, {}}};
  for (const auto& row : rows) {
    const double mib = row.mean("device_memory_max_mib");
    if (std::isnan(mib)) continue;
    const auto at = std::find(memory.categories.begin(), memory.categories.end(), row.cell().name);
    const auto place = static_cast<std::size_t>(at - memory.categories.begin());
    if (at == memory.categories.end()) memory.categories.push_back(row.cell().name), memory.series[0].y.push_back(0);
    memory.series[0].y[place] = std::max(memory.series[0].y[place], mib);
  }
  if (!memory.categories.empty()) all.push_back({"memory_usage", std::move(memory)});
  return all;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_PLOTS_HPP
