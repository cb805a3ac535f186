// weir/trace/profile_files.hpp - reads the traces of files and directories, several at a time. Needs POSIX, zlib.
#ifndef WEIR_TRACE_PROFILE_FILES_HPP
#define WEIR_TRACE_PROFILE_FILES_HPP

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/data/source.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/csv_profile.hpp"
#include "weir/trace/gz_source.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {

/// The traces of a set, in order of rank, and what there is to say about its files.
struct trace_set {
  std::vector<rank_profile> ranks;
  std::vector<std::string> remarks;     ///< Damage, cuts, files that were left out.
  std::vector<std::string> unreadable;  ///< Files of a directory that are no JSON or can't be read.
};

namespace detail {

struct trace_path {
  std::string path;
  bool named = false;  // by the user, and not found in a directory: then it has to be a trace
};

inline result<void> add_directory(std::vector<trace_path>& out, const std::string& directory) {
  std::error_code error;
  std::vector<std::string> found;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool wanted = name.ends_with(".json") || name.ends_with(".json.gz") || name.ends_with(".csv");
    if (wanted && !name.starts_with('.') && !at->is_directory(error)) found.push_back(at->path().string());
  }
  if (error) return failure{errc::io, "cannot list " + directory + ": " + error.message()};
  if (found.empty()) return failure{errc::not_found, directory + ": there is no .json, .json.gz or .csv in it"};
  std::sort(found.begin(), found.end());
  for (auto& path : found) out.push_back({std::move(path), false});
  return {};
}

inline bool is_timing(const std::string& path) {
  return std::filesystem::path(path).filename().string().starts_with("timing_stats");
}

/// A profile without events that holds the timings, for attach_timings.
inline result<rank_profile> read_timing_file(const std::string& path) {
  auto text = read_text_file(path);
  if (!text) return text.error();
  text->append(row_padding, ' ');
  const auto stats = read_timing_stats(std::string_view(*text).substr(0, text->size() - row_padding));
  if (!stats) return in_file(path, stats.error());
  rank_profile out;
  out.file = std::filesystem::path(path).filename().string();
  out.rank = rank_of_name(path).value_or(-1);
  out.timing = *stats;
  return out;
}

inline result<rank_profile> read_file(const std::string& path, const kind_table& kinds, bool idle) {
  if (is_timing(path)) return read_timing_file(path);
  if (path.ends_with(".csv")) {
    auto fd = open_input(path);
    if (!fd) return fd.error();
    return read_csv_profile(fd_source(*std::move(fd), path), std::filesystem::path(path).filename().string(), kinds);
  }
  auto source = path == "-" ? gz_source::from(unique_fd(::dup(0)), "standard input") : gz_source::open(path);
  if (!source) return source.error();
  const std::string name = path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
  auto profile = read_profile(*std::move(source), name, kinds, idle);
  if (!profile) return in_file(path == "-" ? name : path, profile.error());
  return profile;
}

inline void remark_on(trace_set& set, const rank_profile& p) {
  const std::uint64_t damaged = p.summary.damaged;
  if (damaged > 0)
    set.remarks.push_back(p.file + ": " + std::to_string(damaged) + " damaged events are in no figure; the first is " +
                          p.summary.first_damage);
  if (p.device.negative() > 0)
    set.remarks.push_back(p.file + ": " + std::to_string(p.device.negative()) +
                          " device events end before they begin and are in no figure");
  if (p.device.incomplete() > 0)
    set.remarks.push_back(p.file + ": " + std::to_string(p.device.incomplete()) +
                          " device events have no begin or no duration and are in no figure");
  if (p.collectives.damaged() + p.damaged_steps > 0)
    set.remarks.push_back(p.file + ": the arguments of " + std::to_string(p.collectives.damaged() + p.damaged_steps) +
                          " collectives and steps are damaged: their sizes and ids are missing");
  if (const auto strange = p.unknown_categories(); !strange.empty())
    set.remarks.push_back(p.file + ": events of categories that no profiler is known to write: " + strange);
  if (p.summary.truncated) set.remarks.push_back(p.file + ": the file is cut; figures are of what is there");
  if (p.steps_backwards() > 0)
    set.remarks.push_back(p.file +
                          ": its clock goes backwards: a step begins before the one with the number before it");
}

/// Gives the timings that stand in `set` as profiles of their own to the trace of their rank.
inline void attach_timings(trace_set& set) {
  std::vector<rank_profile> traces, timings;
  for (auto& p : set.ranks) (p.timing ? timings : traces).push_back(std::move(p));
  for (const auto& t : timings) {
    const auto own = std::ranges::find(traces, t.rank, &rank_profile::rank);
    if (own == traces.end())
      set.remarks.push_back("left out: " + t.file + " belongs to no trace of the set");
    else
      own->timing = t.timing;
  }
  set.ranks = std::move(traces);
}

inline void mark_shared_ranks(std::vector<rank_profile>& ranks) {
  for (std::size_t i = 1; i < ranks.size(); ++i)
    if (ranks[i].rank >= 0 && ranks[i].rank == ranks[i - 1].rank)
      ranks[i].shared_rank = ranks[i - 1].shared_rank = true;
}

}  // namespace detail

/// Reads the traces that `operands` name: files, directories (their *.json and *.json.gz), "-" for standard input.
/// timing_stats_<rank>.json goes with the trace of its rank. JSON of another kind in a directory (execution traces) and
/// tables of other things are left out with a remark; named itself, such a file fails.
/// \param threads  how many files are read at a time.
/// \param idle  see read_profile.
/// \param kinds  must outlive the set.
inline result<trace_set> read_trace_set(const std::vector<std::string>& operands, const kind_table& kinds,
                                        unsigned threads, bool idle = false) {
  std::vector<detail::trace_path> paths;
  std::error_code ignored;
  for (const auto& operand : operands) {
    if (operand != "-" && std::filesystem::is_directory(operand, ignored)) {
      if (auto ok = detail::add_directory(paths, operand); !ok) return ok.error();
    } else {
      paths.push_back({operand, true});
    }
  }
  std::vector<std::optional<result<rank_profile>>> read(paths.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) read[i] = detail::read_file(paths[i].path, kinds, idle);
  };
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < std::min<std::size_t>(threads, paths.size()); ++i) others.emplace_back(work);
    work();
  }
  trace_set set;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    auto& one = *read[i];
    if (one) {
      detail::remark_on(set, *one);
      set.ranks.push_back(*std::move(one));
    } else if (paths[i].named) {
      return one.error();
    } else {
      set.remarks.push_back("left out: " + one.error().detail);
      const bool other =
          one.error().detail.find("no traceEvents") != std::string::npos || paths[i].path.ends_with(".csv");
      if (!other) set.unreadable.push_back(paths[i].path);
    }
  }
  detail::attach_timings(set);
  if (set.ranks.empty()) return failure{errc::parse, "there is no Kineto trace: " + set.remarks.front()};
  std::stable_sort(set.ranks.begin(), set.ranks.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
  detail::mark_shared_ranks(set.ranks);
  return set;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_PROFILE_FILES_HPP
