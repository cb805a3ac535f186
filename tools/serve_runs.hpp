// tools/serve_runs.hpp - weir-serve-many status, stop and gc.
#ifndef WEIR_TOOLS_SERVE_RUNS_HPP
#define WEIR_TOOLS_SERVE_RUNS_HPP

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"
#include "weir/report/table.hpp"
#include "weir/report/table_text.hpp"
#include "weir/serve/runs.hpp"

namespace weir::tool {

/// What a run is, in a word.
inline std::string run_word(const run_found& run) {
  return run.serves() ? "serving" : run.held ? "ending" : "killed";
}

inline result<int> print_runs(const std::vector<run_found>& runs, bool as_records) {
  std::string records;
  table shown{"",
              {{"run", "", side::left},
               {"is", "", side::left},
               {"instance", "", side::left},
               {"state", "", side::left},
               {"pid"},
               {"base_url", "", side::left},
               {"devices", "", side::left},
               {"log", "", side::left}}};
  for (const auto& run : runs) {
    auto instances = run.instances;
    if (instances.empty()) instances.emplace_back();
    for (const auto& i : instances) {
      shown.rows.push_back({cell::text(run.name), cell::text(run_word(run)), cell::text(i.name), cell::text(i.state),
                            i.pid > 0 ? cell::count(i.pid) : cell::missing("no process"), cell::text(i.base_url),
                            cell::text(i.devices), cell::text(i.log)});
      json_writer json(records);
      json.begin_object().field("type", "instance").field("run", run.name).field("is", run_word(run));
      json.field("run_pid", run.pid).field("since", run.since).field("command", run.command);
      json.field("instance", i.name).field("state", i.state).field("pid", i.pid).field("base_url", i.base_url);
      json.field("devices", i.devices).field("log", i.log).end_object();
      records.push_back('\n');
    }
  }
  std::string shown_text;
  append_text(shown_text, shown);
  const auto printed = print(as_records     ? records
                             : runs.empty() ? "nothing serves, and nothing is left\n"
                                            : shown_text);
  return printed ? result<int>(0) : printed.error();
}

inline result<int> stop_runs(const std::vector<run_found>& runs) {
  int status = 0;
  if (std::none_of(runs.begin(), runs.end(), [](const auto& run) { return run.held; })) say("nothing serves");
  for (const auto& run : runs) {
    if (!run.held) continue;
    const auto stopped = stop_run(run);
    say(stopped ? "run " + run.name + " is over" : stopped.error().detail);
    if (!stopped) status = 1;
  }
  return status;
}

inline result<int> collect_runs() {
  const auto removed = collect_dead_runs();
  if (!removed) return removed.error();
  say("removed " + std::to_string(removed->runs) + " dead runs, " + std::to_string(removed->processes) +
      " processes and " + std::to_string(removed->cgroups) + " cgroups of theirs");
  for (const auto& run : removed->stuck) say("run " + run + ": something of it can't be killed");
  return removed->stuck.empty() ? 0 : 1;
}

/// Runs one of the words; `as_records` is --json.
inline result<int> look_after_runs(std::string_view word, bool as_records) {
  if (word == "gc") return collect_runs();
  const auto runs = find_runs();
  if (!runs) return runs.error();
  if (word == "status") return print_runs(*runs, as_records);
  if (word == "stop") return stop_runs(*runs);
  return failure{errc::invalid_argument,
                 "unknown word '" + std::string(word) + "': status, stop or gc; a server's words stand after --"};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SERVE_RUNS_HPP
