// weir/trace/sampled_hash.hpp - a hash of texts that may have some thousand bytes, without reading all of them. Needs
// the standard library only.
#ifndef WEIR_TRACE_SAMPLED_HASH_HPP
#define WEIR_TRACE_SAMPLED_HASH_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "weir/base/eight_bytes.hpp"

namespace weir::inline v0 {

/// A hash of the length and at most 17 words of the text: for tables that compare the whole text where it is the same.
/// \param bits  of each word that count.
[[nodiscard]] inline std::uint64_t sampled_hash(std::string_view text,
                                                std::uint64_t bits = ~std::uint64_t{0}) noexcept {
  constexpr std::size_t word = sizeof(std::uint64_t);
  std::uint64_t h = text.size();
  const auto take = [&](std::uint64_t bytes) {
    h = (h ^ (bytes & bits)) * 0x9E3779B97F4A7C15U;
    h ^= h >> 29;
  };
  if (text.size() < word) {
    std::uint64_t bytes = 0;
    if (!text.empty()) std::memcpy(&bytes, text.data(), text.size());
    take(bytes);
    return h;
  }
  const std::size_t last = text.size() - word, step = std::max(word, last / 16);
  for (std::size_t at = 0; at < last; at += step) take(detail::word_at(text.data() + at));
  take(detail::word_at(text.data() + last));
  return h;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_SAMPLED_HASH_HPP
