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
#include "weir/base/unique_fd.hpp"
#include "weir/data/source.hpp"
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
    const bool json = name.ends_with(".json") || name.ends_with(".json.gz");
    if (json && !name.starts_with('.') && !at->is_directory(error)) found.push_back(at->path().string());
  }
  if (error) return failure{errc::io, "cannot list " + directory + ": " + error.message()};
  if (found.empty()) return failure{errc::not_found, directory + ": there is no .json and no .json.gz in it"};
  std::sort(found.begin(), found.end());
  for (auto& path : found) out.push_back({std::move(path), false});
  return {};
}

inline result<rank_profile> read_file(const std::string& path, const kind_table& kinds) {
  auto source = path == "-" ? gz_source::from(unique_fd(::dup(0)), "standard input") : gz_source::open(path);
  if (!source) return source.error();
  const std::string name = path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
  auto profile = read_profile(*std::move(source), name, kinds);
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
  if (p.summary.truncated) set.remarks.push_back(p.file + ": the file is cut; figures are of what is there");
  if (p.steps_backwards() > 0)
    set.remarks.push_back(p.file +
                          ": its clock goes backwards: a step begins before the one with the number before it");
}

inline void mark_shared_ranks(std::vector<rank_profile>& ranks) {
  for (std::size_t i = 1; i < ranks.size(); ++i)
    if (ranks[i].rank >= 0 && ranks[i].rank == ranks[i - 1].rank)
      ranks[i].shared_rank = ranks[i - 1].shared_rank = true;
}

}  // namespace detail

/// Reads the traces that `operands` name: files, directories (their *.json and *.json.gz), "-" for standard input.
/// JSON of another kind in a directory (execution traces, timings) is left out with a remark; named itself, it fails.
/// \param threads  how many files are read at a time.
/// \param kinds  must outlive the set.
inline result<trace_set> read_trace_set(const std::vector<std::string>& operands, const kind_table& kinds,
                                        unsigned threads) {
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
    for (std::size_t i = next++; i < paths.size(); i = next++) read[i] = detail::read_file(paths[i].path, kinds);
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
      if (one.error().detail.find("no traceEvents") == std::string::npos) set.unreadable.push_back(paths[i].path);
    }
  }
  if (set.ranks.empty()) return failure{errc::parse, "there is no Kineto trace: " + set.remarks.front()};
  std::stable_sort(set.ranks.begin(), set.ranks.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
  detail::mark_shared_ranks(set.ranks);
  return set;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_PROFILE_FILES_HPP
