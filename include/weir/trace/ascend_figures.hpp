// weir/trace/ascend_figures.hpp - what Ascend's profilers compute themselves of steps and collectives. Needs the
// standard library only.
#ifndef WEIR_TRACE_ASCEND_FIGURES_HPP
#define WEIR_TRACE_ASCEND_FIGURES_HPP

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace weir::inline v0 {

/// A row of step_trace_time.csv, or of a cluster's. Microseconds; NaN where the table does not tell.
struct ascend_step {
  std::string step;
  std::int64_t rank = -1;  ///< Of a cluster's table; -1: the file's.
  double computing = std::numeric_limits<double>::quiet_NaN(), exposed = computing, overlapped = computing;
  double communication = computing, free = computing, stage = computing, bubble = computing, preparing = computing;

  /// From the step's begin to its end, by its parts.
  [[nodiscard]] double length() const noexcept { return computing + exposed + free; }
};

/// A collective of communication.json as one rank saw it, taken apart. Times in microseconds.
struct ascend_collective {
  std::string step, name, group;  ///< "hcom_allReduce__673_0_1", and what stands behind the '@'.
  std::int64_t rank = -1;         ///< Of a cluster's file; -1: the file's.
  double elapse = 0, transit = 0, wait = 0, synchronization = 0, idle = 0;
  double transit_mb = 0;  ///< Over all links, in 10^6 bytes; what SDMA carries over others is in those.
};

/// The rows of a file that are sound.
template <class Row>
struct ascend_rows {
  std::vector<Row> rows;
  std::uint64_t damaged = 0;  ///< Rows that lack a number, or whose parts are not the whole.
  std::string first_damage;
};

using ascend_steps = ascend_rows<ascend_step>;
using ascend_communication = ascend_rows<ascend_collective>;

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_ASCEND_FIGURES_HPP
