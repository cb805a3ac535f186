// weir/load/thread_place.hpp - where and how urgently a thread runs. Needs Linux.
#ifndef WEIR_LOAD_THREAD_PLACE_HPP
#define WEIR_LOAD_THREAD_PLACE_HPP

#include <sched.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// Both need the reader's care: a pinned thread waits for its core, and SCHED_FIFO starves what shares it.
struct thread_place {
  std::vector<int> cpus = {};  ///< Thread k runs on cpus[k % size] only; empty: wherever there is room.
  bool fifo = false;           ///< SCHED_FIFO: before all that is not. Needs CAP_SYS_NICE.
};

/// Puts the calling thread, the `index`-th of its program, into its place.
/// \return  errc::io with what to do.
inline result<void> take_place(const thread_place& place, std::size_t index) {
  if (!place.cpus.empty()) {
    const int cpu = place.cpus[index % place.cpus.size()];
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0)
      return io_failure("cannot run on processor " + std::to_string(cpu) + " (see `nproc` and `taskset -p $$`)", errno);
  }
  sched_param urgency{};
  urgency.sched_priority = 10;
  if (place.fifo && ::sched_setscheduler(0, SCHED_FIFO, &urgency) != 0)
    return io_failure("cannot use SCHED_FIFO: run as root, or give the program CAP_SYS_NICE, or leave --fifo out",
                      errno);
  return {};
}

/// Whether `threads` threads can have their places; the calling thread stays where it is.
inline result<void> try_places(const thread_place& place, std::size_t threads) {
  result<void> all;
  std::thread([&] {
    for (std::size_t i = 0; i < threads && all; ++i) all = take_place(place, i);
  }).join();
  return all;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_THREAD_PLACE_HPP
