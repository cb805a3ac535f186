// weir/trace/json_extent.hpp - finds where a JSON object or array ends, 64 bytes at a time. Needs the standard library.
//
// A trace is one JSON document of gigabytes whose array holds millions of small objects. Cutting it into those objects
// needs no parser: only quotes, backslashes and brackets decide. Source of the mask arithmetic: Langdale and Lemire,
// "Parsing gigabytes of JSON per second", 2019, section 3.1.
#ifndef WEIR_TRACE_JSON_EXTENT_HPP
#define WEIR_TRACE_JSON_EXTENT_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "weir/trace/json_masks.hpp"

namespace weir::inline v0 {

/// Follows one bracketed JSON value through a growing buffer, until the bracket that closes it.
///
///     weir::json_extent extent;
///     while (!extent.find_end(text = window.unread())) if (!window.more()) ...;   // text begins with { or [
///     handle(text.substr(0, extent.end()));
///
/// It does not check the value. It notices a raw control character inside a string, which JSON forbids and which
/// tells that a quote inside a string was not escaped (old profilers did that): see broken().
/// \complexity  each byte is read once, whatever the number of calls.
class json_extent {
 public:
  json_extent() = default;
  /// Follows a value of which `depth` brackets were opened before the text begins.
  explicit json_extent(std::int64_t depth) noexcept : depth_(depth) {}
  /// Goes on where the last call stopped.
  /// \param text  the value's bytes so far, from its opening bracket; 64 bytes after its end are readable (any value).
  /// \return      true once the closing bracket was found: see end(); also where the value is broken().
  bool find_end(std::string_view text) noexcept {
#if defined(WEIR_JSON_AVX)
    if (detail::avx512_blocks::available) return find_end_avx512(text);
    if (detail::avx2_blocks::available) return find_end_avx2(text);
#endif
    return find_end_in<detail::plain_blocks>(text);
  }
  /// The same, in plain code; for tests.
  bool find_end_plain(std::string_view text) noexcept { return find_end_in<detail::plain_blocks>(text); }
#if defined(WEIR_JSON_AVX)
  /// The same, for processors of that kind; public for tests. \pre  the blocks are available.
  WEIR_TARGET_AVX2 bool find_end_avx2(std::string_view text) noexcept { return find_end_in<detail::avx2_blocks>(text); }
  WEIR_TARGET_AVX512 bool find_end_avx512(std::string_view text) noexcept {
    return find_end_in<detail::avx512_blocks>(text);
  }
#endif

  /// The length of a value of which `depth` brackets were opened before `text` begins, and of which no more bytes will
  /// come; 0: its end is not there, or it is broken. \pre  64 bytes after its end are readable.
  [[nodiscard, gnu::always_inline]] static std::size_t whole(std::string_view text, std::int64_t depth) noexcept {
#if defined(WEIR_JSON_AVX)
    if (detail::avx512_blocks::available) return whole_avx512(text, depth);
    if (detail::avx2_blocks::available) return whole_avx2(text, depth);
#endif
    return whole_in<detail::plain_blocks>(text, depth);
  }

  /// The length of the value. \pre  find_end() returned true and the value is not broken().
  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  /// A control character stood inside a string, at end(): brackets can't be trusted from the value's start on.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  template <class Blocks>
  [[gnu::always_inline]] static std::size_t whole_in(std::string_view text, std::int64_t depth) noexcept {
    json_extent extent(depth);
    return extent.find_end_in<Blocks>(text) && !extent.broken_ ? extent.end_ : 0;
  }
#if defined(WEIR_JSON_AVX)
  WEIR_TARGET_AVX2 static std::size_t whole_avx2(std::string_view text, std::int64_t depth) noexcept {
    return whole_in<detail::avx2_blocks>(text, depth);
  }
  WEIR_TARGET_AVX512 static std::size_t whole_avx512(std::string_view text, std::int64_t depth) noexcept {
    return whole_in<detail::avx512_blocks>(text, depth);
  }
#endif
  // Inlined by force, so that a target's own function compiles all of it for that target.
  template <class Blocks>
  [[gnu::always_inline]] bool find_end_in(std::string_view text) noexcept {
    json_extent now = *this;  // a local one stays in registers
    while (now.seen_ + 64 <= text.size()) {
      __builtin_prefetch(text.data() + now.seen_ + 1024);  // objects end too often for the processor to see a stream
      if (now.template take_block<Blocks>(Blocks::masks(text.data() + now.seen_))) return *this = now, true;
      now.seen_ += 64;
    }
    *this = now;
    const std::size_t left = text.size() - seen_;
    if (left == 0) return false;
    auto masks = Blocks::masks(text.data() + seen_);  // a partial block is looked at again once it is whole
    const std::uint64_t real = (std::uint64_t{1} << left) - 1;
    masks.open &= real, masks.close &= real, masks.control &= real;
    const bool found = now.template take_block<Blocks>(masks);
    if (found) *this = now;
    return found;
  }

  template <class Blocks>
  [[gnu::always_inline]] bool take_block(const detail::json_masks& m) noexcept {
    bool carry = escape_;
    const std::uint64_t escaped = (m.backslash != 0 || carry) ? detail::escaped_bytes(m.backslash, carry) : 0;
    const std::uint64_t inside = Blocks::inside(m.quote & ~escaped) ^ in_string_;
    const std::uint64_t open = m.open & ~inside, close = m.close & ~inside;
    if (std::popcount(close) >= depth_ && ends_in(m, inside, open, close)) return true;
    if ((m.control & inside) != 0) return finish(m, inside, ~std::uint64_t{0}, 64);
    depth_ += std::popcount(open) - std::popcount(close);
    escape_ = carry;
    in_string_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
    return false;
  }

  /// Whether one of the block's closing brackets is the last.
  [[gnu::always_inline]] bool ends_in(const detail::json_masks& m, std::uint64_t inside, std::uint64_t open,
                                      std::uint64_t close) noexcept {
    if (depth_ == 1) {  // most often, and with pairs beside each other at most: what closes no pair is the last
      const std::uint64_t all = open | close;
      const std::uint64_t behind_open = (~all + (open << 1)) & all;  // carries run on to the next bracket
      if ((behind_open & open) == 0) {
        const std::uint64_t last = close & ~behind_open;
        return last != 0 && finish(m, inside, (last & (~last + 1)) - 1, std::countr_zero(last) + 1);
      }
    }
    std::int64_t closed = 0;
    for (std::uint64_t rest = close; rest != 0; rest &= rest - 1) {
      const std::uint64_t below = (rest & (~rest + 1)) - 1;
      if (depth_ + std::popcount(open & below) == ++closed) return finish(m, inside, below, std::countr_zero(rest) + 1);
    }
    return false;
  }

  [[gnu::always_inline]] bool finish(const detail::json_masks& m, std::uint64_t inside, std::uint64_t below,
                                     int length) noexcept {
    const std::uint64_t stray = m.control & inside & below;
    broken_ = stray != 0;
    end_ = seen_ + static_cast<std::size_t>(broken_ ? std::countr_zero(stray) : length);
    return true;
  }

  std::size_t seen_ = 0, end_ = 0;
  std::int64_t depth_ = 0;
  std::uint64_t in_string_ = 0;  // all ones while inside a string
  bool escape_ = false, broken_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_JSON_EXTENT_HPP
