// What kernels/cuda uses of CUDA's own headers, for a compiler that has none: see emulated.hpp.
#ifndef WEIR_EMULATED_CUDA_RUNTIME_H
#define WEIR_EMULATED_CUDA_RUNTIME_H

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>

#define __device__
#define __host__
#define __global__
#define __shared__ static
#define __forceinline__ inline
#define __noinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __CUDA_ARCH__ 900
#define __CUDA_ARCH_FEAT_SM90_ALL

struct uint2 {
  std::uint32_t x, y;
};
struct uint4 {
  std::uint32_t x, y, z, w;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};
inline dim3 threadIdx, blockIdx, gridDim, blockDim;  // of the thread that runs now

using std::max, std::min;

inline float __uint_as_float(std::uint32_t v) {
  return std::bit_cast<float>(v);
}
inline std::uint32_t __float_as_uint(float v) {
  return std::bit_cast<std::uint32_t>(v);
}
inline float __fdiv_rn(float a, float b) {
  return a / b;
}
inline float __frcp_rn(float a) {
  return 1 / a;
}
inline float __fdiv_rz(float a, float b) {  // a double quotient of floats is never so near a float that cutting it errs
  const double q = static_cast<double>(a) / static_cast<double>(b);
  const auto f = static_cast<float>(q);
  return std::fabs(static_cast<double>(f)) > std::fabs(q) ? std::nextafter(f, 0.0F) : f;
}
inline std::uint32_t __vmaxu2(std::uint32_t a, std::uint32_t b) {
  return max(a & 0xFFFF, b & 0xFFFF) | max(a >> 16, b >> 16) << 16;
}

#endif  // WEIR_EMULATED_CUDA_RUNTIME_H
