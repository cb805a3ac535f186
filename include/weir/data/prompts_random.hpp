// weir/data/prompts_random.hpp - synthetic prompts of exact length, as token ids. Needs simdjson (for the record).
#ifndef WEIR_DATA_PROMPTS_RANDOM_HPP
#define WEIR_DATA_PROMPTS_RANDOM_HPP

#include <cmath>
#include <cstdint>
#include <string>

#include "weir/base/hash.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// What `vllm bench serve --dataset-name random` (and prefix_repetition) calls by these names.
struct random_prompts {
  std::int64_t input_len = 1024;    ///< Random tokens of a prompt, after the prefix.
  std::int64_t output_len = 128;    ///< The prompt's max_tokens.
  std::int64_t prefix_len = 0;      ///< Tokens that all prompts begin with.
  std::int64_t prefixes = 1;        ///< So many prefixes: prompt i begins with number i modulo it.
  double range_ratio = 0;           ///< Lengths are drawn from [floor(len (1 - r)), ceil(len (1 + r))], 0 <= r < 1.
  double output_range_ratio = -1;   ///< The same for max_tokens; below 0: range_ratio.
  double warm_share = 0;            ///< By lot so many of the prompts are warm: they begin with the same tokens,
  double warm_part = 0;             ///< which are this part of their own length (vLLM's random-cache-ratio).
  std::int64_t vocab_size = 30000;  ///< Ids are below this; the default is below any common model's.
  std::uint64_t seed = 0;

  /// Checks the ranges. \return  errc::invalid_argument naming the first that is out of range.
  [[nodiscard]] result<void> check() const {
    const auto bad = [](std::string what) { return failure{errc::invalid_argument, std::move(what)}; };
    if (input_len < 0 || prefix_len < 0 || input_len + prefix_len < 1)
      return bad("a prompt needs at least one token: input length and prefix length are 0 or less");
    if (output_len < 1) return bad("the output length must be at least 1");
    if (!(range_ratio >= 0 && range_ratio < 1 && output_range_ratio < 1))
      return bad("the range ratio must be at least 0 and below 1");
    if (prefixes < 1) return bad("there must be at least 1 prefix");
    if (!(warm_share >= 0 && warm_share <= 1 && warm_part >= 0 && warm_part <= 1))
      return bad("the share of warm prompts, and the part of them that is cached, lie between 0 and 1");
    if (vocab_size < 1) return bad("the vocabulary must have at least 1 id");
    return {};
  }

  /// The prompt number `index`, which does not depend on how many are made: ids stay, a longer run only adds.
  [[nodiscard]] prompt at(std::uint64_t index) const {
    const auto prefix = index % static_cast<std::uint64_t>(prefixes);
    random_stream random(hash64(std::to_string(index), seed));
    random_stream shared(hash64(prefix == 0 ? "prefix" : "prefix " + std::to_string(prefix), seed));
    random_stream warm(hash64("warm", seed));
    prompt p;
    p.id = std::to_string(index);
    p.form = prompt_form::token_ids;
    const std::int64_t length = drawn(random, input_len, range_ratio, prefix_len == 0 ? 1 : 0);
    p.max_tokens = drawn(random, output_len, output_range_ratio < 0 ? range_ratio : output_range_ratio, 1);
    p.tokens_in_asked = prefix_len + length;
    const bool known = unit_interval(hash64("lot " + p.id, seed)) < warm_share;
    const auto cached = known ? static_cast<std::int64_t>(warm_part * static_cast<double>(length)) : 0;
    json_writer json(p.content);
    json.begin_array();
    for (std::int64_t i = 0; i < prefix_len; ++i) json.value(token(shared));
    for (std::int64_t i = 0; i < length; ++i) json.value(token(i < cached ? warm : random));
    json.end_array();
    return p;
  }

 private:
  static std::int64_t drawn(random_stream& random, std::int64_t length, double ratio, std::int64_t least) {
    const double mean = static_cast<double>(length), hair = 1e-9;  // 100 * (1 + 0.1) is a hair above 110
    const auto low = static_cast<std::int64_t>(std::floor(mean * (1 - ratio) + hair));
    const auto high = static_cast<std::int64_t>(std::ceil(mean * (1 + ratio) - hair));
    const std::int64_t from = low < least ? least : low;
    return from + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - from + 1)));
  }
  /// Tokenizers keep control tokens and single bytes among their first ids: a prompt of those is no prompt.
  [[nodiscard]] std::uint64_t token(random_stream& random) const {
    const auto size = static_cast<std::uint64_t>(vocab_size);
    const std::uint64_t first = size > 512 ? 256 : 0;
    return first + random.below(size - first);
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_PROMPTS_RANDOM_HPP
