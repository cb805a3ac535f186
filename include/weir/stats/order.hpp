// weir/stats/order.hpp - values by their rank, without sorting all of them. Needs the standard library only.
#ifndef WEIR_STATS_ORDER_HPP
#define WEIR_STATS_ORDER_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "weir/stats/log_histogram.hpp"

namespace weir::inline v0 {

/// Finds values by rank: the first question counts all values into buckets of 0.1 % width, and each one after that
/// sorts one bucket. A summary asks for a few ranks of millions of values: this is five times as fast as sorting them.
///
///     weir::order_statistics order;
///     double median = order.value_at(values, values.size() / 2);
/// \pre  the same values from question to question, in any order: each >= 0 and finite.
class order_statistics {
 public:
  /// The value of that rank, from 0. \pre rank < values.size(). \complexity O(n), and O(1) for a neighbour of the last.
  double value_at(std::span<const double> values, std::size_t rank) {
    if (counted_.count() == 0)
      for (const double value : values) counted_.add(value);
    if (rank < rank_ || rank - rank_ >= bucket_.size()) sort_bucket(values, rank);
    return bucket_[rank - rank_];
  }
  /// Other values are asked about next.
  void forget() noexcept {
    if (counted_.count() == 0) return;
    counted_ = {};
    bucket_.clear();
  }

 private:
  void sort_bucket(std::span<const double> values, std::size_t rank) {
    const auto wanted = counted_.bucket_of(rank);
    rank_ = wanted.rank;
    bucket_.resize(wanted.count + 1);  // each value is written, and kept where it belongs: no branch to be mispredicted
    std::size_t kept = 0;
    constexpr double tiny = std::numeric_limits<double>::denorm_min();  // zeros have a bucket of their own
    const double low = wanted.high > 0 ? std::max(wanted.low, tiny) : 0, high = std::max(wanted.high, tiny);
    for (const double value : values) {
      bucket_[kept] = value;
      kept += value >= low && value < high;
    }
    bucket_.resize(wanted.count);
    if (std::ranges::adjacent_find(bucket_, std::ranges::not_equal_to{}) != bucket_.end()) std::ranges::sort(bucket_);
  }

  log_histogram counted_;
  std::vector<double> bucket_;  // the values of the last bucket asked for, sorted
  std::size_t rank_ = 0;        // of the first of them
};

}  // namespace weir::inline v0

#endif  // WEIR_STATS_ORDER_HPP
