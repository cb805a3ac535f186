// weir/kernels/lab/models.hpp - the matrices of a decoder, from the sizes in its config.json. Needs the standard
// library only.
#ifndef WEIR_KERNELS_LAB_MODELS_HPP
#define WEIR_KERNELS_LAB_MODELS_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::kernels::inline v0::lab {

/// Sizes of a decoder-only transformer with grouped-query attention and a gated MLP, under the names of config.json.
struct model_sizes {
  std::string name;
  std::int64_t hidden_size = 0, intermediate_size = 0, num_hidden_layers = 0, num_attention_heads = 0,
               num_key_value_heads = 0, head_dim = 0, vocab_size = 0;
  std::int64_t num_experts = 0, moe_intermediate_size = 0, num_experts_per_tok = 0;  ///< 0: no experts.
  bool qk_norm = false;  ///< Queries and keys are normalized by head, as in Qwen3.
};

/// \source  The config.json of Qwen/Qwen3-1.7B, Qwen/Qwen3-8B, meta-llama/Llama-3.1-8B and Qwen/Qwen3-30B-A3B.
[[nodiscard]] inline std::vector<model_sizes> known_models() {
  return {{"qwen3-1.7b", 2048, 6144, 28, 16, 8, 128, 151936, 0, 0, 0, true},
          {"qwen3-8b", 4096, 12288, 36, 32, 8, 128, 151936, 0, 0, 0, true},
          {"llama-3.1-8b", 4096, 14336, 32, 32, 8, 128, 128256},
          {"qwen3-30b-a3b", 2048, 6144, 48, 32, 4, 128, 151936, 128, 768, 8, true}};
}

/// One kind of matrix: w is [n, k], `count` of them in the model; of experts, each layer has `experts`.
struct layer {
  std::string name;
  std::int64_t n = 0, k = 0, count = 1, experts = 0;
  bool quantized = true;  ///< The output head stays bf16 in the checkpoints that are evaluated.
};

/// \param merged  q, k and v are one matrix, gate and up one, as programs that serve have them; else as checkpoints.
[[nodiscard]] inline std::vector<layer> layers_of(const model_sizes& m, bool merged = true) {
  const std::int64_t heads = m.num_attention_heads * m.head_dim, kv = m.num_key_value_heads * m.head_dim;
  std::vector<layer> layers{{"o", m.hidden_size, heads, m.num_hidden_layers}};
  if (merged) {
    layers.insert(layers.begin(), {"qkv", heads + 2 * kv, m.hidden_size, m.num_hidden_layers});
  } else {
    layers.insert(layers.begin(), {"k, v", kv, m.hidden_size, 2 * m.num_hidden_layers});
    layers.insert(layers.begin(), {"q", heads, m.hidden_size, m.num_hidden_layers});
  }
  if (m.num_experts > 0) {
    layers.push_back(
        {"expert gate+up", 2 * m.moe_intermediate_size, m.hidden_size, m.num_hidden_layers, m.num_experts});
    layers.push_back({"expert down", m.hidden_size, m.moe_intermediate_size, m.num_hidden_layers, m.num_experts});
  } else {
    const std::int64_t parts = merged ? 1 : 2;
    layers.push_back(
        {merged ? "gate+up" : "gate, up", 2 / parts * m.intermediate_size, m.hidden_size, parts * m.num_hidden_layers});
    layers.push_back({"down", m.hidden_size, m.intermediate_size, m.num_hidden_layers});
  }
  layers.push_back({"head", m.vocab_size, m.hidden_size, 1, 0, false});
  return layers;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_MODELS_HPP
