// weir/stats/log_histogram.hpp - counts of values in buckets of equal relative width. Needs the standard library only.
#ifndef WEIR_STATS_LOG_HISTOGRAM_HPP
#define WEIR_STATS_LOG_HISTOGRAM_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace weir::inline v0 {

/// A histogram whose merge is exact: adding bucket by bucket has no order, so that the histogram of any shards, merged,
/// is that of the whole, bit for bit.
///
/// A bucket is 1/1024 of a power of two: the top bits of the value's IEEE 754 form are its index (the layout of
/// HdrHistogram, without a range to be chosen). A value read back is the middle of its bucket, at most 0.05 % off.
///
/// \complexity  O(1) an add; memory is 8 bytes for each bucket between the smallest and the largest value (8 KiB a
///              factor of two).
class log_histogram {
 public:
  static constexpr double relative_error = 1.0 / 2048;

  /// \pre  value >= 0 and finite.
  void add(double value, std::uint64_t times = 1) {
    if (times == 0) return;
    (value > 0 ? *slot(index_of(value)) : zeros_) += times;
    count_ += times;
  }

  /// Adds each of many values. \pre  as above.
  void add(std::span<const double> values) {
    count_ += values.size();
    for (const double value : values) {
      const std::size_t at = index_of(value) - first_;  // wraps round where that is below 0
      ++(!(value > 0) ? zeros_ : at < counts_.size() ? counts_[at] : *grown_slot(index_of(value)));
    }
  }

  void merge(const log_histogram& other) {
    zeros_ += other.zeros_;
    count_ += other.count_;
    if (other.counts_.empty()) return;
    (void)slot(other.first_ + other.counts_.size() - 1);
    std::uint64_t* into = slot(other.first_);
    for (const std::uint64_t times : other.counts_) *into++ += times;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// The value of that rank, from 0. \pre rank < count(). \complexity O(buckets).
  [[nodiscard]] double value_at(std::uint64_t rank) const noexcept {
    if (rank < zeros_) return 0;
    std::size_t at = 0;
    for (std::uint64_t below = zeros_; below + counts_[at] <= rank; ++at) below += counts_[at];
    return middle(first_ + at);
  }

  /// Calls `each(value, times)` for every bucket that is not empty, in ascending order.
  template <class Each>
  void for_each(Each&& each) const {
    if (zeros_ > 0) each(0.0, zeros_);
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i] > 0) each(middle(first_ + i), counts_[i]);
  }

  friend bool operator==(const log_histogram&, const log_histogram&) = default;

 private:
  static constexpr int dropped_bits = 52 - 10;

  static std::size_t index_of(double value) noexcept { return std::bit_cast<std::uint64_t>(value) >> dropped_bits; }
  static double bound(std::size_t index) noexcept {
    return std::bit_cast<double>(std::uint64_t{index} << dropped_bits);
  }
  static double middle(std::size_t index) noexcept { return (bound(index) + bound(index + 1)) / 2; }
  /// The counter of a bucket; the range of buckets grows to include it.
  std::uint64_t* slot(std::size_t index) {
    const std::size_t at = index - first_;  // wraps round where index < first_
    return at < counts_.size() ? &counts_[at] : grown_slot(index);
  }
  std::uint64_t* grown_slot(std::size_t index) {
    if (counts_.empty()) first_ = index;
    if (index < first_) {
      counts_.insert(counts_.begin(), first_ - index, 0);
      first_ = index;
    }
    if (index - first_ >= counts_.size()) counts_.resize(index - first_ + 1);
    return &counts_[index - first_];
  }

  std::size_t first_ = 0;  // index of the first bucket held; the first and last of them are never empty
  std::vector<std::uint64_t> counts_;
  std::uint64_t zeros_ = 0;  // a zero has no logarithm
  std::uint64_t count_ = 0;  // with the zeros
};

}  // namespace weir::inline v0

#endif  // WEIR_STATS_LOG_HISTOGRAM_HPP
