// weir/stats/value_list.hpp - a list of values that grows and merges without moving them. Needs the standard library
// only.
#ifndef WEIR_STATS_VALUE_LIST_HPP
#define WEIR_STATS_VALUE_LIST_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "weir/stats/moments.hpp"

namespace weir::inline v0 {

/// Values in blocks of 8 KiB. A vector of millions would be copied as it grows, and again to be merged; here only what
/// does not fill a block is. Who asks several things of all values asks them of one block after the other, while it is
/// in the cache.
class value_list {
 public:
  static constexpr std::size_t block_size = 1024;

  void push_back(double value) {
    if (used_ == open_.size()) make_room();
    open_[used_++] = value;
  }
  void append(std::span<const double> values) {
    while (!values.empty()) {
      if (used_ == open_.size()) make_room();
      const auto part = values.first(std::min(values.size(), open_.size() - used_));
      std::ranges::copy(part, open_.begin() + static_cast<std::ptrdiff_t>(used_));
      used_ += part.size();
      values = values.subspan(part.size());
    }
  }
  /// Takes the values of another list. \complexity  a pointer for each full block.
  void append(value_list&& other) {
    if (empty()) std::swap(*this, other);
    full_.insert(full_.end(), std::move_iterator(other.full_.begin()), std::move_iterator(other.full_.end()));
    in_full_ += other.in_full_;
    of_full_.add(other.of_full_);
    append(other.last());
    other = {};
  }

  [[nodiscard]] std::size_t size() const noexcept { return in_full_ + used_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  /// Calls `each` with a span of the values of every block.
  template <class Each>
  void for_each_block(Each&& each) const {
    for (const auto& values : full_) each(std::span<const double>(values));
    if (used_ > 0) each(last());
  }
  /// The least and the greatest value. \complexity  O(1).
  [[nodiscard]] value_extent extent() const noexcept {
    auto all = of_full_;
    all.add(last());
    return all;
  }

 private:
  [[nodiscard]] std::span<const double> last() const noexcept { return std::span(open_).first(used_); }
  void make_room() {
    if (open_.size() < block_size) return open_.resize(std::max<std::size_t>(4, 2 * open_.size()));
    of_full_.add(open_);
    full_.push_back(std::exchange(open_, block(block_size)));
    in_full_ += block_size;
    used_ = 0;
  }

  using block = std::vector<double>;
  std::vector<block> full_;
  std::size_t in_full_ = 0;  // values
  value_extent of_full_;
  block open_;  // as large as there is room in it: a few values take little
  std::size_t used_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_STATS_VALUE_LIST_HPP
