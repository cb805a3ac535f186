// weir/kernels/cuda/gemm_args.cuh - what the own kernels are given. Needs the CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_GEMM_ARGS_CUH
#define WEIR_KERNELS_CUDA_GEMM_ARGS_CUH

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "weir/kernels/desc.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// A description in the terms of the kernel: bytes and plain pointers.
struct gemm_args {
  const std::uint8_t* x;
  const std::uint8_t* w;
  void* y;
  const float* x_scale;  // null: none
  const void* w_scale;   // f32 by channel, bf16 by group; null: none
  const void* bias;      // null: none
  const int* expert_begin;
  std::int64_t x_row, w_row, w_expert;            // bytes from one row, or matrix, to the next
  std::int64_t y_row, scale_expert, bias_expert;  // elements
  int x_scale_step, scale_row, bias_step;         // elements
  int m, n, k, group;
  dtype y_type, bias_type;
  int split_k;
  void* partial;              // [split_k, m, n] sums
  int* arrived;               // [tiles] blocks that have added theirs; 0 between calls
  dtype x_type, quantize_to;  // quantize_to: where dynamic
  bool dynamic, early;        // early: w may be read before the kernels queued earlier have ended
  int stages;                 // of the ring of w
  std::uint8_t* columns;      // of all tokens, made beforehand (columns_kernel.cuh), chunk after chunk; null: not made
  float* column_scales;       // of tokens, where columns are made beforehand
};

[[nodiscard]] inline gemm_args arguments_of(const gemm_desc& d) noexcept {
  gemm_args a{};
  a.x = static_cast<const std::uint8_t*>(d.x.data), a.w = static_cast<const std::uint8_t*>(d.w.data), a.y = d.y.data;
  a.x_scale = static_cast<const float*>(d.xq.scale.data), a.w_scale = d.wq.scale.data, a.bias = d.bias.data;
  a.expert_begin = static_cast<const int*>(d.expert_begin.data);
  a.x_row = bytes(d.x.type, d.x.stride[0]), a.w_row = bytes(d.w.type, d.w.stride_back(2));
  a.w_expert = d.w.rank == 3 ? bytes(d.w.type, d.w.stride[0]) : 0;
  a.y_row = d.y.stride[0];
  a.x_scale_step = static_cast<int>(d.xq.scale.stride[0]);
  const bool groups = d.wq.mode == quant_mode::per_group;
  if (d.wq.scale) a.scale_row = static_cast<int>(d.wq.scale.stride_back(groups ? 2 : 1));
  if (d.bias) a.bias_step = static_cast<int>(d.bias.stride_back(1));
  if (d.w.rank == 3)
    a.scale_expert = d.wq.scale ? d.wq.scale.stride[0] : 0, a.bias_expert = d.bias ? d.bias.stride[0] : 0;
  a.m = static_cast<int>(tokens(d)), a.n = static_cast<int>(channels(d)), a.k = static_cast<int>(inner(d));
  a.group = groups ? d.wq.group : 0;
  a.y_type = d.y.type, a.bias_type = d.bias.type, a.split_k = 1;
  a.x_type = d.x.type, a.dynamic = d.xq.mode == quant_mode::dynamic;
  a.quantize_to = a.dynamic ? d.xq.to : d.x.type;
  return a;
}

/// Element `index` of bf16 or f32 memory.
__device__ __forceinline__ float read_float(const void* p, dtype type, std::int64_t index) {
  return type == dtype::bf16 ? __bfloat162float(static_cast<const __nv_bfloat16*>(p)[index])
                             : static_cast<const float*>(p)[index];
}
__device__ __forceinline__ void write_float(void* p, dtype type, std::int64_t index, float value) {
  if (type == dtype::bf16)
    static_cast<__nv_bfloat16*>(p)[index] = __float2bfloat16_rn(value);
  else
    static_cast<float*>(p)[index] = value;
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_GEMM_ARGS_CUH
