// weir/kernels/cuda/cluster_multiply.cuh - the arithmetic of the kernel for clusters: what tensor cores do with a tile
// of w and a block's columns. Needs the CUDA toolkit's headers.
#ifndef WEIR_KERNELS_CUDA_CLUSTER_MULTIPLY_CUH
#define WEIR_KERNELS_CUDA_CLUSTER_MULTIPLY_CUH

#include <cstdint>
#include <type_traits>

#include "weir/kernels/cuda/cluster_place.cuh"
#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/hopper.cuh"
#include "weir/kernels/cuda/tiles.cuh"
#include "weir/kernels/cuda/wgmma.cuh"

namespace weir::kernels::inline v0::cuda::detail {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
struct cluster_multiply : cluster_place<cluster_shape<Weights, Columns, Digits, Warpgroups, Grouped>> {
  using shape = cluster_shape<Weights, Columns, Digits, Warpgroups, Grouped>;
  using mma = typename Weights::template mma<Columns>;
  using accumulator = typename mma::sum;
  static constexpr bool integers = std::is_same_v<accumulator, int>;
  static constexpr bool promotes = std::is_same_v<Weights, cluster_e4m3>;  // sums of fp8 products keep few bits
  using kept = std::conditional_t<Grouped || !integers, float, int>;       // what is kept over all of k
  static constexpr int registers = Columns / 2;
  static constexpr bool lags = integers && !shape::split;  // one chunk is multiplied while the next is waited for

  using base = cluster_place<shape>;
  using base::a, base::columns, base::expert, base::first_chunk, base::lane, base::my_chunks, base::ring,
      base::row_tiles, base::scales, base::warp;
  using base::full, base::release;
  using typename base::reader;

  __device__ __forceinline__ cluster_multiply(const gemm_args& args, std::uint32_t shared) : base(args, shared) {}

  /// Starts copying a tile's scales of groups: 16 rows a warp, two lanes a row.
  __device__ __forceinline__ void load_scales(int tile, int place) const {
    if constexpr (Grouped) {
      if (tile < row_tiles) {
        const int per_chunk = shape::k_chunk / 128, total = a.k / 128, row = tile * shape::rows + warp * 16 + lane % 16;
        const auto* from = static_cast<const std::uint16_t*>(a.w_scale) + expert * a.scale_expert +
                           static_cast<std::int64_t>(min(row, a.n - 1)) * a.scale_row;
        const std::uint32_t to = scales + (place * shape::rows + warp * 16 + lane % 16) * shape::scale_pitch(a);
        const bool pairs = a.scale_row % 2 == 0 && total % 2 == 0 && reinterpret_cast<std::uintptr_t>(from) % 4 == 0;
        for (int i = lane / 16 * 2; i < my_chunks * per_chunk; i += 4) {
          const int index = first_chunk * per_chunk + i;
          const bool valid = row < a.n && index < total;
          if (pairs) {
            copy_async_4(to + 2 * i, from + (valid ? index : 0), valid ? 4 : 0);
          } else {
            const std::uint32_t low = valid ? from[index] : 0, high = valid && index + 1 < total ? from[index + 1] : 0;
            store_shared_4(to + 2 * i, low | high << 16);
          }
        }
      }
      commit_copies();
    }
  }

  /// This lane's 16 bytes of row `lane / 4 + 8 * half` of its warp's rows: piece lane % 4 of the first (group 0) or
  /// second 64 bytes.
  __device__ __forceinline__ uint4 weights_of(std::uint32_t tile, int half, int group) const {
    const int row = warp * 16 + lane / 4 + half * 8;
    return load_shared_16(tile + swizzled(row, (lane % 4 + group * 4) * 16));
  }
  /// Starts four steps of 4-bit weights, 128 of k: nibbles become bytes without extending their signs, 16 times as
  /// large.
  /// \param f  what is multiplied, until that has ended.
  __device__ __forceinline__ void start_i4(accumulator (&d)[registers], std::uint32_t (&f)[4][4], std::uint32_t tile,
                                           std::uint32_t x, int group, bool add) const {
    const uint4 upper = weights_of(tile, 0, group), lower = weights_of(tile, 1, group);
    const std::uint32_t u[4] = {upper.x, upper.y, upper.z, upper.w}, l[4] = {lower.x, lower.y, lower.z, lower.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      f[i][0] = (u[i] << 4) & 0xF0F0F0F0, f[i][1] = (l[i] << 4) & 0xF0F0F0F0;
      f[i][2] = u[i] & 0xF0F0F0F0, f[i][3] = l[i] & 0xF0F0F0F0;
    }
    const std::uint64_t described = describe_tile(x + group * Columns * 128);
    begin_multiplying();
#pragma unroll
    for (int i = 0; i < 4; ++i) mma::multiply(d, f[i], described + 2 * i, add || i > 0 ? 1 : 0);
    end_group();
  }
  /// 128 bytes of k of weights that are multiplied where they lie.
  __device__ __forceinline__ void multiply_plain(accumulator (&d)[registers], std::uint32_t tile, std::uint32_t x,
                                                 bool add) const {
    const std::uint64_t w_described = describe_tile(tile + warp / 4 * 8192), x_described = describe_tile(x);
    begin_multiplying();
#pragma unroll
    for (int i = 0; i < 4; ++i) mma::multiply(d, w_described + 2 * i, x_described + 2 * i, add || i > 0 ? 1 : 0);
    end_group();
  }
  /// Adds one group's sums times the scales of this lane's two rows.
  __device__ __forceinline__ void add_group(kept (&k)[registers], const accumulator (&d)[registers], int place,
                                            int index) const {
    const std::uint32_t at = scales + (place * shape::rows + warp * 16 + lane / 4) * shape::scale_pitch(a) + index * 2;
    const float upper = __uint_as_float(load_shared_2(at) << 16);
    const float lower = __uint_as_float(load_shared_2(at + 8 * shape::scale_pitch(a)) << 16);
#pragma unroll
    for (int i = 0; i < registers; ++i) k[i] = fmaf(i % 4 < 2 ? upper : lower, static_cast<float>(d[i]), k[i]);
  }

  /// All of this block's k for a tile of 4-bit weights. While one group is multiplied the next is unpacked and, where
  /// registers allow it, the sums of the one before are scaled.
  __device__ __forceinline__ void multiply_i4_tile(kept (&k)[registers], reader& at, int place) const {
    constexpr bool both = Columns <= 48;
    std::uint32_t f[2][4][4];
    accumulator even[Grouped ? registers : 1], odd[Grouped && both ? registers : 1];
    for (int c = 0; c < my_chunks; ++c) {
      barrier_wait(full(at.stage), at.phase);
      const std::uint32_t tile = ring + at.stage * shape::stage_bytes, x = columns + c * shape::chunk_columns_bytes;
      if constexpr (!Grouped) {
        start_i4(k, f[0], tile, x, 0, true);
        wait_groups<1>();
        start_i4(k, f[1], tile, x, 1, true);
        release(at.stage);
        wait_groups<1>();
      } else if constexpr (both) {
        start_i4(even, f[0], tile, x, 0, false);
        start_i4(odd, f[1], tile, x, 1, false);
        release(at.stage);
        wait_groups<1>();
        add_group(k, even, place, c * 2);
        wait_groups<0>();
        add_group(k, odd, place, c * 2 + 1);
      } else {
        start_i4(even, f[0], tile, x, 0, false);
        wait_groups<0>();
        add_group(k, even, place, c * 2);
        start_i4(even, f[1], tile, x, 1, false);
        release(at.stage);
        wait_groups<0>();
        add_group(k, even, place, c * 2 + 1);
      }
      at.advance(*this);
    }
    wait_groups<0>();
  }

  /// The same of weights that are multiplied where they lie.
  __device__ __forceinline__ void multiply_plain_tile(kept (&k)[registers], reader& at) const {
    for (int c = 0; c < my_chunks; ++c) {
      barrier_wait(full(at.stage), at.phase);
      const std::uint32_t tile = ring + at.stage * shape::stage_bytes, x = columns + c * shape::chunk_columns_bytes;
      if constexpr (promotes) {
        accumulator d[registers];
        multiply_plain(d, tile, x, false);
        wait_groups<0>();
#pragma unroll
        for (int i = 0; i < registers; ++i) k[i] += d[i];
      } else {
        multiply_plain(k, tile, x, true);
        if constexpr (!lags) wait_groups<0>();
      }
      if constexpr (lags) {  // the chunk before has been multiplied
        wait_groups<1>();
        if (c > 0) release(at.stage == 0 ? a.stages - 1 : at.stage - 1);
      } else {
        release(at.stage);
      }
      at.advance(*this);
    }
    if constexpr (lags) {
      wait_groups<0>();
      if (my_chunks > 0) release(at.stage == 0 ? a.stages - 1 : at.stage - 1);
    }
  }
  __device__ __forceinline__ void multiply_tile(kept (&k)[registers], reader& at, int place) const {
#pragma unroll
    for (int i = 0; i < registers; ++i) k[i] = 0;
    if constexpr (shape::split)
      multiply_i4_tile(k, at, place);
    else
      multiply_plain_tile(k, at);
  }
};
#endif

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CLUSTER_MULTIPLY_CUH
