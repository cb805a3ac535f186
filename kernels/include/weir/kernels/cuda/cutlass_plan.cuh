// weir/kernels/cuda/cutlass_plan.cuh - products by CUTLASS's templates, in builds that have them (WEIR_WITH_CUTLASS):
// which instances there are, and what they serve. Needs the CUDA runtime's headers; the instances (cutlass_gemm.cuh)
// are compiled apart, because each takes a minute.
#ifndef WEIR_KERNELS_CUDA_CUTLASS_PLAN_CUH
#define WEIR_KERNELS_CUDA_CUTLASS_PLAN_CUH

#include <cuda_runtime.h>

#include <cstddef>

#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// y[m, n] = x w^T times the scales of tokens and channels, queued on `stream`.
using cutlass_run = status(const gemm_args&, void* workspace, std::size_t size, cudaStream_t stream);

/// One compiled shape.
struct cutlass_instance {
  format kind;
  cutlass_run* run;
};
inline constexpr std::size_t cutlass_workspace = std::size_t{32} << 20;
/// tuning::variant counts from 1 over these.
inline constexpr int cutlass_instances = 8;

#ifdef WEIR_WITH_CUTLASS
cutlass_run run_cutlass_1, run_cutlass_2, run_cutlass_3, run_cutlass_4, run_cutlass_5, run_cutlass_6, run_cutlass_7,
    run_cutlass_8;
inline constexpr cutlass_instance cutlass_table[cutlass_instances] = {
    {format::w8a8, run_cutlass_1},     {format::w8a8, run_cutlass_2},  {format::w8a8_fp8, run_cutlass_3},
    {format::w8a8_fp8, run_cutlass_4}, {format::w8a16, run_cutlass_5}, {format::w8a16, run_cutlass_6},
    {format::w4a8, run_cutlass_7},     {format::w4a8, run_cutlass_8}};
#endif

/// The instance that a plan names; null where this build or the plan's format has none.
[[nodiscard]] inline cutlass_run* find_cutlass([[maybe_unused]] const plan& p) noexcept {
#ifdef WEIR_WITH_CUTLASS
  const int which = p.choice.variant - 1;
  if (which >= 0 && which < cutlass_instances && cutlass_table[which].kind == p.kind) return cutlass_table[which].run;
#endif
  return nullptr;
}

/// Whether the named instance takes a description: rows without gaps in y that begin at multiples of 16 bytes, scales
/// by channel (and token) one after the other, no bias, no experts.
[[nodiscard]] inline bool cutlass_serves(const plan& p, const gemm_desc& d) noexcept {
  return find_cutlass(p) && p.experts == 0 && p.group == 0 && !p.has_bias && p.y == dtype::bf16 && p.m > 0 &&
         p.n % 16 == 0 && p.k % 32 == 0 && d.y.stride[0] % 8 == 0 &&
         reinterpret_cast<std::uintptr_t>(d.y.data) % 16 == 0 && d.wq.scale.stride[0] == 1 &&
         (!d.xq.scale || d.xq.scale.stride[0] == 1);
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CUTLASS_PLAN_CUH
