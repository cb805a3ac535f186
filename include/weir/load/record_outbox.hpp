// weir/load/record_outbox.hpp - records go from the threads that measure to the one that counts. Needs Linux (eventfd).
#ifndef WEIR_LOAD_RECORD_OUTBOX_HPP
#define WEIR_LOAD_RECORD_OUTBOX_HPP

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/load/runner.hpp"
#include "weir/net/loop.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// A descriptor of a loop that other threads ring.
class loop_bell {
 public:
  loop_bell(loop& on, watcher& who) : loop_(&on), who_(&who) {}
  loop_bell(const loop_bell&) = delete;
  loop_bell& operator=(const loop_bell&) = delete;
  ~loop_bell() {
    if (fd_) loop_->forget(fd_.get(), *who_);
  }

  /// From the loop's thread, before anybody rings.
  result<void> hang() {
    fd_ = unique_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!fd_) return io_failure("eventfd", errno);
    return loop_->watch(fd_.get(), EPOLLIN, *who_);
  }
  void ring() const noexcept { ::eventfd_write(fd_.get(), 1); }  ///< From any thread.
  void heard() const noexcept {
    eventfd_t times = 0;
    ::eventfd_read(fd_.get(), &times);
  }

 private:
  loop* loop_;
  watcher* who_;
  unique_fd fd_;
};

/// Gathers the records of several threads and gives them, one at a time and in each thread's order, to a listener on
/// its own loop: whatever counts them counts as if there were one thread.
/// \complexity  one lock a record; a wake-up only where the listener has taken all before.
class record_outbox final : private watcher {
 public:
  record_outbox(loop& on, load_listener& to, std::size_t threads)
      : bell_(on, static_cast<watcher&>(*this)), to_(&to), running_(threads) {}

  result<void> open() { return bell_.hang(); }

  /// From any thread.
  void put(request_record&& record, bool last) {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) bell_.ring();
    waiting_.emplace_back(std::move(record), last);
  }
  /// A thread has given all its records.
  void finished() {
    const std::lock_guard lock(mutex_);
    --running_;
    bell_.ring();
  }

 private:
  void on_ready(std::uint32_t) override {
    bell_.heard();
    bool all = false;
    {
      const std::lock_guard lock(mutex_);
      taken_.swap(waiting_);
      all = running_ == 0;
    }
    for (auto& [record, last] : taken_) to_->on_record(std::move(record), last);
    taken_.clear();
    if (all) to_->on_finished();
  }

  loop_bell bell_;
  load_listener* to_;
  std::mutex mutex_;
  std::vector<std::pair<request_record, bool>> waiting_;  // guarded
  std::size_t running_;                                   // guarded
  std::vector<std::pair<request_record, bool>> taken_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_RECORD_OUTBOX_HPP
