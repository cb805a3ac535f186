// weir/kernels/desc.hpp - one description of a quantized matrix product for every backend. Needs the standard library
// only.
//
// Each backend (cpu/gemm.hpp, cuda/gemm.cuh, ascend/gemm.hpp) offers the same five names in its own namespace:
//
//     status make_plan(const gemm_desc&, plan&);                  // checks, chooses; reads no tensor
//     std::size_t workspace_bytes(const plan&);                   // what run needs beside the tensors
//     status run(const plan&, const gemm_desc&, void* workspace, stream);   // queues the work; allocates nothing
//     status prepack(w_plain, w_packed, stream);                  // where a backend wants its own layout of w
//     status quantize(x, q, scale, stream);                       // activations to q and a scale a token
//
// Tensors live in the memory of the backend: plain memory for cpu, device memory for cuda and ascend.
#ifndef WEIR_KERNELS_DESC_HPP
#define WEIR_KERNELS_DESC_HPP

#include <cstdint>

#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0 {

/// How the stored elements of x or w become numbers: value = element * scale.
enum class quant_mode : std::uint8_t {
  none,         ///< Elements are the numbers.
  per_token,    ///< x: scale [M]; stride 0 gives one scale for the tensor.
  per_channel,  ///< w: scale [N]; stride 0 gives one scale for the tensor.
  per_group,    ///< w: scale [N, K / group].
  dynamic,      ///< x is bf16 and is quantized to `to` by the call itself: s = max|row| / largest, q = round(x / s).
};

struct quant {
  quant_mode mode = quant_mode::none;
  std::int32_t group = 0;  ///< Neighbours along k that share a scale; per_group alone.
  tensor_view scale;       ///< f32; of w f32 or bf16. Absent for none and dynamic.
  dtype to = dtype::i8;    ///< dynamic alone: i8 (largest 127), i4 (7) or e4m3 (448).
};

/// y[m, n] = sum over k of x[m, k] * w[n, k], + bias[n]; or y = the integer sums, where y is i32.
///
/// With experts, w is [experts, N, K], rows of x and y are sorted by expert, and rows expert_begin[e] up to
/// expert_begin[e + 1] belong to expert e; scales of w and bias then have the experts as first dimension.
///
/// A row of x that is not finite: with dynamic quantization its scale is NaN and so is its row of y (the integer sums
/// are 0); without, NaN and infinities go the way of IEEE arithmetic. They touch no other row.
struct gemm_desc {
  tensor_view x;  ///< [M, K], k innermost without gaps.
  tensor_view w;  ///< [N, K] as checkpoints have it, k innermost without gaps; or [experts, N, K].
  tensor_view y;  ///< [M, N] bf16 or f32; i32 gives the sums before any scale.
  quant xq;
  quant wq;
  tensor_view bias;          ///< [N] or [experts, N], bf16 or f32; absent: none.
  tensor_view expert_begin;  ///< [experts + 1] i32, ascending from 0 to M; absent without experts.
};

[[nodiscard]] constexpr std::int64_t tokens(const gemm_desc& d) noexcept {
  return d.x.shape[0];
}
[[nodiscard]] constexpr std::int64_t inner(const gemm_desc& d) noexcept {
  return d.x.shape[1];
}
[[nodiscard]] constexpr std::int64_t channels(const gemm_desc& d) noexcept {
  return d.w.size_back(2);
}
[[nodiscard]] constexpr std::int64_t experts(const gemm_desc& d) noexcept {
  return d.w.rank == 3 ? d.w.shape[0] : 1;
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_DESC_HPP
