// Holds our declarations of CANN's functions to real headers, which may not be copied: compiled only where
// WEIR_CANN_INCLUDE names CANN's include directory (docs/kernels.md). Whatever differs does not compile; what this CANN
// does not have is named while it compiles, and not compared.
#include <cstdint>
#include <type_traits>

#include "acl/acl_base.h"
#include "aclnn/acl_meta.h"
#include "weir/kernels/ascend/acl.hpp"

namespace {

namespace ours = weir::kernels::ascend;

/// The same for a caller: the same type, or an enumeration of int's size where we say int.
template <class Ours, class Theirs>
constexpr bool same_value = std::is_same_v<Ours, Theirs> ||
                            (std::is_enum_v<Theirs> && std::is_same_v<Ours, int> && sizeof(Theirs) == sizeof(int));

template <class Ours, class Theirs>
constexpr bool same = false;
template <class A, class B, class... As, class... Bs>
  requires(sizeof...(As) == sizeof...(Bs))
constexpr bool same<A(As...), B(Bs...)> = same_value<A, B> && (same_value<As, Bs> && ...);

#define WEIR_SAME(ours, theirs) static_assert(same<ours, decltype(theirs)>, #theirs " is declared otherwise")
#define WEIR_SAME_VALUE(ours, theirs) static_assert(static_cast<int>(ours) == static_cast<int>(theirs))

WEIR_SAME(ours::create_tensor_function, aclCreateTensor);
WEIR_SAME(ours::destroy_tensor_function, aclDestroyTensor);
WEIR_SAME(ours::executor_function, aclSetAclOpExecutorRepeatable);
WEIR_SAME(ours::executor_function, aclDestroyAclOpExecutor);
WEIR_SAME_VALUE(ours::acl_type::f32, ACL_FLOAT);
WEIR_SAME_VALUE(ours::acl_type::f16, ACL_FLOAT16);
WEIR_SAME_VALUE(ours::acl_type::i8, ACL_INT8);
WEIR_SAME_VALUE(ours::acl_type::i32, ACL_INT32);
WEIR_SAME_VALUE(ours::acl_type::i64, ACL_INT64);
WEIR_SAME_VALUE(ours::acl_type::u64, ACL_UINT64);
WEIR_SAME_VALUE(ours::acl_type::bf16, ACL_BF16);
WEIR_SAME_VALUE(ours::acl_type::i4, ACL_INT4);
WEIR_SAME_VALUE(ours::format_nd, ACL_FORMAT_ND);

}  // namespace

#define WEIR_SAME_OPERATION(first, name)          \
  WEIR_SAME(ours::first, name##GetWorkspaceSize); \
  WEIR_SAME(ours::run_function, name)

#if __has_include("aclnnop/aclnn_matmul.h")
#include "aclnnop/aclnn_matmul.h"
WEIR_SAME_OPERATION(matmul_function, aclnnMatmul);
#else
#pragma message("this CANN has no aclnnMatmul: not compared")
#endif

#if __has_include("aclnnop/aclnn_quant_matmul_v4.h")
#include "aclnnop/aclnn_quant_matmul_v4.h"
WEIR_SAME_OPERATION(quant_matmul_v4_function, aclnnQuantMatmulV4);
#else
#pragma message("this CANN has no aclnnQuantMatmulV4: not compared")
#endif

#if __has_include("aclnnop/aclnn_quant_matmul_v5.h")
#include "aclnnop/aclnn_quant_matmul_v5.h"
WEIR_SAME_OPERATION(quant_matmul_v5_function, aclnnQuantMatmulV5);
#else
#pragma message("this CANN has no aclnnQuantMatmulV5: not compared")
#endif

#if __has_include("aclnnop/aclnn_weight_quant_batch_matmul_v2.h")
#include "aclnnop/aclnn_weight_quant_batch_matmul_v2.h"
WEIR_SAME_OPERATION(weight_quant_v2_function, aclnnWeightQuantBatchMatmulV2);
#else
#pragma message("this CANN has no aclnnWeightQuantBatchMatmulV2: not compared")
#endif

#if __has_include("aclnnop/aclnn_weight_quant_batch_matmul_v3.h")
#include "aclnnop/aclnn_weight_quant_batch_matmul_v3.h"
WEIR_SAME_OPERATION(weight_quant_v3_function, aclnnWeightQuantBatchMatmulV3);
#else
#pragma message("this CANN has no aclnnWeightQuantBatchMatmulV3: not compared")
#endif

#if __has_include("aclnnop/aclnn_dynamic_quant.h")
#include "aclnnop/aclnn_dynamic_quant.h"
WEIR_SAME_OPERATION(dynamic_quant_function, aclnnDynamicQuant);
#else
#pragma message("this CANN has no aclnnDynamicQuant: not compared")
#endif

#if __has_include("aclnnop/aclnn_dynamic_quant_v2.h")
#include "aclnnop/aclnn_dynamic_quant_v2.h"
WEIR_SAME_OPERATION(dynamic_quant_v2_function, aclnnDynamicQuantV2);
#else
#pragma message("this CANN has no aclnnDynamicQuantV2: not compared")
#endif
