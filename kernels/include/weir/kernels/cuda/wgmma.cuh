// weir/kernels/cuda/wgmma.cuh - the tensor cores' instructions of sm_90a, which a warpgroup of 128 threads issues
// together: sums[64, N] += a[64, K] b[N, K]^T with 32 bytes of k. Needs the CUDA runtime's headers.
//
// a and b lie in shared memory as `swizzled` (tiles.cuh) has them, or a in registers as mma_i8 (ptx.cuh) has it, each
// of the four warps holding its 16 rows. Sums lie as those of mma_i8 do: of columns 8 j + 2 (l % 4) + 0, 1 lane l holds
// sums[4 j + 0, 1] in row l / 4 of its warp's 16, and sums[4 j + 2, 3] in row l / 4 + 8.
#ifndef WEIR_KERNELS_CUDA_WGMMA_CUH
#define WEIR_KERNELS_CUDA_WGMMA_CUH

#include <cstdint>

namespace weir::kernels::inline v0::cuda::detail {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
/// Before the first multiplication of a row of them, and where registers were written since the last.
__device__ __forceinline__ void begin_multiplying() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}
/// Ends a group of multiplications, which go on by themselves.
__device__ __forceinline__ void end_group() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
/// Waits until at most `Pending` groups are under way.
template <int Pending>
__device__ __forceinline__ void wait_groups() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory");
}

// The operands of 4 to 96 sums, as text and as values.
#define WEIR_SUMS_4 "%0,%1,%2,%3"
#define WEIR_SUMS_8 \
  WEIR_SUMS_4       \
  ","               \
  "%4,%5,%6,%7"
#define WEIR_SUMS_12 \
  WEIR_SUMS_8        \
  ","                \
  "%8,%9,%10,%11"
#define WEIR_SUMS_16 \
  WEIR_SUMS_12       \
  ","                \
  "%12,%13,%14,%15"
#define WEIR_SUMS_24 \
  WEIR_SUMS_16       \
  ","                \
  "%16,%17,%18,%19,%20,%21,%22,%23"
#define WEIR_SUMS_32 \
  WEIR_SUMS_24       \
  ","                \
  "%24,%25,%26,%27,%28,%29,%30,%31"
#define WEIR_SUMS_48 \
  WEIR_SUMS_32       \
  ","                \
  "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47"
#define WEIR_SUMS_96                                                 \
  WEIR_SUMS_48                                                       \
  ","                                                                \
  "%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63," \
  "%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79," \
  "%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95"
#define WEIR_AT_4(c, i) c(d[i]), c(d[i + 1]), c(d[i + 2]), c(d[i + 3])
#define WEIR_AT_8(c, i) WEIR_AT_4(c, i), WEIR_AT_4(c, i + 4)
#define WEIR_AT_12(c, i) WEIR_AT_8(c, i), WEIR_AT_4(c, i + 8)
#define WEIR_AT_16(c, i) WEIR_AT_12(c, i), WEIR_AT_4(c, i + 12)
#define WEIR_AT_24(c, i) WEIR_AT_16(c, i), WEIR_AT_8(c, i + 16)
#define WEIR_AT_32(c, i) WEIR_AT_24(c, i), WEIR_AT_8(c, i + 24)
#define WEIR_AT_48(c, i) WEIR_AT_32(c, i), WEIR_AT_16(c, i + 32)
#define WEIR_AT_96(c, i) WEIR_AT_48(c, i), WEIR_AT_48(c, i + 48)
#define WEIR_I(v) "+r"(v)
#define WEIR_F(v) "+f"(v)
// A multiplication with both operands in shared memory, and one with a in registers: COUNT sums, which are followed by
// the operands numbered A, B, ADD.
#define WEIR_WGMMA_SHARED(KIND, COUNT, AT, A, B, ADD, TAIL)                                        \
  asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" ADD ", 0;\nwgmma.mma_async.sync.aligned." KIND \
               " {" WEIR_SUMS_##COUNT "}, %" A ", %" B ", p" TAIL ";\n}"                           \
               : WEIR_AT_##COUNT(AT, 0)                                                            \
               : "l"(a), "l"(b), "r"(add))
#define WEIR_WGMMA_REGISTERS(KIND, COUNT, AT, A, B, ADD)                                           \
  asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" ADD ", 0;\nwgmma.mma_async.sync.aligned." KIND \
               " {" WEIR_SUMS_##COUNT "}, {" A "}, %" B ", p;\n}"                                  \
               : WEIR_AT_##COUNT(AT, 0)                                                            \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add))
#endif

/// Multiplications by the type of the elements and the columns. `add`: 0 overwrites the sums.
template <int Columns>
struct wgmma_i8;
template <int Columns>
struct wgmma_e4m3;
template <int Columns>
struct wgmma_bf16;

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define WEIR_WGMMA_BOTH(COLUMNS, COUNT, A, B, ADD, R, RB, RADD)                                                     \
  template <>                                                                                                       \
  struct wgmma_i8<COLUMNS> {                                                                                        \
    using sum = int;                                                                                                \
    static __device__ __forceinline__ void multiply(int (&d)[COUNT], std::uint64_t a, std::uint64_t b, int add) {   \
      WEIR_WGMMA_SHARED("m64n" #COLUMNS "k32.s32.s8.s8", COUNT, WEIR_I, A, B, ADD, "");                             \
    }                                                                                                               \
    static __device__ __forceinline__ void multiply(int (&d)[COUNT], const std::uint32_t (&a)[4], std::uint64_t b,  \
                                                    int add) {                                                      \
      WEIR_WGMMA_REGISTERS("m64n" #COLUMNS "k32.s32.s8.s8", COUNT, WEIR_I, R, RB, RADD);                            \
    }                                                                                                               \
  };                                                                                                                \
  template <>                                                                                                       \
  struct wgmma_e4m3<COLUMNS> {                                                                                      \
    using sum = float;                                                                                              \
    static __device__ __forceinline__ void multiply(float (&d)[COUNT], std::uint64_t a, std::uint64_t b, int add) { \
      WEIR_WGMMA_SHARED("m64n" #COLUMNS "k32.f32.e4m3.e4m3", COUNT, WEIR_F, A, B, ADD, ", 1, 1");                   \
    }                                                                                                               \
  };                                                                                                                \
  template <>                                                                                                       \
  struct wgmma_bf16<COLUMNS> {                                                                                      \
    using sum = float;                                                                                              \
    static __device__ __forceinline__ void multiply(float (&d)[COUNT], std::uint64_t a, std::uint64_t b, int add) { \
      WEIR_WGMMA_SHARED("m64n" #COLUMNS "k16.f32.bf16.bf16", COUNT, WEIR_F, A, B, ADD, ", 1, 1, 0, 0");             \
    }                                                                                                               \
  };
WEIR_WGMMA_BOTH(8, 4, "4", "5", "6", "%4,%5,%6,%7", "8", "9")
WEIR_WGMMA_BOTH(16, 8, "8", "9", "10", "%8,%9,%10,%11", "12", "13")
WEIR_WGMMA_BOTH(24, 12, "12", "13", "14", "%12,%13,%14,%15", "16", "17")
WEIR_WGMMA_BOTH(32, 16, "16", "17", "18", "%16,%17,%18,%19", "20", "21")
WEIR_WGMMA_BOTH(48, 24, "24", "25", "26", "%24,%25,%26,%27", "28", "29")
WEIR_WGMMA_BOTH(64, 32, "32", "33", "34", "%32,%33,%34,%35", "36", "37")
WEIR_WGMMA_BOTH(96, 48, "48", "49", "50", "%48,%49,%50,%51", "52", "53")
WEIR_WGMMA_BOTH(192, 96, "96", "97", "98", "%96,%97,%98,%99", "100", "101")
#undef WEIR_WGMMA_BOTH
#undef WEIR_WGMMA_SHARED
#undef WEIR_WGMMA_REGISTERS
#undef WEIR_SUMS_4
#undef WEIR_AT_4
#undef WEIR_SUMS_8
#undef WEIR_AT_8
#undef WEIR_SUMS_12
#undef WEIR_AT_12
#undef WEIR_SUMS_16
#undef WEIR_AT_16
#undef WEIR_SUMS_24
#undef WEIR_AT_24
#undef WEIR_SUMS_32
#undef WEIR_AT_32
#undef WEIR_SUMS_48
#undef WEIR_AT_48
#undef WEIR_SUMS_96
#undef WEIR_AT_96
#undef WEIR_I
#undef WEIR_F
#endif

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_WGMMA_CUH
