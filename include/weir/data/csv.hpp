// weir/data/csv.hpp - the records and fields of comma-separated files. Needs POSIX (for descriptors).
//
// Source: RFC 4180. Where a file breaks the RFC (a quote inside an unquoted field, text after a closing quote), records
// and fields are those of Python's csv module; only a '\r' alone ends no record here.
#ifndef WEIR_DATA_CSV_HPP
#define WEIR_DATA_CSV_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/source.hpp"

namespace weir::inline v0 {

namespace detail {
/// The first ',' or '\n' in [at, end), or `end`. Eight bytes at a time: a byte of `word ^ pattern` is 0 where it
/// matches.
inline const char* find_comma_or_newline(const char* at, const char* end) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U, highs = 0x8080808080808080U;
  const auto zero_bytes = [](std::uint64_t x) { return (x - ones) & ~x & highs; };
  for (; end - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if ((zero_bytes(word ^ (ones * ',')) | zero_bytes(word ^ (ones * '\n'))) != 0) break;
  }
  return std::find_if(at, end, [](char c) { return c == ',' || c == '\n'; });
}
}  // namespace detail

/// Tells where a CSV record ends: at a '\n' outside quotes. Checks that each record has as many fields as the first
/// one, and that quotes are closed.
class csv_scanner {
 public:
  void begin_row() noexcept { state_ = at::field_start, commas_ = 0, inner_lines_ = 0; }

  /// \return  the number of bytes up to and with the record's end; npos where the record goes on after `bytes`.
  std::size_t find_end(std::string_view bytes) noexcept {
    const char* p = bytes.data();
    const char* const end = p + bytes.size();
    while (p != end) {
      if (state_ == at::quoted) {
        p = in_quotes(p, end);
        continue;
      }
      if (*p == '"' && (state_ == at::field_start || state_ == at::after_quote)) {
        if (state_ == at::field_start) opened_ = inner_lines_;
        state_ = at::quoted;  // opens a field, or is the second of a doubled quote
        ++p;
        continue;
      }
      state_ = at::plain;
      p = detail::find_comma_or_newline(p, end);
      if (p == end) break;
      if (*p++ == '\n') return static_cast<std::size_t>(p - bytes.data());
      ++commas_;
      state_ = at::field_start;
    }
    return std::string_view::npos;
  }

  /// \return  errc::parse naming the line of a quote that never closes, or of a record with another number of fields.
  std::optional<failure> end_row(std::uint64_t first_line) {
    const std::uint64_t fields = commas_ + 1;
    if (state_ == at::quoted)
      return failure{errc::parse,
                     "line " + std::to_string(first_line + opened_) + ": a quoted field opens and never ends"};
    if (expected_ == 0) expected_ = fields;
    if (fields == expected_) return std::nullopt;
    return failure{errc::parse, "line " + std::to_string(first_line) + " has " + std::to_string(fields) +
                                    (fields == 1 ? " field" : " fields") + ", the first row has " +
                                    std::to_string(expected_)};
  }
  [[nodiscard]] std::uint64_t inner_lines() const noexcept { return inner_lines_; }

 private:
  enum class at : unsigned char { field_start, plain, quoted, after_quote };

  const char* in_quotes(const char* p, const char* end) noexcept {
    const auto* quote = static_cast<const char*>(std::memchr(p, '"', static_cast<std::size_t>(end - p)));
    const char* const stop = quote == nullptr ? end : quote;
    inner_lines_ += static_cast<std::uint64_t>(std::count(p, stop, '\n'));
    if (quote == nullptr) return end;
    state_ = at::after_quote;
    return quote + 1;
  }

  at state_ = at::field_start;
  std::uint64_t commas_ = 0, inner_lines_ = 0, opened_ = 0;
  std::uint64_t expected_ = 0;  // fields of the first record; 0 before it
};
/// The fields of one record, unquoted. Views into the record, or into the row's own memory where quotes were doubled.
class csv_row {
 public:
  /// \param record  without its '\n'; a '\r' at its end is dropped. Must outlive the fields.
  void parse(std::string_view record) {
    if (record.ends_with('\r')) record.remove_suffix(1);
    fields_.clear();
    unquoted_.clear();
    unquoted_.reserve(record.size());  // never grows below: the views into it stay
    for (bool more = true; more;) {
      const bool quoted = record.starts_with('"');
      const std::size_t length = quoted ? append_quoted(record) : std::min(record.find(','), record.size());
      if (!quoted) fields_.push_back(record.substr(0, length));
      more = length < record.size();
      record.remove_prefix(std::min(length + 1, record.size()));
    }
  }
  [[nodiscard]] std::span<const std::string_view> fields() const noexcept { return fields_; }

 private:
  /// \return  the number of bytes up to the comma or end after the quoted field at the start of `record`.
  std::size_t append_quoted(std::string_view record) {
    const std::size_t begin = unquoted_.size();
    std::size_t at = 1;
    for (;;) {
      const std::size_t quote = std::min(record.find('"', at), record.size());
      unquoted_.append(record.substr(at, quote - at));
      at = std::min(quote + 1, record.size());
      if (at == record.size() || record[at] != '"') break;
      unquoted_.push_back('"');
      ++at;
    }
    const std::size_t comma = std::min(record.find(',', at), record.size());  // text after the closing quote is kept
    unquoted_.append(record.substr(at, comma - at));
    fields_.push_back(std::string_view(unquoted_).substr(begin));
    return comma;
  }

  std::vector<std::string_view> fields_;
  std::string unquoted_;
};

/// Rows of a CSV as records of any byte source; see csv_reader for fields.
using csv_records = basic_row_reader<csv_scanner, fd_source>;

/// Reads a CSV with a header, record by record.
///
///     auto table = weir::open_csv("val/law.csv");
///     if (!table) return table.error();
///     const auto question = table->column("question");
///     if (!question) return question.error();  // says which columns there are
///     while (table->next()) use(table->field(*question));
///     if (!table->status()) return table->status().error();  // names the line of a missing field, an open quote
class csv_reader {
 public:
  /// Reads the header. \return  errc::parse where there is none.
  static result<csv_reader> open(fd_source source, std::string name, row_limits limits = {}) {
    csv_reader reader(csv_records(std::move(source), limits), std::move(name));
    if (!reader.next())
      return reader.status_ ? failure{errc::parse, reader.name_ + " is empty: a CSV begins with a header"}
                            : reader.status_.error();
    for (const auto field : reader.row_.fields()) reader.header_.emplace_back(field);
    return reader;
  }

  [[nodiscard]] std::span<const std::string> header() const noexcept { return header_; }
  /// The place of the column called `name`; errc::not_found lists the columns there are.
  [[nodiscard]] result<std::size_t> column(std::string_view name) const {
    const auto it = std::find(header_.begin(), header_.end(), name);
    if (it != header_.end()) return static_cast<std::size_t>(it - header_.begin());
    std::string known;
    for (const auto& other : header_) known += (known.empty() ? "" : ", ") + other;
    return failure{errc::not_found, name_ + " has no column '" + std::string(name) + "'; it has " + known};
  }

  /// \return  false after the last record and on a failure: see status().
  bool next() {
    std::string_view record;
    if (records_.next(record)) return row_.parse(record), true;
    if (!records_.status()) status_ = in_file(name_, records_.status().error());
    return false;
  }
  /// Field `column` of the current record; valid until next(). \pre  column < header().size()
  [[nodiscard]] std::string_view field(std::size_t column) const noexcept { return row_.fields()[column]; }
  /// The first line of the current record, from 1 (the header's).
  [[nodiscard]] std::uint64_t line() const noexcept { return records_.line(); }
  [[nodiscard]] const result<void>& status() const noexcept { return status_; }

 private:
  csv_reader(csv_records records, std::string name) : records_(std::move(records)), name_(std::move(name)) {}

  csv_records records_;
  std::string name_;
  csv_row row_;
  std::vector<std::string> header_;
  result<void> status_;
};

[[nodiscard]] inline result<csv_reader> open_csv(const std::string& path, row_limits limits = {}) {
  auto fd = open_input(path);
  if (!fd) return fd.error();
  return csv_reader::open(fd_source(*std::move(fd), path), path, limits);
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_CSV_HPP
