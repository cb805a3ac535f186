// weir/run/dry_run.hpp - a sweep in words before it is run: every command line. Needs simdjson and Linux.
#ifndef WEIR_RUN_DRY_RUN_HPP
#define WEIR_RUN_DRY_RUN_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/shell_words.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/command_results.hpp"
#include "weir/run/commands.hpp"
#include "weir/run/engine_words.hpp"
#include "weir/run/sweep_directory.hpp"
#include "weir/run/sweep_order.hpp"

namespace weir::inline v0 {

namespace detail {

inline std::string variables_text(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::string text;
  for (const auto& [name, value] : variables) text += name + "=" + shell_word(value) + " ";
  return text;
}

/// The command lines of one run.
inline result<std::vector<std::string>> command_lines(const cell_job& job, const cell_node& node) {
  std::vector<std::string> lines;
  const auto before = variables_text(cell_variables(job.cell));
  const auto mode = job.cell.values.text("mode");
  if (is_served(job.cell)) {
    auto server = server_of(job, node, true);
    if (!server) return server.error();
    lines.push_back(before + shell_line(server->command));
    for (const auto& p : job.cell.points)
      lines.push_back("weir-bench " + shell_line(load_words(job, p, 0, job.file("endpoints.jsonl"))));
  } else if (mode == "offline") {
    for (std::int64_t i = 0; i < drivers_of(job.cell); ++i)
      lines.push_back(before + shell_line(driver_command(job, node, i)));
  } else {
    for (const auto& p : job.cell.points)
      lines.push_back(before + shell_line(mode == "command" ? own_command(job, p) : vllm_bench_command(job, p)));
  }
  return lines;
}

}  // namespace detail

/// Every run in order with its command lines, then what is left out and why. {port} and {block+N} are chosen when a
/// cell starts; the devices too.
/// \return  errc::invalid_argument where an engine refuses its words.
[[nodiscard]] inline result<std::string> dry_run(const sweep_plan& plan, const std::string& out,
                                                 const std::string& driver, const cell_node& node) {
  std::string text;
  const auto runs = runs_in_order(plan.cells);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    cell_job job{.cell = plan.cells[runs[i].cell], .run = runs[i].run, .profiled = runs[i].profiled};
    job.out = out, job.driver = driver, job.study = plan.study;
    auto lines = detail::command_lines(job, node);
    if (!lines) return failure{lines.error().code, job.cell.name + ": " + lines.error().detail};
    const auto devices = job.cell.values.text("devices") == "none" ? 0 : devices_needed(job.cell.values);
    text += "# " + std::to_string(i + 1) + " of " + std::to_string(runs.size()) + ": " + job.name() + ", " +
            std::to_string(devices) + (devices == 1 ? " device\n" : " devices\n");
    for (const auto& line : *lines) text += line + "\n";
  }
  for (const auto& s : plan.skipped) text += "# left out: " + s.name + ": " + s.reason + "\n";
  return text;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_DRY_RUN_HPP
