// weir/kernels/cuda/tuned.cuh - finds the measured choice for a plan. Needs the standard library only.
#ifndef WEIR_KERNELS_CUDA_TUNED_CUH
#define WEIR_KERNELS_CUDA_TUNED_CUH

#include <span>

#include "weir/kernels/cuda/tuned_h100.cuh"
#include "weir/kernels/cuda/tuned_h200.cuh"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/tuned.hpp"

namespace weir::kernels::inline v0::cuda {

[[nodiscard]] inline const tuning* find_row(const plan& p, std::span<const tuned_row> rows) noexcept {
  for (const tuned_row& row : rows)
    if (row.kind == p.kind && row.group == p.group && row.dynamic == p.dynamic && row.n == p.n && row.k == p.k &&
        p.m <= row.m)
      return &row.best;
  return nullptr;
}

/// The measured choice for a plan's format and size; null where none was measured.
/// \param h200  the device's memory is an H200's; what was not measured on one is chosen as on an H100.
[[nodiscard]] inline const tuning* find_tuned(const plan& p, bool h200) noexcept {
  if (p.experts != 0) return nullptr;
  const tuning* const there = h200 ? find_row(p, tuned_h200) : nullptr;
  return there ? there : find_row(p, tuned_h100);
}

}  // namespace weir::kernels::inline v0::cuda

#endif  // WEIR_KERNELS_CUDA_TUNED_CUH
