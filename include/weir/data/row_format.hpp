// weir/data/row_format.hpp - what a row of a file is, and what stands before the first. Needs POSIX (for descriptors).
#ifndef WEIR_DATA_ROW_FORMAT_HPP
#define WEIR_DATA_ROW_FORMAT_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/data/csv.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/source.hpp"

namespace weir::inline v0 {

enum class row_format : unsigned char {
  lines,  ///< A row is a line.
  jsonl,  ///< A row is a line; a run record on the first line is a head, as every filter keeps it.
  csv,    ///< A row is a record, with quoted newlines; the first is a head.
};
[[nodiscard]] constexpr std::string_view to_string(row_format f) noexcept {
  constexpr std::array<std::string_view, 3> names{"lines", "jsonl", "csv"};
  return names[static_cast<std::size_t>(f)];
}
[[nodiscard]] inline result<row_format> parse_row_format(std::string_view text) {
  for (const auto f : {row_format::lines, row_format::jsonl, row_format::csv})
    if (text == to_string(f)) return f;
  return failure{errc::invalid_argument, "'" + std::string(text) + "' is not a format: lines, jsonl or csv"};
}

/// The format that a file's extension tells, if it does.
[[nodiscard]] inline std::optional<row_format> format_of(std::string_view path) {
  if (path.ends_with(".csv")) return row_format::csv;
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return row_format::jsonl;
  return std::nullopt;
}

/// Calls `use(reader)` with a reader of the format's rows. \return  what `use` returns: a result.
template <class Use>
auto with_rows(row_format format, fd_source source, row_limits limits, Use&& use) {
  if (format == row_format::csv) {
    csv_records records(std::move(source), limits);
    return use(records);
  }
  row_reader lines(std::move(source), limits);
  return use(lines);
}

/// Reads what stands before the first row and belongs to every shard: a byte order mark, and unless `has_header` is
/// false a CSV header or a run record.
template <class Reader>
result<std::string> read_head(Reader& reader, row_format format, bool has_header) {
  const bool more = !reader.ended();  // from here on the mark is known
  const bool run_record = format == row_format::jsonl && reader.next_starts_with(R"({"type":"run",)");
  std::string head(reader.bom());
  if (more && has_header && (format == row_format::csv || run_record) && reader.advance())
    reader.pieces([&](std::string_view piece) { head += piece; });
  if (!reader.status()) return reader.status().error();
  return head;
}

/// The same for a file that a person gave. \return  errc::parse where it is empty: most likely a mistake upstream.
template <class Reader>
result<std::string> read_input_head(Reader& reader, row_format format, bool has_header) {
  if (reader.ended() && reader.status())
    return failure{errc::parse,
                   format == row_format::csv && has_header ? "empty, not even a header" : "empty, no rows"};
  return read_head(reader, format, has_header);
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_ROW_FORMAT_HPP
