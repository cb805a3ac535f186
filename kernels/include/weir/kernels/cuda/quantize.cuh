// weir/kernels/cuda/quantize.cuh - activations to 8 or 4 bits on the device, alone or together with what comes before:
// RMSNorm, or SiLU times the gate's partner. Needs the CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_QUANTIZE_CUH
#define WEIR_KERNELS_CUDA_QUANTIZE_CUH

#include <cuda_bf16.h>

#include <cstdint>

#include "weir/kernels/cuda/quantize_value.cuh"
#include "weir/kernels/status.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cuda {

namespace detail {

/// What is done to a row before it is quantized.
enum class before : std::uint8_t { nothing, rms_norm, silu_mul };

struct quantize_args {
  const std::uint8_t* x;
  std::uint8_t* q;
  float* scale;
  const __nv_bfloat16* norm_weight;
  float epsilon;
  std::int64_t x_row, q_row;  // bytes
  int scale_step, columns;
};

__device__ __forceinline__ std::uint32_t pack_bf16(float low, float high) {
  const __nv_bfloat162 two = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&two);
}

__device__ __forceinline__ float silu_times(float gate, float up) {
  return gate / (1.0F + __expf(-gate)) * up;
}

/// Sums, or takes the larger magnitudes of, one value a thread over the block; every thread gets the result.
template <class T, class Combine>
__device__ __forceinline__ T over_block(T value, T* scratch, Combine combine) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) value = combine(value, __shfl_xor_sync(~0U, value, distance));
  __syncthreads();
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
  __syncthreads();
  value = scratch[0];
  for (unsigned i = 1; i < blockDim.x / 32; ++i) value = combine(value, scratch[i]);
  return value;
}

/// The bits of eight quantized values; of those behind the end of the row nothing is written.
template <dtype To>
__device__ __forceinline__ void store_eight(std::uint8_t* row, int vector, int columns, uint2 eight) {
  constexpr int size = To == dtype::i4 ? 4 : 8;
  if (vector * 8 + 8 <= columns) {
    if constexpr (To == dtype::i4)
      reinterpret_cast<std::uint32_t*>(row)[vector] = eight.x;
    else
      reinterpret_cast<uint2*>(row)[vector] = eight;
    return;
  }
  const int left = (columns - vector * 8) * size / 8;
  for (int i = 0; i < left; ++i)
    row[vector * size + i] = static_cast<std::uint8_t>((i < 4 ? eight.x : eight.y) >> (i % 4 * 8));
}

/// One block a row, which stays in registers: x is read once.
template <dtype To, before Step, int Vectors>
__global__ void quantize_kernel(quantize_args a) {
  __shared__ std::uint32_t scratch[32];
  const std::uint8_t* row = a.x + blockIdx.x * a.x_row;
  const int vectors = (a.columns + 7) / 8;
  uint4 held[Vectors];
  float squares = 0;
#pragma unroll
  for (int i = 0; i < Vectors; ++i) {
    const int v = static_cast<int>(threadIdx.x) + i * static_cast<int>(blockDim.x);
    held[i] = v < vectors ? load_eight(row, v, a.columns) : uint4{};
    std::uint32_t* pairs = &held[i].x;
    if constexpr (Step == before::rms_norm)
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        squares = fmaf(low_bf16(pairs[j]), low_bf16(pairs[j]), squares);
        squares = fmaf(high_bf16(pairs[j]), high_bf16(pairs[j]), squares);
      }
    if constexpr (Step == before::silu_mul)
      if (v < vectors) {
        const uint4 other = load_eight(row + a.columns * 2, v, a.columns);
        const std::uint32_t* up = &other.x;
#pragma unroll
        for (int j = 0; j < 4; ++j)
          pairs[j] = pack_bf16(silu_times(low_bf16(pairs[j]), low_bf16(up[j])),
                               silu_times(high_bf16(pairs[j]), high_bf16(up[j])));
      }
  }
  if constexpr (Step == before::rms_norm) {
    squares = over_block(squares, reinterpret_cast<float*>(scratch), [](float p, float q) { return p + q; });
    const float factor = rsqrtf(squares / static_cast<float>(a.columns) + a.epsilon);
#pragma unroll
    for (int i = 0; i < Vectors; ++i) {
      const int v = static_cast<int>(threadIdx.x) + i * static_cast<int>(blockDim.x);
      if (v >= vectors) continue;
      const uint4 weights = load_eight(reinterpret_cast<const std::uint8_t*>(a.norm_weight), v, a.columns);
      const std::uint32_t* w = &weights.x;
      std::uint32_t* pairs = &held[i].x;
#pragma unroll
      for (int j = 0; j < 4; ++j)
        pairs[j] =
            pack_bf16(low_bf16(pairs[j]) * factor * low_bf16(w[j]), high_bf16(pairs[j]) * factor * high_bf16(w[j]));
    }
  }
  std::uint32_t magnitudes = 0;
#pragma unroll
  for (int i = 0; i < Vectors; ++i) magnitudes = larger_magnitudes(magnitudes, held[i]);
  magnitudes =
      over_block(magnitudes, scratch, [](std::uint32_t p, std::uint32_t q) { return larger_magnitudes(p, q); });
  const row_scale<To> scale(max(magnitudes & 0xFFFF, magnitudes >> 16));
  if (threadIdx.x == 0) a.scale[static_cast<std::int64_t>(blockIdx.x) * a.scale_step] = scale.stored();
  std::uint8_t* out = a.q + blockIdx.x * a.q_row;
#pragma unroll
  for (int i = 0; i < Vectors; ++i) {
    const int v = static_cast<int>(threadIdx.x) + i * static_cast<int>(blockDim.x);
    if (v >= vectors) continue;
    const uint2 eight = scale.eight(held[i]);
    store_eight<To>(out, v, a.columns, eight);
  }
}

template <dtype To, before Step>
[[nodiscard]] inline status launch_quantize(const quantize_args& a, std::int64_t rows, cudaStream_t stream) noexcept {
  const int vectors = (a.columns + 7) / 8;
  const auto blocks = static_cast<unsigned>(rows);
  // Few rows leave multiprocessors idle, and what takes long is one thread's work: as many threads as fit.
  const bool few = rows <= 1024 && vectors <= 1024;
  if (few || vectors <= 128)
    quantize_kernel<To, Step, 1><<<blocks, few ? (vectors + 31) / 32 * 32 : 128, 0, stream>>>(a);
  else if (vectors <= 512)
    quantize_kernel<To, Step, 4><<<blocks, 128, 0, stream>>>(a);
  else if (vectors <= 1024)
    quantize_kernel<To, Step, 4><<<blocks, 256, 0, stream>>>(a);
  else if (vectors <= 4096)
    quantize_kernel<To, Step, 8><<<blocks, 512, 0, stream>>>(a);
  else
    return status::no_kernel;
  return cudaPeekAtLastError() == cudaSuccess ? status::ok : status::launch_failed;
}

template <before Step>
[[nodiscard]] inline status quantize_rows(const tensor_view& x, const tensor_view& q, const tensor_view& scale,
                                          const void* norm_weight, float epsilon, cudaStream_t stream) noexcept {
  if (x.rank != 2 || q.rank != 2 || scale.rank != 1) return status::bad_rank;
  if (x.shape[0] < 0 || q.shape[1] < 0) return status::bad_shape;
  if (q.shape[0] != x.shape[0] || q.shape[1] * (Step == before::silu_mul ? 2 : 1) != x.shape[1])
    return status::shapes_differ;
  if (scale.shape[0] != x.shape[0]) return status::bad_scale_shape;
  if (scale.type != dtype::f32) return status::bad_scale_type;
  if (x.type != dtype::bf16) return status::no_format;
  if (q.type == dtype::i4 && q.shape[1] % 2 != 0) return status::bad_shape;
  if (x.stride[1] != 1 || q.stride[1] != 1) return status::bad_stride;
  if (q.count() == 0) return status::ok;
  if (!x.data || !q.data || !scale.data || (Step == before::rms_norm && !norm_weight)) return status::bad_pointer;
  const quantize_args a{static_cast<const std::uint8_t*>(x.data),
                        static_cast<std::uint8_t*>(q.data),
                        static_cast<float*>(scale.data),
                        static_cast<const __nv_bfloat16*>(norm_weight),
                        epsilon,
                        bytes(x.type, x.stride[0]),
                        bytes(q.type, q.stride[0]),
                        static_cast<int>(scale.stride[0]),
                        static_cast<int>(q.shape[1])};
  const auto aligned = [](const void* p, std::int64_t row, int to) {
    return reinterpret_cast<std::uintptr_t>(p) % static_cast<unsigned>(to) == 0 && row % to == 0;
  };
  if ((Step == before::silu_mul && a.columns % 8 != 0) || !aligned(a.x, a.x_row, 16) || !aligned(a.q, a.q_row, 8) ||
      !aligned(norm_weight, 0, 16))
    return status::bad_alignment;
  if (q.type == dtype::i8) return launch_quantize<dtype::i8, Step>(a, x.shape[0], stream);
  if (q.type == dtype::i4) return launch_quantize<dtype::i4, Step>(a, x.shape[0], stream);
  if (q.type == dtype::e4m3) return launch_quantize<dtype::e4m3, Step>(a, x.shape[0], stream);
  return status::no_format;
}

}  // namespace detail

/// Quantizes rows with one scale each, to the bit as cpu::quantize; its rules hold, and these: columns are a multiple
/// of 8 and at most 32768, rows of x begin at a multiple of 16 bytes and rows of q of 8.
[[nodiscard]] inline status quantize(const tensor_view& x, const tensor_view& q, const tensor_view& scale,
                                     cudaStream_t stream) noexcept {
  return detail::quantize_rows<detail::before::nothing>(x, q, scale, nullptr, 0, stream);
}

/// RMSNorm and quantization in one reading of x: q, scale = quantize(bf16(x / sqrt(mean(x^2) + epsilon) * weight)).
/// \param weight   [columns] bf16, at a multiple of 16 bytes.
/// \source         Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.
[[nodiscard]] inline status rms_norm_quantize(const tensor_view& x, const void* weight, float epsilon,
                                              const tensor_view& q, const tensor_view& scale,
                                              cudaStream_t stream) noexcept {
  return detail::quantize_rows<detail::before::rms_norm>(x, q, scale, weight, epsilon, stream);
}

/// SiLU of the first half of each row times the second half, and quantization: q, scale =
/// quantize(bf16(silu(gate) * up)) of x = [gate | up], [rows, 2 columns].
/// \source         Shazeer, "GLU Variants Improve Transformer", 2020, SwiGLU.
[[nodiscard]] inline status silu_mul_quantize(const tensor_view& x, const tensor_view& q, const tensor_view& scale,
                                              cudaStream_t stream) noexcept {
  return detail::quantize_rows<detail::before::silu_mul>(x, q, scale, nullptr, 0, stream);
}

}  // namespace weir::kernels::inline v0::cuda

#endif  // WEIR_KERNELS_CUDA_QUANTIZE_CUH
