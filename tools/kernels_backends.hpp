// tools/kernels_backends.hpp - the backends that this build of weir-kernels has.
#ifndef WEIR_TOOLS_KERNELS_BACKENDS_HPP
#define WEIR_TOOLS_KERNELS_BACKENDS_HPP

#include <memory>

#include "weir/kernels/lab/backend.hpp"

namespace weir::tool {

/// The first CUDA device; null where there is none. Only in builds with nvcc.
[[nodiscard]] std::unique_ptr<kernels::lab::backend> cuda_or_null();

/// cuda::make_plan and cuda::run for callers that no CUDA compiler reads. \param stream  a cudaStream_t.
[[nodiscard]] kernels::status cuda_plan(const kernels::gemm_desc& d, kernels::plan& p, kernels::tuning choice);
[[nodiscard]] kernels::status cuda_run(const kernels::plan& p, const kernels::gemm_desc& d, void* workspace,
                                       void* stream);
/// cuda::rms_norm_quantize, or cuda::silu_mul_quantize where `norm_weight` is null; waits for the end.
[[nodiscard]] kernels::status cuda_fused_quantize(const kernels::tensor_view& x, const void* norm_weight, float epsilon,
                                                  const kernels::tensor_view& q, const kernels::tensor_view& scale);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_KERNELS_BACKENDS_HPP
