// tools/sweep_measure.hpp - the part of weir-sweep that loads a served cell's servers.
#ifndef WEIR_TOOLS_SWEEP_MEASURE_HPP
#define WEIR_TOOLS_SWEEP_MEASURE_HPP

#include <string>

#include "weir/base/result.hpp"

namespace weir::tool {

/// weir-sweep measure DIR, with WEIR_ENDPOINTS: runs every point of DIR/cell.json and writes DIR/measure.jsonl.
/// \return  0, 1 where a point failed, or 128 + the signal that ended it.
result<int> measure_cell(const std::string& directory);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_MEASURE_HPP
