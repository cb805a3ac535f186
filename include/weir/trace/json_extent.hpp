// weir/trace/json_extent.hpp - finds where a JSON object or array ends, 64 bytes at a time. Needs the standard library.
//
// A trace is one JSON document of gigabytes whose array holds millions of small objects. Cutting it into those objects
// needs no parser: only quotes, backslashes and brackets decide. Source of the mask arithmetic: Langdale and Lemire,
// "Parsing gigabytes of JSON per second", 2019, section 3.1.
#ifndef WEIR_TRACE_JSON_EXTENT_HPP
#define WEIR_TRACE_JSON_EXTENT_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::inline v0 {

namespace detail {

/// One bit a byte of 64: which are quotes, backslashes, opening and closing brackets, control characters.
struct json_masks {
  std::uint64_t quote = 0, backslash = 0, open = 0, close = 0, control = 0;
};

#if defined(__SSE2__)
/// \pre  64 bytes at `at` are readable.
inline json_masks json_masks_of(const char* at) noexcept {
  json_masks m;
  const auto bits = [](__m128i lanes) {
    return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(lanes)));
  };
  for (int part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * part));
    const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));  // '[' and '{', ']' and '}' differ in this bit
    const int shift = 16 * part;
    m.quote |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))) << shift;
    m.backslash |= bits(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))) << shift;
    m.open |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{'))) << shift;
    m.close |= bits(_mm_cmpeq_epi8(folded, _mm_set1_epi8('}'))) << shift;
    m.control |= bits(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes)) << shift;
  }
  return m;
}
#else
inline json_masks json_masks_of(const char* at) noexcept {
  json_masks m;
  for (int i = 0; i < 64; ++i) {
    const auto byte = static_cast<unsigned char>(at[i]);
    const std::uint64_t bit = std::uint64_t{1} << i;
    if (byte == '"') m.quote |= bit;
    if (byte == '\\') m.backslash |= bit;
    if ((byte | 0x20) == '{') m.open |= bit;
    if ((byte | 0x20) == '}') m.close |= bit;
    if (byte < 0x20) m.control |= bit;
  }
  return m;
}
#endif

/// Bit i is the exclusive or of bits 0 to i: from "here is a quote" to "here is inside quotes".
constexpr std::uint64_t prefix_xor(std::uint64_t bits) noexcept {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/// Bytes that a backslash escapes; `carry` says that the previous block ended in an open escape.
constexpr std::uint64_t escaped_bytes(std::uint64_t backslash, bool& carry) noexcept {
  std::uint64_t escaped = carry ? 1 : 0;
  carry = false;
  for (std::uint64_t rest = backslash & ~escaped; rest != 0;) {
    const int at = std::countr_zero(rest);
    if (at == 63) {
      carry = true;
      break;
    }
    escaped |= std::uint64_t{2} << at;
    rest &= ~(std::uint64_t{3} << at);
  }
  return escaped;
}

}  // namespace detail

/// Follows one bracketed JSON value through a growing buffer, until the bracket that closes it.
///
///     weir::json_extent extent;
///     while (!extent.find_end(text = window.unread())) if (!window.more()) ...;   // text begins with { or [
///     handle(text.substr(0, extent.end()));
///
/// It does not check the value. It notices a raw control character inside a string, which JSON forbids and which
/// tells that a quote inside a string was not escaped (old profilers did that): see broken().
/// \complexity  each byte is read once, whatever the number of calls.
class json_extent {
 public:
  /// Goes on where the last call stopped.
  /// \param text  the value's bytes so far, from its opening bracket; 64 bytes after its end are readable (any value).
  /// \return      true once the closing bracket was found: see end(); also where the value is broken().
  bool find_end(std::string_view text) noexcept {
    for (; seen_ + 64 <= text.size(); seen_ += 64)
      if (take_block(detail::json_masks_of(text.data() + seen_), 64)) return true;
    const std::size_t left = text.size() - seen_;
    if (left == 0) return false;
    json_extent ahead = *this;  // a partial block is looked at again once it is whole
    const bool found = ahead.take_block(detail::json_masks_of(text.data() + seen_), left);
    if (found) *this = ahead;
    return found;
  }

  /// The length of the value. \pre  find_end() returned true and the value is not broken().
  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  /// A control character stood inside a string, at end(): brackets can't be trusted from the value's start on.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  /// Takes the first `left` of 64 bytes.
  bool take_block(detail::json_masks m, std::size_t left) noexcept {
    if (left < 64) {
      const std::uint64_t real = (std::uint64_t{1} << left) - 1;
      m.open &= real, m.close &= real, m.control &= real;
    }
    bool carry = escape_;
    const std::uint64_t escaped = (m.backslash != 0 || carry) ? detail::escaped_bytes(m.backslash, carry) : 0;
    const std::uint64_t inside = detail::prefix_xor(m.quote & ~escaped) ^ in_string_;
    const std::uint64_t open = m.open & ~inside;
    const std::uint64_t close = m.close & ~inside;
    std::uint64_t counted = 0;  // bits below were counted into depth
    std::int64_t depth = depth_;
    for (std::uint64_t rest = close; rest != 0; rest &= rest - 1) {
      const std::uint64_t below = (rest & (~rest + 1)) - 1;
      depth += std::popcount(open & below & ~counted) - 1;
      counted = below;
      if (depth == 0) return finish(m, inside, below, std::countr_zero(rest) + 1);
    }
    if ((m.control & inside) != 0) return finish(m, inside, ~std::uint64_t{0}, 64);
    depth_ = depth + std::popcount(open & ~counted);
    escape_ = carry;
    in_string_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
    return false;
  }

  bool finish(const detail::json_masks& m, std::uint64_t inside, std::uint64_t below, int length) noexcept {
    const std::uint64_t stray = m.control & inside & below;
    broken_ = stray != 0;
    end_ = seen_ + static_cast<std::size_t>(broken_ ? std::countr_zero(stray) : length);
    return true;
  }

  std::size_t seen_ = 0, end_ = 0;
  std::int64_t depth_ = 0;
  std::uint64_t in_string_ = 0;  // all ones while inside a string
  bool escape_ = false, broken_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_JSON_EXTENT_HPP
