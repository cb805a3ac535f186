// weir/kernels/lab/stack.hpp - the kernels that a step of a decoder launches, with what each moves and computes. Needs
// the standard library only.
#ifndef WEIR_KERNELS_LAB_STACK_HPP
#define WEIR_KERNELS_LAB_STACK_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/models.hpp"

namespace weir::kernels::inline v0::lab {

/// How a program runs a model.
///
/// merged (vLLM, SGLang): q, k and v are one product, gate and up one; sums go into the norms that follow. A layer has
/// 4 products, attention, and 2 norms + rotation + what goes into the cache + activation = 5 small kernels, with norms
/// of q and k 7.
///
/// separate (transformers, each layer by torch.compile): 7 products, attention, and one more small kernel, because the
/// last sum of a layer has no norm to go into.
struct stack {
  bool merged = true;
  int kernels = 0;  ///< Small kernels of a layer, where they are not as above; 0: as above.
};

/// What is computed at once.
struct step {
  std::int64_t sequences = 1;
  std::int64_t tokens = 1;   ///< New ones of each sequence: 1 to decode, a prompt's to prefill.
  std::int64_t context = 0;  ///< Tokens of each sequence that attention finds in the cache.

  [[nodiscard]] std::int64_t rows() const noexcept { return sequences * tokens; }
};

enum class kernel_kind : std::uint8_t { product, attention, norm, row };

/// One kernel, `count` times a step.
struct kernel {
  std::string name;
  kernel_kind kind{};
  double count = 1;
  double bytes = 0;        ///< What it reads and writes.
  double least_bytes = 0;  ///< Of them what no cache can hold from step to step: weights, keys and values.
  double operations = 0;   ///< A multiplication is one, an addition too.
  format f = format::bf16;
  double rows = 1;  ///< Of a product: tokens that meet each matrix of weights.
};

/// Experts that `tokens` tokens reach, each choosing `chosen` of `experts` evenly and independently.
[[nodiscard]] inline double experts_reached(double experts, double chosen, double tokens) noexcept {
  return experts * (1 - std::pow(1 - chosen / experts, tokens));
}

namespace detail {

/// y = x w^T over `rows` rows, with weights of which `reached` matrices are read.
[[nodiscard]] inline kernel product(const layer& l, format f, std::int32_t group, double rows, double reached) {
  const double n = static_cast<double>(l.n), k = static_cast<double>(l.k);
  const double scales = weight_type(f) == dtype::i4 && group > 0 ? 2.0 / group : 0;
  kernel p{l.name, kernel_kind::product, static_cast<double>(l.count), 0, 0, 2 * rows * n * k, f, rows / reached};
  p.least_bytes = reached * n * k * (bits(weight_type(f)) / 8.0 + scales);
  p.bytes = p.least_bytes + rows * (k * bits(activation_type(f)) / 8.0 + n * 2.0);
  return p;
}

/// The products of a step: the head for the last token of each sequence alone.
[[nodiscard]] inline std::vector<kernel> products(const model_sizes& m, const stack& how, const step& s, format f,
                                                  std::int32_t group) {
  std::vector<kernel> all;
  const auto rows = static_cast<double>(s.rows()), chosen = static_cast<double>(m.num_experts_per_tok);
  for (const layer& l : layers_of(m, how.merged)) {
    const bool head = !l.quantized, of_experts = l.experts > 0;
    const double reached = of_experts ? experts_reached(static_cast<double>(l.experts), chosen, rows) : 1;
    const double through = head ? static_cast<double>(s.sequences) : of_experts ? rows * chosen : rows;
    all.push_back(product(l, head ? format::bf16 : f, group, through, reached));
  }
  if (m.num_experts > 0)
    all.push_back(product({"router", m.num_experts, m.hidden_size, m.num_hidden_layers}, format::bf16, 0, rows, 1));
  return all;
}

/// Keys and values of all tokens that are seen; each new token sees itself, those before it, and the cache.
[[nodiscard]] inline kernel attention(const model_sizes& m, const step& s) {
  const auto heads = static_cast<double>(m.num_attention_heads * m.head_dim),
             kv = static_cast<double>(m.num_key_value_heads * m.head_dim), rows = static_cast<double>(s.rows());
  const double cached = static_cast<double>(s.tokens > 1 ? s.context + s.tokens : std::max<std::int64_t>(s.context, 1));
  const double seen = cached - static_cast<double>(s.tokens - 1) / 2;  // by a token, in the mean
  kernel a{"attention", kernel_kind::attention, static_cast<double>(m.num_hidden_layers)};
  a.least_bytes = static_cast<double>(s.sequences) * cached * 2 * kv * 2;
  a.bytes = a.least_bytes + rows * heads * 2 * 2;
  a.operations = rows * seen * heads * 4;
  return a;
}

/// The same norms, and of other small kernels as many as are left, moving together what those did.
[[nodiscard]] inline std::vector<kernel> with_so_many(const std::vector<kernel>& small, double count) {
  std::vector<kernel> all;
  kernel others{"others", kernel_kind::row, count};
  for (const kernel& k : small)
    if (k.kind == kernel_kind::norm)
      others.count -= k.count, all.push_back(k);
    else
      others.bytes += k.count * k.bytes;
  if (others.count <= 0) return all;
  others.bytes /= others.count;
  all.push_back(others);
  return all;
}

/// What stands between products: bf16 rows that are read and written.
[[nodiscard]] inline std::vector<kernel> small_kernels_of(const model_sizes& m, const stack& how, const step& s) {
  const auto rows = static_cast<double>(s.rows()), layers = static_cast<double>(m.num_hidden_layers);
  const double row = rows * static_cast<double>(m.hidden_size) * 2;
  const double heads = rows * static_cast<double>(m.num_attention_heads * m.head_dim) * 2,
               kv = rows * static_cast<double>(m.num_key_value_heads * m.head_dim) * 2;
  const double wide =
      rows * 2 *
      static_cast<double>(m.num_experts > 0 ? m.moe_intermediate_size * m.num_experts_per_tok : m.intermediate_size);
  std::vector<kernel> all{{"norm", kernel_kind::norm, 2, 4 * row},
                          {"rotation", kernel_kind::row, 1, 2 * (heads + kv)},
                          {"into the cache", kernel_kind::row, 1, 4 * kv},
                          {"activation", kernel_kind::row, 1, 3 * wide}};
  if (m.qk_norm) all.push_back({"norm of q and k", kernel_kind::norm, 2, heads + kv});
  if (!how.merged) all.push_back({"sum", kernel_kind::row, 1, 3 * row});
  if (m.num_experts > 0) all.push_back({"choice of experts", kernel_kind::row, 3, row});
  if (how.kernels > 0) all = with_so_many(all, how.kernels);
  for (kernel& k : all) k.count *= layers;
  all.push_back({"embedding", kernel_kind::row, 1, 2 * row});
  all.push_back({"last norm", kernel_kind::norm, 1, 2 * row / static_cast<double>(s.tokens)});
  return all;
}

}  // namespace detail

/// All kernels of a step, attention and norms too; sampling is not in it. Activations of 8 and 4 bits are quantized
/// where they are made or by the product. \param group  of 4-bit weights; 0: scales by channel.
[[nodiscard]] inline std::vector<kernel> kernels_of(const model_sizes& m, const stack& how, const step& s, format f,
                                                    std::int32_t group) {
  std::vector<kernel> all = detail::products(m, how, s, f, group);
  all.push_back(detail::attention(m, s));
  for (kernel& k : detail::small_kernels_of(m, how, s)) all.push_back(std::move(k));
  return all;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_STACK_HPP
