// tests/kernels/emulated/cluster.hpp - a cluster of blocks of a CUDA device, thread by thread on this processor.
//
// Threads are contexts that run in turn and yield where they would wait. Copies that are asynchronous on a device
// happen late here, in any order, so a kernel that does not wait for them finds other bytes; shared memory begins as
// poison. One warp can be made so slow that it goes on only where nobody else can (`slow`), which shows who does not
// wait for it. A cluster in which nobody can go on has failed. What is not emulated: memory models, and multiplications
// that are still under way when their operands change.
#ifndef WEIR_EMULATED_CLUSTER_HPP
#define WEIR_EMULATED_CLUSTER_HPP

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
/// A warp of a block that goes on only where no other can; none.
struct slow_warp {
  int rank = -1, warp = -1;
};
inline slow_warp slow;

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

/// Makes a thread ready to begin. Apart, for getcontext can return twice.
[[gnu::noinline]] inline void prepare(thread& t) {
  getcontext(&t.context);
  t.context.uc_stack.ss_sp = t.stack.data();
  t.context.uc_stack.ss_size = t.stack.size();
  makecontext(&t.context, enter, 0);
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
      prepare(*made);
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
      if (idle == 0 && t->rank == slow.rank && t->index / 32 == slow.warp) continue;
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

#endif  // WEIR_EMULATED_CLUSTER_HPP
