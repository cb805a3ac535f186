// tests/kernels/emulated/emulated.hpp - what kernels/cuda does by single instructions, as functions of this processor,
// so that its source can be run and its results compared where there is no device. Include it before the headers of
// kernels/cuda, with this directory first among the include directories: it stands for ptx.cuh, hopper.cuh and
// wgmma.cuh.
#ifndef WEIR_EMULATED_HPP
#define WEIR_EMULATED_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "cluster.hpp"

#define WEIR_KERNELS_CUDA_PTX_CUH
#define WEIR_KERNELS_CUDA_HOPPER_CUH
#define WEIR_KERNELS_CUDA_WGMMA_CUH

inline std::uint32_t __byte_perm(std::uint32_t a, std::uint32_t b, std::uint32_t selector) {
  const std::uint64_t both = a | static_cast<std::uint64_t>(b) << 32;
  std::uint32_t out = 0;
  for (int i = 0; i < 4; ++i)
    out |= static_cast<std::uint32_t>(both >> ((selector >> (4 * i) & 7) * 8) & 255) << (8 * i);
  return out;
}
inline void __syncwarp() {
  emulated::exchange({});
}
inline float __shfl_xor_sync(std::uint32_t, float v, int distance) {
  return __uint_as_float(
      emulated::exchange({__float_as_uint(v)})[(threadIdx.x % 32) ^ static_cast<unsigned>(distance)][0]);
}

namespace weir::kernels::inline v0::cuda::detail {

using tensor_map = CUtensorMap;

inline std::uint32_t shared_address(const void* p) {
  return static_cast<std::uint32_t>(static_cast<const std::uint8_t*>(p) - emulated::here().memory.data()) +
         emulated::first_address;
}
inline std::uint8_t* dynamic_shared() {
  return emulated::here().memory.data() + 16;
}

inline void copy_async_4(std::uint32_t to, const void* from, int valid) {
  emulated::thread& t = *emulated::now->running;
  std::uint8_t* there = emulated::at(to);
  t.groups.back().push_back(
      {[=] { std::memset(there, 0, 4), std::memcpy(there, from, static_cast<std::size_t>(valid)); }});
}
inline void commit_copies() {
  emulated::now->running->groups.emplace_back();
}
template <int Pending>
void wait_copies() {
  auto& groups = emulated::now->running->groups;
  while (groups.size() > Pending + 1) {
    for (const auto& c : groups.front()) c.act();
    groups.erase(groups.begin());
  }
}
inline void barrier(int id, int threads) {
  auto& b = emulated::here().named_barriers[id];
  const int round = b.round;
  if (++b.arrived == threads) b.arrived = 0, ++b.round;
  emulated::wait_until([&] { return b.round != round; });
}

inline std::uint32_t load_shared_4(std::uint32_t from) {
  std::uint32_t v;
  if (from % 4 != 0) throw std::runtime_error("alignment");
  std::memcpy(&v, emulated::at(from), 4);
  return v;
}
inline std::uint32_t load_shared_2(std::uint32_t from) {
  std::uint16_t v;
  std::memcpy(&v, emulated::at(from), 2);
  return v;
}
inline uint4 load_shared_16(std::uint32_t from) {
  uint4 v;
  if (from % 16 != 0) throw std::runtime_error("alignment");
  std::memcpy(&v, emulated::at(from), 16);
  return v;
}
inline void store_shared_4(std::uint32_t to, std::uint32_t v) {
  if (to % 4 != 0) throw std::runtime_error("alignment");
  std::memcpy(emulated::at(to), &v, 4);
}
inline void store_shared_8(std::uint32_t to, std::uint32_t a, std::uint32_t b) {
  if (to % 8 != 0) throw std::runtime_error("alignment");
  store_shared_4(to, a), store_shared_4(to + 4, b);
}
inline void store_shared_16(std::uint32_t to, const uint4& v) {
  if (to % 16 != 0) throw std::runtime_error("alignment");
  std::memcpy(emulated::at(to), &v, 16);
}
inline void max_shared_4(std::uint32_t to, std::uint32_t v) {
  store_shared_4(to, max(load_shared_4(to), v));
}
inline std::uint32_t warp_max(std::uint32_t v) {
  std::uint32_t most = 0;
  for (const auto& lane : emulated::exchange({v})) most = max(most, lane[0]);
  return most;
}
inline std::uint32_t permute(std::uint32_t a, std::uint32_t b, std::uint32_t selector) {
  return __byte_perm(a, b, selector);
}

inline int cluster_rank() {
  return emulated::now->running->rank;
}
inline void cluster_arrive() {
  emulated::cluster& c = *emulated::now;
  if (std::exchange(c.running->arrived_at_cluster, true)) throw std::runtime_error("cluster barrier twice");
  int live = 0;
  for (const auto& t : c.threads) live += t->done ? 0 : 1;
  if (++c.cluster_arrived == live) c.cluster_arrived = 0, ++c.cluster_round;
}
inline void cluster_wait() {
  emulated::cluster& c = *emulated::now;
  emulated::thread& me = *c.running;
  if (!me.arrived_at_cluster) throw std::runtime_error("cluster barrier without arriving");
  const int round = c.cluster_arrived == 0 ? c.cluster_round - 1 : c.cluster_round;
  emulated::wait_until([&] { return c.cluster_round != round; });
  me.arrived_at_cluster = false;
}
inline void cluster_begin() {
  cluster_arrive();
}
inline std::uint32_t address_in(std::uint32_t address, int rank) {
  return address + (static_cast<std::uint32_t>(rank + 1) << 20);
}
inline void barrier_init(std::uint32_t barrier, int arrivals) {
  if (barrier % 8 != 0) throw std::runtime_error("alignment");
  emulated::here().barriers[barrier] = {arrivals, arrivals, 0, 0};
}
inline void barriers_ready() {}
inline void arrive_there(emulated::block& b, std::uint32_t barrier, std::int64_t bytes) {
  auto& one = b.barriers.at(barrier);
  if (--one.pending < 0) throw std::runtime_error("too many arrivals");
  one.bytes += bytes;
  one.settle();
}
inline void barrier_arrive(std::uint32_t barrier) {
  arrive_there(emulated::here(), barrier, 0);
}
inline void barrier_expect(std::uint32_t barrier, int bytes) {
  arrive_there(emulated::here(), barrier, bytes);
}
inline void barrier_wait(std::uint32_t barrier, int parity) {
  const auto& b = emulated::here().barriers.at(barrier);
  emulated::wait_until([&] { return (b.phase & 1) != parity; });
}
inline void prefetch_map(const tensor_map&) {}
/// Arrives late, like copies of the engine; where the barrier is of a block that has ended, something is wrong.
template <std::size_t Words>
void send(std::uint32_t to, const std::uint32_t (&v)[Words], std::uint32_t barrier) {
  const int rank = static_cast<int>(to >> 20) - 1;
  emulated::block& b = emulated::now->blocks.at(static_cast<std::size_t>(rank));
  if (to % (4 * Words) != 0 || barrier >> 20 != to >> 20) throw std::runtime_error("send");
  std::array<std::uint32_t, Words> words;
  std::copy(v, v + Words, words.begin());
  b.copies.push_back({[=, &b] {
    std::memcpy(emulated::at(to & 0xFFFFF, rank), words.data(), 4 * Words);
    auto& one = b.barriers.at(barrier & 0xFFFFF);
    one.bytes -= static_cast<std::int64_t>(4 * Words);
    one.settle();
  }});
}
/// Address bits 4 .. 6 are exchanged by bits 7 .. 9, as the hardware does it.
inline std::uint32_t exchanged(std::uint32_t address) {
  return address ^ ((address >> 7 & 7) << 4);
}
inline void copy_tile(std::uint32_t to, const tensor_map& from, int byte, int row, int matrix, std::uint32_t barrier) {
  emulated::block& b = emulated::here();
  if (to % 1024 != 0) throw std::runtime_error("alignment of a tile");
  const int rank = emulated::now->running->rank;
  b.copies.push_back({[=, &b] {
    for (int r = 0; r < from.box_rows; ++r)
      for (int i = 0; i < 128; ++i) {
        const bool inside = byte + i < from.row_bytes && row + r < from.rows && matrix < from.matrices;
        *emulated::at(exchanged(to + static_cast<std::uint32_t>(r * 128 + i)), rank) =
            inside ? from.data[matrix * from.matrix_stride + (row + r) * from.row_stride + byte + i] : 0;
      }
    auto& one = b.barriers.at(barrier);
    one.bytes -= from.box_rows * 128;
    one.settle();
  }});
}
inline void copy_bytes(std::uint32_t to, const void* from, int bytes, std::uint32_t barrier) {
  if (to % 16 != 0 || bytes % 16 != 0) throw std::runtime_error("alignment of a copy");
  emulated::block& b = emulated::here();
  const int rank = emulated::now->running->rank;
  b.copies.push_back({[=, &b] {
    std::memcpy(emulated::at(to, rank), from, static_cast<std::size_t>(bytes));
    auto& one = b.barriers.at(barrier);
    one.bytes -= bytes;
    one.settle();
  }});
}
inline void fence_shared() {}
inline void wait_for_earlier() {}
inline void let_next_begin() {}

inline void begin_multiplying() {}
inline void end_group() {}
template <int Pending>
void wait_groups() {}

/// Sums of one thread: 64 rows of a, Columns rows of b, 32 bytes of k.
template <class Sum, int Columns, class ReadA, class Multiply>
void emulate_wgmma(Sum (&d)[Columns / 2], ReadA a, std::uint64_t b, int add, Multiply multiply) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (b >> 62 != 1 || (b >> 32 & 0x3FFF) != 64) throw std::runtime_error("descriptor");
  const auto start = static_cast<std::uint32_t>(b & 0x3FFF) << 4;
  for (int i = 0; i < Columns / 2; ++i) {
    const int half = i % 4 / 2, column = i / 4 * 8 + lane % 4 * 2 + i % 2;
    std::uint8_t x[32], w[32];
    for (int k = 0; k < 32; ++k)
      x[k] = *emulated::at(exchanged(start + static_cast<std::uint32_t>(column / 8 * 1024 + column % 8 * 128 + k))),
      w[k] = a(half, k);
    d[i] = (add ? d[i] : 0) + multiply(w, x);
  }
}
template <class Sum, int Columns, class Multiply>
void emulate_wgmma_shared(Sum (&d)[Columns / 2], std::uint64_t a, std::uint64_t b, int add, Multiply multiply) {
  if (a >> 62 != 1 || (a >> 32 & 0x3FFF) != 64) throw std::runtime_error("descriptor");
  const auto start = static_cast<std::uint32_t>(a & 0x3FFF) << 4;
  const int row = static_cast<int>(threadIdx.x % 128 / 32 * 16 + threadIdx.x % 32 / 4);
  const auto read = [&](int half, int k) {
    const int r = row + half * 8;
    return *emulated::at(exchanged(start + static_cast<std::uint32_t>(r / 8 * 1024 + r % 8 * 128 + k)));
  };
  emulate_wgmma<Sum, Columns>(d, read, b, add, multiply);
}
inline int multiply_i8(const std::uint8_t* w, const std::uint8_t* x) {
  int sum = 0;
  for (int k = 0; k < 32; ++k) sum += static_cast<std::int8_t>(w[k]) * static_cast<std::int8_t>(x[k]);
  return sum;
}
template <int Columns>
struct wgmma_i8 {
  using sum = int;
  static void multiply(int (&d)[Columns / 2], std::uint64_t a, std::uint64_t b, int add) {
    emulate_wgmma_shared<int, Columns>(d, a, b, add, multiply_i8);
  }
  static void multiply(int (&d)[Columns / 2], const std::uint32_t (&a)[4], std::uint64_t b, int add) {
    const auto shown = emulated::exchange({a[0], a[1], a[2], a[3]});
    const auto read = [&](int half, int k) {
      const auto& lane = shown[threadIdx.x % 32 / 4 * 4 + static_cast<unsigned>(k % 16 / 4)];
      return static_cast<std::uint8_t>(lane[static_cast<std::size_t>(half + k / 16 * 2)] >> (k % 4 * 8));
    };
    emulate_wgmma<int, Columns>(d, read, b, add, multiply_i8);
  }
};
template <int Columns>
struct wgmma_e4m3 {
  using sum = float;
  static void multiply(float (&d)[Columns / 2], std::uint64_t a, std::uint64_t b, int add) {
    emulate_wgmma_shared<float, Columns>(d, a, b, add, [](const std::uint8_t* w, const std::uint8_t* x) {
      float sum = 0;
      for (int k = 0; k < 32; ++k) sum += from_e4m3(w[k]) * from_e4m3(x[k]);
      return sum;
    });
  }
};
template <int Columns>
struct wgmma_bf16 {
  using sum = float;
  static void multiply(float (&d)[Columns / 2], std::uint64_t a, std::uint64_t b, int add) {
    emulate_wgmma_shared<float, Columns>(d, a, b, add, [](const std::uint8_t* w, const std::uint8_t* x) {
      float sum = 0;
      for (int k = 0; k < 16; ++k) {
        std::uint16_t u, v;
        std::memcpy(&u, w + 2 * k, 2), std::memcpy(&v, x + 2 * k, 2);
        sum += from_bf16(u) * from_bf16(v);
      }
      return sum;
    });
  }
};

}  // namespace weir::kernels::inline v0::cuda::detail

#endif  // WEIR_EMULATED_HPP
