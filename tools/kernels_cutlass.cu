// One instance of CUTLASS's templates, the one that WEIR_CUTLASS_INSTANCE (1 .. 8) names: cutlass_plan.cuh has the
// list.
#include "weir/kernels/cuda/cutlass_gemm.cuh"

namespace weir::kernels::inline v0::cuda::detail {

namespace {

using cute::Int, cute::Shape;
using pingpong = cutlass::gemm::KernelTmaWarpSpecializedPingpong;
using cooperative = cutlass::gemm::KernelTmaWarpSpecializedCooperative;
using pingpong_fp8 = cutlass::gemm::KernelTmaWarpSpecializedPingpongFP8FastAccum;
using store = cutlass::epilogue::TmaWarpSpecialized;
using cooperative_store = cutlass::epilogue::TmaWarpSpecializedCooperative;
using persistent = cutlass::gemm::PersistentScheduler;
using stream_k = cutlass::gemm::StreamKScheduler;
using pair = Shape<Int<2>, Int<1>, Int<1>>;
using alone = Shape<Int<1>, Int<1>, Int<1>>;
template <int M, int N, int K>
using tile = Shape<Int<M>, Int<N>, Int<K>>;
using i8 = std::int8_t;
using e4m3 = cutlass::float_e4m3_t;
using bf16 = cutlass::bfloat16_t;

#if WEIR_CUTLASS_INSTANCE == 1
using chosen = cutlass_gemm<i8, i8, std::int32_t, tile<128, 128, 128>, pair, pingpong, store, persistent, false>;
#define WEIR_CUTLASS_NAME run_cutlass_1
#elif WEIR_CUTLASS_INSTANCE == 2
using chosen =
    cutlass_gemm<i8, i8, std::int32_t, tile<128, 64, 128>, alone, cooperative, cooperative_store, stream_k, true>;
#define WEIR_CUTLASS_NAME run_cutlass_2
#elif WEIR_CUTLASS_INSTANCE == 3
using chosen = cutlass_gemm<e4m3, e4m3, float, tile<128, 128, 128>, pair, pingpong_fp8, store, persistent, false>;
#define WEIR_CUTLASS_NAME run_cutlass_3
#elif WEIR_CUTLASS_INSTANCE == 4
using chosen = cutlass_gemm<e4m3, e4m3, float, tile<64, 64, 128>, alone, pingpong_fp8, store, persistent, true>;
#define WEIR_CUTLASS_NAME run_cutlass_4
#elif WEIR_CUTLASS_INSTANCE == 5
using chosen =
    cutlass_gemm<i8, bf16, float, tile<128, 256, 64>, pair, cooperative, cooperative_store, persistent, true>;
#define WEIR_CUTLASS_NAME run_cutlass_5
#elif WEIR_CUTLASS_INSTANCE == 6
using chosen = cutlass_gemm<i8, bf16, float, tile<64, 128, 64>, alone, pingpong, store, persistent, true>;
#define WEIR_CUTLASS_NAME run_cutlass_6
#elif WEIR_CUTLASS_INSTANCE == 7
using chosen = cutlass_gemm<cutlass::int4b_t, i8, std::int32_t, tile<128, 256, 128>, pair, cooperative,
                            cooperative_store, persistent, true>;
#define WEIR_CUTLASS_NAME run_cutlass_7
#elif WEIR_CUTLASS_INSTANCE == 8
using chosen =
    cutlass_gemm<cutlass::int4b_t, i8, std::int32_t, tile<64, 128, 128>, alone, pingpong, store, persistent, true>;
#define WEIR_CUTLASS_NAME run_cutlass_8
#else
#error "WEIR_CUTLASS_INSTANCE is 1 .. 8"
#endif

}  // namespace

status WEIR_CUTLASS_NAME(const gemm_args& a, void* workspace, std::size_t size, cudaStream_t stream) {
  return chosen::run(a, workspace, size, stream);
}

}  // namespace weir::kernels::inline v0::cuda::detail
