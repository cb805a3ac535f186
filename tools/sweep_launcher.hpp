// tools/sweep_launcher.hpp - the launcher that --launcher names.
#ifndef WEIR_TOOLS_SWEEP_LAUNCHER_HPP
#define WEIR_TOOLS_SWEEP_LAUNCHER_HPP

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "cli.hpp"
#include "launcher_flags.hpp"
#include "weir/base/result.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/local_launcher.hpp"
#include "weir/run/ray.hpp"
#include "weir/run/slurm.hpp"

namespace weir::tool {

/// \param out  the sweep's directory: batch scripts go there.
inline result<std::unique_ptr<launcher>> make_launcher(const arguments& args, const std::string& out) {
  const auto name = args.get("launcher", "local");
  const auto parallel = args.number<std::size_t>("parallel", name == "local" ? 1 : 0);
  if (!parallel) return parallel.error();
  if (*parallel == 0 && args.has("parallel")) return failure{errc::invalid_argument, "--parallel must be at least 1"};
  if (name == "local") return std::unique_ptr<launcher>(std::make_unique<local_launcher>(*parallel));
  if (name == "slurm") {
    auto options = slurm_of(args, out + "/slurm");
    if (!options) return options.error();
    if (*parallel > 0) options->limits.under_way = *parallel;
    return std::unique_ptr<launcher>(std::make_unique<slurm_launcher>(*std::move(options)));
  }
  auto options = ray_of(args);
  if (*parallel > 0) options.limits.under_way = *parallel;
  auto ray = ray_launcher::make(std::move(options));
  if (!ray) return ray.error();
  return std::unique_ptr<launcher>(std::make_unique<ray_launcher>(*std::move(ray)));
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_LAUNCHER_HPP
