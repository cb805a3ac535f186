// weir/run/task_words.hpp - a job's command as text for the shell that starts each of its tasks. Needs the standard
// library only.
//
// Where a job has several nodes or tasks, each task has to be told which one it is. In a word of the command
//   {node_rank} {nnodes}        0, 1, ... and how many nodes
//   {task_rank} {ntasks}        the same of tasks, over all nodes
//   {master_addr} {master_port} the first node, and a port that no other job of the cluster is told
// stand for that; the whole word {first:WORD} is WORD on the first node and left out on the others, {rest:WORD} the
// other way round. All other braces are left alone. The shell finds the values in variables, WEIR_NODE_RANK and so on,
// which the command sees too.
#ifndef WEIR_RUN_TASK_WORDS_HPP
#define WEIR_RUN_TASK_WORDS_HPP

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/shell_words.hpp"

namespace weir::inline v0 {

namespace detail {

inline constexpr std::array<std::pair<std::string_view, std::string_view>, 6> task_variables{
    {{"{node_rank}", "WEIR_NODE_RANK"},
     {"{nnodes}", "WEIR_NNODES"},
     {"{task_rank}", "WEIR_TASK_RANK"},
     {"{ntasks}", "WEIR_NTASKS"},
     {"{master_addr}", "WEIR_MASTER_ADDR"},
     {"{master_port}", "WEIR_MASTER_PORT"}}};

/// The variable that stands at the front of `text`, and how long its placeholder is; an empty name where none does.
inline std::pair<std::string_view, std::size_t> task_variable_at(std::string_view text) {
  const auto found = std::find_if(task_variables.begin(), task_variables.end(),
                                  [&](const auto& each) { return text.starts_with(each.first); });
  if (found == task_variables.end()) return {{}, 0};
  return {found->second, found->first.size()};
}

}  // namespace detail

/// One word of a command, for the shell of a task.
[[nodiscard]] inline std::string task_word(std::string_view word) {
  for (const auto& [lead, name] :
       {std::pair<std::string_view, std::string_view>{"{first:", "WEIR_FIRST_NODE"}, {"{rest:", "WEIR_OTHER_NODE"}})
    if (word.starts_with(lead) && word.ends_with('}'))
      return "${" + std::string(name) + ":+" + task_word(word.substr(lead.size(), word.size() - lead.size() - 1)) + "}";
  std::string out;
  std::string_view plain = word;  // what lies before the next placeholder
  for (std::size_t at = 0; at < plain.size();) {
    const auto [name, size] = detail::task_variable_at(plain.substr(at));
    if (size == 0) {
      ++at;
      continue;
    }
    if (at > 0) out += shell_word(plain.substr(0, at));
    out.append("\"$").append(name).append("\"");
    plain.remove_prefix(at + size);
    at = 0;
  }
  return plain.empty() && !out.empty() ? out : out + shell_word(plain);
}

/// A command, for the shell of a task.
[[nodiscard]] inline std::string task_line(const std::vector<std::string>& argv) {
  std::string out;
  for (const auto& word : argv) out += (out.empty() ? "" : " ") + task_word(word);
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_TASK_WORDS_HPP
