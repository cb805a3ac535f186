// weir/kernels/lab/roofline.hpp - the least time that a machine's limits leave for a model's matrices, and so the most
// that quantizing them can bring. Needs the standard library only.
#ifndef WEIR_KERNELS_LAB_ROOFLINE_HPP
#define WEIR_KERNELS_LAB_ROOFLINE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/models.hpp"

namespace weir::kernels::inline v0::lab {

/// A machine's measured limits.
struct limits {
  std::string name;
  double read_gb_s = 0;
  double bf16_tera = 0, int8_tera = 0,
         fp8_tera = 0;   ///< 1e12 operations (a multiplication is one, an addition too) / s.
  double launch_us = 0;  ///< What a kernel costs that does nothing, in a graph.
  double small_us = 0;   ///< What one costs that reads and writes a few KB.
};

/// \source  docs/kernels.md: measured on one H100 80GB HBM3 and one H200. The H200's int8 rate and launch time were not
///          measured, nor a small kernel there; the H100's stand there, because the processor is the same.
[[nodiscard]] inline std::vector<limits> known_machines() {
  return {{"h100", 3090, 816, 1676, 1511, 1.24, 0.99}, {"h200", 4620, 797, 1676, 1483, 1.24, 0.99}};
}

/// A prediction for one format and number of tokens.
struct prediction {
  format kind{};
  std::int64_t tokens = 0;
  double memory_us = 0, arithmetic_us = 0, launch_us = 0;  ///< The parts, summed over all matrices.
  double total_us = 0;                                     ///< The larger of memory and arithmetic of each, + launches.
  double around_us = 0;                                    ///< What `around` adds to a step.
};

/// What a step has beside its matrices.
struct around {
  double kernels = 0;        ///< Small kernels: norms, rotations, residuals, attention.
  double kernel_us = 0;      ///< What each costs.
  std::int64_t context = 0;  ///< Tokens of each sequence in the cache, which attention reads.
};

/// Experts that `tokens` tokens reach, each choosing `chosen` of `experts` evenly and independently.
[[nodiscard]] inline double experts_reached(double experts, double chosen, double tokens) noexcept {
  return experts * (1 - std::pow(1 - chosen / experts, tokens));
}

/// The least time of all of a model's matrices for one step over `tokens` tokens: weights, activations and results move
/// once, and every product is done at the format's rate. Attention, norms and sampling are not in it, but in
/// `around_us` as far as they are given.
/// \param group  of 4-bit weights; 0: scales by channel.
[[nodiscard]] inline prediction predict(const model_sizes& m, const limits& at, format f, std::int64_t tokens,
                                        std::int32_t group, const around& others = {}) {
  prediction p{f, tokens};
  const double cached = 4.0 * static_cast<double>(m.num_key_value_heads * m.head_dim) *  // keys and values, bf16
                        static_cast<double>(m.num_hidden_layers * tokens * others.context);
  p.around_us = others.kernels * others.kernel_us + cached / at.read_gb_s * 1e-3;
  for (const layer& l : layers_of(m)) {
    const format kind = l.quantized ? f : format::bf16;
    const double rate = kind == format::w8a8_fp8               ? at.fp8_tera
                        : activation_type(kind) == dtype::bf16 ? at.bf16_tera
                                                               : at.int8_tera;
    const double scales = weight_type(kind) == dtype::i4 && group > 0 ? 2.0 / group : 0;
    const double reached =
        l.experts > 0 ? experts_reached(static_cast<double>(l.experts), static_cast<double>(m.num_experts_per_tok),
                                        static_cast<double>(tokens))
                      : 1;
    const double rows = static_cast<double>(tokens * (l.experts > 0 ? m.num_experts_per_tok : 1));
    const double n = static_cast<double>(l.n), k = static_cast<double>(l.k), count = static_cast<double>(l.count);
    const double moved = reached * n * k * (bits(weight_type(kind)) / 8.0 + scales) +
                         rows * (k * bits(activation_type(kind)) / 8.0 + n * 2.0);
    const double memory = moved / at.read_gb_s * 1e-3, arithmetic = 2e-6 * rows * n * k / rate;
    p.memory_us += count * memory, p.arithmetic_us += count * arithmetic, p.launch_us += count * at.launch_us;
    p.total_us += count * (std::max(memory, arithmetic) + at.launch_us);
  }
  return p;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_ROOFLINE_HPP
