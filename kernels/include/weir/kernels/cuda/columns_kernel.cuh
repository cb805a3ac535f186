// weir/kernels/cuda/columns_kernel.cuh - the columns of x that all clusters multiply with, made once, by a kernel of
// its own: while it runs, the one that multiplies begins and asks for w. Needs the CUDA toolkit's headers.
#ifndef WEIR_KERNELS_CUDA_COLUMNS_KERNEL_CUH
#define WEIR_KERNELS_CUDA_COLUMNS_KERNEL_CUH

#include <cstdint>
#include <type_traits>

#include "weir/kernels/cuda/cluster_place.cuh"
#include "weir/kernels/cuda/columns.cuh"
#include "weir/kernels/cuda/gemm_args.cuh"
#include "weir/kernels/cuda/hopper.cuh"

namespace weir::kernels::inline v0::cuda::detail {

inline constexpr int columns_threads = 512;

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
/// A block's token: its columns to where the copying engine will fetch them, and its scale. Digits are of a power of
/// two of the whole row.
template <class Weights, int Columns, int Digits>
struct columns_of_token {
  using shape = cluster_shape<Weights, Columns, Digits, 1, false>;  // warpgroups and groups change no columns
  using maker = column_maker<Columns, Digits, shape::split, columns_threads, in_global>;
  const gemm_args& a;
  std::uint32_t largest;  // a word of shared memory

  __device__ __forceinline__ void meet() const { barrier(0, columns_threads); }
  template <dtype To>
  __device__ __forceinline__ float quantize(const maker& made) const {
    made.template make_quantized<To>(largest);
    return row_scale<To>(load_shared_4(largest)).stored();
  }
  __device__ __forceinline__ float make(maker& made, int token) const {
    if (Digits == 1 && !a.dynamic) {
      made.copy();
      return a.x_scale ? a.x_scale[static_cast<std::int64_t>(token) * a.x_scale_step] : 1.0F;
    }
    if (threadIdx.x == 0) store_shared_4(largest, 0);
    meet();
    made.find_largest(largest);
    meet();
    if constexpr (Digits == 3) {
      made.make_digits(largest);
      return digit_scale(load_shared_4(largest)).stored();
    } else if constexpr (std::is_same_v<Weights, cluster_e4m3>) {
      return quantize<dtype::e4m3>(made);
    } else if constexpr (std::is_same_v<Weights, cluster_bf16>) {
      return 1.0F;
    } else {
      return a.quantize_to == dtype::i4 ? quantize<dtype::i4>(made) : quantize<dtype::i8>(made);
    }
  }
  __device__ __forceinline__ void run() const {
    wait_for_earlier();
    let_next_begin();  // after the wait: whoever begins now finds all that was queued before
    const int token = static_cast<int>(blockIdx.x), chunks = shape::chunks(a);
    std::uint8_t* const to = a.columns + static_cast<std::int64_t>(token / shape::tokens) * shape::columns_bytes(a);
    maker made{a, {{to}}, a.x + token * a.x_row, 1, 0, chunks * (shape::k_chunk / 8), token % shape::tokens};
    made.read();
    const float scale = make(made, token);
    if (threadIdx.x == 0) a.column_scales[token] = scale;
  }
};
#endif

template <class Weights, int Columns, int Digits>
__global__ void __launch_bounds__(columns_threads) columns_kernel(gemm_args a) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __shared__ std::uint32_t largest;
  columns_of_token<Weights, Columns, Digits>{a, shared_address(&largest)}.run();
#endif
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_COLUMNS_KERNEL_CUH
