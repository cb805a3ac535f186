// weir/kernels/check.hpp - the rules that every backend holds a description to. Needs the standard library only.
#ifndef WEIR_KERNELS_CHECK_HPP
#define WEIR_KERNELS_CHECK_HPP

#include <cstdint>
#include <initializer_list>

#include "weir/kernels/desc.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/status.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0 {

namespace detail {

[[nodiscard]] constexpr status check_shapes(const gemm_desc& d) noexcept {
  if (d.x.rank != 2 || d.y.rank != 2 || (d.w.rank != 2 && d.w.rank != 3)) return status::bad_rank;
  for (const tensor_view* t : {&d.x, &d.w, &d.y})
    for (std::int32_t i = 0; i < t->rank; ++i)
      if (t->shape[i] < 0) return status::bad_shape;
  if (d.w.size_back(1) != inner(d) || d.y.shape[0] != tokens(d) || d.y.shape[1] != channels(d))
    return status::shapes_differ;
  return status::ok;
}

[[nodiscard]] constexpr status check_strides(const gemm_desc& d) noexcept {
  for (const tensor_view* t : {&d.x, &d.w}) {
    if (t->stride_back(1) != 1) return status::bad_stride;
    if (t->type != dtype::i4) continue;
    if (inner(d) % 2 != 0) return status::bad_shape;
    for (std::int32_t i = 0; i + 1 < t->rank; ++i)
      if (t->stride[i] % 2 != 0) return status::bad_stride;
  }
  return status::ok;
}

/// Whether `t` has the shape `first` (left out where there are no experts), `second`, `third` (left out where 0).
[[nodiscard]] constexpr bool has_shape(const tensor_view& t, const gemm_desc& d, std::int64_t second,
                                       std::int64_t third = -1) noexcept {
  const bool stacked = d.w.rank == 3;
  const std::int32_t rank = (stacked ? 2 : 1) + (third >= 0 ? 1 : 0);
  if (t.rank != rank || (stacked && t.shape[0] != experts(d))) return false;
  return third < 0 ? t.size_back(1) == second : t.size_back(2) == second && t.size_back(1) == third;
}

[[nodiscard]] constexpr status check_scales(const gemm_desc& d) noexcept {
  if (d.xq.mode == quant_mode::per_token) {
    if (d.xq.scale.rank != 1 || d.xq.scale.shape[0] != tokens(d)) return status::bad_scale_shape;
    if (d.xq.scale.type != dtype::f32) return status::bad_scale_type;
  }
  const tensor_view& scale = d.wq.scale;
  if (d.wq.mode == quant_mode::per_channel) {
    if (!has_shape(scale, d, channels(d))) return status::bad_scale_shape;
    if (scale.type != dtype::f32 && scale.type != dtype::bf16) return status::bad_scale_type;
  }
  if (d.wq.mode == quant_mode::per_group) {
    if (d.wq.group < 32 || d.wq.group % 32 != 0 || inner(d) % d.wq.group != 0) return status::bad_group;
    if (!has_shape(scale, d, channels(d), inner(d) / d.wq.group)) return status::bad_scale_shape;
    if (scale.type != dtype::f32 && scale.type != dtype::bf16) return status::bad_scale_type;
  }
  return status::ok;
}

[[nodiscard]] constexpr status check_results(const gemm_desc& d, format f) noexcept {
  const bool sums = d.y.type == dtype::i32;
  if (sums ? !sums_integers(f) || d.wq.mode != quant_mode::per_channel
           : d.y.type != dtype::bf16 && d.y.type != dtype::f32)
    return status::bad_output_type;
  if (sums_integers(f) && inner(d) > 131071) return status::k_too_large;  // 2^31 / (128 * 128), and 16 * 8 * 127 below
  if (d.bias &&
      (sums || !has_shape(d.bias, d, channels(d)) || (d.bias.type != dtype::bf16 && d.bias.type != dtype::f32)))
    return status::bad_bias;
  const tensor_view& begin = d.expert_begin;
  if ((d.w.rank == 3) != static_cast<bool>(begin)) return status::bad_experts;
  if (begin &&
      (begin.rank != 1 || begin.shape[0] != experts(d) + 1 || begin.type != dtype::i32 || begin.stride[0] != 1))
    return status::bad_experts;
  return status::ok;
}

[[nodiscard]] constexpr status check_addresses(const gemm_desc& d) noexcept {
  for (const tensor_view* t : {&d.x, &d.w, &d.y, &d.xq.scale, &d.wq.scale, &d.bias, &d.expert_begin})
    if (t->count() != 0 && t->data == nullptr) return status::bad_pointer;
  return status::ok;
}

}  // namespace detail

/// Holds a description to the rules of desc.hpp; reads no tensor.
/// \param found  the format, where the answer is ok.
/// \return       the first rule that is broken: ranks and shapes, then format, strides, scales, results, addresses.
[[nodiscard]] constexpr status check(const gemm_desc& d, format& found) noexcept {
  if (const status s = detail::check_shapes(d); s != status::ok) return s;
  if (!find_format(d, found)) return status::no_format;
  if (const status s = detail::check_strides(d); s != status::ok) return s;
  if (const status s = detail::check_scales(d); s != status::ok) return s;
  if (const status s = detail::check_results(d, found); s != status::ok) return s;
  return detail::check_addresses(d);
}

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_CHECK_HPP
