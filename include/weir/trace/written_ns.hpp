// weir/trace/written_ns.hpp - reads a time in microseconds from its text, eight digits at a time. Needs the standard
// library only.
#ifndef WEIR_TRACE_WRITTEN_NS_HPP
#define WEIR_TRACE_WRITTEN_NS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "weir/base/eight_bytes.hpp"

namespace weir::inline v0::detail {

inline constexpr std::uint64_t eight_zeros = 0x3030303030303030;

/// How many digits the eight bytes begin with.
inline unsigned leading_digits(std::uint64_t bytes) noexcept {
  return static_cast<unsigned>(std::countr_zero(not_digits(bytes))) / 8;
}

/// A number of nanoseconds and the bytes that write it; 0: it is not written so.
struct written_ns {
  std::uint64_t value = 0;
  std::size_t length = 0;
};

/// How the last number of a kind was written.
struct written_before {
  std::size_t whole = 1;              ///< Digits before its point.
  std::uint64_t bytes = eight_zeros;  ///< Its first eight.
  std::uint64_t high = 0;  ///< What they make of the value, where more than five digits stand before the point.
};

/// Microseconds of at most 13 digits and three more behind a point, as profilers write most; 32 bytes are readable.
/// Where the point is, is guessed and found by branches: a processor foresees them, and goes on behind the number
/// before it has read it.
[[gnu::always_inline]] inline written_ns three_decimals(const char* const begin, written_before& last) noexcept {
  constexpr std::size_t together = 5;  // with three decimals they are eight
  if (begin[last.whole] != '.') {
    std::size_t found = 0;
    while (begin[found] != '.')
      if (++found > 8 + together) return {};
    last = {};
    last.whole = found;
  }
  const std::size_t whole = last.whole, low_digits = std::min(whole, together);
  if (whole > together) {
    const std::uint64_t bytes = word_at(begin);
    if (bytes != last.bytes) {
      if (leading_digits(bytes) + together < whole) return {};
      last.bytes = bytes;
      last.high = eight_digits(bytes << 8 * (8 + together - whole)) * 100'000'000;
    }
  }
  const std::uint64_t before = word_at(begin + whole - low_digits), decimals = word_at(begin + whole + 1);
  const std::uint64_t kept = before & ((std::uint64_t{1} << 8 * low_digits) - 1);
  const std::size_t missing = together - low_digits;
  const std::uint64_t zeros = eight_zeros & ((std::uint64_t{1} << 8 * missing) - 1);
  const std::uint64_t digits = ((kept | decimals << 8 * low_digits) << 8 * missing) | zeros;
  const bool ends = static_cast<unsigned char>(begin[whole + 4] - '0') > 9;
  if (whole == 0 || leading_digits(digits) != 8 || !ends) return {};
  return {last.high + eight_digits(digits), whole + 4};
}
/// The same, of at most 15 digits and as many decimals as there are, of which three count.
inline written_ns any_decimals(const char* const begin) noexcept {
  const auto digit = [](char c) { return static_cast<unsigned char>(c - '0'); };
  const char* at = begin;
  std::uint64_t value = 0;
  for (; digit(*at) <= 9 && at - begin < 16; ++at) value = 10 * value + digit(*at);
  if (at == begin || at - begin > 15) return {};
  int missing = 3;
  if (*at == '.')
    for (++at; missing > 0 && digit(*at) <= 9; ++at, --missing) value = 10 * value + digit(*at);
  for (; missing > 0; --missing) value *= 10;
  if (digit(*at) <= 9) return {};
  return {value, static_cast<std::size_t>(at - begin)};
}

/// A time in either way.
[[gnu::always_inline]] inline written_ns read_ns(const char* const begin, written_before& last) noexcept {
  const written_ns usual = three_decimals(begin, last);
  return usual.length > 0 ? usual : any_decimals(begin);
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_TRACE_WRITTEN_NS_HPP
