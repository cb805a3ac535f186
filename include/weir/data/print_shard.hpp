// weir/data/print_shard.hpp - one shard of a file or stream, written as it is read. Needs range-v3, simdjson, POSIX.
#ifndef WEIR_DATA_PRINT_SHARD_HPP
#define WEIR_DATA_PRINT_SHARD_HPP

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

namespace detail {
/// Writes the rows of a view over reader.unheld(), until one cannot be read or written.
template <class View>
void print_rows(View&& rows, byte_sink& out) {
  for (auto* row : rows)
    if (!row->pieces(out) || !out.status()) return;
}

template <class Reader>
result<void> print_dealt_rows(Reader& reader, dealer& deal, std::uint64_t index, byte_sink& out) {
  for (auto* row : reader.unheld()) {
    const auto owner = deal.owner(*row);
    if (!owner) return owner.error();
    if (*owner == index && (!row->pieces(out) || !out.status())) break;
  }
  return {};
}
}  // namespace detail

/// Writes the head and the rows of shard `index` to `out`; by stride or block in O(1) memory whatever a row's length.
///
/// \param has_header  false: a CSV's first record is a row too.
/// \return  errc::parse for input that is not as its format says, with its line; errc::io for input and output.
/// \pre     index < rule.shards.
inline result<void> print_shard(split_input& input, row_format format, bool has_header, const split_rule& rule,
                                std::uint64_t index, byte_sink& out) {
  result<std::uint64_t> count = std::uint64_t{0};
  if (rule.by == deal_by::block) count = input.count_rows(format, has_header);
  if (!count) return count.error();
  const auto printed = with_rows(format, input.source(), split_limits, [&](auto& reader) -> result<void> {
    const auto head = read_input_head(reader, format, has_header);
    if (!head) return head.error();
    out(*head);
    auto rows = reader.unheld();
    if (rule.by == deal_by::stride) {
      detail::print_rows(shard(rows, static_cast<std::ptrdiff_t>(index), static_cast<std::ptrdiff_t>(rule.shards)),
                         out);
    } else if (rule.by == deal_by::block) {
      detail::print_rows(block(rows, index, rule.shards, *count), out);
    } else {
      dealer deal(rule);
      auto done = deal.begin_file(format, *head);
      if (done) done = detail::print_dealt_rows(reader, deal, index, out);
      if (!done) return done;
    }
    return reader.status();
  });
  if (auto flushed = out.flush(); !flushed) return flushed;
  return printed ? printed : in_file(input.name(), printed.error());
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_PRINT_SHARD_HPP
