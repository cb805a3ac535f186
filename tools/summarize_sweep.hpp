// tools/summarize_sweep.hpp - weir-summarize of a sweep's directory, or of results that scripts of batch experiments
// wrote.
#ifndef WEIR_TOOLS_SUMMARIZE_SWEEP_HPP
#define WEIR_TOOLS_SUMMARIZE_SWEEP_HPP

#include <optional>

#include "cli.hpp"
#include "weir/base/result.hpp"

namespace weir::tool {

/// \return  nothing where the operand is neither.
std::optional<result<int>> summarize_sweep(const arguments& args);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SUMMARIZE_SWEEP_HPP
