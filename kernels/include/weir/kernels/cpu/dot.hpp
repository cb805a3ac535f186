// weir/kernels/cpu/dot.hpp - inner products of rows for the instruction sets that a processor may have, chosen at run
// time. Needs x86 intrinsics where it is compiled for x86-64, else the standard library only.
#ifndef WEIR_KERNELS_CPU_DOT_HPP
#define WEIR_KERNELS_CPU_DOT_HPP

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WEIR_KERNELS_X86 1
#endif

namespace weir::kernels::inline v0::cpu {

/// Instruction sets with a path of their own, each with what the ones before it need.
enum class isa : std::uint8_t { plain, avx2, avx512_vnni };

namespace detail {

[[nodiscard]] inline std::int32_t dot_plain(const std::int8_t* a, const std::int8_t* b, std::int64_t n) noexcept {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

[[nodiscard]] inline float dot_plain(const float* a, const float* b, std::int64_t n) noexcept {
  float sum[8] = {};  // eight sums: shorter chains of roundings, and what a compiler can do side by side
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; ++j) sum[j] += a[i + j] * b[i + j];
  for (; i < n; ++i) sum[0] += a[i] * b[i];
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

#ifdef WEIR_KERNELS_X86
// Bytes are widened to 16 bits first: pmaddubsw would be one instruction less, but it saturates.
__attribute__((target("avx2"))) inline std::int32_t dot_avx2(const std::int8_t* a, const std::int8_t* b,
                                                             std::int64_t n) noexcept {
  __m256i sum = _mm256_setzero_si256();
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i x = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i)));
    const __m256i y = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i)));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
  }
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1));
  return _mm_cvtsi128_si32(half) + dot_plain(a + i, b + i, n - i);
}

// Through memory: GCC 12 takes _mm512_reduce_add_epi32 for a use of something uninitialized (its bug 105593).
__attribute__((target("avx512f"))) inline std::uint32_t sum_of_lanes(__m512i v) noexcept {
  alignas(64) std::uint32_t lanes[16];
  _mm512_store_si512(lanes, v);
  std::uint32_t sum = 0;
  for (const std::uint32_t lane : lanes) sum += lane;
  return sum;
}

// vpdpbusd multiplies unsigned by signed bytes. a + 128 is unsigned, and sum((a + 128) b) - 128 sum(b) = sum(a b);
// sums wrap modulo 2^32, so the difference is exact wherever the result fits.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) inline std::int32_t dot_vnni(const std::int8_t* a,
                                                                                    const std::int8_t* b,
                                                                                    std::int64_t n) noexcept {
  __m512i sum = _mm512_setzero_si512(), sum_b = _mm512_setzero_si512();
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80)), ones = _mm512_set1_epi8(1);
  for (std::int64_t i = 0; i < n; i += 64) {
    const __mmask64 mask = n - i >= 64 ? ~__mmask64{0} : (__mmask64{1} << (n - i)) - 1;
    const __m512i x = _mm512_maskz_loadu_epi8(mask, a + i), y = _mm512_maskz_loadu_epi8(mask, b + i);
    sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(x, flip), y);
    sum_b = _mm512_dpbusd_epi32(sum_b, ones, y);
  }
  return static_cast<std::int32_t>(sum_of_lanes(sum) - 128U * sum_of_lanes(sum_b));
}

__attribute__((target("avx2,fma"))) inline float dot_avx2(const float* a, const float* b, std::int64_t n) noexcept {
  __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  std::int64_t i = 0;
  for (; i + 32 <= n; i += 32)
    for (int j = 0; j < 4; ++j)
      sum[j] = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8 * j), _mm256_loadu_ps(b + i + 8 * j), sum[j]);
  const __m256 all = _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3]));
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  half = _mm_add_ss(half, _mm_movehdup_ps(half));
  return _mm_cvtss_f32(half) + dot_plain(a + i, b + i, n - i);
}
#endif

}  // namespace detail

/// The best instruction set that this processor has; asked once.
[[nodiscard]] inline isa best_isa() noexcept {
#ifdef WEIR_KERNELS_X86
  static const isa best = [] {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return isa::plain;
    const bool vnni = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
    return vnni ? isa::avx512_vnni : isa::avx2;
  }();
  return best;
#else
  return isa::plain;
#endif
}

/// sum of a[i] * b[i], exact where it fits 32 bits: the same for every instruction set.
[[nodiscard]] inline std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::int64_t n, isa use) noexcept {
#ifdef WEIR_KERNELS_X86
  if (use == isa::avx512_vnni) return detail::dot_vnni(a, b, n);
  if (use == isa::avx2) return detail::dot_avx2(a, b, n);
#endif
  (void)use;
  return detail::dot_plain(a, b, n);
}

/// sum of a[i] * b[i] in f32; instruction sets differ in the order of additions.
[[nodiscard]] inline float dot(const float* a, const float* b, std::int64_t n, isa use) noexcept {
#ifdef WEIR_KERNELS_X86
  if (use != isa::plain) return detail::dot_avx2(a, b, n);
#endif
  (void)use;
  return detail::dot_plain(a, b, n);
}

}  // namespace weir::kernels::inline v0::cpu

#undef WEIR_KERNELS_X86

#endif  // WEIR_KERNELS_CPU_DOT_HPP
