// weir/trace/short_text.hpp - whether two short texts are the same, without a call. Needs the standard library only.
#ifndef WEIR_TRACE_SHORT_TEXT_HPP
#define WEIR_TRACE_SHORT_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir::inline v0::detail {

/// Two loads cover a text that is at least as long as one, from the ends inward.
template <class Word>
[[nodiscard]] inline bool same_ends(std::string_view a, std::string_view b) noexcept {
  const auto word = [](const char* at) {
    Word w;
    std::memcpy(&w, at, sizeof w);
    return w;
  };
  const std::size_t last = a.size() - sizeof(Word);
  return word(a.data()) == word(b.data()) && word(a.data() + last) == word(b.data() + last);
}

/// a == b, for what most often has at most 16 bytes: categories, processes.
[[nodiscard]] inline bool same_short(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (a.size() >= 8 && a.size() <= 16) return same_ends<std::uint64_t>(a, b);
  if (a.size() >= 4 && a.size() < 8) return same_ends<std::uint32_t>(a, b);
  if (a.size() >= 2 && a.size() < 4) return same_ends<std::uint16_t>(a, b);
  if (a.size() == 1) return a.front() == b.front();
  return a == b;
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_TRACE_SHORT_TEXT_HPP
