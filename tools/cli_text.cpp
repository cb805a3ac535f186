// The texts that come from an option table: help, manual page, shell completion.
#include <algorithm>
#include <string>

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

std::string shell_quoted(std::string_view text) {  // for a shell, in single quotes
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash_completion(const description& tool) {
  std::string function = "_" + std::string(tool.name), words, cases;
  std::replace(function.begin(), function.end(), '-', '_');
  for (const auto& o : all_options(tool)) {
    std::string pattern;
    for (const auto& name : split_at(o.names, ',')) {
      words += dashed(name) + " ";
      pattern += (pattern.empty() ? "" : "|") + dashed(name);
    }
    if (o.value.empty()) continue;
    std::string choices(o.choices);
    std::replace(choices.begin(), choices.end(), '|', ' ');
    cases += "    " + pattern + ") COMPREPLY=($(compgen " +
             (choices.empty() ? std::string("-f") : "-W " + shell_quoted(choices)) + " -- \"$word\")); return ;;\n";
  }
  return function +
         "() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n  case $before in\n" +
         cases + "  esac\n  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W " + shell_quoted(words) +
         " -- \"$word\")); else COMPREPLY=($(compgen -f -- \"$word\")); fi\n}\ncomplete -o filenames -F " + function +
         " " + std::string(tool.name) + "\n";
}

std::string zsh_completion(const description& tool) {
  std::string out = "#compdef " + std::string(tool.name) + "\n_arguments -s \\\n";
  for (const auto& o : all_options(tool)) {
    std::string help(o.help.substr(0, o.help.find(". ")));
    std::replace_if(help.begin(), help.end(), [](char c) { return c == '[' || c == ']' || c == ':'; }, ' ');
    std::string choices(o.choices);
    std::replace(choices.begin(), choices.end(), '|', ' ');
    for (const auto& name : split_at(o.names, ',')) {
      const std::string action =
          o.value.empty() ? "" : ":" + std::string(o.value) + ":" + (choices.empty() ? "_files" : "(" + choices + ")");
      out += "  " + shell_quoted((o.repeats ? "*" : "") + dashed(name) + "[" + help + "]" + action) + " \\\n";
    }
  }
  return out + "  '*:file:_files'\n";
}

std::string fish_completion(const description& tool) {
  std::string out;
  for (const auto& o : all_options(tool)) {
    out += "complete -c " + std::string(tool.name);
    for (const auto& name : split_at(o.names, ',')) out += (name.size() == 1 ? " -s " : " -l ") + name;
    std::string choices(o.choices);
    std::replace(choices.begin(), choices.end(), '|', ' ');
    if (!o.value.empty()) out += choices.empty() ? " -r" : " -x -a " + shell_quoted(choices);
    out += " -d " + shell_quoted(o.help.substr(0, o.help.find(". "))) + "\n";
  }
  return out;
}

}  // namespace

std::string help_text(const description& tool) {
  constexpr std::size_t left = 30, width = 110;
  std::string out = std::string(tool.name) + ": " + std::string(tool.summary) + "\n\nusage:\n";
  for (const auto& line : split_at(tool.usage, '\n')) out += "  " + line + "\n";
  for (const auto& paragraph : split_at(tool.text, '\n')) out += "\n" + wrapped(paragraph, 0, width);
  out += "\n\noptions:\n";
  for (const auto& o : all_options(tool)) {
    std::string head = "  " + spelled(o);
    head.resize(std::max(head.size() + 2, left), ' ');
    if (head.size() > left) head += "\n" + std::string(left, ' ');
    const std::string choices = o.choices.empty() ? "" : " (" + std::string(o.choices) + ")";
    out += head + wrapped(std::string(o.help) + choices, left, width) + "\n";
  }
  out += "\nexit status: " + std::string(tool.exits) + "\nexamples:\n";
  for (const auto& line : split_at(tool.examples, '\n')) out += "  " + line + "\n";
  return out;
}

std::string man_page(const description& tool) {
  const auto roff = [](std::string_view text) {
    std::string out;
    bool line_start = true;
    for (const char c : text) {
      if (line_start && (c == '.' || c == '\'')) out += "\\&";
      if (c == '-')
        out += "\\-";
      else if (c == '\\')
        out += "\\e";
      else
        out += c;
      line_start = c == '\n';
    }
    return out;
  };
  std::string upper(tool.name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  std::string out = ".TH " + roff(upper) + " 1 \"\" \"weir " WEIR_VERSION_STRING "\"\n.SH NAME\n" + roff(tool.name) +
                    " \\- " + roff(tool.summary) + "\n.SH SYNOPSIS\n.nf\n" + roff(tool.usage) +
                    "\n.fi\n.SH DESCRIPTION\n";
  for (const auto& paragraph : split_at(tool.text, '\n')) out += paragraph.empty() ? ".PP\n" : roff(paragraph) + "\n";
  out += ".SH OPTIONS\n";
  for (const auto& o : all_options(tool)) {
    const std::string choices = o.choices.empty() ? "" : " (" + std::string(o.choices) + ")";
    out += ".TP\n.B " + roff(spelled(o)) + "\n" + roff(std::string(o.help) + choices) + "\n";
  }
  return out + ".SH \"EXIT STATUS\"\n" + roff(tool.exits) + "\n.SH EXAMPLES\n.nf\n" + roff(tool.examples) + "\n.fi\n";
}

result<std::string> completion(const description& tool, std::string_view shell) {
  if (shell == "bash") return bash_completion(tool);
  if (shell == "zsh") return zsh_completion(tool);
  if (shell == "fish") return fish_completion(tool);
  return failure{errc::invalid_argument, "no completion for '" + std::string(shell) + "': bash, zsh or fish"};
}

}  // namespace weir::tool
