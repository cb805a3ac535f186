// weir/stats/moments.hpp - how many, where, how wide. Needs the standard library only.
#ifndef WEIR_STATS_MOMENTS_HPP
#define WEIR_STATS_MOMENTS_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace weir::inline v0 {

/// How many, where, how wide. All but `count` are NaN where there was no value.
struct moments {
  std::size_t count = 0;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double std = std::numeric_limits<double>::quiet_NaN();  ///< Of the values themselves (divided by count), as np.std.
  double min = std::numeric_limits<double>::quiet_NaN();
  double max = std::numeric_limits<double>::quiet_NaN();
};

/// The least and the greatest of values. Of none: least > greatest.
struct value_extent {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();

  void add(std::span<const double> values) noexcept {
    double low = least, high = greatest;
    for (const double value : values) {
      low = value < low ? value : low;  // spelled so that it becomes one instruction for several values
      high = value > high ? value : high;
    }
    least = low, greatest = high;
  }
  void add(const value_extent& other) noexcept {
    least = std::min(least, other.least), greatest = std::max(greatest, other.greatest);
  }
};

namespace detail {
__extension__ using wide_integer = __int128;

/// The power of two that makes `largest` a number of at most `bits` bits.
inline double scale_to(double largest, int bits) noexcept {
  int exponent = 0;
  (void)std::frexp(largest, &exponent);
  return std::ldexp(1.0, std::min(bits - exponent, 1000));
}

/// The sum of values in units of 2^-61 of the greatest: of integers, so that no order of the values changes a bit of
/// it.
class exact_sum {
 public:
  explicit exact_sum(const value_extent& all) noexcept
      : all_(all), unit_(scale_to(std::max(-all.least, all.greatest), 61)) {}

  void add(std::span<const double> values) noexcept {
    wide_integer sum = 0;
    for (const double value : values) sum += static_cast<std::int64_t>(value * unit_);
    sum_ += sum;
  }
  /// Within the extent: rounded twice, the mean of equal values may be another value.
  [[nodiscard]] double mean(std::size_t count) const noexcept {
    return std::clamp(static_cast<double>(sum_) / unit_ / static_cast<double>(count), all_.least, all_.greatest);
  }

 private:
  value_extent all_;
  double unit_;
  wide_integer sum_ = 0;
};

/// The sum of the squares of deviations, with as many bits of each as 128 have room for: of integers, as above.
class exact_squares {
 public:
  exact_squares(const value_extent& all, double mean, std::size_t count) noexcept
      : mean_(mean),
        step_(scale_to(std::max(mean - all.least, all.greatest - mean),
                       (126 - static_cast<int>(std::bit_width(count))) / 2)) {}

  void add(std::span<const double> values) noexcept {
    wide_integer sum = 0;
    for (const double value : values) {
      const auto off = static_cast<std::int64_t>((value - mean_) * step_);
      sum += wide_integer{off} * off;
    }
    sum_ += sum;
  }
  [[nodiscard]] double deviation(std::size_t count) const noexcept {
    return std::sqrt(static_cast<double>(sum_) / static_cast<double>(count)) / step_;
  }

 private:
  double mean_, step_;
  wide_integer sum_ = 0;
};
}  // namespace detail

/// The moments of `values`; no order of them changes a bit.
/// \pre         no NaN and no infinity.
/// \complexity  three passes, O(n).
[[nodiscard]] inline moments moments_of(std::span<const double> values) noexcept {
  const std::size_t n = values.size();
  if (n == 0) return {};
  value_extent all;
  all.add(values);
  detail::exact_sum sum(all);
  sum.add(values);
  const double mean = sum.mean(n);
  detail::exact_squares squares(all, mean, n);
  squares.add(values);
  return {n, mean, squares.deviation(n), all.least, all.greatest};
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_MOMENTS_HPP
