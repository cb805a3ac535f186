// weir/kernels/cuda/cluster_place.cuh - the kernel for clusters, apart from its arithmetic: sizes, what lies where in
// shared memory, who works on what, and the ring that w comes through. Needs the CUDA toolkit's headers.
#ifndef WEIR_KERNELS_CUDA_CLUSTER_PLACE_CUH
#define WEIR_KERNELS_CUDA_CLUSTER_PLACE_CUH

#include <cstdint>

#include "weir/kernels/cuda/columns.cuh"
#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/hopper.cuh"
#include "weir/kernels/cuda/wgmma.cuh"

namespace weir::kernels::inline v0::cuda::detail {

/// What of w the kernel depends on. Sums are 2^shift times the product.
struct cluster_i8 {
  static constexpr int w_bits = 8, shift = 0;
  template <int Columns>
  using mma = wgmma_i8<Columns>;
};
struct cluster_i4 {
  static constexpr int w_bits = 4, shift = 4;
  template <int Columns>
  using mma = wgmma_i8<Columns>;
};
struct cluster_e4m3 {
  static constexpr int w_bits = 8, shift = 0;
  template <int Columns>
  using mma = wgmma_e4m3<Columns>;
};
struct cluster_bf16 {
  static constexpr int w_bits = 16, shift = 0;
  template <int Columns>
  using mma = wgmma_bf16<Columns>;
};

/// Sizes, and where things lie in shared memory.
template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
struct cluster_shape {
  static constexpr bool split = Weights::w_bits == 4;
  using places = column_places<Columns, Digits, split>;
  static constexpr int rows = 64 * Warpgroups, tokens = places::tokens;
  static constexpr int consumers = 128 * Warpgroups, threads = consumers + 32, warps = 4 * Warpgroups;
  static constexpr int k_chunk = 1024 / Weights::w_bits;  // elements in 128 bytes of a row of w
  static constexpr int stage_bytes = rows * 128;
  static constexpr int column_tiles = split ? 2 : 1;  // tiles of x for a chunk of w
  static constexpr int chunk_columns_bytes = column_tiles * Columns * 128;
  static constexpr int sums_pitch =
      tokens + (tokens > 2 ? 4 : 0);                        // words from row to row, so that rows differ in their bank
  static constexpr int sums_bytes = sums_pitch * rows * 4;  // of a tile; there are two places
  static constexpr int most_blocks = 8, most_stages = 16;
  /// Barriers: full and empty a stage, one for maxima (or columns that are there), one for each place of sums.
  static constexpr int small_bytes = 8 * (2 * most_stages + 3) + 4 * tokens * (most_blocks + 2) + 24;

  static __host__ __device__ int chunks(const gemm_args& a) { return (a.k + k_chunk - 1) / k_chunk; }
  /// Bytes of the columns of `tokens` tokens.
  static __host__ __device__ int columns_bytes(const gemm_args& a) { return chunks(a) * chunk_columns_bytes; }
  /// Chunks that a block has at most.
  static __host__ __device__ int block_chunks(const gemm_args& a) { return (chunks(a) + a.split_k - 1) / a.split_k; }
  /// Bytes from one row's scales of groups to the next, an odd number of words so that rows differ in their bank.
  static __host__ __device__ int scale_pitch(const gemm_args& a) {
    return Grouped ? (block_chunks(a) * (k_chunk / 128) * 2 + 3) / 4 / 2 * 8 + 4 : 0;
  }
  static __host__ __device__ int fixed_bytes(const gemm_args& a) {
    return 1024 + block_chunks(a) * chunk_columns_bytes + 2 * sums_bytes + 2 * rows * scale_pitch(a) + small_bytes;
  }
  static __host__ __device__ int shared_bytes(const gemm_args& a) { return a.stages * stage_bytes + fixed_bytes(a); }
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
/// What one thread knows of its block's place.
template <class Shape>
struct cluster_place {
  using shape = Shape;
  const gemm_args& a;
  std::uint32_t ring, columns, sums, scales, barriers, maxima, largest, token_scale;
  int rank, blocks, lane, warp, rows_each;
  int first_chunk, my_chunks, row_tiles, first_tile, tile_step, m;
  std::int64_t x_begin;
  int expert;

  __device__ __forceinline__ cluster_place(const gemm_args& args, std::uint32_t shared) : a(args) {
    lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    blocks = a.split_k, rank = cluster_rank();
    ring = (shared + 1023) / 1024 * 1024;
    columns = ring + a.stages * shape::stage_bytes;
    sums = columns + shape::block_chunks(a) * shape::chunk_columns_bytes;
    scales = sums + 2 * shape::sums_bytes;
    barriers = (scales + 2 * shape::rows * shape::scale_pitch(a) + 7) / 8 * 8;
    maxima = barriers + 8 * (2 * shape::most_stages + 3);
    largest = maxima + 4 * shape::tokens * shape::most_blocks;
    token_scale = largest + 4 * shape::tokens;
    const int chunks = shape::chunks(a), shift = blocks == 8 ? 3 : blocks / 2;  // blocks is 1, 2, 4 or 8
    rows_each = shape::rows >> shift;
    first_chunk = chunks * rank >> shift, my_chunks = (chunks * (rank + 1) >> shift) - first_chunk;
    row_tiles = (a.n + shape::rows - 1) / shape::rows;
    first_tile = static_cast<int>(blockIdx.x) >> shift, tile_step = static_cast<int>(gridDim.x) >> shift;
    expert = static_cast<int>(blockIdx.y);
    x_begin = 0, m = a.m;
  }
  __device__ __forceinline__ void read_expert() {
    if (!a.expert_begin) return;
    x_begin = a.expert_begin[expert];
    m = a.expert_begin[expert + 1] - static_cast<int>(x_begin);
  }

  __device__ __forceinline__ std::uint32_t full(int stage) const { return barriers + stage * 8; }
  __device__ __forceinline__ std::uint32_t empty(int stage) const {
    return barriers + (shape::most_stages + stage) * 8;
  }
  __device__ __forceinline__ std::uint32_t maxima_come() const { return barriers + 2 * shape::most_stages * 8; }
  __device__ __forceinline__ std::uint32_t sums_come(int place) const { return maxima_come() + 8 + place * 8; }
  __device__ __forceinline__ void meet() const { barrier(1, shape::consumers); }
  __device__ __forceinline__ void init_barriers() const {
    for (int s = 0; s < a.stages; ++s) barrier_init(full(s), 1), barrier_init(empty(s), shape::warps);
    for (const std::uint32_t b : {maxima_come(), sums_come(0), sums_come(1)}) barrier_init(b, 1);
    barriers_ready();
  }

  /// One thread: w of all this block's tiles, chunk by chunk, for every round of tokens.
  struct producer {
    int stage = 0, filled = 0, tile, chunk = 0, rounds;
    __device__ __forceinline__ producer(const cluster_place& g)
        : tile(g.first_tile), rounds((g.m + shape::tokens - 1) / shape::tokens) {}
    /// Fills stages until `most` are filled for the first time, or (most < 0) to the end.
    __device__ __forceinline__ void run(const cluster_place& g, const tensor_map& w, int most) {
      while (rounds > 0 && (most < 0 || filled < most)) {
        if (tile >= g.row_tiles) {
          tile = g.first_tile, --rounds;
          continue;
        }
        if (chunk == g.my_chunks) {
          chunk = 0, tile += g.tile_step;
          continue;
        }
        if (filled >= g.a.stages) barrier_wait(g.empty(stage), (filled / g.a.stages - 1) & 1);
        barrier_expect(g.full(stage), shape::stage_bytes);
        copy_tile(g.ring + stage * shape::stage_bytes, w, (g.first_chunk + chunk) * 128, tile * shape::rows, g.expert,
                  g.full(stage));
        stage = stage + 1 == g.a.stages ? 0 : stage + 1;
        ++filled, ++chunk;
      }
    }
  };

  /// Where the consumers stand in the ring.
  struct reader {
    int stage = 0, phase = 0;
    __device__ __forceinline__ void advance(const cluster_place& g) {
      if (++stage == g.a.stages) stage = 0, phase ^= 1;
    }
  };
  __device__ __forceinline__ void release(int stage) const {
    __syncwarp();
    if (lane == 0) barrier_arrive(empty(stage));
  }

  /// Where a lane's results of row `row` of a tile go: to the block that has the row.
  struct receiver {
    std::uint32_t to, barrier;
    __device__ __forceinline__ receiver(const cluster_place& g, int row, int place) {
      const int owner = row / g.rows_each;
      to = address_in(
          g.sums + place * shape::sums_bytes + (g.rank * g.rows_each + row % g.rows_each) * shape::sums_pitch * 4,
          owner);
      barrier = address_in(g.sums_come(place), owner);
    }
  };
};
#endif

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CLUSTER_PLACE_CUH
