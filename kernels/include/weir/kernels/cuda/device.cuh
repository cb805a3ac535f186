// weir/kernels/cuda/device.cuh - what plans need to know of the current device, and whether tensors suit it. Needs the
// CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_DEVICE_CUH
#define WEIR_KERNELS_CUDA_DEVICE_CUH

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// What is known of the current device.
struct device_facts {
  int multiprocessors = 0, capability = 0, shared_bytes = 0;
  std::size_t memory_bytes = 0;
};
/// Whether a device of sm_90 has the memory of an H200 (141 GB), not an H100's (80 to 96 GB).
[[nodiscard]] inline bool has_h200_memory(const device_facts& device) noexcept {
  return device.memory_bytes > std::size_t{110} << 30;
}
[[nodiscard]] inline device_facts current_device() noexcept {
  int device = 0;
  device_facts f;
  if (cudaGetDevice(&device) != cudaSuccess) return {};
  int major = 0, minor = 0;
  cudaDeviceGetAttribute(&f.multiprocessors, cudaDevAttrMultiProcessorCount, device);
  cudaDeviceGetAttribute(&f.shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  std::size_t unused = 0;
  if (cudaMemGetInfo(&unused, &f.memory_bytes) != cudaSuccess) f.memory_bytes = 0;
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
