// weir/kernels/bf16.hpp - bfloat16 as its 16 bits: the upper half of a float. Needs the standard library only.
#ifndef WEIR_KERNELS_BF16_HPP
#define WEIR_KERNELS_BF16_HPP

#include <bit>
#include <cstdint>

namespace weir::kernels::inline v0 {

/// The value of bf16 bits; exact.
[[nodiscard]] constexpr float from_bf16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// The bf16 nearest to `value`, of two equally near the even one, as conversion instructions do; beyond the largest
/// it is an infinity. A NaN stays one (quiet, with its sign).
[[nodiscard]] constexpr std::uint16_t to_bf16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  const std::uint32_t half_less_one = 0x7FFF + ((bits >> 16) & 1);  // a tie carries into an odd upper half only
  return static_cast<std::uint16_t>((bits + half_less_one) >> 16);
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_BF16_HPP
