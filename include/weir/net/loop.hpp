// weir/net/loop.hpp - one thread, many descriptors, nanosecond timers. Needs Linux (epoll).
//
// Everything that waits in weir waits here: the client, the little HTTP server, the supervisor's poll on its
// instances. A loop owns no descriptor and no timer; it calls what was registered and nothing else.
#ifndef WEIR_NET_LOOP_HPP
#define WEIR_NET_LOOP_HPP

#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/unique_fd.hpp"

namespace weir::inline v0 {

/// Something with one descriptor. The loop calls `on_ready` when the descriptor can be read or written.
class watcher {
 public:
  virtual void on_ready(std::uint32_t events) = 0;  ///< EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, ... as one mask.

 protected:
  watcher() = default;
  watcher(const watcher&) = default;
  watcher& operator=(const watcher&) = default;
  ~watcher() = default;
};

/// Something that happens at a time. Armed at most once at a time; disarms itself before `on_time` is called.
class timer {
 public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  virtual void on_time(std::int64_t now) = 0;  ///< `now` is the monotonic time at which the loop noticed, in ns.
  [[nodiscard]] bool armed() const noexcept { return slot_ != none; }
  [[nodiscard]] std::int64_t when_ns() const noexcept { return when_; }  ///< What it was last armed for.

 protected:
  ~timer() = default;  // disarm before you destroy: the loop holds a pointer

 private:
  friend class loop;
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::int64_t when_ = 0;
  std::int64_t key_ = 0;     // when_, or later: its rank in the loop's heap
  std::size_t slot_ = none;  // place in the loop's heap
};

/// An epoll set and a heap of timers, driven by one thread.
///
///     weir::loop loop;
///     loop.watch(fd, EPOLLIN, reader);
///     loop.arm(deadline, weir::now_ns() + 5'000'000'000);
///     loop.run();                       // until loop.stop()
///
/// \complexity  watch, change, forget: one system call. arm, disarm: O(log timers). A turn: one epoll_pwait2.
class loop {
 public:
  loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) { sharpen_waits(); }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  /// Registers `fd`. `who` must outlive the registration; EPOLLET may be in `events`.
  result<void> watch(int fd, std::uint32_t events, watcher& who) { return control(EPOLL_CTL_ADD, fd, events, &who); }
  result<void> change(int fd, std::uint32_t events, watcher& who) { return control(EPOLL_CTL_MOD, fd, events, &who); }

  /// Unregisters `fd` before it is closed. Events of this turn that were not delivered yet are dropped, so `who`
  /// may be destroyed at once, also from inside a callback.
  void forget(int fd, const watcher& who) noexcept {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    for (std::size_t i = next_; i < ready_; ++i)
      if (events_[i].data.ptr == &who) events_[i].data.ptr = nullptr;
  }

  /// (Re)arms `t` for the monotonic time `when_ns`; a time in the past fires in this turn, or in the next one where
  /// the timers of this turn are being fired already.
  void arm(timer& t, std::int64_t when_ns) {
    if (!t.armed()) {
      heap_.push_back(&t);
      t.slot_ = heap_.size() - 1;
    }
    t.when_ = when_ns;
    t.key_ = std::max(when_ns, earliest_key_);
    sift_down(sift_up(t.slot_));
  }

  void disarm(timer& t) noexcept {
    if (!t.armed()) return;
    const std::size_t hole = t.slot_;
    t.slot_ = timer::none;
    timer* last = heap_.back();
    heap_.pop_back();
    if (last == &t) return;
    place(hole, last);
    sift_down(sift_up(hole));
  }

  /// One turn: waits for a descriptor, the next timer or `until_ns`, whichever is first, and calls what is due:
  /// descriptors, then timers in the order of their times. A signal ends the wait, and that is no failure.
  /// \return  errc::io where the kernel refuses to wait.
  result<void> turn(std::int64_t until_ns = std::numeric_limits<std::int64_t>::max()) {
    const std::int64_t wake = heap_.empty() ? until_ns : std::min(until_ns, heap_.front()->key_);
    const int got = wait_until(wake);
    if (got < 0 && errno != EINTR) return io_failure("epoll_pwait2", errno);
    ready_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    for (next_ = 0; next_ < ready_;) {
      auto* const who = static_cast<watcher*>(events_[next_].data.ptr);
      const std::uint32_t what = events_[next_++].events;
      if (next_ < ready_) __builtin_prefetch(events_[next_].data.ptr);
      if (who) who->on_ready(what);
    }
    ready_ = 0;
    fire_due();
    return {};
  }

  /// Turns until `stop` is called from a callback.
  result<void> run() {
    sharpen_waits();
    for (stopped_ = false; !stopped_;)
      if (auto turned = turn(); !turned) return turned;
    return {};
  }
  /// From so long before a timer is due, polls instead of sleeping: waking up takes tens of microseconds. Descriptors
  /// are looked at all the while. Costs this time of a core for each timer; 0, as it begins: never.
  void poll_before(std::int64_t ns) noexcept { poll_ns_ = ns; }
  void stop() noexcept { stopped_ = true; }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }

 private:
  static constexpr std::size_t batch = 256;
  static constexpr std::int64_t always = std::numeric_limits<std::int64_t>::min();

  /// The default timer slack makes every wait 50 us late. It is the calling thread's, and its children inherit it: who
  /// starts a program from here sets it back first.
  static void sharpen_waits() noexcept { ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }

  result<void> control(int operation, int fd, std::uint32_t events, watcher* who) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = who;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) return io_failure("epoll_ctl", errno);
    return {};
  }

  int wait_until(std::int64_t wake) {
    if (wake == std::numeric_limits<std::int64_t>::max())
      return ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(batch), -1);
    const std::int64_t left = std::max<std::int64_t>(0, wake - poll_ns_ - now_ns());
    const timespec span{static_cast<std::time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    return ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(batch), &span, nullptr);
  }

  void fire_due() {
    if (heap_.empty()) return;
    const std::int64_t now = now_ns();
    // A timer that is armed for the past from here on waits for the next turn, or it would starve the descriptors and
    // the timers behind it.
    earliest_key_ = now + 1;
    while (!heap_.empty() && heap_.front()->key_ <= now) {
      timer& due = *heap_.front();
      disarm(due);
      due.on_time(now);
    }
    earliest_key_ = always;
  }

  void place(std::size_t slot, timer* t) noexcept {
    heap_[slot] = t;
    t->slot_ = slot;
  }
  std::size_t sift_up(std::size_t slot) noexcept {
    timer* t = heap_[slot];
    for (; slot > 0 && t->key_ < heap_[(slot - 1) / 2]->key_; slot = (slot - 1) / 2) place(slot, heap_[(slot - 1) / 2]);
    place(slot, t);
    return slot;
  }
  void sift_down(std::size_t slot) noexcept {
    timer* t = heap_[slot];
    for (;;) {
      std::size_t child = 2 * slot + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && heap_[child + 1]->key_ < heap_[child]->key_) ++child;
      if (heap_[child]->key_ >= t->key_) break;
      place(slot, heap_[child]);
      slot = child;
    }
    place(slot, t);
  }

  unique_fd epoll_;
  std::vector<timer*> heap_;
  std::int64_t earliest_key_ = always;  // while timers fire: behind all that are due
  std::int64_t poll_ns_ = 0;
  std::array<epoll_event, batch> events_{};
  std::size_t next_ = 0, ready_ = 0;  // what of events_ the current turn has delivered, and has
  bool stopped_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_LOOP_HPP
