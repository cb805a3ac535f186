// weir/kernels/cpu/reference.hpp - the oracle: a matrix product in int64 or fp64, as plain as it can be written. Needs
// the standard library only.
#ifndef WEIR_KERNELS_CPU_REFERENCE_HPP
#define WEIR_KERNELS_CPU_REFERENCE_HPP

#include <cmath>
#include <cstdint>
#include <vector>

#include "weir/kernels/check.hpp"
#include "weir/kernels/cpu/element.hpp"
#include "weir/kernels/cpu/quantize.hpp"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cpu {

namespace detail {

/// What dynamic quantization makes of x, kept so that the description that is returned may point to it.
struct quantized_x {
  std::vector<std::uint8_t> q;
  std::vector<float> scale;

  /// The same product with x quantized beforehand.
  [[nodiscard]] gemm_desc operator()(gemm_desc d) {
    const std::int64_t m = tokens(d), k = inner(d);
    q.assign(static_cast<std::size_t>(bytes(d.xq.to, m * k)), 0);
    scale.assign(static_cast<std::size_t>(m), 0);
    const tensor_view x = matrix_view(q.data(), d.xq.to, m, k), s = vector_view(scale.data(), dtype::f32, m);
    (void)quantize(d.x, x, s);  // the description was checked, so there is no rule left to break
    d.x = x;
    d.xq = {quant_mode::per_token, 0, s, d.xq.to};
    return d;
  }
};

/// sum over k of |x * w| and of x * w with the scales of groups but not of tokens and channels.
struct sums {
  double value = 0, magnitude = 0;
};

[[nodiscard]] inline sums dot(const gemm_desc& d, std::int64_t e, std::int64_t m, std::int64_t n) noexcept {
  const std::int64_t k_size = inner(d), step = d.wq.mode == quant_mode::per_group ? d.wq.group : k_size;
  sums total;
  for (std::int64_t begin = 0; begin < k_size; begin += step) {
    sums part;
    for (std::int64_t k = begin; k < begin + step; ++k) {
      const double product = read(d.x.data, d.x.type, at(d.x, m, k)) * read(d.w.data, d.w.type, at(d.w, e, n, k));
      part.value += product;  // integers stay below 2^53, so the sum of them is exact
      part.magnitude += std::fabs(product);
    }
    const tensor_view& s = d.wq.scale;
    const double scale = d.wq.mode == quant_mode::per_group ? read(s.data, s.type, at(s, e, n, begin / step)) : 1.0;
    total.value += part.value * scale;
    total.magnitude += part.magnitude * std::fabs(scale);
  }
  return total;
}

/// The expert that row m belongs to; 0 without experts.
[[nodiscard]] inline std::int64_t expert_of(const gemm_desc& d, std::int64_t m) noexcept {
  if (!d.expert_begin) return 0;
  const auto* begin = static_cast<const std::int32_t*>(d.expert_begin.data);
  std::int64_t e = 0;
  while (e + 1 < experts(d) && m >= begin[e + 1]) ++e;
  return e;
}

}  // namespace detail

/// One element of a product before it is rounded to the type of y, and the sum of magnitudes that bounds its error.
struct exact_element {
  double value = 0;      ///< Scaled, with bias; the plain integer sum where y is i32.
  double magnitude = 0;  ///< sum over k of |x * w|, scaled as value is, + |bias|.
};

/// \pre  check(d) is ok and x is not dynamic.
[[nodiscard]] inline exact_element reference_element(const gemm_desc& d, std::int64_t m, std::int64_t n) noexcept {
  const std::int64_t e = detail::expert_of(d, m);
  const detail::sums sum = detail::dot(d, e, m, n);
  if (d.y.type == dtype::i32) return {sum.value, sum.magnitude};
  double scale = 1;
  if (d.xq.mode == quant_mode::per_token) scale *= read_vector(d.xq.scale, 0, m);
  if (d.wq.mode == quant_mode::per_channel) scale *= read_vector(d.wq.scale, e, n);
  const double bias = d.bias ? read_vector(d.bias, e, n) : 0.0;
  return {sum.value * scale + bias, sum.magnitude * std::fabs(scale) + std::fabs(bias)};
}

/// Calls visit(m, n, exact_element) for every element of the product; x is quantized first where it is dynamic.
/// \complexity  O(M N K), a few ns a product; for dynamic x a copy of it is allocated.
/// \return      ok, or the first rule that was broken; then nothing was visited.
template <class Visit>
[[nodiscard]] status reference(const gemm_desc& d, Visit&& visit) {
  format f{};
  if (const status s = check(d, f); s != status::ok) return s;
  detail::quantized_x quantized;
  const gemm_desc plain = d.xq.mode == quant_mode::dynamic ? quantized(d) : d;
  for (std::int64_t m = 0; m < tokens(plain); ++m)
    for (std::int64_t n = 0; n < channels(plain); ++n) visit(m, n, reference_element(plain, m, n));
  return status::ok;
}

/// Writes the product to y, each element rounded once.
[[nodiscard]] inline status reference(const gemm_desc& d) {
  return reference(d, [&d](std::int64_t m, std::int64_t n, const exact_element& element) {
    write(d.y.data, d.y.type, at(d.y, m, n), element.value);
  });
}

}  // namespace weir::kernels::inline v0::cpu

#endif  // WEIR_KERNELS_CPU_REFERENCE_HPP
