// weir/report/hash_set.hpp - remembers which hashes were seen. Needs the standard library only.
#ifndef WEIR_REPORT_HASH_SET_HPP
#define WEIR_REPORT_HASH_SET_HPP

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// A set of 64-bit hashes: 12 to 24 bytes each, where std::unordered_set takes 40. Its memory is of std::pmr's default
/// resource (see base/huge_pages.hpp).
///
/// Nearly every hash is new. A filter of one byte a slot says so of most of them at once; such a one is put in its
/// place when the next one comes, so that nobody waits for the place to come from memory.
class hash_set {
 public:
  /// Says that `hash` will be inserted soon, so that memory can be on its way.
  void expect(std::uint64_t hash) const noexcept {
    if (!filter_.empty()) __builtin_prefetch(&filter_[slot_of(hash) / slots_a_word], 1);
  }
  /// \return  whether `hash` was new. \pre its bits are well mixed (see base/hash.hpp). \complexity O(1), amortised.
  bool insert(std::uint64_t hash) {
    make_room();
    if (hash == free) hash = 1;
    if (!mark(hash)) return place(hash);
    defer(hash);
    return true;
  }
  /// The same for a hash that is known to be new: nothing is looked up.
  void insert_new(std::uint64_t hash) {
    make_room();
    expect(hash);
    defer(hash == free ? 1 : hash);
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_ + (deferred_ != free); }

 private:
  static constexpr std::uint64_t free = 0;  // what a free slot holds
  static constexpr std::size_t slots_a_word = 8;

  [[nodiscard]] std::size_t slot_of(std::uint64_t hash) const noexcept { return hash & (slots_.size() - 1); }
  /// Sets three bits of one word of the filter, which a hash has from bits that choose no slot of a table that fits in
  /// memory. \return  whether one of them was not set.
  bool mark(std::uint64_t hash) noexcept {
    const std::uint64_t bits = std::uint64_t{1} << (hash >> 58) | std::uint64_t{1} << (hash >> 52 & 63) |
                               std::uint64_t{1} << (hash >> 46 & 63);
    std::uint64_t& word = filter_[slot_of(hash) / slots_a_word];
    return (std::exchange(word, word | bits) & bits) != bits;
  }

  /// Puts `hash`, which is not in the set, in its place later.
  void defer(std::uint64_t hash) noexcept {
    __builtin_prefetch(&slots_[slot_of(hash)], 1);
    deferred_ = hash;
  }
  /// Room for one more, and none deferred.
  void make_room() {
    if (deferred_ != free) mark(deferred_), place(std::exchange(deferred_, free));
    if (4 * (count_ + 1) > 3 * slots_.size()) grow();
  }
  /// \return  whether it was not there.
  bool place(std::uint64_t hash) noexcept {
    std::size_t at = slot_of(hash);
    while (slots_[at] != free && slots_[at] != hash) at = slot_of(at + 1);
    const bool fresh = slots_[at] == free;
    slots_[at] = hash;
    count_ += fresh;
    return fresh;
  }
  /// Twice the slots. In the order of the old ones, the new ones and the filter's words come one after the other.
  void grow() {
    const std::pmr::vector<std::uint64_t> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : 2 * old.size(), free);
    filter_.assign(slots_.size() / slots_a_word, 0);
    count_ = 0;
    for (const auto hash : old)
      if (hash != free) mark(hash), place(hash);
  }

  std::pmr::vector<std::uint64_t> slots_;   // a power of two of them, or none
  std::pmr::vector<std::uint64_t> filter_;  // what is not marked here is in no slot
  std::size_t count_ = 0;                   // in slots
  std::uint64_t deferred_ = free;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_HASH_SET_HPP
