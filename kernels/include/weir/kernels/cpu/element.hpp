// weir/kernels/cpu/element.hpp - one element of a tensor in plain memory, read and written. Needs the standard library
// only.
#ifndef WEIR_KERNELS_CPU_ELEMENT_HPP
#define WEIR_KERNELS_CPU_ELEMENT_HPP

#include <cstddef>
#include <cstdint>

#include "weir/kernels/bf16.hpp"
#include "weir/kernels/fp8.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cpu {

/// The signed 4-bit integer at `index`.
[[nodiscard]] inline int read_i4(const void* data, std::int64_t index) noexcept {
  const int byte = static_cast<const std::uint8_t*>(data)[index / 2];
  const int nibble = index % 2 == 0 ? byte & 15 : byte >> 4;
  return nibble < 8 ? nibble : nibble - 16;
}

/// Writes `value`, -8 .. 7, leaving the other nibble of the byte alone.
inline void write_i4(void* data, std::int64_t index, int value) noexcept {
  auto& byte = static_cast<std::uint8_t*>(data)[index / 2];
  const int nibble = value & 15;
  byte = static_cast<std::uint8_t>(index % 2 == 0 ? (byte & 0xF0) | nibble : (byte & 0x0F) | (nibble << 4));
}

/// The stored number at `index`, exact in double.
[[nodiscard]] inline double read(const void* data, dtype type, std::int64_t index) noexcept {
  switch (type) {
    case dtype::f32:
      return static_cast<double>(static_cast<const float*>(data)[index]);
    case dtype::bf16:
      return static_cast<double>(from_bf16(static_cast<const std::uint16_t*>(data)[index]));
    case dtype::i8:
      return static_cast<const std::int8_t*>(data)[index];
    case dtype::i4:
      return read_i4(data, index);
    case dtype::e4m3:
      return static_cast<double>(from_e4m3(static_cast<const std::uint8_t*>(data)[index]));
    case dtype::i32:
      return static_cast<const std::int32_t*>(data)[index];
  }
  return 0;
}

/// Rounds `value` to `type` (f32, bf16 or i32) and stores it at `index`.
inline void write(void* data, dtype type, std::int64_t index, double value) noexcept {
  if (type == dtype::f32) static_cast<float*>(data)[index] = static_cast<float>(value);
  if (type == dtype::bf16) static_cast<std::uint16_t*>(data)[index] = to_bf16(static_cast<float>(value));
  if (type == dtype::i32) static_cast<std::int32_t*>(data)[index] = static_cast<std::int32_t>(value);
}

/// Where element (i, j), or (e, i, j), of a tensor stands.
[[nodiscard]] inline std::int64_t at(const tensor_view& t, std::int64_t i, std::int64_t j) noexcept {
  return i * t.stride_back(2) + j * t.stride_back(1);
}
[[nodiscard]] inline std::int64_t at(const tensor_view& t, std::int64_t e, std::int64_t i, std::int64_t j) noexcept {
  return (t.rank == 3 ? e * t.stride[0] : 0) + at(t, i, j);
}

/// Element `i` of a vector, or (e, i) of one with the experts before.
[[nodiscard]] inline double read_vector(const tensor_view& t, std::int64_t e, std::int64_t i) noexcept {
  return read(t.data, t.type, (t.rank == 2 ? e * t.stride[0] : 0) + i * t.stride_back(1));
}

}  // namespace weir::kernels::inline v0::cpu

#endif  // WEIR_KERNELS_CPU_ELEMENT_HPP
