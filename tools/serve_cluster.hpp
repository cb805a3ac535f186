// tools/serve_cluster.hpp - weir-serve-many --launcher slurm: its command line as the jobs that it asks for.
#ifndef WEIR_TOOLS_SERVE_CLUSTER_HPP
#define WEIR_TOOLS_SERVE_CLUSTER_HPP

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cli.hpp"
#include "launcher_flags.hpp"
#include "weir/run/cluster_session.hpp"
#include "weir/serve/engine.hpp"

namespace weir::tool {

/// What a person asks for. The engine's words are looked at here, so that what can't work is not submitted.
inline result<cluster_session_spec> given_cluster(const arguments& args) {
  for (const std::string_view name : {"gateway", "gateway-port", "advertise", "first-index"})
    if (args.has(name))
      return failure{errc::invalid_argument, "--" + std::string(name) + " does not go with --launcher slurm"};
  const auto engine = make_engine(args.get("engine"), args.rest());
  if (!engine) return engine.error();
  const auto count = args.number<unsigned short>("instances", 1), nodes = args.number<unsigned short>("nodes", 1),
             wide = args.number<unsigned short>("nodes-per-instance", 1),
             devices = args.number<unsigned short>("devices-per-instance", 1);
  for (const auto* each : {&count, &nodes, &wide, &devices}) {
    if (!*each) return each->error();
    if (**each == 0)
      return failure{errc::invalid_argument,
                     "-n, --nodes, --nodes-per-instance and --devices-per-instance are at least 1"};
  }
  const auto timeout = args.duration_ns("ready-timeout", 600'000'000'000);
  if (!timeout) return timeout.error();
  const auto grace = args.duration_ns("grace", engine->grace_ns);
  if (!grace) return grace.error();
  const auto limit = args.duration_ns("time-limit", 0);
  if (!limit) return limit.error();
  const auto stale = args.duration_ns("stale", cluster_fleet{}.stale_ns);
  if (!stale) return stale.error();
  cluster_fleet fleet{.count = *count, .nodes = *nodes, .nodes_per_instance = *wide};
  const bool none = args.get("devices", engine->wants_devices ? "auto" : "none") == "none";
  fleet.devices_per_instance = none ? 0 : *devices;
  fleet.vllm = args.get("engine") == "vllm";
  fleet.ready = args.get("ready", fleet.ready);
  fleet.program = {detail::sibling("weir-serve-many")};
  for (const std::string_view name : {"engine", "devices", "devices-per-instance", "base-port", "log-limit",
                                      "ready-timeout", "grace", "restart", "sample-every"})
    if (args.has(name)) fleet.program.push_back("--" + std::string(name) + "=" + std::string(args.get(name)));
  fleet.server = args.rest();
  fleet.keeper = detail::sibling("weir-keep");
  fleet.directory = std::filesystem::absolute(std::string(args.get("log-dir", "weir-logs"))).lexically_normal();
  fleet.grace_ns = *grace;
  fleet.time_limit_ns = *limit;
  fleet.stale_ns = *stale;
  if (args.has("samples"))
    fleet.several = {"--samples", std::filesystem::absolute(std::string(args.get("samples"))).string()};
  cluster_session_spec spec{.servers = std::move(fleet), .endpoints = std::string(args.get("endpoints"))};
  if (args.has("run")) spec.command = {"/bin/sh", "-c", std::string(args.get("run"))};
  spec.ready_timeout_ns = *timeout;
  // A server that is started again on another machine would not be where its endpoint says.
  spec.make_launcher = [&args](const std::string& scripts) {
    auto options = slurm_of(args, scripts);
    if (!options) return result<std::unique_ptr<launcher>>(options.error());
    options->site.words.emplace_back("--no-requeue");
    options->ask_every_ns = 3'000'000'000;  // a few jobs, and a person who waits for them
    return result<std::unique_ptr<launcher>>(std::make_unique<slurm_launcher>(*std::move(options)));
  };
  return spec;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SERVE_CLUSTER_HPP
