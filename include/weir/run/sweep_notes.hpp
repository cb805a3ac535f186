// weir/run/sweep_notes.hpp - what a reader of a sweep's tables must know: what may be wrong with them. Needs POSIX and
// simdjson.
#ifndef WEIR_RUN_SWEEP_NOTES_HPP
#define WEIR_RUN_SWEEP_NOTES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/units.hpp"
#include "weir/report/table.hpp"
#include "weir/run/sweep_results.hpp"

namespace weir::inline v0 {

namespace detail {

/// Bits of a weight, as a format's name says: 16 of bf16, 8 of fp8, int8 and w8a16, 4 of w4a16 and nvfp4; 0: it does
/// not.
[[nodiscard]] inline int weight_bits(std::string_view format) {
  for (const std::string_view kind : {"w", "bf", "fp", "int"}) {
    const auto at = format.find(kind);
    if (at == format.npos || (kind == "w" && at > 0)) continue;
    const auto digits = format.substr(at + kind.size());
    const auto end = std::min(digits.find_first_not_of("0123456789"), digits.size());
    if (const auto bits = parse_number<int>(digits.substr(0, end))) return *bits;
  }
  return 0;
}

/// What to say of cells whose formats are `a` and `b` and whose weights have the same bytes; empty: nothing, as they
/// should.
[[nodiscard]] inline std::string_view equal_weights_mean(std::string_view a, std::string_view b) {
  const int x = weight_bits(a), y = weight_bits(b);
  if (x == 0 || y == 0) return "where their formats are of different widths, one was not quantized as its name says";
  return x == y ? "" : "one of the two was not quantized as its name says";
}

/// Cells of one model and plan whose weights have the same bytes although their formats' widths differ: in one of them
/// the quantization did nothing.
inline void note_equal_weights(std::vector<std::string>& notes, const std::vector<cell_record>& records) {
  std::vector<std::string> told;
  for (std::size_t i = 0; i < records.size(); ++i)
    for (std::size_t k = i + 1; k < records.size(); ++k) {
      const auto &a = records[i], &b = records[k];
      if (a.profiled || b.profiled || a.cell.model != b.cell.model || a.cell.quant == b.cell.quant) continue;
      if (a.cell.values.text("tp") != b.cell.values.text("tp") || a.cell.values.text("pp") != b.cell.values.text("pp"))
        continue;
      const double x = a.engine.weights_bytes, y = b.engine.weights_bytes;
      if (!(std::abs(x - y) <= 0.005 * std::max(x, y)) ||
          a.engine.weights_from.substr(0, 3) != b.engine.weights_from.substr(0, 3))
        continue;
      const auto meaning = equal_weights_mean(a.cell.quant, b.cell.quant);
      const std::string pair = a.cell.name + " and " + b.cell.name;
      if (meaning.empty() || std::find(told.begin(), told.end(), pair) != told.end()) continue;
      told.push_back(pair);
      notes.push_back(pair + " loaded equally many bytes of weights (" +
                      std::string(weir::cell::number(x / 1073741824.0, 2).shown()) + " GiB): " + std::string(meaning));
    }
}

/// What the runs' records say; what several say is told once.
inline void note_runs(std::vector<std::string>& notes, const std::vector<cell_record>& records) {
  struct told {
    std::string_view note;
    std::string first;
    std::size_t runs;
  };
  std::vector<told> all;
  for (const auto& r : records)
    for (const auto& note : r.notes) {
      const auto known = std::ranges::find(all, std::string_view(note), &told::note);
      if (known == all.end())
        all.push_back({note, r.name(), 1});
      else
        ++known->runs;
    }
  for (const auto& each : all)
    notes.push_back((each.runs == 1 ? each.first : std::to_string(each.runs) + " runs (" + each.first + ", ...)") +
                    ": " + std::string(each.note));
}

inline void note_cells(std::vector<std::string>& notes, const std::vector<cell_record>& records) {
  for (const auto& r : records) {
    if (!r.devices_after.empty() && r.devices_after != "empty" && r.devices_after != "none" &&
        r.devices_after != "nobody looked")
      notes.push_back("after " + r.name() + " its devices were not empty: " + r.devices_after);
    if (r.profiled && r.profile.empty)
      notes.push_back("the profile of " + r.cell.name + " is empty: " + r.profile.reason);
  }
  note_runs(notes, records);
}

inline void note_rows(std::vector<std::string>& notes, const std::vector<result_row>& rows) {
  std::size_t doubtful = 0, once = 0;
  std::string first;
  for (const auto& row : rows) {
    once += row.done == 1;
    if (row.verdict.empty() || row.verdict == "VALID") continue;
    if (doubtful++ == 0) first = row.cell().name + ", " + row.point.name + ": " + row.verdict;
    if (const double errors = row.mean("error_rate"); errors > 0)
      notes.push_back(row.cell().name + ", " + row.point.name + ": " +
                      std::string(weir::cell::number(errors * 100, 2).shown()) + " % of the requests failed");
  }
  if (doubtful > 0)
    notes.push_back("the load generator does not vouch for " + std::to_string(doubtful) + " points (" + first +
                    ", ...): the reasons stand in cells/*/measure.jsonl");
  if (once > 1)
    notes.push_back(
        "one run a cell: how much a figure would differ in another start of the same engine is not known; "
        "num_runs says how often a cell is started");
}

}  // namespace detail

/// The notes below the tables, most serious first.
[[nodiscard]] inline std::vector<std::string> notes_of(const sweep_results& all, const std::vector<result_row>& rows) {
  std::vector<std::string> notes;
  for (const auto& why : all.unreadable) notes.push_back("a record can't be read: " + why);
  detail::note_equal_weights(notes, all.records);
  detail::note_cells(notes, all.records);
  detail::note_rows(notes, rows);
  if (std::any_of(all.records.begin(), all.records.end(), [](const auto& r) { return r.profiled; }))
    notes.emplace_back("profiled runs are in no table: a profiler slows what it looks at");
  return notes;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_NOTES_HPP
