// weir/kernels/format.hpp - the formats that evaluated models use, by the types of weights and activations. Needs the
// standard library only.
#ifndef WEIR_KERNELS_FORMAT_HPP
#define WEIR_KERNELS_FORMAT_HPP

#include <cstdint>

#include "weir/kernels/desc.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0 {

/// wWaA: W bits a weight, A bits an activation; integers unless it says fp8.
enum class format : std::uint8_t { bf16, w8a16, w8a8, w8a8_fp8, w4a16, w4a8, w4a4 };
inline constexpr format formats[] = {format::bf16,  format::w8a16, format::w8a8, format::w8a8_fp8,
                                     format::w4a16, format::w4a8,  format::w4a4};

/// As --format of weir-kernels takes it.
[[nodiscard]] constexpr const char* name(format f) noexcept {
  constexpr const char* names[] = {"bf16", "w8a16", "w8a8", "w8a8-fp8", "w4a16", "w4a8", "w4a4"};
  return names[static_cast<int>(f)];
}

[[nodiscard]] constexpr dtype weight_type(format f) noexcept {
  constexpr dtype types[] = {dtype::bf16, dtype::i8, dtype::i8, dtype::e4m3, dtype::i4, dtype::i4, dtype::i4};
  return types[static_cast<int>(f)];
}
/// The type that products are made of: x itself, or what x is quantized to.
[[nodiscard]] constexpr dtype activation_type(format f) noexcept {
  constexpr dtype types[] = {dtype::bf16, dtype::bf16, dtype::i8, dtype::e4m3, dtype::bf16, dtype::i8, dtype::i4};
  return types[static_cast<int>(f)];
}
/// Whether sums are exact integers.
[[nodiscard]] constexpr bool sums_integers(format f) noexcept {
  return f == format::w8a8 || f == format::w4a8 || f == format::w4a4;
}
/// The largest magnitude that dynamic quantization uses of a type: the scale is max|row| over it.
[[nodiscard]] constexpr float largest(dtype type) noexcept {
  return type == dtype::i4 ? 7.0F : type == dtype::e4m3 ? 448.0F : 127.0F;
}

/// The format that a description's types amount to.
/// \return  false where there is none.
[[nodiscard]] constexpr bool find_format(const gemm_desc& d, format& found) noexcept {
  const bool dynamic = d.xq.mode == quant_mode::dynamic;
  if (dynamic && d.x.type != dtype::bf16) return false;
  const dtype multiplied = dynamic ? d.xq.to : d.x.type;
  for (const format f : formats) {
    if (weight_type(f) != d.w.type || activation_type(f) != multiplied) continue;
    const bool x_has_scale = multiplied != dtype::bf16, w_has_scale = d.w.type != dtype::bf16;
    if (x_has_scale != (dynamic || d.xq.mode == quant_mode::per_token)) return false;
    if (w_has_scale != (d.wq.mode == quant_mode::per_channel || d.wq.mode == quant_mode::per_group)) return false;
    found = f;
    return true;
  }
  return false;
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_FORMAT_HPP
