// weir/kernels/cuda/stream_gemm.cuh - the own kernel for few tokens: w is read once, at the speed of memory, and
// multiplied by tensor cores. Needs the CUDA runtime's headers; sm_80 and later, fp8 from sm_89 on.
//
// Each warp streams 16 rows of w through a ring in shared memory that only it reads; of a block's warps, RowWarps share
// a stretch of x and KWarps share rows. Blocks walk over (rows, part of k, 8 * Tiles tokens) without ever draining the
// ring. With split_k > 1 the block that comes last adds the parts, in order, so results do not vary from call to call.
#ifndef WEIR_KERNELS_CUDA_STREAM_GEMM_CUH
#define WEIR_KERNELS_CUDA_STREAM_GEMM_CUH

#include <cstdint>
#include <type_traits>

#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/operands.cuh"
#include "weir/kernels/cuda/ptx.cuh"
#include "weir/kernels/cuda/quantize_value.cuh"
#include "weir/kernels/cuda/stream_place.cuh"

namespace weir::kernels::inline v0::cuda::detail {

template <class Operands, int Tiles, int RowWarps, int KWarps, bool Grouped, x_place Place>
struct stream_gemm : stream_place<Operands, Tiles, RowWarps, KWarps, Grouped, Place> {
  using base = stream_place<Operands, Tiles, RowWarps, KWarps, Grouped, Place>;
  using base::a, base::chunks, base::column, base::expert, base::in_ring, base::items, base::k_warp, base::lane,
      base::light, base::m, base::made_type, base::own_scale, base::quad, base::resident, base::resident_pitch,
      base::row_scales, base::row_tiles, base::row_warp, base::sums, base::w, base::x, base::x_begin, base::x_rows;
  using base::advance, base::begin, base::chunk_of, base::issue, base::meet, base::part_of, base::place, base::row_of,
      base::scale_slot, base::token_of, base::w_slot, base::x_slot;
  using typename base::mma, typename base::shape, typename base::sum;

  __device__ stream_gemm(const gemm_args& args, std::uint8_t* shared) : base(args, shared) {}

  /// Fragments of x for one column of tokens and 64 bytes of w.
  __device__ __forceinline__ void load_fragment(std::uint32_t (&b)[Operands::steps][2], std::uint32_t from, int pitch,
                                                int tile, int c) const {
    uint4 pieces[shape::x_vector / 16];
    const int t = tile * 8 + column;
    const std::uint32_t address = from + (t < x_rows ? t : 0) * pitch + c * 4 * shape::x_vector + quad * 16;
#pragma unroll
    for (int i = 0; i < shape::x_vector / 16; ++i) pieces[i] = load_shared_16(address + i * 64);
    Operands::activations(pieces, b);
  }

  /// Adds the products of one group, times the two rows' scales.
  __device__ __forceinline__ void add_group(sum (&acc)[4], const typename mma::sum (&part)[4], int stage,
                                            int index) const {
    const std::uint32_t slot = scale_slot(stage) + column * 16 + index * 2;
    std::uint16_t low, high;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(low) : "r"(slot));
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(high) : "r"(slot + 128));
    const float s0 = __uint_as_float(static_cast<std::uint32_t>(low) << 16);
    const float s1 = __uint_as_float(static_cast<std::uint32_t>(high) << 16);
    acc[0] += s0 * static_cast<float>(part[0]), acc[1] += s0 * static_cast<float>(part[1]);
    acc[2] += s1 * static_cast<float>(part[2]), acc[3] += s1 * static_cast<float>(part[3]);
  }

  __device__ __forceinline__ void multiply_grouped(sum (&acc)[4], const std::uint32_t (&fa)[Operands::steps][4],
                                                   const std::uint32_t (&fb)[Operands::steps][2], int stage,
                                                   int c) const {
    constexpr int k_vector = shape::k_chunk / 2;
    if (a.group >= k_vector) {  // one group
      typename mma::sum part[4] = {};
#pragma unroll
      for (int i = 0; i < Operands::steps; ++i) mma::multiply(part, fa[i], fb[i]);
      add_group(acc, part, stage, c);
      return;
    }
    const int parts = k_vector / a.group;  // groups among these 64 bytes; lanes of other groups give zeros
    for (int p = 0; p < parts; ++p) {
      typename mma::sum part[4] = {};
      const std::uint32_t mask = quad * parts / 4 == p ? 0xFFFFFFFF : 0;
#pragma unroll
      for (int i = 0; i < Operands::steps; ++i) {
        const std::uint32_t b[2] = {fb[i][0] & mask, fb[i][1] & mask};
        mma::multiply(part, fa[i], b);
      }
      add_group(acc, part, stage, c * parts + p);
    }
  }

  __device__ __forceinline__ void multiply(sum (&acc)[Tiles][4], int stage, int chunk) const {
#pragma unroll
    for (int c = 0; c < 2; ++c) {
      std::uint32_t upper[Operands::steps][2], lower[Operands::steps][2], fa[Operands::steps][4];
      Operands::weights(load_shared_16(w_slot(stage) + c * 512), upper);
      Operands::weights(load_shared_16(w_slot(stage) + (2 + c) * 512), lower);
#pragma unroll
      for (int i = 0; i < Operands::steps; ++i)
        fa[i][0] = upper[i][0], fa[i][1] = lower[i][0], fa[i][2] = upper[i][1], fa[i][3] = lower[i][1];
#pragma unroll
      for (int tile = 0; tile < Tiles; ++tile) {
        std::uint32_t fb[Operands::steps][2];
        if constexpr (in_ring)
          load_fragment(fb, x_slot(stage), shape::x_pitch, tile, c);
        else
          load_fragment(fb, resident + min(chunk, chunks - 1) * shape::x_chunk, resident_pitch, tile, c);
        if constexpr (Grouped) {
          multiply_grouped(acc[tile], fa, fb, stage, c);
        } else {
#pragma unroll
          for (int i = 0; i < Operands::steps; ++i) mma::multiply(acc[tile], fa[i], fb[i]);
        }
      }
    }
  }

  /// 16 bytes of x, piece i counted through all rows; zeros behind the end of a row.
  __device__ __forceinline__ uint4 load_piece(int i, int pieces) const {
    const int offset = i % pieces * 16, row_bytes = a.k * Operands::x_bits / 8;
    const std::uint8_t* from = x + static_cast<std::int64_t>(i / pieces) * a.x_row + offset;
    if (offset + 16 <= row_bytes) return *reinterpret_cast<const uint4*>(from);
    std::uint32_t words[4] = {};
#pragma unroll
    for (int b = 0; b < 16; ++b)
      if (offset + b < row_bytes) words[b / 4] |= static_cast<std::uint32_t>(from[b]) << (b % 4 * 8);
    return {words[0], words[1], words[2], words[3]};
  }

  /// Brings all of x into shared memory and starts the first copies of w. All blocks read the same few lines of x,
  /// which the slices of the L2 cache that hold them cannot serve as fast as w arrives; from sm_90 on each block of a
  /// cluster therefore reads its share and hands it to the others.
  __device__ __forceinline__ void start_resident(stream_cursor& ahead) const {
    const int pieces = chunks * shape::x_chunk / 16, all = x_rows * pieces;
    const auto to = [&](int i) { return resident + i / pieces * resident_pitch + place(i % pieces); };
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    const int blocks = cluster_size();
    __syncwarp();  // barriers of clusters want whole warps
    cluster_arrive();
    int i = cluster_rank() * shape::threads + static_cast<int>(threadIdx.x);
    uint4 piece = i < all ? load_piece(i, pieces) : uint4{0, 0, 0, 0};
    fill(ahead);
    cluster_wait();  // all blocks of the cluster have begun, so their memory can be written
    while (i < all) {
      for (int rank = 0; rank < blocks; ++rank) store_cluster_16(to(i), rank, piece);
      i += blocks * shape::threads;
      if (i < all) piece = load_piece(i, pieces);
    }
    __syncwarp();
    cluster_arrive();
    cluster_wait();
#else
    for (int i = threadIdx.x; i < all; i += shape::threads) {
      const uint4 piece = load_piece(i, pieces);
      asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(to(i)), "r"(piece.x), "r"(piece.y), "r"(piece.z),
                   "r"(piece.w)
                   : "memory");
    }
    fill(ahead);
    __syncthreads();
#endif
  }

  /// One token of x, quantized into shared memory.
  struct token_maker {
    static constexpr int held_most = 4;  // vectors of eight that a thread keeps between its two passes
    uint4 held[held_most];

    __device__ __forceinline__ void load(const stream_gemm& g, int token) {
      const std::uint8_t* row = g.x + static_cast<std::int64_t>(token) * g.a.x_row;
#pragma unroll
      for (int i = 0; i < held_most; ++i) {
        const int v = static_cast<int>(threadIdx.x) + i * shape::threads;
        held[i] = v * 8 < g.a.k ? load_eight(row, v, g.a.k) : uint4{0, 0, 0, 0};
      }
    }
    __device__ __forceinline__ void make(const stream_gemm& g, int token, std::uint32_t* scratch) {
      const std::uint8_t* row = g.x + static_cast<std::int64_t>(token) * g.a.x_row;
      constexpr int bytes_each = made_type == dtype::i4 ? 4 : 8;
      const int vectors = g.chunks * shape::x_chunk / bytes_each;
      std::uint32_t magnitudes = 0;
#pragma unroll
      for (int i = 0; i < held_most; ++i) magnitudes = larger_magnitudes(magnitudes, held[i]);
      for (int v = static_cast<int>(threadIdx.x) + held_most * shape::threads; v * 8 < g.a.k; v += shape::threads)
        magnitudes = larger_magnitudes(magnitudes, load_eight(row, v, g.a.k));
#pragma unroll
      for (int distance = 16; distance > 0; distance /= 2)
        magnitudes = larger_magnitudes(magnitudes, __shfl_xor_sync(~0U, magnitudes, distance));
      if (g.lane == 0) scratch[token * 32 + threadIdx.x / 32] = magnitudes;
      __syncthreads();
#pragma unroll
      for (int i = 0; i < shape::threads / 32; ++i) magnitudes = larger_magnitudes(magnitudes, scratch[token * 32 + i]);
      const row_scale<made_type> scale(max(magnitudes & 0xFFFF, magnitudes >> 16));
      if (threadIdx.x == 0) g.own_scale[token] = scale.stored();
      const auto store = [&](int v, const uint4& values) {
        const uint2 q = scale.eight(values);
        const std::uint32_t to =
            g.resident + token * g.resident_pitch + place(v * bytes_each / 16) + v * bytes_each % 16;
        if constexpr (made_type == dtype::i4)
          asm volatile("st.shared.u32 [%0], %1;" ::"r"(to), "r"(q.x) : "memory");
        else
          asm volatile("st.shared.v2.u32 [%0], {%1, %2};" ::"r"(to), "r"(q.x), "r"(q.y) : "memory");
      };
#pragma unroll
      for (int i = 0; i < held_most; ++i)
        if (static_cast<int>(threadIdx.x) + i * shape::threads < vectors)
          store(static_cast<int>(threadIdx.x) + i * shape::threads, held[i]);
      for (int v = static_cast<int>(threadIdx.x) + held_most * shape::threads; v < vectors; v += shape::threads)
        store(v, v * 8 < g.a.k ? load_eight(row, v, g.a.k) : uint4{0, 0, 0, 0});
    }
  };

  __device__ __forceinline__ void fill(stream_cursor& ahead) const {
#pragma unroll
    for (int stage = 0; stage < shape::stages - 1; ++stage) issue(ahead, stage);
  }

  /// Starts the first copies; x comes before w, which takes longer, and is whole when this returns.
  __device__ __forceinline__ void start(stream_cursor& ahead) const {
    if constexpr (Place == x_place::made) {
      token_maker maker;
      maker.load(*this, 0);
      fill(ahead);
      for (int t = 0; t < x_rows; ++t) {
        if (t > 0) maker.load(*this, t);
        maker.make(*this, t, reinterpret_cast<std::uint32_t*>(sums));
      }
      __syncthreads();
      return;
    }
    if (!a.expert_begin && a.x_scale && static_cast<int>(threadIdx.x) < x_rows && a.m <= shape::tokens)
      own_scale[threadIdx.x] = a.x_scale[threadIdx.x * a.x_scale_step];
    if constexpr (Place == x_place::resident)
      start_resident(ahead);
    else
      fill(ahead);
  }

  /// What one row's results are multiplied with and what is added.
  struct row_terms {
    float scale, bias;
  };
  __device__ __forceinline__ row_terms terms_of(int row) const {
    row_terms t{Grouped ? 1.0F / (1 << Operands::shift) : 1.0F, 0};
    if (row >= a.n) return t;
    if constexpr (!Grouped)
      if (a.w_scale) t.scale = static_cast<const float*>(a.w_scale)[expert * a.scale_expert + row * a.scale_row];
    if (a.bias) t.bias = read_float(a.bias, a.bias_type, expert * a.bias_expert + row * a.bias_step);
    return t;
  }
  __device__ __forceinline__ float token_scale(int token) const {
    if (Place == x_place::made || (a.x_scale && !a.expert_begin && a.m <= shape::tokens)) return own_scale[token];
    return a.x_scale ? a.x_scale[(x_begin + token) * a.x_scale_step] : 1.0F;
  }

  __device__ __forceinline__ void store(sum value, int token, int row, const row_terms& terms) const {
    const std::int64_t index = (x_begin + token) * a.y_row + row;
    if constexpr (std::is_same_v<sum, int>) {
      value >>= Operands::shift;  // exact: sums are multiples of 2^shift
      if (a.y_type == dtype::i32) {
        static_cast<int*>(a.y)[index] = value;
        return;
      }
    }
    write_float(a.y, a.y_type, index, static_cast<float>(value) * terms.scale * token_scale(token) + terms.bias);
  }

  /// Whether this block is the last of an item's parts: then all of them can be read.
  __device__ bool comes_last(int tile) const {
    __shared__ int last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
      last = atomicAdd(&a.arrived[tile], 1) == a.split_k - 1;
      if (last) a.arrived[tile] = 0;
    }
    __syncthreads();
    __threadfence();
    return last != 0;
  }

  /// The sum over the block's parts of k of element i of an item: row i % rows, token i / rows.
  __device__ __forceinline__ sum add_up(const sum* from, int i) const {
    const sum* element = from + i / shape::rows * shape::sums_pitch + i % shape::rows;
    sum total = element[0];
#pragma unroll
    for (int part = 1; part < KWarps; ++part) total += element[part * shape::tokens * shape::sums_pitch];
    return total;
  }

  /// Splits of k: this block's sums go to memory; the last block adds all of them, four elements a thread at a time.
  __device__ void finish_part(int item, const row_terms& terms) const {
    auto* partial = static_cast<sum*>(a.partial);
    const std::int64_t part_size = static_cast<std::int64_t>(a.m) * a.n;
    const int row = row_of(item) + static_cast<int>(threadIdx.x) % shape::rows, first = token_of(item);
    constexpr int token_step = shape::threads / shape::rows;
    if (row < a.n)
      for (int i = threadIdx.x; i < shape::rows * shape::tokens && first + i / shape::rows < m; i += shape::threads)
        __stcg(&partial[part_of(item) * part_size + static_cast<std::int64_t>(first + i / shape::rows) * a.n + row],
               add_up(sums, i));
    if (!comes_last(item % row_tiles + item / row_tiles / a.split_k * row_tiles) || row >= a.n) return;
    const int last = min(m, first + shape::tokens);
    for (int t = first + static_cast<int>(threadIdx.x) / shape::rows; t < last; t += 4 * token_step) {
      sum totals[4] = {};
      for (int part = 0; part < a.split_k; ++part)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          totals[i] += __ldcg(
              &partial[part * part_size + static_cast<std::int64_t>(min(t + i * token_step, last - 1)) * a.n + row]);
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (t + i * token_step < last) store(totals[i], t + i * token_step, row, terms);
    }
  }

  /// \param terms  of the rows that this thread stores, read before the item began.
  __device__ __forceinline__ void finish(const sum (&acc)[Tiles][4], int item, int ordinal,
                                         const row_terms (&terms)[row_scales]) const {
    sum* to = sums + (light ? ordinal % 2 * (shape::sums_bytes / 4) : 0);
    if (!light || a.split_k > 1) __syncthreads();  // what was here before has been read
#pragma unroll
    for (int tile = 0; tile < Tiles; ++tile)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        to[(k_warp * shape::tokens + tile * 8 + quad * 2 + i % 2) * shape::sums_pitch + row_warp * 16 + column +
           i / 2 * 8] = acc[tile][i];
    __syncthreads();
    if (a.split_k > 1) {
      if (to != sums) {  // finish_part reads the first place
        for (int i = threadIdx.x; i < shape::sums_bytes / 4; i += shape::threads) sums[i] = to[i];
        __syncthreads();
      }
      finish_part(item, terms_of(row_of(item) + static_cast<int>(threadIdx.x) % shape::rows));
      return;
    }
    // Where one warp adds up, it takes turns; two items later, when its place is written again, it has met the others.
    const int mine = light ? lane : static_cast<int>(threadIdx.x), step = light ? 32 : shape::threads;
    if (light && static_cast<int>(threadIdx.x) / 32 != ordinal % (shape::threads / 32)) return;
#pragma unroll
    for (int j = 0; j < shape::rows * shape::tokens / step; ++j) {
      const int i = mine + j * step, row = row_of(item) + i % shape::rows, token = token_of(item) + i / shape::rows;
      if (token >= m) break;
      if (row < a.n) store(add_up(to, i), token, row, terms[j % row_scales]);
    }
  }

  __device__ __forceinline__ void run() const {
    stream_cursor ahead = begin(static_cast<int>(blockIdx.x)), now = ahead;
    start(ahead);
    int stage = 0;
    for (int ordinal = 0; now.item < items; ++ordinal) {
      sum acc[Tiles][4] = {};
      const int item = now.item;
      row_terms terms[row_scales];
#pragma unroll
      for (int i = 0; i < row_scales; ++i)
        terms[i] = terms_of(row_of(item) + ((light ? lane : static_cast<int>(threadIdx.x)) + i * 32) % shape::rows);
      do {
        wait_copies<shape::stages - 2>();
        meet();
        const int chunk = chunk_of(now);
        issue(ahead, stage == 0 ? shape::stages - 1 : stage - 1);
        multiply(acc, stage, chunk);
        stage = stage + 1 == shape::stages ? 0 : stage + 1;
        advance(now);
      } while (now.item == item);
      finish(acc, item, ordinal, terms);
    }
    wait_copies<0>();
  }
};

template <class Operands, int Tiles, int RowWarps, int KWarps, bool Grouped, x_place Place>
__global__ void __launch_bounds__(32 * RowWarps * KWarps, Tiles <= 2 ? 2 : 1) stream_gemm_kernel(gemm_args a) {
  extern __shared__ __align__(128) std::uint8_t shared[];
  stream_gemm<Operands, Tiles, RowWarps, KWarps, Grouped, Place>(a, shared).run();
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_STREAM_GEMM_CUH
