// weir/stats/order.hpp - values by their rank, without sorting all of them. Needs the standard library only.
#ifndef WEIR_STATS_ORDER_HPP
#define WEIR_STATS_ORDER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "weir/stats/log_histogram.hpp"

namespace weir::inline v0 {

/// Finds values by rank: the first question counts all values into buckets of 0.1 % width; then one more pass collects
/// the values of the buckets that are asked for, which alone are sorted. A summary asks for a few ranks of millions of
/// values: this is many times as fast as sorting them.
///
///     weir::order_statistics order;
///     order.prepare(values, ranks);                            // one pass for all of them
///     double median = order.value_at(values, values.size() / 2);
/// \pre  the same values from question to question, in any order: each >= 0 and finite.
class order_statistics {
 public:
  /// The value of that rank, from 0. \pre rank < values.size(). \complexity O(n) where its bucket was not collected.
  double value_at(std::span<const double> values, std::size_t rank) {
    count(values);
    const collected* known = find(rank);
    if (known == nullptr) {
      collect(values, std::span(&rank, 1));
      known = find(rank);
    }
    return known->values[rank - known->rank];
  }
  /// Collects what the ranks to be asked for need. \pre each is < values.size().
  void prepare(std::span<const double> values, std::span<const std::size_t> ranks) {
    count(values);
    collect(values, ranks);
  }
  /// Other values are asked about next.
  void forget() noexcept {
    if (counted_.count() == 0) return;
    counted_ = {};
    buckets_.clear();
  }
  /// These values and those of `other` are asked about next. \param mine, theirs  how many values each is about.
  void merge(std::size_t mine, const order_statistics& other, std::size_t theirs) {
    buckets_.clear();
    if (counted_.count() == mine && other.counted_.count() == theirs)
      counted_.merge(other.counted_);
    else
      counted_ = {};
  }

 private:
  /// The values of one bucket, sorted.
  struct collected {
    std::size_t rank;  ///< Of the first of them.
    std::vector<double> values;
  };

  void count(std::span<const double> values) {
    if (counted_.count() == 0) counted_.add(values);
  }
  [[nodiscard]] const collected* find(std::size_t rank) const noexcept {
    for (const auto& b : buckets_)
      if (rank >= b.rank && rank - b.rank < b.values.size()) return &b;
    return nullptr;
  }

  void collect(std::span<const double> values, std::span<const std::size_t> ranks) {
    constexpr std::uint8_t none = 0xFF;
    const std::size_t had = buckets_.size();
    std::vector<std::uint8_t> wanted;  // by bucket: which of buckets_, less `had`
    for (const std::size_t rank : ranks) {
      if (find(rank) != nullptr || buckets_.size() - had == none) continue;
      const auto bucket = counted_.bucket_of(rank);
      auto& into = buckets_.emplace_back(collected{bucket.rank, {}});
      if (bucket.high == 0) {
        into.values.assign(bucket.count, 0);
        continue;
      }
      into.values.reserve(bucket.count);
      wanted.resize(counted_.buckets(), none);
      auto& slot = wanted[counted_.place_of(bucket.low)];
      if (slot != none)
        buckets_.pop_back();  // two ranks of one bucket
      else
        slot = static_cast<std::uint8_t>(buckets_.size() - 1 - had);
    }
    if (wanted.empty()) return;
    for (const double value : values) {
      if (!(value > 0)) continue;  // zeros have no bucket
      if (const auto slot = wanted[counted_.place_of(value)]; slot != none)
        buckets_[had + slot].values.push_back(value);
    }
    for (std::size_t i = had; i < buckets_.size(); ++i) {
      auto& list = buckets_[i].values;
      if (std::ranges::adjacent_find(list, std::ranges::not_equal_to{}) != list.end()) std::ranges::sort(list);
    }
  }

  log_histogram counted_;
  std::vector<collected> buckets_;
};

}  // namespace weir::inline v0

#endif  // WEIR_STATS_ORDER_HPP
