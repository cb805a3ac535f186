// tests/kernels/emulated/emulated.hpp - a cluster of blocks of a CUDA device, thread by thread on this processor, so
// that the source of kernels/cuda can be run and its results compared where there is no device. Include it before the
// headers of kernels/cuda, with this directory first among the include directories: it stands for ptx.cuh, hopper.cuh
// and wgmma.cuh.
//
// Threads are contexts that run in turn and yield where they would wait. Copies that are asynchronous on a device
// happen late here, in any order, so a kernel that does not wait for them finds other bytes; shared memory begins as
// poison. A cluster in which nobody can go on has failed. What is not emulated: memory models, and multiplications that
// are still under way when their operands change.
#ifndef WEIR_EMULATED_HPP
#define WEIR_EMULATED_HPP

#include <cuda.h>
#include <cuda_bf16.h>
#include <cuda_fp8.h>
#include <cuda_runtime.h>
#include <ucontext.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#define WEIR_KERNELS_CUDA_PTX_CUH
#define WEIR_KERNELS_CUDA_HOPPER_CUH
#define WEIR_KERNELS_CUDA_WGMMA_CUH

namespace emulated {

inline constexpr std::uint32_t memory_bytes = 232448, first_address = 1024;

/// A barrier in shared memory.
struct phase_barrier {
  int expected = 0, pending = 0, phase = 0;
  std::int64_t bytes = 0;
  void settle() {
    if (pending == 0 && bytes == 0) ++phase, pending = expected;
  }
};

struct copy {
  std::function<void()> act;
};

/// What lanes of a warp show each other, two rounds deep.
struct warp_exchange {
  std::array<std::array<std::array<std::uint32_t, 4>, 32>, 2> shown{};
  int arrived = 0, round = 0;
};

struct block {
  std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(memory_bytes, 0xEE);
  std::map<std::uint32_t, phase_barrier> barriers;
  struct named {
    int arrived = 0, round = 0;
  };
  std::map<int, named> named_barriers;
  std::vector<warp_exchange> warps;
  std::vector<copy> copies;  // of the engine, under way
};

struct thread {
  ucontext_t context{};
  std::vector<char> stack;
  int index = 0, rank = 0;
  bool done = false;
  std::vector<std::vector<copy>> groups;  // cp.async: groups under way, the last one still open
  bool arrived_at_cluster = false;
};

struct cluster {
  std::vector<block> blocks;
  std::vector<std::unique_ptr<thread>> threads;
  int cluster_arrived = 0, cluster_round = 0;
  ucontext_t scheduler{};
  thread* running = nullptr;
  std::uint64_t random = 12345;
  std::int64_t passed = 0;  // waits that ended: whether anything goes on
  std::function<void()> body;
};
inline cluster* now = nullptr;

inline std::uint64_t next_random() {
  now->random = now->random * 6364136223846793005U + 1442695040888963407U;
  return now->random >> 33;
}
inline block& here() {
  return now->blocks[static_cast<std::size_t>(now->running->rank)];
}
inline void yield() {
  swapcontext(&now->running->context, &now->scheduler);
}
template <class Condition>
void wait_until(Condition condition) {
  while (!condition()) yield();
  ++now->passed;
}
inline std::uint8_t* at(std::uint32_t address, int rank = -1) {
  block& b = rank < 0 ? here() : now->blocks.at(static_cast<std::size_t>(rank));
  if (address < first_address || address - first_address >= memory_bytes) throw std::runtime_error("shared address");
  return b.memory.data() + (address - first_address);
}
inline warp_exchange& warp() {
  return here().warps[threadIdx.x / 32];
}
/// Every lane shows four words and gets those of all lanes.
inline const std::array<std::array<std::uint32_t, 4>, 32>& exchange(const std::array<std::uint32_t, 4>& mine) {
  warp_exchange& w = warp();
  const int round = w.round;
  auto& shown = w.shown[static_cast<std::size_t>(round & 1)];
  shown[threadIdx.x % 32] = mine;
  if (++w.arrived == 32) w.arrived = 0, ++w.round;
  wait_until([&] { return w.round != round; });
  return shown;
}

inline void enter() {
  try {
    now->body();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "emulated thread %d: %s\n", now->running->index, e.what());
    std::abort();
  }
  now->running->done = true;
  swapcontext(&now->running->context, &now->scheduler);
}

/// Runs one cluster of `blocks` blocks whose first has index `first`.
/// \return  false where its threads wait for each other for ever.
inline bool run_cluster(int blocks, int first, int row, dim3 grid, int threads, std::function<void()> body) {
  cluster c;
  now = &c;
  c.body = std::move(body);
  c.blocks.resize(static_cast<std::size_t>(blocks));
  for (int rank = 0; rank < blocks; ++rank) {
    c.blocks[static_cast<std::size_t>(rank)].warps.resize(static_cast<std::size_t>(threads / 32));
    for (int t = 0; t < threads; ++t) {
      auto made = std::make_unique<thread>();
      made->index = t, made->rank = rank, made->stack.resize(64 << 10), made->groups.resize(1);
      getcontext(&made->context);
      made->context.uc_stack.ss_sp = made->stack.data();
      made->context.uc_stack.ss_size = made->stack.size();
      makecontext(&made->context, enter, 0);
      c.threads.push_back(std::move(made));
    }
  }
  gridDim = grid, blockDim = {static_cast<unsigned>(threads), 1, 1};
  int idle = 0;
  for (bool live = true; live;) {
    live = false;
    const std::int64_t before = c.passed;
    bool acted = false;
    for (auto& t : c.threads) {
      if (t->done) continue;
      live = true;
      c.running = t.get();
      threadIdx = {static_cast<unsigned>(t->index), 0, 0};
      blockIdx = {static_cast<unsigned>(first + t->rank), static_cast<unsigned>(row), 0};
      swapcontext(&c.scheduler, &t->context);
      acted = acted || t->done;
    }
    for (block& b : c.blocks)
      for (std::size_t i = 0; i < b.copies.size();)
        if (next_random() % 3 == 0) {
          const copy chosen = std::move(b.copies[i]);
          b.copies.erase(b.copies.begin() + static_cast<std::ptrdiff_t>(i));
          chosen.act(), acted = true;
        } else {
          ++i;
        }
    idle = acted || c.passed != before ? 0 : idle + 1;
    if (idle > 50) return false;
  }
  return true;
}

}  // namespace emulated

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
