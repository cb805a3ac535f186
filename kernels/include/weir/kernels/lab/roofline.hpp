// weir/kernels/lab/roofline.hpp - how long a step of a model must take at least, and how long it will take. Needs the
// standard library only.
#ifndef WEIR_KERNELS_LAB_ROOFLINE_HPP
#define WEIR_KERNELS_LAB_ROOFLINE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/limits.hpp"
#include "weir/kernels/lab/stack.hpp"

namespace weir::kernels::inline v0::lab {

/// The least time of one kernel: its weights, keys and values at the machine's peak of reading, or its operations at
/// the peak of the format. Launches, starts and what caches can hold cost nothing. Small kernels have no bound.
[[nodiscard]] inline double bound_us(const kernel& k, const limits& at) noexcept {
  if (k.kind != kernel_kind::product && k.kind != kernel_kind::attention) return 0;
  return std::max(k.least_bytes / at.read_gb_s.value * 1e-3, k.operations / at.peak(k.f).value * 1e-6);
}

/// The time of one kernel as such kernels do on this machine: start + max(bytes / rate, operations / rate). A product
/// reads no faster than the machine; attention that was not measured is a product of two starts (its parts are put
/// together by a second kernel); norms and rows read and write at the machine's peak.
[[nodiscard]] inline double predicted_us(const kernel& k, const limits& at) noexcept {
  const double peak = at.read_gb_s.value;
  const auto stream = [&](const achieved& a, double start) {
    const double rate = a.gb_s.value > 0 ? std::min(a.gb_s.value, peak) : peak;
    const double tera = a.tera.value > 0 ? a.tera.value : at.peak(k.f).value;
    return start + std::max(k.bytes / rate * 1e-3, k.operations / tera * 1e-6);
  };
  const achieved& as_product = at.products[static_cast<std::size_t>(k.f)];
  switch (k.kind) {
    case kernel_kind::product:
      return stream(as_product, as_product.start_us.value > 0 ? as_product.start_us.value : at.nothing_us.value);
    case kernel_kind::attention:
      return at.attention.start_us.value > 0 ? stream(at.attention, at.attention.start_us.value)
                                             : stream(as_product, 2 * as_product.start_us.value);
    case kernel_kind::norm:
      return std::max(at.norm_us.value, at.nothing_us.value) + k.bytes / peak * 1e-3;
    case kernel_kind::row:
      break;
  }
  return std::max(at.row_us.value, at.nothing_us.value) + k.bytes / peak * 1e-3;
}

/// A step's times, summed over its kernels, one after the other.
struct prediction {
  double bound_us = 0;
  double products_us = 0, attention_us = 0, small_us = 0;
  double kernels = 0;  ///< So many are launched.

  [[nodiscard]] double total_us() const noexcept { return products_us + attention_us + small_us; }
};

[[nodiscard]] inline prediction predict(const std::vector<kernel>& kernels, const limits& at) {
  prediction p;
  for (const kernel& k : kernels) {
    const double us = k.count * predicted_us(k, at);
    (k.kind == kernel_kind::product     ? p.products_us
     : k.kind == kernel_kind::attention ? p.attention_us
                                        : p.small_us) += us;
    p.bound_us += k.count * bound_us(k, at);
    p.kernels += k.count;
  }
  return p;
}

/// The figures that predict() needs and `at` does not know, by name; empty where it can predict.
[[nodiscard]] inline std::vector<std::string> unknown_figures(limits at, format f) {
  std::vector<std::string> names;
  const figure *product_start = &at.products[static_cast<std::size_t>(f)].start_us, *peak = &at.peak(f);
  for (const named_figure& n : figures_of(at))
    if (n.at->value <= 0 && (n.at == &at.read_gb_s || n.at == &at.bf16_tera || n.at == peak || n.at == product_start ||
                             n.at == &at.nothing_us))
      names.push_back(n.name);
  return names;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_ROOFLINE_HPP
