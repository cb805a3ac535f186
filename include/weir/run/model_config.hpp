// weir/run/model_config.hpp - what a model's config.json says of it. Needs POSIX and simdjson.
#ifndef WEIR_RUN_MODEL_CONFIG_HPP
#define WEIR_RUN_MODEL_CONFIG_HPP

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/json_row.hpp"
#include "weir/run/possible.hpp"

namespace weir::inline v0 {

namespace detail {

/// A name that only a directory can have: hubs know "owner/name" and "name".
inline bool is_local_path(std::string_view path) {
  return path.starts_with('/') || path.starts_with('.') || path.starts_with('~') ||
         std::count(path.begin(), path.end(), '/') > 1;
}

}  // namespace detail

/// The path of a model with `base` before it where it is relative; as it is where there is no base.
[[nodiscard]] inline std::string based_path(std::string_view base, std::string_view path) {
  if (base.empty() || path.empty() || path.starts_with('/')) return std::string(path);
  return std::string(base) + (base.ends_with('/') ? "" : "/") + std::string(path);
}

/// Reads DIR/config.json. A name that is no directory here may be one that an engine looks up in a hub: of it nothing
/// is known, and that is no failure.
/// \return  errc::not_found where `path` is a directory's name and there is none; errc::parse for a broken config.json.
[[nodiscard]] inline result<model_facts> read_model_facts(const std::string& path) {
  model_facts facts;
  if (::access(path.c_str(), F_OK) != 0) {
    if (detail::is_local_path(path)) return failure{errc::not_found, "there is no model at " + path};
    return facts;
  }
  const auto text = read_text_file(path + "/config.json");
  if (!text) return facts;  // a GGUF file, or an engine's own format
  std::int64_t local_experts = 0;
  const std::array<std::pair<std::string_view, std::int64_t*>, 6> wanted{
      {{"num_attention_heads", &facts.attention_heads},
       {"num_hidden_layers", &facts.layers},
       {"vocab_size", &facts.vocabulary},
       {"num_experts", &facts.experts},
       {"num_local_experts", &local_experts},
       {"max_position_embeddings", &facts.max_positions}}};
  const auto take = [&](std::string_view name, json_value value) -> result<void> {
    for (const auto& [field, into] : wanted)
      if (field == name) return read_count(*into, name, value, 0);
    return {};
  };
  if (const auto read = json_row_reader{}(*text, take); !read)
    return failure{errc::parse, path + "/config.json: " + read.error().detail};
  facts.experts = std::max(facts.experts, local_experts);
  return facts;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_MODEL_CONFIG_HPP
