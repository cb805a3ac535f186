// weir/kernels/ascend/acl.hpp - the functions of Huawei's CANN that are used here, in declarations of our own. Needs
// the standard library only. Not run on hardware.
//
// CANN's headers may not be copied, and its libraries are found at run time. Types and values are those of CANN
// 8.1.RC1, and of ops-nn for aclnnQuantMatmulV5; builds with WEIR_CANN_INCLUDE compare them with real headers
// (tests/kernels/ascend_abi.cpp).
#ifndef WEIR_KERNELS_ASCEND_ACL_HPP
#define WEIR_KERNELS_ASCEND_ACL_HPP

#include <cstdint>

struct aclTensor;  // CANN's own names, global as there
struct aclOpExecutor;

namespace weir::kernels::inline v0::ascend {

/// Values of aclDataType and aclFormat.
enum class acl_type : int { f32 = 0, f16 = 1, i8 = 2, i32 = 3, i64 = 9, u64 = 10, bf16 = 27, i4 = 29, e4m3 = 36 };
inline constexpr int format_nd = 2;

using tensor = const aclTensor*;
using stream = void*;

/// The functions of libascendcl and libnnopbase.
using create_tensor_function = aclTensor*(const std::int64_t* view, std::uint64_t rank, int type,
                                          const std::int64_t* strides, std::int64_t offset, int format,
                                          const std::int64_t* storage, std::uint64_t storage_rank, void* data);
using destroy_tensor_function = std::int32_t(tensor);
using executor_function = std::int32_t(aclOpExecutor*);  // aclSetAclOpExecutorRepeatable, aclDestroyAclOpExecutor

/// The second phase of every operation.
using run_function = std::int32_t(void* workspace, std::uint64_t size, aclOpExecutor*, stream);

/// First phases, by their names without aclnn and GetWorkspaceSize.
using matmul_function = std::int32_t(tensor x, tensor w, aclTensor* y, std::int8_t cube_math, std::uint64_t* size,
                                     aclOpExecutor**);
using quant_matmul_v4_function = std::int32_t(tensor x, tensor w, tensor scale, tensor offset, tensor token_scale,
                                              tensor bias, bool transpose_x, bool transpose_w, tensor y,
                                              std::uint64_t* size, aclOpExecutor**);
using quant_matmul_v5_function = std::int32_t(tensor x, tensor w, tensor x_scale, tensor w_scale, tensor y_scale,
                                              tensor x_offset, tensor w_offset, tensor y_offset, tensor bias,
                                              bool transpose_x, bool transpose_w, std::int64_t group, aclTensor* y,
                                              std::uint64_t* size, aclOpExecutor**);
using weight_quant_v2_function = std::int32_t(tensor x, tensor w, tensor scale, tensor offset, tensor quant_scale,
                                              tensor quant_offset, tensor bias, int group, tensor y,
                                              std::uint64_t* size, aclOpExecutor**);
using weight_quant_v3_function = std::int32_t(tensor x, tensor w, tensor scale, tensor offset, tensor quant_scale,
                                              tensor quant_offset, tensor bias, int group, int inner_precise, tensor y,
                                              std::uint64_t* size, aclOpExecutor**);
using dynamic_quant_function = std::int32_t(tensor x, tensor smooth, tensor q, tensor scale, std::uint64_t* size,
                                            aclOpExecutor**);
using dynamic_quant_v2_function = std::int32_t(tensor x, tensor smooth, tensor group_index, std::int64_t q_type,
                                               tensor q, tensor scale, tensor offset, std::uint64_t* size,
                                               aclOpExecutor**);

}  // namespace weir::kernels::inline v0::ascend

#endif  // WEIR_KERNELS_ASCEND_ACL_HPP
