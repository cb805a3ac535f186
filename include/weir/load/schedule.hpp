// weir/load/schedule.hpp - when requests are due: constant, Poisson or gamma arrivals, at one rate or a rising one.
// Needs the standard library only.
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

/// How the rate changes from the first request to the last, as `vllm bench serve --ramp-up-strategy` defines it: by the
/// request's place, not by the time.
enum class ramp : unsigned char { none, linear, exponential };

/// How requests arrive in an open loop, as `vllm bench serve` defines it.
struct arrival_options {
  double rate = std::numeric_limits<double>::infinity();  ///< Requests a second; infinity: no schedule.
  /// Shape of the gamma distribution of the gaps: 1 is a Poisson process, less is burstier, more is more even, infinity
  /// is constant gaps. The standard deviation of a gap is its mean / sqrt(burstiness).
  double burstiness = 1;
  std::uint64_t seed = 0;
  ramp rising = ramp::none;
  double ramp_from = 0, ramp_to = 0;  ///< Requests a second, both above 0 where there is a ramp; `rate` is not used.
  /// Stretches all times so that the last request is due at count / rate, as vLLM does: the rate of every run is then
  /// exact, but a Poisson process is none any more. Not for a ramp.
  bool vllm_rescaled = false;

  /// Whether there are times at all.
  [[nodiscard]] bool scheduled() const noexcept { return rising != ramp::none || std::isfinite(rate); }
  /// Requests a second at the place `i` of `count`.
  [[nodiscard]] double rate_at(std::size_t i, std::size_t count) const noexcept {
    const double progress = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0;
    if (rising == ramp::linear) return ramp_from + (ramp_to - ramp_from) * progress;
    if (rising == ramp::exponential) return ramp_from * std::pow(ramp_to / ramp_from, progress);
    return rate;
  }
  [[nodiscard]] result<void> check() const {
    const auto bad = [](const char* why) { return failure{errc::invalid_argument, why}; };
    if (!(rate > 0)) return bad("the request rate must be above 0, or inf");
    if (!(burstiness > 0)) return bad("burstiness must be above 0, or inf");
    const bool rates = ramp_from > 0 && ramp_to > 0 && std::isfinite(ramp_from) && std::isfinite(ramp_to);
    if (rising != ramp::none && !rates)
      return bad("a ramp needs two rates above 0: --ramp-up-start-rps and --ramp-up-end-rps");
    if (rising != ramp::none && std::isfinite(rate)) return bad("a ramp has its own rates: leave the request rate out");
    return {};
  }
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
/// \return  errc::invalid_argument unless the options are in range, or where times run out of range (292 years).
[[nodiscard]] inline result<std::vector<std::int64_t>> arrival_times(std::size_t count, const arrival_options& o) {
  if (const auto ok = o.check(); !ok) return ok.error();
  std::vector<std::int64_t> times;
  if (!o.scheduled()) return times;
  times.reserve(count);
  random_stream random(o.seed);
  std::vector<double> sums_ns(count);
  double sum_ns = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double mean_ns = 1e9 / o.rate_at(i, count);
    if (std::isinf(o.burstiness))
      sum_ns = o.rising == ramp::none ? static_cast<double>(i + 1) * mean_ns : sum_ns + mean_ns;  // no rounding adds up
    else if (o.burstiness == 1)
      sum_ns += random.exponential(mean_ns);
    else
      sum_ns += detail::gamma(random, o.burstiness) * mean_ns / o.burstiness;
    sums_ns[i] = sum_ns;
  }
  const bool stretch = o.vllm_rescaled && o.rising == ramp::none && sum_ns > 0;
  const double factor = stretch ? static_cast<double>(count) * 1e9 / o.rate / sum_ns : 1;
  if (!(sum_ns * factor < 9.2e18))
    return failure{errc::invalid_argument, "the request rate is too low: times run out of range"};
  for (const double sum : sums_ns) times.push_back(std::llround(sum * factor));
  return times;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_SCHEDULE_HPP
