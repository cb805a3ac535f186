// weir/trace/ascend_steps.hpp - reads step_trace_time.csv: where Ascend's profiler says that the time of steps went.
// Needs POSIX.
#ifndef WEIR_TRACE_ASCEND_STEPS_HPP
#define WEIR_TRACE_ASCEND_STEPS_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/trim.hpp"
#include "weir/data/csv.hpp"
#include "weir/trace/ascend_figures.hpp"
#include "weir/trace/json_cursor.hpp"

namespace weir::inline v0 {

namespace detail {

/// Where each figure of a row stands.
struct ascend_step_columns {
  struct place {
    double ascend_step::* figure;
    std::size_t column;
  };
  std::vector<place> figures;
  std::optional<std::size_t> step, type, index;
};

inline result<ascend_step_columns> ascend_columns_of(const csv_reader& table) {
  struct named {
    std::string_view name;
    double ascend_step::* figure;
    bool needed;
  };
  constexpr named names[] = {{"Computing", &ascend_step::computing, true},
                             {"Communication(Not Overlapped)", &ascend_step::exposed, true},
                             {"Overlapped", &ascend_step::overlapped, true},
                             {"Communication", &ascend_step::communication, true},
                             {"Free", &ascend_step::free, true},
                             {"Stage", &ascend_step::stage, false},
                             {"Bubble", &ascend_step::bubble, false},
                             {"Preparing", &ascend_step::preparing, false}};
  ascend_step_columns out;
  for (const auto& n : names) {
    const auto at = table.column(n.name);
    if (at) out.figures.push_back({n.figure, *at});
    if (!at && n.needed) return at.error();
  }
  const auto optional = [&](std::string_view name) {
    const auto at = table.column(name);
    return at ? std::optional(*at) : std::nullopt;
  };
  out.step = optional("Step"), out.type = optional("Type"), out.index = optional("Index");
  return out;
}

/// Whether the figures that every table has are there, and the communication is what is said to be its parts.
inline bool is_sound(const ascend_step& s) noexcept {
  constexpr double rounding_us = 0.01;
  return std::isfinite(s.length()) && std::abs(s.communication - s.exposed - s.overlapped) <= rounding_us;
}

}  // namespace detail

/// Reads step_trace_time.csv; of cluster_step_trace_time.csv the rows of ranks, not of stages.
/// \return  errc::not_found where it lacks the columns.
inline result<ascend_steps> read_ascend_steps(fd_source source, const std::string& file) {
  auto table = csv_reader::open(std::move(source), file);
  if (!table) return table.error();
  const auto columns = detail::ascend_columns_of(*table);
  if (!columns) return failure{errc::not_found, "no step_trace_time.csv: " + columns.error().detail};
  ascend_steps out;
  while (table->next()) {
    if (columns->type && table->field(*columns->type) != "rank") continue;
    ascend_step row;
    for (const auto& [figure, at] : columns->figures) row.*figure = detail::amount_or_nan(trimmed(table->field(at)));
    if (columns->step) row.step = table->field(*columns->step);
    if (columns->index) row.rank = detail::integer_or(table->field(*columns->index), -1);
    if (detail::is_sound(row))
      out.rows.push_back(std::move(row));
    else if (out.damaged++ == 0)
      out.first_damage = "line " + std::to_string(table->line());
  }
  if (!table->status()) return table->status().error();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_ASCEND_STEPS_HPP
