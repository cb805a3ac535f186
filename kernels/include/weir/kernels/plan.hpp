// weir/kernels/plan.hpp - what a backend decided for one description. Needs the standard library only.
#ifndef WEIR_KERNELS_PLAN_HPP
#define WEIR_KERNELS_PLAN_HPP

#include <cstddef>
#include <cstdint>

#include "weir/kernels/check.hpp"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0 {

/// What may be chosen by hand or by `weir-kernels tune`; 0 leaves the choice to the backend.
struct tuning {
  std::int32_t variant = 0;             ///< cuda: which of the kernel's tilings, from 1.
  std::int32_t split_k = 0;             ///< cuda: over how many blocks k is divided.
  std::int32_t library = 0;             ///< cuda: 1 cuBLASLt, 2 own kernels, 3 CUTLASS (builds that have it).
  std::int32_t per_multiprocessor = 0;  ///< cuda: blocks of a cluster kernel that share a multiprocessor's memory.
  /// cuda: 1: w has been where it is for long, so it may be read before the kernels queued earlier have ended. Never
  /// chosen by itself.
  std::int32_t early = 0;
};

/// A decision. Plain data: keep it, copy it; it holds no memory and no handle.
struct plan {
  format kind{};
  std::int64_t m = 0, n = 0, k = 0, experts = 0;
  std::int32_t group = 0;  ///< 0: scales by channel.
  dtype x{}, y{};
  bool has_bias = false;
  bool dynamic = false;                  ///< The call quantizes x itself.
  std::int32_t blocks = 0;               ///< cuda: of the grid.
  bool clusters = false;                 ///< cuda: blocks of the streaming kernel start in clusters.
  std::int32_t at_once = 0, stages = 0;  ///< cuda: tokens and depth of the ring of a cluster kernel.
  tuning choice;                         ///< What was chosen, no field 0 where it has a meaning.
  std::size_t workspace = 0;             ///< Bytes.
};

/// Checks `d` and notes what it is; `choice` and `workspace` are left to the backend.
[[nodiscard]] inline status begin_plan(const gemm_desc& d, plan& p) noexcept {
  format f{};
  if (const status s = check(d, f); s != status::ok) return s;
  p = plan{};
  p.kind = f;
  p.m = tokens(d), p.n = channels(d), p.k = inner(d), p.experts = d.w.rank == 3 ? experts(d) : 0;
  p.group = d.wq.mode == quant_mode::per_group ? d.wq.group : 0;
  p.x = d.x.type, p.y = d.y.type, p.has_bias = static_cast<bool>(d.bias);
  p.dynamic = d.xq.mode == quant_mode::dynamic;
  return status::ok;
}

/// Whether `d` is what `p` was made for, and whole.
[[nodiscard]] inline status check_plan(const plan& p, const gemm_desc& d, const void* workspace) noexcept {
  plan now;
  if (const status s = begin_plan(d, now); s != status::ok) return s;
  const bool same = now.kind == p.kind && now.m == p.m && now.n == p.n && now.k == p.k && now.experts == p.experts &&
                    now.group == p.group && now.x == p.x && now.y == p.y && now.dynamic == p.dynamic &&
                    now.has_bias == p.has_bias;
  if (!same) return status::wrong_plan;
  return p.workspace != 0 && workspace == nullptr ? status::bad_workspace : status::ok;
}

[[nodiscard]] inline std::size_t workspace_bytes(const plan& p) noexcept {
  return p.workspace;
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_PLAN_HPP
