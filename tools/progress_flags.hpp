// tools/progress_flags.hpp - how far a run is, shown to a person on standard error.
#ifndef WEIR_TOOLS_PROGRESS_FLAGS_HPP
#define WEIR_TOOLS_PROGRESS_FLAGS_HPP

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "cli.hpp"
#include "weir/load/progress.hpp"

namespace weir::tool {

inline const option progress_flag{
    "progress", "HOW",
    "auto (default) shows progress on a terminal, elsewhere a line each 30 s; plain a line "
    "each 5 s; off nothing.",
    "auto|plain|off"};

/// Progress on a terminal replaces itself, and stays on one line; elsewhere it is a line now and then.
class console {
 public:
  /// \param how  --progress.
  explicit console(std::string_view how) {
    live_ = how == "auto" && ::isatty(STDERR_FILENO) == 1;
    calls.note = [this](std::string_view text) { clear(), say(text); };
    calls.progress = [this](std::string_view text) { live_ ? rewrite(text) : say(text); };
    calls.progress_every_ns = live_ ? 500'000'000 : how == "plain" ? 5'000'000'000 : how == "auto" ? 30'000'000'000 : 0;
  }
  void clear() {
    if (std::exchange(shown_, false)) std::fputs("\r\x1b[K", stderr);
  }

  run_console calls;

 private:
  void rewrite(std::string_view text) {
    winsize window{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1)
      text = text.substr(0, window.ws_col - 1U);
    const std::string line = "\r" + std::string(text) + "\x1b[K";
    std::fwrite(line.data(), 1, line.size(), stderr);
    shown_ = true;
  }
  bool live_ = false, shown_ = false;
};

}  // namespace weir::tool

#endif  // WEIR_TOOLS_PROGRESS_FLAGS_HPP
