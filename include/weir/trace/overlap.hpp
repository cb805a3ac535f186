// weir/trace/overlap.hpp - unions of time intervals, and how long two of them overlap. Needs the standard library only.
//
// Every share in a trace report (busy, exposed communication, overlap) is the length of a union or of an intersection
// of unions. Summing durations instead counts concurrent kernels twice and can exceed 100 %.
#ifndef WEIR_TRACE_OVERLAP_HPP
#define WEIR_TRACE_OVERLAP_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

namespace weir::inline v0 {

/// [begin, end) in nanoseconds.
struct interval {
  std::int64_t begin = 0, end = 0;
  friend bool operator==(const interval&, const interval&) = default;
};

/// The set of moments covered by intervals that come in any order.
///
///     weir::interval_union busy;
///     for (const auto& kernel : kernels) busy.add(kernel.t_ns, kernel.t_ns + kernel.dur_ns);
///     std::int64_t busy_ns = busy.total_ns();
///
/// \complexity  O(log n) a moment amortized; memory is 16 bytes for each disjoint interval, and as much again at most.
class interval_union {
 public:
  /// Adds [begin, end); nothing where end <= begin.
  void add(std::int64_t begin, std::int64_t end) {
    if (end <= begin) return;
    if (pending_.empty() || begin < pending_.back().begin || begin > pending_.back().end)
      pending_.push_back({begin, end});
    else
      pending_.back().end = std::max(pending_.back().end, end);
    if (pending_.size() >= std::max(merged_.size(), smallest_batch)) settle();
  }
  void add(const interval_union& other) {
    for (const auto& piece : other.pieces()) add(piece.begin, piece.end);
  }

  /// The disjoint intervals, in order; touching ones are one.
  [[nodiscard]] std::span<const interval> pieces() const {
    settle();
    return merged_;
  }
  [[nodiscard]] std::int64_t total_ns() const {
    std::int64_t sum = 0;
    for (const auto& piece : pieces()) sum += piece.end - piece.begin;
    return sum;
  }
  [[nodiscard]] bool empty() const noexcept { return merged_.empty() && pending_.empty(); }

 private:
  static constexpr std::size_t smallest_batch = 4096;

  void settle() const {
    if (pending_.empty()) return;
    const auto earlier = [](const interval& a, const interval& b) { return a.begin < b.begin; };
    std::sort(pending_.begin(), pending_.end(), earlier);
    std::vector<interval> all;
    all.reserve(merged_.size() + pending_.size());
    std::merge(merged_.begin(), merged_.end(), pending_.begin(), pending_.end(), std::back_inserter(all), earlier);
    std::size_t kept = 0;
    for (const auto& piece : all) {
      if (kept > 0 && piece.begin <= all[kept - 1].end)
        all[kept - 1].end = std::max(all[kept - 1].end, piece.end);
      else
        all[kept++] = piece;
    }
    all.resize(kept);
    merged_ = std::move(all);
    pending_.clear();
  }

  mutable std::vector<interval> merged_, pending_;  // pending: not sorted in yet
};

/// How long both unions cover the same moment.
[[nodiscard]] inline std::int64_t overlap_ns(const interval_union& a, const interval_union& b) {
  const auto left = a.pieces(), right = b.pieces();
  std::int64_t sum = 0;
  for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    sum += std::max<std::int64_t>(0, std::min(left[i].end, right[j].end) - std::max(left[i].begin, right[j].begin));
    left[i].end < right[j].end ? ++i : ++j;
  }
  return sum;
}

/// How long `a` covers a moment that `b` does not: "exposed" time.
[[nodiscard]] inline std::int64_t exposed_ns(const interval_union& a, const interval_union& b) {
  return a.total_ns() - overlap_ns(a, b);
}

/// The moments that both unions cover.
[[nodiscard]] inline interval_union intersection(const interval_union& a, const interval_union& b) {
  const auto left = a.pieces(), right = b.pieces();
  interval_union both;
  for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
    both.add(std::max(left[i].begin, right[j].begin), std::min(left[i].end, right[j].end));
    left[i].end < right[j].end ? ++i : ++j;
  }
  return both;
}

/// The part of `a` that lies in [begin, end).
/// \complexity  logarithmic in the pieces of `a`, and linear in those of the result.
[[nodiscard]] inline interval_union clipped(const interval_union& a, std::int64_t begin, std::int64_t end) {
  const auto pieces = a.pieces();
  const auto ends_before = [](const interval& piece, std::int64_t moment) { return piece.end <= moment; };
  interval_union inside;
  for (auto at = std::lower_bound(pieces.begin(), pieces.end(), begin, ends_before);
       at != pieces.end() && at->begin < end; ++at)
    inside.add(std::max(at->begin, begin), std::min(at->end, end));
  return inside;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_OVERLAP_HPP
