// weir/trace/json_masks.hpp - which of 64 bytes are quotes, brackets and so on, as bits. Needs the standard library.
//
// Three forms: one for any x86-64 or other machine, and ones for AVX2 and AVX-512 that are compiled always and used
// where the processor has them, so that a distribution's build for plain x86-64 is not the slow one.
#ifndef WEIR_TRACE_JSON_MASKS_HPP
#define WEIR_TRACE_JSON_MASKS_HPP

#include <bit>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WEIR_JSON_AVX 1
#define WEIR_TARGET_AVX2 [[gnu::target("avx2,bmi,popcnt,pclmul")]]
#define WEIR_TARGET_AVX512 [[gnu::target("avx512f,avx512bw,avx2,bmi,popcnt,pclmul")]]
#endif

namespace weir::inline v0::detail {

/// One bit a byte of 64: which are quotes, backslashes, opening and closing brackets, control characters.
struct json_masks {
  std::uint64_t quote = 0, backslash = 0, open = 0, close = 0, control = 0;
};

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

/// For any machine.
struct plain_blocks {
  static std::uint64_t inside(std::uint64_t quotes) noexcept { return prefix_xor(quotes); }

#if defined(WEIR_JSON_AVX)
  /// \pre  64 bytes at `at` are readable.
  static json_masks masks(const char* at) noexcept {
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
  /// One bit a byte of 64: where `a` and `b` differ and, with `Digits`, not both are digits.
  /// \pre  64 bytes of both are readable.
  template <bool Digits>
  static std::uint64_t differ(const char* a, const char* b) noexcept {
    std::uint64_t found = 0;
    for (int part = 0; part < 4; ++part) {
      const __m128i left = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + 16 * part));
      const __m128i right = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + 16 * part));
      __m128i same = _mm_cmpeq_epi8(left, right);
      if constexpr (Digits) same = _mm_or_si128(same, _mm_and_si128(digits(left), digits(right)));
      found |= static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(same)) ^ 0xFFFFU) << 16 * part;
    }
    return found;
  }
  static __m128i digits(__m128i bytes) noexcept {
    const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    return _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
  }
#else
  template <bool Digits>
  static std::uint64_t differ(const char* a, const char* b) noexcept {
    const auto digit = [](char c) { return static_cast<unsigned char>(c - '0') <= 9; };
    std::uint64_t found = 0;
    for (int i = 0; i < 64; ++i)
      if (a[i] != b[i] && !(Digits && digit(a[i]) && digit(b[i]))) found |= std::uint64_t{1} << i;
    return found;
  }
  static json_masks masks(const char* at) noexcept {
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
};

#if defined(WEIR_JSON_AVX)
/// For processors with AVX2 and carry-less multiplication; to be called from functions of the same target only.
struct avx2_blocks {
  static inline const bool available = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
                                       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");

  WEIR_TARGET_AVX2 static std::uint64_t inside(std::uint64_t quotes) noexcept {
    const __m128i bits = _mm_set_epi64x(0, static_cast<std::int64_t>(quotes));
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(bits, _mm_set1_epi8(-1), 0)));
  }
  WEIR_TARGET_AVX2 static std::uint64_t both(__m256i low, __m256i high) noexcept {
    return static_cast<unsigned>(_mm256_movemask_epi8(low)) |
           static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(high))) << 32;
  }
  WEIR_TARGET_AVX2 static std::uint64_t equal(__m256i low, __m256i high, char wanted) noexcept {
    const __m256i lanes = _mm256_set1_epi8(wanted);
    return both(_mm256_cmpeq_epi8(low, lanes), _mm256_cmpeq_epi8(high, lanes));
  }
  /// \pre  64 bytes at `at` are readable.
  WEIR_TARGET_AVX2 static json_masks masks(const char* at) noexcept {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32));
    const __m256i fold = _mm256_set1_epi8(0x20), last_control = _mm256_set1_epi8(0x1F);
    const __m256i low_folded = _mm256_or_si256(low, fold), high_folded = _mm256_or_si256(high, fold);
    return {equal(low, high, '"'), equal(low, high, '\\'), equal(low_folded, high_folded, '{'),
            equal(low_folded, high_folded, '}'),
            both(_mm256_cmpeq_epi8(_mm256_min_epu8(low, last_control), low),
                 _mm256_cmpeq_epi8(_mm256_min_epu8(high, last_control), high))};
  }
  /// As plain_blocks.
  template <bool Digits>
  WEIR_TARGET_AVX2 static std::uint64_t differ(const char* a, const char* b) noexcept {
    return ~both(same<Digits>(a, b), same<Digits>(a + 32, b + 32));
  }
  template <bool Digits>
  WEIR_TARGET_AVX2 static __m256i same(const char* a, const char* b) noexcept {
    const __m256i left = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a));
    const __m256i right = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
    const __m256i same = _mm256_cmpeq_epi8(left, right);
    return Digits ? _mm256_or_si256(same, _mm256_and_si256(digits(left), digits(right))) : same;
  }
  WEIR_TARGET_AVX2 static __m256i digits(__m256i bytes) noexcept {
    const __m256i values = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(values, _mm256_set1_epi8(9)), values);
  }
};

/// For processors with AVX-512 for bytes: a comparison gives the 64 bits. As avx2_blocks.
struct avx512_blocks {
  static inline const bool available =
      avx2_blocks::available && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");

  WEIR_TARGET_AVX512 static std::uint64_t inside(std::uint64_t quotes) noexcept {
    const __m128i bits = _mm_set_epi64x(0, static_cast<std::int64_t>(quotes));
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(bits, _mm_set1_epi8(-1), 0)));
  }
  /// \pre  64 bytes at `at` are readable.
  WEIR_TARGET_AVX512 static json_masks masks(const char* at) noexcept {
    const __m512i bytes = _mm512_loadu_si512(at);
    const __m512i folded = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
    return {_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')), _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')),
            _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('{')),
            _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8('}')),
            _mm512_cmple_epu8_mask(bytes, _mm512_set1_epi8(0x1F))};
  }
  /// As plain_blocks.
  template <bool Digits>
  WEIR_TARGET_AVX512 static std::uint64_t differ(const char* a, const char* b) noexcept {
    const __m512i left = _mm512_loadu_si512(a), right = _mm512_loadu_si512(b);
    const std::uint64_t other = _mm512_cmpneq_epi8_mask(left, right);
    return !Digits || other == 0 ? other : other & ~(digits(left) & digits(right));
  }
  WEIR_TARGET_AVX512 static std::uint64_t digits(__m512i bytes) noexcept {
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
  }
};
#endif

}  // namespace weir::inline v0::detail

#endif  // WEIR_TRACE_JSON_MASKS_HPP
