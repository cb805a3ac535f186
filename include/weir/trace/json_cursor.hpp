// weir/trace/json_cursor.hpp - steps over JSON text value by value and builds nothing. Needs the standard library.
#ifndef WEIR_TRACE_JSON_CURSOR_HPP
#define WEIR_TRACE_JSON_CURSOR_HPP

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "weir/base/units.hpp"
#include "weir/trace/json_extent.hpp"
#include "weir/trace/kept_text.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::inline v0 {

namespace detail {

#if defined(__SSE2__)
/// One bit a byte of the 16 at `at`: what ends the plain part of a string, quotes and backslashes.
inline unsigned text_ends(const char* at) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i found =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
/// The same for what ends a number or a word: white space , ] } and control characters.
inline unsigned value_ends(const char* at) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
  const __m128i blank = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(' ')), bytes);
  const __m128i ends =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(blank, ends)));
}
#else
inline unsigned text_ends(const char* at) noexcept {
  unsigned found = 0;
  for (unsigned i = 0; i < 16; ++i) found |= (at[i] == '"' || at[i] == '\\' ? 1U : 0U) << i;
  return found;
}
inline unsigned value_ends(const char* at) noexcept {
  unsigned found = 0;
  for (unsigned i = 0; i < 16; ++i) {
    const bool ends = static_cast<unsigned char>(at[i]) <= ' ' || at[i] == ',' || (at[i] | 0x20) == '}';
    found |= (ends ? 1U : 0U) << i;
  }
  return found;
}
#endif

/// As text_ends, and control characters too: what no string may hold.
inline unsigned plain_text_ends(const char* at) noexcept {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  return text_ends(at) | static_cast<unsigned>(_mm_movemask_epi8(control));
#else
  unsigned found = text_ends(at);
  for (unsigned i = 0; i < 16; ++i) found |= (static_cast<unsigned char>(at[i]) < ' ' ? 1U : 0U) << i;
  return found;
#endif
}

/// The first byte from `at` on that ends what `Ends` looks for, or one behind `end`.
/// The way on does not wait for what is found: a step is the same 16 bytes until something is.
template <unsigned (*Ends)(const char*) noexcept>
[[gnu::always_inline]] inline const char* first_end(const char* at, const char* end) noexcept {
  unsigned found = Ends(at);
  while (found == 0 && (at += 16) < end) found = Ends(at);
  return found == 0 ? at : at + std::countr_zero(found);
}

/// Whether the bytes at `text` are those of `literal`: compared in words that overlap, since a call to memcmp costs
/// more than the bytes, and compilers spare it for lengths of a power of two only.
template <std::size_t Size>
[[nodiscard, gnu::always_inline]] inline bool literal_at(const char* text, const char (&literal)[Size]) noexcept {
  constexpr std::size_t length = Size - 1, word = length >= 8 ? 8 : length >= 4 ? 4 : length >= 2 ? 2 : length;
  static_assert(length <= 3 * word);
  return std::memcmp(text, literal, word) == 0 &&
         (length <= 2 * word || std::memcmp(text + word, literal + word, word) == 0) &&
         std::memcmp(text + length - word, literal + length - word, word) == 0;
}
/// `text` == `literal`.
template <std::size_t Size>
[[nodiscard]] inline bool is(std::string_view text, const char (&literal)[Size]) noexcept {
  return text.size() == Size - 1 && literal_at(text.data(), literal);
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
    while (at_ < end_ && static_cast<unsigned char>(*at_) <= ' ') {
      ++at_;
      while (end_ - at_ >= 4 && std::memcmp(at_, "    ", 4) == 0) at_ += 4;  // lines are indented
    }
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
    if (static_cast<std::size_t>(end_ - at_) < Size - 1 || !detail::literal_at(at_, literal)) return false;
    at_ += Size - 1;
    return true;
  }
  /// Takes what was kept where it comes next.
  [[gnu::always_inline]] bool take_same(const kept_text& kept) noexcept {
    if (!kept.begins(rest())) return false;
    at_ += kept.text().size();
    return true;
  }
  /// Takes a comma, white space and `literal` where that is what comes next.
  template <std::size_t Size>
  [[gnu::always_inline]] bool take_next(const char (&literal)[Size]) noexcept {
    if (at_ >= end_ || *at_ != ',') return false;
    ++at_;
    if (static_cast<std::size_t>(end_ - at_) >= Size && *at_ == ' ' && detail::literal_at(at_ + 1, literal))
      return at_ += Size, true;  // as most often
    peek();
    return take_exactly(literal);
  }
  /// Takes a string behind its opening quote where it has neither escapes nor what no string may hold.
  [[gnu::always_inline]] bool plain_text(std::string_view& into) noexcept {
    const char* const begin = at_;
    at_ = detail::first_end<detail::plain_text_ends>(begin, end_);
    if (at_ >= end_ || *at_ != '"') return false;
    into = {begin, static_cast<std::size_t>(at_++ - begin)};
    return true;
  }
  /// Takes a string of one letter behind its opening quote.
  [[gnu::always_inline]] bool letter(std::string_view& into) noexcept {
    if (end_ - at_ < 2 || at_[1] != '"' || static_cast<unsigned char>((*at_ | 0x20) - 'a') > 'z' - 'a') return false;
    into = {at_, 1};
    at_ += 2;
    return true;
  }
  /// Takes a string of that kind with its quotes, or a plain whole number.
  [[gnu::always_inline]] bool plain_value(std::string_view& into) noexcept {
    const char* const begin = at_;
    if (at_ < end_ && *at_ == '"') {
      std::string_view text;
      ++at_;
      if (!plain_text(text)) return false;
    } else {
      while (at_ < end_ && static_cast<unsigned char>(*at_ - '0') <= 9) ++at_;
      if (at_ == begin) return false;
    }
    into = {begin, static_cast<std::size_t>(at_ - begin)};
    return true;
  }
  /// What is not read yet.
  [[nodiscard]] std::string_view rest() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  /// \pre  count <= rest().size()
  void skip(std::size_t count) noexcept { at_ += count; }
  /// A string's bytes between its quotes; escapes are left as they are written.
  [[gnu::always_inline]] std::string_view string() noexcept {
    if (!take('"')) return fail();
    return rest_of_string();
  }
  /// The same, behind the opening quote.
  [[gnu::always_inline]] std::string_view rest_of_string() noexcept {
    const char* const begin = at_;
    while (at_ < end_) {
      at_ = detail::first_end<detail::text_ends>(at_, end_);
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
    at_ = std::min(detail::first_end<detail::value_ends>(at_, end_), end_);
    return at_ == begin ? fail() : since(begin);
  }

 private:
  std::string_view since(const char* begin) const noexcept {
    return failed_ ? std::string_view{} : std::string_view(begin, static_cast<std::size_t>(at_ - begin));
  }
  std::string_view bracketed() noexcept {
    const char* const begin = at_;
    const std::size_t length = json_extent::whole(rest().substr(1), 1);
    if (length == 0) return fail();
    at_ += 1 + length;
    return {begin, 1 + length};
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
