// weir/data/rows.hpp - the rows of a file or stream, found in a window, in O(1) memory. Needs POSIX (for descriptors).
#ifndef WEIR_DATA_ROWS_HPP
#define WEIR_DATA_ROWS_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/data/source.hpp"
#include "weir/data/window.hpp"

namespace weir::inline v0 {

/// How much a reader holds. A longer row is refused where it is needed whole, and passes where pieces will do.
struct row_limits {
  std::size_t window_bytes = std::size_t{1} << 18;   ///< First size of the window: it fits a second-level cache.
  std::size_t max_row_bytes = std::size_t{1} << 26;  ///< 64 MiB.
};
inline constexpr std::size_t any_length = std::numeric_limits<std::size_t>::max();

/// Tells where a row ends when a row is a line: at '\n'. The interface of every scanner; a row may come in pieces.
struct line_scanner {
  void begin_row() noexcept {}
  /// \return  the number of bytes up to and with the row's end; npos where the row goes on after `bytes`.
  static std::size_t find_end(std::string_view bytes) noexcept {
    const std::size_t at = bytes.find('\n');
    return at == bytes.npos ? at : at + 1;
  }
  /// Called once the row's last byte was seen. \return  what is wrong with the row that began on line `first_line`.
  static std::optional<failure> end_row(std::uint64_t /*first_line*/) noexcept { return std::nullopt; }
  /// Line ends within the row, before the one that ends it.
  static std::uint64_t inner_lines() noexcept { return 0; }
};

/// Walks over a reader: an input iterator whose elements are whole rows, or the reader itself for rows in pieces.
template <class Reader, bool Whole>
class row_iterator {
 public:
  using value_type = std::conditional_t<Whole, std::string_view, Reader*>;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;

  row_iterator() = default;
  explicit row_iterator(Reader& reader) : reader_(&reader) { ++*this; }
  value_type operator*() const noexcept {
    if constexpr (Whole)
      return reader_->text();
    else
      return reader_;
  }
  row_iterator& operator++() {
    more_ = Whole ? reader_->next() : reader_->advance();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const row_iterator& at, std::default_sentinel_t) noexcept { return !at.more_; }

 private:
  Reader* reader_ = nullptr;
  bool more_ = false;
};

/// Reads the rows of a byte source one after the other.
///
///     auto reader = weir::open_rows("records.jsonl");
///     if (!reader) return reader.error();
///     for (std::string_view row; reader->next(row);) parse(row);  // row_padding bytes after `row` are readable
///     if (!reader->status()) return reader->status().error();     // io, limit, parse: ended early, and why
///
/// A row comes without its '\n'; every other byte is as it was ('\r', NUL, invalid UTF-8). A last line without '\n' is
/// a row; nothing after the last '\n' is none. A byte order mark at the start belongs to no row: see bom().
///
/// It is an input range of std::string_view, which lazy views take: `weir::shard(reader, 1, 4)`. A row is valid until
/// the reader moves on.
/// \complexity  each byte is looked at once; memory is the window, which grows only to hold one longer row.
template <class Scanner, byte_source Source>
class basic_row_reader {
 public:
  explicit basic_row_reader(Source source, row_limits limits = {}, Scanner scanner = {})
      : window_(std::move(source), limits.window_bytes), scanner_(std::move(scanner)), limits_(limits) {}
  explicit basic_row_reader(int borrowed_fd, row_limits limits = {}) : basic_row_reader(Source(borrowed_fd), limits) {}

  /// Moves to the next row and holds all of it. \return  false after the last row and on a failure: see status().
  bool next() { return advance() && hold(); }
  bool next(std::string_view& row) {
    const bool more = next();
    row = more ? text() : std::string_view{};
    return more;
  }

  /// Moves to the next row without looking for its end. \return  false after the last row and on a failure.
  bool advance() {
    if (in_row_ && status_) pieces([](std::string_view) {});
    if (!started_) skip_bom();
    if (!status_ || !fill()) return false;
    in_row_ = true;
    located_ = false;
    scanned_ = 0;
    line_ = next_line_;
    row_offset_ = window_.offset();
    scanner_.begin_row();
    return true;
  }

  /// Makes all of the current row one view: text() and bytes(). \return  false on a failure.
  bool hold() {
    return locate([&] { return within(scanned_); }) && within(text().size());
  }

  /// Gives the current row, with its '\n', to `sink(std::string_view)` in as many pieces as the window makes of it, and
  /// is done with the row: O(1) memory at any length. \return  false on a failure.
  template <class Sink>
  bool pieces(Sink&& sink) {
    in_row_ = false;
    const bool whole = locate([&] {
      sink(window_.unread());
      window_.consume(window_.unread().size());
      scanned_ = 0;
      return true;
    });
    if (!whole) return false;
    if (scanned_ > 0) sink(bytes());
    window_.consume(scanned_);
    return true;
  }

  /// Whether no row is to come, and whether the one to come begins with `prefix`. They may read, but move nothing.
  /// \pre  no row is current: nothing was read yet, or pieces() was called.
  bool ended() {
    if (!started_) skip_bom();
    return !fill();
  }
  bool next_starts_with(std::string_view prefix) {
    if (!started_) skip_bom();
    return ahead(prefix);
  }

  /// The current row as it stands in the stream, with its '\n' if it has one; and without. \pre  hold() or next().
  [[nodiscard]] std::string_view bytes() const noexcept { return window_.unread().substr(0, scanned_); }
  [[nodiscard]] std::string_view text() const noexcept { return bytes().substr(0, scanned_ - (terminated_ ? 1 : 0)); }
  /// The current row's first line, from 1, and the position of its first byte in the stream, from 0.
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return row_offset_; }
  /// False where the stream ended before a '\n'. \pre  the row was held or given in pieces.
  [[nodiscard]] bool terminated() const noexcept { return terminated_; }
  /// The mark that the stream began with, or nothing. Known once the first row was asked for.
  [[nodiscard]] std::string_view bom() const noexcept { return had_bom_ ? utf8_bom : std::string_view{}; }
  /// Why the rows ended early, if they did.
  [[nodiscard]] const result<void>& status() const noexcept { return status_; }
  [[nodiscard]] Scanner& scanner() noexcept { return scanner_; }

  using iterator = row_iterator<basic_row_reader, true>;
  [[nodiscard]] iterator begin() { return iterator(*this); }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

  /// The same rows, as a range of pointers to this reader: `row->pieces(sink)` for rows of any length.
  struct unheld_rows {
    basic_row_reader* reader;
    [[nodiscard]] row_iterator<basic_row_reader, false> begin() const {
      return row_iterator<basic_row_reader, false>(*reader);
    }
    [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }
  };
  [[nodiscard]] unheld_rows unheld() noexcept { return {this}; }

 private:
  static constexpr std::string_view utf8_bom = "\xEF\xBB\xBF";

  bool within(std::size_t row_bytes) {
    if (row_bytes <= limits_.max_row_bytes) return true;
    status_ = failure{errc::limit, "line " + std::to_string(line_) + " is longer than " +
                                       std::to_string(limits_.max_row_bytes) + " bytes"};
    return false;
  }
  bool fill() {
    if (!window_.unread().empty() || window_.more()) return true;
    if (!window_.status()) status_ = window_.status();
    return false;
  }
  void skip_bom() {
    started_ = true;
    had_bom_ = ahead(utf8_bom);
    if (had_bom_) window_.consume(utf8_bom.size());
  }
  bool ahead(std::string_view prefix) {
    while (window_.unread().size() < prefix.size() && prefix.starts_with(window_.unread()) && window_.more()) {
    }
    return window_.unread().starts_with(prefix);
  }
  /// Finds the row's end; `scanned_` bytes of the unread ones are known to be of this row. `window_full` is asked
  /// before more is read.
  template <class WindowFull>
  bool locate(WindowFull&& window_full) {
    while (!located_) {
      const std::size_t length = scanner_.find_end(window_.unread().substr(scanned_));
      if (length != std::string_view::npos) {
        scanned_ += length;
        end_row(true);
      } else {
        scanned_ = window_.unread().size();
        if (!window_full()) return false;
        if (!window_.more()) end_row(false);
      }
    }
    return static_cast<bool>(status_);
  }
  void end_row(bool terminated) {
    located_ = true;
    terminated_ = terminated;
    next_line_ = line_ + scanner_.inner_lines() + 1;
    if (!window_.status())
      status_ = window_.status();
    else if (auto wrong = scanner_.end_row(line_))
      status_ = *std::move(wrong);
  }

  window<Source> window_;
  [[no_unique_address]] Scanner scanner_;
  row_limits limits_;
  result<void> status_;
  std::size_t scanned_ = 0;
  std::uint64_t line_ = 0, next_line_ = 1, row_offset_ = 0;
  bool started_ = false, had_bom_ = false, in_row_ = false, located_ = false, terminated_ = false;
};

/// The lines of a descriptor.
using row_reader = basic_row_reader<line_scanner, fd_source>;

/// The lines of a file. \return  errc::not_found, errc::invalid_argument for a directory, errc::io.
[[nodiscard]] inline result<row_reader> open_rows(const std::string& path, row_limits limits = {}) {
  auto fd = open_input(path);
  if (!fd) return fd.error();
  return row_reader(fd_source(*std::move(fd), path), limits);
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_ROWS_HPP
