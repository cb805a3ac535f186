// tools/sweep_follow.hpp - weir-sweep --follow: the states of all cells of a sweep that works elsewhere.
#ifndef WEIR_TOOLS_SWEEP_FOLLOW_HPP
#define WEIR_TOOLS_SWEEP_FOLLOW_HPP

#include <sys/ioctl.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <vector>

#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/report/table_text.hpp"
#include "weir/run/sweep_state.hpp"
#include "weir/serve/lock_file.hpp"

namespace weir::tool {

inline std::string state_text(const std::vector<run_state_line>& lines) {
  winsize size{};
  const bool terminal = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 8;
  std::string text;
  append_text(text, state_table(lines, terminal ? size.ws_row - 6U : 1000), terminal ? size.ws_col : 0);
  return text + state_counts(lines) + "\n";
}

inline std::string state_text(const std::deque<sweep_run>& runs) {
  std::vector<run_state_line> lines;
  for (const auto& run : runs) lines.push_back(state_of(run));
  return state_text(lines);
}

/// Shows the states until the sweep is over; once where standard output is no terminal.
inline result<int> follow(const arguments& args) {
  if (!args.has("out")) return failure{errc::invalid_argument, "--follow needs --out DIR, or a matrix to run"};
  const std::string out(args.get("out"));
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  for (std::size_t lines = 0;; ::sleep(1)) {
    const auto state = read_state(out);
    if (!state) return state.error();
    std::string text = lines > 0 ? "\x1b[" + std::to_string(lines) + "A\x1b[J" : "";
    const auto now = state_text(*state);
    lines = 0;
    for (const char c : now) lines += c == '\n';
    if (auto printed = print(text + now); !printed) return printed.error();
    const auto lock = lock_file::probe(out + "/.lock");
    const bool works = !lock && lock.error().code == errc::busy;
    if (!works || !terminal) return 0;
  }
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_FOLLOW_HPP
