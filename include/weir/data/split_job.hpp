// weir/data/split_job.hpp - what a split reads and where it writes, checked before anything is written. Needs range-v3,
// POSIX.
#ifndef WEIR_DATA_SPLIT_JOB_HPP
#define WEIR_DATA_SPLIT_JOB_HPP

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/shards.hpp"
#include "weir/data/tree.hpp"

namespace weir::inline v0 {

/// A split of a file, a directory tree or standard input into a directory of shards.
struct split_job {
  std::string input = {};      ///< A file or a directory; empty for standard input.
  std::string directory = {};  ///< Gets shard-0 ... and shards.json.
  split_rule rule = {};
  std::optional<row_format> format = {};  ///< Of every file that is dealt; by extension where it is not given.
  bool header = true;                     ///< False: a CSV's first record is a row too.
  bool force = false;                     ///< Replace the shards of an earlier split.
  std::vector<std::string> copy = {};     ///< Patterns of files that each shard gets whole: see matches_path.
};

/// The format of a file alone: as given, else by extension, else lines; standard input is JSON Lines.
[[nodiscard]] inline result<row_format> single_format(const std::string& path, std::optional<row_format> given) {
  if (given) return *given;
  if (path.ends_with(".json"))
    return failure{errc::invalid_argument,
                   path + ": a .json file is one value; if it has one a line, say --format jsonl"};
  return format_of(path).value_or(path.empty() ? row_format::jsonl : row_format::lines);
}

namespace detail {
inline result<void> plan_tree(shard_plan& plan, std::vector<std::string>& directories, const split_job& job) {
  auto tree = list_tree(job.input);
  if (!tree) return tree.error();
  plan.tree = true;
  directories = std::move(tree->directories);
  for (const auto& path : tree->files) {
    const auto format = job.format ? job.format : format_of(path);
    const bool named =
        std::any_of(job.copy.begin(), job.copy.end(), [&](auto& glob) { return matches_path(glob, path); });
    plan.files.push_back({path, format.value_or(row_format::lines), job.header, named || !format, 0});
  }
  for (const auto& glob : job.copy)
    if (std::none_of(tree->files.begin(), tree->files.end(), [&](auto& path) { return matches_path(glob, path); }))
      return failure{errc::not_found, "no file in " + job.input + " matches --copy '" + glob + "'"};
  if (std::all_of(plan.files.begin(), plan.files.end(), [](auto& f) { return f.copied; }))
    return failure{errc::not_found, job.input + " has no .csv, .jsonl or .ndjson file to deal"};
  return {};
}

inline bool is_inside(const std::string& path, const std::string& directory) {
  std::error_code error;
  const auto inner = std::filesystem::weakly_canonical(path, error)
                         .lexically_relative(std::filesystem::weakly_canonical(directory, error));
  return !error && !inner.empty() && *inner.begin() != "..";
}
}  // namespace detail

/// Lists the files of the input into a plan without row counts; `directories` are those of a tree.
/// \return  errc::not_found, errc::invalid_argument for what can't be split, errc::io.
[[nodiscard]] inline result<shard_plan> plan_split(const split_job& job, std::vector<std::string>& directories) {
  shard_plan plan;
  plan.rule = job.rule;
  plan.shard_rows.resize(job.rule.shards);
  std::error_code ignored;
  if (std::filesystem::is_directory(job.input, ignored)) {
    if (detail::is_inside(job.directory, job.input))
      return failure{errc::invalid_argument, job.directory + " is inside " + job.input + ", which is to be split"};
    auto planned = detail::plan_tree(plan, directories, job);
    return planned ? result<shard_plan>(std::move(plan)) : planned.error();
  }
  if (!job.copy.empty()) return failure{errc::invalid_argument, "--copy is for files of a directory tree"};
  const auto format = single_format(job.input, job.format);
  if (!format) return format.error();
  const std::filesystem::path path(job.input);
  plan.extension = job.input.empty() ? *format == row_format::csv ? ".csv" : ".jsonl" : path.extension().string();
  plan.files.push_back({path.filename().string(), *format, job.header});
  return plan;
}

/// \return  errc::busy where the directory has one of the names that the split would write.
[[nodiscard]] inline result<void> refuse_existing(const shard_plan& plan, const std::string& directory) {
  std::vector<std::string> names{std::string(shards_name), std::string(owners_name)};
  for (std::uint64_t i = 0; i < plan.rule.shards; ++i) names.push_back(plan.part(i));
  std::error_code ignored;
  for (const auto& name : names)
    if (std::filesystem::exists(directory + "/" + name, ignored))
      return failure{errc::busy, directory + "/" + name + " exists; --force replaces an earlier split"};
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_SPLIT_JOB_HPP
