// weir/kernels/cuda/tuned.cuh - measured choices: what ran fastest for a format and size, as `weir-kernels tune` found
// it on one H100. Needs the standard library only.
#ifndef WEIR_KERNELS_CUDA_TUNED_CUH
#define WEIR_KERNELS_CUDA_TUNED_CUH

#include <cstdint>

#include "weir/kernels/plan.hpp"

namespace weir::kernels::inline v0::cuda {

/// What ran fastest for up to `m` tokens (and more than the row before has, of the same format and size).
struct tuned_row {
  format kind;
  std::int32_t group;
  bool dynamic;
  std::int64_t n, k, m;
  tuning best;
};

/// Rows of one format and size stand together, with rising m.
inline constexpr tuned_row tuned_rows[] = {
#include "weir/kernels/cuda/tuned_h100.inc"
    {format::bf16, 0, false, 0, 0, 0, {}}};

/// The measured choice for a plan's format and size; null where none was measured.
[[nodiscard]] inline const tuning* find_tuned(const plan& p) noexcept {
  if (p.experts != 0) return nullptr;
  for (const tuned_row& row : tuned_rows)
    if (row.kind == p.kind && row.group == p.group && row.dynamic == p.dynamic && row.n == p.n && row.k == p.k &&
        p.m <= row.m)
      return &row.best;
  return nullptr;
}

}  // namespace weir::kernels::inline v0::cuda

#endif  // WEIR_KERNELS_CUDA_TUNED_CUH
