// weir/trace/overlap.hpp - unions of time intervals, and how long two of them overlap. Needs the standard library only.
//
// Every share in a trace report (busy, exposed communication, overlap) is the length of a union or of an intersection
// of unions. Summing durations instead counts concurrent kernels twice and can exceed 100 %.
#ifndef WEIR_TRACE_OVERLAP_HPP
#define WEIR_TRACE_OVERLAP_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
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
/// \complexity  O(log n) an interval amortized, in whatever order they come; what touches is merged as it comes. Memory
///              is 16 bytes a disjoint interval, and up to 4 more while they are added.
class interval_union {
 public:
  /// Adds [begin, end); nothing where end <= begin.
  void add(std::int64_t begin, std::int64_t end) {
    if (end <= begin) return;
    if (pending_.empty() || begin < pending_.back().begin || begin > pending_.back().end)
      pending_.push_back({begin, end});
    else
      pending_.back().end = std::max(pending_.back().end, end);
    if (pending_.size() >= batch_) settle();
  }
  void add(const interval_union& other) {
    for (const auto& piece : other.pieces()) add(piece.begin, piece.end);
  }

  /// The disjoint intervals, in order; touching ones are one. Random access; valid until the next `add`.
  [[nodiscard]] const std::deque<interval>& pieces() const {
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
  static bool earlier(const interval& a, const interval& b) noexcept { return a.begin < b.begin; }

  void settle() const {
    if (pending_.empty()) return;
    if (!std::is_sorted(pending_.begin(), pending_.end(), earlier))
      std::sort(pending_.begin(), pending_.end(), earlier);
    merge();
    batch_ = std::max(merged_.size() / 8, smallest_batch);
    pending_.clear();
    if (batch_ > smallest_batch && pending_.capacity() < batch_) {
      pending_ = std::vector<interval>();  // before the larger one is there
      pending_.reserve(batch_);
    }
  }
  /// Merges what is pending in place, from the back: late pieces may belong before all others, and a copy of those
  /// would be as large as they are.
  void merge() const {
    std::size_t left = merged_.size(), waiting = pending_.size();
    merged_.resize(left + waiting);
    std::size_t out = merged_.size();  // what is merged stands from here on
    const auto touches_next = [&](const interval& piece) {
      return out < merged_.size() && piece.end >= merged_[out].begin;
    };
    while (waiting > 0 || (left > 0 && touches_next(merged_[left - 1]))) {
      const bool late = waiting > 0 && (left == 0 || !earlier(pending_[waiting - 1], merged_[left - 1]));
      interval piece = late ? pending_[--waiting] : merged_[--left];
      for (; touches_next(piece); ++out) piece.end = std::max(piece.end, merged_[out].end);
      merged_[--out] = piece;
    }
    merged_.erase(merged_.begin() + static_cast<std::ptrdiff_t>(left),
                  merged_.begin() + static_cast<std::ptrdiff_t>(out));
  }

  mutable std::deque<interval> merged_;    // never moved as it grows, which would need twice the memory for a while
  mutable std::vector<interval> pending_;  // not sorted in yet
  mutable std::size_t batch_ = smallest_batch;  // how many of them are sorted in at once
};

/// How long both unions cover the same moment.
[[nodiscard]] inline std::int64_t overlap_ns(const interval_union& a, const interval_union& b) {
  const auto &left = a.pieces(), &right = b.pieces();
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
  const auto &left = a.pieces(), &right = b.pieces();
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
  const auto& pieces = a.pieces();
  const auto ends_before = [](const interval& piece, std::int64_t moment) { return piece.end <= moment; };
  interval_union inside;
  for (auto at = std::lower_bound(pieces.begin(), pieces.end(), begin, ends_before);
       at != pieces.end() && at->begin < end; ++at)
    inside.add(std::max(at->begin, begin), std::min(at->end, end));
  return inside;
}

/// How long classes of work cover a window, alone and together.
struct class_time {
  std::int64_t computation = 0, communication = 0, memory = 0;
  std::int64_t busy = 0;            ///< Any of the three.
  std::int64_t overlap = 0;         ///< Computation and communication at once.
  std::int64_t exposed_memory = 0;  ///< Memory while neither of the others ran.

  [[nodiscard]] std::int64_t exposed_communication() const noexcept { return communication - overlap; }
  class_time& operator+=(const class_time& o) noexcept {
    computation += o.computation, communication += o.communication, memory += o.memory;
    busy += o.busy, overlap += o.overlap, exposed_memory += o.exposed_memory;
    return *this;
  }
};

/// All of class_time in one sweep over the moments where something begins or ends in [begin, end).
/// \complexity  linear in the pieces inside the window, logarithmic in the others; no memory.
[[nodiscard]] inline class_time time_by_class(const interval_union& computation, const interval_union& communication,
                                              const interval_union& memory, std::int64_t begin, std::int64_t end) {
  struct cursor {
    std::deque<interval>::const_iterator at, last;
    cursor(const interval_union& set, std::int64_t from) : last(set.pieces().end()) {
      const auto ends_before = [](const interval& piece, std::int64_t moment) { return piece.end <= moment; };
      at = std::lower_bound(set.pieces().begin(), last, from, ends_before);
    }
    /// Whether it covers `moment`, and until when that stays so, in `until` where that is earlier.
    bool covers(std::int64_t moment, std::int64_t& until) {
      if (at != last && at->end <= moment) ++at;
      if (at == last) return false;
      const bool inside = at->begin <= moment;
      until = std::min(until, inside ? at->end : at->begin);
      return inside;
    }
  };
  cursor p(computation, begin), c(communication, begin), m(memory, begin);
  class_time sum;
  for (std::int64_t now = begin, until = end; now < end; now = until) {
    until = end;
    const bool computes = p.covers(now, until), communicates = c.covers(now, until), moves = m.covers(now, until);
    const std::int64_t length = until - now;
    sum.computation += computes ? length : 0;
    sum.communication += communicates ? length : 0;
    sum.memory += moves ? length : 0;
    sum.busy += computes || communicates || moves ? length : 0;
    sum.overlap += computes && communicates ? length : 0;
    sum.exposed_memory += moves && !computes && !communicates ? length : 0;
  }
  return sum;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_OVERLAP_HPP
