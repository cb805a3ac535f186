// tools/launcher_flags.hpp - the options of tools that can run their work elsewhere.
#ifndef WEIR_TOOLS_LAUNCHER_FLAGS_HPP
#define WEIR_TOOLS_LAUNCHER_FLAGS_HPP

#include <string>
#include <utility>

#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/ray.hpp"
#include "weir/run/slurm.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/engine.hpp"

namespace weir::tool {

inline const option scheduler_arg_option{
    "scheduler-arg", "WORD", "Give sbatch this too, such as --partition=gpu or --cpus-per-task=16.", {}, true};
inline const option gres_option{"gres", "NAME",
                                "What SLURM calls devices: gpu, gpu:h100, npu; for Ray the name of a resource. "
                                "Default: gpu."};

/// SLURM, as the options want it.
/// \param scripts  directory for what the launcher writes; absolute, and seen by all machines.
/// \return  errc::not_found where SLURM's commands are not on this machine: each job would fail for it, one by one.
inline result<slurm_options> slurm_of(const arguments& args, std::string scripts) {
  if (!find_program("sbatch", variable("PATH")))
    return failure{errc::not_found, "--launcher slurm: there is no sbatch here: is this a machine of a SLURM cluster?"};
  slurm_options options{.site = {.words = args.all("scheduler-arg"), .keeper = detail::sibling("weir-keep")},
                        .scripts = std::move(scripts)};
  if (args.has("gres")) options.site.gres = args.get("gres");
  return options;
}

inline const option ray_address_option{
    "ray-address", "URL", "Of the dashboard of a Ray cluster. Default: RAY_ADDRESS, or http://127.0.0.1:8265."};

/// Ray, as the options and the environment want it.
inline ray_options ray_of(const arguments& args) {
  ray_options options;
  options.address = args.get("ray-address", variable("RAY_ADDRESS", options.address));
  options.token = variable("RAY_AUTH_TOKEN");
  if (const auto device = args.get("gres", "gpu"); device != "gpu") options.site.device = device;
  options.site.keeper = detail::sibling("weir-keep");
  return options;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_LAUNCHER_FLAGS_HPP
