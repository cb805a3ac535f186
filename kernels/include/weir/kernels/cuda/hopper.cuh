// weir/kernels/cuda/hopper.cuh - what sm_90 has beyond ptx.cuh, as functions: barriers that copies complete, the engine
// that copies tiles, clusters of blocks, launches that overlap. Needs the CUDA toolkit's headers.
#ifndef WEIR_KERNELS_CUDA_HOPPER_CUH
#define WEIR_KERNELS_CUDA_HOPPER_CUH

#include <cuda.h>
#include <cuda_runtime.h>

#include <cstdint>

#include "weir/kernels/cuda/ptx.cuh"

namespace weir::kernels::inline v0::cuda::detail {

/// Where and how a matrix lies in memory, for the engine that copies tiles.
using tensor_map = CUtensorMap;

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900

/// Barriers in shared memory: `arrivals` threads arrive in each phase, and expected bytes come too.
__device__ __forceinline__ void barrier_init(std::uint32_t barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}
/// Makes initialized barriers visible to the cluster and to the copying engine.
__device__ __forceinline__ void barriers_ready() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
__device__ __forceinline__ void barrier_arrive(std::uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}
/// Arrives, and says how many bytes copies will bring in this phase.
__device__ __forceinline__ void barrier_expect(std::uint32_t barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}
/// Waits until the phase of this parity is over.
__device__ __forceinline__ void barrier_wait(std::uint32_t barrier, int parity) {
  std::uint32_t done;
  do {
    asm volatile(
        "{\n.reg .pred p;\nmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
        "selp.u32 %0, 1, 0, p;\n}"
        : "=r"(done)
        : "r"(barrier), "r"(parity)
        : "memory");
  } while (done == 0);
}

/// Starts the copy of a tile of 128 bytes a row, that will not be read again, into shared memory: its pieces of 16
/// bytes are exchanged as `swizzled` (tiles.cuh) says, zeros stand for what is outside of the matrix, and it completes
/// at `barrier`.
__device__ __forceinline__ void copy_tile(std::uint32_t to, const tensor_map& from, int byte, int row, int matrix,
                                          std::uint32_t barrier) {
  constexpr std::uint64_t evict_first = 0x12F0000000000000;
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.L2::cache_hint "
      "[%0], [%1, {%3, %4, %5}], [%2], %6;" ::"r"(to),
      "l"(&from), "r"(barrier), "r"(byte), "r"(row), "r"(matrix), "l"(evict_first)
      : "memory");
}
/// Starts the copy of `bytes` (a multiple of 16, as both addresses are) into shared memory; it completes at `barrier`.
__device__ __forceinline__ void copy_bytes(std::uint32_t to, const void* from, int bytes, std::uint32_t barrier) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
               "l"(from), "r"(bytes), "r"(barrier)
               : "memory");
}
/// Makes this thread's stores to shared memory visible to the copying engine and to the tensor cores.
__device__ __forceinline__ void fence_shared() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/// An address of shared memory as it is in the cluster's block `rank`.
__device__ __forceinline__ std::uint32_t address_in(std::uint32_t address, int rank) {
  std::uint32_t there;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(rank));
  return there;
}
/// Sends words to another block, to an address (a multiple of their size) and a barrier of it that expects them;
/// asynchronous.
__device__ __forceinline__ void send(std::uint32_t to, const std::uint32_t (&v)[1], std::uint32_t barrier) {
  asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%0], %1, [%2];" ::"r"(to), "r"(v[0]),
               "r"(barrier)
               : "memory");
}
__device__ __forceinline__ void send(std::uint32_t to, const std::uint32_t (&v)[2], std::uint32_t barrier) {
  asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.u32 [%0], {%1, %2}, [%3];" ::"r"(to),
               "r"(v[0]), "r"(v[1]), "r"(barrier)
               : "memory");
}
__device__ __forceinline__ void send(std::uint32_t to, const std::uint32_t (&v)[4], std::uint32_t barrier) {
  asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.u32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(to),
               "r"(v[0]), "r"(v[1]), "r"(v[2]), "r"(v[3]), "r"(barrier)
               : "memory");
}
/// Says that this block has begun and its barriers are ready; cluster_wait waits for the others.
__device__ __forceinline__ void cluster_begin() {
  asm volatile("barrier.cluster.arrive.relaxed.aligned;" ::: "memory");
}
/// Brings what describes a matrix near.
__device__ __forceinline__ void prefetch_map(const tensor_map& map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}

/// Waits for the kernels queued before this one, where it was launched to overlap with them.
__device__ __forceinline__ void wait_for_earlier() {
  asm volatile("griddepcontrol.wait;" ::: "memory");
}
/// Lets the next kernel begin, where it is launched to overlap with this one.
__device__ __forceinline__ void let_next_begin() {
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

#endif

__device__ __forceinline__ void store_shared_4(std::uint32_t to, std::uint32_t v) {
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(to), "r"(v) : "memory");
}
__device__ __forceinline__ void store_shared_8(std::uint32_t to, std::uint32_t a, std::uint32_t b) {
  asm volatile("st.shared.v2.u32 [%0], {%1, %2};" ::"r"(to), "r"(a), "r"(b) : "memory");
}
__device__ __forceinline__ void store_shared_16(std::uint32_t to, const uint4& v) {
  asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w) : "memory");
}
__device__ __forceinline__ std::uint32_t load_shared_4(std::uint32_t from) {
  std::uint32_t v;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(from));
  return v;
}
__device__ __forceinline__ std::uint32_t load_shared_2(std::uint32_t from) {
  std::uint16_t v;
  asm volatile("ld.shared.u16 %0, [%1];" : "=h"(v) : "r"(from));
  return v;
}
/// The larger of what is there and `v` is there afterwards.
__device__ __forceinline__ void max_shared_4(std::uint32_t to, std::uint32_t v) {
  asm volatile("red.shared.max.u32 [%0], %1;" ::"r"(to), "r"(v) : "memory");
}
/// The largest of a warp's values, in every lane.
__device__ __forceinline__ std::uint32_t warp_max(std::uint32_t v) {
  return __reduce_max_sync(~0U, v);
}

/// The start of the block's dynamic shared memory.
__device__ __forceinline__ std::uint8_t* dynamic_shared() {
  extern __shared__ __align__(1024) std::uint8_t dynamic_shared_bytes[];
  return dynamic_shared_bytes;
}

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_KERNELS_CUDA_HOPPER_CUH
