// weir/load/progress.hpp - how far a run is, in one line. Needs Linux (epoll).
#ifndef WEIR_LOAD_PROGRESS_HPP
#define WEIR_LOAD_PROGRESS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/measured.hpp"
#include "weir/net/loop.hpp"

namespace weir::inline v0 {

/// Where words go while a run lasts.
struct run_console {
  std::function<void(std::string_view)> note = [](std::string_view) {};  ///< One sentence for the person.
  std::function<void(std::string_view)> progress;                        ///< How far the run is: replaces the last one.
  std::int64_t progress_every_ns = 0;                                    ///< 0: never.
};

/// A run at one moment.
struct run_state {
  std::size_t wanted = 0;  ///< 0: not known (a run by duration).
  std::size_t ended = 0, failed = 0, in_flight = 0;
  std::int64_t tokens = 0;  ///< Seen so far, those of running answers too; unmeasured: nothing is said of them.
  double duration_s = 0;    ///< Of a run that ends by itself then; 0: it does not.
};

/// "45 s", "12 min", "3 h 20 min"
[[nodiscard]] inline std::string rough_time(double seconds) {
  const auto whole = std::llround(std::max(0.0, seconds));
  if (whole < 100) return std::to_string(whole) + " s";
  const auto minutes = (whole + 30) / 60;
  return minutes < 100 ? std::to_string(minutes) + " min"
                       : std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

/// "128/512 done, 16 in flight, 2988 tok/s, 0 failed, 12 s left"
/// \param tokens_per_s  now; NaN: not known. \param elapsed_s  since the start.
[[nodiscard]] inline std::string progress_line(const run_state& s, double tokens_per_s, double elapsed_s) {
  std::string line = std::to_string(s.ended) + (s.wanted > 0 ? "/" + std::to_string(s.wanted) : "") + " done, " +
                     std::to_string(s.in_flight) + " in flight, ";
  if (!std::isnan(tokens_per_s)) line += std::to_string(std::llround(tokens_per_s)) + " tok/s, ";
  line += std::to_string(s.failed) + " failed";
  if (s.duration_s > elapsed_s) return line + ", " + rough_time(s.duration_s - elapsed_s) + " left";
  if (s.ended == 0 || s.ended >= s.wanted) return line;
  const double left = elapsed_s * static_cast<double>(s.wanted - s.ended) / static_cast<double>(s.ended);
  return line + ", " + rough_time(left) + " left";
}

/// Tells the console at intervals, as long as it lives.
class progress_ticker final : private timer {
 public:
  progress_ticker(loop& on, const run_console& console, std::function<run_state()> look)
      : loop_(&on), console_(&console), look_(std::move(look)) {
    if (console.progress_every_ns > 0) loop_->arm(*this, start_ns_ + console.progress_every_ns);
  }
  progress_ticker(const progress_ticker&) = delete;
  progress_ticker& operator=(const progress_ticker&) = delete;
  ~progress_ticker() { loop_->disarm(*this); }

 private:
  void on_time(std::int64_t now) override {
    const run_state state = look_();
    const auto seconds = [&](std::int64_t since) { return static_cast<double>(now - since) / 1e9; };
    const double rate =
        state.tokens == unmeasured
            ? std::numeric_limits<double>::quiet_NaN()
            : static_cast<double>(std::max<std::int64_t>(0, state.tokens - last_tokens_)) / seconds(last_ns_);
    console_->progress(progress_line(state, rate, seconds(start_ns_)));
    last_tokens_ = state.tokens;
    last_ns_ = now;
    loop_->arm(*this, now + console_->progress_every_ns);
  }

  loop* loop_;
  const run_console* console_;
  std::function<run_state()> look_;
  std::int64_t start_ns_ = now_ns(), last_ns_ = start_ns_;
  std::int64_t last_tokens_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_PROGRESS_HPP
