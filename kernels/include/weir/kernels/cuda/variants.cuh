// weir/kernels/cuda/variants.cuh - the streaming kernel's tilings, as a table. Needs the CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_VARIANTS_CUH
#define WEIR_KERNELS_CUDA_VARIANTS_CUH

#include <cstdint>

#include "weir/kernels/cuda/stream_gemm.cuh"
#include "weir/kernels/format.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// One compiled kernel and what a launch of it must know.
struct variant {
  void (*kernel)(gemm_args) = nullptr;
  int (*shared_bytes)(const gemm_args&) = nullptr;
  int threads = 0, rows = 0, tokens = 0, k_step = 0;
  bool clusters =
      false;  ///< From sm_90 on in clusters of cluster_blocks: worth their start where x has more bits than w.
};

template <class Operands, int Tiles, int RowWarps, int KWarps, bool Grouped, x_place Place>
[[nodiscard]] variant make_variant() noexcept {
  using kernel = stream_gemm<Operands, Tiles, RowWarps, KWarps, Grouped, Place>;
  using shape = typename kernel::shape;
  return {stream_gemm_kernel<Operands, Tiles, RowWarps, KWarps, Grouped, Place>,
          [](const gemm_args& a) { return kernel::shared_bytes(a); },
          shape::threads,
          shape::rows,
          shape::tokens,
          shape::k_chunk * KWarps,
          Place == x_place::resident && Operands::x_bits > Operands::w_bits};
}

/// What tuning::variant may be.
enum which_variant : std::int32_t {
  narrow = 1,  ///< Blocks of 16 rows, x resident: for few rows and up to 8 tokens.
  wide = 2,    ///< Blocks of 64 rows, x resident: up to 16 tokens.
  ring = 3,    ///< Blocks of 64 rows (128 beyond 32 tokens), x in the ring: any number of tokens, and experts.
  making = 4,  ///< As narrow, and x is quantized by the kernel.
};

/// \param tokens  at most this many at a time: 8, 16, 32 or 64.
template <class Operands, bool Grouped>
[[nodiscard]] variant plain_variant(int tokens, std::int32_t which) noexcept {
  constexpr auto in_ring = x_place::ring, resident = x_place::resident;
  if (tokens == 8 && which == narrow) return make_variant<Operands, 1, 1, 8, Grouped, resident>();
  if (tokens == 8 && which == wide) return make_variant<Operands, 1, 4, 2, Grouped, resident>();
  if (tokens == 8) return make_variant<Operands, 1, 4, 2, Grouped, in_ring>();
  if (tokens == 16 && which == wide) return make_variant<Operands, 2, 4, 2, Grouped, resident>();
  if (tokens == 16) return make_variant<Operands, 2, 4, 2, Grouped, in_ring>();
  if (tokens == 32) return make_variant<Operands, 4, 4, 2, Grouped, in_ring>();
  return make_variant<Operands, 8, 8, 1, Grouped, in_ring>();
}

[[nodiscard]] inline variant find_variant(format f, bool grouped, int tokens, std::int32_t which) noexcept {
  switch (f) {
    case format::bf16:
      return plain_variant<bf16_operands, false>(tokens, which);
    case format::w8a16:
      return plain_variant<w8a16_operands, false>(tokens, which);
    case format::w8a8:
      return plain_variant<w8a8_operands, false>(tokens, which);
    case format::w8a8_fp8:
      return plain_variant<fp8_operands, false>(tokens, which);
    case format::w4a16:
      return grouped ? plain_variant<w4a16_operands, true>(tokens, which)
                     : plain_variant<w4a16_operands, false>(tokens, which);
    case format::w4a8:
      return grouped ? plain_variant<w4a8_operands, true>(tokens, which)
                     : plain_variant<w4a8_operands, false>(tokens, which);
    case format::w4a4:
      return grouped ? plain_variant<w4a4_operands, true>(tokens, which)
                     : plain_variant<w4a4_operands, false>(tokens, which);
  }
  return {};
}

template <class Operands, bool Grouped>
[[nodiscard]] variant making_variant() noexcept {
  return make_variant<Operands, 1, 1, 8, Grouped, x_place::made>();
}

/// The kernels that quantize x themselves.
[[nodiscard]] inline variant find_making(format f, bool grouped) noexcept {
  switch (f) {
    case format::w8a8:
      return making_variant<w8a8_operands, false>();
    case format::w8a8_fp8:
      return making_variant<fp8_operands, false>();
    case format::w4a8:
      return grouped ? making_variant<w4a8_operands, true>() : making_variant<w4a8_operands, false>();
    case format::w4a4:
      return grouped ? making_variant<w4a4_operands, true>() : making_variant<w4a4_operands, false>();
    default:
      return {};
  }
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_VARIANTS_CUH
