// weir/record/token_walk.hpp - steps over the plain tokens of a line of JSON, many bytes at a time. Needs simdjson.
#ifndef WEIR_RECORD_TOKEN_WALK_HPP
#define WEIR_RECORD_TOKEN_WALK_HPP

#include <simdjson.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/record/plain_integers.hpp"

namespace weir::inline v0::detail {

/// Forwards through a line. A step ends behind its token, or says that it is not there: then the walk is over.
/// \pre  32 bytes are readable behind the line.
class token_walk {
 public:
  explicit token_walk(std::string_view line) noexcept : at_(line.data()), end_(line.data() + line.size()) {}

  [[nodiscard]] const char* at() const noexcept { return at_; }
  [[nodiscard]] bool ended() const noexcept { return at_ == end_; }

  /// The `size` bytes that stand at `form`. \pre  8 bytes are readable behind those.
  bool same(const char* form, std::size_t size) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < size) return false;
    if (size < 8) {
      if (size > 0 && (word_at(at_) ^ word_at(form)) << (64 - 8 * size) != 0) return false;
    } else {
      std::size_t done = 0;
      for (; size - done > 16; done += 8)
        if (word_at(at_ + done) != word_at(form + done)) return false;
      const std::uint64_t apart = word_at(at_ + done) ^ word_at(form + done);
      if ((apart | (word_at(at_ + size - 8) ^ word_at(form + size - 8))) != 0) return false;  // both may share bytes
    }
    at_ += size;
    return true;
  }

  /// A string's inside, up to its quote, in ASCII and without escapes.
  /// \param guess  how long it was the last time: if it is that again, the processor can go on before it has looked.
  bool take_text(std::string_view& out, std::size_t& guess) noexcept {
    const char* const begin = at_;
    if (static_cast<std::size_t>(end_ - at_) > guess && at_[guess] == '"' && is_plain(at_, guess)) {
      at_ += guess;
    } else {
      std::uint64_t odd = 0;
      while (at_ < end_ && (odd = quotes_and_odd(word_at(at_))) == 0) at_ += 8;
      at_ += std::countr_zero(odd) / 8;
      if (odd == 0 || at_ >= end_ || *at_ != '"') return false;
      guess = static_cast<std::size_t>(at_ - begin);
    }
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return true;
  }
  /// A string's inside, whatever JSON lets stand there. \param guess  as above.
  bool skip_text(std::size_t& guess) noexcept {
    const char* const begin = at_;
    if (static_cast<std::size_t>(end_ - at_) > guess && at_[guess] == '"' && is_plain(at_, guess)) {
      at_ += guess;
      return true;
    }
    for (bool escaped = true; escaped; ++at_) {
      const void* quote = at_ < end_ ? std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)) : nullptr;
      if (quote == nullptr) return false;
      at_ = static_cast<const char*>(quote);
      const char* before = at_;
      while (before > begin && before[-1] == '\\') --before;
      escaped = (at_ - before) % 2 == 1;
    }
    --at_;  // the quote itself
    guess = static_cast<std::size_t>(at_ - begin);
    unsigned char all = 0, least = 0xFF;
    for (const char* c = begin; c < at_; ++c) {
      const auto byte = static_cast<unsigned char>(*c);
      all |= byte, least = byte < least ? byte : least;
    }
    return least >= 0x20 && (all < 0x80 || simdjson::validate_utf8(begin, static_cast<std::size_t>(at_ - begin)));
  }

  /// Up to 18 digits, without sign, fraction or exponent; or null, which is `unmeasured`. \param guess  as above.
  [[gnu::always_inline]] bool take_number(std::int64_t& out, std::size_t& guess) noexcept {
    std::uint64_t digits = 0;
    if (guess == 0 || is_digit(at_[guess]) || !digits_of(at_, guess, digits)) return take_new_number(out, guess);
    out = static_cast<std::int64_t>(digits);
    at_ += guess;
    return true;
  }
  /// Anything that is no text and begins no array or object.
  bool skip_scalar() noexcept {
    const char* const begin = at_;
    while (at_ < end_ && is_scalar(*at_)) ++at_;
    return at_ > begin;
  }

  /// An array of integers: see plain_integers.
  bool take_numbers(std::vector<std::int64_t>& out) {
    const char* const after = plain_integers(at_, end_, out);
    if (after != nullptr) at_ = after;
    return after != nullptr;
  }
  /// An array of scalars.
  bool skip_numbers() noexcept {
    if (*at_ != '[') return false;
    const void* const close = std::memchr(at_, ']', static_cast<std::size_t>(end_ - at_));
    if (close == nullptr) return false;
    for (++at_; at_ < close; ++at_)
      if (!is_scalar(*at_) && *at_ != ',' && *at_ != ' ') return false;
    ++at_;
    return true;
  }

  /// `c`, and the white space before it. (Not a line's end: a row has none.)
  bool skip(char c) noexcept {
    skip_spaces();
    if (at_ >= end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void skip_spaces() noexcept {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }

 private:
  static constexpr std::uint64_t each(unsigned char byte) noexcept { return 0x0101010101010101U * byte; }
  /// The highest bit of each byte that is below `least`, or zero: right for the first of them, which is what is asked.
  static constexpr std::uint64_t below(std::uint64_t word, unsigned char least) noexcept {
    return (word - each(least)) & ~word;
  }
  /// The same for quotes, backslashes, control characters and what is not ASCII.
  static constexpr std::uint64_t quotes_and_odd(std::uint64_t word) noexcept {
    return (below(word ^ each('"'), 1) | below(word ^ each('\\'), 1) | below(word, 0x20) | word) & each(0x80);
  }
  /// Whether none of `size` bytes is odd.
  static bool is_plain(const char* at, std::size_t size) noexcept {
    // Zero bytes would be odd: letters stand for those behind the last one.
    if (size < 8) return size == 0 || quotes_and_odd(word_at(at) << (64 - 8 * size) | each('x') >> 8 * size) == 0;
    std::uint64_t odd = quotes_and_odd(word_at(at + size - 8));  // some bytes of it may come again
    for (std::size_t done = 0; done + 8 < size; done += 8) odd |= quotes_and_odd(word_at(at + done));
    return odd == 0;
  }
  /// A number of another size than the last time, or null.
  bool take_new_number(std::int64_t& out, std::size_t& guess) noexcept {
    std::uint64_t digits = 0;
    const char* after = plain_digits(at_, digits);
    guess = 0;
    if (after != nullptr) {
      out = static_cast<std::int64_t>(digits);
      if (after - at_ <= 16) guess = static_cast<std::size_t>(after - at_);
    } else {
      if (std::memcmp(at_, "null", 4) != 0) return false;
      out = unmeasured;
      after = at_ + 4;
    }
    at_ = after;
    return true;
  }
  static constexpr bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }
  static constexpr bool is_scalar(char c) noexcept {
    return c > ' ' && c < 0x7F && c != ',' && c != ':' && c != '"' && c != '[' && c != ']' && c != '{' && c != '}';
  }

  const char* at_;
  const char* end_;
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_TOKEN_WALK_HPP
