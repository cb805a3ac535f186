// weir/kernels/cuda/convert.cuh - what stands between a library's products and the formats: weights widened, sums
// scaled. Needs the CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_CONVERT_CUH
#define WEIR_KERNELS_CUDA_CONVERT_CUH

#include <cuda_bf16.h>

#include <cstdint>

#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/quantize.cuh"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// Eight integers of a row that begins at a multiple of 16 bytes, from element 8 * vector on; what lies behind the end
/// of the row may be anything, but the row's memory goes on to the next multiple of 16 bytes.
__device__ __forceinline__ void read_eight(const std::uint8_t* row, dtype type, int vector, int (&out)[8]) {
  const uint2 words = type == dtype::i8 ? reinterpret_cast<const uint2*>(row)[vector]
                                        : uint2{reinterpret_cast<const std::uint32_t*>(row)[vector], 0};
#pragma unroll
  for (int i = 0; i < 8; ++i)
    out[i] = type == dtype::i8 ? static_cast<int>((i < 4 ? words.x : words.y) << (24 - i % 4 * 8)) >> 24
                               : static_cast<int>(words.x << (28 - i * 4)) >> 28;
}

/// Rows of i8 or i4 to rows of bf16; times the scales of groups where `scale` is given (then rounded). Blocks (x) of a
/// row (y); a thread makes 8 elements, behind the end of a row too: rows of `out` have room for them.
__global__ void widen_to_bf16(const std::uint8_t* w, dtype type, std::int64_t row_bytes, const __nv_bfloat16* scale,
                              std::int64_t scale_row, int group, __nv_bfloat16* out, std::int64_t out_row,
                              int columns) {
  const int vector = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const std::int64_t row = blockIdx.y;
  if (vector * 8 >= columns) return;
  int values[8];
  read_eight(w + row * row_bytes, type, vector, values);
  const float factor = scale ? __bfloat162float(scale[row * scale_row + vector * 8 / group]) : 1.0F;
  std::uint32_t pairs[4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
    pairs[i] = pack_bf16(static_cast<float>(values[2 * i]) * factor, static_cast<float>(values[2 * i + 1]) * factor);
  reinterpret_cast<uint4*>(out + row * out_row)[vector] = {pairs[0], pairs[1], pairs[2], pairs[3]};
}

/// Rows of packed i4 to rows of i8, as above.
__global__ void widen_to_i8(const std::uint8_t* w, std::int64_t row_bytes, std::uint8_t* out, std::int64_t out_row,
                            int columns) {
  const int vector = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const std::int64_t row = blockIdx.y;
  if (vector * 8 >= columns) return;
  int values[8];
  read_eight(w + row * row_bytes, dtype::i4, vector, values);
  std::uint32_t words[2] = {0, 0};
#pragma unroll
  for (int i = 0; i < 8; ++i) words[i / 4] |= (static_cast<std::uint32_t>(values[i]) & 255U) << (i % 4 * 8);
  reinterpret_cast<uint2*>(out + row * out_row)[vector] = {words[0], words[1]};
}

/// y = sums * scales + bias. `sums` is [m, n] without gaps, float or int. Blocks (x) of a token (y).
template <class Sum>
__global__ void scale_sums(const Sum* sums, gemm_args a) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const std::int64_t token = blockIdx.y;
  if (row >= a.n) return;
  float value = static_cast<float>(sums[token * a.n + row]);
  if (a.w_scale && a.group == 0) value *= static_cast<const float*>(a.w_scale)[row * a.scale_row];
  if (a.x_scale) value *= a.x_scale[token * a.x_scale_step];
  if (a.bias) value += read_float(a.bias, a.bias_type, row * a.bias_step);
  write_float(a.y, a.y_type, token * a.y_row + row, value);
}

/// A grid of 256 threads a block over rows of `count` threads each.
[[nodiscard]] inline dim3 grid_for(std::int64_t count, std::int64_t rows) noexcept {
  return {static_cast<unsigned>((count + 255) / 256), static_cast<unsigned>(rows), 1};
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CONVERT_CUH
