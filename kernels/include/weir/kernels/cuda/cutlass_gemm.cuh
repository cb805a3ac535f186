// weir/kernels/cuda/cutlass_gemm.cuh - one of CUTLASS's templates for sm_90a as an instance of cutlass_plan.cuh: wide
// tiles for many tokens, scales of tokens and channels in the epilogue. Needs CUTLASS 4's headers, which the user
// brings.
#ifndef WEIR_KERNELS_CUDA_CUTLASS_GEMM_CUH
#define WEIR_KERNELS_CUDA_CUTLASS_GEMM_CUH

#include <cutlass/cutlass.h>
#include <cutlass/gemm/device/gemm_universal_adapter.h>

#include <cstdint>
#include <cute/tensor.hpp>
#include <cutlass/epilogue/collective/collective_builder.hpp>
#include <cutlass/epilogue/fusion/sm90_callbacks_tma_warpspecialized.hpp>
#include <cutlass/gemm/collective/collective_builder.hpp>
#include <cutlass/gemm/kernel/gemm_universal.hpp>

#include "weir/kernels/cuda/cutlass_plan.cuh"

namespace weir::kernels::inline v0::cuda::detail {

/// \tparam Swap  y^T = w x^T: w takes the tile's first dimension, so that tiles of few tokens waste nothing.
template <class W, class X, class Sum, class Tile, class Cluster, class Schedule, class EpilogueSchedule, class Tiles,
          bool Swap>
struct cutlass_gemm {
  using out = cutlass::bfloat16_t;
  using a_type = cute::conditional_t<Swap, W, X>;
  using b_type = cute::conditional_t<Swap, X, W>;
  using out_layout = cute::conditional_t<Swap, cutlass::layout::ColumnMajor, cutlass::layout::RowMajor>;

  // y = scale of the first dimension * (scale of the second * sum)
  using first_scale =
      cutlass::epilogue::fusion::Sm90ColBroadcast<0, Tile, float, float,
                                                  cute::Stride<cute::Int<1>, cute::Int<0>, cute::Int<0>>>;
  using second_scale =
      cutlass::epilogue::fusion::Sm90RowBroadcast<0, Tile, float, float,
                                                  cute::Stride<cute::Int<0>, cute::Int<1>, cute::Int<0>>>;
  template <class To>
  using product = cutlass::epilogue::fusion::Sm90Compute<cutlass::multiplies, To, float,
                                                         cutlass::FloatRoundStyle::round_to_nearest>;
  using inner_tree =
      cutlass::epilogue::fusion::Sm90EVT<product<float>, second_scale, cutlass::epilogue::fusion::Sm90AccFetch>;
  using tree = cutlass::epilogue::fusion::Sm90EVT<product<out>, first_scale, inner_tree>;

  using epilogue = typename cutlass::epilogue::collective::CollectiveBuilder<
      cutlass::arch::Sm90, cutlass::arch::OpClassTensorOp, Tile, Cluster,
      cutlass::epilogue::collective::EpilogueTileAuto, Sum, float, void, out_layout, 8, out, out_layout, 8,
      EpilogueSchedule, tree>::CollectiveOp;
  using mainloop = typename cutlass::gemm::collective::CollectiveBuilder<
      cutlass::arch::Sm90, cutlass::arch::OpClassTensorOp, a_type, cutlass::layout::RowMajor,
      128 / cutlass::sizeof_bits<a_type>::value, b_type, cutlass::layout::ColumnMajor,
      128 / cutlass::sizeof_bits<b_type>::value, Sum, Tile, Cluster,
      cutlass::gemm::collective::StageCountAutoCarveout<static_cast<int>(sizeof(typename epilogue::SharedStorage))>,
      Schedule>::CollectiveOp;
  using kernel = cutlass::gemm::kernel::GemmUniversal<cute::Shape<int, int, int, int>, mainloop, epilogue, Tiles>;
  using adapter = cutlass::gemm::device::GemmUniversalAdapter<kernel>;

  static status run(const gemm_args& a, void* workspace, std::size_t size, cudaStream_t stream) {
    const std::int64_t x_row = a.x_row * 8 / cutlass::sizeof_bits<X>::value;
    const std::int64_t w_row = a.w_row * 8 / cutlass::sizeof_bits<W>::value;
    const auto* w_scale = static_cast<const float*>(a.w_scale);
    typename kernel::StrideA a_stride{};
    typename kernel::StrideB b_stride{};
    typename kernel::StrideD y_stride{};
    cute::get<0>(a_stride) = Swap ? w_row : x_row, cute::get<0>(b_stride) = Swap ? x_row : w_row;
    cute::get<Swap ? 1 : 0>(y_stride) = a.y_row;
    typename first_scale::Arguments first{Swap ? w_scale : a.x_scale, 1.0F, {}};
    typename second_scale::Arguments second{Swap ? a.x_scale : w_scale, 1.0F, {}};
    typename tree::Arguments scales{first, {second, {}, {}}, {}};
    typename adapter::Arguments arguments{cutlass::gemm::GemmUniversalMode::kGemm,
                                          {Swap ? a.n : a.m, Swap ? a.m : a.n, a.k, 1},
                                          {reinterpret_cast<const a_type*>(Swap ? a.w : a.x), a_stride,
                                           reinterpret_cast<const b_type*>(Swap ? a.x : a.w), b_stride},
                                          {scales, nullptr, y_stride, static_cast<out*>(a.y), y_stride}};
    cudaGetDevice(&arguments.hw_info.device_id);
    arguments.hw_info.sm_count =
        cutlass::KernelHardwareInfo::query_device_multiprocessor_count(arguments.hw_info.device_id);
    adapter gemm;
    if (gemm.can_implement(arguments) != cutlass::Status::kSuccess || adapter::get_workspace_size(arguments) > size)
      return status::no_kernel;
    if (gemm.initialize(arguments, workspace, stream) != cutlass::Status::kSuccess) return status::launch_failed;
    return gemm.run(stream) == cutlass::Status::kSuccess ? status::ok : status::launch_failed;
  }
};

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CUTLASS_GEMM_CUH
