// weir/trace/same_again.hpp - a text that stood somewhere before, looked for first where it may stand again. Needs the
// standard library only.
#ifndef WEIR_TRACE_SAME_AGAIN_HPP
#define WEIR_TRACE_SAME_AGAIN_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "weir/base/eight_bytes.hpp"

namespace weir::inline v0 {

/// What stood between two values of the last object of many that are laid out alike: found again by a comparison, it
/// needs no reading, and what stands behind it is found without waiting for what it holds.
///
///     if (between.starts(text)) text.remove_prefix(between.text().size());
///     else read it, and between.keep(what it was);
///
/// \complexity  a comparison of 8 bytes at a time; 72 bytes of memory.
class same_again {
 public:
  /// Whether `text` begins with what was kept; never where that is nothing. 8 bytes behind its end are readable.
  [[nodiscard, gnu::always_inline]] bool starts(std::string_view text) const noexcept {
    if (size_ == 0 || text.size() < size_) return false;
    std::size_t i = 0;
    for (; i + word <= size_; i += word)
      if (detail::word_at(text.data() + i) != detail::word_at(text_.data() + i)) return false;
    return ((detail::word_at(text.data() + i) ^ detail::word_at(text_.data() + i)) & last_) == 0;
  }
  /// What was kept, maybe nothing; valid until the next keep().
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }
  /// Keeps `text` from now on; nothing where it is longer than 64 bytes.
  void keep(std::string_view text) noexcept {
    size_ = text.size() <= most ? text.size() : 0;
    std::memcpy(text_.data(), text.data(), size_);
    last_ = (std::uint64_t{1} << 8 * (size_ % word)) - 1;
  }

 private:
  static constexpr std::size_t most = 64, word = sizeof(std::uint64_t);

  std::array<char, most + word> text_{};
  std::size_t size_ = 0;
  std::uint64_t last_ = 0;  // which bytes of the last word, that is not a whole one, are the text's
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_SAME_AGAIN_HPP
