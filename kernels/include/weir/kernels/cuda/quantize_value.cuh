// weir/kernels/cuda/quantize_value.cuh - one value to 8 or 4 bits, to the bit as cpu/quantize.hpp. Needs the CUDA
// runtime's headers.
#ifndef WEIR_KERNELS_CUDA_QUANTIZE_VALUE_CUH
#define WEIR_KERNELS_CUDA_QUANTIZE_VALUE_CUH

#include <cuda_fp8.h>

#include <cstdint>

#include "weir/kernels/cuda/ptx.cuh"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cuda::detail {

__device__ __forceinline__ float low_bf16(std::uint32_t pair) {
  return __uint_as_float(pair << 16);
}
__device__ __forceinline__ float high_bf16(std::uint32_t pair) {
  return __uint_as_float(pair & 0xFFFF0000);
}

/// The larger magnitudes of two pairs of bf16, as their bits without sign: as integers these are ordered as the numbers
/// are, with infinity and then NaN above all.
__device__ __forceinline__ std::uint32_t larger_magnitudes(std::uint32_t a, std::uint32_t b) {
  return __vmaxu2(a & 0x7FFF7FFF, b & 0x7FFF7FFF);
}
__device__ __forceinline__ std::uint32_t larger_magnitudes(std::uint32_t a, const uint4& v) {
  return larger_magnitudes(larger_magnitudes(a, larger_magnitudes(v.x, v.y)), larger_magnitudes(v.z, v.w));
}

/// Eight bf16 of a row that begins at a multiple of 16 bytes; zeros behind its end.
__device__ __forceinline__ uint4 load_eight(const std::uint8_t* row, int vector, int columns) {
  if (vector * 8 + 8 <= columns) return *reinterpret_cast<const uint4*>(row + vector * 16);
  const auto* values = reinterpret_cast<const std::uint16_t*>(row);
  std::uint32_t words[4] = {};
#pragma unroll
  for (int i = 0; i < 8; ++i)
    if (vector * 8 + i < columns) words[i / 2] |= static_cast<std::uint32_t>(values[vector * 8 + i]) << (i % 2 * 16);
  return {words[0], words[1], words[2], words[3]};
}

/// x / scale rounded to an integer, where the scale is too small for what row_scale does.
__device__ __noinline__ int quotient_of_tiny(float x, float scale) {
  return static_cast<int>(rint(static_cast<double>(x) / static_cast<double>(scale)));
}

/// A row's scale.
template <dtype To>
struct row_scale {
  static constexpr float limit = To == dtype::i4 ? 7.0F : To == dtype::e4m3 ? 448.0F : 127.0F;
  float scale, inverse;
  bool finite;

  /// \param magnitude  the bits of the largest |x| of the row as bf16.
  __device__ __forceinline__ explicit row_scale(std::uint32_t magnitude) {
    finite = magnitude < 0x7F80;
    scale = magnitude != 0 ? __fdiv_rn(__uint_as_float(magnitude << 16), limit) : 1.0F;
    inverse = __frcp_rn(scale);
  }
  __device__ __forceinline__ float stored() const { return finite ? scale : __uint_as_float(0x7FC00000); }

  /// x / scale rounded to an integer, ties to even, as if the quotient were exact: a candidate from the reciprocal is
  /// at most one off, and the sign of x - (q +- 1/2) scale, which one fused operation gives exactly, says which way.
  __device__ __forceinline__ int integer(float x) const {
    if (!finite) return 0;
    if (scale < 0x1p-100F) return quotient_of_tiny(x, scale);
    const float q = rintf(x * inverse);
    const bool odd = (static_cast<int>(q) & 1) != 0;
    const float above = fmaf(-(q + 0.5F), scale, x), below = fmaf(-(q - 0.5F), scale, x);
    const int exact = static_cast<int>(q) + ((above > 0 || (above == 0 && odd)) ? 1 : 0) -
                      ((below < 0 || (below == 0 && odd)) ? 1 : 0);
    return max(-static_cast<int>(limit), min(static_cast<int>(limit), exact));
  }
  /// Rounded once: the quotient is cut off, and its last bit says whether something was (rounding to odd).
  __device__ __forceinline__ std::uint32_t e4m3(float x) const {
    if (!finite) return 0;
    const float q = __fdiv_rz(x, scale);
    const bool cut = fmaf(-q, scale, x) != 0;
    return __nv_cvt_float_to_fp8(__uint_as_float(__float_as_uint(q) | (cut ? 1U : 0U)), __NV_SATFINITE, __NV_E4M3);
  }
  /// The bits of a quantized value.
  __device__ __forceinline__ std::uint32_t operator()(float x) const {
    if constexpr (To == dtype::e4m3) return e4m3(x);
    return static_cast<std::uint32_t>(integer(x)) & (To == dtype::i4 ? 15U : 255U);
  }
  /// Eight values: the low 4 bytes, and (unless they are of 4 bits) the high 4 bytes.
  __device__ __forceinline__ uint2 eight(const uint4& v) const {
    const std::uint32_t pairs[4] = {v.x, v.y, v.z, v.w};
    constexpr int width = To == dtype::i4 ? 4 : 8;
    std::uint32_t words[2] = {0, 0};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t two = (*this)(low_bf16(pairs[i])) | (*this)(high_bf16(pairs[i])) << width;
      words[i * 2 * width / 32] |= two << (i * 2 * width % 32);
    }
    return {words[0], words[1]};
  }
};

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_QUANTIZE_VALUE_CUH
