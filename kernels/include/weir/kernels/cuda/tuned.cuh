// weir/kernels/cuda/tuned.cuh - finds the measured choice for a plan. Needs the standard library only.
#ifndef WEIR_KERNELS_CUDA_TUNED_CUH
#define WEIR_KERNELS_CUDA_TUNED_CUH

#include "weir/kernels/cuda/tuned_h100.cuh"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/tuned.hpp"

namespace weir::kernels::inline v0::cuda {

/// The measured choice for a plan's format and size; null where none was measured.
[[nodiscard]] inline const tuning* find_tuned(const plan& p) noexcept {
  if (p.experts != 0) return nullptr;
  for (const tuned_row& row : tuned_h100)
    if (row.kind == p.kind && row.group == p.group && row.dynamic == p.dynamic && row.n == p.n && row.k == p.k &&
        p.m <= row.m)
      return &row.best;
  return nullptr;
}

}  // namespace weir::kernels::inline v0::cuda

#endif  // WEIR_KERNELS_CUDA_TUNED_CUH
