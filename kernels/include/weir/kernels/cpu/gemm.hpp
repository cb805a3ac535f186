// weir/kernels/cpu/gemm.hpp - quantized matrix products on the processor: quick enough to check a model's layers with,
// and bit-equal to the reference where sums are integers. Needs x86 intrinsics where it is compiled for x86-64.
#ifndef WEIR_KERNELS_CPU_GEMM_HPP
#define WEIR_KERNELS_CPU_GEMM_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "weir/kernels/cpu/dot.hpp"
#include "weir/kernels/cpu/element.hpp"
#include "weir/kernels/cpu/quantize.hpp"
#include "weir/kernels/cpu/reference.hpp"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cpu {

using kernels::workspace_bytes;

namespace detail {

/// The workspace: x as one row-major array of int8 or float, the scales of dynamic x, one row of w like x.
struct areas {
  std::size_t scale = 0, row = 0, total = 0;
};
[[nodiscard]] inline areas divide(const plan& p) noexcept {
  const std::size_t element = sums_integers(p.kind) ? sizeof(std::int8_t) : sizeof(float);
  const auto m = static_cast<std::size_t>(p.m), k = static_cast<std::size_t>(p.k);
  areas a;
  a.scale = (m * k * element + 63) / 64 * 64;
  a.row = a.scale + (m * sizeof(float) + 63) / 64 * 64;
  a.total = a.row + k * element;
  return a;
}

/// Elements begin .. begin + n of a tensor as the type that is multiplied.
template <class T>
void unpack(const tensor_view& t, std::int64_t begin, std::int64_t n, T* out) noexcept {
  if constexpr (sizeof(T) == 1)
    if (t.type == dtype::i8) {
      std::memcpy(out, static_cast<const std::int8_t*>(t.data) + begin, static_cast<std::size_t>(n));
      return;
    }
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(read(t.data, t.type, begin + i));
}

/// One element of y from a row of x and a row of w.
template <class T>
void finish(const gemm_desc& d, const T* x, const T* w, std::int64_t e, std::int64_t m, std::int64_t n,
            isa use) noexcept {
  const std::int64_t k = inner(d), index = at(d.y, m, n);
  if (d.y.type == dtype::i32) {
    static_cast<std::int32_t*>(d.y.data)[index] = static_cast<std::int32_t>(dot(x, w, k, use));
    return;
  }
  double sum = 0;
  if (d.wq.mode == quant_mode::per_group) {
    const tensor_view& s = d.wq.scale;
    for (std::int64_t g = 0; g * d.wq.group < k; ++g)
      sum += static_cast<double>(dot(x + g * d.wq.group, w + g * d.wq.group, d.wq.group, use)) *
             read(s.data, s.type, at(s, e, n, g));
  } else {
    sum = static_cast<double>(dot(x, w, k, use));
  }
  if (d.xq.mode == quant_mode::per_token) sum *= read_vector(d.xq.scale, 0, m);
  if (d.wq.mode == quant_mode::per_channel) sum *= read_vector(d.wq.scale, e, n);
  write(d.y.data, d.y.type, index, sum + (d.bias ? read_vector(d.bias, e, n) : 0.0));
}

/// Each row of w is unpacked once and multiplied with its expert's rows of x.
template <class T>
void multiply(const gemm_desc& d, T* x, T* row, isa use) noexcept {
  const std::int64_t k = inner(d);
  for (std::int64_t m = 0; m < tokens(d); ++m) unpack(d.x, at(d.x, m, 0), k, x + m * k);
  const auto* begin = static_cast<const std::int32_t*>(d.expert_begin.data);
  for (std::int64_t e = 0; e < experts(d); ++e) {
    const std::int64_t first = begin ? begin[e] : 0, last = begin ? begin[e + 1] : tokens(d);
    if (first == last) continue;
    for (std::int64_t n = 0; n < channels(d); ++n) {
      unpack(d.w, at(d.w, e, n, 0), k, row);
      for (std::int64_t m = first; m < last; ++m) finish(d, x + m * k, row, e, m, n, use);
    }
  }
}

}  // namespace detail

/// Checks `d` and sizes the workspace.
[[nodiscard]] inline status make_plan(const gemm_desc& d, plan& p) noexcept {
  if (const status s = begin_plan(d, p); s != status::ok) return s;
  const detail::areas a = detail::divide(p);
  // Dynamic x is quantized into the second half before it is unpacked into the first.
  p.workspace = a.total + (p.dynamic ? static_cast<std::size_t>(p.m * p.k) : 0);
  return status::ok;
}

/// Computes y. Sums of integers are exact; others are f32 within a group or row, and f64 from there on.
/// \param workspace  workspace_bytes(p) bytes, at a multiple of 4.
/// \param use        the instruction set; at most best_isa().
/// \return           ok, or the first rule that was broken.
[[nodiscard]] inline status run(const plan& p, const gemm_desc& d, void* workspace, isa use = best_isa()) noexcept {
  if (const status s = check_plan(p, d, workspace); s != status::ok) return s;
  if (p.m == 0 || p.n == 0) return status::ok;
  auto* bytes = static_cast<std::byte*>(workspace);
  const detail::areas a = detail::divide(p);
  gemm_desc plain = d;
  if (p.dynamic) {
    plain.x = matrix_view(bytes + a.total, d.xq.to, p.m, p.k);
    plain.xq = {quant_mode::per_token, 0, vector_view(bytes + a.scale, dtype::f32, p.m), d.xq.to};
    if (const status s = quantize(d.x, plain.x, plain.xq.scale); s != status::ok) return s;
  }
  if (sums_integers(p.kind))
    detail::multiply(plain, reinterpret_cast<std::int8_t*>(bytes), reinterpret_cast<std::int8_t*>(bytes + a.row), use);
  else
    detail::multiply(plain, reinterpret_cast<float*>(bytes), reinterpret_cast<float*>(bytes + a.row), use);
  return status::ok;
}

/// Copies w: this backend multiplies the checkpoint's layout.
[[nodiscard]] inline status prepack(const tensor_view& plain, const tensor_view& packed) noexcept {
  if (plain.rank != packed.rank || plain.type != packed.type || plain.count() != packed.count())
    return status::shapes_differ;
  if (plain.count() == 0) return status::ok;
  if (!plain.data || !packed.data) return status::bad_pointer;
  std::memcpy(packed.data, plain.data, static_cast<std::size_t>(bytes(plain.type, plain.count())));
  return status::ok;
}

}  // namespace weir::kernels::inline v0::cpu

#endif  // WEIR_KERNELS_CPU_GEMM_HPP
