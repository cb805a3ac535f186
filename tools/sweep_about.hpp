// tools/sweep_about.hpp - weir-sweep's command line as a table.
#ifndef WEIR_TOOLS_SWEEP_ABOUT_HPP
#define WEIR_TOOLS_SWEEP_ABOUT_HPP

#include "cli.hpp"

namespace weir::tool {

/// The table of options: the settings', and the tool's own.
const description& sweep_about();

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_ABOUT_HPP
