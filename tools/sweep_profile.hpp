// tools/sweep_profile.hpp - the part of weir-sweep that looks at profiles.
#ifndef WEIR_TOOLS_SWEEP_PROFILE_HPP
#define WEIR_TOOLS_SWEEP_PROFILE_HPP

#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"

namespace weir::tool {

/// See look_at_cell_profile.
void look_at_profile(const cell_job& job, cell_record& record);

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SWEEP_PROFILE_HPP
