// weir/trace/name_table.hpp - values by name, for names that come again and again. Needs the standard library.
#ifndef WEIR_TRACE_NAME_TABLE_HPP
#define WEIR_TRACE_NAME_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/trace/sampled_hash.hpp"

namespace weir::inline v0 {

/// Values by name, in order of appearance.
///
///     weir::name_table<call_total> kernels;
///     kernels.find_or_make(event.name, [](call_total& fresh) { ... }).add(event.dur_ns);
///
/// A model runs the same kernels in the same order layer by layer and step by step, so what followed a name the last
/// time is looked at first: one comparison, where names have some hundred bytes and a hash would read them once more.
/// \complexity  a comparison where names come in the order in which they came before, else a hash and one; memory is
///              the names, and 24 bytes each beside them and their values.
template <class Value>
class name_table {
 public:
  struct entry {
    std::string name;
    Value value;
  };

  /// \param make  void(Value&): fills the value of a name that is new.
  /// \return      the value; valid until the next new name.
  template <class Make>
  Value& find_or_make(std::string_view name, Make&& make) {
    if (last_ < all_.size()) {
      const std::uint32_t likely = next_[last_];
      if (likely < all_.size() && all_[likely].name == name) return all_[last_ = likely].value;
    }
    const std::uint32_t found = index_of(name, make);
    if (last_ < all_.size()) next_[last_] = found;
    return all_[last_ = found].value;
  }
  /// The entry that find_or_make() gave last. \pre  it gave one.
  [[nodiscard]] std::uint32_t last() const noexcept { return last_; }
  /// That entry again. \pre  last() was `index`.
  Value& again(std::uint32_t index) noexcept { return all_[last_ = index].value; }
  [[nodiscard]] const std::vector<entry>& entries() const noexcept { return all_; }

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  template <class Make>
  std::uint32_t index_of(std::string_view name, Make& make) {
    if (slots_.size() < 2 * (all_.size() + 1)) grow();
    const std::uint64_t hash = sampled_hash(name);
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != none; slot = (slot + 1) & (slots_.size() - 1))
      if (hashes_[slots_[slot]] == hash && all_[slots_[slot]].name == name) return slots_[slot];
    all_.push_back({std::string(name), Value{}});
    make(all_.back().value);
    hashes_.push_back(hash);
    next_.push_back(none);
    return slots_[slot] = static_cast<std::uint32_t>(all_.size() - 1);
  }
  void grow() {
    std::vector<std::uint32_t> larger(std::max<std::size_t>(64, 2 * slots_.size()), none);
    for (std::uint32_t i = 0; i < all_.size(); ++i) {
      std::size_t slot = hashes_[i] & (larger.size() - 1);
      while (larger[slot] != none) slot = (slot + 1) & (larger.size() - 1);
      larger[slot] = i;
    }
    slots_ = std::move(larger);
  }

  std::vector<entry> all_;
  std::vector<std::uint64_t> hashes_;  // of each name
  std::vector<std::uint32_t> next_;    // what followed it the last time
  std::vector<std::uint32_t> slots_;   // indices by hash, a power of two of them
  std::uint32_t last_ = none;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_NAME_TABLE_HPP
