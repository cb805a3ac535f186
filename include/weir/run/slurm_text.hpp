// weir/run/slurm_text.hpp - what SLURM's commands print, read. Needs POSIX.
//
// Their plain output is read and not their JSON: its form has stayed the same over the versions that are in use.
#ifndef WEIR_RUN_SLURM_TEXT_HPP
#define WEIR_RUN_SLURM_TEXT_HPP

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/text_file.hpp"
#include "weir/base/trim.hpp"
#include "weir/base/units.hpp"
#include "weir/run/launcher.hpp"

namespace weir::inline v0 {

/// One job, or one element of an array, as SLURM tells of it.
struct slurm_job {
  std::string id;     ///< "17", or "17_3" for element 3 of an array.
  std::string state;  ///< "PENDING"
  std::string reason = {};
  std::string nodes = {};          ///< "n[1-2]"
  std::optional<int> status = {};  ///< As a shell's, where an exit code was told.
};

/// Whether a state is a job's last one. COMPLETING is none: its end is not over, and it may be for a requeue.
[[nodiscard]] inline bool slurm_is_over(std::string_view state) {
  constexpr std::array<std::string_view, 10> last{"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE",      "FAILED",
                                                  "NODE_FAIL", "PREEMPTED", "REVOKED",   "OUT_OF_MEMORY", "TIMEOUT"};
  return std::find(last.begin(), last.end(), state) != last.end();
}

[[nodiscard]] inline bool slurm_is_running(std::string_view state) {
  constexpr std::array<std::string_view, 7> running{"RUNNING",   "COMPLETING", "SUSPENDED", "RESIZING",
                                                    "SIGNALING", "STAGE_OUT",  "STOPPED"};
  return std::find(running.begin(), running.end(), state) != running.end();
}

/// What a state means to who waits for a status that did not come.
[[nodiscard]] inline std::string slurm_state_text(std::string_view state) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> words{
      {{"BOOT_FAIL", "its node did not start"},
       {"CANCELLED", "it was cancelled"},
       {"DEADLINE", "its deadline passed"},
       {"NODE_FAIL", "a node of it failed"},
       {"OUT_OF_MEMORY", "it took more memory than it may"},
       {"PREEMPTED", "another job took its place"},
       {"TIMEOUT", "it ran into its time limit"}}};
  const auto found = std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == state; });
  return std::string(state) + (found == words.end() ? "" : ": " + std::string(found->second));
}

/// An exit code of SLURM's, "STATUS:SIGNAL", as a shell's.
[[nodiscard]] inline std::optional<int> slurm_exit_code(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const auto status = parse_number<int>(text.substr(0, colon));
  const auto signal = parse_number<int>(colon < text.size() ? text.substr(colon + 1) : "0");
  if (!status || !signal) return {};
  return *signal > 0 ? 128 + *signal : *status;
}

/// The format for squeue --noheader --array that parse_squeue reads; the reason may hold anything but a line end.
inline constexpr std::string_view squeue_format = "%i|%T|%r|%N";

[[nodiscard]] inline std::vector<slurm_job> parse_squeue(std::string_view text) {
  std::vector<slurm_job> jobs;
  each_line(text, [&](std::string_view line) {
    line = trimmed(line);
    const auto first = line.find('|');
    const auto second = first == line.npos ? line.npos : line.find('|', first + 1);
    const auto last = line.rfind('|');
    if (second == line.npos || last == second) return;  // a warning that stands between
    jobs.push_back({std::string(line.substr(0, first)), std::string(line.substr(first + 1, second - first - 1)),
                    std::string(line.substr(second + 1, last - second - 1)), std::string(line.substr(last + 1))});
  });
  return jobs;
}

namespace detail {

/// The value of " KEY=" in a line of scontrol's; values that hold blanks are cut at the first.
inline std::string_view scontrol_value(std::string_view line, std::string_view key) {
  for (std::size_t at = 0; (at = line.find(key, at)) != line.npos; at += key.size()) {
    const bool whole = (at == 0 || line[at - 1] == ' ') && line.substr(at + key.size()).starts_with('=');
    if (!whole) continue;
    line.remove_prefix(at + key.size() + 1);
    return line.substr(0, line.find(' '));
  }
  return {};
}

}  // namespace detail

/// Reads `scontrol --oneliner show job ID`: one line a job.
[[nodiscard]] inline std::vector<slurm_job> parse_scontrol_jobs(std::string_view text) {
  std::vector<slurm_job> jobs;
  each_line(text, [&](std::string_view line) {
    const auto value = [&](std::string_view key) { return std::string(detail::scontrol_value(line, key)); };
    if (value("JobState").empty()) return;
    const auto array = value("ArrayJobId"), element = value("ArrayTaskId");
    jobs.push_back({array.empty() ? value("JobId") : array + "_" + element, value("JobState"), value("Reason"),
                    value("NodeList"), slurm_exit_code(value("ExitCode"))});
  });
  return jobs;
}

/// Reads `sacct --allocations --noheader --parsable2 --format=JobID,State,ExitCode`.
[[nodiscard]] inline std::vector<slurm_job> parse_sacct(std::string_view text) {
  std::vector<slurm_job> jobs;
  each_line(text, [&](std::string_view line) {
    const auto first = line.find('|');
    const auto second = first == line.npos ? line.npos : line.find('|', first + 1);
    if (second == line.npos) return;
    auto state = line.substr(first + 1, second - first - 1);
    const auto id = trimmed(line.substr(0, first));
    jobs.push_back({std::string(id),
                    std::string(next_word(state)),
                    std::string(trimmed(state)),
                    {},
                    slurm_exit_code(trimmed(line.substr(second + 1)))});
  });
  return jobs;
}

/// The job's id in what `sbatch --parsable` printed, among its warnings: "17", or "17;cluster".
[[nodiscard]] inline std::optional<std::string> parse_sbatch_id(std::string_view text) {
  std::optional<std::string> id;
  each_line(text, [&](std::string_view line) {
    const auto number = line.substr(0, line.find(';'));
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!number.empty() && std::all_of(number.begin(), number.end(), is_digit)) id = std::string(number);
  });
  return id;
}

/// Whether a command of SLURM's failed because nobody answered, now: the same may work later.
[[nodiscard]] inline bool slurm_is_away(std::string_view words) {
  constexpr std::array<std::string_view, 7> signs{"Unable to contact slurm controller",
                                                  "Socket timed out",
                                                  "Zero Bytes were transmitted",
                                                  "Connection refused",
                                                  "Connection timed out",
                                                  "temporarily unable to accept job",
                                                  "Slurm backup controller in standby mode"};
  return std::any_of(signs.begin(), signs.end(), [&](auto sign) { return words.find(sign) != words.npos; });
}

/// A command's complaint as one line: "sbatch: error: ..." without the name, lines joined.
[[nodiscard]] inline std::string slurm_words(std::string_view text) {
  std::string out;
  each_line(text, [&](std::string_view line) {
    for (const std::string_view lead : {"sbatch: ", "squeue: ", "scancel: ", "scontrol: ", "srun: ", "error: "})
      if (line.starts_with(lead)) line.remove_prefix(lead.size());
    line = trimmed(line);
    if (!line.empty()) out += (out.empty() ? "" : "; ") + std::string(line);
  });
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SLURM_TEXT_HPP
