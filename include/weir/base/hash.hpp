// weir/base/hash.hpp - hashes and random numbers that are the same on every machine. Needs the standard library only.
//
// std::hash and the std distributions differ between libraries; a shard or a seeded schedule may not.
#ifndef WEIR_BASE_HASH_HPP
#define WEIR_BASE_HASH_HPP

#include <cmath>
#include <cstdint>
#include <string_view>

namespace weir::inline v0 {

/// Scrambles 64 bits so that neighbours land far apart.
/// \source  Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 (SplitMix64's finalizer).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

/// A 64-bit hash of `bytes` under `seed`: FNV-1a, then mixed so that all bits are usable. Not for adversaries.
[[nodiscard]] constexpr std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) noexcept {
  std::uint64_t h = 0xCBF29CE484222325U ^ mix64(seed);
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return mix64(h);
}

/// The 53 high bits of `x` as a double in [0, 1).
[[nodiscard]] constexpr double unit_interval(std::uint64_t x) noexcept {
  return static_cast<double>(x >> 11) * 0x1.0p-53;
}

/// A small random generator with a portable stream: the same seed gives the same numbers everywhere.
///
///     weir::random_stream random(42);
///     double gap_s = random.exponential(1.0 / rate);
class random_stream {
 public:
  explicit constexpr random_stream(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next() noexcept { return mix64(state_ += 0x9E3779B97F4A7C15U); }
  /// Uniform in [0, 1).
  constexpr double uniform() noexcept { return unit_interval(next()); }
  /// Uniform integer in [0, bound); bound >= 1. The bias is below bound / 2^64.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    __extension__ using wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<wide>(next()) * bound) >> 64);
  }
  /// Exponential with the given mean.
  double exponential(double mean) noexcept { return -mean * std::log1p(-uniform()); }

 private:
  std::uint64_t state_;
};

}  // namespace weir::inline v0

#endif  // WEIR_BASE_HASH_HPP
