// weir/data/python_random.hpp - the random choice of Python's standard library, for prompts that depend on it. Needs
// the standard library only.
#ifndef WEIR_DATA_PYTHON_RANDOM_HPP
#define WEIR_DATA_PYTHON_RANDOM_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace weir::inline v0 {

/// Python's random.Random(seed), as far as sample() goes.
/// \source  CPython 3.11, Modules/_randommodule.c and Lib/random.py; Matsumoto and Nishimura's mt19937ar.c (2002).
class python_random {
 public:
  explicit python_random(std::uint32_t seed) noexcept {
    fill(19650218U);
    std::uint32_t i = 1;
    for (std::uint32_t k = 0; k < words; ++k) mix(i, 1664525U, seed, true);
    for (std::uint32_t k = 1; k < words; ++k) mix(i, 1566083941U, 0, false);
    state_[0] = 0x80000000U;
  }

  /// random.sample(range(n), count). \pre  count <= n < 2^31
  std::vector<std::size_t> sample(std::size_t n, std::size_t count) {
    std::size_t set_size = 21;
    if (count > 5)
      set_size +=
          static_cast<std::size_t>(std::pow(4.0, std::ceil(std::log(static_cast<double>(count) * 3) / std::log(4.0))));
    std::vector<std::size_t> chosen;
    if (n > set_size) {
      while (chosen.size() < count)
        if (const std::size_t j = below(n); std::find(chosen.begin(), chosen.end(), j) == chosen.end())
          chosen.push_back(j);
      return chosen;
    }
    std::vector<std::size_t> pool(n);
    std::iota(pool.begin(), pool.end(), std::size_t{0});
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t j = below(n - i);
      chosen.push_back(pool[j]);
      pool[j] = pool[n - i - 1];
    }
    return chosen;
  }

 private:
  static constexpr std::uint32_t words = 624, middle = 397;

  void fill(std::uint32_t seed) noexcept {
    state_[0] = seed;
    for (std::uint32_t i = 1; i < words; ++i) state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  }
  /// One step of init_by_array with a key of one word.
  void mix(std::uint32_t& i, std::uint32_t factor, std::uint32_t key, bool adds) noexcept {
    const std::uint32_t mixed = state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30)) * factor);
    state_[i] = adds ? mixed + key : mixed - i;
    if (++i >= words) state_[0] = state_[words - 1], i = 1;
  }
  void refill() noexcept {
    for (std::uint32_t i = 0; i < words; ++i) {
      const std::uint32_t y = (state_[i] & 0x80000000U) | (state_[(i + 1) % words] & 0x7FFFFFFFU);
      state_[i] = state_[(i + middle) % words] ^ (y >> 1) ^ ((y & 1U) != 0 ? 0x9908B0DFU : 0U);
    }
    at_ = 0;
  }
  std::uint32_t next() noexcept {
    if (at_ >= words) refill();
    std::uint32_t y = state_[at_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680U;
    y ^= (y << 15) & 0xEFC60000U;
    return y ^ (y >> 18);
  }
  std::size_t below(std::size_t n) noexcept {
    const int bits = static_cast<int>(std::bit_width(n));
    std::size_t r = 0;
    do r = next() >> (32 - bits);
    while (r >= n);
    return r;
  }

  std::array<std::uint32_t, words> state_{};
  std::uint32_t at_ = words;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_PYTHON_RANDOM_HPP
