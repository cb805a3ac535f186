// weir/record/plain_integers.hpp - an array of integers, read digit by digit out of JSON. Needs the standard library
// only.
#ifndef WEIR_RECORD_PLAIN_INTEGERS_HPP
#define WEIR_RECORD_PLAIN_INTEGERS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "weir/base/eight_bytes.hpp"

namespace weir::inline v0::detail {

inline constexpr std::array<std::uint64_t, 9> tens{1,       10,        100,        1000,       10'000,
                                                   100'000, 1'000'000, 10'000'000, 100'000'000};

/// Reads the digits at `at`; at most 18 of them, and 0 only alone. \return  where they end; nullptr where it can't be.
/// \pre  8 bytes are readable wherever the digits end, and the digits do end (the padding of a row, a byte that is
/// none).
inline const char* plain_digits(const char* at, std::uint64_t& out) noexcept {
  const char* const begin = at;
  out = 0;
  for (;; at += 8) {
    const std::uint64_t word = word_at(at), others = not_digits(word);
    if (others != 0) {  // as many of its bytes are digits as lie below the first other one
      const auto digits = static_cast<std::size_t>(std::countr_zero(others)) / 8;
      if (digits > 0) out = out * tens[digits] + eight_digits(word << (64 - 8 * digits));
      at += digits;
      break;
    }
    if (at - begin >= 16) return nullptr;
    out = out * 100'000'000 + eight_digits(word);
  }
  const auto count = at - begin;
  return count == 0 || count > 18 || (count > 1 && *begin == '0') ? nullptr : at;
}

/// Reads exactly `count` digits at `at`, 1 <= count <= 16. \return  whether they are that, and no zero stands in front.
[[gnu::always_inline]] inline bool digits_of(const char* at, std::size_t count, std::uint64_t& out) noexcept {
  if (*at == '0' && count > 1) return false;
  const std::uint64_t first = digit_values(word_at(at));
  if (count <= 8) {
    const std::uint64_t all = first << (64 - 8 * count);
    out = number_of_values(all);
    return above_nine(all) == 0;
  }
  const std::uint64_t rest = digit_values(word_at(at + 8)) << (128 - 8 * count);
  out = number_of_values(first) * tens[count - 8] + number_of_values(rest);
  return (above_nine(first) | above_nine(rest)) == 0;
}

/// Appends the integers of the array at `at` to `out`, in a fifth of the time that a JSON library takes: for per-event
/// times, of which a record has hundreds. A number mostly has as many digits as the one before it; guessing that lets
/// the processor begin with the next one before this one's end is known.
/// \param end  where the document ends; 32 bytes are readable behind it.
/// \return     where the array ends; nullptr for anything but "[1,-2,3]" without white space, in range: then the caller
///             reads it the slow way, which knows what is wrong. `out` may have grown.
template <class Integer>
const char* plain_integers(const char* at, const char* end, std::vector<Integer>& out) {
  if (at >= end || *at != '[') return nullptr;
  std::array<Integer, 128> read;
  std::size_t kept = 0, guess = 1;
  for (++at; at < end; ++at) {
    const bool negative = *at == '-';
    std::uint64_t digits = 0;
    at += negative ? 1 : 0;
    if (at[guess] == ',' && digits_of(at, guess, digits)) {
      at += guess;
    } else {
      const char* const begin = at;
      at = plain_digits(at, digits);
      if (at == nullptr) return nullptr;
      guess = std::min<std::size_t>(static_cast<std::size_t>(at - begin), 16);
    }
    if (at >= end || digits > static_cast<std::uint64_t>(std::numeric_limits<Integer>::max())) return nullptr;
    const auto value = static_cast<std::int64_t>(digits);
    read[kept++] = static_cast<Integer>(negative ? -value : value);
    const bool last = *at == ']';
    if (!last && *at != ',') return nullptr;
    if (!last && kept < read.size()) continue;
    out.insert(out.end(), read.begin(), read.begin() + static_cast<std::ptrdiff_t>(kept));
    if (last) return at + 1;
    kept = 0;
  }
  return nullptr;
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_PLAIN_INTEGERS_HPP
