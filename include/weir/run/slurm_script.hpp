// weir/run/slurm_script.hpp - the batch script of a job under SLURM. Needs the standard library only.
//
// The script can be read, and submitted by hand: sbatch FILE. It
//  - does nothing where the job, requeued, finds that its command has ended already;
//  - starts the command under weir-keep, because not every SLURM finds what a job leaves; with srun where it has more
//  than
//    one task, whose output goes to the log's name with the task's rank behind it, but for the first one's;
//  - writes the exit-status file when the command has ended by itself. A job that SLURM ends (scancel, time limit,
//    requeue) writes none.
#ifndef WEIR_RUN_SLURM_SCRIPT_HPP
#define WEIR_RUN_SLURM_SCRIPT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/shell_words.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/task_words.hpp"

namespace weir::inline v0 {

/// What a site wants of every job.
struct slurm_site {
  std::vector<std::string> words = {};  ///< For sbatch, each by itself: "--partition=gpu", "--cpus-per-task=16".
  std::string gres = "gpu";             ///< What devices are called: --gres=GRES:N, such as "gpu:h100" or "npu".
  std::string keeper = {};  ///< Where weir-keep lies on the nodes; where it does not, it is looked up in PATH.
};

/// Nanoseconds as --time wants them, rounded up to a second: "1-02:03:04".
[[nodiscard]] inline std::string slurm_time(std::int64_t ns) {
  const long long s = (ns + 999'999'999) / 1'000'000'000;
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%lld-%02lld:%02lld:%02lld", s / 86'400, s / 3600 % 24,
                                 s / 60 % 60, s % 60);
  return {text.data(), static_cast<std::size_t>(size)};
}

namespace detail {

/// A path as the value of an #SBATCH line: there a '%' would begin a pattern, and some characters can't be said at all.
inline result<std::string> sbatch_path(std::string_view what, std::string_view path) {
  if (!path.starts_with('/')) return failure{errc::invalid_argument, std::string(what) + " must be an absolute path"};
  std::string out;
  for (const char c : path) {
    if (c == '"' || c == '\'' || c == '\\' || static_cast<unsigned char>(c) < 0x20)
      return failure{errc::invalid_argument, std::string(what) + " " + std::string(path) +
                                                 ": SLURM takes no quote, backslash or line end in a path"};
    out += c == '%' ? "%%" : std::string(1, c);
  }
  return out.find(' ') == out.npos ? out : "\"" + out + "\"";
}

inline bool is_variable_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), fits);
}

inline bool is_job_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !name.empty() && name[0] != '-' && std::all_of(name.begin(), name.end(), fits);
}

/// The script's first lines, for `count` jobs like `first`: an array where there are several.
inline result<std::string> sbatch_header(const job& first, std::size_t count, std::string_view output,
                                         const slurm_site& site) {
  if (!is_job_name(first.name))
    return failure{errc::invalid_argument, "'" + first.name + "' is no name for a job: letters, digits, '-', '_', '.'"};
  const auto directory = sbatch_path("the job's directory", first.directory);
  if (!directory) return directory.error();
  const auto log = sbatch_path("the job's log", output);
  if (!log) return log.error();
  const auto& needs = first.needs;
  std::string out = "#!/bin/sh\n";
  const auto line = [&](std::string_view text) { out.append("#SBATCH ").append(text).append("\n"); };
  line("--job-name=" + first.name);
  if (count > 1) line("--array=0-" + std::to_string(count - 1));
  line("--nodes=" + std::to_string(needs.nodes));
  line("--ntasks-per-node=" + std::to_string(needs.tasks_per_node));
  if (needs.devices > 0) line("--gres=" + site.gres + ":" + std::to_string(needs.devices));
  if (needs.time_limit_ns > 0) line("--time=" + slurm_time(needs.time_limit_ns));
  line("--chdir=" + *directory);
  line("--output=" + *log);
  line("--open-mode=append");
  line("--requeue");
  for (const auto& word : site.words) {
    if (word.find('\n') != word.npos) return failure{errc::invalid_argument, "a line end in a word for sbatch"};
    line(word);
  }
  return out;
}

/// What each task runs.
inline std::string task_text(const job& what, const slurm_site& site) {
  std::string out =
      "export WEIR_NODE_RANK=\"$SLURM_NODEID\" WEIR_TASK_RANK=\"$SLURM_PROCID\" WEIR_REST=\n"
      "[ \"$WEIR_NODE_RANK\" = 0 ] || WEIR_REST=1\n"
      "[ \"$WEIR_TASK_RANK\" = 0 ] || exec >> \"$WEIR_LOG.$WEIR_TASK_RANK\" 2>&1\n";
  out += "keep=" + shell_word(site.keeper) + "\n";
  out +=
      "[ -x \"$keep\" ] || keep=$(command -v weir-keep) || echo \"no weir-keep on $(hostname): what the command leaves"
      " is for SLURM to end\" >&2\n"
      "exec ${keep:+\"$keep\" --} " +
      task_line(what.argv) + "\n";
  return out;
}

/// The script without its first lines.
inline result<std::string> sbatch_body(const job& what, const slurm_site& site) {
  std::string out = "export WEIR_LOG=" + shell_word(what.log) + "\nexec >> \"$WEIR_LOG\" 2>&1\n";
  out += "exit_file=" + shell_word(what.status_file) + "\n";
  out +=
      "me=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}\n"
      "me=${me:-$SLURM_JOB_ID}\n"
      "# Requeued, and the command has ended already: there is nothing to do. One that was ended by a signal is run "
      "again.\n"
      "if [ -f \"$exit_file\" ] && read -r ended whose < \"$exit_file\" && [ \"$whose\" = \"$me\" ] &&"
      " [ \"$ended\" -lt 128 ]; then exit \"$ended\"; fi\n"
      "told=\n"
      "trap 'told=1' TERM INT HUP\n"
      "export WEIR_NNODES=\"$SLURM_JOB_NUM_NODES\" WEIR_MASTER_PORT=$((20000 + SLURM_JOB_ID % 100 * 100))\n"
      "WEIR_MASTER_ADDR=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1)\n"
      "export WEIR_MASTER_ADDR";
  out += " WEIR_NTASKS=" + std::to_string(what.needs.nodes * what.needs.tasks_per_node) + "\n";
  for (const auto& [name, value] : what.variables) {
    if (!is_variable_name(name))
      return failure{errc::invalid_argument, "'" + name + "' is no name for an environment variable"};
    out += "export " + name + "=" + shell_word(value) + "\n";
  }
  out += "task=" + shell_quoted(task_text(what, site)) + "\nstatus=0\n";
  if (what.needs.nodes * what.needs.tasks_per_node > 1)
    out +=
        "srun --kill-on-bad-exit=1 ${SLURM_CPUS_PER_TASK:+--cpus-per-task=\"$SLURM_CPUS_PER_TASK\"}"
        " /bin/sh -c \"$task\" || status=$?\n";
  else
    out += "/bin/sh -c \"$task\" || status=$?\n";
  out +=
      "[ -z \"$told\" ] || exit \"$status\"\n"
      "printf '%s %s\\n' \"$status\" \"$me\" > \"$exit_file.part.$$\" && mv -f \"$exit_file.part.$$\" \"$exit_file\"\n"
      "exit \"$status\"\n";
  return out;
}

}  // namespace detail

/// The script of one job.
/// \return  errc::invalid_argument for what SLURM can't be told: see job.
[[nodiscard]] inline result<std::string> sbatch_script(const job& what, const slurm_site& site) {
  auto header = detail::sbatch_header(what, 1, what.log, site);
  if (!header) return header;
  const auto body = detail::sbatch_body(what, site);
  if (!body) return body;
  return *header + *body;
}

/// The script of an array: element i is scripts[i], the path of the i-th job's own script.
/// \param output  gets what is said before a job's log is open: nothing, mostly.
[[nodiscard]] inline result<std::string> sbatch_array_script(const job& first, const std::vector<std::string>& scripts,
                                                             std::string_view output, const slurm_site& site) {
  auto text = detail::sbatch_header(first, scripts.size(), output, site);
  if (!text) return text;
  *text += "case $SLURM_ARRAY_TASK_ID in\n";
  for (std::size_t i = 0; i < scripts.size(); ++i)
    *text += std::to_string(i) + ") exec /bin/sh " + shell_word(scripts[i]) + " ;;\n";
  *text += "esac\n";
  return text;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SLURM_SCRIPT_HPP
