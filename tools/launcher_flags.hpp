// tools/launcher_flags.hpp - the options of tools that can run their work elsewhere.
#ifndef WEIR_TOOLS_LAUNCHER_FLAGS_HPP
#define WEIR_TOOLS_LAUNCHER_FLAGS_HPP

#include <memory>
#include <string>
#include <utility>

#include "cli.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/slurm.hpp"
#include "weir/serve/engine.hpp"

namespace weir::tool {

inline const option scheduler_arg_option{
    "scheduler-arg", "WORD", "Give sbatch this too, such as --partition=gpu or --cpus-per-task=16.", {}, true};
inline const option gres_option{"gres", "NAME",
                                "What SLURM calls devices: gpu, gpu:h100, npu; for Ray the name of a resource. "
                                "Default: gpu."};

/// SLURM, as the options want it.
/// \param scripts  directory for what the launcher writes; absolute, and seen by all machines.
inline slurm_options slurm_of(const arguments& args, std::string scripts) {
  slurm_options options{.site = {.words = args.all("scheduler-arg"), .keeper = detail::sibling("weir-keep")},
                        .scripts = std::move(scripts)};
  if (args.has("gres")) options.site.gres = args.get("gres");
  return options;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_LAUNCHER_FLAGS_HPP
