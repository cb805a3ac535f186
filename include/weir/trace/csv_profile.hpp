// weir/trace/csv_profile.hpp - a profile from the tables of other profilers: nsys' cuda_gpu_trace, Ascend's
// kernel_details and op_summary. Needs POSIX.
#ifndef WEIR_TRACE_CSV_PROFILE_HPP
#define WEIR_TRACE_CSV_PROFILE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/trim.hpp"
#include "weir/data/csv.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {

/// Which columns of a table of device events hold what.
struct csv_trace_format {
  std::string_view begin, duration, label;
  bool nanoseconds = false;  ///< Of begin and duration; else microseconds.
};

/// \source  NVIDIA Nsight Systems user guide, report cuda_gpu_trace; MindStudio Insight and msprof documentation,
///          kernel_details.csv and op_summary_*.csv.
inline constexpr csv_trace_format csv_trace_formats[] = {
    {"Start (ns)", "Duration (ns)", "Name", true},                    // nsys
    {"Start Time(us)", "Duration(us)", "Name", false},                // kernel_details.csv
    {"Task Start Time(us)", "Task Duration(us)", "Op Name", false}};  // op_summary_*.csv

namespace detail {

/// The places of a format's columns in a table.
struct csv_columns {
  std::size_t begin, duration, label;
  bool nanoseconds;
};

inline result<csv_columns> columns_of(const csv_reader& table) {
  for (const auto& format : csv_trace_formats) {
    const auto begin = table.column(format.begin), duration = table.column(format.duration),
               label = table.column(format.label);
    if (begin && duration && label) return csv_columns{*begin, *duration, *label, format.nanoseconds};
  }
  return failure{errc::parse,
                 "not a table of device events: nsys' cuda_gpu_trace, Ascend's kernel_details or op_summary; " +
                     table.column("Start (ns)").error().detail};
}

inline std::optional<std::int64_t> csv_time(std::string_view text, bool nanoseconds) {
  text = trimmed(text);  // tabs behind a number are Ascend's, against spreadsheets that round long ones
  if (!nanoseconds) return exact_ns(text);
  const auto value = parse_number<std::int64_t>(text);
  return value ? std::optional(*value) : std::nullopt;
}

}  // namespace detail

/// Reads a table of device events. Memory operations are those that nsys calls "[CUDA memcpy ...]" and the like.
/// A row without a time in range is damage: counted, and the first one named.
/// \param kinds  must outlive the profile.
/// \return  errc::parse where it is none of csv_trace_formats.
inline result<rank_profile> read_csv_profile(fd_source source, std::string file, const kind_table& kinds) {
  auto table = csv_reader::open(std::move(source), file);
  if (!table) return table.error();
  const auto columns = detail::columns_of(*table);
  if (!columns) return columns.error();
  rank_profile out;
  out.summary.has_events = true;
  detail::profile_reader collector(out, kinds);
  while (table->next()) {
    ++out.summary.events;
    const std::string name(table->field(columns->label));
    const bool copy = name.starts_with("[CUDA mem") || name.starts_with("MEMCPY") || name.starts_with("aclrtMemcpy");
    const auto begin = detail::csv_time(table->field(columns->begin), columns->nanoseconds),
               duration = detail::csv_time(table->field(columns->duration), columns->nanoseconds);
    if (!begin || !duration || *begin > latest_ns || *begin < 0 || *duration > longest_ns) {
      if (out.summary.damaged++ == 0) out.summary.first_damage = "line " + std::to_string(table->line()) + ": " + name;
      continue;
    }
    kineto_event e;
    e.phase = "X";
    e.category = copy ? "gpu_memcpy" : "kernel";
    e.name = name;
    e.t_ns = *begin;
    e.dur_ns = *duration;
    (void)collector(e.category);
    collector.take(e);
  }
  if (!table->status()) {
    out.summary.truncated = true;
    if (out.summary.first_damage.empty()) out.summary.first_damage = table->status().error().detail;
  }
  collector.finish();
  out.rank = rank_of_name(file).value_or(-1);
  out.file = std::move(file);
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_CSV_PROFILE_HPP
