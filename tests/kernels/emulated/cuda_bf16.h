// See emulated.hpp.
#ifndef WEIR_EMULATED_CUDA_BF16_H
#define WEIR_EMULATED_CUDA_BF16_H

#include "weir/kernels/bf16.hpp"

struct __nv_bfloat16 {
  std::uint16_t bits;
};
inline float __bfloat162float(__nv_bfloat16 v) {
  return weir::kernels::from_bf16(v.bits);
}
inline __nv_bfloat16 __float2bfloat16_rn(float v) {
  return {weir::kernels::to_bf16(v)};
}

#endif  // WEIR_EMULATED_CUDA_BF16_H
