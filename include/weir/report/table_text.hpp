// weir/report/table_text.hpp - tables for people: plain text and Markdown. Needs the standard library only.
#ifndef WEIR_REPORT_TABLE_TEXT_HPP
#define WEIR_REPORT_TABLE_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/utf8.hpp"
#include "weir/report/display_width.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {
namespace detail {

/// A table whose cells are final text, all columns as wide as their widest cell.
struct text_grid {
  std::vector<std::vector<std::string>> lines;  ///< The header, then the rows.
  std::vector<std::size_t> widths;
  std::vector<std::string> reasons;  ///< Why values are missing; a cell shows the reason's letter.
};

/// (a), (b), ... (z), (aa), ...
inline std::string footnote_mark(std::size_t index) {
  std::string letters;
  for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26)
    letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % 26));
  return "(" + letters + ")";
}

/// `escape` makes a text safe for the format.
template <class Escape>
text_grid make_grid(const table& t, Escape&& escape) {
  text_grid grid;
  auto& header = grid.lines.emplace_back();
  for (const auto& c : t.columns) header.push_back(escape(c.header()));
  for (const auto& row : t.rows) {
    auto& line = grid.lines.emplace_back();
    for (const auto& c : row) {
      if (!c.is(cell::kind::missing)) {
        line.push_back(escape(c.shown()));
        continue;
      }
      const auto known = std::ranges::find(grid.reasons, escape(c.reason()));
      line.push_back(footnote_mark(static_cast<std::size_t>(known - grid.reasons.begin())));
      if (known == grid.reasons.end()) grid.reasons.push_back(escape(c.reason()));
    }
  }
  grid.widths.resize(t.columns.size());
  for (const auto& line : grid.lines)
    for (std::size_t i = 0; i < line.size(); ++i) grid.widths[i] = std::max(grid.widths[i], display_width(line[i]));
  return grid;
}

inline void append_padded(std::string& out, std::string_view text, std::size_t width, side lean) {
  const std::size_t fill = width - std::min(width, display_width(text));
  if (lean == side::right) out.append(fill, ' ');
  out.append(text);
  if (lean == side::left) out.append(fill, ' ');
}

/// Control characters would move the cursor, or worse: each becomes U+FFFD.
inline std::string without_controls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char32_t code = length == 0 ? 0 : utf8_decode(text, length);
    append_utf8(out, code < 0x20 || (code >= 0x7F && code < 0xA0) ? 0xFFFD : code);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

inline std::string escape_markdown(std::string_view text) {
  std::string out;
  for (const char c : without_controls(text)) {
    if (c == '|' || c == '\\' || c == '*' || c == '`' || c == '<') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

/// One line of a grid: the cells of `shown` columns, two spaces between them, no spaces at the end.
inline void append_text_line(std::string& out, const table& t, const text_grid& grid, std::size_t line,
                             const std::vector<std::size_t>& shown) {
  const std::size_t start = out.size();
  for (const std::size_t i : shown) {
    if (out.size() > start) out.append("  ");
    append_padded(out, grid.lines[line][i], grid.widths[i], t.columns[i].lean);
  }
  out.erase(std::max(start, out.find_last_not_of(' ') + 1));
  out.push_back('\n');
}

/// Deals columns to blocks of at most `width` display columns, the keys in front of each.
inline std::vector<std::vector<std::size_t>> blocks(const text_grid& grid, std::size_t keys, std::size_t width) {
  std::vector<std::size_t> front;
  std::size_t front_width = 0;
  for (std::size_t i = 0; i < std::min(keys, grid.widths.size()); ++i)
    front.push_back(i), front_width += grid.widths[i] + 2;
  std::vector<std::vector<std::size_t>> out{front};
  std::size_t used = front_width;
  for (std::size_t i = front.size(); i < grid.widths.size(); ++i) {
    if (used + grid.widths[i] > width && out.back().size() > front.size()) out.push_back(front), used = front_width;
    out.back().push_back(i);
    used += grid.widths[i] + 2;
  }
  return out;
}

}  // namespace detail

/// Appends `t` as text in columns; a table wider than `width` display columns is cut into blocks, one below the other,
/// each with the key columns. Reasons for missing values follow as footnotes.
/// \param width  0: as wide as it is.
inline void append_text(std::string& out, const table& t, std::size_t width = 0) {
  const auto grid = detail::make_grid(t, detail::without_controls);
  if (!t.title.empty()) out.append(detail::without_controls(t.title)).push_back('\n');
  const std::size_t start = out.size();
  for (const auto& shown : detail::blocks(grid, t.keys, width == 0 ? std::string::npos / 2 : width)) {
    if (out.size() > start) out.push_back('\n');
    detail::append_text_line(out, t, grid, 0, shown);
    std::size_t rule = 0;
    for (const std::size_t i : shown) rule += grid.widths[i] + 2;
    out.append(rule < 2 ? 0 : rule - 2, '-').push_back('\n');
    for (std::size_t line = 1; line < grid.lines.size(); ++line) detail::append_text_line(out, t, grid, line, shown);
  }
  for (std::size_t i = 0; i < grid.reasons.size(); ++i)
    out.append(detail::footnote_mark(i)).append(" ").append(grid.reasons[i]).push_back('\n');
}

/// Appends `t` as a table of GitHub's Markdown, padded so that it can be read as it is.
inline void append_markdown(std::string& out, const table& t) {
  const auto grid = detail::make_grid(t, detail::escape_markdown);
  if (!t.title.empty()) out.append("### ").append(detail::escape_markdown(t.title)).append("\n\n");
  for (std::size_t line = 0; line < grid.lines.size(); ++line) {
    for (std::size_t i = 0; i < grid.widths.size(); ++i) {
      out.append(i == 0 ? "| " : " | ");
      detail::append_padded(out, grid.lines[line][i], std::max<std::size_t>(grid.widths[i], 3), t.columns[i].lean);
    }
    out.append(" |\n");
    if (line > 0) continue;
    for (std::size_t i = 0; i < grid.widths.size(); ++i) {
      const bool right = t.columns[i].lean == side::right;
      out.append(i == 0 ? "| " : " | ").append(right ? "" : ":");
      out.append(std::max<std::size_t>(grid.widths[i], 3) - 1, '-').append(right ? ":" : "");
    }
    out.append(" |\n");
  }
  if (!grid.reasons.empty()) out.push_back('\n');
  for (std::size_t i = 0; i < grid.reasons.size(); ++i)
    out.append("- ").append(detail::footnote_mark(i)).append(" ").append(grid.reasons[i]).push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_TABLE_TEXT_HPP
