// weir/data/dealer.hpp - decides, row by row, which shard a row belongs to. Needs range-v3, simdjson, POSIX.
#ifndef WEIR_DATA_DEALER_HPP
#define WEIR_DATA_DEALER_HPP

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/data/row_field.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/shards.hpp"
#include "weir/data/split.hpp"

namespace weir::inline v0 {

/// Applies a split_rule to rows of one file after the other.
class dealer {
 public:
  /// \param rows  of all files together; only dealing by block looks at it.
  explicit dealer(split_rule rule, std::uint64_t rows = 0)
      : rule_(std::move(rule)), turns_(rule_), loads_(rule_.shards) {
    turns_.restart(rows);
    if (!rule_.field.empty()) field_.emplace(rule_.field);
  }

  /// \param head  the bytes before the file's first row. \param rows  in this file; only per_file looks at it.
  result<void> begin_file(row_format format, std::string_view head, std::uint64_t rows = 0) {
    if (rule_.per_file) turns_.restart(rows), loads_ = least_loaded(rule_.shards);
    return field_ ? field_->begin_file(format, head) : result<void>{};
  }

  /// The shard of the reader's current row, which is held in memory only where its content decides.
  /// \return  errc::parse, errc::not_found where the field is no weight or not there; the line is named.
  template <class Reader>
  result<std::uint64_t> owner(Reader& row) {
    if (!rule_.by_content()) {
      if (const auto turn = turns_.next()) return *turn;
      return failure{errc::parse, "more rows than were counted before: it grew while it was read"};
    }
    if (!row.hold()) return row.status().error();
    const auto key = field_ ? (*field_)(row.text()) : without_return(row.text());
    if (!key) return at_line(row.line(), key.error());
    if (rule_.by == deal_by::hash) return hash_owner(*key, rule_.shards);
    const auto weight = parse_number<double>(*key);
    if (weight && std::isfinite(*weight) && *weight >= 0) return loads_.owner(*weight);
    return at_line(row.line(), {errc::parse, "'" + std::string(key->substr(0, 40)) + "' in field '" + rule_.field +
                                                 "' is not a weight: a number of at least 0"});
  }

 private:
  /// A row hashes the same whether its line ends in "\n" or "\r\n".
  static result<std::string_view> without_return(std::string_view row) {
    return row.ends_with('\r') ? row.substr(0, row.size() - 1) : row;
  }
  static failure at_line(std::uint64_t line, const failure& what) {
    return {what.code, "line " + std::to_string(line) + ": " + what.detail};
  }

  split_rule rule_;
  row_turns turns_;
  least_loaded loads_;
  std::optional<row_field> field_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DEALER_HPP
