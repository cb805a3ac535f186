// weir/kernels/cuda/gemm.cuh - quantized matrix products on NVIDIA devices from sm_80 on: own kernels for few tokens,
// cuBLASLt for many. Needs the CUDA toolkit's headers and dlopen.
#ifndef WEIR_KERNELS_CUDA_GEMM_CUH
#define WEIR_KERNELS_CUDA_GEMM_CUH

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "weir/kernels/cuda/cluster_plan.cuh"
#include "weir/kernels/cuda/cutlass_plan.cuh"
#include "weir/kernels/cuda/library_plan.cuh"
#include "weir/kernels/cuda/quantize.cuh"
#include "weir/kernels/cuda/stream_plan.cuh"
#include "weir/kernels/cuda/tuned.cuh"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cuda {

using kernels::workspace_bytes;

namespace detail {

/// Tokens up to which own kernels are taken where no table says otherwise: where cuBLASLt overtook the kernel for
/// clusters on an H100, and the streaming kernel on an H200 (docs/kernels.md).
[[nodiscard]] inline std::int64_t few_tokens(const plan& p, const device_facts& device) noexcept {
  const bool clusters = device.capability == 90 && (p.group == 0 || p.group == 128), large = p.n * p.k > 1 << 25;
  switch (p.kind) {
    case format::bf16:
      return large ? (clusters ? 16 : 0) : 1;
    case format::w8a16:
      return 64;
    case format::w8a8:
      return clusters ? 16 : 8;
    case format::w8a8_fp8:
      return clusters ? (p.dynamic ? 16 : 32) : 4;
    case format::w4a16:
      return 32;
    default:
      return clusters ? 32 : 64;
  }
}

/// Chooses shape, split and grid of an own kernel.
[[nodiscard]] inline status plan_own(const gemm_desc& d, const device_facts& device, plan& p) noexcept {
  if (p.kind == format::w8a8_fp8 && device.capability < 89) return status::no_kernel;
  if (p.group != 0 && ((p.group != 32 && p.group != 64 && p.group != 128) || d.wq.scale.type != dtype::bf16 ||
                       weight_type(p.kind) != dtype::i4 || d.wq.scale.stride_back(1) != 1))
    return status::no_kernel;
  if (in_clusters(p)) return plan_clusters(d, device, p);
  // Several tokens are quantized sooner by a kernel of their own than by each cluster, where an H200 was asked; one
  // token sooner by each block. Experts with few tokens each stream, but for groups.
  if (p.choice.variant == 0 && p.dynamic && p.m > 1 && p.experts == 0) {
    plan trial = p;
    trial.choice.variant = p.m > 16 ? ready_128 : ready_64;
    if (plan_clusters(d, device, trial) == status::ok) return p = trial, status::ok;
  }
  if (p.choice.variant == 0 && !(p.m == 1 && may_make(p)) && (p.experts == 0 || p.group != 0)) {
    plan trial = p;
    for (const std::int32_t variant : {clusters_128, clusters_64}) {
      trial.choice.variant = variant;
      if (plan_clusters(d, device, trial) == status::ok) return p = trial, status::ok;
      trial = p;
    }
  }
  return plan_stream(d, device, p);
}

/// Queues the product of what is quantized already, unless a kernel of clusters does it.
[[nodiscard]] inline status launch(const plan& p, const gemm_desc& d, std::byte* workspace,
                                   cudaStream_t stream) noexcept {
  if (p.choice.library == 1) return launch_library(p, d, workspace, stream);
  if (p.choice.library == 2) return launch_stream(p, d, workspace, stream);
  cutlass_run* const run = find_cutlass(p);
  return run ? run(arguments_of(d), workspace + divide(p).library, cutlass_workspace, stream) : status::wrong_plan;
}

}  // namespace detail

/// Checks `d`, and chooses how it runs on the current device: as the table of measured choices says (tuned.cuh), else
/// by rules. Beside the rules of desc.hpp: rows of x and w begin at a multiple of 16 bytes; groups are of 32, 64 or 128
/// with bf16 scales and 4-bit weights.
/// \param choice  what is not to be chosen freely.
[[nodiscard]] inline status make_plan(const gemm_desc& d, plan& p, tuning choice = {}) {
  if (const status s = begin_plan(d, p); s != status::ok) return s;
  if (p.group == 0 && d.wq.scale && d.wq.scale.type != dtype::f32) return status::bad_scale_type;
  if (!detail::rows_aligned(d.x) || !detail::rows_aligned(d.w)) return status::bad_alignment;
  if (p.m > 0x7FFFFFFF || p.n > 0x7FFFFFFF || p.k > 0x3FFFFFFF) return status::no_kernel;
  const detail::device_facts device = detail::current_device();
  if (device.capability < 80) return device.capability == 0 ? status::no_device : status::no_kernel;
  p.choice = choice;
  const bool open = choice.library == 0 && choice.variant == 0 && choice.split_k == 0;
  if (const tuning* best = open && device.capability == 90 ? find_tuned(p, detail::has_h200_memory(device)) : nullptr) {
    p.choice = *best, p.choice.early = choice.early;
    if (best->library == 3 && !detail::cutlass_serves(p, d)) p.choice = choice;
  }
  if (p.choice.library == 0) p.choice.library = p.m > detail::few_tokens(p, device) && p.experts == 0 ? 1 : 2;
  if (p.choice.library == 3 && !detail::cutlass_serves(p, d)) return status::no_kernel;
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
  if (detail::in_clusters(p) && p.choice.library == 2) {
    const detail::areas at = detail::divide(p);
    return detail::launch_clusters(p, d, space + at.x, space + at.x_scale, stream);
  }
  if (!p.dynamic || detail::makes(p)) return detail::launch(p, d, space, stream);
  const detail::areas at = detail::divide(p);
  gemm_desc plain = d;
  plain.x = {space + at.x, d.xq.to, 2, {p.m, p.k}, {detail::pitch(p), 1}};
  plain.xq = {quant_mode::per_token, 0, vector_view(space + at.x_scale, dtype::f32, p.m), d.xq.to};
  if (const status s = quantize(d.x, plain.x, plain.xq.scale, stream); s != status::ok) return s;
  return detail::launch(p, plain, space, stream);
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
