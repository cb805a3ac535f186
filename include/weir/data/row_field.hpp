// weir/data/row_field.hpp - one named field of a CSV or JSON row, as text. Needs simdjson, POSIX.
#ifndef WEIR_DATA_ROW_FIELD_HPP
#define WEIR_DATA_ROW_FIELD_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/data/csv.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/row_format.hpp"

namespace weir::inline v0 {

/// Reads one field of row after row: a column of a CSV, unquoted; a string or number of a JSON object, as it is
/// written.
class row_field {
 public:
  explicit row_field(std::string name) : name_(std::move(name)) {}

  /// Begins a file. \param head  the bytes before its first row, as read_head() gives them.
  /// \return  errc::not_found where a CSV has no such column, errc::invalid_argument where rows have no named fields.
  result<void> begin_file(row_format format, std::string_view head) {
    format_ = format;
    if (format == row_format::jsonl) return {};
    if (format == row_format::lines || head.empty())
      return failure{errc::invalid_argument, "field '" + name_ + "' needs a CSV with a header, or JSON Lines"};
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    if (head.ends_with('\n')) head.remove_suffix(1);
    csv_.parse(head);
    const auto column = std::find(csv_.fields().begin(), csv_.fields().end(), name_);
    if (column == csv_.fields().end()) return no_field("the header has");
    column_ = static_cast<std::size_t>(column - csv_.fields().begin());
    return {};
  }

  /// \param row  without its '\n'. \return  the field's text, valid until the next call; errc::not_found, errc::parse.
  result<std::string_view> operator()(std::string_view row) {
    if (format_ == row_format::csv) {
      csv_.parse(row);
      return csv_.fields()[column_];  // the scanner has made sure that every row has as many fields as the header
    }
    bool found = false;
    const auto read = json_(row, [&](std::string_view name, json_value value) -> result<void> {
      if (name != name_) return {};
      found = !value.is_null();
      return read_text(value_, name, value);
    });
    if (!read) return read.error();
    if (!found) return no_field("the row has");
    return std::string_view(value_);
  }

 private:
  [[nodiscard]] failure no_field(std::string_view who) const {
    return {errc::not_found, std::string(who) + " no field '" + name_ + "'"};
  }

  std::string name_, value_;
  row_format format_ = row_format::lines;
  std::size_t column_ = 0;
  csv_row csv_;
  json_row_reader json_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_ROW_FIELD_HPP
