// weir/report/hash_set.hpp - remembers which hashes were seen. Needs the standard library only.
#ifndef WEIR_REPORT_HASH_SET_HPP
#define WEIR_REPORT_HASH_SET_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::inline v0 {

/// A set of 64-bit hashes: 12 to 24 bytes each, where std::unordered_set takes 40.
///
/// Nearly every hash is new. A filter of one byte a slot says so of most of them at once; these wait until there are
/// some of them, and go into the table together, so that its cache misses overlap.
class hash_set {
 public:
  /// Says that `hash` will be inserted soon, so that memory can be on its way.
  void expect(std::uint64_t hash) const noexcept {
    if (!filter_.empty()) __builtin_prefetch(&filter_[word_of(hash)], 1);
  }
  /// \return  whether `hash` was new. \pre its bits are well mixed (see base/hash.hpp). \complexity O(1), amortised.
  bool insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;  // 0 marks a free slot
    if (4 * (count_ + waiting_ + 1) > 3 * slots_.size()) grow();
    const std::uint64_t bits = marks(hash);
    std::uint64_t& word = filter_[word_of(hash)];
    if ((word & bits) != bits) {  // surely new
      word |= bits;
      wait_[waiting_++] = hash;
      if (waiting_ == wait_.size()) place_waiting();
      return true;
    }
    place_waiting();
    return place(hash);
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_ + waiting_; }

 private:
  /// Three bits of one word of the filter, from bits of the hash that choose no slot of a table that fits in memory.
  static constexpr std::uint64_t marks(std::uint64_t hash) noexcept {
    return std::uint64_t{1} << (hash >> 58) | std::uint64_t{1} << (hash >> 52 & 63) |
           std::uint64_t{1} << (hash >> 46 & 63);
  }
  [[nodiscard]] std::size_t word_of(std::uint64_t hash) const noexcept { return (hash >> 8) & (filter_.size() - 1); }

  void place_waiting() noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < waiting_; ++i) __builtin_prefetch(&slots_[wait_[i] & mask], 1);
    for (std::size_t i = 0; i < waiting_; ++i) place(wait_[i]);
    waiting_ = 0;
  }
  /// \return  whether it was not there.
  bool place(std::uint64_t hash) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
    const bool fresh = slots_[at] == 0;
    slots_[at] = hash;
    count_ += fresh;
    return fresh;
  }
  void grow() {
    if (!slots_.empty()) place_waiting();
    const std::vector<std::uint64_t> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : 2 * old.size(), 0);
    filter_.assign(slots_.size() / 8, 0);
    count_ = 0;
    for (const auto hash : old) {
      if (hash == 0) continue;
      filter_[word_of(hash)] |= marks(hash);
      wait_[waiting_++] = hash;
      if (waiting_ == wait_.size()) place_waiting();
    }
    place_waiting();
  }

  std::vector<std::uint64_t> slots_;   // a power of two of them, or none
  std::vector<std::uint64_t> filter_;  // what is not marked here is neither in a slot nor waiting
  std::size_t count_ = 0;              // in slots
  std::array<std::uint64_t, 64> wait_{};
  std::size_t waiting_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_HASH_SET_HPP
