// weir/run/slurm_script.hpp - the batch script of a job under SLURM. Needs the standard library only.
//
// The script can be read, and submitted by hand: sbatch FILE. See job_script.hpp for what it does. A job of several
// tasks is started by srun; what its tasks say goes to the log's name with the task's rank behind it, but for the first
// one's.
#ifndef WEIR_RUN_SLURM_SCRIPT_HPP
#define WEIR_RUN_SLURM_SCRIPT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/shell_words.hpp"
#include "weir/run/job_script.hpp"
#include "weir/run/launcher.hpp"

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
inline result<std::string> sbatch_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '"' || c == '\'' || c == '\\' || static_cast<unsigned char>(c) < 0x20)
      return failure{errc::invalid_argument,
                     std::string(path) + ": SLURM takes no quote, backslash or line end in a path"};
    out += c == '%' ? "%%" : std::string(1, c);
  }
  return out.find(' ') == out.npos ? out : "\"" + out + "\"";
}

/// The script's first lines, for `count` jobs like `first`: an array where there are several.
inline result<std::string> sbatch_header(const job& first, std::size_t count, std::string_view output,
                                         const slurm_site& site) {
  if (auto good = check_job(first); !good) return good.error();
  const auto directory = sbatch_path(first.directory), log = sbatch_path(output);
  if (!directory) return directory.error();
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

/// What srun starts on each node, with $WEIR_LOG and $WEIR_FIRST set. The first task that fails leaves its status in
/// the file $WEIR_FIRST: srun ends the others then, and its own status is theirs.
inline std::string slurm_task(const job& what, std::string_view keeper) {
  return "export WEIR_NODE_RANK=\"$SLURM_NODEID\" WEIR_NNODES=\"$SLURM_STEP_NUM_NODES\"\n"
         "export WEIR_TASK_RANK=\"$SLURM_PROCID\" WEIR_NTASKS=\"$SLURM_STEP_NUM_TASKS\"\n"
         "export WEIR_MASTER_PORT=$((20000 + (SLURM_JOB_ID + SLURM_STEP_ID) % 100 * 100))\n"
         "WEIR_MASTER_ADDR=$(scontrol show hostnames \"$SLURM_STEP_NODELIST\" | head -n 1)\n"
         "export WEIR_MASTER_ADDR\n"
         "if [ \"$WEIR_NODE_RANK\" = 0 ]; then WEIR_FIRST_NODE=1 WEIR_OTHER_NODE=; else WEIR_FIRST_NODE= "
         "WEIR_OTHER_NODE=1; fi\n"
         "[ \"$WEIR_TASK_RANK\" = 0 ] || exec >> \"$WEIR_LOG.$WEIR_TASK_RANK\" 2>&1\n"
         "trap : TERM INT HUP\n" +
         kept_line(what, keeper) +
         " || { status=$?; (set -C; echo $status > \"$WEIR_FIRST\") 2> /dev/null; exit $status; }\n";
}

/// The script without its first lines.
inline std::string sbatch_body(const job& what, const slurm_site& site) {
  std::string out = job_script_head(
      what, "me=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}; me=${me:-$SLURM_JOB_ID}");
  if (what.needs.nodes * what.needs.tasks_per_node > 1)
    out +=
        "export WEIR_FIRST=\"$exit_file.first\"\nrm -f \"$WEIR_FIRST\"\n"
        "srun --kill-on-bad-exit=1 ${SLURM_CPUS_PER_TASK:+--cpus-per-task=\"$SLURM_CPUS_PER_TASK\"} /bin/sh -c " +
        shell_quoted(slurm_task(what, site.keeper)) +
        " || status=$?\n"
        "[ $status = 0 ] || [ ! -s \"$WEIR_FIRST\" ] || read -r status < \"$WEIR_FIRST\"\nrm -f \"$WEIR_FIRST\"\n";
  else
    out += std::string(one_task) + kept_line(what, site.keeper) + " || status=$?\n";
  return out + job_script_tail();
}

}  // namespace detail

/// The script of one job.
/// \return  errc::invalid_argument for what SLURM can't be told: see check_job.
[[nodiscard]] inline result<std::string> sbatch_script(const job& what, const slurm_site& site) {
  auto header = detail::sbatch_header(what, 1, what.log, site);
  if (!header) return header;
  return *header + detail::sbatch_body(what, site);
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
