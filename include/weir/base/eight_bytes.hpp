// weir/base/eight_bytes.hpp - eight characters at a time, as one number. Needs the standard library only.
#ifndef WEIR_BASE_EIGHT_BYTES_HPP
#define WEIR_BASE_EIGHT_BYTES_HPP

#include <bit>
#include <cstdint>
#include <cstring>

namespace weir::inline v0::detail {

/// The eight bytes at `at`, the first of them in the lowest byte.
inline std::uint64_t word_at(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}
/// The bytes of `word` that are no digit: 0 where all eight are; else the highest bit of the first
/// such byte is set, and no bit of a byte before it.
constexpr std::uint64_t not_digits(std::uint64_t word) noexcept {
  constexpr std::uint64_t high = 0x8080808080808080U;
  const std::uint64_t low_bits = (word ^ 0x3030303030303030U) & ~high;  // a digit is now 0 to 9
  return ((low_bits + 0x7676767676767676U) | word) & high;              // 10 and more carry into the highest bit
}
/// The values of eight digits, a byte each: 0 to 9 for a digit, and more for anything else.
constexpr std::uint64_t digit_values(std::uint64_t word) noexcept {
  return word ^ 0x3030303030303030U;
}
/// Not 0 where a byte is above 9.
constexpr std::uint64_t above_nine(std::uint64_t values) noexcept {
  return ((values + 0x7676767676767676U) | values) & 0x8080808080808080U;  // a carry is told by the byte that it left
}
/// The number of eight digits by their values, the first of them in the lowest byte.
/// \source  Lemire, "Quickly parsing eight digits", 2018.
constexpr std::uint64_t number_of_values(std::uint64_t values) noexcept {
  values = values * 2561 >> 8;
  values = (values & 0x00FF00FF00FF00FFU) * 6553601 >> 16;
  return (values & 0x0000FFFF0000FFFFU) * 42949672960001U >> 32;
}
/// The number that eight digits spell; zero bytes count as 0.
constexpr std::uint64_t eight_digits(std::uint64_t word) noexcept {
  return number_of_values(word & 0x0F0F0F0F0F0F0F0FU);
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_BASE_EIGHT_BYTES_HPP
