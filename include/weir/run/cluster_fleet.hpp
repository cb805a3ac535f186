// weir/run/cluster_fleet.hpp - N instances of a server as jobs of a cluster: one weir-serve-many on each node. Needs
// the standard library only.
#ifndef WEIR_RUN_CLUSTER_FLEET_HPP
#define WEIR_RUN_CLUSTER_FLEET_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/parallel_command.hpp"

namespace weir::inline v0 {

/// What a person asks for.
struct cluster_fleet {
  std::size_t count = 1;                    ///< Instances, numbered from 0 on over all nodes.
  std::size_t nodes = 1;                    ///< Machines that they are dealt to, each the same number.
  std::size_t nodes_per_instance = 1;       ///< More: each instance is one engine over so many machines.
  std::size_t devices_per_instance = 0;     ///< On each of its machines; 0: none.
  bool vllm = false;                        ///< The engine is vLLM, whose flags for several nodes are known.
  std::string ready = "token";              ///< See weir-serve-many --ready.
  std::vector<std::string> program = {};    ///< weir-serve-many as the nodes find it, and its options.
  std::vector<std::string> server = {};     ///< What stands behind its "--".
  std::string keeper = "weir-keep";         ///< As the nodes find it.
  std::string directory = {};               ///< Absolute, seen by all machines: logs, and what the jobs say to us.
  std::int64_t grace_ns = 10'000'000'000;   ///< From SIGTERM to SIGKILL, of an instance.
  std::int64_t stale_ns = 180'000'000'000;  ///< How long the jobs outlive us where we are killed.
  std::int64_t time_limit_ns = 0;           ///< Of a job; 0: the scheduler's.
  std::vector<std::string> several = {};    ///< Options of which each job has a file of its own: --samples FILE.
};

/// The file in a fleet's directory that is touched as long as the fleet is wanted.
[[nodiscard]] inline std::string wanted_file(const cluster_fleet& of) {
  return of.directory + "/wanted";
}

/// Where job `i` writes the endpoints of its instances when they are ready.
[[nodiscard]] inline std::string job_endpoints(const cluster_fleet& of, std::size_t i) {
  return of.directory + "/endpoints." + std::to_string(i) + ".0";
}

/// The jobs of a fleet: one a machine, or one an instance where that takes several machines.
/// \return  errc::invalid_argument where the instances can't be dealt evenly.
[[nodiscard]] inline result<std::vector<job>> cluster_jobs(const cluster_fleet& of) {
  const bool wide = of.nodes_per_instance > 1;
  const std::size_t jobs = wide ? of.count : of.nodes, each = wide ? 1 : of.count / of.nodes;
  if (!wide && (each == 0 || each * of.nodes != of.count))
    return failure{errc::invalid_argument, std::to_string(of.count) + " instances can't be dealt evenly to " +
                                               std::to_string(of.nodes) + " nodes"};
  constexpr std::int64_t ms = 1'000'000;
  std::vector<job> made;
  for (std::size_t i = 0; i < jobs; ++i) {
    const std::string number = std::to_string(i);
    job one{.name = "serve-" + number, .argv = {of.keeper, "--while", wanted_file(of), "--grace"}};
    const auto add = [&](std::vector<std::string> words) {
      for (auto& word : words) one.argv.push_back(std::move(word));
    };
    add({std::to_string(of.grace_ns / ms + 10'000) + "ms", "--stale", std::to_string(of.stale_ns / ms) + "ms", "--"});
    add(of.program);
    add({"-n", std::to_string(each), "--first-index", std::to_string(i * each), "--advertise", "auto", "--quiet"});
    add({"--log-dir", of.directory + "/node" + number + (wide ? ".{node_rank}" : "")});
    add({"--endpoints", wide ? of.directory + "/endpoints." + number + ".{node_rank}" : job_endpoints(of, i)});
    add({wide ? "{first:--ready=" + of.ready + "}" : "--ready=" + of.ready});
    if (wide) add({"{rest:--ready=start}"});
    for (std::size_t word = 0; word + 1 < of.several.size(); word += 2)
      add({of.several[word], of.several[word + 1] + "." + number + (wide ? ".{node_rank}" : "")});
    add({"--"});
    add(of.server);
    if (wide && of.vllm) add(vllm_node_flags());
    one.needs = {of.nodes_per_instance, 1, each * of.devices_per_instance, of.time_limit_ns};
    one.directory = of.directory;
    one.log = of.directory + "/job" + number + ".log";
    one.status_file = of.directory + "/exit." + number;
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CLUSTER_FLEET_HPP
