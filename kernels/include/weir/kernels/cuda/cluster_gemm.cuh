// weir/kernels/cuda/cluster_gemm.cuh - the own kernel of sm_90a for up to 64 tokens at a time: w is read once, by the
// engine that copies tiles, and multiplied by tensor cores where it lies. Needs the CUDA toolkit's headers.
//
// The blocks of a cluster have the same rows of w and a part of k each. One thread of a block copies w into a ring, far
// ahead; a warpgroup for 64 rows multiplies it with the block's columns of x, which stay in shared memory; then each
// block gets a share of the rows from all blocks of its cluster, adds the parts in order, and scales and stores them.
// No workspace, no counters; what a call computes does not depend on other calls. Columns may also be made beforehand,
// once for all clusters (columns_kernel.cuh), while w is being asked for.
#ifndef WEIR_KERNELS_CUDA_CLUSTER_GEMM_CUH
#define WEIR_KERNELS_CUDA_CLUSTER_GEMM_CUH

#include <cstdint>
#include <type_traits>

#include "weir/kernels/cuda/cluster_place.cuh"
#include "weir/kernels/cuda/columns.cuh"
#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/hopper.cuh"
#include "weir/kernels/cuda/tiles.cuh"
#include "weir/kernels/cuda/wgmma.cuh"

namespace weir::kernels::inline v0::cuda::detail {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
struct cluster_gemm : cluster_place<cluster_shape<Weights, Columns, Digits, Warpgroups, Grouped>> {
  using shape = cluster_shape<Weights, Columns, Digits, Warpgroups, Grouped>;
  using mma = typename Weights::template mma<Columns>;
  using accumulator = typename mma::sum;
  static constexpr bool integers = std::is_same_v<accumulator, int>;
  static constexpr bool promotes = std::is_same_v<Weights, cluster_e4m3>;  // sums of fp8 products keep few bits
  using kept = std::conditional_t<Grouped || !integers, float, int>;       // what is kept over all of k
  using part = std::conditional_t<Digits == 1 && integers && !Grouped, int, float>;  // what blocks exchange
  static constexpr int registers = Columns / 2;
  static constexpr bool lags = integers && !shape::split;  // one chunk is multiplied while the next is waited for

  using base = cluster_place<shape>;
  using base::a, base::barriers, base::blocks, base::columns, base::expert, base::first_chunk, base::first_tile,
      base::largest, base::lane, base::m, base::maxima, base::my_chunks, base::rank, base::ring, base::row_tiles,
      base::rows_each, base::scales, base::sums, base::tile_step, base::token_scale, base::warp, base::x_begin;
  using base::full, base::init_barriers, base::maxima_come, base::meet, base::read_expert, base::release,
      base::sums_come;
  using typename base::producer, typename base::reader, typename base::receiver;

  __device__ __forceinline__ cluster_gemm(const gemm_args& args, std::uint32_t shared) : base(args, shared) {}

  using maker = column_maker<Columns, Digits, shape::split, shape::consumers>;
  /// Starts reading up to shape::tokens tokens from `token` on.
  __device__ __forceinline__ void read_columns(maker& made, int token) const {
    made.x = a.x + (x_begin + token) * a.x_row, made.count = min(shape::tokens, m - token);
    if (!a.columns) made.read();
  }
  /// Copies the columns that were made beforehand.
  __device__ __forceinline__ void fetch_columns(int count, int token, int round) const {
    const int mine = static_cast<int>(threadIdx.x), bytes = my_chunks * shape::chunk_columns_bytes;
    if (mine == 0) {
      barrier_expect(maxima_come(), bytes);
      if (bytes > 0)
        copy_bytes(columns,
                   a.columns + static_cast<std::int64_t>(token / shape::tokens) * shape::columns_bytes(a) +
                       first_chunk * shape::chunk_columns_bytes,
                   bytes, maxima_come());
    }
    if (mine < count) set_scale(a.column_scales[token + mine]);
    begin_sending(round);
    barrier_wait(maxima_come(), round & 1);
    meet();
  }
  /// Makes the columns of what is being read.
  __device__ __forceinline__ void make_columns(maker& made, int token, int round) const {
    const int mine = static_cast<int>(threadIdx.x);
    if (Digits == 1 && !a.dynamic) {
      if (mine < made.count) set_scale(a.x_scale ? a.x_scale[(x_begin + token + mine) * a.x_scale_step] : 1.0F);
      made.copy();
      begin_sending(round);
    } else {
      if (mine < shape::tokens) store_shared_4(largest + mine * 4, 0);
      meet();
      made.find_largest(largest);
      meet();
      begin_sending(round);
      if constexpr (Digits == 3) {
        if (mine < made.count) set_scale(digit_scale(load_shared_4(largest + mine * 4)).stored());
        made.make_digits(largest);
      } else {
        exchange_largest(made.count, round);
        if constexpr (std::is_same_v<Weights, cluster_e4m3>)
          make_scaled<dtype::e4m3>(made);
        else if constexpr (integers) {
          if (a.quantize_to == dtype::i4)
            make_scaled<dtype::i4>(made);
          else
            make_scaled<dtype::i8>(made);
        }
      }
    }
    fence_shared();
    meet();
  }
  /// Keeps the scale of this thread's token.
  __device__ __forceinline__ void set_scale(float scale) const {
    store_shared_4(token_scale + threadIdx.x * 4, __float_as_uint(scale));
  }
  /// Blocks can be reached once they have begun; by now they have.
  __device__ __forceinline__ void begin_sending(int round) const {
    __syncwarp();
    if (round == 0) cluster_wait();
  }
  template <dtype To>
  __device__ __forceinline__ void make_scaled(const maker& made) const {
    if (static_cast<int>(threadIdx.x) < made.count)
      set_scale(row_scale<To>(load_shared_4(largest + threadIdx.x * 4)).stored());
    made.template make_quantized<To>(largest);
  }
  /// The largest magnitudes of whole rows, from those of each block's part.
  __device__ __forceinline__ void exchange_largest(int count, int round) const {
    if (blocks == 1) return;
    if (threadIdx.x == 0) barrier_expect(maxima_come(), blocks * count * 4);
    for (int i = threadIdx.x; i < count; i += shape::consumers)
      for (int b = 0; b < blocks; ++b)
        send(address_in(maxima + (rank * shape::tokens + i) * 4, b), {load_shared_4(largest + i * 4)},
             address_in(maxima_come(), b));
    barrier_wait(maxima_come(), round & 1);
    if (static_cast<int>(threadIdx.x) < count) {
      std::uint32_t most = 0;
      for (int b = 0; b < blocks; ++b) most = max(most, load_shared_4(maxima + (b * shape::tokens + threadIdx.x) * 4));
      store_shared_4(largest + threadIdx.x * 4, most);
    }
    meet();
  }

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

  static __device__ __forceinline__ std::uint32_t bits_of(int v) { return static_cast<std::uint32_t>(v); }
  static __device__ __forceinline__ std::uint32_t bits_of(float v) { return __float_as_uint(v); }

  /// This lane's result of its nth token, in its upper (0) or lower (1) row.
  __device__ __forceinline__ part result(const kept (&k)[registers], int nth, int half) const {
    const int at = (nth / 2 * Digits) * 4 + half * 2 + nth % 2;
    if constexpr (Digits == 1) {
      return static_cast<part>(k[at]);
    } else {
      const float v = fmaf(static_cast<float>(k[at + 8]), 65536.0F,
                           fmaf(static_cast<float>(k[at + 4]), 256.0F, static_cast<float>(k[at])));
      return v * __uint_as_float(load_shared_4(token_scale + (lane % 4 * shape::places::lane_tokens + nth) * 4));
    }
  }
  /// Sends this block's part of a tile, and says what the block itself will get of it.
  __device__ __forceinline__ void give_all(const kept (&k)[registers], int place) const {
    constexpr int sent = shape::tokens * shape::rows * 4;
    if (threadIdx.x == 0) barrier_expect(sums_come(place), sent);
    const int row = warp * 16 + lane / 4, quad = lane % 4;
    const receiver halves[2] = {receiver(*this, row, place), receiver(*this, row + 8, place)};
    if constexpr (Digits == 3 && Columns == 8) {
      const float power = quad == 0 ? 1.0F : quad == 1 ? 256.0F : 65536.0F;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float v = quad == 3 ? 0.0F : static_cast<float>(k[i]) * power;
        v += __shfl_xor_sync(~0U, v, 1);
        v += __shfl_xor_sync(~0U, v, 2);
        if (quad == i % 2)
          send(halves[i / 2].to + i % 2 * 4, {bits_of(v * __uint_as_float(load_shared_4(token_scale + i % 2 * 4)))},
               halves[i / 2].barrier);
      }
    } else {
      constexpr int mine = shape::places::lane_tokens, each = mine < 4 ? mine : 4;
#pragma unroll
      for (int first = 0; first < mine; first += each)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          std::uint32_t words[each];
#pragma unroll
          for (int i = 0; i < each; ++i) words[i] = bits_of(result(k, first + i, half));
          send(halves[half].to + (quad * mine + first) * 4, words, halves[half].barrier);
        }
    }
  }

  /// What this thread's row is multiplied with, and what is added; its row is the same for all tokens.
  struct row_terms {
    float scale = 1, bias = 0;
    __device__ __forceinline__ row_terms(const cluster_gemm& g, int tile) {
      const int row = tile * shape::rows + g.rank * g.rows_each + static_cast<int>(threadIdx.x) % g.rows_each;
      if (row >= g.a.n) return;
      if (!Grouped && g.a.w_scale)
        scale = static_cast<const float*>(
            g.a.w_scale)[g.expert * g.a.scale_expert + static_cast<std::int64_t>(row) * g.a.scale_row];
      if (g.a.bias)
        bias = read_float(g.a.bias, g.a.bias_type,
                          g.expert * g.a.bias_expert + static_cast<std::int64_t>(row) * g.a.bias_step);
    }
  };
  /// Adds the parts of this block's rows of a tile and stores them. \param given  how many tiles came before it.
  __device__ __forceinline__ void store_rows(int tile, int token, int count, int given, const row_terms& terms) const {
    barrier_wait(sums_come(given & 1), given >> 1 & 1);
    const std::uint32_t from = sums + (given & 1) * shape::sums_bytes;
    const int mine = static_cast<int>(threadIdx.x) % rows_each, row = tile * shape::rows + rank * rows_each + mine;
    const int shift = Weights::shift + (a.x_type == dtype::i4 || a.quantize_to == dtype::i4 ? 4 : 0);
    const float unit = 1.0F / static_cast<float>(1 << shift);
    constexpr int each = shape::tokens < 4 ? 1 : 4;  // tokens at a time
    for (int t = static_cast<int>(threadIdx.x) / rows_each * each; t < count;
         t += shape::consumers / rows_each * each) {
      part totals[each] = {};
      for (int b = 0; b < blocks; ++b) {
        const std::uint32_t at = from + ((b * rows_each + mine) * shape::sums_pitch + t) * 4;
        std::uint32_t words[each];
        if constexpr (each == 1) {
          words[0] = load_shared_4(at);
        } else {
          const uint4 v = load_shared_16(at);
          words[0] = v.x, words[1] = v.y, words[2] = v.z, words[3] = v.w;
        }
#pragma unroll
        for (int i = 0; i < each; ++i)
          if constexpr (std::is_same_v<part, int>)
            totals[i] += static_cast<int>(words[i]);
          else
            totals[i] += __uint_as_float(words[i]);
      }
      if (row >= a.n) continue;
#pragma unroll
      for (int i = 0; i < each; ++i)
        if (t + i < count) store(totals[i], token + t + i, t + i, row, shift, unit, terms);
    }
  }
  __device__ __forceinline__ void store(part total, int token, int nth, int row, int shift, float unit,
                                        const row_terms& terms) const {
    const std::int64_t index = (x_begin + token) * a.y_row + row;
    if (a.y_type == dtype::i32) {
      if constexpr (std::is_same_v<part, int>) static_cast<int*>(a.y)[index] = total >> shift;  // exact
      return;
    }
    const float of_token = Digits == 1 ? __uint_as_float(load_shared_4(token_scale + nth * 4)) : 1.0F;
    write_float(a.y, a.y_type, index, static_cast<float>(total) * unit * terms.scale * of_token + terms.bias);
  }

  /// The consumers' work. A tile's parts are on their way while the next tile is multiplied, and are taken before its
  /// own are sent, by all warps of a block: so whoever has all parts of a tile knows that everybody has taken those of
  /// the tile before, whose place the next one gets.
  __device__ __forceinline__ void consume(maker& made) const {
    reader at;
    int given = 0, round = 0;
    load_scales(first_tile, 0);
    for (int token = 0; token < m; token += shape::tokens, ++round) {
      if (round > 0) read_columns(made, token);
      const int count = made.count;
      if (a.columns)
        fetch_columns(count, token, round);
      else
        make_columns(made, token, round);
      int before = -1;  // the tile whose parts are on their way
      row_terms terms(*this, first_tile);
      for (int tile = first_tile; tile < row_tiles; tile += tile_step, ++given) {
        if constexpr (Grouped) {
          const bool last = tile + tile_step >= row_tiles;
          load_scales(last ? (token + shape::tokens < m ? first_tile : row_tiles) : tile + tile_step, (given + 1) & 1);
          wait_copies<1>();
          __syncwarp();
        }
        const row_terms next(*this, tile);
        kept k[registers];
        multiply_tile(k, at, given & 1);
        if (before >= 0) store_rows(before, token, count, given - 1, terms), meet();
        give_all(k, given & 1);
        before = tile, terms = next;
      }
      if (before >= 0) store_rows(before, token, count, given - 1, terms);
      meet();  // columns and scales of tokens are read no more
    }
  }

  __device__ __forceinline__ void run(const tensor_map& w) {
    const bool produces = threadIdx.x == shape::consumers, consumes = threadIdx.x < shape::consumers;
    if (a.expert_begin) wait_for_earlier();
    read_expert();
    if (m == 0) return;  // nothing for this expert: so in all of its blocks
    producer p(*this);
    if (produces) {
      prefetch_map(w);
      init_barriers();
      // The kernel that makes columns has waited for those before it, so w is there when this one begins.
      if (a.early || a.columns) p.run(*this, w, a.stages);
    }
    __syncwarp();
    cluster_begin();
    let_next_begin();
    wait_for_earlier();
    if (consumes) {
      maker made{a, {columns}, nullptr, 0, first_chunk * shape::k_chunk, my_chunks * (shape::k_chunk / 8)};
      read_columns(made, 0);
      barrier(0, shape::threads);  // what is ready: the barriers, and x on its way
      consume(made);
    } else {
      barrier(0, shape::threads);
      if (produces) p.run(*this, w, -1);
      __syncwarp();
      cluster_wait();
    }
  }
};
#endif

template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
__global__ void __launch_bounds__(128 * Warpgroups + 32, 1)
    cluster_gemm_kernel(gemm_args a, const __grid_constant__ tensor_map w) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  cluster_gemm<Weights, Columns, Digits, Warpgroups, Grouped>(a, shared_address(dynamic_shared())).run(w);
#endif
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CLUSTER_GEMM_CUH
