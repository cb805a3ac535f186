// weir/run/job_script.hpp - what every scheduler's script of a job says: its log, its exit-status file, its keeper.
// Needs the standard library only.
//
// The script's shell has to know two things that each scheduler tells in its own way: $me, the job's id, and with
// several tasks what task_words.hpp names. Such a script
//  - does nothing where the job, started again, finds that its command has ended already;
//  - starts the command under weir-keep, because not every scheduler finds what a job leaves;
//  - writes the exit-status file when the command has ended by itself. A job that its scheduler ends (cancelled, time
//    limit, started again elsewhere) writes none.
#ifndef WEIR_RUN_JOB_SCRIPT_HPP
#define WEIR_RUN_JOB_SCRIPT_HPP

#include <algorithm>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/base/shell_words.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/task_words.hpp"

namespace weir::inline v0 {

namespace detail {

inline bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), fits);
}

}  // namespace detail

/// A job's name, and the directory and files that its script names, as every scheduler can take them.
[[nodiscard]] inline result<void> check_job(const job& what) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  if (what.name.empty() || what.name[0] == '-' || !std::all_of(what.name.begin(), what.name.end(), fits))
    return failure{errc::invalid_argument, "'" + what.name + "' is no name for a job: letters, digits, '-', '_', '.'"};
  if (what.argv.empty()) return failure{errc::invalid_argument, "job " + what.name + " has no command"};
  for (const auto* path : {&what.directory, &what.log, &what.status_file})
    if (!path->starts_with('/'))
      return failure{errc::invalid_argument, "job " + what.name + ": '" + *path + "' is not an absolute path"};
  for (const auto& [name, value] : what.variables)
    if (!detail::is_variable_name(name))
      return failure{errc::invalid_argument, "'" + name + "' is no name for an environment variable"};
  return {};
}

/// Everything before the command.
/// \param set_me  a line of shell that sets `me`.
[[nodiscard]] inline std::string job_script_head(const job& what, std::string_view set_me) {
  std::string out = "export WEIR_LOG=" + shell_word(what.log) + "\nexec >> \"$WEIR_LOG\" 2>&1\n";
  out += "exit_file=" + shell_word(what.status_file) + "\n";
  out.append(set_me).append("\n");
  out +=
      "# Started again, and the command has ended already: there is nothing to do. One that a signal ended is run "
      "again.\n"
      "if [ -f \"$exit_file\" ] && read -r ended whose < \"$exit_file\" && [ \"$whose\" = \"$me\" ] &&"
      " [ \"$ended\" -lt 128 ]; then exit \"$ended\"; fi\n"
      "told=\n"
      "trap 'told=1' TERM INT HUP\n";
  for (const auto& [name, value] : what.variables) out += "export " + name + "=" + shell_word(value) + "\n";
  return out + "status=0\n";
}

/// What task_words.hpp names, for a job of one task.
inline constexpr std::string_view one_task =
    "export WEIR_NNODES=1 WEIR_NODE_RANK=0 WEIR_NTASKS=1 WEIR_TASK_RANK=0 WEIR_MASTER_ADDR=127.0.0.1 "
    "WEIR_MASTER_PORT=29500 WEIR_FIRST_NODE=1 WEIR_OTHER_NODE=\n";

/// The command under its keeper, for the shell of a task.
/// \param keeper  where weir-keep lies there; where it does not, it is looked up in PATH.
[[nodiscard]] inline std::string kept_line(const job& what, std::string_view keeper) {
  std::string out = "keep=" + shell_word(keeper) + "\n";
  out +=
      "[ -x \"$keep\" ] || keep=$(command -v weir-keep) || echo \"no weir-keep on $(hostname): what the command leaves"
      " is for the scheduler to end\" >&2\n";
  // SLURM waits KillWait, 30 s by default, from SIGTERM to SIGKILL.
  return out + "${keep:+\"$keep\" --grace 25s --} " + task_line(what.argv);
}

/// Everything behind the command, whose status is in $status.
[[nodiscard]] inline std::string job_script_tail() {
  return "# A job's processes are signalled one after the other: this one may be told to end after its command was.\n"
         "sleep 0.2 2> /dev/null || sleep 1\n"
         "[ -z \"$told\" ] || exit \"$status\"\n"
         "printf '%s %s\\n' \"$status\" \"$me\" > \"$exit_file.part.$$\" && mv -f \"$exit_file.part.$$\" "
         "\"$exit_file\"\n"
         "exit \"$status\"\n";
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_JOB_SCRIPT_HPP
