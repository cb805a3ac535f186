// weir/stats/student.hpp - Student's t and the normal distribution. Needs the standard library only.
#ifndef WEIR_STATS_STUDENT_HPP
#define WEIR_STATS_STUDENT_HPP

#include <cmath>
#include <limits>

namespace weir::inline v0 {
namespace detail {

/// The continued fraction of the incomplete beta function.
/// \source  Press et al., "Numerical Recipes", 3rd edition, section 6.4 (modified Lentz).
inline double beta_fraction(double a, double b, double x) noexcept {
  constexpr double tiny = 1e-300;
  double c = 1, d = 1 / std::max(1 - (a + b) * x / (a + 1), tiny), out = d;
  const auto step = [&](double term) {
    d = 1 + term * d, c = 1 + term / c;
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    c = std::abs(c) < tiny ? tiny : c;
    out *= c * d;
    return std::abs(c * d - 1) < 1e-16;
  };
  for (int m = 1; m < 10000; ++m) {
    step(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
    if (step(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)))) break;
  }
  return out;
}

/// I_x(a, b), the regularized incomplete beta function. \pre a, b > 0; 0 <= x <= 1.
inline double incomplete_beta(double a, double b, double x) noexcept {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/// The x at which an increasing function of (-limit, limit) is `p`.
template <class Function>
double invert(Function&& f, double p, double limit) noexcept {
  double low = -limit, high = limit;
  for (int i = 0; i < 200 && high - low > 1e-14 * (1 + std::abs(low)); ++i) {
    const double middle = (low + high) / 2;
    (f(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace detail

/// P(T <= t) of Student's t with `freedom` degrees of freedom (any number > 0).
[[nodiscard]] inline double student_cdf(double t, double freedom) noexcept {
  const double square = t * t, all = freedom + square;
  if (square < freedom)  // near the middle the tail would be told from 1/2 by its rounding
    return 0.5 + std::copysign(detail::incomplete_beta(0.5, freedom / 2, square / all) / 2, t);
  const double tail = detail::incomplete_beta(freedom / 2, 0.5, freedom / all) / 2;
  return t > 0 ? 1 - tail : tail;
}
/// The t below which T lies with probability `p`. \pre 0 < p < 1.
[[nodiscard]] inline double student_quantile(double p, double freedom) noexcept {
  return detail::invert([&](double t) { return student_cdf(t, freedom); }, p, 1e6);
}
[[nodiscard]] inline double normal_cdf(double z) noexcept {
  return std::erfc(-z / std::sqrt(2.0)) / 2;
}
[[nodiscard]] inline double normal_quantile(double p) noexcept {
  return detail::invert(normal_cdf, p, 40);
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_STUDENT_HPP
