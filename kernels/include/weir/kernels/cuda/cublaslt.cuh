// weir/kernels/cuda/cublaslt.cuh - NVIDIA's matrix products for many tokens, found at run time. Needs the CUDA
// toolkit's headers and dlopen; the library itself may be absent.
#ifndef WEIR_KERNELS_CUDA_CUBLASLT_CUH
#define WEIR_KERNELS_CUDA_CUBLASLT_CUH

#include <cublasLt.h>
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <tuple>

#include "weir/kernels/status.hpp"
#include "weir/kernels/tensor.hpp"

namespace weir::kernels::inline v0::cuda::detail {

/// The functions that are used, and a handle. Found once a process; WEIR_CUBLASLT names the file where it is elsewhere.
struct lt_library {
  decltype(&cublasLtCreate) create = nullptr;
  decltype(&cublasLtMatmul) matmul = nullptr;
  decltype(&cublasLtMatmulDescInit_internal) desc_init = nullptr;
  decltype(&cublasLtMatmulDescSetAttribute) desc_set = nullptr;
  decltype(&cublasLtMatrixLayoutInit_internal) layout_init = nullptr;
  decltype(&cublasLtMatmulPreferenceInit_internal) preference_init = nullptr;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set = nullptr;
  decltype(&cublasLtMatmulAlgoGetHeuristic) heuristic = nullptr;
  decltype(&cublasLtGetVersion) version = nullptr;
  cublasLtHandle_t handle = nullptr;

  explicit operator bool() const noexcept { return handle != nullptr; }

  static const lt_library& get() {
    static const lt_library found = open();
    return found;
  }

 private:
  static lt_library open() noexcept {
    lt_library l;
    void* file = nullptr;
    for (const char* name : {static_cast<const char*>(std::getenv("WEIR_CUBLASLT")), "libcublasLt.so.13",
                             "libcublasLt.so.12", "/usr/local/cuda/lib64/libcublasLt.so"})
      if (!file && name) file = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!file) return {};
    const bool whole = find(file, "cublasLtCreate", l.create) && find(file, "cublasLtMatmul", l.matmul) &&
                       find(file, "cublasLtMatmulDescInit_internal", l.desc_init) &&
                       find(file, "cublasLtMatmulDescSetAttribute", l.desc_set) &&
                       find(file, "cublasLtMatrixLayoutInit_internal", l.layout_init) &&
                       find(file, "cublasLtMatmulPreferenceInit_internal", l.preference_init) &&
                       find(file, "cublasLtMatmulPreferenceSetAttribute", l.preference_set) &&
                       find(file, "cublasLtMatmulAlgoGetHeuristic", l.heuristic) &&
                       find(file, "cublasLtGetVersion", l.version);
    if (!whole || l.create(&l.handle) != CUBLAS_STATUS_SUCCESS) return {};
    return l;
  }
  template <class Function>
  static bool find(void* file, const char* name, Function& out) noexcept {
    out = reinterpret_cast<Function>(dlsym(file, name));
    return out != nullptr;
  }
};

/// One product: y[m, n] = x[m, k] w[n, k]^T. Types: bf16 to bf16 or f32; i8 to i32; e4m3 to bf16 or f32 with scales.
struct lt_problem {
  dtype in, out;
  std::int64_t m, n, k, x_row, w_row, y_row;  // elements
  std::int32_t which;                         // of the algorithms the library proposes, from 1

  friend bool operator<(const lt_problem& p, const lt_problem& q) noexcept {
    const auto key = [](const lt_problem& a) {
      return std::tuple(a.in, a.out, a.m, a.n, a.k, a.x_row, a.w_row, a.y_row, a.which);
    };
    return key(p) < key(q);
  }
};

/// What cuBLASLt wants to know of a problem, and its answer. Plain data.
struct lt_matmul {
  cublasLtMatmulDescOpaque_t operation{};
  cublasLtMatrixLayoutOpaque_t w{}, x{}, y{};
  cublasLtMatmulAlgo_t algorithm{};
  std::size_t workspace = 0;
  status answer = status::no_kernel;
};

inline constexpr std::size_t lt_workspace = std::size_t{32} << 20;

[[nodiscard]] inline cudaDataType lt_type(dtype type) noexcept {
  switch (type) {
    case dtype::bf16:
      return CUDA_R_16BF;
    case dtype::i8:
      return CUDA_R_8I;
    case dtype::i32:
      return CUDA_R_32I;
    case dtype::e4m3:
      return CUDA_R_8F_E4M3;
    default:
      return CUDA_R_32F;
  }
}

/// Describes the problem and asks for algorithms. In cuBLAS's column-major words, y^T[n, m] = w x^T.
[[nodiscard]] inline lt_matmul ask_lt(const lt_library& lt, const lt_problem& p) noexcept {
  lt_matmul a;
  const bool integers = p.in == dtype::i8;
  const auto set = [&](cublasLtMatmulDescAttributes_t name, auto value) {
    return lt.desc_set(&a.operation, name, &value, sizeof value) == CUBLAS_STATUS_SUCCESS;
  };
  lt.desc_init(&a.operation, sizeof a.operation, integers ? CUBLAS_COMPUTE_32I : CUBLAS_COMPUTE_32F,
               integers ? CUDA_R_32I : CUDA_R_32F);
  // Fast accumulation keeps fewer bits of long sums, and brings nothing where memory is what takes the time.
  const bool fast = p.m > 256 && p.k <= 6144;
  bool good = set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T) && set(CUBLASLT_MATMUL_DESC_TRANSB, CUBLAS_OP_N);
  if (p.in == dtype::e4m3) {
    void* const somewhere = reinterpret_cast<void*>(256);  // only alignment is looked at before a call
    const auto mode = static_cast<std::int32_t>(CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F);
    good = good && set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, static_cast<std::int8_t>(fast)) &&
           set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, mode) && set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, mode) &&
           set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, somewhere) && set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, somewhere);
  }
  const auto u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
  lt.layout_init(&a.w, sizeof a.w, lt_type(p.in), u(p.k), u(p.n), p.w_row);
  lt.layout_init(&a.x, sizeof a.x, lt_type(p.in), u(p.k), u(p.m), p.x_row);
  lt.layout_init(&a.y, sizeof a.y, lt_type(p.out), u(p.n), u(p.m), p.y_row);
  cublasLtMatmulPreferenceOpaque_t preference;
  lt.preference_init(&preference, sizeof preference);
  const std::size_t most = lt_workspace;
  lt.preference_set(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most);
  cublasLtMatmulHeuristicResult_t results[8];
  int found = 0;
  if (!good ||
      lt.heuristic(lt.handle, &a.operation, &a.w, &a.x, &a.y, &a.y, &preference, 8, results, &found) !=
          CUBLAS_STATUS_SUCCESS ||
      found < p.which)
    return a;
  a.algorithm = results[p.which - 1].algo;
  a.workspace = results[p.which - 1].workspaceSize;
  a.answer = status::ok;
  return a;
}

/// The answer to a problem, asked for once a process.
[[nodiscard]] inline const lt_matmul& find_lt(const lt_problem& p) {
  static std::mutex mutex;
  static std::map<lt_problem, lt_matmul> known;
  const std::lock_guard lock(mutex);
  const auto [place, fresh] = known.try_emplace(p);
  if (fresh && lt_library::get()) place->second = ask_lt(lt_library::get(), p);
  return place->second;
}

/// Queues the product. `x_scale` [m] and `w_scale` [n] are for e4m3 alone.
[[nodiscard]] inline status run_lt(const lt_problem& p, const void* x, const void* w, void* y, const float* x_scale,
                                   const float* w_scale, void* workspace, cudaStream_t stream) noexcept {
  lt_matmul a = find_lt(p);  // a copy: calls from several threads write their own scales into it
  if (a.answer != status::ok) return a.answer;
  const lt_library& lt = lt_library::get();
  if (p.in == dtype::e4m3) {
    lt.desc_set(&a.operation, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &w_scale, sizeof w_scale);
    lt.desc_set(&a.operation, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &x_scale, sizeof x_scale);
  }
  const float one = 1, zero = 0;
  const std::int32_t integer_one = 1, integer_zero = 0;
  const bool integers = p.in == dtype::i8;
  const void* alpha = integers ? static_cast<const void*>(&integer_one) : &one;
  const void* beta = integers ? static_cast<const void*>(&integer_zero) : &zero;
  const auto done = lt.matmul(lt.handle, &a.operation, alpha, w, &a.w, x, &a.x, beta, y, &a.y, y, &a.y, &a.algorithm,
                              workspace, lt_workspace, stream);
  return done == CUBLAS_STATUS_SUCCESS ? status::ok : status::launch_failed;
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_CUBLASLT_CUH
