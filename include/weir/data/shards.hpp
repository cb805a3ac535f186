// weir/data/shards.hpp - how rows were dealt, so that they can be put back. Needs range-v3, POSIX; does no I/O itself.
#ifndef WEIR_DATA_SHARDS_HPP
#define WEIR_DATA_SHARDS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/version.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/split.hpp"

namespace weir::inline v0 {

enum class deal_by : unsigned char { stride, block, hash, weight };
[[nodiscard]] constexpr std::string_view to_string(deal_by by) noexcept {
  constexpr std::array<std::string_view, 4> names{"stride", "block", "hash", "weight"};
  return names[static_cast<std::size_t>(by)];
}

[[nodiscard]] constexpr std::optional<deal_by> parse_deal_by(std::string_view text) noexcept {
  for (const auto by : {deal_by::stride, deal_by::block, deal_by::hash, deal_by::weight})
    if (text == to_string(by)) return by;
  return std::nullopt;
}

/// How rows go to shards.
struct split_rule {
  deal_by by = deal_by::stride;
  std::string field = {};    ///< weight: the field that holds it. hash: the field to hash; empty for the whole row.
  std::uint64_t shards = 1;  ///< >= 1
  bool per_file = false;     ///< In a tree: begin anew in each file.

  /// Only then must each row's shard be written down; else its number tells.
  [[nodiscard]] bool by_content() const noexcept { return by == deal_by::hash || by == deal_by::weight; }
};

/// Reads "stride", "block", "hash", "hash=FIELD" or "weight=FIELD" into `by` and `field`.
[[nodiscard]] inline result<split_rule> parse_split_rule(std::string_view text) {
  const auto equals = std::min(text.find('='), text.size());
  const std::string field(text.substr(std::min(equals + 1, text.size())));
  const auto by = parse_deal_by(text.substr(0, equals));
  const bool may_have = by == deal_by::hash || by == deal_by::weight, must_have = by == deal_by::weight;
  const bool has_equals = equals < text.size();
  if (!by || (has_equals && (!may_have || field.empty())) || (!has_equals && must_have))
    return failure{errc::invalid_argument,
                   "'" + std::string(text) + "' is none of stride, block, hash, hash=FIELD, weight=FIELD"};
  return split_rule{.by = *by, .field = field};
}

/// Which shard a row belongs to by its number alone: stride and block.
class row_turns {
 public:
  explicit row_turns(const split_rule& rule) : block_(rule.by == deal_by::block), shards_(rule.shards) {}
  /// Counts rows from 0 again, of `rows` (which only blocks need).
  void restart(std::uint64_t rows) noexcept { row_ = 0, rows_ = rows; }
  /// \return  nothing where a block's rows have all had their turn.
  std::optional<std::uint64_t> next() noexcept {
    const std::uint64_t row = row_++;
    if (!block_) return stride_owner(row, shards_);
    return row < rows_ ? std::optional(block_owner(row, rows_, shards_)) : std::nullopt;
  }

 private:
  bool block_;
  std::uint64_t shards_, row_ = 0, rows_ = 0;
};

/// A file of the input.
struct dealt_file {
  std::string path;  ///< Below the tree's root; the name alone where the input was one file.
  row_format format = row_format::lines;
  bool header = true;   ///< Its first record is a head, kept in each shard.
  bool copied = false;  ///< Whole in each shard, not dealt.
  std::uint64_t rows = 0;
};

/// What shards.json holds.
struct shard_plan {
  split_rule rule;
  bool tree = false;
  std::string extension;  ///< Of the parts' names: ".csv".
  std::vector<dealt_file> files;
  std::vector<std::uint64_t> shard_rows;  ///< [shards]

  [[nodiscard]] std::string part(std::uint64_t index) const { return "shard-" + std::to_string(index) + extension; }
  [[nodiscard]] std::uint64_t rows() const {
    return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                           [](auto sum, auto& f) { return sum + f.rows; });
  }
};
inline constexpr std::string_view shards_name = "shards.json";
inline constexpr std::string_view owners_name = "shards.owners";

/// shards.json's text, one line. Row numbers count from 0 through all files. Row k of part p is, where the part has
/// `first` and `step`, row first + k * step of the input; otherwise the file `owners` tells (see append_owner).
[[nodiscard]] inline std::string to_json(const shard_plan& plan) {
  std::string text;
  json_writer json(text);
  const split_rule& rule = plan.rule;
  json.begin_object().field("type", "shards").field("version", WEIR_VERSION_STRING).field("by", to_string(rule.by));
  if (!rule.field.empty()) json.field("field", rule.field);
  json.field("shards", rule.shards)
      .field("rows", plan.rows())
      .field("tree", plan.tree)
      .field("per_file", rule.per_file);
  json.field("extension", plan.extension);
  if (rule.by_content()) json.field("owners", owners_name);
  json.key("parts").begin_array();
  for (std::uint64_t i = 0; i < rule.shards; ++i) {
    json.begin_object().field("name", plan.part(i)).field("rows", plan.shard_rows[i]);
    if (!rule.by_content() && !rule.per_file) {
      const bool block = rule.by == deal_by::block;
      json.field("first", block ? block_begin(i, plan.rows(), rule.shards) : i);
      json.field("step", block ? 1 : rule.shards);
    }
    json.end_object();
  }
  json.end_array().key("files").begin_array();
  for (const auto& f : plan.files) {
    json.begin_object().field("path", f.path).field("copied", f.copied);
    if (!f.copied) json.field("format", to_string(f.format)).field("header", f.header).field("rows", f.rows);
    json.end_object();
  }
  json.end_array().end_object();
  return text + "\n";
}

namespace detail {
inline constexpr std::string_view owner_digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
}
/// How many digits an owner takes: 1 up to 64 shards, 2 up to 4,096, ...
[[nodiscard]] constexpr std::size_t owner_width(std::uint64_t shards) noexcept {
  std::size_t width = 1;
  while (shards > 64) shards = (shards + 63) / 64, ++width;
  return width;
}
/// Appends the shard of one row to the text of shards.owners: `width` digits to the base 64 (0-9 a-z A-Z - _), the
/// highest first; rows follow one another without a gap.
inline void append_owner(std::string& text, std::uint64_t owner, std::size_t width) {
  for (std::size_t digit = width; digit-- > 0;) text += detail::owner_digits[(owner >> (6 * digit)) % 64];
}
/// \return  nothing where a byte is no digit.
[[nodiscard]] inline std::optional<std::uint64_t> parse_owner(std::string_view digits) {
  std::uint64_t owner = 0;
  for (const char c : digits) {
    const auto value = detail::owner_digits.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    owner = owner * 64 + value;
  }
  return owner;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_SHARDS_HPP
