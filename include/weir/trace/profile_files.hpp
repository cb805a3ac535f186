// weir/trace/profile_files.hpp - reads the traces of files and directories, several at a time, and puts together what
// belongs to one rank. Needs POSIX, zlib.
#ifndef WEIR_TRACE_PROFILE_FILES_HPP
#define WEIR_TRACE_PROFILE_FILES_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/profile_remarks.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/trace_file.hpp"
#include "weir/trace/trace_inputs.hpp"

namespace weir::inline v0 {

/// The traces of a set, in order of rank, and what there is to say about its files.
struct trace_set {
  std::vector<rank_profile> ranks;
  std::vector<std::string> remarks;     ///< Damage, cuts, files that were left out.
  std::vector<std::string> unreadable;  ///< Files of a directory that are no JSON or can't be read.
};

namespace detail {

/// Calls `work(i)` for each i < count on up to `threads` threads.
template <class Work>
void in_parallel(std::size_t count, unsigned threads, Work&& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < std::min<std::size_t>(threads, count); ++i) others.emplace_back(run);
  run();
}

/// The trace that a file of `rank` goes with; where ranks are not told and there is one trace, that one.
inline rank_profile* trace_of(std::vector<rank_profile>& traces, std::int64_t rank) {
  if (traces.size() == 1 && (rank < 0 || traces[0].rank < 0)) return traces.data();
  const auto own = std::ranges::find(traces, rank, &rank_profile::rank);
  return rank < 0 || own == traces.end() ? nullptr : &*own;
}

/// The trace of `rank`, or a profile without one that stands for it.
inline rank_profile& profile_of(std::vector<rank_profile>& traces, std::int64_t rank, const std::string& file) {
  if (rank_profile* const own = trace_of(traces, rank); own != nullptr) return *own;
  rank_profile& fresh = traces.emplace_back();
  fresh.file = file;
  fresh.rank = rank;
  return fresh;
}

/// Gives what Ascend's profiler computed to the ranks that it is of: those that a cluster's file names, else the
/// file's.
template <class Row>
void spread(std::vector<rank_profile>& traces, const trace_file& file, const std::optional<ascend_rows<Row>>& read,
            std::optional<ascend_rows<Row>> rank_profile::* slot) {
  if (!read) return;
  const auto rows_of = [&](std::int64_t rank) -> ascend_rows<Row>& {
    auto& into = profile_of(traces, rank, file.name).*slot;
    return into ? *into : into.emplace();
  };
  for (const auto& row : read->rows) rows_of(row.rank >= 0 ? row.rank : file.rank).rows.push_back(row);
  if (read->damaged == 0) return;
  auto& first = rows_of(read->rows.empty() || read->rows[0].rank < 0 ? file.rank : read->rows[0].rank);
  first.damaged = read->damaged;
  first.first_damage = read->first_damage;
}

/// Gives what a file that is no trace itself holds to the trace of its rank.
/// \return  false where there is none.
inline bool attach(std::vector<rank_profile>& traces, trace_file& file) {
  if (file.step_table || file.communication_table) {
    spread(traces, file, file.step_table, &rank_profile::step_table);
    spread(traces, file, file.communication_table, &rank_profile::communication_table);
    return true;
  }
  rank_profile* const own = trace_of(traces, file.rank);
  if (own == nullptr) return false;
  if (file.timing) own->timing = std::move(file.timing);
  if (file.execution && own->ops) own->execution = link_execution_trace(own->collectives, *own->ops, *file.execution);
  return true;
}

/// Traces first, then what goes with them.
inline void assemble(trace_set& set, std::vector<trace_file>& files) {
  for (auto& file : files) {
    if (!file.profile) continue;
    auto others = std::exchange(file.profile->other_devices, {});
    set.ranks.push_back(*std::move(file.profile));
    std::move(others.begin(), others.end(), std::back_inserter(set.ranks));
  }
  std::stable_sort(set.ranks.begin(), set.ranks.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
  for (auto& file : files) {
    if (file.profile || attach(set.ranks, file)) continue;
    set.remarks.push_back("left out: " + file.name + " belongs to no trace of the set");
  }
  for (auto& p : set.ranks) p.ops.reset();
  std::stable_sort(set.ranks.begin(), set.ranks.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
}

inline void mark_shared_ranks(std::vector<rank_profile>& ranks) {
  for (std::size_t i = 1; i < ranks.size(); ++i)
    if (ranks[i].rank >= 0 && ranks[i].rank == ranks[i - 1].rank && ranks[i].file != ranks[i - 1].file)
      ranks[i].shared_rank = ranks[i - 1].shared_rank = true;
}

/// Why a set without any trace is none.
inline failure no_trace(const trace_set& set, const std::vector<trace_file>& files) {
  const auto execution = std::ranges::find_if(files, [](const auto& file) { return file.execution.has_value(); });
  if (execution != files.end())
    return {errc::parse, execution->name +
                             " is an execution trace, which has no times: name the profiler's trace of its "
                             "rank with it"};
  return {errc::parse,
          "there is no profiler's trace: " + (set.remarks.empty() ? "only other files" : set.remarks.front())};
}

}  // namespace detail

/// Reads the traces that `operands` name: files, directories (their files that may be traces, and Ascend's directories
/// of ranks), "-" for standard input. What goes with a trace is given to the one of its rank: timing_stats_<rank>.json,
/// execution traces, what Ascend's profiler computed. A file of another kind in a directory is left out with a remark;
/// named itself, it fails.
/// \param threads  how many files are read at a time.
/// \param options  `ops` is found out.
/// \param kinds  must outlive the set.
inline result<trace_set> read_trace_set(const std::vector<std::string>& operands, const kind_table& kinds,
                                        unsigned threads, profile_options options = {}) {
  const auto inputs = find_trace_inputs(operands);
  if (!inputs) return inputs.error();
  std::atomic<bool> execution{false};
  detail::in_parallel(inputs->size(), threads, [&](std::size_t i) {
    if (is_execution_trace((*inputs)[i])) execution = true;
  });
  options.ops = execution;
  std::vector<std::optional<result<trace_file>>> read(inputs->size());
  detail::in_parallel(inputs->size(), threads,
                      [&](std::size_t i) { read[i] = read_trace_file((*inputs)[i], kinds, options); });
  trace_set set;
  std::vector<trace_file> files;
  for (std::size_t i = 0; i < read.size(); ++i) {
    auto& one = *read[i];
    const trace_input& input = (*inputs)[i];
    if (one) {
      files.push_back(*std::move(one));
    } else if (input.named) {
      return one.error();
    } else {
      set.remarks.push_back("left out: " + one.error().detail);
      const bool other = one.error().code == errc::not_found;
      if (!other) set.unreadable.push_back(input.path);
    }
  }
  detail::assemble(set, files);
  if (set.ranks.empty()) return detail::no_trace(set, files);
  for (const auto& p : set.ranks) remark_on(set.remarks, p);
  detail::mark_shared_ranks(set.ranks);
  return set;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_PROFILE_FILES_HPP
