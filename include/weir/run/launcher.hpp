// weir/run/launcher.hpp - where the commands of an experiment run: on this machine, under SLURM, under Ray. Needs the
// standard library only.
//
//     auto tickets = where.submit(jobs);            // handed over: nothing is waited for
//     while (...)
//       for (const auto& now : where.poll(tickets, 1'000'000'000)) ...
//
// A job's own exit-status file is the truth of how it ended (exit_file.hpp); what a scheduler says is asked for what
// has no such file. A ticket can be written down: another process can poll it, after this one was killed.
#ifndef WEIR_RUN_LAUNCHER_HPP
#define WEIR_RUN_LAUNCHER_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// What a job takes from where it runs.
struct job_needs {
  std::size_t nodes = 1;
  std::size_t tasks_per_node = 1;  ///< How often its command is started on each node.
  std::size_t devices = 0;         ///< Accelerators of each node.
  std::int64_t time_limit_ns = 0;  ///< 0: none of its own.
  bool operator==(const job_needs&) const = default;
};

/// A command to run elsewhere. Paths are absolute, and lie where both sides see them.
struct job {
  std::string name;  ///< A word of letters, digits, '-', '_' and '.': what people see in a queue.
  /// The command. Under a scheduler some words stand for what is known only there: see task_words.hpp.
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> variables = {};  ///< Set over the environment it would have.
  job_needs needs = {};
  std::string directory = {};    ///< Where it starts.
  std::string log = {};          ///< Gets its standard output and error, appended.
  std::string status_file = {};  ///< Holds its exit status once it has ended: see exit_file.hpp.
};

/// A job that was handed over. `id` is the launcher's name for it and empty for none.
struct job_ticket {
  std::string id;
  std::string status_file;
  std::string log;
};

enum class job_phase : unsigned char {
  queued,   ///< Handed over; it does not run yet, or again (requeued).
  running,  ///< It was seen to run.
  ended,    ///< It is over, whatever came of it.
  unknown   ///< Nobody can be asked now: a controller does not answer. Ask again; it may well run.
};

[[nodiscard]] constexpr std::string_view phase_name(job_phase phase) noexcept {
  constexpr std::array<std::string_view, 4> names{"queued", "running", "ended", "unknown"};
  return names[static_cast<std::size_t>(phase)];
}

/// What is known of a job by now.
struct job_report {
  job_phase phase = job_phase::queued;
  std::optional<int> status = {};  ///< As a shell's: 128 + signal where one ended it. Only of an ended job.
  /// Why it waits, why its end has no status ("TIMEOUT: ran into its time limit"), why nothing is known: the
  /// scheduler's words where it has any.
  std::string why = {};
  std::string where = {};  ///< The nodes it runs on; empty for this machine.
  bool operator==(const job_report&) const = default;
};

/// How many jobs a launcher takes.
struct launcher_limits {
  std::size_t batch = 1;      ///< Of one call of submit.
  std::size_t under_way = 1;  ///< Submitted and not ended, all together.
};

/// A place where jobs run. Calls block, each for a bounded time.
class launcher {
 public:
  virtual ~launcher() = default;

  /// What tells launchers apart in a record: "local", "slurm", "ray".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual launcher_limits limits() const noexcept = 0;

  /// Hands jobs over, all or none. They have the same needs and directory, and are at most limits().batch.
  /// \return  one ticket for each; errc::invalid_argument where the launcher can't do what they need, or where a
  ///          scheduler refuses them, with its words; errc::closed where it does not answer: submit the same jobs again
  ///          later, what arrived of them the first time is not run twice; errc::not_found where there is no scheduler.
  virtual result<std::vector<job_ticket>> submit(std::span<const job> jobs) = 0;

  /// Looks at jobs, of this process or of an earlier one, and waits until one of the reports is another than at the
  /// last call, but at most `wait_ns`, and only until `wake_fd` is readable.
  /// \return  one report for each; a failure only where asking is in vain for ever (no scheduler installed).
  virtual result<std::vector<job_report>> poll(std::span<const job_ticket> jobs, std::int64_t wait_ns,
                                               int wake_fd = -1) = 0;

  /// Ends jobs, those that wait too. One that is over already is no failure. They are over when poll says so.
  virtual result<void> cancel(std::span<const job_ticket> jobs) = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_LAUNCHER_HPP
