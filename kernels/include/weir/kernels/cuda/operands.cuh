// weir/kernels/cuda/operands.cuh - for each format, how 16 bytes of a row of w and the x that go with them become
// fragments of tensor-core instructions. Needs the CUDA runtime's headers.
//
// The order of k within a product is free as long as w and x agree, so w stays as checkpoints have it: lane l of a warp
// takes 16 bytes of row l / 4, its neighbours l % 4 the 16 bytes before and after, and `weights` spreads those over
// `steps` instructions; `activations` puts x into the same order.
#ifndef WEIR_KERNELS_CUDA_OPERANDS_CUH
#define WEIR_KERNELS_CUDA_OPERANDS_CUH

#include <cstdint>

#include "weir/kernels/cuda/ptx.cuh"

namespace weir::kernels::inline v0::cuda::detail {

/// Elements that are multiplied as they are: bf16, int8, fp8.
template <class Mma, int ElementBytes>
struct plain_operands {
  using mma = Mma;
  static constexpr int w_bits = 8 * ElementBytes, x_bits = 8 * ElementBytes;
  static constexpr int steps = 2;  // instructions per 16 bytes of w
  static constexpr int shift = 0;  // sums are 2^shift times the product
  static __device__ __forceinline__ void weights(const uint4& w, std::uint32_t (&f)[2][2]) {
    f[0][0] = w.x, f[0][1] = w.y, f[1][0] = w.z, f[1][1] = w.w;
  }
  static __device__ __forceinline__ void activations(const uint4 (&x)[1], std::uint32_t (&f)[2][2]) {
    weights(x[0], f);
  }
};
using bf16_operands = plain_operands<mma_bf16, 2>;
using w8a8_operands = plain_operands<mma_i8, 1>;
using fp8_operands = plain_operands<mma_e4m3, 1>;

/// int8 weights become bf16, exactly: of byte b, 128 + (b & 127) and 128 + (b & 128) are bf16 whose bits are b's under
/// a constant, and their difference is b as a signed number.
struct w8a16_operands {
  using mma = mma_bf16;
  static constexpr int w_bits = 8, x_bits = 16, steps = 4, shift = 0;
  static __device__ __forceinline__ std::uint32_t widen(std::uint32_t pair) {  // bytes 0 and 2
    return subtract_bf16x2(and_or(pair, 0x007F007F, 0x43004300), and_or(pair, 0x00800080, 0x43004300));
  }
  static __device__ __forceinline__ void weights(const uint4& w, std::uint32_t (&f)[4][2]) {
    const std::uint32_t words[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      f[i][0] = widen(permute(words[i], 0, 0x4140));
      f[i][1] = widen(permute(words[i], 0, 0x4342));
    }
  }
  static __device__ __forceinline__ void activations(const uint4 (&x)[2], std::uint32_t (&f)[4][2]) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      f[2 * i][0] = x[i].x, f[2 * i][1] = x[i].y;
      f[2 * i + 1][0] = x[i].z, f[2 * i + 1][1] = x[i].w;
    }
  }
};

/// int4 weights become bf16: nibbles i and i + 4 of a word under 0x4300, with the sign flipped, are 136 + value.
struct w4a16_operands {
  using mma = mma_bf16;
  static constexpr int w_bits = 4, x_bits = 16, steps = 8, shift = 0;
  static __device__ __forceinline__ void weights(const uint4& w, std::uint32_t (&f)[8][2]) {
    const std::uint32_t words[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
    for (int i = 0; i < 4; ++i)
#pragma unroll
      for (int j = 0; j < 4; ++j)
        f[2 * i + j / 2][j % 2] = subtract_bf16x2(and_xor(words[i] >> (4 * j), 0x000F000F, 0x43084308), 0x43084308);
  }
  static __device__ __forceinline__ void activations(const uint4 (&x)[4], std::uint32_t (&f)[8][2]) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {  // eight values k = 0 .. 7 as (0, 4), (1, 5), (2, 6), (3, 7)
      f[2 * i][0] = permute(x[i].x, x[i].z, 0x5410), f[2 * i][1] = permute(x[i].x, x[i].z, 0x7632);
      f[2 * i + 1][0] = permute(x[i].y, x[i].w, 0x5410), f[2 * i + 1][1] = permute(x[i].y, x[i].w, 0x7632);
    }
  }
};

/// int4 to int8 without extending signs: in the high nibble of a byte it is 16 times its value. Even k, then odd k.
__device__ __forceinline__ void widen_i4(const uint4& w, std::uint32_t (&f)[4][2]) {
  const std::uint32_t words[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) f[i][0] = (words[i] << 4) & 0xF0F0F0F0, f[i][1] = words[i] & 0xF0F0F0F0;
}

struct w4a8_operands {
  using mma = mma_i8;
  static constexpr int w_bits = 4, x_bits = 8, steps = 4, shift = 4;
  static __device__ __forceinline__ void weights(const uint4& w, std::uint32_t (&f)[4][2]) { widen_i4(w, f); }
  static __device__ __forceinline__ void activations(const uint4 (&x)[2], std::uint32_t (&f)[4][2]) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      f[2 * i][0] = permute(x[i].x, x[i].y, 0x6420), f[2 * i][1] = permute(x[i].x, x[i].y, 0x7531);
      f[2 * i + 1][0] = permute(x[i].z, x[i].w, 0x6420), f[2 * i + 1][1] = permute(x[i].z, x[i].w, 0x7531);
    }
  }
};

struct w4a4_operands {
  using mma = mma_i8;
  static constexpr int w_bits = 4, x_bits = 4, steps = 4, shift = 8;
  static __device__ __forceinline__ void weights(const uint4& w, std::uint32_t (&f)[4][2]) { widen_i4(w, f); }
  static __device__ __forceinline__ void activations(const uint4 (&x)[1], std::uint32_t (&f)[4][2]) {
    widen_i4(x[0], f);
  }
};

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_OPERANDS_CUH
