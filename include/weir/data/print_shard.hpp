// weir/data/print_shard.hpp - one shard of a file or stream, written as it is read. Needs range-v3, simdjson, POSIX.
#ifndef WEIR_DATA_PRINT_SHARD_HPP
#define WEIR_DATA_PRINT_SHARD_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "weir/base/result.hpp"
#include "weir/data/dealer.hpp"
#include "weir/data/output.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/shards.hpp"
#include "weir/data/split.hpp"
#include "weir/data/split_input.hpp"

namespace weir::inline v0 {

/// One shard of an input.
struct shard_request {
  row_format format = row_format::lines;
  bool header = true;  ///< False: a CSV's first record is a row too.
  split_rule rule = {};
  std::uint64_t index = 0;  ///< Below rule.shards.
};

namespace detail {
/// Writes the rows of a view over reader.unheld(), until one cannot be read or written.
template <class View>
void print_rows(View&& rows, byte_sink& out) {
  for (auto* row : rows)
    if (!row->pieces(out) || !out.status()) return;
}

template <class Reader>
result<void> print_by_content(Reader& reader, const shard_request& wanted, const std::string& head, byte_sink& out) {
  dealer deal(wanted.rule);
  if (auto begun = deal.begin_file(wanted.format, head); !begun) return begun;
  for (auto* row : reader.unheld()) {
    const auto owner = deal.owner(*row);
    if (!owner) return owner.error();
    if (*owner == wanted.index && (!row->pieces(out) || !out.status())) break;
  }
  return reader.status();
}

/// \param row_count  only looked at by block.
template <class Reader>
result<void> print_from(Reader& reader, const shard_request& wanted, std::uint64_t row_count, byte_sink& out) {
  const auto head = read_input_head(reader, wanted.format, wanted.header);
  if (!head) return head.error();
  out(*head);
  if (wanted.rule.by_content()) return print_by_content(reader, wanted, *head, out);
  auto rows = reader.unheld();
  const std::uint64_t shards = wanted.rule.shards;
  if (wanted.rule.by == deal_by::block)
    print_rows(block(rows, wanted.index, shards, row_count), out);
  else
    print_rows(shard(rows, static_cast<std::ptrdiff_t>(wanted.index), static_cast<std::ptrdiff_t>(shards)), out);
  return reader.status();
}
}  // namespace detail

/// Writes the head and the rows of one shard to `out`; by stride or block in O(1) memory whatever a row's length.
/// \return  errc::parse for input that is not as its format says, with its line; errc::io for input and output. Rows
///          before a wrong one may have been written.
inline result<void> print_shard(split_input& input, const shard_request& wanted, byte_sink& out) {
  result<std::uint64_t> count = std::uint64_t{0};
  if (wanted.rule.by == deal_by::block) count = input.count_rows(wanted.format, wanted.header);
  if (!count) return count.error();
  const auto printed = with_rows(wanted.format, input.source(), split_limits,
                                 [&](auto& reader) { return detail::print_from(reader, wanted, *count, out); });
  if (auto flushed = out.flush(); !flushed) return flushed;
  return printed ? printed : in_file(input.name(), printed.error());
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_PRINT_SHARD_HPP
