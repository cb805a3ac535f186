// weir/trace/json_cursor.hpp - steps over JSON text value by value and builds nothing. Needs the standard library.
#ifndef WEIR_TRACE_JSON_CURSOR_HPP
#define WEIR_TRACE_JSON_CURSOR_HPP

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "weir/base/units.hpp"
#include "weir/trace/json_extent.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::inline v0 {

namespace detail {

#if defined(__SSE2__)
/// How many of the 16 bytes at `at` come before the first quote or backslash; 16 where there is neither.
inline unsigned plain_text_at(const char* at) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i found =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(_mm_movemask_epi8(found)) | 0x10000U));
}
/// How many of the 16 bytes at `at` come before what ends a number or a word: white space , ] } and control characters.
inline unsigned plain_value_at(const char* at) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
  const __m128i blank = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(' ')), bytes);
  const __m128i ends =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
  const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(blank, ends)));
  return static_cast<unsigned>(std::countr_zero(found | 0x10000U));
}
#else
inline unsigned plain_text_at(const char* at) noexcept {
  unsigned n = 0;
  while (n < 16 && at[n] != '"' && at[n] != '\\') ++n;
  return n;
}
inline unsigned plain_value_at(const char* at) noexcept {
  unsigned n = 0;
  while (n < 16 && static_cast<unsigned char>(at[n]) > ' ' && at[n] != ',' && (at[n] | 0x20) != '}') ++n;
  return n;
}
#endif

/// `text` == `literal`, as a comparison of constant length: a call to memcmp costs more than the bytes.
template <std::size_t Size>
[[nodiscard]] inline bool is(std::string_view text, const char (&literal)[Size]) noexcept {
  return text.size() == Size - 1 && std::memcmp(text.data(), literal, Size - 1) == 0;
}

/// A value without the quotes of a string.
[[nodiscard]] inline std::string_view unquoted(std::string_view value) noexcept {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

/// A whole number, in quotes or not; `fallback` where it is none.
[[nodiscard]] inline std::int64_t integer_or(std::string_view json, std::int64_t fallback) noexcept {
  const auto value = parse_number<std::int64_t>(unquoted(json));
  return value ? *value : fallback;
}

/// A number that is no less than 0, as durations and sizes are; NaN where the text is none.
[[nodiscard]] inline double amount_or_nan(std::string_view text) noexcept {
  const auto value = parse_number<double>(text);
  return value && std::isfinite(*value) && *value >= 0 ? *value : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace detail

/// What became of an object of a list.
enum class object_read : unsigned char {
  ok,       ///< It is whole.
  skipped,  ///< It is not wanted; not all of it was read.
  damaged,  ///< It is not what it has to be: counted and named.
};

/// Steps over JSON text. A cursor that met something unexpected stays at the end.
/// 64 bytes after the text must be readable (any value): see json_extent.
class json_cursor {
 public:
  explicit json_cursor(std::string_view text) noexcept : at_(text.data()), end_(at_ + text.size()) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// The next byte that is not white space; 0 at the end.
  char peek() noexcept {
    while (at_ < end_ && static_cast<unsigned char>(*at_) <= ' ') ++at_;
    return at_ < end_ ? *at_ : '\0';
  }
  bool take(char wanted) noexcept {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  /// Takes `literal` where the next bytes are exactly that: a guess of what comes often.
  template <std::size_t Size>
  bool take_exactly(const char (&literal)[Size]) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < Size - 1 || std::memcmp(at_, literal, Size - 1) != 0) return false;
    at_ += Size - 1;
    return true;
  }
  /// A string's bytes between its quotes; escapes are left as they are written.
  [[gnu::always_inline]] std::string_view string() noexcept {
    if (!take('"')) return fail();
    return rest_of_string();
  }
  /// The same, behind the opening quote.
  [[gnu::always_inline]] std::string_view rest_of_string() noexcept {
    const char* const begin = at_;
    while (at_ < end_) {
      const unsigned plain = detail::plain_text_at(at_);
      at_ += plain;
      if (plain == 16) continue;
      if (at_ >= end_) break;
      if (*at_ == '"') return {begin, static_cast<std::size_t>(at_++ - begin)};
      at_ += 2;
    }
    return fail();
  }
  /// Any value as it is written: a string with its quotes, a number, an object with its braces.
  [[gnu::always_inline]] std::string_view value() noexcept {
    const char first = peek();
    const char* const begin = at_;
    if (first == '"') return string(), since(begin);
    if (first == '{' || first == '[') return bracketed();
    for (unsigned plain = 16; plain == 16 && at_ < end_; at_ += plain) plain = detail::plain_value_at(at_);
    if (at_ > end_) at_ = end_;
    return at_ == begin ? fail() : since(begin);
  }

 private:
  std::string_view since(const char* begin) const noexcept {
    return failed_ ? std::string_view{} : std::string_view(begin, static_cast<std::size_t>(at_ - begin));
  }
  std::string_view bracketed() noexcept {
    json_extent extent;
    const std::string_view text(at_, static_cast<std::size_t>(end_ - at_));
    if (!extent.find_end(text) || extent.broken()) return fail();
    at_ += extent.end();
    return text.substr(0, extent.end());
  }
  std::string_view fail() noexcept {
    failed_ = true;
    at_ = end_;
    return {};
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

/// Calls `on_member(key, value)` for each member of an object, values as written.
/// \return  false where `object` is none; the members before the fault were reported.
template <class OnMember>
bool for_each_member(std::string_view object, OnMember&& on_member) {
  json_cursor at(object);
  if (!at.take('{')) return false;
  while (at.peek() == '"') {
    const std::string_view key = at.string();
    if (!at.take(':')) return false;
    const std::string_view value = at.value();
    if (at.failed()) return false;
    on_member(key, value);
    if (!at.take(',')) break;
  }
  return at.take('}');
}

/// Calls `on_element(value)` for each element of a list, as written.
/// \return  false where `list` is none; the elements before the fault were reported.
template <class OnElement>
bool for_each_in_array(std::string_view list, OnElement&& on_element) {
  json_cursor at(list);
  if (!at.take('[')) return false;
  while (at.peek() != ']') {
    const std::string_view value = at.value();
    if (at.failed()) return false;
    on_element(value);
    if (!at.take(',')) break;
  }
  return at.take(']');
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_JSON_CURSOR_HPP
