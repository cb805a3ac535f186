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

#include "weir/kernels/cuda/cluster_multiply.cuh"
#include "weir/kernels/cuda/cluster_place.cuh"
#include "weir/kernels/cuda/columns.cuh"
#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/hopper.cuh"
#include "weir/kernels/cuda/tiles.cuh"
#include "weir/kernels/cuda/wgmma.cuh"

namespace weir::kernels::inline v0::cuda::detail {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
struct cluster_gemm : cluster_multiply<Weights, Columns, Digits, Warpgroups, Grouped> {
  using base = cluster_multiply<Weights, Columns, Digits, Warpgroups, Grouped>;
  using base::integers, base::registers;
  using typename base::kept, typename base::shape;
  using part = std::conditional_t<Digits == 1 && integers && !Grouped, int, float>;  // what blocks exchange

  using base::a, base::barriers, base::blocks, base::columns, base::expert, base::first_chunk, base::first_tile,
      base::largest, base::lane, base::m, base::maxima, base::my_chunks, base::rank, base::row_tiles, base::rows_each,
      base::sums, base::tile_step, base::token_scale, base::warp, base::x_begin;
  using base::init_barriers, base::load_scales, base::maxima_come, base::meet, base::multiply_tile, base::read_expert,
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
