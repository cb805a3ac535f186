// weir/report/table_data.hpp - tables for programs: CSV, TSV and JSON. Needs the standard library only.
#ifndef WEIR_REPORT_TABLE_DATA_HPP
#define WEIR_REPORT_TABLE_DATA_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "weir/base/json_write.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {
namespace detail {

/// \source  RFC 4180, section 2: a field with a comma, a quote or a line end stands in quotes, quotes doubled.
inline void append_csv_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out.push_back('"');
}

/// A TSV field has no way to quote: tab, line ends and backslash are written as \t, \n, \r and two backslashes.
inline void append_tsv_field(std::string& out, std::string_view text) {
  for (const char c : text) {
    constexpr std::string_view special = "\t\n\r\\", letters = "tnr\\";
    const auto at = special.find(c);
    if (at != special.npos) out.push_back('\\');
    out.push_back(at == special.npos ? c : letters[at]);
  }
}

template <class AppendField>
void append_separated(std::string& out, const table& t, char separator, AppendField&& append_field) {
  for (std::size_t i = 0; i < t.columns.size(); ++i) {
    if (i > 0) out.push_back(separator);
    append_field(out, t.columns[i].header());
  }
  out.push_back('\n');
  for (const auto& row : t.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out.push_back(separator);
      append_field(out, row[i].shown());
    }
    out.push_back('\n');
  }
}

}  // namespace detail

/// Appends `t` as CSV with a header line. A missing value is an empty field; its reason does not fit in here.
inline void append_csv(std::string& out, const table& t) {
  detail::append_separated(out, t, ',', detail::append_csv_field);
}

/// Appends `t` as tab-separated values with a header line.
inline void append_tsv(std::string& out, const table& t) {
  detail::append_separated(out, t, '\t', detail::append_tsv_field);
}

/// Writes `t` as {"title", "columns": [{"name","unit"}], "rows": [{name: value}], "missing":
/// [{"row","column","reason"}]}. Numbers have the digits that the other formats show. An infinity, which JSON can't
/// say, is null and stands in `missing`.
inline void write_json(json_writer& json, const table& t) {
  const auto no_json_number = [](const cell& c) { return c.shown().find("inf") != std::string_view::npos; };
  json.begin_object();
  if (!t.title.empty()) json.field("title", t.title);
  json.key("columns").begin_array();
  for (const auto& c : t.columns) {
    json.begin_object().field("name", c.name);
    if (!c.unit.empty()) json.field("unit", c.unit);
    json.end_object();
  }
  json.end_array().key("rows").begin_array();
  for (const auto& row : t.rows) {
    json.begin_object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      json.key(t.columns[i].name);
      if (row[i].is(cell::kind::text))
        json.value(row[i].shown());
      else if (row[i].is(cell::kind::missing) || no_json_number(row[i]))
        json.value(nullptr);
      else
        json.raw(row[i].shown());
    }
    json.end_object();
  }
  json.end_array().key("missing").begin_array();
  for (std::size_t r = 0; r < t.rows.size(); ++r)
    for (std::size_t i = 0; i < t.rows[r].size(); ++i) {
      const auto& c = t.rows[r][i];
      const bool infinite = c.is(cell::kind::number) && no_json_number(c);
      if (!infinite && !c.is(cell::kind::missing)) continue;
      json.begin_object().field("row", r).field("column", t.columns[i].name);
      json.field("reason", infinite ? "infinite" : c.reason()).end_object();
    }
  json.end_array().end_object();
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_TABLE_DATA_HPP
