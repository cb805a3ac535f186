// tools/sweep_launcher.hpp - the launcher that --launcher names.
#ifndef WEIR_TOOLS_SWEEP_LAUNCHER_HPP
#define WEIR_TOOLS_SWEEP_LAUNCHER_HPP

#include <cstddef>
#include <memory>
#include <string>

#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/local_launcher.hpp"

namespace weir::tool {

inline result<std::unique_ptr<launcher>> make_launcher(const arguments& args) {
  const auto parallel = args.number<std::size_t>("parallel", 1);
  if (!parallel) return parallel.error();
  if (*parallel == 0) return failure{errc::invalid_argument, "--parallel must be at least 1"};
  const auto name = args.get("launcher", "local");
  if (name == "local") return std::unique_ptr<launcher>(std::make_unique<local_launcher>(*parallel));
  return failure{errc::invalid_argument, "--launcher " + std::string(name) + " is not there yet"};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_LAUNCHER_HPP
