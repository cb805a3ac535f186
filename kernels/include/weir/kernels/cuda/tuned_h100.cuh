// weir/kernels/cuda/tuned_h100.cuh - measured choices of one H100, as `weir-kernels tune` writes them. Needs the
// standard library only.
#ifndef WEIR_KERNELS_CUDA_TUNED_H100_CUH
#define WEIR_KERNELS_CUDA_TUNED_H100_CUH

#include "weir/kernels/tuned.hpp"

namespace weir::kernels::inline v0::cuda {

/// Rows of one format and size stand together, with rising m; the last row is of nothing.
inline constexpr tuned_row tuned_h100[] = {
    {format::bf16, 0, false, 0, 0, 0, {}},
};

}  // namespace weir::kernels::inline v0::cuda

#endif  // WEIR_KERNELS_CUDA_TUNED_H100_CUH
