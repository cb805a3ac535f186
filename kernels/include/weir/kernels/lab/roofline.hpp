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

namespace detail {

/// A line's time over so many bytes; nothing reads faster than the machine, or starts faster than an empty kernel.
[[nodiscard]] inline double line_us(const line& l, double bytes, const limits& at) noexcept {
  const double peak = at.read_gb_s.value, rate = l.known() ? std::min(l.gb_s.value, peak) : peak;
  return std::max(l.start_us.value, at.nothing_us.value) + bytes / rate * 1e-3;
}

/// Between the lines of fewer and of more tokens in proportion; above the last line that is known, that one and what
/// the tokens themselves bring and take. Or operations at the format's rate, if they take longer.
[[nodiscard]] inline double product_us(const kernel& k, const limits& at) noexcept {
  const product_rates& p = at.products[static_cast<std::size_t>(k.f)];
  const line* below = &p.lines[0];
  double below_tokens = 1, us = 0;
  for (std::size_t i = 1; i < line_tokens.size() && us == 0; ++i) {
    const auto tokens = static_cast<double>(line_tokens[i]);
    if (!p.lines[i].known()) continue;
    const double part = std::max(k.rows - below_tokens, 0.0) / (tokens - below_tokens);
    if (part <= 1) us = (1 - part) * line_us(*below, k.least_bytes, at) + part * line_us(p.lines[i], k.least_bytes, at);
    below = &p.lines[i], below_tokens = tokens;
  }
  if (us == 0) us = line_us(*below, k.least_bytes, at) + (k.bytes - k.least_bytes) / at.read_gb_s.value * 1e-3;
  const double tera = p.tera.value > 0 ? p.tera.value : at.peak(k.f).value;
  return std::max(us, std::max(p.lines[0].start_us.value, at.nothing_us.value) + k.operations / tera * 1e-6);
}

/// Attention that was not measured is a product of two starts: its parts are put together by a second kernel.
[[nodiscard]] inline double attention_us(const kernel& k, const limits& at) noexcept {
  const double tera = at.attention_tera.value > 0 ? at.attention_tera.value : at.peak(k.f).value;
  line l = at.attention;
  if (l.start_us.value <= 0) l = at.products[static_cast<std::size_t>(format::bf16)].lines[0], l.start_us.value *= 2;
  return std::max(line_us(l, k.bytes, at), l.start_us.value + k.operations / tera * 1e-6);
}

}  // namespace detail

/// The time of one kernel as such kernels do on this machine: start + max(bytes / rate, operations / rate). Norms and
/// rows read and write at the machine's peak.
[[nodiscard]] inline double predicted_us(const kernel& k, const limits& at) noexcept {
  if (k.kind == kernel_kind::product) return detail::product_us(k, at);
  if (k.kind == kernel_kind::attention) return detail::attention_us(k, at);
  const double start = k.kind == kernel_kind::norm ? at.norm_us.value : at.row_us.value;
  return std::max(start, at.nothing_us.value) + k.bytes / at.read_gb_s.value * 1e-3;
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
  const line& products = at.products[static_cast<std::size_t>(f)].lines[0];
  const figure* const peak = &at.peak(f);
  for (const named_figure& n : figures_of(at)) {
    const bool needed = n.at == &at.read_gb_s || n.at == &at.bf16_tera || n.at == peak || n.at == &at.nothing_us ||
                        (n.at == &products.start_us && !products.known());
    if (needed && n.at->value <= 0) names.push_back(n.name);
  }
  return names;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_ROOFLINE_HPP
