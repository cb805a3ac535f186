// weir/kernels/cuda/stream_place.cuh - the streaming kernel apart from its arithmetic: sizes, what lies where in shared
// memory, who works on what, and the copies that fill the ring. Needs the CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_STREAM_PLACE_CUH
#define WEIR_KERNELS_CUDA_STREAM_PLACE_CUH

#include <cstdint>
#include <type_traits>

#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/operands.cuh"
#include "weir/kernels/cuda/ptx.cuh"
#include "weir/kernels/cuda/quantize_value.cuh"

namespace weir::kernels::inline v0::cuda::detail {

/// Sizes that follow from a format and a tiling. A chunk is 128 bytes of a row of w, and the x that belongs to it.
template <class Operands, int Tiles, int RowWarps, int KWarps>
struct stream_shape {
  static constexpr int threads = 32 * RowWarps * KWarps, rows = 16 * RowWarps, tokens = 8 * Tiles;
  static constexpr int stages = Tiles >= 4 ? 3 : 4;
  static constexpr int x_vector = 16 * Operands::x_bits / Operands::w_bits;  // bytes of x per 16 bytes of w
  static constexpr int x_chunk = 8 * x_vector;
  static constexpr int x_pitch = x_chunk + 64;  // rows 64 bytes apart modulo 128: eight lanes hit eight different banks
  static constexpr int k_chunk = 1024 / Operands::w_bits;
  static constexpr int w_stage = RowWarps * KWarps * 2048;
  static constexpr int sums_pitch = rows + 4;
  static constexpr int sums_bytes = KWarps * tokens * sums_pitch * 4;
};

/// Where a block finds x.
enum class x_place : std::uint8_t {
  ring,      ///< In the ring beside w: any number of tokens.
  resident,  ///< All of it in shared memory from the start: read once a block, not once a row of tiles.
  made,      ///< As resident, quantized there from bf16.
};

/// Where block steps of an item stand and which comes next.
struct stream_cursor {
  int item, step, end;
};

template <class Operands, int Tiles, int RowWarps, int KWarps, bool Grouped, x_place Place>
struct stream_place {
  using shape = stream_shape<Operands, Tiles, RowWarps, KWarps>;
  using mma = typename Operands::mma;
  using sum = std::conditional_t<Grouped, float, typename mma::sum>;
  static constexpr bool in_ring = Place == x_place::ring;
  static constexpr dtype made_type = std::is_same_v<mma, mma_e4m3> ? dtype::e4m3
                                     : Operands::x_bits == 4       ? dtype::i4
                                                                   : dtype::i8;
  // Few results are added up by one warp while the others go on; then sums need two places.
  static constexpr bool light = shape::rows * shape::tokens <= 512;
  static constexpr int places = light ? 2 : 1;
  static constexpr int row_scales = shape::rows > 32 && light ? shape::rows / 32 : 1;

  const gemm_args& a;
  std::uint32_t ring, resident;  // addresses in shared memory
  sum* sums;
  float* own_scale;  // of the tokens, where this kernel quantizes them
  int lane, quad, column, row_warp, k_warp;
  int x_rows, stage_bytes, x_stage, resident_pitch;
  int m, chunks, block_steps, row_tiles, items;
  const std::uint8_t *x, *w;
  std::int64_t y_begin, x_begin;
  int expert;

  static __host__ __device__ int x_rows_of(const gemm_args& a) {
    return a.expert_begin || a.m > shape::tokens ? shape::tokens : a.m;
  }
  static __host__ __device__ int chunks_of(const gemm_args& a) { return (a.k + shape::k_chunk - 1) / shape::k_chunk; }
  static __host__ __device__ int resident_pitch_of(const gemm_args& a) { return chunks_of(a) * shape::x_chunk + 64; }
  static __host__ __device__ int stage_bytes_of(const gemm_args& a) {
    return shape::w_stage + (in_ring ? KWarps * x_rows_of(a) * shape::x_pitch : 0) +
           (Grouped ? RowWarps * KWarps * 256 : 0);
  }
  /// Dynamic shared memory that a launch needs.
  static __host__ __device__ int shared_bytes(const gemm_args& a) {
    return shape::stages * stage_bytes_of(a) + places * shape::sums_bytes + 256 +
           (in_ring ? 0 : x_rows_of(a) * resident_pitch_of(a));
  }
  static __host__ __device__ int row_tiles_of(const gemm_args& a) { return (a.n + shape::rows - 1) / shape::rows; }
  static __host__ __device__ int token_tiles_of(int m) { return (m + shape::tokens - 1) / shape::tokens; }

  __device__ stream_place(const gemm_args& args, std::uint8_t* shared) : a(args) {
    lane = threadIdx.x % 32, quad = lane % 4, column = lane / 4;
    row_warp = threadIdx.x / 32 % RowWarps, k_warp = threadIdx.x / 32 / RowWarps;
    x_rows = x_rows_of(a), stage_bytes = stage_bytes_of(a), x_stage = x_rows * shape::x_pitch;
    resident_pitch = resident_pitch_of(a);
    ring = shared_address(shared);
    sums = reinterpret_cast<sum*>(shared + shape::stages * stage_bytes);
    own_scale = reinterpret_cast<float*>(shared + shape::stages * stage_bytes + places * shape::sums_bytes);
    resident = shared_address(own_scale) + 256;
    expert = static_cast<int>(blockIdx.y);
    x_begin = a.expert_begin ? a.expert_begin[expert] : 0;
    m = a.expert_begin ? a.expert_begin[expert + 1] - static_cast<int>(x_begin) : a.m;
    x = a.x + x_begin * a.x_row, w = a.w + expert * a.w_expert;
    chunks = chunks_of(a), block_steps = (chunks + KWarps - 1) / KWarps, row_tiles = row_tiles_of(a);
    items = row_tiles * a.split_k * token_tiles_of(m);
  }

  __device__ __forceinline__ int row_of(int item) const { return item % row_tiles * shape::rows; }
  __device__ __forceinline__ int part_of(int item) const { return item / row_tiles % a.split_k; }
  __device__ __forceinline__ int token_of(int item) const { return item / row_tiles / a.split_k * shape::tokens; }

  __device__ __forceinline__ stream_cursor begin(int item) const {
    if (item >= items) return {item, 0, 0};
    const int part = part_of(item);
    return {item, block_steps * part / a.split_k, block_steps * (part + 1) / a.split_k};
  }
  __device__ __forceinline__ void advance(stream_cursor& c) const {
    if (++c.step >= c.end) c = begin(c.item + static_cast<int>(gridDim.x));
  }

  /// This warp's chunk of a step. Where x is in the ring, rows of tiles begin at different places along k, so that
  /// blocks do not all ask for the same lines of x at once.
  __device__ __forceinline__ int chunk_of(const stream_cursor& c) const {
    int step = c.step;
    if constexpr (in_ring) {
      const int first = block_steps * part_of(c.item) / a.split_k, count = c.end - first;
      step = first + (c.step - first + c.item) % max(count, 1);
    }
    return step * KWarps + k_warp;
  }

  /// Waits for the warps that read the same x.
  __device__ __forceinline__ void meet() const {
    if constexpr (RowWarps == 1)
      __syncwarp();
    else
      barrier(1 + k_warp, 32 * RowWarps);
  }

  __device__ __forceinline__ std::uint32_t w_slot(int stage) const {
    return ring + stage * stage_bytes + (k_warp * RowWarps + row_warp) * 2048 + lane * 16;
  }
  __device__ __forceinline__ std::uint32_t x_slot(int stage) const {
    return ring + stage * stage_bytes + shape::w_stage + k_warp * x_stage;
  }
  __device__ __forceinline__ std::uint32_t scale_slot(int stage) const {
    return ring + (stage + 1) * stage_bytes - (RowWarps * KWarps - k_warp * RowWarps - row_warp) * 256;
  }

  __device__ __forceinline__ void load_weights(int stage, int row, int chunk) const {
    const int row_bytes = a.k * Operands::w_bits / 8;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int r = row + row_warp * 16 + half * 8 + column;
      const std::uint8_t* from = w + static_cast<std::int64_t>(min(r, a.n - 1)) * a.w_row;
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        const int offset = chunk * 128 + c * 64 + quad * 16;
        const int valid = r < a.n ? max(0, min(16, row_bytes - offset)) : 0;
        copy_async_16(w_slot(stage) + (half * 2 + c) * 512, from + (valid > 0 ? offset : 0), valid);
      }
    }
  }

  /// Pieces of 16 bytes are placed so that a lane's first piece lies beside its neighbours' first pieces.
  static __device__ __forceinline__ int place(int piece) {
    constexpr int per_quad = shape::x_vector / 16, per_vector = 4 * per_quad;
    const int in_vector = piece % per_vector;
    return piece / per_vector * per_vector * 16 + in_vector % per_quad * 64 + in_vector / per_quad * 16;
  }

  __device__ __forceinline__ void load_activations(int stage, int token, int chunk) const {
    constexpr int pieces = shape::x_chunk / 16;
    const int row_bytes = a.k * Operands::x_bits / 8;
    for (int i = row_warp * 32 + lane; i < x_rows * pieces; i += 32 * RowWarps) {
      const int t = i / pieces, offset = chunk * shape::x_chunk + i % pieces * 16;
      const int valid = token + t < m ? max(0, min(16, row_bytes - offset)) : 0;
      copy_async_16(x_slot(stage) + t * shape::x_pitch + place(i % pieces),
                    x + static_cast<std::int64_t>(min(token + t, m - 1)) * a.x_row + (valid > 0 ? offset : 0), valid);
    }
  }

  /// The bf16 scales of this chunk's groups, 2 to 8 a row, 16 bytes apart; two lanes a row.
  __device__ __forceinline__ void load_scales(int stage, int row, int chunk) const {
    const int per_chunk = shape::k_chunk / a.group, total = a.k / a.group;
    const int r = row + row_warp * 16 + lane % 16;
    const auto* from = static_cast<const std::uint16_t*>(a.w_scale) + expert * a.scale_expert +
                       static_cast<std::int64_t>(min(r, a.n - 1)) * a.scale_row;
    const std::uint32_t to = scale_slot(stage) + lane % 16 * 16;
    const bool pairs = a.scale_row % 2 == 0 && total % 2 == 0 && reinterpret_cast<std::uintptr_t>(from) % 4 == 0;
    for (int i = lane / 16 * 2; i < per_chunk; i += 4) {
      const int index = chunk * per_chunk + i;
      const bool valid = r < a.n && index < total;
      if (pairs) {
        copy_async_4(to + 2 * i, from + (valid ? index : 0), valid ? 4 : 0);
      } else {
        const std::uint32_t low = valid ? from[index] : 0, high = valid && index + 1 < total ? from[index + 1] : 0;
        asm volatile("st.shared.u32 [%0], %1;" ::"r"(to + 2 * i), "r"(low | high << 16) : "memory");
      }
    }
  }

  /// Starts the copies of one step, and counts them as one group even where nothing is left to copy.
  __device__ __forceinline__ void issue(stream_cursor& c, int stage) const {
    if (c.item < items) {
      const int chunk = chunk_of(c), row = row_of(c.item);
      load_weights(stage, row, chunk);
      if constexpr (in_ring) load_activations(stage, token_of(c.item), chunk);
      if constexpr (Grouped) load_scales(stage, row, chunk);
      advance(c);
    }
    commit_copies();
  }
};

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_STREAM_PLACE_CUH
