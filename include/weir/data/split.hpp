// weir/data/split.hpp - deal rows to workers. Needs range-v3; does no I/O.
#ifndef WEIR_DATA_SPLIT_HPP
#define WEIR_DATA_SPLIT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/drop.hpp>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/stride.hpp>
#include <range/v3/view/take.hpp>
#include <range/v3/view/transform.hpp>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"

namespace weir::inline v0 {

/// The rows that worker `index` of `count` evaluates: index, index + count, index + 2 count, ...
///
/// Dealing round-robin (a stride) rather than in blocks keeps the shards within one row of each other and spreads a
/// sorted file's hard end over all workers.
///
///     auto mine = weir::shard(rows, 1, 4);   // rows 1, 5, 9, ...
///
/// \param rows   any input range, shape [n]; a container is borrowed, not copied (a temporary one does not compile).
/// \param index  0 <= index < count.
/// \param count  number of workers, >= 1.
/// \return       a lazy view of ceil((n - index) / count) rows, in input order; empty where index >= n.
/// \pre          0 <= index and 1 <= count; range-v3 asserts both in debug builds.
/// \complexity   nothing is read until iterated; then one pass, O(1) memory, also over a stream of lines.
template <class Rows>
[[nodiscard]] auto shard(Rows&& rows, std::ptrdiff_t index, std::ptrdiff_t count) {
  return std::forward<Rows>(rows) | ranges::views::drop(index) | ranges::views::stride(count);
}

/// Which of `count` workers evaluates row `row` when rows are dealt by stride: the inverse of shard().
[[nodiscard]] constexpr std::uint64_t stride_owner(std::uint64_t row, std::uint64_t count) noexcept {
  return row % count;
}

/// The size of each of `count` shards of `rows` rows: differs by at most one, and sums to `rows`. By stride or block.
[[nodiscard]] inline std::vector<std::uint64_t> shard_sizes(std::uint64_t rows, std::uint64_t count) {
  const auto size_of = [=](std::uint64_t i) { return rows / count + (i < rows % count ? 1 : 0); };
  return ranges::views::iota(std::uint64_t{0}, count) | ranges::views::transform(size_of) | ranges::to<std::vector>();
}

/// The first row of block `index` of `count`; that of index == count is `rows`.
[[nodiscard]] constexpr std::uint64_t block_begin(std::uint64_t index, std::uint64_t rows,
                                                  std::uint64_t count) noexcept {
  return index * (rows / count) + std::min(index, rows % count);
}

/// Which of `count` workers evaluates row `row` of `rows` when each gets one run of neighbours. \pre  row < rows.
[[nodiscard]] constexpr std::uint64_t block_owner(std::uint64_t row, std::uint64_t rows, std::uint64_t count) noexcept {
  const std::uint64_t size = rows / count, longer = rows % count;  // `longer` blocks of size + 1, then blocks of size
  const std::uint64_t in_longer = longer * (size + 1);
  return row < in_longer ? row / (size + 1) : longer + (row - in_longer) / size;
}

/// The rows of block `index` of `count`, lazily; `row_count` must be known beforehand.
template <class Rows>
[[nodiscard]] auto block(Rows&& rows, std::uint64_t index, std::uint64_t count, std::uint64_t row_count) {
  const std::uint64_t begin = block_begin(index, row_count, count), end = block_begin(index + 1, row_count, count);
  return std::forward<Rows>(rows) | ranges::views::drop(static_cast<std::ptrdiff_t>(begin)) |
         ranges::views::take(static_cast<std::ptrdiff_t>(end - begin));
}

/// Which of `count` workers evaluates the row with this key: the same wherever the row stands and whatever else the
/// file holds. Sizes differ as chance has it.
[[nodiscard]] constexpr std::uint64_t hash_owner(std::string_view key, std::uint64_t count) noexcept {
  return hash64(key) % count;
}

/// Deals rows of unequal weight: each goes to the worker that has the least so far (of several, the one with fewer
/// rows; of several of these, the first). Equal weights so give a stride.
///
/// It needs one pass and no look ahead, so it works on a stream and keeps the input's order. The heaviest and the
/// lightest shard differ by no more than the heaviest row.
///
/// \source  R. L. Graham, "Bounds for certain multiprocessing anomalies", 1966 (list scheduling: at most 2 - 1/count
///          times the best possible maximum).
class least_loaded {
 public:
  /// \param count  number of workers, >= 1.
  explicit least_loaded(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) workers_.emplace(0.0, 0, i);
  }
  /// \param weight  >= 0 and finite. \return  the worker. \complexity  O(log count).
  std::uint64_t owner(double weight) {
    const auto [load, rows, index] = workers_.top();
    workers_.pop();
    workers_.emplace(load + weight, rows + 1, index);
    return index;
  }

 private:
  using worker = std::tuple<double, std::uint64_t, std::uint64_t>;  // load, rows, index
  std::priority_queue<worker, std::vector<worker>, std::greater<>> workers_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_SPLIT_HPP
