// The look at a profiled run; the one translation unit of weir-sweep that reads traces.
#include "sweep_profile.hpp"

#include "weir/run/cell_profile.hpp"

namespace weir::tool {

void look_at_profile(const cell_job& job, cell_record& record) {
  look_at_cell_profile(job, record);
}

}  // namespace weir::tool
