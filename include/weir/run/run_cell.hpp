// weir/run/run_cell.hpp - one run of one cell on this machine, from its file to its record. Needs simdjson and Linux.
#ifndef WEIR_RUN_RUN_CELL_HPP
#define WEIR_RUN_RUN_CELL_HPP

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/host_name.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/commands.hpp"
#include "weir/run/run_driven.hpp"
#include "weir/run/run_served.hpp"

namespace weir::inline v0 {

/// What a run needs beside its file.
struct cell_surroundings {
  cell_node node = {};
  std::vector<std::string> measurer = {};  ///< See served_cell.
  std::function<void(std::string_view)> say = {};
  /// Looks at what a profiled run left, and may move it; empty: nobody looks.
  std::function<void(const cell_job&, cell_record&)> look_at_profile = {};
};

namespace detail {

inline result<void> make_directories(const cell_job& job) {
  std::error_code error;
  for (const auto& path : {job.directory(), job.out + "/benchmark_results", job.out + "/benchmark_logs"}) {
    std::filesystem::create_directories(path, error);
    if (error) return failure{errc::io, "cannot make " + path + ": " + error.message()};
  }
  if (!job.profiled) return {};
  std::filesystem::create_directories(job.profiles(), error);
  return error ? result<void>(failure{errc::io, "cannot make " + job.profiles() + ": " + error.message()})
               : result<void>();
}

/// What an earlier, unfinished start of this run left must not be taken for this one's. The ticket is the sweep's: by
/// it the job is found again when the sweep has been killed.
inline void forget_unfinished(const cell_job& job) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(job.directory(), ignored))
    if (const auto name = entry.path().filename().string();
        name != "cell.json" && name != "status" && name != "ticket" && !name.ends_with(".out"))
      std::filesystem::remove_all(entry.path(), ignored);
  if (job.profiled)
    for (const auto& entry : std::filesystem::directory_iterator(job.profiles(), ignored))
      std::filesystem::remove_all(entry.path(), ignored);
}

inline void note_what_was_not_told(cell_record& record) {
  const auto untold = untold_settings(record.cell);
  std::string names;
  for (const auto& name : untold) names += (names.empty() ? "" : ", ") + name;
  if (!names.empty() && record.cell.values.text("mode") != "command")
    record.notes.push_back("the engine was not told: " + names);
}

}  // namespace detail

/// Runs a cell and writes its record.
/// \return  0 where there is a record, whatever it says; 128 + the signal that ended it early, without one. A
///          failure is one of this machine: a disk that is full, no port to be had.
[[nodiscard]] inline result<int> run_cell(const cell_job& job, const cell_surroundings& around) {
  if (auto made = detail::make_directories(job); !made) return made.error();
  if (around.node.rank == 0) detail::forget_unfinished(job);
  cell_record record{.cell = job.cell, .run = job.run, .profiled = job.profiled};
  record.host = host_name();
  record.start_unix_ns = wall_ns();
  for (const auto& p : job.cell.points) record.points.push_back({.point = p});
  detail::note_what_was_not_told(record);
  const auto began = now_ns();
  const bool served = is_served(job.cell) && around.node.rank == 0;
  const auto ended = served ? served_cell(job, around.node, around.measurer, around.say).run(record)
                            : driven_cell(job, around.node, around.say).run(record);
  if (!ended) return ended.error();
  if (*ended != 0) return 128 + *ended;
  if (around.node.rank > 0) return 0;  // the first machine writes
  record.wall_s = static_cast<double>(now_ns() - began) / 1e9;
  record.status = status_of(record.points);
  if (record.reason.empty())
    for (const auto& p : record.points)
      if (record.reason.empty()) record.reason = p.reason;
  if (job.profiled && around.look_at_profile) around.look_at_profile(job, record);
  if (auto wrote = replace_text(job.record(), cell_record_json(record)); !wrote) return wrote.error();
  return 0;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_RUN_CELL_HPP
