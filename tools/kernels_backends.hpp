// tools/kernels_backends.hpp - the backends that this build of weir-kernels has.
#ifndef WEIR_TOOLS_KERNELS_BACKENDS_HPP
#define WEIR_TOOLS_KERNELS_BACKENDS_HPP

#include <memory>

#include "weir/kernels/lab/backend.hpp"

namespace weir::tool {

/// The first CUDA device; null where there is none. Only in builds with nvcc.
[[nodiscard]] std::unique_ptr<kernels::lab::backend> cuda_or_null();

}  // namespace weir::tool

#endif  // WEIR_TOOLS_KERNELS_BACKENDS_HPP
