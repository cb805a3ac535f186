// weir/report/summary_notes.hpp - what a reader of a summary must know, in sentences. Needs weir/record and weir/stats.
#ifndef WEIR_REPORT_SUMMARY_NOTES_HPP
#define WEIR_REPORT_SUMMARY_NOTES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/report/figure.hpp"
#include "weir/report/summarizer.hpp"
#include "weir/report/summary.hpp"

namespace weir::inline v0 {
namespace detail {

inline std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

/// "n < 100: p99 is the maximum, or next to it: ttft, e2el" for each percentile that rests on the largest value.
inline void note_small_samples(std::vector<std::string>& notes, const summary& s) {
  for (const double p : s.percentiles) {
    const double enough = std::ceil(100 / (100 - p) - 1e-6);  // 99.9 is no binary number
    std::string in_all, in_groups;
    for (const auto which : s.latencies) {
      const std::string name(to_string(which));
      const auto is_small = [&](const group_summary& group) {
        const double n = group.find(name + "_n")->exact;
        return n > 0 && n < enough;
      };
      std::string* list = is_small(s.groups.back())                 ? &in_all
                          : std::ranges::any_of(s.groups, is_small) ? &in_groups
                                                                    : nullptr;
      if (list) list->append(list->empty() ? "" : ", ").append(name);
    }
    if (in_all.empty() && in_groups.empty()) continue;
    if (!in_groups.empty()) in_groups.insert(0, in_all.empty() ? "in some groups " : "; in some groups ");
    notes.push_back("n < " + std::string(cell::number(enough, 0).shown()) + ": " + percentile_name(p) +
                    " is the maximum, or next to it: " + in_all + in_groups);
  }
}

inline void note_estimates(std::vector<std::string>& notes, const request_counts& counts) {
  const auto estimated = counts.by_basis[static_cast<std::size_t>(tokens_basis::chunks)];
  if (estimated > 0)
    notes.push_back("tokens of " + counted(estimated, "answer") +
                    " are estimated: one for each event that carried any");
  if (counts.itl_by_chunk > 0)
    notes.push_back("itl_basis: chunk for " + counted(counts.itl_by_chunk, "answer") + ", token for " +
                    std::to_string(counts.itl_by_token) +
                    ": where the tokens of an event are not known, itl is the gap between events (icl)");
  if (counts.first_estimated > 0)
    notes.push_back("tpot of " + counted(counts.first_estimated, "answer") +
                    " rests on an estimate of the tokens in its first event");
  if (counts.several_choices > 0)
    notes.push_back(counted(counts.several_choices, "request") +
                    " asked for several choices: ttft is the first choice's, e2el the last one's, tpot and itl are "
                    "those of each choice");
}

inline void note_run(std::vector<std::string>& notes, const summary& s, const summarizer& from) {
  constexpr std::size_t listed = 5;
  const auto& runs = from.runs();
  for (std::size_t i = 0; i < std::min(runs.size(), listed); ++i) notes.push_back("run: " + runs[i]);
  if (runs.size() > listed) notes.push_back("and " + counted(runs.size() - listed, "further run"));
  if (!from.axis().one_clock())
    notes.push_back("runs of several machines or boots: their times were put on one axis by their wall clocks");
  const auto window = from.axis().over(s.counts.windows);
  if (runs.size() > 1 && window && window->idle_ns > window->length_ns / 100)
    notes.push_back("no run was under way during " +
                    std::string(cell::number(static_cast<double>(window->idle_ns) / 1e9, 3).shown()) +
                    " s of the window: throughput of all counts these pauses; --group-by file tells the runs apart");
}

}  // namespace detail

/// Sentences that belong under the tables of `s`. \param from  what `s` was made of.
[[nodiscard]] inline std::vector<std::string> notes_on(const summary& s, const summarizer& from) {
  std::vector<std::string> notes;
  detail::note_run(notes, s, from);
  if (from.requests_read_twice() > 0)
    notes.push_back(detail::counted(from.requests_read_twice(), "request") +
                    " came more than once (same id, attempt and times): counted once");
  if (from.answers_repeated() > 0)
    notes.push_back(detail::counted(from.answers_repeated(), "answer") +
                    " of the same question, instance and model as another: all are counted");
  if (!s.requests) return notes;
  if (s.counts.resent > 0)
    notes.push_back(detail::counted(s.counts.resent, "request") +
                    " lost with a kept connection and sent again: each counts once, by its last attempt");
  if (s.counts.retries > s.counts.resent)
    notes.push_back("other retries: " + std::to_string(s.counts.retries - s.counts.resent) +
                    "; each attempt counts as a request");
  detail::note_estimates(notes, s.counts);
  if (s.counts.backwards > 0)
    notes.push_back("times of " + detail::counted(s.counts.backwards, "request") +
                    " run backwards: the durations in question are left out");
  detail::note_small_samples(notes, s);
  if (s.intervals) notes.push_back("intervals (low, high): 95 %, if requests were independent of each other");
  if (!s.exact)
    notes.push_back(
        "samples beyond 1048576 are counted in buckets: percentiles of such latencies are at most 0.05 % off");
  return notes;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARY_NOTES_HPP
