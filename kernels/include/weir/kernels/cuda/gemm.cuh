// weir/kernels/cuda/gemm.cuh - quantized matrix products on NVIDIA devices from sm_80 on: own kernels for few tokens,
// cuBLASLt for many. Needs the CUDA toolkit's headers and dlopen.
#ifndef WEIR_KERNELS_CUDA_GEMM_CUH
#define WEIR_KERNELS_CUDA_GEMM_CUH

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "weir/kernels/cuda/convert.cuh"
#include "weir/kernels/cuda/cublaslt.cuh"
#include "weir/kernels/cuda/quantize.cuh"
#include "weir/kernels/cuda/variants.cuh"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cuda {

using kernels::workspace_bytes;

namespace detail {

/// Tokens up to which own kernels are taken by themselves: where cuBLASLt overtook them on an H200 (docs/kernels.md).
[[nodiscard]] inline std::int64_t few_tokens(const plan& p) noexcept {
  switch (p.kind) {
    case format::bf16:
      return p.n * p.k <= std::int64_t{1} << 25 ? 1 : 0;
    case format::w8a8:
      return 8;
    case format::w8a8_fp8:
      return 4;
    case format::w4a16:
      return 32;
    default:
      return 64;
  }
}
/// Tokens up to which they quantize x themselves.
inline constexpr std::int64_t making_tokens = 2;
/// The start of every workspace: counters of blocks, zero between calls.
inline constexpr std::size_t counter_bytes = 65536;

/// Where things stand in a workspace, by bytes.
struct areas {
  std::size_t partial = counter_bytes, x = 0, x_scale = 0, w = 0, sums = 0, library = 0, total = 0;
};

[[nodiscard]] inline bool library_makes_sums(const plan& p) noexcept {  // beside y, to be scaled afterwards
  return sums_integers(p.kind) ? p.y != dtype::i32
                               : p.kind == format::w8a16 || (p.kind == format::w4a16 && p.group == 0) || p.has_bias;
}

/// Elements from one row to the next of x and w in a workspace.
[[nodiscard]] inline std::int64_t pitch(const plan& p) noexcept {
  return (p.k + 31) / 32 * 32;
}

[[nodiscard]] inline areas divide(const plan& p) noexcept {
  const auto m = static_cast<std::size_t>(p.m), n = static_cast<std::size_t>(p.n),
             k = static_cast<std::size_t>(pitch(p));
  const auto padded = [](std::size_t size) { return (size + 255) / 256 * 256; };
  areas a;
  const bool own = p.choice.library == 2;
  a.x = a.partial + padded(own && p.choice.split_k > 1 ? m * n * 4 * static_cast<std::size_t>(p.choice.split_k) : 0);
  const bool unpacked = !own && p.kind == format::w4a4;
  a.x_scale = a.x + padded(p.dynamic || unpacked ? m * k : 0) + padded(p.dynamic && unpacked ? m * k : 0);
  a.w = a.x_scale + padded(p.dynamic ? m * 4 : 0);
  const std::size_t widened = own || weight_type(p.kind) == activation_type(p.kind) && p.kind != format::w4a4 ? 0
                              : sums_integers(p.kind)                                                         ? 1
                                                                                                              : 2;
  a.sums = a.w + padded(n * k * widened);
  a.library = a.sums + padded(!own && library_makes_sums(p) ? m * n * 4 : 0);
  a.total = a.library + (own ? 0 : lt_workspace);
  return a;
}

/// What is known of the current device; asked once for each.
struct device_facts {
  int multiprocessors = 0, capability = 0, shared_bytes = 0;
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

[[nodiscard]] inline lt_problem problem_of(const plan& p, const gemm_desc& d) noexcept {
  lt_problem lt{};
  lt.in = sums_integers(p.kind) ? dtype::i8 : p.kind == format::w8a8_fp8 ? dtype::e4m3 : dtype::bf16;
  lt.out = library_makes_sums(p) ? (lt.in == dtype::i8 ? dtype::i32 : dtype::f32) : p.y;
  lt.m = p.m, lt.n = p.n, lt.k = p.k, lt.which = p.choice.variant;
  const bool x_kept = !p.dynamic && p.kind != format::w4a4;
  const bool w_kept = weight_type(p.kind) == lt.in;
  lt.x_row = x_kept ? d.x.stride[0] : pitch(p);
  lt.w_row = w_kept ? d.w.stride[0] : pitch(p);
  lt.y_row = library_makes_sums(p) ? p.n : d.y.stride[0];
  return lt;
}

/// Whether cuBLASLt has something for this plan.
[[nodiscard]] inline bool library_serves(const plan& p, const gemm_desc& d) {
  if (p.experts != 0 || p.m == 0 || p.n == 0 || p.k == 0 || p.m > 65535 || p.n > 65535) return false;
  if (sums_integers(p.kind) && p.group != 0) return false;
  if (p.kind == format::w8a8_fp8 && (d.wq.scale.stride[0] != 1 || (!p.dynamic && d.xq.scale.stride[0] != 1)))
    return false;
  return find_lt(problem_of(p, d)).answer == status::ok;
}

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

/// Chooses tiling, split and grid of the own kernel.
[[nodiscard]] inline status plan_own(const gemm_desc& d, const device_facts& device, plan& p) noexcept {
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

[[nodiscard]] inline status launch_own(const plan& p, const gemm_desc& d, std::byte* workspace,
                                       cudaStream_t stream) noexcept {
  gemm_args a = arguments_of(d);
  a.split_k = p.choice.split_k;
  a.arrived = reinterpret_cast<int*>(workspace);
  a.partial = workspace + divide(p).partial;
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

/// x and w as the library multiplies them, then the product, then scales and bias.
[[nodiscard]] inline status launch_library(const plan& p, const gemm_desc& d, std::byte* workspace,
                                           cudaStream_t stream) noexcept {
  const areas at = divide(p);
  const lt_problem lt = problem_of(p, d);
  gemm_args a = arguments_of(d);
  const void *x = d.x.data, *w = d.w.data;
  const int m = a.m, n = a.n, k = a.k;
  const std::int64_t vectors = (k + 7) / 8;
  if (p.kind == format::w4a4) {
    std::byte* wide = workspace + at.x + (p.dynamic ? (static_cast<std::size_t>(m * pitch(p)) + 255) / 256 * 256 : 0);
    widen_to_i8<<<grid_for(vectors, m), 256, 0, stream>>>(a.x, a.x_row, reinterpret_cast<std::uint8_t*>(wide), pitch(p),
                                                          k);
    x = wide;
  }
  if (weight_type(p.kind) != lt.in) {
    std::byte* wide = workspace + at.w;
    if (lt.in == dtype::i8)
      widen_to_i8<<<grid_for(vectors, n), 256, 0, stream>>>(a.w, a.w_row, reinterpret_cast<std::uint8_t*>(wide),
                                                            pitch(p), k);
    else
      widen_to_bf16<<<grid_for(vectors, n), 256, 0, stream>>>(
          a.w, d.w.type, a.w_row, p.group != 0 ? static_cast<const __nv_bfloat16*>(a.w_scale) : nullptr, a.scale_row,
          p.group, reinterpret_cast<__nv_bfloat16*>(wide), pitch(p), k);
    w = wide;
  }
  void* sums = library_makes_sums(p) ? workspace + at.sums : static_cast<void*>(d.y.data);
  const status s =
      run_lt(lt, x, w, sums, a.x_scale, static_cast<const float*>(a.w_scale), workspace + at.library, stream);
  if (s != status::ok) return s;
  if (library_makes_sums(p)) {
    if (lt.in == dtype::e4m3) a.x_scale = nullptr, a.w_scale = nullptr;  // applied by the library
    const dim3 blocks = grid_for(n, m);
    if (lt.out == dtype::i32)
      scale_sums<<<blocks, 256, 0, stream>>>(static_cast<const int*>(sums), a);
    else
      scale_sums<<<blocks, 256, 0, stream>>>(static_cast<const float*>(sums), a);
  }
  return cudaPeekAtLastError() == cudaSuccess ? status::ok : status::launch_failed;
}

}  // namespace detail

/// Checks `d`, and chooses how it runs on the current device. Beside the rules of desc.hpp: rows of x and w begin at a
/// multiple of 16 bytes; groups are of 32, 64 or 128 with bf16 scales and 4-bit weights.
/// \param choice  what is not to be chosen freely.
[[nodiscard]] inline status make_plan(const gemm_desc& d, plan& p, tuning choice = {}) {
  if (const status s = begin_plan(d, p); s != status::ok) return s;
  if (p.group == 0 && d.wq.scale && d.wq.scale.type != dtype::f32) return status::bad_scale_type;
  if (!detail::rows_aligned(d.x) || !detail::rows_aligned(d.w)) return status::bad_alignment;
  if (p.m > 0x7FFFFFFF || p.n > 0x7FFFFFFF || p.k > 0x3FFFFFFF) return status::no_kernel;
  const detail::device_facts device = detail::current_device();
  if (device.capability < 80) return device.capability == 0 ? status::no_device : status::no_kernel;
  p.choice = choice;
  if (choice.library == 0) p.choice.library = p.m > detail::few_tokens(p) && p.experts == 0 ? 1 : 2;
  if (p.choice.library == 1) {
    p.choice.variant = std::max(p.choice.variant, 1);
    if (!detail::library_serves(p, d)) {
      if (choice.library == 1) return status::no_kernel;
      p.choice = {0, 0, 2};
    }
  }
  if (p.choice.library == 2)
    if (const status s = detail::plan_own(d, device, p); s != status::ok) return s;
  p.workspace = detail::divide(p).total;
  return status::ok;
}

/// Queues the product on `stream`, without allocating: it can be captured in a graph.
/// \param workspace  workspace_bytes(p) bytes of device memory at a multiple of 256, zeroed before their first use; any
///                   plans may share them as long as their runs do not overlap.
/// \return           ok, or the first rule that was broken; nothing is queued unless ok or launch_failed.
[[nodiscard]] inline status run(const plan& p, const gemm_desc& d, void* workspace, cudaStream_t stream) noexcept {
  if (const status s = check_plan(p, d, workspace); s != status::ok) return s;
  if (p.m == 0 || p.n == 0) return status::ok;
  auto* space = static_cast<std::byte*>(workspace);
  if (p.dynamic && !detail::makes(p)) {
    const detail::areas at = detail::divide(p);
    gemm_desc plain = d;
    plain.x = {space + at.x, d.xq.to, 2, {p.m, p.k}, {detail::pitch(p), 1}};
    plain.xq = {quant_mode::per_token, 0, vector_view(space + at.x_scale, dtype::f32, p.m), d.xq.to};
    if (const status s = quantize(d.x, plain.x, plain.xq.scale, stream); s != status::ok) return s;
    return p.choice.library == 1 ? detail::launch_library(p, plain, space, stream)
                                 : detail::launch_own(p, plain, space, stream);
  }
  return p.choice.library == 1 ? detail::launch_library(p, d, space, stream) : detail::launch_own(p, d, space, stream);
}

/// Copies w: these kernels read the checkpoint's layout, so nothing needs packing.
[[nodiscard]] inline status prepack(const tensor_view& plain, const tensor_view& packed, cudaStream_t stream) noexcept {
  if (plain.rank != packed.rank || plain.type != packed.type || plain.count() != packed.count())
    return status::shapes_differ;
  if (plain.count() == 0) return status::ok;
  if (!plain.data || !packed.data) return status::bad_pointer;
  const auto size = static_cast<std::size_t>(bytes(plain.type, plain.count()));
  return cudaMemcpyAsync(packed.data, plain.data, size, cudaMemcpyDeviceToDevice, stream) == cudaSuccess
             ? status::ok
             : status::launch_failed;
}

}  // namespace weir::kernels::inline v0::cuda

#endif  // WEIR_KERNELS_CUDA_GEMM_CUH
