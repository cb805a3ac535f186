// weir/stats/samples.hpp - samples of one quantity: all of them, or a histogram once they are many. Needs weir/stats.
#ifndef WEIR_STATS_SAMPLES_HPP
#define WEIR_STATS_SAMPLES_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "weir/stats/log_histogram.hpp"
#include "weir/stats/order.hpp"
#include "weir/stats/percentile.hpp"

namespace weir::inline v0 {

/// Values >= 0 of one quantity. Up to `exact_limit` of them are kept and every figure is exact; beyond that they are
/// counted in a log_histogram, and figures are at most log_histogram::relative_error off (the mean stays exact).
///
/// What comes out depends on the values alone: not on their order, nor on how they were dealt to sets that were merged.
/// The unit should be small against the values (nanoseconds for latencies): the mean of a histogram is summed in whole
/// units.
class sample_set {
 public:
  explicit sample_set(std::size_t exact_limit = std::size_t{1} << 20) : exact_limit_(exact_limit) {}

  /// \pre  value >= 0, finite; value * times, summed over all, below 9.2e18.
  void add(double value, std::uint32_t times = 1) {
    sum_ += rounded(value * times);
    if (exact() && values_.size() + times <= exact_limit_) {
      for (; times > 0; --times) values_.push_back(value);
      order_.forget();
    } else {
      if (!values_.empty()) count_in_buckets();
      buckets_.add(value, times);
    }
  }

  /// Adds each of many values. \pre  as above.
  void add(std::span<const double> values) {
    std::int64_t sum = 0;
    for (const double value : values) sum += rounded(value);
    sum_ += sum;
    if (exact() && values_.size() + values.size() <= exact_limit_) {
      values_.insert(values_.end(), values.begin(), values.end());
      order_.forget();
    } else {
      if (!values_.empty()) count_in_buckets();
      buckets_.add(values);
    }
  }

  /// Takes in the values of another set. \pre both have the same limit.
  void merge(const sample_set& other) {
    sum_ += other.sum_;
    if (exact() && other.exact() && values_.size() + other.values_.size() <= exact_limit_) {
      order_.merge(values_.size(), other.order_, other.values_.size());
      values_.insert(values_.end(), other.values_.begin(), other.values_.end());
      return;
    }
    count_in_buckets();
    buckets_.add(other.values_);
    buckets_.merge(other.buckets_);
  }

  /// From now on values are counted in buckets only: for many sets that share a bound on their memory.
  void count_in_buckets() {
    buckets_.add(values_);
    values_ = {};
    order_.forget();
    exact_limit_ = 0;
  }

  /// Makes percentile() fast for all of these: one pass for all.
  void prepare(std::span<const double> percentiles, std::size_t failures = 0) {
    if (!exact() || values_.empty()) return;
    std::vector<std::size_t> ranks;
    for (const double p : percentiles)
      (void)detail::percentile_of(values_.size(), failures, p, [&](std::size_t rank) {
        ranks.push_back(rank);
        return 0.0;
      });
    order_.prepare(values_, ranks);
  }

  /// As prepare(), for the median too.
  void prepare_with_median(std::vector<double> percentiles) {
    percentiles.push_back(50);
    prepare(percentiles);
  }

  [[nodiscard]] std::size_t count() const noexcept { return values_.size() + buckets_.count(); }
  /// Whether every value is still there.
  [[nodiscard]] bool exact() const noexcept { return buckets_.count() == 0; }

  /// The value of that rank, from 0 (the smallest). \pre rank < count().
  [[nodiscard]] double value_at(std::size_t rank) {
    return exact() ? order_.value_at(values_, rank) : buckets_.value_at(rank);
  }
  /// See weir::percentile.
  [[nodiscard]] double percentile(double p, std::size_t failures = 0) {
    return detail::percentile_of(count(), failures, p, [&](std::size_t rank) { return value_at(rank); });
  }
  /// See weir::moments_of. \complexity O(n).
  [[nodiscard]] moments describe() const {
    if (exact()) return moments_of(values_);
    const auto n = static_cast<double>(count());
    moments m{count(), static_cast<double>(sum_) / n, 0, buckets_.value_at(0), buckets_.value_at(count() - 1)};
    buckets_.for_each([&](double value, std::uint64_t times) {
      m.std += static_cast<double>(times) * (value - m.mean) * (value - m.mean);
    });
    m.std = std::sqrt(m.std / n);
    return m;
  }

 private:
  /// The nearest integer; std::llround is a call into a library, which millions of values notice.
  static std::int64_t rounded(double value) noexcept {
    const auto whole = static_cast<std::int64_t>(value);
    return whole + (value - static_cast<double>(whole) >= 0.5 ? 1 : 0);
  }

  std::size_t exact_limit_;
  std::vector<double> values_;
  order_statistics order_;
  log_histogram buckets_;
  std::int64_t sum_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_STATS_SAMPLES_HPP
