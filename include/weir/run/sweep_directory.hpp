// weir/run/sweep_directory.hpp - a sweep's directory: whose matrix it holds, and which runs in it are finished. Needs
// simdjson and Linux.
//
//     OUT/sweep.json              the matrix, cell by cell: another one is refused
//     OUT/cells/NAME/             what a run needs and leaves: cell.json, driver.jsonl, samples.jsonl, requests.*.jsonl
//     OUT/benchmark_results/      NAME.json, the raw records, and the tables made of them
//     OUT/benchmark_logs/         NAME.log, server_NAME.log
//     OUT/benchmark_profiles/     NAME/, what profilers left
#ifndef WEIR_RUN_SWEEP_DIRECTORY_HPP
#define WEIR_RUN_SWEEP_DIRECTORY_HPP

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/version.hpp"
#include "weir/data/json_row.hpp"
#include "weir/run/cell.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/matrix.hpp"
#include "weir/run/read_cell_record.hpp"
#include "weir/serve/lock_file.hpp"

namespace weir::inline v0 {

/// A sweep as its directory remembers it.
struct sweep_plan {
  std::string study;
  std::vector<sweep_cell> cells;
  std::vector<skipped_cell> skipped;
};

[[nodiscard]] inline std::string sweep_plan_json(const sweep_plan& plan) {
  std::string out = "{\"type\":\"sweep\",\"version\":\"" WEIR_VERSION_STRING "\",\"study\":";
  append_json_string(out, plan.study);
  out += ",\"cells\":[\n";
  for (std::size_t i = 0; i < plan.cells.size(); ++i)
    out += cell_json(plan.cells[i]) + (i + 1 < plan.cells.size() ? ",\n" : "\n");
  out += "],\"skipped\":[";
  json_writer json(out);
  for (const auto& s : plan.skipped) json.begin_object().field("name", s.name).field("reason", s.reason).end_object();
  return out + "]}\n";
}

/// \return  errc::not_found where DIR holds no sweep; errc::parse for a broken sweep.json.
[[nodiscard]] inline result<sweep_plan> read_sweep_plan(const std::string& directory) {
  const std::string path = directory + "/sweep.json";
  const auto text = read_text_file(path);
  if (!text) return failure{errc::not_found, "there is no sweep in " + directory + ": it has no sweep.json"};
  sweep_plan plan;
  const auto read = json_row_reader{}(*text, [&](std::string_view name, json_value value) -> result<void> {
    if (name == "study") return read_text(plan.study, name, value);
    if (name == "cells")
      return detail::each_element(name, value, [&](json_value item) {
        auto& into = plan.cells.emplace_back();
        return detail::each_member("cells", item, [&](std::string_view field, json_value member) {
          return detail::read_cell_field(into, field, member);
        });
      });
    if (name != "skipped") return {};
    return detail::each_element(name, value, [&](json_value item) {
      auto& into = plan.skipped.emplace_back();
      return detail::each_member("skipped", item, [&](std::string_view field, json_value member) {
        return read_text(field == "name" ? into.name : into.reason, field, member);
      });
    });
  });
  if (!read) return failure{errc::parse, path + ": " + read.error().detail};
  return plan;
}

/// Settings that may change between a sweep and its going on: how often, how long, on what, but not what is measured.
[[nodiscard]] constexpr bool is_changeable(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 8> names{"num_runs",    "profile",       "on_oom",       "devices",
                                                  "max_devices", "ready_timeout", "cell_timeout", "device_wait"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// In what two plans differ, in words; empty where their cells are the same.
[[nodiscard]] inline std::string plan_difference(const sweep_plan& there, const sweep_plan& here) {
  const auto find = [](const sweep_plan& in, const std::string& name) -> const sweep_cell* {
    for (const auto& c : in.cells)
      if (c.name == name) return &c;
    return nullptr;
  };
  for (const auto& c : there.cells)
    if (find(here, c.name) == nullptr) return "the cell " + c.name + " is in it, and not in this matrix";
  for (const auto& c : here.cells) {
    const auto* other = find(there, c.name);
    if (other == nullptr) return "the cell " + c.name + " is in this matrix, and not in it";
    sweep_cell alike = *other;
    for (const auto& each : setting_table)
      if (is_changeable(each.name()))
        alike.values.erase(each.name());
      else if (other->values.text(each.name()) != c.values.text(each.name()))
        return c.name + " has " + std::string(each.name()) + " '" + std::string(other->values.text(each.name())) +
               "' in it, '" + std::string(c.values.text(each.name())) + "' in this matrix";
    if (other->path != c.path) return c.name + " is of " + other->path + " in it, of " + c.path + " in this matrix";
    sweep_cell own = c;
    for (const auto& each : setting_table)
      if (is_changeable(each.name())) own.values.erase(each.name());
    if (!(alike == own)) return c.name + " has other points, words or variables in it";
  }
  return {};
}

/// Whether a run need not be started again: every point was measured, or ran out of memory, which it would again.
[[nodiscard]] inline bool is_whole(const cell_record& r) {
  return r.status != cell_status::failed &&
         std::none_of(r.points.begin(), r.points.end(), [](const auto& p) { return p.status == cell_status::failed; });
}

/// A sweep's directory while a sweep works in it: no second one can.
class sweep_directory {
 public:
  /// Opens OUT for this plan, making it where it is not there.
  /// \param resume  go on in a directory that has finished runs.
  /// \return        errc::busy where another sweep works in it, or it has finished runs and `resume` is false;
  ///                errc::invalid_argument where it holds another matrix; errc::io.
  [[nodiscard]] static result<sweep_directory> open(const std::string& out, const sweep_plan& plan, bool resume) {
    std::error_code error;
    std::filesystem::create_directories(out, error);
    if (error) return failure{errc::io, "cannot make " + out + ": " + error.message()};
    sweep_directory made;
    made.path_ = std::filesystem::canonical(out, error).string();
    if (error) return failure{errc::io, out + ": " + error.message()};
    auto lock = lock_file::take(made.path_ + "/.lock");
    if (!lock && lock.error().code == errc::busy)
      return failure{errc::busy, "another sweep works in " + out + ": it is " + lock.error().detail};
    if (!lock) return lock.error();
    made.lock_ = std::move(*lock);
    for (const auto* inner : {"/cells", "/benchmark_results", "/benchmark_logs", "/drivers"})
      if (std::filesystem::create_directories(made.path_ + inner, error); error)
        return failure{errc::io, "cannot make " + made.path_ + inner + ": " + error.message()};
    if (auto same = made.compare(plan, resume); !same) return same.error();
    if (auto wrote = replace_text(made.path_ + "/sweep.json", sweep_plan_json(plan)); !wrote) return wrote.error();
    return made;
  }

  /// The directory for a machine that is not the first one of its cells: nothing of the first one's is touched.
  [[nodiscard]] static result<sweep_directory> beside(const std::string& out, std::int64_t rank) {
    std::error_code error;
    sweep_directory made;
    for (const auto* inner : {"/benchmark_results", "/benchmark_logs", "/drivers"})
      std::filesystem::create_directories(out + inner, error);
    std::filesystem::create_directories(out + "/.node" + std::to_string(rank), error);
    if (error) return failure{errc::io, "cannot make " + out + ": " + error.message()};
    made.path_ = std::filesystem::canonical(out, error).string();
    return made;
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  sweep_directory() = default;

  result<void> compare(const sweep_plan& plan, bool resume) const {
    const auto there = read_sweep_plan(path_);
    if (!there && there.error().code == errc::not_found) return {};
    if (!there) return there.error();
    if (const auto difference = plan_difference(*there, plan); !difference.empty())
      return failure{errc::invalid_argument, path_ + " holds the results of another matrix: " + difference +
                                                 "; name another directory with --out"};
    if (resume) return {};
    std::size_t finished = 0;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(path_ + "/benchmark_results", ignored))
      finished += entry.path().extension() == ".json";
    if (finished == 0) return {};
    return failure{errc::busy, path_ + " holds " + std::to_string(finished) +
                                   " finished runs of this matrix: --resume goes on, --out names another directory"};
  }

  std::string path_;
  lock_file lock_;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_DIRECTORY_HPP
