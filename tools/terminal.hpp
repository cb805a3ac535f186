// tools/terminal.hpp - what the terminal that is standard output can show.
#ifndef WEIR_TOOLS_TERMINAL_HPP
#define WEIR_TOOLS_TERMINAL_HPP

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "weir/report/plot_terminal.hpp"

namespace weir::tool {

/// Its columns; 0 where standard output is none.
inline std::size_t terminal_width() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// Whether the locale's characters are UTF-8, by the first of the three variables that says anything.
inline bool shows_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string lower(value);
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return lower.find("utf-8") != lower.npos || lower.find("utf8") != lower.npos;
  }
  return false;
}

/// For plots of characters: NO_COLOR and TERM=dumb are heeded.
inline terminal_style style_of_terminal() {
  const std::size_t width = terminal_width();
  const char *no_color = std::getenv("NO_COLOR"), *term = std::getenv("TERM");
  const bool plain =
      (no_color != nullptr && *no_color != '\0') || (term != nullptr && std::string_view(term) == "dumb");
  return {.width = width == 0 ? 80 : width, .ascii = !shows_utf8(), .color = width > 0 && !plain};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_TERMINAL_HPP
