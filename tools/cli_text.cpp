// The texts that come from an option table: help and manual page.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/base/version.hpp"

namespace weir::tool {
namespace {

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  for (const auto& word : split_at(text, ' ')) {
    if (column > indent && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

/// An option's help and its choices, with room for a line break between them: "How. (stride | block)".
std::string described(const option& o) {
  std::string text(o.help);
  for (const auto& choice : split_at(o.choices, '|')) {
    if (choice.empty()) break;
    text += (text.size() == o.help.size() ? " (" : " | ") + choice;
  }
  return o.choices.empty() ? text : text + ")";
}

/// `text` so that roff prints it as it is: ASCII quotes, dashes and carets would otherwise become typographic ones.
std::string roff(std::string_view text) {
  constexpr std::string_view special = "-\\'`^~";
  constexpr std::string_view escaped[] = {"\\-", "\\e", "\\(aq", "\\(ga", "\\(ha", "\\(ti"};
  std::string out;
  for (const char c : text) {
    if (c == '.' && (out.empty() || out.back() == '\n')) out += "\\&";  // a dot that starts a line is no request
    if (const auto at = special.find(c); at != special.npos)
      out += escaped[at];
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string help_text(const description& tool) {
  constexpr std::size_t left = 30, width = 110;
  std::string out = std::string(tool.name) + ": " + std::string(tool.summary) + "\n\nusage:\n";
  for (const auto& line : split_at(tool.usage, '\n')) out += "  " + line + "\n";
  for (const auto& line : split_at(tool.text, '\n'))
    out += "\n" + (line.starts_with(' ') ? line : wrapped(line, 0, width));
  out += "\n\noptions:\n";
  for (const auto& o : all_options(tool)) {
    std::string head = "  " + spelled(o);
    const bool own_line = head.size() + 2 > left;
    head += own_line ? "\n" + std::string(left, ' ') : std::string(left - head.size(), ' ');
    out += head + wrapped(described(o), left, width) + "\n";
  }
  out += "\nexit status: " + std::string(tool.exits) + "\nexamples:\n";
  for (const auto& line : split_at(tool.examples, '\n')) out += "  " + line + "\n";
  return out;
}

std::string man_page(const description& tool) {
  std::string upper(tool.name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  std::string out = ".TH " + roff(upper) + " 1 \"\" \"weir " WEIR_VERSION_STRING "\"\n.SH NAME\n" + roff(tool.name) +
                    " \\- " + roff(tool.summary) + "\n.SH SYNOPSIS\n.nf\n" + roff(tool.usage) +
                    "\n.fi\n.SH DESCRIPTION\n";
  for (const auto& paragraph : split_at(tool.text, '\n')) out += paragraph.empty() ? ".PP\n" : roff(paragraph) + "\n";
  out += ".SH OPTIONS\n";
  for (const auto& o : all_options(tool)) {
    out += ".TP\n.B " + roff(spelled(o)) + "\n" + roff(described(o)) + "\n";
  }
  return out + ".SH \"EXIT STATUS\"\n" + roff(tool.exits) + "\n.SH EXAMPLES\n.nf\n" + roff(tool.examples) + "\n.fi\n";
}

}  // namespace weir::tool
