// tools/kernels_model.hpp - which matrices weir-kernels is asked about: a known model, a config.json, or N x K. Needs
// simdjson and weir/kernels.
#ifndef WEIR_TOOLS_KERNELS_MODEL_HPP
#define WEIR_TOOLS_KERNELS_MODEL_HPP

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/kernels/lab/models.hpp"

namespace weir::tool {

/// Reads the sizes out of a transformers config.json.
inline result<kernels::lab::model_sizes> read_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure{errc::io, "can't read " + path + "; give a known model or the path of a config.json"};
  std::string text{std::istreambuf_iterator<char>(file), {}};
  kernels::lab::model_sizes m{.name = path};
  std::int64_t local_experts = 0;
  const std::pair<std::string_view, std::int64_t*> wanted[] = {{"hidden_size", &m.hidden_size},
                                                               {"intermediate_size", &m.intermediate_size},
                                                               {"num_hidden_layers", &m.num_hidden_layers},
                                                               {"num_attention_heads", &m.num_attention_heads},
                                                               {"num_key_value_heads", &m.num_key_value_heads},
                                                               {"head_dim", &m.head_dim},
                                                               {"vocab_size", &m.vocab_size},
                                                               {"num_experts", &m.num_experts},
                                                               {"num_local_experts", &local_experts},
                                                               {"moe_intermediate_size", &m.moe_intermediate_size},
                                                               {"num_experts_per_tok", &m.num_experts_per_tok}};
  const auto take = [&](std::string_view name, json_value value) -> result<void> {
    if (std::string_view type; name == "model_type" && !value.get_string().get(type))
      m.qk_norm = type.starts_with("qwen3");
    for (const auto& [field, out] : wanted)
      if (field == name) return read_count(*out, name, value, 1);
    return {};
  };
  if (const auto read = json_row_reader{}(text, take); !read)
    return failure{errc::parse, path + ": " + read.error().detail};
  m.num_experts = std::max(m.num_experts, local_experts);
  if (m.num_key_value_heads == 0) m.num_key_value_heads = m.num_attention_heads;
  if (m.head_dim == 0 && m.num_attention_heads > 0) m.head_dim = m.hidden_size / m.num_attention_heads;
  if (m.num_experts > 0 && m.moe_intermediate_size == 0) m.moe_intermediate_size = m.intermediate_size;
  if (m.num_experts > 0 && m.num_experts_per_tok == 0)
    return failure{errc::parse, path + " has no num_experts_per_tok"};
  for (const auto& [field, size] : {wanted[0], wanted[2], wanted[3], wanted[6]})
    if (*size == 0) return failure{errc::parse, path + " has no " + std::string(field)};
  if (m.num_experts == 0 && m.intermediate_size == 0) return failure{errc::parse, path + " has no intermediate_size"};
  return m;
}

inline result<kernels::lab::model_sizes> find_model(std::string_view name) {
  std::string lower(name), known;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const auto& m : kernels::lab::known_models()) {
    if (m.name == lower) return m;
    known += (known.empty() ? "" : ", ") + m.name;
  }
  if (!lower.ends_with(".json"))
    return failure{errc::invalid_argument, "no model '" + std::string(name) + "' is known; there are " + known +
                                               ", and any model by the path of its config.json"};
  return read_config(std::string(name));
}

/// "4096x14336" is one matrix of 4096 rows and 14336 columns.
inline result<kernels::lab::layer> parse_shape(std::string_view text) {
  kernels::lab::layer l{.name = std::string(text)};
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, l.n);
  if (first.ec == std::errc{} && first.ptr != end && *first.ptr == 'x') {
    const auto second = std::from_chars(first.ptr + 1, end, l.k);
    if (second.ec == std::errc{} && second.ptr == end && l.n > 0 && l.k > 0 && l.n <= 1 << 24 && l.k <= 1 << 20)
      return l;
  }
  return failure{errc::invalid_argument, "--shape is NxK, as 4096x14336: rows and columns of w"};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_KERNELS_MODEL_HPP
