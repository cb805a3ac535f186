// weir/kernels/cuda/library_plan.cuh - products by cuBLASLt: what it serves, what is prepared for it and done
// afterwards. Needs the CUDA toolkit's headers and dlopen.
#ifndef WEIR_KERNELS_CUDA_LIBRARY_PLAN_CUH
#define WEIR_KERNELS_CUDA_LIBRARY_PLAN_CUH

#include <cstddef>
#include <cstdint>

#include "weir/kernels/cuda/cluster_plan.cuh"
#include "weir/kernels/cuda/convert.cuh"
#include "weir/kernels/cuda/cublaslt.cuh"
#include "weir/kernels/cuda/cutlass_plan.cuh"
#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/stream_plan.cuh"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cuda::detail {

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
  const bool own = p.choice.library == 2, library = p.choice.library == 1;
  if (own && in_clusters(p)) {  // the columns of x, where they are made beforehand
    a.x = a.partial;
    if (!makes_columns_before(p) || p.m == 0) return a;
    a.x_scale = a.x + padded(columns_bytes(p));
    a.total = a.x_scale + padded(m * 4);
    return a;
  }
  a.x = a.partial + padded(own && p.choice.split_k > 1 ? m * n * 4 * static_cast<std::size_t>(p.choice.split_k) : 0);
  const bool unpacked = library && p.kind == format::w4a4;
  a.x_scale = a.x + padded(p.dynamic || unpacked ? m * k : 0) + padded(p.dynamic && unpacked ? m * k : 0);
  a.w = a.x_scale + padded(p.dynamic ? m * 4 : 0);
  const bool kept = weight_type(p.kind) == activation_type(p.kind) && p.kind != format::w4a4;
  a.sums = a.w + padded(!library || kept ? 0 : n * k * (sums_integers(p.kind) ? 1 : 2));
  a.library = a.sums + padded(library && library_makes_sums(p) ? m * n * 4 : 0);
  a.total = a.library + (own ? 0 : library ? lt_workspace : cutlass_workspace);
  return a;
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

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_LIBRARY_PLAN_CUH
