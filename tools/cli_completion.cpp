// Completion rules for bash, zsh and fish, from an option table.
#include <algorithm>
#include <string>
#include <string_view>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/base/result.hpp"
#include "weir/base/shell_words.hpp"

namespace weir::tool {
namespace {

/// The values an option may take, for a completion list: "stride block weight=".
std::string choice_words(const option& o) {
  std::string words;
  for (const auto& choice : split_at(o.choices, '|'))
    words += (words.empty() ? "" : " ") + choice.substr(0, choice.find("..."));
  return words;
}

std::string first_sentence(std::string_view text) {
  text = text.substr(0, text.find(". "));
  if (text.ends_with('.')) text.remove_suffix(1);
  return std::string(text);
}

// A tool's function looks at no more than COMP_WORDS and COMP_CWORD, so `weir split --<TAB>` can call weir-split's.
constexpr std::string_view bash_tools = R"sh(  if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then
    local tool=weir-${COMP_WORDS[1]} function=_weir_${COMP_WORDS[1]//-/_}
    declare -F "$function" > /dev/null || _completion_loader "$tool" 2> /dev/null
    if declare -F "$function" > /dev/null; then "$function"; fi
    return
  fi
  if [[ $word != -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$(weir list --names)" -- "$word"); return; fi
)sh";

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
    const std::string generator = o.choices.empty() ? "-f" : "-W " + shell_quoted(choice_words(o));
    cases += "    " + pattern + ") mapfile -t COMPREPLY < <(compgen " + generator + " -- \"$word\"); return ;;\n";
  }
  return function + "() {\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n" +
         std::string(tool.runs_tools ? bash_tools : "") + "  case $before in\n" + cases +
         "  esac\n  if [[ $word == -* ]]; then mapfile -t COMPREPLY < <(compgen -W " + shell_quoted(words) +
         " -- \"$word\")\n  else mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); fi\n}\ncomplete -o filenames -F " +
         function + " " + std::string(tool.name) + "\n";
}

constexpr std::string_view zsh_tools = R"sh(if (( CURRENT > 2 )) && [[ $words[2] != -* ]]; then
  words[2]=weir-$words[2]; shift words; (( CURRENT-- )); _normal; return
fi
if [[ $words[CURRENT] != -* ]]; then compadd -- $(weir list --names); return; fi
)sh";

std::string zsh_completion(const description& tool) {
  std::string out = "#compdef " + std::string(tool.name) + "\n" + std::string(tool.runs_tools ? zsh_tools : "") +
                    "_arguments -s \\\n";
  for (const auto& o : all_options(tool)) {
    std::string help = first_sentence(o.help);
    std::replace_if(help.begin(), help.end(), [](char c) { return c == '[' || c == ']' || c == ':'; }, ' ');
    for (const auto& name : split_at(o.names, ',')) {
      const std::string values = o.choices.empty() ? "_files" : "(" + choice_words(o) + ")";
      const std::string action = o.value.empty() ? "" : ":" + std::string(o.value) + ":" + values;
      out += "  " + shell_quoted((o.repeats ? "*" : "") + dashed(name) + "[" + help + "]" + action) + " \\\n";
    }
  }
  return out + "  '*:file:_files'\n";
}

constexpr std::string_view fish_tools = R"sh(complete -c weir -n __fish_use_subcommand -x -a '(weir list --names)'
complete -c weir -n 'not __fish_use_subcommand' -x -a '(complete -C "weir-"(commandline -cp | string replace -r "^\s*weir\s+" ""))'
)sh";

std::string fish_completion(const description& tool) {
  std::string out(tool.runs_tools ? fish_tools : "");
  for (const auto& o : all_options(tool)) {
    out += "complete -c " + std::string(tool.name);
    for (const auto& name : split_at(o.names, ',')) out += (name.size() == 1 ? " -s " : " -l ") + name;
    if (!o.value.empty()) out += o.choices.empty() ? " -r" : " -x -a " + shell_quoted(choice_words(o));
    out += " -d " + shell_quoted(first_sentence(o.help)) + "\n";
  }
  return out;
}

}  // namespace

result<std::string> completion(const description& tool, std::string_view shell) {
  if (shell == "bash") return bash_completion(tool);
  if (shell == "zsh") return zsh_completion(tool);
  if (shell == "fish") return fish_completion(tool);
  return failure{errc::invalid_argument, "no completion for '" + std::string(shell) + "': bash, zsh or fish"};
}

}  // namespace weir::tool
