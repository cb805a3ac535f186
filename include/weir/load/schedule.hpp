// weir/load/schedule.hpp - when requests are due: constant, Poisson or gamma arrivals. Needs the standard library only.
#ifndef WEIR_LOAD_SCHEDULE_HPP
#define WEIR_LOAD_SCHEDULE_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// How requests arrive in an open loop, as `vllm bench serve` defines it.
struct arrival_options {
  double rate = std::numeric_limits<double>::infinity();  ///< Requests a second; infinity: no schedule.
  /// Shape of the gamma distribution of the gaps: 1 is a Poisson process, less is burstier, more is more even, infinity
  /// is constant gaps. The standard deviation of a gap is its mean / sqrt(burstiness).
  double burstiness = 1;
  std::uint64_t seed = 0;
};

namespace detail {

/// A normal variate by the Box-Muller method: two uniforms, no state.
inline double normal(random_stream& random) noexcept {
  const double radius = std::sqrt(random.exponential(2.0));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

/// A gamma variate with mean `shape`.
/// \source  Marsaglia and Tsang, "A simple method for generating gamma variables", 2000, with its boost below shape 1.
inline double gamma(random_stream& random, double shape) noexcept {
  if (shape < 1) return gamma(random, shape + 1) * std::pow(1 - random.uniform(), 1 / shape);
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(random), t = 1 + c * x, v = t * t * t;
    if (v > 0 && std::log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace detail

/// The arrival times of `count` requests, ascending, in ns after the run's start. The first gap lies before the first
/// request. Empty where the rate is infinite: nothing is due at a time then.
/// \return  errc::invalid_argument unless rate > 0 and burstiness > 0, or where times run out of range (292 years).
[[nodiscard]] inline result<std::vector<std::int64_t>> arrival_times(std::size_t count, const arrival_options& o) {
  if (!(o.rate > 0)) return failure{errc::invalid_argument, "the request rate must be above 0, or inf"};
  if (!(o.burstiness > 0)) return failure{errc::invalid_argument, "burstiness must be above 0, or inf"};
  std::vector<std::int64_t> times;
  if (std::isinf(o.rate)) return times;
  times.reserve(count);
  random_stream random(o.seed);
  const double mean_ns = 1e9 / o.rate;
  double sum_ns = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isinf(o.burstiness))
      sum_ns = static_cast<double>(i + 1) * mean_ns;  // no rounding adds up
    else if (o.burstiness == 1)
      sum_ns += random.exponential(mean_ns);
    else
      sum_ns += detail::gamma(random, o.burstiness) * mean_ns / o.burstiness;
    if (!(sum_ns < 9.2e18))
      return failure{errc::invalid_argument, "the request rate is too low: times run out of range"};
    times.push_back(std::llround(sum_ns));
  }
  return times;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_SCHEDULE_HPP
