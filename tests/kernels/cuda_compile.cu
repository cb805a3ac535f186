// Compiled and thrown away, for every header of kernels/cuda: one kernel of each way to place x, and the host's side of
// quantization and of cuBLASLt. All kernels are compiled by tools/kernels_cuda.cu, which takes minutes.
#include "weir/kernels/cuda/convert.cuh"
#include "weir/kernels/cuda/cublaslt.cuh"
#include "weir/kernels/cuda/quantize.cuh"
#include "weir/kernels/cuda/stream_gemm.cuh"

namespace d = weir::kernels::cuda::detail;

const void* const kernels[] = {
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::w8a16_operands, 1, 1, 8, false, d::x_place::resident>),
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::w4a16_operands, 2, 4, 2, true, d::x_place::ring>),
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::w8a8_operands, 1, 1, 8, false, d::x_place::made>),
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::fp8_operands, 1, 1, 8, false, d::x_place::made>)};

int main() {
  return d::lt_library::get() ? static_cast<int>(sizeof kernels) : 0;
}
