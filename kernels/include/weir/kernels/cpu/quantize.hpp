// weir/kernels/cpu/quantize.hpp - activations to 8 or 4 bits with one scale a row: the reference that faster ones are
// held against. Needs the standard library only.
#ifndef WEIR_KERNELS_CPU_QUANTIZE_HPP
#define WEIR_KERNELS_CPU_QUANTIZE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "weir/kernels/bf16.hpp"
#include "weir/kernels/cpu/element.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/fp8.hpp"
#include "weir/kernels/status.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cpu {

namespace detail {

/// max|x| of one row; NaN where the row holds one.
[[nodiscard]] inline float largest_magnitude(const std::uint16_t* x, std::int64_t cols) noexcept {
  float magnitude = 0;
  for (std::int64_t i = 0; i < cols; ++i) {
    const float each = std::fabs(from_bf16(x[i]));
    if (!(each <= magnitude)) magnitude = each;
    if (std::isnan(magnitude)) break;
  }
  return magnitude;
}

/// Stores x / s rounded to `to`. The quotient is made in double, where it is near enough to the true one never to
/// cross a half.
inline void store_quotient(void* q, dtype to, std::int64_t index, float x, float s) noexcept {
  const double quotient = static_cast<double>(x) / static_cast<double>(s), limit = static_cast<double>(largest(to));
  if (to == dtype::e4m3) {
    static_cast<std::uint8_t*>(q)[index] = to_e4m3(quotient);
    return;
  }
  const int rounded = static_cast<int>(std::clamp(std::nearbyint(quotient), -limit, limit));
  if (to == dtype::i4)
    write_i4(q, index, rounded);
  else
    static_cast<std::int8_t*>(q)[index] = static_cast<std::int8_t>(rounded);
}

/// One row, as `quantize` says; `begin` is the index in q of its first element.
inline void quantize_row(const std::uint16_t* x, void* q, std::int64_t begin, dtype to, float& scale,
                         std::int64_t cols) noexcept {
  const float magnitude = largest_magnitude(x, cols);
  const bool finite = magnitude <= std::numeric_limits<float>::max();
  const float s = magnitude > 0 ? magnitude / largest(to) : 1.0F;
  scale = finite ? s : std::numeric_limits<float>::quiet_NaN();
  for (std::int64_t i = 0; i < cols; ++i) store_quotient(q, to, begin + i, finite ? from_bf16(x[i]) : 0.0F, s);
}

}  // namespace detail

/// Quantizes rows with one scale each: q = round(x / s), s = max|x| / largest(q.type), ties to even.
///
/// \param x      [rows, cols] bf16, any stride between rows.
/// \param q      [rows, cols] i8 (in -127 .. 127), i4 (-7 .. 7) or e4m3 (saturating), any stride between rows; may not
///               overlap x.
/// \param scale  [rows] f32. A row of zeros gets scale 1, so q * scale is exact. A row that holds a NaN or an
///               infinity has no scale: it gets NaN, and q of zeros.
/// \return       ok, or the first rule that was broken; then nothing was written.
/// \complexity   two passes over x; nothing is allocated.
/// \source       Dettmers et al., "LLM.int8()", 2022, section 2.1 (absmax quantization), by row.
[[nodiscard]] inline status quantize(const tensor_view& x, const tensor_view& q, const tensor_view& scale) noexcept {
  if (x.rank != 2 || q.rank != 2 || scale.rank != 1) return status::bad_rank;
  if (x.shape[0] < 0 || x.shape[1] < 0) return status::bad_shape;
  if (q.shape[0] != x.shape[0] || q.shape[1] != x.shape[1]) return status::shapes_differ;
  if (scale.shape[0] != x.shape[0]) return status::bad_scale_shape;
  if (scale.type != dtype::f32) return status::bad_scale_type;
  if (x.type != dtype::bf16 || (q.type != dtype::i8 && q.type != dtype::i4 && q.type != dtype::e4m3))
    return status::no_format;
  if (x.stride[1] != 1 || q.stride[1] != 1 || (q.type == dtype::i4 && q.stride[0] % 2 != 0)) return status::bad_stride;
  if (x.count() == 0) return status::ok;
  if (!x.data || !q.data || !scale.data) return status::bad_pointer;
  for (std::int64_t row = 0; row < x.shape[0]; ++row)
    detail::quantize_row(static_cast<const std::uint16_t*>(x.data) + row * x.stride[0], q.data, row * q.stride[0],
                         q.type, static_cast<float*>(scale.data)[row * scale.stride[0]], x.shape[1]);
  return status::ok;
}

/// The same for int8 and rows without gaps between them.
[[nodiscard]] inline status quantize_rows(const std::uint16_t* x, std::int8_t* q, float* scale, std::int64_t rows,
                                          std::int64_t cols) noexcept {
  return quantize(matrix_view(x, dtype::bf16, rows, cols), matrix_view(q, dtype::i8, rows, cols),
                  vector_view(scale, dtype::f32, rows));
}

}  // namespace weir::kernels::inline v0::cpu

#endif  // WEIR_KERNELS_CPU_QUANTIZE_HPP
