// weir/kernels/cuda/cluster_plan.cuh - how the kernel for clusters is shaped for a description, and its launch. Needs
// the CUDA toolkit's headers.
#ifndef WEIR_KERNELS_CUDA_CLUSTER_PLAN_CUH
#define WEIR_KERNELS_CUDA_CLUSTER_PLAN_CUH

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "weir/kernels/cuda/cluster_variants.cuh"
#include "weir/kernels/cuda/device.cuh"
#include "weir/kernels/cuda/tensor_map.cuh"
#include "weir/kernels/plan.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// What tuning::variant may be beyond which_variant.
enum cluster_rows : std::int32_t {
  clusters_64 = 5,   ///< Clusters of split_k blocks of 64 rows.
  clusters_128 = 6,  ///< Of 128 rows.
  ready_64 = 7,      ///< As clusters_64, after a kernel that makes the columns of x for all of them.
  ready_128 = 8,     ///< As clusters_128, likewise.
};
[[nodiscard]] inline bool in_clusters(const plan& p) noexcept {
  return p.choice.variant >= clusters_64 && p.choice.variant <= ready_128;
}
[[nodiscard]] inline bool makes_columns_before(const plan& p) noexcept {
  return p.choice.variant == ready_64 || p.choice.variant == ready_128;
}
[[nodiscard]] inline bool of_128_rows(const plan& p) noexcept {
  return p.choice.variant == clusters_128 || p.choice.variant == ready_128;
}

inline constexpr int least_stages = 3;

/// The kernel of a plan, for at most `tokens` at a time, and how deep its ring is where `per_multiprocessor` blocks
/// share a multiprocessor; 0: they don't fit.
struct cluster_choice {
  cluster_variant kernel;
  std::int32_t tokens = 0;
  int stages = 0;
};
[[nodiscard]] inline cluster_choice fit_cluster(const plan& p, const gemm_args& a, std::int64_t tokens,
                                                const device_facts& device) noexcept {
  const cluster_variant v = find_cluster(p.kind, p.group != 0, tokens, of_128_rows(p));
  if (!v.kernel) return {};
  constexpr int reserved = 1024;  // that the device itself takes of a block
  const int per = std::max<std::int32_t>(p.choice.per_multiprocessor, 1);
  const int room = (device.shared_bytes + reserved) / per - reserved - v.fixed_bytes(a);
  return {v, v.tokens, std::min(v.most_stages, std::max(room, 0) / v.stage_bytes)};
}
/// The largest number of tokens at a time whose columns leave room for a ring.
[[nodiscard]] inline cluster_choice choose_cluster(const plan& p, const gemm_args& a,
                                                   const device_facts& device) noexcept {
  const std::int64_t most = p.experts > 0 ? (p.m + p.experts - 1) / p.experts : p.m;
  for (std::int64_t tokens = std::min<std::int64_t>(most, 64);; tokens = tokens > 32   ? 32
                                                                         : tokens > 16 ? 16
                                                                         : tokens > 8  ? 8
                                                                                       : 2) {
    const cluster_choice c = fit_cluster(p, a, tokens, device);
    if (c.stages >= least_stages) return c;
    if (tokens <= 2) return {};
  }
}

/// Bytes of all tokens' columns, where they are made beforehand.
[[nodiscard]] inline std::size_t columns_bytes(const plan& p) noexcept {
  const cluster_variant v = find_cluster(p.kind, p.group != 0, p.at_once, of_128_rows(p));
  gemm_args a{};
  a.k = static_cast<int>(p.k);
  return static_cast<std::size_t>((p.m + v.tokens - 1) / v.tokens) * static_cast<std::size_t>(v.columns_bytes(a));
}

[[nodiscard]] inline cudaLaunchConfig_t cluster_launch(const cluster_variant& v, dim3 grid, int split, int shared,
                                                       cudaStream_t stream,
                                                       cudaLaunchAttribute (&attributes)[2]) noexcept {
  attributes[0].id = cudaLaunchAttributeClusterDimension;
  attributes[0].val.clusterDim.x = static_cast<unsigned>(split);
  attributes[0].val.clusterDim.y = 1, attributes[0].val.clusterDim.z = 1;
  attributes[1].id = cudaLaunchAttributeProgrammaticStreamSerialization;  // the kernel waits where it must
  attributes[1].val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = grid, config.blockDim = dim3(static_cast<unsigned>(v.threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(shared), config.stream = stream;
  config.attrs = attributes, config.numAttrs = 2;
  return config;
}

/// Chooses the cluster's length, ring and grid where they are open.
[[nodiscard]] inline status plan_clusters(const gemm_desc& d, const device_facts& device, plan& p) noexcept {
  if (device.capability != 90 || (p.group != 0 && p.group != 128) || !tensor_map_encoder()) return status::no_kernel;
  if (makes_columns_before(p) && p.experts != 0) return status::no_kernel;
  gemm_args a = arguments_of(d);
  const std::int64_t rows = of_128_rows(p) ? 128 : 64;
  const std::int64_t tiles = std::max<std::int64_t>((p.n + rows - 1) / rows, 1);
  const int chunks = std::max((a.k * bits(d.w.type) + 1023) / 1024, 1);
  const bool open = p.choice.per_multiprocessor == 0;
  if (open) p.choice.per_multiprocessor = p.m > 16 ? 1 : 2;
  if (p.choice.split_k == 0) {  // more tokens make more columns, which longer clusters share
    if (makes_columns_before(p))
      p.choice.split_k = std::min<std::int64_t>(p.m, 64) * p.k > 1 << 18 ? 8 : p.n < 4096 ? 4 : 2;
    else
      p.choice.split_k = p.m > 8 || tiles < 32 ? 8 : p.m > 4 || tiles < 64 ? 4 : 2;
    while (p.choice.split_k > 1 && p.choice.split_k * 2 > chunks) p.choice.split_k /= 2;
  }
  const int split = p.choice.split_k;
  if (split != 1 && split != 2 && split != 4 && split != 8) return status::no_kernel;
  a.split_k = split;
  cluster_choice c = choose_cluster(p, a, device);
  if (open && p.choice.per_multiprocessor > 1 && c.tokens < std::min<std::int64_t>(p.m, 64))
    p.choice.per_multiprocessor = 1, c = choose_cluster(p, a, device);
  if (c.stages == 0) return status::no_kernel;
  p.at_once = c.tokens;
  p.stages = std::min(c.stages, std::max<int>(least_stages, static_cast<int>((chunks + split - 1) / split * tiles)));
  const int shared = p.stages * c.kernel.stage_bytes + c.kernel.fixed_bytes(a);
  if (cudaFuncSetAttribute(c.kernel.kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, device.shared_bytes) !=
      cudaSuccess)
    return status::no_kernel;
  cudaLaunchAttribute attributes[2];
  cudaLaunchConfig_t config =
      cluster_launch(c.kernel, dim3(static_cast<unsigned>(split)), split, shared, nullptr, attributes);
  config.numAttrs = 1;
  int active = 0;
  if (cudaOccupancyMaxActiveClusters(&active, c.kernel.kernel, &config) != cudaSuccess || active == 0)
    return status::no_kernel;
  // As many rounds as needed, and no more clusters than fill them evenly; experts take what is free.
  const std::int64_t rounds = p.experts != 0 ? 1 : (tiles + active - 1) / active;
  p.blocks = static_cast<std::int32_t>((tiles + rounds - 1) / rounds * split);
  return status::ok;
}

/// The kernel that makes the columns, a block a token; the next one begins while it runs.
[[nodiscard]] inline status launch_columns(const cluster_variant& v, const gemm_args& a, cudaStream_t stream) noexcept {
  cudaLaunchAttribute attribute;
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(a.m)), config.blockDim = dim3(columns_threads);
  config.stream = stream, config.attrs = &attribute, config.numAttrs = 1;
  return cudaLaunchKernelEx(&config, v.make_columns, a) == cudaSuccess ? status::ok : status::launch_failed;
}

/// \param columns, scales  where columns are made beforehand, memory for them.
[[nodiscard]] inline status launch_clusters(const plan& p, const gemm_desc& d, std::byte* columns, std::byte* scales,
                                            cudaStream_t stream) noexcept {
  const cluster_variant v = find_cluster(p.kind, p.group != 0, p.at_once, of_128_rows(p));
  gemm_args a = arguments_of(d);
  a.split_k = p.choice.split_k, a.stages = p.stages, a.early = p.choice.early != 0;
  tensor_map w;
  if (const status s = map_weights(d, v.rows, w); s != status::ok) return s;
  if (makes_columns_before(p)) {
    a.columns = reinterpret_cast<std::uint8_t*>(columns), a.column_scales = reinterpret_cast<float*>(scales);
    if (const status s = launch_columns(v, a, stream); s != status::ok) return s;
  }
  const dim3 grid(static_cast<unsigned>(p.blocks), static_cast<unsigned>(std::max<std::int64_t>(p.experts, 1)));
  cudaLaunchAttribute attributes[2];
  const cudaLaunchConfig_t config =
      cluster_launch(v, grid, a.split_k, a.stages * v.stage_bytes + v.fixed_bytes(a), stream, attributes);
  return cudaLaunchKernelEx(&config, v.kernel, a, static_cast<const tensor_map>(w)) == cudaSuccess
             ? status::ok
             : status::launch_failed;
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CLUSTER_PLAN_CUH
