// weir/report/table_latex.hpp - tables for papers. Needs the standard library only.
#ifndef WEIR_REPORT_TABLE_LATEX_HPP
#define WEIR_REPORT_TABLE_LATEX_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "weir/report/table.hpp"
#include "weir/report/table_text.hpp"

namespace weir::inline v0 {
namespace detail {

/// The ten characters that LaTeX reads as commands.
inline std::string escape_latex(std::string_view text) {
  std::string out;
  for (const char c : without_controls(text)) {
    if (c == '\\')
      out += "\\textbackslash{}";
    else if (c == '~')
      out += "\\textasciitilde{}";
    else if (c == '^')
      out += "\\textasciicircum{}";
    else if (std::string_view("&%$#_{}").find(c) != std::string_view::npos)
      out.append("\\").push_back(c);
    else
      out.push_back(c);
  }
  return out;
}

}  // namespace detail

/// Appends `t` as a tabular that needs no package. A missing value is a superscript letter; reasons stand below.
inline void append_latex(std::string& out, const table& t) {
  const auto grid = detail::make_grid(t, detail::escape_latex);
  if (!t.title.empty()) out.append("% ").append(detail::without_controls(t.title)).push_back('\n');
  out += "\\begin{tabular}{";
  for (const auto& c : t.columns) out.push_back(c.lean == side::right ? 'r' : 'l');
  out += "}\n\\hline\n";
  for (std::size_t line = 0; line < grid.lines.size(); ++line) {
    for (std::size_t i = 0; i < grid.widths.size(); ++i) {
      const auto& words = grid.lines[line][i];
      const bool missing = line > 0 && t.rows[line - 1][i].is(cell::kind::missing);
      out.append(i == 0 ? "" : " & ");
      missing ? out.append("\\textsuperscript{" + words + "}") : out.append(words);
    }
    out.append(line == 0 ? " \\\\\n\\hline\n" : " \\\\\n");
  }
  out += "\\hline\n\\end{tabular}\n";
  for (std::size_t i = 0; i < grid.reasons.size(); ++i)
    out.append("\n\\textsuperscript{")
        .append(detail::footnote_mark(i))
        .append("} ")
        .append(grid.reasons[i])
        .push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_TABLE_LATEX_HPP
