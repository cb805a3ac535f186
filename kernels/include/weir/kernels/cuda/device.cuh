// weir/kernels/cuda/device.cuh - what plans need to know of the current device, and whether tensors suit it. Needs the
// CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_DEVICE_CUH
#define WEIR_KERNELS_CUDA_DEVICE_CUH

#include <cuda_runtime.h>

#include <cstdint>

#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// What is known of the current device.
struct device_facts {
  int multiprocessors = 0, capability = 0, shared_bytes = 0;
  int memory_bits = 0;  // that come at once: 5120 of an H100, 6144 of an H200
};
[[nodiscard]] inline device_facts current_device() noexcept {
  int device = 0;
  device_facts f;
  if (cudaGetDevice(&device) != cudaSuccess) return {};
  int major = 0, minor = 0;
  cudaDeviceGetAttribute(&f.multiprocessors, cudaDevAttrMultiProcessorCount, device);
  cudaDeviceGetAttribute(&f.shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  cudaDeviceGetAttribute(&f.memory_bits, cudaDevAttrGlobalMemoryBusWidth, device);
  f.capability = major * 10 + minor;
  return f;
}

[[nodiscard]] inline bool aligned(const void* p) noexcept {
  return reinterpret_cast<std::uintptr_t>(p) % 16 == 0;
}
[[nodiscard]] inline bool rows_aligned(const tensor_view& t) noexcept {
  for (std::int32_t i = 0; i + 1 < t.rank; ++i)
    if (bytes(t.type, t.stride[i]) % 16 != 0 && t.shape[i] > 1) return false;
  return aligned(t.data);
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_DEVICE_CUH
