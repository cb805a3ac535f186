// weir/kernels/cuda/tensor_map.cuh - tells the engine that copies tiles where w lies. Needs the CUDA toolkit's headers;
// the driver is found at run time.
#ifndef WEIR_KERNELS_CUDA_TENSOR_MAP_CUH
#define WEIR_KERNELS_CUDA_TENSOR_MAP_CUH

#include <cuda.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "weir/kernels/desc.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// The driver's function, asked for once a process; null where the driver has none.
[[nodiscard]] inline decltype(&cuTensorMapEncodeTiled) tensor_map_encoder() noexcept {
  static const auto found = [] {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult answer{};
    if (cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &answer) !=
            cudaSuccess ||
        answer != cudaDriverEntryPointSuccess)
      function = nullptr;
    return reinterpret_cast<decltype(&cuTensorMapEncodeTiled)>(function);
  }();
  return found;
}

/// w as bytes, [matrices, rows, bytes], to be copied `box_rows` rows of 128 bytes at a time, exchanged as `swizzled`
/// has it. Rows begin at multiples of 16 bytes.
[[nodiscard]] inline status map_weights(const gemm_desc& d, int box_rows, CUtensorMap& map) noexcept {
  const auto encode = tensor_map_encoder();
  if (!encode) return status::no_kernel;
  const auto unsigned_of = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
  const std::int64_t row_bytes = bytes(d.w.type, inner(d));
  const std::int64_t row = channels(d) > 1 ? bytes(d.w.type, d.w.stride_back(2)) : (row_bytes + 15) / 16 * 16;
  const std::int64_t matrix = d.w.rank == 3 && experts(d) > 1 ? bytes(d.w.type, d.w.stride[0]) : row * channels(d);
  const std::uint64_t sizes[3] = {unsigned_of(row_bytes), unsigned_of(channels(d)), unsigned_of(experts(d))};
  const std::uint64_t strides[2] = {unsigned_of(row), unsigned_of((matrix + 15) / 16 * 16)};
  const std::uint32_t box[3] = {128, static_cast<std::uint32_t>(box_rows), 1}, steps[3] = {1, 1, 1};
  const CUresult made = encode(&map, CU_TENSOR_MAP_DATA_TYPE_UINT8, 3, d.w.data, sizes, strides, box, steps,
                               CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                               CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return made == CUDA_SUCCESS ? status::ok : status::launch_failed;
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_TENSOR_MAP_CUH
