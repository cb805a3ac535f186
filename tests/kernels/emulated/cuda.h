// See emulated.hpp: a tensor map is what its maker was told.
#ifndef WEIR_EMULATED_CUDA_H
#define WEIR_EMULATED_CUDA_H

#include <cstdint>

struct CUtensorMap {
  const std::uint8_t* data;
  std::int64_t row_bytes, rows, matrices, row_stride, matrix_stride;
  int box_rows;
};

#endif  // WEIR_EMULATED_CUDA_H
