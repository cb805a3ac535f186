// weir/trace/report_text.hpp - a trace report in each format. Needs weir/report.
#ifndef WEIR_TRACE_REPORT_TEXT_HPP
#define WEIR_TRACE_REPORT_TEXT_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/report/summary_text.hpp"
#include "weir/report/table.hpp"
#include "weir/report/table_data.hpp"
#include "weir/report/table_text.hpp"

namespace weir::inline v0 {

/// Tables as one text. csv and tsv have one blank line between tables; json is {"tables":[...],"notes":[...]}.
/// \param width  of the terminal, for txt; 0: any.
[[nodiscard]] inline std::string render_tables(const std::vector<table>& tables, const std::vector<std::string>& notes,
                                               report_format format, std::size_t width = 0) {
  std::string out;
  if (format == report_format::json) {
    json_writer json(out);
    json.begin_object().key("tables").begin_array();
    for (const auto& t : tables) write_json(json, t);
    json.end_array().key("notes").begin_array();
    for (const auto& note : notes) json.value(note);
    json.end_array().end_object();
    out.push_back('\n');
    return out;
  }
  for (const auto& t : tables) {
    if (!out.empty()) out.push_back('\n');
    if (format == report_format::csv) append_csv(out, t);
    if (format == report_format::tsv) append_tsv(out, t);
    if (format == report_format::md) append_markdown(out, t);
    if (format == report_format::txt) append_text(out, t, width);
  }
  if (notes.empty() || format == report_format::csv || format == report_format::tsv) return out;
  out.push_back('\n');
  for (const auto& note : notes)
    out.append("- ")
        .append(format == report_format::md ? detail::escape_markdown(note) : detail::without_controls(note))
        .push_back('\n');
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_REPORT_TEXT_HPP
