// weir/trace/headed_source.hpp - a source whose first bytes were read already, to see what they are. Needs weir/data.
#ifndef WEIR_TRACE_HEADED_SOURCE_HPP
#define WEIR_TRACE_HEADED_SOURCE_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/data/source.hpp"
#include "weir/data/window.hpp"

namespace weir::inline v0 {

/// Gives the bytes of `Source` from the first on, and shows its head.
template <byte_source Source>
class headed_source {
 public:
  /// Reads the head: up to `bytes`, less only where the source ends.
  static result<headed_source> open(Source source, std::size_t bytes) {
    std::string head(bytes + row_padding, '\0');
    std::size_t size = 0;
    result<void> status;
    while (size < bytes) {
      const auto got = source.read(std::span(head.data() + size, bytes - size));
      if (!got) status = got.error();
      if (!got || *got == 0) break;
      size += *got;
    }
    if (!status && size == 0) return status.error();
    return headed_source(std::move(source), std::move(head), size, std::move(status));
  }

  /// 64 bytes after it are readable.
  [[nodiscard]] std::string_view head() const noexcept { return std::string_view(head_).substr(0, size_); }

  result<std::size_t> read(std::span<char> into) {
    if (given_ == size_) return status_ ? source_.read(into) : result<std::size_t>(status_.error());
    const std::size_t count = std::min(into.size(), size_ - given_);
    std::copy_n(head_.data() + given_, count, into.data());
    given_ += count;
    return count;
  }

 private:
  headed_source(Source source, std::string head, std::size_t size, result<void> status)
      : source_(std::move(source)), head_(std::move(head)), size_(size), status_(std::move(status)) {}

  Source source_;
  std::string head_;
  std::size_t size_ = 0, given_ = 0;
  result<void> status_;  // what the source said behind the head
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_HEADED_SOURCE_HPP
