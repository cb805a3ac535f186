// weir/report/hash_set.hpp - remembers which hashes were seen. Needs the standard library only.
#ifndef WEIR_REPORT_HASH_SET_HPP
#define WEIR_REPORT_HASH_SET_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::inline v0 {

/// A set of 64-bit hashes: 11 to 23 bytes each, where std::unordered_set takes 40.
class hash_set {
 public:
  /// \return  whether `hash` was new. \pre its bits are well mixed (see base/hash.hpp). \complexity O(1), amortised.
  bool insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;  // 0 marks a free slot
    if (4 * (count_ + 1) > 3 * slots_.size()) grow();
    const bool fresh = place(hash);
    count_ += fresh;
    return fresh;
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  /// Fetches what `insert` of this hash will look at: worth it some tens of nanoseconds before.
  void prefetch(std::uint64_t hash) const noexcept {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)], 1);
  }

 private:
  bool place(std::uint64_t hash) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
    const bool fresh = slots_[at] == 0;
    slots_[at] = hash;
    return fresh;
  }
  void grow() {
    const std::vector<std::uint64_t> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : 2 * old.size(), 0);
    for (const auto hash : old)
      if (hash != 0) place(hash);
  }

  std::vector<std::uint64_t> slots_;  // a power of two of them, or none
  std::size_t count_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_HASH_SET_HPP
