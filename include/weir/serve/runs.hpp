// weir/serve/runs.hpp - the runs of this user: what serves now, what was killed and left something, and its removal.
// Needs simdjson and Linux.
#ifndef WEIR_SERVE_RUNS_HPP
#define WEIR_SERVE_RUNS_HPP

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/json_row.hpp"
#include "weir/serve/cgroup.hpp"
#include "weir/serve/lock_file.hpp"
#include "weir/serve/marked.hpp"
#include "weir/serve/proc.hpp"
#include "weir/serve/run_directory.hpp"

namespace weir::inline v0 {

/// An instance as its run wrote it down.
struct run_instance {
  std::string name, state, base_url, log, cgroup, devices;
  std::int64_t pid = 0;
};

/// A run as found in the runs directory.
struct run_found {
  std::string name, path;
  bool held = false;  ///< Its supervisor or a keeper of it lives; nobody may clean up after it.
  std::int64_t pid = 0, start_ticks = 0;
  std::string command, since;
  std::vector<run_instance> instances;

  /// Its supervisor still lives.
  [[nodiscard]] bool serves() const { return held && pid > 0 && !process_gone(static_cast<pid_t>(pid), start_ticks); }
};

/// The state file's first line.
inline void append_run_state(std::string& out, std::string_view command) {
  json_writer json(out);
  json.begin_object().field("type", "serve").field("pid", ::getpid()).field("start_ticks", start_ticks(::getpid()));
  json.field("command", command).field("since", utc_text(wall_ns())).end_object();
  out.push_back('\n');
}

/// A further line of it.
inline void append_instance_state(std::string& out, const run_instance& i) {
  json_writer json(out);
  json.begin_object().field("type", "instance").field("instance", i.name).field("state", i.state);
  json.field("base_url", i.base_url).field("log", i.log).field("cgroup", i.cgroup).field("devices", i.devices);
  json.field("pid", i.pid).end_object();
  out.push_back('\n');
}

namespace detail {

inline void read_state(run_found& run) {
  const auto text = read_text_file(run.path + "/state.jsonl");
  if (!text) return;  // killed before it wrote one
  json_row_reader reader;
  each_line(*text, [&](std::string_view line) {
    run_instance instance;
    std::string type;
    const auto read = reader(line, [&](std::string_view name, json_value value) -> result<void> {
      if (name == "type") return read_text(type, name, value);
      const std::array<std::pair<std::string_view, std::string*>, 8> texts{{{"instance", &instance.name},
                                                                            {"state", &instance.state},
                                                                            {"base_url", &instance.base_url},
                                                                            {"log", &instance.log},
                                                                            {"cgroup", &instance.cgroup},
                                                                            {"devices", &instance.devices},
                                                                            {"command", &run.command},
                                                                            {"since", &run.since}}};
      for (const auto& [field, into] : texts)
        if (name == field) return read_text(*into, name, value);
      std::int64_t number = 0;
      if (value.get_int64().get(number)) return {};
      if (name == "start_ticks") run.start_ticks = number;
      if (name == "pid") (type == "serve" ? run.pid : instance.pid) = number;
      return {};
    });
    if (read && type == "instance") run.instances.push_back(std::move(instance));
  });
}

}  // namespace detail

/// Every run of this user that has a directory, oldest first.
[[nodiscard]] inline result<std::vector<run_found>> find_runs() {
  const auto directory = runs_directory();
  if (!directory) return directory.error();
  std::vector<run_found> runs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(*directory, error)) {
    run_found run;
    run.name = entry.path().filename().string();
    run.path = entry.path().string();
    if (!entry.is_directory(error) || run.name.starts_with("new.")) continue;
    const auto lock = lock_file::probe(run.path + "/lock");
    run.held = !lock && lock.error().code == errc::busy;
    detail::read_state(run);
    runs.push_back(std::move(run));
  }
  if (error) return failure{errc::io, "cannot read " + *directory + ": " + error.message()};
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
  return runs;
}

/// What was cleaned up.
struct run_remains {
  std::size_t runs = 0, processes = 0, cgroups = 0;
  std::vector<std::string> stuck;  ///< Names of runs of which something can't be killed.
};

/// Kills and removes what is left of runs whose supervisor and keepers are all dead.
[[nodiscard]] inline result<run_remains> collect_dead_runs() {
  const auto runs = find_runs();
  if (!runs) return runs.error();
  run_remains removed;
  for (const auto& run : *runs) {
    if (run.held) continue;
    const auto lock = lock_file::take(run.path + "/lock");  // against another collector
    if (!lock) continue;
    for (const auto& instance : run.instances) {
      if (instance.cgroup.empty()) continue;
      const unique_fd group(::open(instance.cgroup.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (group) cgroup_write(group.get(), "cgroup.kill", "1");
    }
    const std::string mark = "WEIR_RUN=" + run.name;
    removed.processes += marked_processes(mark).size();
    if (kill_marked(mark) > 0) {
      removed.stuck.push_back(run.name);
      continue;
    }
    for (const auto& instance : run.instances)
      if (!instance.cgroup.empty() && ::rmdir(instance.cgroup.c_str()) == 0) ++removed.cgroups;
    std::error_code ignored;
    std::filesystem::remove_all(run.path, ignored);
    ++removed.runs;
  }
  return removed;
}

/// Asks a run to stop and waits until nothing is left of it.
/// \return  errc::limit where that takes longer than `timeout_ns`.
[[nodiscard]] inline result<void> stop_run(const run_found& run, std::int64_t timeout_ns = 60'000'000'000) {
  if (run.serves()) ::kill(static_cast<pid_t>(run.pid), SIGTERM);
  for (const auto start = now_ns(); now_ns() - start < timeout_ns; ::usleep(20'000))
    if (const auto lock = lock_file::probe(run.path + "/lock"); lock || lock.error().code != errc::busy) return {};
  return failure{errc::limit, "run " + run.name + " is not over after " + seconds_text(timeout_ns) + " s"};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_RUNS_HPP
