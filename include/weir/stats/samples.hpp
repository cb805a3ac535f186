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
#include "weir/stats/moments.hpp"
#include "weir/stats/order.hpp"
#include "weir/stats/percentile.hpp"
#include "weir/stats/value_list.hpp"

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

  /// \pre  0 <= value < 9.2e18.
  void add(double value) {
    if (values_.size() < exact_limit_)
      values_.push_back(value);
    else
      add(std::span(&value, 1));
  }
  /// Adds a value so many times. \pre  value * times is as above.
  void add(double value, std::uint32_t times) {
    sum_ += rounded(value * times) - sum_type{rounded(value)} * times;
    if (values_.size() + times > exact_limit_) {
      count_in_buckets();
      sum_ += sum_type{rounded(value)} * times;
      buckets_.add(value, times);
    } else {
      for (; times > 0; --times) values_.push_back(value);
    }
  }
  /// Adds each of many values. \pre  as above.
  void add(std::span<const double> values) {
    if (values_.size() + values.size() > exact_limit_) {
      count_in_buckets();
      put_in_buckets(values);
    } else {
      values_.append(values);
    }
  }

  /// Takes in the values of another set. \pre both have the same limit.
  void merge(sample_set other) {
    if (!exact() || !other.exact() || count() + other.count() > exact_limit_) {
      count_in_buckets();
      other.count_in_buckets();
    }
    values_.append(std::move(other.values_));
    buckets_.merge(other.buckets_);
    sum_ += other.sum_;
  }

  /// From now on values are counted in buckets only: for many sets that share a bound on their memory.
  void count_in_buckets() {
    if (exact_limit_ == 0) return;
    values_.for_each_block([&](std::span<const double> block) { put_in_buckets(block); });
    values_ = {};
    order_ = {};
    exact_limit_ = 0;
  }

  [[nodiscard]] std::size_t count() const noexcept { return values_.size() + buckets_.count(); }
  /// Whether every value is still there.
  [[nodiscard]] bool exact() const noexcept { return buckets_.count() == 0; }

  /// See weir::moments_of; and makes percentile() of these fast, in the same two looks at the values. \complexity O(n).
  moments describe(std::span<const double> percentiles = {}, std::size_t failures = 0) {
    if (!exact()) return describe_buckets();
    if (values_.empty()) return {};
    const std::size_t n = values_.size();
    const auto all = values_.extent();
    const bool anew = !percentiles.empty() && begin_order();
    detail::exact_sum sum(all);
    values_.for_each_block([&](std::span<const double> block) {
      sum.add(block);
      if (anew) order_.count(block);
    });
    const double mean = sum.mean(n);
    detail::exact_squares squares(all, mean, n);
    order_.ask(ranks_of(percentiles, failures));
    values_.for_each_block([&](std::span<const double> block) {
      squares.add(block);
      order_.collect(block);
    });
    return {n, mean, squares.deviation(n), all.least, all.greatest};
  }

  /// The same, with the median among them.
  moments describe_with_median(std::vector<double> percentiles) {
    percentiles.push_back(50);
    return describe(percentiles);
  }

  /// The value of that rank, from 0 (the smallest). \pre rank < count().
  [[nodiscard]] double value_at(std::size_t rank) {
    if (!exact()) return buckets_.value_at(rank);
    find({rank});
    return *order_.value_at(rank);
  }
  /// See weir::percentile.
  [[nodiscard]] double percentile(double p, std::size_t failures = 0) {
    if (exact()) find(ranks_of(std::span(&p, 1), failures));
    return detail::percentile_of(count(), failures, p, [&](std::size_t rank) { return value_at(rank); });
  }

 private:
  using sum_type = detail::wide_integer;  // 64 bits hold the nanoseconds of 300 years: of 10 s, 900 million times

  /// The nearest integer; std::llround is a call into a library, which millions of values notice.
  static std::int64_t rounded(double value) noexcept {
    const auto whole = static_cast<std::int64_t>(value);
    return whole + (value - static_cast<double>(whole) >= 0.5 ? 1 : 0);
  }
  void put_in_buckets(std::span<const double> values) {
    for (const double value : values) sum_ += rounded(value);
    buckets_.add(values);
  }

  /// The ranks that percentiles lie at or between.
  [[nodiscard]] std::vector<std::size_t> ranks_of(std::span<const double> percentiles, std::size_t failures) const {
    std::vector<std::size_t> ranks;
    for (const double p : percentiles)
      (void)detail::percentile_of(count(), failures, p, [&](std::size_t rank) {
        ranks.push_back(rank);
        return 0.0;
      });
    return ranks;
  }
  /// Makes `order_` that of the values as they are now. \return  whether it has to count them.
  bool begin_order() {
    if (ordered_ == values_.size()) return false;
    order_ = order_statistics(values_.extent(), values_.size());
    ordered_ = values_.size();
    return true;
  }
  void find(const std::vector<std::size_t>& ranks) {
    if (ranks.empty()) return;
    if (begin_order()) values_.for_each_block([&](std::span<const double> block) { order_.count(block); });
    order_.ask(ranks);
    values_.for_each_block([&](std::span<const double> block) { order_.collect(block); });
  }

  [[nodiscard]] moments describe_buckets() const {
    const auto n = static_cast<double>(count());
    moments m{count(), static_cast<double>(sum_) / n, 0, buckets_.value_at(0), buckets_.value_at(count() - 1)};
    buckets_.for_each([&](double value, std::uint64_t times) {
      m.std += static_cast<double>(times) * (value - m.mean) * (value - m.mean);
    });
    m.std = std::sqrt(m.std / n);
    return m;
  }

  std::size_t exact_limit_;
  value_list values_;
  order_statistics order_;
  std::size_t ordered_ = 0;  // how many values `order_` counted
  log_histogram buckets_;
  // Of what is in buckets, in whole units; and what a value that came several times is more than so many times its
  // whole units, so that it makes no difference when it went into the buckets.
  sum_type sum_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_STATS_SAMPLES_HPP
