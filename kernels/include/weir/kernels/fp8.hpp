// weir/kernels/fp8.hpp - the 8-bit float E4M3 (no infinities, largest 448) as its bits. Needs the standard library
// only.
#ifndef WEIR_KERNELS_FP8_HPP
#define WEIR_KERNELS_FP8_HPP

#include <cmath>
#include <cstdint>
#include <limits>

namespace weir::kernels::inline v0 {

/// The value of e4m3 bits; exact. 0x7F and 0xFF are NaN.
/// \source  Micikevicius et al., "FP8 Formats for Deep Learning", 2022, table 1.
[[nodiscard]] inline float from_e4m3(std::uint8_t bits) noexcept {
  const int exponent = (bits >> 3) & 15, mantissa = bits & 7;
  const float sign = (bits & 0x80) != 0 ? -1.0F : 1.0F;
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -9);
  return sign * std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
}

/// The e4m3 nearest to `value`, of two equally near the even one; beyond 448 it is 448 with its sign (saturation, as
/// conversion instructions are asked to do it). A NaN stays one.
[[nodiscard]] inline std::uint8_t to_e4m3(double value) noexcept {
  if (std::isnan(value)) return 0x7F;
  const auto sign = static_cast<std::uint8_t>(std::signbit(value) ? 0x80 : 0);
  const double magnitude = std::fabs(value);
  if (magnitude == 0) return sign;
  if (magnitude >= 448) return static_cast<std::uint8_t>(sign | 0x7E);
  int exponent = 0;
  std::frexp(magnitude, &exponent);                      // magnitude = f * 2^exponent, f in [0.5, 1)
  const int lowest = exponent < -5 ? -9 : exponent - 4;  // the exponent of the last mantissa bit; -9 where subnormal
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(magnitude, -lowest)));  // 0 .. 16
  // Steps of 8 .. 16 carry the implicit bit: 16 runs over into the next exponent, as adding to the bits does by itself.
  const int encoded = lowest == -9 ? steps : ((lowest + 9) << 3) + steps;
  return static_cast<std::uint8_t>(sign | encoded);
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_FP8_HPP
