// weir/kernels/cuda/cluster_variants.cuh - the shapes of the kernel for clusters, as a table. Needs the CUDA toolkit's
// headers.
#ifndef WEIR_KERNELS_CUDA_CLUSTER_VARIANTS_CUH
#define WEIR_KERNELS_CUDA_CLUSTER_VARIANTS_CUH

#include "weir/kernels/cuda/cluster_gemm.cuh"
#include "weir/kernels/cuda/columns_kernel.cuh"
#include "weir/kernels/format.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// One compiled kernel and what a launch of it must know.
struct cluster_variant {
  void (*kernel)(gemm_args, const tensor_map) = nullptr;
  int (*fixed_bytes)(const gemm_args&) = nullptr;  // of shared memory, beside the ring
  int threads = 0, rows = 0, tokens = 0, stage_bytes = 0, most_stages = 0, k_chunk = 0;
  void (*make_columns)(gemm_args) = nullptr;         // beforehand, a block a token
  int (*columns_bytes)(const gemm_args&) = nullptr;  // of `tokens` tokens
};

template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
[[nodiscard]] cluster_variant make_cluster_variant() noexcept {
  using shape = cluster_shape<Weights, Columns, Digits, Warpgroups, Grouped>;
  return {cluster_gemm_kernel<Weights, Columns, Digits, Warpgroups, Grouped>,
          [](const gemm_args& a) { return shape::fixed_bytes(a); },
          shape::threads,
          shape::rows,
          shape::tokens,
          shape::stage_bytes,
          shape::most_stages,
          shape::k_chunk,
          columns_kernel<Weights, Columns, Digits>,
          [](const gemm_args& a) { return shape::columns_bytes(a); }};
}

/// Of so many tokens at a time, at most 2, 8, 16, 32, 64, in three columns of digits each. More sums than registers are
/// not compiled.
template <class Weights, bool Grouped>
[[nodiscard]] cluster_variant digits_variant(std::int64_t tokens, bool wide) noexcept {
  if (tokens <= 2)
    return wide ? make_cluster_variant<Weights, 8, 3, 2, Grouped>() : make_cluster_variant<Weights, 8, 3, 1, Grouped>();
  if (tokens <= 8)
    return wide ? make_cluster_variant<Weights, 24, 3, 2, Grouped>()
                : make_cluster_variant<Weights, 24, 3, 1, Grouped>();
  if (tokens <= 16)
    return wide ? make_cluster_variant<Weights, 48, 3, 2, Grouped>()
                : make_cluster_variant<Weights, 48, 3, 1, Grouped>();
  if (tokens <= 32)
    return wide ? make_cluster_variant<Weights, 96, 3, 2, Grouped>()
                : make_cluster_variant<Weights, 96, 3, 1, Grouped>();
  if constexpr (Grouped)
    return wide ? cluster_variant{} : make_cluster_variant<Weights, 192, 3, 1, Grouped>();
  else
    return wide ? make_cluster_variant<Weights, 192, 3, 2, Grouped>() : cluster_variant{};
}
/// Of so many tokens at a time, at most 8, 16, 32, 64, in one column each.
template <class Weights, bool Grouped>
[[nodiscard]] cluster_variant plain_cluster(std::int64_t tokens, bool wide) noexcept {
  if (tokens <= 8)
    return wide ? make_cluster_variant<Weights, 8, 1, 2, Grouped>() : make_cluster_variant<Weights, 8, 1, 1, Grouped>();
  if (tokens <= 16)
    return wide ? make_cluster_variant<Weights, 16, 1, 2, Grouped>()
                : make_cluster_variant<Weights, 16, 1, 1, Grouped>();
  if (!wide) return {};
  return tokens <= 32 ? make_cluster_variant<Weights, 32, 1, 2, Grouped>()
                      : make_cluster_variant<Weights, 64, 1, 2, Grouped>();
}

/// \param wide  128 rows a block, not 64.
/// \return      no kernel where there is none of that shape.
[[nodiscard]] inline cluster_variant find_cluster(format f, bool grouped, std::int64_t tokens, bool wide) noexcept {
  switch (f) {
    case format::bf16:
      return plain_cluster<cluster_bf16, false>(tokens, wide);
    case format::w8a16:
      return digits_variant<cluster_i8, false>(tokens, wide);
    case format::w8a8:
      return plain_cluster<cluster_i8, false>(tokens, wide);
    case format::w8a8_fp8:
      return plain_cluster<cluster_e4m3, false>(tokens, wide);
    case format::w4a16:
      return grouped ? digits_variant<cluster_i4, true>(tokens, wide) : digits_variant<cluster_i4, false>(tokens, wide);
    case format::w4a8:
    case format::w4a4:
      return grouped ? plain_cluster<cluster_i4, true>(tokens, wide) : plain_cluster<cluster_i4, false>(tokens, wide);
  }
  return {};
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CLUSTER_VARIANTS_CUH
