// See emulated.hpp.
#ifndef WEIR_EMULATED_CUDA_FP8_H
#define WEIR_EMULATED_CUDA_FP8_H

#include "weir/kernels/fp8.hpp"

enum { __NV_SATFINITE, __NV_E4M3 };
inline std::uint8_t __nv_cvt_float_to_fp8(float v, int, int) {
  return weir::kernels::to_e4m3(v);
}

#endif  // WEIR_EMULATED_CUDA_FP8_H
