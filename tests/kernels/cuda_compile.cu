// Compiled and thrown away, for every header of kernels/cuda: one kernel of each way to place x, one of clusters for
// each way to multiply, and the host's side of quantization, of cuBLASLt and of the copying engine. All kernels are
// compiled by tools/kernels_cuda.cu, which takes minutes.
#include "weir/kernels/cuda/cluster_gemm.cuh"
#include "weir/kernels/cuda/convert.cuh"
#include "weir/kernels/cuda/cublaslt.cuh"
#include "weir/kernels/cuda/cutlass_plan.cuh"
#include "weir/kernels/cuda/quantize.cuh"
#include "weir/kernels/cuda/stream_gemm.cuh"
#include "weir/kernels/cuda/tensor_map.cuh"
#include "weir/kernels/cuda/tuned.cuh"

namespace d = weir::kernels::cuda::detail;

const void* const kernels[] = {
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::w8a16_operands, 1, 1, 8, false, d::x_place::resident>),
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::w4a16_operands, 2, 4, 2, true, d::x_place::ring>),
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::w8a8_operands, 1, 1, 8, false, d::x_place::made>),
    reinterpret_cast<const void*>(d::stream_gemm_kernel<d::fp8_operands, 1, 1, 8, false, d::x_place::made>),
    reinterpret_cast<const void*>(d::cluster_gemm_kernel<d::cluster_i8, 8, 3, 1, false>),
    reinterpret_cast<const void*>(d::cluster_gemm_kernel<d::cluster_i4, 16, 1, 2, true>),
    reinterpret_cast<const void*>(d::cluster_gemm_kernel<d::cluster_e4m3, 8, 1, 1, false>)};

int main() {
  return d::lt_library::get() && d::tensor_map_encoder() ? static_cast<int>(sizeof kernels) : 0;
}
