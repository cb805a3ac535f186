// weir/kernels/cuda/tiles.cuh - how tiles of 128 bytes a row lie in shared memory for the copying engine and the tensor
// cores of sm_90a, and how they are described to the latter. Needs the CUDA runtime's headers.
#ifndef WEIR_KERNELS_CUDA_TILES_CUH
#define WEIR_KERNELS_CUDA_TILES_CUH

#include <cuda_runtime.h>

#include <cstdint>

namespace weir::kernels::inline v0::cuda::detail {

/// Where byte `offset` (0 .. 127) of row `row` of a tile stands: rows 128 bytes apart, pieces of 16 bytes exchanged by
/// the row, so that neither rows nor columns of pieces meet in a bank. Tiles begin at multiples of 1024.
__device__ __forceinline__ std::uint32_t swizzled(int row, int offset) {
  return static_cast<std::uint32_t>(row * 128 + (((offset >> 4) ^ (row & 7)) << 4) + (offset & 15));
}

/// Describes a tile from a multiple of 1024 on; `steps` of 32 bytes into its rows it is 2 * steps more.
/// \source  PTX ISA, "Matrix Descriptor Format": address, offset of 8 rows, exchange over 128 bytes.
__device__ __forceinline__ std::uint64_t describe_tile(std::uint32_t tile) {
  return (std::uint64_t{1} << 62) | (std::uint64_t{64} << 32) | (std::uint64_t{1} << 16) | (tile >> 4);
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_TILES_CUH
