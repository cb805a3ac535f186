// tests/stats/autoregressive.hpp - values that hang together in a known way.
#ifndef WEIR_TESTS_STATS_AUTOREGRESSIVE_HPP
#define WEIR_TESTS_STATS_AUTOREGRESSIVE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "weir/base/hash.hpp"

/// x[i] = r x[i-1] + noise, about 10: its autocorrelation at lag k is r^k, so that n values are worth
/// n (1 - r) / (1 + r). It is symmetric: mean and median are 10.
inline std::vector<double> autoregressive(std::size_t n, double r, std::uint64_t seed) {
  weir::random_stream random(seed);
  std::vector<double> out;
  double x = 0;
  for (std::size_t i = 0; i < n + 500; ++i) {
    double noise = -6;
    for (int k = 0; k < 12; ++k) noise += random.uniform();  // nearly normal, variance 1
    x = r * x + noise;
    if (i >= 500) out.push_back(10 + x);
  }
  return out;
}

#endif  // WEIR_TESTS_STATS_AUTOREGRESSIVE_HPP
