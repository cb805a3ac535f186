// weir/kernels/cuda/columns.cuh - activations as columns in shared memory, in the order in which tensor cores of sm_90a
// read them: 8-bit elements or bf16 as they are, quantized on the way, or bf16 taken apart into digits. Needs the CUDA
// toolkit's headers.
//
// Digits let 8-bit and 4-bit weights multiply bf16 without being widened: x 2^p, rounded to an integer below 2^22, is
// d2 2^16 + d1 2^8 + d0 with digits of -128 .. 127, each a column of its own; the products of w with the three columns
// are exact and are put together at the end. p is a token's, over the part of k that a block has: values down to 2^-14
// of the largest lose nothing (bf16 has 8 bits), smaller ones less than 2^-22 of the largest.
#ifndef WEIR_KERNELS_CUDA_COLUMNS_CUH
#define WEIR_KERNELS_CUDA_COLUMNS_CUH

#include <cstdint>

#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/hopper.cuh"
#include "weir/kernels/cuda/quantize_value.cuh"
#include "weir/kernels/cuda/tiles.cuh"

namespace weir::kernels::inline v0::cuda::detail {

/// A token's power of two: x 2^exponent is below 2^22.
struct digit_scale {
  float first, second;  // 2^exponent, in two factors because it can exceed what a float holds
  bool finite;
  int exponent;

  /// \param magnitude  the bits of the largest |x| as bf16.
  __device__ __forceinline__ explicit digit_scale(std::uint32_t magnitude) {
    finite = magnitude < 0x7F80;
    exponent = 21 - (max(static_cast<int>(magnitude >> 7), 1) - 127);
    first = power_of_two(exponent / 2), second = power_of_two(exponent - exponent / 2);
  }
  static __device__ __forceinline__ float power_of_two(int e) {
    return __uint_as_float(static_cast<std::uint32_t>(e + 127) << 23);
  }
  /// What the sums of digits are multiplied with.
  __device__ __forceinline__ float stored() const {
    return finite ? power_of_two(-(exponent / 2)) * power_of_two(exponent / 2 - exponent) : __uint_as_float(0x7FC00000);
  }

  /// The three digits in the low three bytes, lowest first.
  __device__ __forceinline__ std::uint32_t digits(float x) const {
    const float shifted = fmaf(x * first, second, 12582912.0F);  // 1.5 2^23: the integer stands in the low bits
    return (__float_as_uint(shifted) + (0x00808080U - 0x4B400000U)) ^ 0x00808080U;
  }
  /// Digit by digit, eight values.
  __device__ __forceinline__ void eight(const uint4& v, uint2 (&out)[3]) const {
    const std::uint32_t pairs[4] = {v.x, v.y, v.z, v.w};
    std::uint32_t words[3][2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      std::uint32_t d[4];
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        d[2 * i] = digits(low_bf16(pairs[2 * half + i]));
        d[2 * i + 1] = digits(high_bf16(pairs[2 * half + i]));
      }
      const std::uint32_t low = permute(d[0], d[1], 0x5140), high = permute(d[2], d[3], 0x5140);
      words[0][half] = permute(low, high, 0x5410), words[1][half] = permute(low, high, 0x7632);
      words[2][half] = permute(permute(d[0], d[1], 0x0062), permute(d[2], d[3], 0x0062), 0x5410);
    }
#pragma unroll
    for (int i = 0; i < 3; ++i) out[i] = finite ? uint2{words[i][0], words[i][1]} : uint2{0, 0};
  }
};

/// Where columns are put: into a block's shared memory, or where the copying engine will find them.
struct in_shared {
  std::uint32_t base;
  __device__ __forceinline__ void put(std::uint32_t at, std::uint32_t v) const { store_shared_4(base + at, v); }
  __device__ __forceinline__ void put(std::uint32_t at, const uint2& v) const { store_shared_8(base + at, v.x, v.y); }
  __device__ __forceinline__ void put(std::uint32_t at, const uint4& v) const { store_shared_16(base + at, v); }
};
struct in_global {
  std::uint8_t* base;
  template <class Words>
  __device__ __forceinline__ void put(std::uint32_t at, const Words& v) const {
    *reinterpret_cast<Words*>(base + at) = v;
  }
};

/// Where columns of one block lie and how they are ordered.
template <int Columns, int Digits, bool Split, class Memory = in_shared>
struct column_places {
  static constexpr int tokens = Digits == 1 ? Columns : Columns == 8 ? 2 : Columns / 3;
  Memory base;  // tiles of Columns rows of 128 bytes

  /// Of 8 columns a lane gets the sums of two, and of the next 8 two more: these are neighbouring tokens. Digits of a
  /// token stand so that one lane gets its three sums: in columns 8 apart; or, where all of them fit into 8 columns, in
  /// neighbouring lanes.
  static constexpr int lane_tokens = Columns == 8 && Digits == 3 ? 1 : tokens / 4;
  static __device__ __forceinline__ int column_of(int token, int digit) {
    if constexpr (Digits == 3 && Columns == 8) return 2 * digit + token;
    const int quad = token / lane_tokens, nth = token % lane_tokens;
    return (nth / 2 * Digits + digit) * 8 + quad * 2 + nth % 2;
  }
  /// Elements 8 * vector .. + 7 of a column of 8-bit elements. Where weights of 4 bits are taken apart, a word of eight
  /// of them gives even and odd ones, so the columns have evens and odds apart too.
  __device__ __forceinline__ void store(int column, int vector, const uint2& v) const {
    if constexpr (Split) {
      store_apart(column, vector, permute(v.x, v.y, 0x6420), permute(v.x, v.y, 0x7531));
    } else {
      const int at = vector * 8;
      base.put(at / 128 * Columns * 128 + swizzled(column, at % 128), v);
    }
  }
  __device__ __forceinline__ void store_apart(int column, int vector, std::uint32_t even, std::uint32_t odd) const {
    const int piece = vector / 4 % 8, step = piece / 4 * 4 + vector % 4;  // of 256 elements: 8 steps of 32
    const int tile = vector / 32 * 2 + step / 4, at = step % 4 * 32 + piece % 4 * 4;
    const std::uint32_t to = tile * Columns * 128;
    base.put(to + swizzled(column, at), even);
    base.put(to + swizzled(column, at + 16), odd);
  }
  /// Eight bf16.
  __device__ __forceinline__ void store_wide(int column, int vector, const uint4& v) const {
    const int at = vector * 16;
    base.put(at / 128 * Columns * 128 + swizzled(column, at % 128), v);
  }
};

/// Eight elements of 8 or 4 bits of a row, from element 8 * vector on; zeros behind its end.
__device__ __forceinline__ uint2 load_eight_narrow(const std::uint8_t* row, int vector, int element_bits, int columns) {
  const int size = element_bits, valid = min(size, columns * element_bits / 8 - vector * size);
  const std::uint8_t* from = row + vector * size;
  if (valid == 8) return *reinterpret_cast<const uint2*>(from);
  if (valid == 4 && size == 4) return {*reinterpret_cast<const std::uint32_t*>(from), 0};
  std::uint32_t words[2] = {0, 0};
  for (int i = 0; i < valid; ++i) words[i / 4] |= static_cast<std::uint32_t>(from[i]) << (i % 4 * 8);
  return {words[0], words[1]};
}

/// What a block's threads do to make the columns of `count` tokens from `token` on, of elements `begin` (a multiple of
/// 64) up to `begin + 8 * vectors` of k.
template <int Columns, int Digits, bool Split, int Threads, class Memory = in_shared>
struct column_maker {
  using places = column_places<Columns, Digits, Split, Memory>;
  const gemm_args& a;
  places to;
  const std::uint8_t* x;                 // the first token's row
  int count, begin, vectors, first = 0;  // first: the columns' place of the first token
  static constexpr int held_most = 4;
  uint4 held[held_most];  // a thread's first vectors: bf16, or eight elements of 8 or 4 bits

  /// One of a thread's vectors, and the next.
  struct cursor {
    int at, token, vector;
    __device__ __forceinline__ explicit cursor(int vectors)
        : at(threadIdx.x), token(static_cast<int>(threadIdx.x) / vectors), vector(at - token * vectors) {}
    __device__ __forceinline__ void advance(int vectors) {
      at += Threads, vector += Threads;
      while (vector >= vectors) vector -= vectors, ++token;
    }
  };
  __device__ __forceinline__ int all() const { return count * vectors; }
  __device__ __forceinline__ uint4 load(const cursor& c) const {
    if (c.at >= all()) return {0, 0, 0, 0};
    const std::uint8_t* row = x + static_cast<std::int64_t>(c.token) * a.x_row;
    if (a.x_type == dtype::bf16) return load_eight(row, begin / 8 + c.vector, a.k);
    const uint2 v = load_eight_narrow(row, begin / 8 + c.vector, a.x_type == dtype::i4 ? 4 : 8, a.k);
    return {v.x, v.y, 0, 0};
  }
  /// Starts reading the first vectors. It comes before w is asked for, which they would have to wait behind.
  __device__ __forceinline__ void read() {
    if (vectors == 0) return;
    cursor c(vectors);
#pragma unroll
    for (int i = 0; i < held_most; ++i, c.advance(vectors)) held[i] = load(c);
  }
  /// Calls take(cursor, eight bf16) for each of this thread's vectors, the next of which is read meanwhile.
  template <class Take>
  __device__ __forceinline__ void each(Take take) const {
    if (vectors == 0) return;
    cursor c(vectors);
    uint4 v = load(c);
#pragma unroll 1
    while (c.at < all()) {
      cursor next = c;
      next.advance(vectors);
      const uint4 after = load(next);
      take(c, v);
      c = next, v = after;
    }
  }
  /// The largest magnitudes of the tokens, as bits of bf16, into words that are 0; four vectors are read at once.
  __device__ __forceinline__ void find_largest(std::uint32_t words) {
    if (vectors == 0) return;
    cursor c(vectors);
    const bool whole = vectors % 32 == 0;  // a warp's vectors are of one token
#pragma unroll 1
    while (true) {
#pragma unroll
      for (int i = 0; i < held_most; ++i, c.advance(vectors)) {
        const std::uint32_t pair = larger_magnitudes(0, held[i]);
        std::uint32_t largest = max(pair & 0xFFFF, pair >> 16);
        if (whole) largest = warp_max(largest);
        if (c.at < all() && (!whole || threadIdx.x % 32 == 0)) max_shared_4(words + c.token * 4, largest);
      }
      if (c.at / 32 * 32 >= all()) break;
      cursor ahead = c;
#pragma unroll
      for (int i = 0; i < held_most; ++i, ahead.advance(vectors)) held[i] = load(ahead);
    }
  }
  /// Columns of digits, from the largest magnitudes.
  __device__ __forceinline__ void make_digits(std::uint32_t words) const {
    each([&](const cursor& c, const uint4& v) {
      uint2 digits[3];
      digit_scale(load_shared_4(words + c.token * 4)).eight(v, digits);
#pragma unroll
      for (int d = 0; d < 3; ++d) to.store(places::column_of(first + c.token, d), c.vector, digits[d]);
    });
  }
  /// Columns of quantized values, from the largest magnitudes of whole rows.
  template <dtype To>
  __device__ __forceinline__ void make_quantized(std::uint32_t words) const {
    each([&](const cursor& c, const uint4& v) {
      const uint2 eight = row_scale<To>(load_shared_4(words + c.token * 4)).eight(v);
      if constexpr (To == dtype::i4)
        to.store_apart(places::column_of(first + c.token, 0), c.vector, (eight.x << 4) & 0xF0F0F0F0,
                       eight.x & 0xF0F0F0F0);
      else
        to.store(places::column_of(first + c.token, 0), c.vector, eight);
    });
  }
  /// Columns of what is there already, after `read`: bf16, i8, e4m3, or i4, whose values come 16 times as large.
  __device__ __forceinline__ void copy() const {
    if (vectors == 0) return;
    const auto put = [&](const cursor& c, const uint4& v) {
      const int column = places::column_of(first + c.token, 0);
      if (a.x_type == dtype::bf16)
        to.store_wide(column, c.vector, v);
      else if (a.x_type == dtype::i4)
        to.store_apart(column, c.vector, (v.x << 4) & 0xF0F0F0F0, v.x & 0xF0F0F0F0);
      else
        to.store(column, c.vector, {v.x, v.y});
    };
    cursor c(vectors);
#pragma unroll
    for (int i = 0; i < held_most; ++i, c.advance(vectors))
      if (c.at < all()) put(c, held[i]);
#pragma unroll 2
    for (; c.at < all(); c.advance(vectors)) put(c, load(c));
  }
};

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_COLUMNS_CUH
