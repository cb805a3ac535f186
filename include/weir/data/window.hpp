// weir/data/window.hpp - a sliding window over a stream of bytes. Needs weir/base only.
#ifndef WEIR_DATA_WINDOW_HPP
#define WEIR_DATA_WINDOW_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// Bytes that may be read (not used) after the end of any view into a window: simdjson parses in place with 32 or 64.
inline constexpr std::size_t row_padding = 64;

/// Holds the bytes of `Source` that were read and not consumed yet, as one contiguous view.
///
/// Memory stays at the first size as long as the caller consumes; it doubles only when the unread bytes fill it.
template <class Source>
class window {
 public:
  /// \param bytes  first size, >= 1; half of a core's second-level cache is a good one.
  explicit window(Source source, std::size_t bytes) : source_(std::move(source)) { resize(bytes); }

  /// Valid until the next `more` or until the window goes; `row_padding` bytes after it are readable.
  [[nodiscard]] std::string_view unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
  /// The position of unread()[0] in the stream.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  /// \pre  count <= unread().size()
  void consume(std::size_t count) noexcept { begin_ += count, offset_ += count; }

  /// Reads further bytes behind the unread ones, which may move.
  /// \return  true where at least one byte came; false at the end of the stream, and on a failure: see status().
  bool more() {
    if (ended_) return false;
    const std::size_t kept = end_ - begin_;
    if (begin_ > 0) std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
    begin_ = 0, end_ = kept;
    if (kept == capacity_) resize(2 * capacity_);
    auto got = source_.read(std::span(buffer_.get() + end_, capacity_ - end_));
    if (!got) status_ = got.error();
    ended_ = !got || *got == 0;
    if (!ended_) end_ += *got;
    return !ended_;
  }

  [[nodiscard]] const result<void>& status() const noexcept { return status_; }

 private:
  void resize(std::size_t bytes) {
    auto grown = std::make_unique_for_overwrite<char[]>(bytes + row_padding);
    std::memset(grown.get() + bytes, 0, row_padding);
    if (end_ > 0) std::memcpy(grown.get(), buffer_.get(), end_);
    buffer_ = std::move(grown);
    capacity_ = bytes;
  }

  Source source_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  result<void> status_;
};

/// Bytes that are in memory already, with `row_padding` readable ones behind them: a mapped file, a buffer. Borrowed.
struct padded_memory {
  std::string_view bytes;
};

/// A window over memory is the memory: nothing is copied.
template <>
class window<padded_memory> {
 public:
  explicit window(padded_memory memory, std::size_t /*bytes*/ = 0) : unread_(memory.bytes), size_(unread_.size()) {}

  [[nodiscard]] std::string_view unread() const noexcept { return unread_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return size_ - unread_.size(); }
  /// \pre  count <= unread().size()
  void consume(std::size_t count) noexcept { unread_.remove_prefix(count); }
  [[nodiscard]] bool more() const noexcept { return false; }
  [[nodiscard]] result<void> status() const { return {}; }

 private:
  std::string_view unread_;
  std::size_t size_;
};

}  // namespace weir::inline v0

#endif  // WEIR_DATA_WINDOW_HPP
