// weir/trace/kept_text.hpp - a text that stood somewhere before, looked for where it may stand again, maybe with other
// numbers in it. Needs the standard library only.
#ifndef WEIR_TRACE_KEPT_TEXT_HPP
#define WEIR_TRACE_KEPT_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "weir/base/eight_bytes.hpp"
#include "weir/trace/json_masks.hpp"

namespace weir::inline v0 {

/// The text of an object, or of a part of one. A text that differs from it in digits alone, each of which stands where
/// a digit stood, has its strings and brackets where they were: whether one ends, and where, needs no second look.
///
///     if (last.begins_but_digits(text)) text.remove_prefix(last.size());
///     else find the end, and last.keep(text.substr(0, end));
///
/// \complexity  a comparison of 64 bytes at a time; memory is 64 bytes beside the text.
class kept_text {
 public:
  static constexpr std::size_t most = 2048;  ///< Bytes; a longer text is not kept.

  /// Whether `text` begins with what was kept; never where that is nothing. 64 bytes behind its end are readable.
  [[nodiscard, gnu::always_inline]] bool begins(std::string_view text) const noexcept {
    if (size_ == 0 || text.size() < size_) return false;
    if (size_ <= block) return same_words(text.data());
    std::uint64_t own = 0, other = 0;  // most that differ do so there, and are spared a call
    std::memcpy(&own, padded_.data() + sizeof own, sizeof own);
    std::memcpy(&other, text.data() + sizeof other, sizeof other);
    return own == other && compare<false>(text.data());
  }
  /// The same, where other digits may stand in place of digits.
  [[nodiscard, gnu::always_inline]] bool begins_but_digits(std::string_view text) const noexcept {
    return size_ > 0 && text.size() >= size_ && compare<true>(text.data());
  }
  /// Both, in the forms for each kind of processor; public for tests. \pre  text is no shorter than what was kept.
  template <bool Digits>
  [[nodiscard]] bool compare_plain(const char* text) const noexcept {
    return compare_in<detail::plain_blocks, Digits>(text);
  }
#if defined(WEIR_JSON_AVX)
  template <bool Digits>
  [[nodiscard]] WEIR_TARGET_AVX2 bool compare_avx2(const char* text) const noexcept {
    return compare_in<detail::avx2_blocks, Digits>(text);
  }
  template <bool Digits>
  [[nodiscard]] WEIR_TARGET_AVX512 bool compare_avx512(const char* text) const noexcept {
    return compare_in<detail::avx512_blocks, Digits>(text);
  }
#endif
  /// What was kept, maybe nothing; valid until the next keep().
  [[nodiscard]] std::string_view text() const noexcept { return {padded_.data(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Keeps `text` from now on; nothing where it is too long.
  void keep(std::string_view text) noexcept {
    size_ = text.size() <= most ? text.size() : 0;
    padded_.assign(text.substr(0, size_));
    padded_.append(block, '\0');
    last_ = (std::uint64_t{1} << size_ % block) - 1;
  }

 private:
  static constexpr std::size_t block = 64;

  /// Of a few bytes, as what stands between two values: a call costs more than they do.
  [[gnu::always_inline]] bool same_words(const char* text) const noexcept {
    constexpr std::size_t word = sizeof(std::uint64_t);
    const char* const kept = padded_.data();
    std::size_t i = 0;
    for (; i + word <= size_; i += word)
      if (detail::word_at(text + i) != detail::word_at(kept + i)) return false;
    const std::uint64_t rest = (std::uint64_t{1} << 8 * (size_ % word)) - 1;
    return ((detail::word_at(text + i) ^ detail::word_at(kept + i)) & rest) == 0;
  }

  template <bool Digits>
  [[gnu::always_inline]] bool compare(const char* text) const noexcept {
#if defined(WEIR_JSON_AVX)
    if (detail::avx512_blocks::available) return compare_avx512<Digits>(text);
    if (detail::avx2_blocks::available) return compare_avx2<Digits>(text);
#endif
    return compare_plain<Digits>(text);
  }
  // Inlined by force, so that a target's own function compiles all of it for that target.
  template <class Blocks, bool Digits>
  [[gnu::always_inline]] bool compare_in(const char* text) const noexcept {
    const char* const kept = padded_.data();
    std::size_t i = 0;
    for (; i + block <= size_; i += block) {
      __builtin_prefetch(text + i + 1024);
      if (Blocks::template differ<Digits>(text + i, kept + i) != 0) return false;
    }
    __builtin_prefetch(text + i + 1024);
    return (Blocks::template differ<Digits>(text + i, kept + i) & last_) == 0;
  }

  std::string padded_;  // with a block behind it
  std::size_t size_ = 0;
  std::uint64_t last_ = 0;  // which bytes of the last block, that is not a whole one, are the text's
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_KEPT_TEXT_HPP
