// weir/kernels/ascend/library.hpp - CANN's functions, found at run time, and tensors that are given back. Needs dlopen.
// Not run on hardware.
#ifndef WEIR_KERNELS_ASCEND_LIBRARY_HPP
#define WEIR_KERNELS_ASCEND_LIBRARY_HPP

#include <dlfcn.h>

#include <cstdint>
#include <utility>

#include "weir/kernels/ascend/acl.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::ascend {

/// Both phases of an operation; absent where this CANN does not have it.
template <class First>
struct operation {
  First* prepare = nullptr;
  run_function* run = nullptr;
  explicit operator bool() const noexcept { return prepare && run; }
};

/// What of CANN is here. Functions stay valid as long as the process: the file is never closed.
struct library {
  create_tensor_function* create_tensor = nullptr;
  destroy_tensor_function* destroy_tensor = nullptr;
  executor_function* set_repeatable = nullptr;
  executor_function* destroy_executor = nullptr;
  operation<matmul_function> matmul;
  operation<quant_matmul_v5_function> quant_matmul_v5;
  operation<quant_matmul_v4_function> quant_matmul_v4;
  operation<weight_quant_v3_function> weight_quant_v3;
  operation<weight_quant_v2_function> weight_quant_v2;
  operation<dynamic_quant_function> dynamic_quant;        // to int8
  operation<dynamic_quant_v2_function> dynamic_quant_v2;  // to int4 too

  explicit operator bool() const noexcept { return create_tensor && destroy_tensor; }

  /// \param path  of the library with the operations; the tensors' functions are found through what it depends on.
  static library open(const char* path = "libopapi.so") noexcept {
    library l;
    void* file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!file) return l;
    find(file, "aclCreateTensor", l.create_tensor);
    find(file, "aclDestroyTensor", l.destroy_tensor);
    find(file, "aclSetAclOpExecutorRepeatable", l.set_repeatable);
    find(file, "aclDestroyAclOpExecutor", l.destroy_executor);
    find(file, "aclnnMatmulGetWorkspaceSize", "aclnnMatmul", l.matmul);
    find(file, "aclnnQuantMatmulV5GetWorkspaceSize", "aclnnQuantMatmulV5", l.quant_matmul_v5);
    find(file, "aclnnQuantMatmulV4GetWorkspaceSize", "aclnnQuantMatmulV4", l.quant_matmul_v4);
    find(file, "aclnnWeightQuantBatchMatmulV3GetWorkspaceSize", "aclnnWeightQuantBatchMatmulV3", l.weight_quant_v3);
    find(file, "aclnnWeightQuantBatchMatmulV2GetWorkspaceSize", "aclnnWeightQuantBatchMatmulV2", l.weight_quant_v2);
    find(file, "aclnnDynamicQuantGetWorkspaceSize", "aclnnDynamicQuant", l.dynamic_quant);
    find(file, "aclnnDynamicQuantV2GetWorkspaceSize", "aclnnDynamicQuantV2", l.dynamic_quant_v2);
    return l;
  }

 private:
  template <class Function>
  static void find(void* file, const char* name, Function*& out) noexcept {
    out = reinterpret_cast<Function*>(dlsym(file, name));
  }
  template <class First>
  static void find(void* file, const char* prepare, const char* run, operation<First>& out) noexcept {
    find(file, prepare, out.prepare);
    find(file, run, out.run);
  }
};

/// Gives back an executor that a first phase made and no second phase has been given. A second phase destroys its
/// executor itself, unless it was set repeatable; CANN lets aclDestroyAclOpExecutor be used for repeatable ones alone,
/// so this makes it one first. A CANN without these two functions, or an operation that refuses to be repeated, keeps
/// it: some host memory, once a first phase without a second.
/// \source  CANN 8.5, aclDestroyAclOpExecutor and aclSetAclOpExecutorRepeatable.
inline void abandon(const library& l, aclOpExecutor* executor) noexcept {
  if (l.set_repeatable && l.destroy_executor && l.set_repeatable(executor) == 0)
    static_cast<void>(l.destroy_executor(executor));
}

/// A tensor's handle, given back when it goes. An absent view gives a null handle, which CANN takes as absent.
class handle {
 public:
  handle() noexcept = default;
  /// \param transpose  the last two dimensions change places: w [N, K] becomes [K, N] without being moved.
  handle(const library& from, const tensor_view& t, bool transpose = false) noexcept : from_(&from) {
    if (!t) return;
    std::int64_t shape[3], stride[3];
    for (int i = 0; i < t.rank; ++i) shape[i] = t.shape[i], stride[i] = t.stride[i];
    if (transpose && t.rank >= 2) {
      std::swap(shape[t.rank - 1], shape[t.rank - 2]);
      std::swap(stride[t.rank - 1], stride[t.rank - 2]);
    }
    const auto rank = static_cast<std::uint64_t>(t.rank);
    made_ =
        from.create_tensor(shape, rank, static_cast<int>(type_of(t.type)), stride, 0, format_nd, t.shape, rank, t.data);
  }
  handle(handle&& other) noexcept : from_(other.from_), made_(std::exchange(other.made_, nullptr)) {}
  handle& operator=(handle&& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(made_, other.made_);
    return *this;
  }
  ~handle() {
    if (made_) from_->destroy_tensor(made_);
  }
  [[nodiscard]] aclTensor* get() const noexcept { return made_; }

 private:
  static acl_type type_of(dtype type) noexcept {
    constexpr acl_type types[] = {acl_type::f32, acl_type::bf16, acl_type::i8,
                                  acl_type::i4,  acl_type::e4m3, acl_type::i32};
    return types[static_cast<int>(type)];
  }
  const library* from_ = nullptr;
  aclTensor* made_ = nullptr;
};

}  // namespace weir::kernels::inline v0::ascend

#endif  // WEIR_KERNELS_ASCEND_LIBRARY_HPP
