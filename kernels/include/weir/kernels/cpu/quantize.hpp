// weir/kernels/cpu/quantize.hpp - activations to int8 with one scale a row: the reference that faster ones are held
// against. Needs the standard library only.
#ifndef WEIR_KERNELS_CPU_QUANTIZE_HPP
#define WEIR_KERNELS_CPU_QUANTIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "weir/kernels/bf16.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cpu {

namespace detail {
/// max|x| of one row; NaN where the row holds one.
[[nodiscard]] inline float largest_magnitude(const std::uint16_t* x, std::int64_t cols) noexcept {
  float largest = 0;
  for (std::int64_t i = 0; i < cols; ++i) {
    const float magnitude = std::fabs(from_bf16(x[i]));
    if (!(magnitude <= largest)) largest = magnitude;
    if (std::isnan(largest)) break;
  }
  return largest;
}
}  // namespace detail

/// Quantizes rows of bf16 to int8 with one scale a row: q = round(x / s), s = max|x| / 127, ties to even.
///
/// \param x      [rows, cols] bf16 bits, row-major.
/// \param q      [rows, cols] int8, row-major, in -127 .. 127; may not overlap x.
/// \param scale  [rows] float. A row of zeros gets scale 1, so q * scale is exact. A row that holds a NaN or an
///               infinity has no scale: it gets NaN, and q of zeros.
/// \param rows   >= 0; cols >= 0. Nothing is done where either is 0.
/// \return       ok, or the first rule that was broken.
/// \complexity   two passes over x; nothing is allocated.
/// \source       Dettmers et al., "LLM.int8()", 2022, section 2.1 (absmax quantization), by row.
[[nodiscard]] inline status quantize_rows(const std::uint16_t* x, std::int8_t* q, float* scale, std::int64_t rows,
                                          std::int64_t cols) noexcept {
  if (rows < 0 || cols < 0) return status::bad_shape;
  if (rows == 0 || cols == 0) return status::ok;
  if (!x || !q || !scale) return status::bad_pointer;
  for (std::int64_t row = 0; row < rows; ++row, x += cols, q += cols) {
    const float largest = detail::largest_magnitude(x, cols);
    const bool finite = largest <= std::numeric_limits<float>::max();
    const float s = largest > 0 ? largest / 127.0F : 1.0F;
    scale[row] = finite ? s : std::numeric_limits<float>::quiet_NaN();
    // The quotient is rounded in double, where it is near enough to the true one never to cross a half.
    const auto quantized = [s](std::uint16_t bits) {
      const double quotient = std::nearbyint(static_cast<double>(from_bf16(bits)) / static_cast<double>(s));
      return static_cast<std::int8_t>(std::clamp(quotient, -127.0, 127.0));
    };
    if (finite)
      std::transform(x, x + cols, q, quantized);
    else
      std::fill_n(q, cols, std::int8_t{0});
  }
  return status::ok;
}

}  // namespace weir::kernels::inline v0::cpu

#endif  // WEIR_KERNELS_CPU_QUANTIZE_HPP
