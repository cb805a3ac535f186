// tools/sweep_outputs.hpp - what weir-sweep and weir-summarize make of a sweep's directory.
#ifndef WEIR_TOOLS_SWEEP_OUTPUTS_HPP
#define WEIR_TOOLS_SWEEP_OUTPUTS_HPP

#include <string>

#include "cli.hpp"
#include "weir/base/result.hpp"

namespace weir::tool {

/// Writes everything that is made of the records in `directory`, and prints the tables.
/// \return  0, or 1 where something was not measured.
result<int> write_and_show(const arguments& args, const std::string& directory);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_OUTPUTS_HPP
