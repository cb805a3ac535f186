// weir/trace/csv_profile.hpp - a profile from the tables of other profilers: nsys' cuda_gpu_trace, Ascend's
// kernel_details and op_summary. Needs POSIX.
#ifndef WEIR_TRACE_CSV_PROFILE_HPP
#define WEIR_TRACE_CSV_PROFILE_HPP

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/trim.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/data/csv.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/profile_collector.hpp"
#include "weir/trace/rank_of_name.hpp"

namespace weir::inline v0 {

/// Which columns of a table of device events hold what. A name that ends in '(' has its unit behind it.
struct csv_trace_format {
  std::string_view begin, duration, label;
  std::string_view device, step;  ///< Empty, or not in the table: it does not tell.
};

/// \source  NVIDIA Nsight Systems user guide, report cuda_gpu_trace; MindStudio Insight and msprof documentation,
///          kernel_details.csv and op_summary_*.csv.
inline constexpr csv_trace_format csv_trace_formats[] = {
    {"Start (", "Duration (", "Name", "Device", {}},                      // nsys
    {"Start Time(", "Duration(", "Name", "Device_id", "Step Id"},         // kernel_details.csv
    {"Task Start Time(", "Task Duration(", "Op Name", "Device_id", {}}};  // op_summary_*.csv

namespace detail {

/// A column of times: where, and the power of ten that makes nanoseconds of its unit.
struct csv_time_column {
  std::size_t at = 0;
  int digits = 0;
};

/// The places of a format's columns in a table.
struct csv_columns {
  csv_time_column begin, duration;
  std::size_t label = 0;
  std::optional<std::size_t> device, step;
};

inline std::optional<csv_time_column> time_column(const csv_reader& table, std::string_view name) {
  struct unit {
    std::string_view name;
    int digits;
  };
  constexpr unit units[] = {{"ns)", 0}, {"us)", 3}, {"ms)", 6}, {"s)", 9}};
  for (const auto& u : units)
    if (const auto at = table.column(std::string(name).append(u.name))) return csv_time_column{*at, u.digits};
  return std::nullopt;
}

inline std::optional<std::size_t> optional_column(const csv_reader& table, std::string_view name) {
  const auto at = table.column(name);
  return !name.empty() && at ? std::optional(*at) : std::nullopt;
}

inline result<csv_columns> columns_of(const csv_reader& table) {
  for (const auto& format : csv_trace_formats) {
    const auto begin = time_column(table, format.begin), duration = time_column(table, format.duration);
    const auto label = table.column(format.label);
    if (begin && duration && label)
      return csv_columns{*begin, *duration, *label, optional_column(table, format.device),
                         optional_column(table, format.step)};
  }
  return failure{errc::not_found,
                 "not a table of device events: nsys' cuda_gpu_trace, Ascend's kernel_details or op_summary; " +
                     table.column("Start (ns)").error().detail};
}

/// Of "NVIDIA H100 80GB HBM3 (3)", "3"; of "3", that.
inline std::string_view device_number(std::string_view device) {
  const std::size_t open = device.rfind('(');
  if (open == device.npos || !device.ends_with(')')) return device;
  return device.substr(open + 1, device.size() - open - 2);
}

/// Reads rows into a collector.
class csv_rows {
 public:
  csv_rows(rank_profile& out, const csv_columns& columns, const kind_table& kinds)
      : out_(&out), columns_(columns), collector_(out, kinds) {}

  void take(const csv_reader& table) {
    ++out_->summary.events;
    const std::string_view name = table.field(columns_.label);
    const auto begin = time(table, columns_.begin), duration = time(table, columns_.duration);
    if (!begin || !duration || *begin > latest_ns || *begin < 0 || *duration > longest_ns) {
      if (out_->summary.damaged++ == 0)
        out_->summary.first_damage = "line " + std::to_string(table.line()) + ": " + std::string(name);
      return;
    }
    const bool copy = name.starts_with("[CUDA mem") || name.starts_with("MEMCPY") || name.starts_with("aclrtMemcpy");
    kineto_event e;
    e.phase = "X";
    e.category = copy ? "gpu_memcpy" : "kernel";
    e.name = name;
    if (columns_.device) e.pid = device_number(table.field(*columns_.device));
    e.t_ns = *begin;
    e.dur_ns = *duration;
    (void)collector_(e.category);
    collector_.take(e);
    if (columns_.step) step(table.field(*columns_.step), e);
  }
  result<void> finish() {
    for (const auto& [key, window] : steps_) {
      const std::string name = "ProfilerStep#" + key.first;
      const std::string args = "{\"External id\":\"" + key.first + "\"}" + std::string(row_padding, ' ');
      kineto_event e;
      e.phase = "X";
      e.category = "gpu_user_annotation";
      e.name = name;
      e.pid = key.second;
      e.t_ns = window.begin;
      e.dur_ns = window.end - window.begin;
      e.args = std::string_view(args).substr(0, args.size() - row_padding);
      collector_.take(e);
    }
    return collector_.finish();
  }

 private:
  static std::optional<std::int64_t> time(const csv_reader& table, const csv_time_column& column) {
    return exact_decimal(trimmed(table.field(column.at)), column.digits);  // Ascend puts tabs behind long numbers
  }
  void step(std::string_view id, const kineto_event& e) {
    if (id.empty() || id.find_first_not_of("0123456789") != id.npos) return;
    const interval own{e.t_ns, e.t_ns + e.dur_ns};
    auto& window = steps_.try_emplace({std::string(id), std::string(e.pid)}, own).first->second;
    window = {std::min(window.begin, own.begin), std::max(window.end, own.end)};
  }

  rank_profile* out_;
  csv_columns columns_;
  profile_collector collector_;
  std::map<std::pair<std::string, std::string>, interval> steps_;  // of a step and device: first begin, last end
};

/// Whether line `first` and all lines behind it are blank, counting from the byte at `begin`; false for a pipe.
inline bool is_blank_from(int fd, off_t begin, std::uint64_t first) {
  std::vector<char> buffer(std::size_t{1} << 16);
  std::uint64_t line = 1;
  for (;;) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), begin);
    if (got <= 0) return got == 0;
    for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(got))) {
      if (line >= first && static_cast<unsigned char>(c) > ' ') return false;
      if (c == '\n') ++line;
    }
    begin += got;
  }
}

}  // namespace detail

/// Reads a table of device events from where `fd` stands; nsys puts a blank line behind it. Memory operations are those
/// that nsys calls "[CUDA memcpy ...]" and the like. A row without a time in range is damage: counted, and the first
/// one named. Rows of several devices are kept apart.
/// \param kinds  must outlive the profile.
/// \return  errc::not_found where it is none of csv_trace_formats.
inline result<rank_profile> read_csv_profile(unique_fd fd, const std::string& file, const kind_table& kinds) {
  const unique_fd again(::dup(fd.get()));
  const off_t begin = ::lseek(fd.get(), 0, SEEK_CUR);
  auto table = csv_reader::open(fd_source(std::move(fd), file), file);
  if (!table) return table.error();
  const auto columns = detail::columns_of(*table);
  if (!columns) return columns.error();
  rank_profile out;
  out.summary.has_events = true;
  out.rank = rank_of_name(file).value_or(-1);
  out.file = file;
  detail::csv_rows rows(out, *columns, kinds);
  while (table->next()) rows.take(*table);
  if (!table->status() && !detail::is_blank_from(again.get(), begin, table->line())) {
    out.summary.truncated = true;
    if (out.summary.first_damage.empty()) out.summary.first_damage = table->status().error().detail;
  }
  if (auto done = rows.finish(); !done) return done.error();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_CSV_PROFILE_HPP
