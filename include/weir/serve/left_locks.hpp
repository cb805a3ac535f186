// weir/serve/left_locks.hpp - waits for what is still locked for runs that are gone. Needs Linux.
//
// The keepers of a run that was killed hold its ports and devices until nothing is left on them, mostly a fraction of a
// second. Whoever starts the next run meanwhile shall get them, not be told of a process that is no more.
#ifndef WEIR_SERVE_LEFT_LOCKS_HPP
#define WEIR_SERVE_LEFT_LOCKS_HPP

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/lock_file.hpp"

namespace weir::inline v0 {

/// How long what a killed run left is waited for, and who hears of it.
struct left_wait {
  std::int64_t at_most_ns =
      60'000'000'000;  ///< A keeper needs up to 15 s, and longer for a process that can't be killed.
  /// Called about every 20 ms of a wait: the first time with what is waited for, in words, then with nothing.
  /// \return  false: wait no longer.
  std::function<bool(const std::string& news)> on_wait = {};
};

/// Locks that are held although the processes that took them are gone.
class left_locks {
 public:
  /// Notes the lock `file` of `what` ("port 8000"), if it is such a one.
  void note(const std::string& what, const std::string& file) {
    const auto who = lock_file::left_by(file);
    if (who.empty()) return;
    files_.push_back(file);
    const std::string of = " of " + who;
    if (text_.ends_with(of))
      text_.insert(text_.size() - of.size(), ", " + what);
    else
      text_ += (text_.empty() ? "" : "; ") + what + of;
  }
  void clear() { files_.clear(), text_.clear(); }

  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// None of them was let go, or taken by somebody who lives.
  [[nodiscard]] bool unchanged() const {
    return std::none_of(files_.begin(), files_.end(),
                        [](const auto& file) { return lock_file::left_by(file).empty(); });
  }

 private:
  std::vector<std::string> files_;
  std::string text_;
};

/// Calls `take(left_locks&)` until it succeeds, or fails without noting a lock that is worth waiting for.
/// \return  the last result, also where the wait became too long.
template <class Take>
auto take_when_left(Take&& take, const left_wait& wait) {
  bool told = false;
  for (const auto start = now_ns();;) {
    left_locks left;
    auto taken = take(left);
    if (taken || left.size() == 0) return taken;
    for (bool unchanged = true; unchanged; ::usleep(20'000)) {  // the last sleep lets a keeper close what else it holds
      if (now_ns() - start >= wait.at_most_ns) return taken;
      std::string news;
      if (!std::exchange(told, true))
        news =
            "waiting at most " + seconds_text(wait.at_most_ns) + " s for what killed runs still hold: " + left.text();
      if (wait.on_wait && !wait.on_wait(news)) return taken;
      unchanged = left.unchanged();
    }
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_LEFT_LOCKS_HPP
