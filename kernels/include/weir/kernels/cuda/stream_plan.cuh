// weir/kernels/cuda/stream_plan.cuh - how the streaming kernel is shaped for a description, and its launch. Needs the
// CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_STREAM_PLAN_CUH
#define WEIR_KERNELS_CUDA_STREAM_PLAN_CUH

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "weir/kernels/cuda/device.cuh"
#include "weir/kernels/cuda/variants.cuh"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// Tokens up to which they quantize x themselves.
inline constexpr std::int64_t making_tokens = 2;
/// The start of every workspace: counters of blocks, zero between calls.
inline constexpr std::size_t counter_bytes = 65536;

/// Whether the kernel may quantize x itself.
[[nodiscard]] inline bool may_make(const plan& p) noexcept {
  return p.dynamic && p.m <= making_tokens && p.experts == 0;
}
[[nodiscard]] inline bool makes(const plan& p) noexcept {
  return p.choice.library == 2 && p.choice.variant == making;
}

[[nodiscard]] inline int tokens_at_once(const plan& p) noexcept {
  const std::int64_t most = p.experts > 0 ? (p.m + p.experts - 1) / p.experts : p.m;
  return most <= 8 ? 8 : most <= 16 ? 16 : most <= 32 ? 32 : 64;
}

[[nodiscard]] inline variant variant_of(const plan& p) noexcept {
  return makes(p) ? find_making(p.kind, p.group != 0)
                  : find_variant(p.kind, p.group != 0, tokens_at_once(p), p.choice.variant);
}

/// How a kernel is launched in clusters.
[[nodiscard]] inline cudaLaunchConfig_t clustered(dim3 grid, const variant& v, int shared, cudaStream_t stream,
                                                  cudaLaunchAttribute& attribute) noexcept {
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = cluster_blocks, attribute.val.clusterDim.y = 1, attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid, config.blockDim = dim3(static_cast<unsigned>(v.threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(shared), config.stream = stream;
  config.attrs = &attribute, config.numAttrs = 1;
  return config;
}

/// Whether a tiling suits a plan at all, and how many of its blocks the device runs at once.
[[nodiscard]] inline std::int64_t capacity(const plan& p, const gemm_args& a, const device_facts& device) noexcept {
  const std::int32_t which = p.choice.variant;
  if (which < narrow || which > making || (which == making && !may_make(p))) return 0;
  if (which != ring && which != making && (p.experts != 0 || tokens_at_once(p) > (which == wide ? 16 : 8))) return 0;
  const variant v = variant_of(p);
  const int shared = v.shared_bytes(a);
  int resident = 0;
  if (shared > device.shared_bytes || cudaFuncSetAttribute(v.kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                           device.shared_bytes - 1024) != cudaSuccess)
    return 0;
  if (device.capability >= 90 && v.clusters) {
    cudaLaunchAttribute attribute;
    const cudaLaunchConfig_t config = clustered(dim3(cluster_blocks), v, shared, nullptr, attribute);
    return cudaOccupancyMaxActiveClusters(&resident, v.kernel, &config) == cudaSuccess ? resident * cluster_blocks : 0;
  }
  const auto size = static_cast<std::size_t>(shared);
  if (cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, v.kernel, v.threads, size) != cudaSuccess) return 0;
  return static_cast<std::int64_t>(resident) * device.multiprocessors;
}

/// The first tiling that suits: blocks of 64 rows where there are enough of them to fill the device.
[[nodiscard]] inline std::int32_t choose_variant(const plan& p, const gemm_args& a,
                                                 const device_facts& device) noexcept {
  plan trial = p;
  const std::int64_t wide_blocks = (p.n + 63) / 64;
  const bool enough = wide_blocks >= 2 * device.multiprocessors;
  for (const std::int32_t which :
       {making, enough || p.m > 4 ? wide : narrow, enough || p.m > 4 ? narrow : wide, ring}) {
    trial.choice.variant = which;
    if (capacity(trial, a, device) > 0) return which;
  }
  return 0;
}

/// Chooses tiling, split and grid of the streaming kernel.
[[nodiscard]] inline status plan_stream(const gemm_desc& d, const device_facts& device, plan& p) noexcept {
  if (p.kind == format::w8a8_fp8 && device.capability < 89) return status::no_kernel;
  if (p.group != 0 && ((p.group != 32 && p.group != 64 && p.group != 128) || d.wq.scale.type != dtype::bf16 ||
                       weight_type(p.kind) != dtype::i4 || d.wq.scale.stride_back(1) != 1))
    return status::no_kernel;
  const gemm_args a = arguments_of(d);
  if (p.choice.variant == 0) p.choice.variant = choose_variant(p, a, device);
  const std::int64_t capacity = detail::capacity(p, a, device);
  if (capacity == 0) return status::no_kernel;
  const variant v = variant_of(p);
  const std::int64_t tiles = (p.n + v.rows - 1) / v.rows * std::max<std::int64_t>(1, (p.m + v.tokens - 1) / v.tokens);
  const std::int64_t steps = (p.k + v.k_step - 1) / v.k_step;
  std::int64_t split = p.choice.split_k;
  if (split == 0) split = p.m <= 8 && tiles * 4 > capacity ? 1 : std::min(capacity / tiles, steps / 2);
  if (p.experts != 0 || tiles * 4 > static_cast<std::int64_t>(counter_bytes)) split = 1;
  p.choice.split_k = static_cast<std::int32_t>(std::clamp<std::int64_t>(split, 1, std::max<std::int64_t>(steps, 1)));
  std::int64_t blocks = std::min(capacity, tiles * p.choice.split_k);
  p.clusters = device.capability >= 90 && v.clusters;
  if (p.clusters) blocks = (blocks + cluster_blocks - 1) / cluster_blocks * cluster_blocks;
  p.blocks = static_cast<std::int32_t>(blocks);
  return status::ok;
}

/// \param workspace  counters, and from `counter_bytes` on the parts of sums.
[[nodiscard]] inline status launch_stream(const plan& p, const gemm_desc& d, std::byte* workspace,
                                          cudaStream_t stream) noexcept {
  gemm_args a = arguments_of(d);
  a.split_k = p.choice.split_k;
  a.arrived = reinterpret_cast<int*>(workspace);
  a.partial = workspace + counter_bytes;
  const variant v = variant_of(p);
  const dim3 grid(static_cast<unsigned>(p.blocks), static_cast<unsigned>(std::max<std::int64_t>(p.experts, 1)));
  const int shared = v.shared_bytes(a);
  if (p.clusters) {
    cudaLaunchAttribute attribute;
    const cudaLaunchConfig_t config = clustered(grid, v, shared, stream, attribute);
    return cudaLaunchKernelEx(&config, v.kernel, a) == cudaSuccess ? status::ok : status::launch_failed;
  }
  v.kernel<<<grid, static_cast<unsigned>(v.threads), static_cast<std::size_t>(shared), stream>>>(a);
  return cudaPeekAtLastError() == cudaSuccess ? status::ok : status::launch_failed;
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_STREAM_PLAN_CUH
