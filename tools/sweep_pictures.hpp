// tools/sweep_pictures.hpp - what both tools that show a sweep need: gnuplot for PNG, and the terminal's width.
#ifndef WEIR_TOOLS_SWEEP_PICTURES_HPP
#define WEIR_TOOLS_SWEEP_PICTURES_HPP

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "cli.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/sweep_report.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/command.hpp"

namespace weir::tool {

/// Draws with gnuplot; nothing where it is not installed.
inline png_maker gnuplot() {
  if (!find_program("gnuplot", variable("PATH"))) return {};
  return [](const std::string& script, const std::string& file) -> result<void> {
    const std::string from = file + ".gp";
    if (auto wrote = replace_text(from, script); !wrote) return wrote;
    std::string quoted;
    for (const char c : file) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    const auto drawn = capture_output(
        {"gnuplot", "-e", "set terminal pngcairo size 1200,800; set output '" + quoted + "'", from}, 60'000'000'000);
    ::unlink(from.c_str());
    if (!drawn) say(file + " was not drawn: " + drawn.error().detail);
    return {};
  };
}

inline std::size_t terminal_columns() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_PICTURES_HPP
