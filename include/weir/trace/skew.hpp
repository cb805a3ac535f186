// weir/trace/skew.hpp - collectives matched across ranks: who arrived last, and how long the others waited for it.
// Needs weir/data.
//
// A collective ends for all ranks at about the same moment and lasts, on each, from that rank's arrival. So the slow
// rank is the one with the least communication time, and a long collective says that the others waited, not that the
// link is slow. What a link costs is the shortest of the durations: that of the rank which came last.
#ifndef WEIR_TRACE_SKEW_HPP
#define WEIR_TRACE_SKEW_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weir/trace/collective_log.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {

/// One collective as all its ranks saw it. `ranks[i]`, `begins[i]` and `ends[i]` belong together.
struct matched_collective {
  std::string collective, group;
  std::int64_t number = 0;                 ///< Its sequence number, else its place among its kind.
  std::int64_t group_size = 0;             ///< 0: not told.
  std::int64_t bytes = -1;                 ///< The most that a rank tells, as collective_call::bytes; -1: none does.
  std::vector<std::size_t> ranks;          ///< Indexes into the set's profiles.
  std::vector<std::int64_t> begins, ends;  ///< ns since the epoch of the set's clock.
  bool by_order = false;                   ///< Matched by its place among its kind: a guess that find_skew() checks.

  [[nodiscard]] std::int64_t last_begin() const { return *std::max_element(begins.begin(), begins.end()); }
  /// How long the first waited for the last.
  [[nodiscard]] std::int64_t skew_ns() const { return last_begin() - *std::min_element(begins.begin(), begins.end()); }
  /// The shortest duration: what it takes once all are there.
  [[nodiscard]] std::int64_t transfer_ns() const {
    std::int64_t least = ends[0] - begins[0];
    for (std::size_t i = 1; i < ends.size(); ++i) least = std::min(least, ends[i] - begins[i]);
    return least;
  }
  [[nodiscard]] std::int64_t end_spread_ns() const {
    const auto [least, most] = std::minmax_element(ends.begin(), ends.end());
    return *most - *least;
  }
  /// Index into `ranks`; of several at one moment, the first.
  [[nodiscard]] std::size_t arrived_last() const {
    return static_cast<std::size_t>(std::max_element(begins.begin(), begins.end()) - begins.begin());
  }
};

/// How a rank's clock differs from the others', by the ends of collectives that end together.
struct clock_offset {
  std::int64_t ns = 0;      ///< Median over collectives of its end less the median end of all.
  std::int64_t spread = 0;  ///< Median distance from that median.
  std::size_t samples = 0;
};

/// What a rank lost and cost.
struct rank_wait {
  std::uint64_t matched = 0;  ///< Matched collectives that it is in.
  std::uint64_t arrived_last = 0;
  std::int64_t wait_ns = 0;      ///< Inside matched collectives, before the last rank began.
  std::int64_t lateness_ns = 0;  ///< Behind the first rank, over all matched collectives.
  std::int64_t own_ns = 0;       ///< Its time in matched collectives.
};

struct skew_report {
  std::vector<matched_collective> collectives;
  std::vector<rank_wait> ranks;        ///< One a profile.
  std::vector<clock_offset> offsets;   ///< One a profile.
  bool aligned = false;                ///< The offsets were taken off.
  std::vector<std::string> unmatched;  ///< Why some calls stand in no matched collective.
};

namespace detail {

inline std::int64_t median(std::vector<std::int64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct placed_call {
  std::int64_t sequence, begin, end, bytes;
};

/// The calls of one kind in a profile, in the order in which the ranks of a group agree on them.
inline std::vector<placed_call> calls_of(const rank_profile& p, const collective_kind& kind) {
  std::vector<placed_call> out;
  for (const auto& call : p.collectives.calls())
    if (p.collectives.kind(call) == kind)
      out.push_back({call.sequence, p.base_ns + call.begin, p.base_ns + call.end, call.bytes});
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  return out;
}

/// Collects the calls of one kind from all profiles into matched collectives.
class kind_matcher {
 public:
  kind_matcher(const std::vector<rank_profile>& set, const collective_kind& kind) : kind_(&kind) {
    for (std::size_t r = 0; r < set.size(); ++r)
      if (auto calls = calls_of(set[r], kind); !calls.empty()) by_rank_.emplace_back(r, std::move(calls));
  }

  void append_to(skew_report& out) const {
    if (by_rank_.size() < 2) return;
    if (numbered())
      by_sequence(out);
    else if (same_counts())
      by_order(out);
    else
      out.unmatched.push_back(kind_->collective + (kind_->group.empty() ? "" : " of group " + kind_->group) +
                              ": the ranks have different numbers of calls and no sequence numbers");
  }

 private:
  [[nodiscard]] bool numbered() const {
    return std::all_of(by_rank_.begin(), by_rank_.end(), [](const auto& r) {
      return std::all_of(r.second.begin(), r.second.end(), [](const auto& c) { return c.sequence != unmeasured; });
    });
  }
  [[nodiscard]] bool same_counts() const {
    return std::all_of(by_rank_.begin(), by_rank_.end(),
                       [&](const auto& r) { return r.second.size() == by_rank_[0].second.size(); });
  }
  void by_order(skew_report& out) const {
    for (std::size_t i = 0; i < by_rank_[0].second.size(); ++i) {
      matched_collective m;
      m.number = static_cast<std::int64_t>(i);
      m.by_order = true;
      for (const auto& [rank, calls] : by_rank_) add(m, rank, calls[i]);
      give(out, std::move(m));
    }
  }
  void by_sequence(skew_report& out) const {
    std::map<std::int64_t, matched_collective> found;
    for (const auto& [rank, calls] : by_rank_)
      for (const auto& call : calls) {
        auto& m = found[call.sequence];
        if (std::find(m.ranks.begin(), m.ranks.end(), rank) == m.ranks.end()) add(m, rank, call);
      }
    for (auto& [number, m] : found) {
      if (m.ranks.size() < by_rank_.size()) continue;  // at an edge of some rank's trace
      m.number = number;
      give(out, std::move(m));
    }
  }
  void give(skew_report& out, matched_collective m) const {
    m.collective = kind_->collective;
    m.group = kind_->group;
    m.group_size = kind_->group_size;
    out.collectives.push_back(std::move(m));
  }
  static void add(matched_collective& m, std::size_t rank, const placed_call& call) {
    m.ranks.push_back(rank);
    m.begins.push_back(call.begin);
    m.ends.push_back(call.end);
    m.bytes = std::max(m.bytes, call.bytes);
  }

  const collective_kind* kind_;
  std::vector<std::pair<std::size_t, std::vector<placed_call>>> by_rank_;
};

/// Whether all ranks leave the collective together; the root of a broadcast need not wait.
inline bool ends_together(std::string_view collective) noexcept {
  return collective == "all_reduce" || collective == "all_gather" || collective == "reduce_scatter" ||
         collective == "all_to_all" || collective == "barrier";
}

inline void estimate_offsets(skew_report& report) {
  std::vector<std::vector<std::int64_t>> late(report.offsets.size());
  for (const auto& m : report.collectives) {
    if (!ends_together(m.collective)) continue;
    const std::int64_t middle = median(m.ends);
    for (std::size_t i = 0; i < m.ranks.size(); ++i) late[m.ranks[i]].push_back(m.ends[i] - middle);
  }
  for (std::size_t r = 0; r < late.size(); ++r) {
    if (late[r].empty()) continue;
    auto& offset = report.offsets[r];
    offset.samples = late[r].size();
    offset.ns = median(late[r]);
    for (auto& value : late[r]) value = std::abs(value - offset.ns);
    offset.spread = median(late[r]);
  }
}

/// Clocks that differ by less are taken as they are: those of one host agree to a few microseconds.
inline constexpr std::int64_t clock_tolerance_ns = 100'000;

/// Clocks of one host agree to a few microseconds, and CPU collectives do not end together: only an offset that is both
/// large and steady is a clock's.
inline bool is_clock(const clock_offset& offset) noexcept {
  return offset.samples >= 3 && std::abs(offset.ns) > clock_tolerance_ns && std::abs(offset.ns) > 8 * offset.spread;
}

inline void align(skew_report& report) {
  report.aligned = std::any_of(report.offsets.begin(), report.offsets.end(), is_clock);
  if (!report.aligned) return;
  for (auto& m : report.collectives)
    for (std::size_t i = 0; i < m.ranks.size(); ++i) {
      m.begins[i] -= report.offsets[m.ranks[i]].ns;
      m.ends[i] -= report.offsets[m.ranks[i]].ns;
    }
}

/// Whether no rank may leave before all have come: each needs something of each other. The root of a broadcast may.
inline bool needs_all(std::string_view collective) noexcept {
  return collective != "broadcast" && collective != "reduce" && collective != "gather" && collective != "scatter";
}

/// The kinds of which calls that were matched by order can't be one collective: a rank had left before another came.
inline std::set<collective_kind> kinds_apart(const skew_report& report) {
  std::set<collective_kind> apart;
  for (const auto& m : report.collectives)
    if (m.by_order && needs_all(m.collective) &&
        m.last_begin() > *std::min_element(m.ends.begin(), m.ends.end()) + clock_tolerance_ns)
      apart.insert({m.collective, m.group, m.group_size});
  return apart;
}

/// Aligns the clocks, and takes out the kinds whose order did not tell which calls belong together.
inline void settle(skew_report& report) {
  for (auto matched = report.collectives;;) {
    report.offsets.assign(report.offsets.size(), {});
    estimate_offsets(report);
    align(report);
    const auto apart = kinds_apart(report);
    if (apart.empty()) return;
    std::erase_if(matched, [&](const auto& m) { return apart.contains({m.collective, m.group, m.group_size}); });
    report.collectives = matched;
    for (const auto& kind : apart)
      report.unmatched.push_back(kind.collective + (kind.group.empty() ? "" : " of group " + kind.group) +
                                 ": by their order a rank would have left before another came, so the order does not "
                                 "tell which calls belong together");
  }
}

}  // namespace detail

/// Matches the collectives of a set of ranks and says who waited for whom.
/// Collectives are matched by sequence number where all calls of a group have one, else by order where all its ranks
/// made as many calls and none would have left before another came; what can't be matched is named, never guessed.
/// \complexity  O(k c log c) for k kinds and c calls.
[[nodiscard]] inline skew_report find_skew(const std::vector<rank_profile>& set) {
  skew_report report;
  report.ranks.resize(set.size());
  report.offsets.resize(set.size());
  std::map<collective_kind, int> kinds;
  for (const auto& p : set)
    for (const auto& kind : p.collectives.kinds()) kinds.emplace(kind, 0);
  for (const auto& [kind, unused] : kinds) detail::kind_matcher(set, kind).append_to(report);
  detail::settle(report);
  std::stable_sort(report.collectives.begin(), report.collectives.end(),
                   [](const auto& a, const auto& b) { return a.last_begin() < b.last_begin(); });
  for (const auto& m : report.collectives) {
    const std::int64_t last = m.last_begin(), first = last - m.skew_ns();
    ++report.ranks[m.ranks[m.arrived_last()]].arrived_last;
    for (std::size_t i = 0; i < m.ranks.size(); ++i) {
      auto& rank = report.ranks[m.ranks[i]];
      ++rank.matched;
      rank.wait_ns += std::min(last, m.ends[i]) - m.begins[i];  // a broadcast's root leaves before the last comes
      rank.lateness_ns += m.begins[i] - first;
      rank.own_ns += m.ends[i] - m.begins[i];
    }
  }
  return report;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_SKEW_HPP
