// weir/report/table.hpp - one table, before it is text of any format. Needs the standard library only.
#ifndef WEIR_REPORT_TABLE_HPP
#define WEIR_REPORT_TABLE_HPP

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// Which edge of a column its cells lean on.
enum class side : unsigned char { left, right };

/// A column: what its numbers are, and in what unit.
struct column {
  std::string name;
  std::string unit = {};  ///< "ms"
  side lean = side::right;

  /// "p99 (ms)"
  [[nodiscard]] std::string header() const { return unit.empty() ? name : name + " (" + unit + ")"; }
};

/// One cell: a number, a text, or a missing value with the reason for it.
///
/// A number becomes decimal digits here and nowhere else, so that it is the same in every format.
class cell {
 public:
  enum class kind : unsigned char { number, text, missing };

  /// \param digits  after the point, >= 0. \param value  infinity is shown as inf; a NaN is missing.
  [[nodiscard]] static cell number(double value, int digits) {
    if (std::isnan(value)) return missing("not measured");
    std::array<char, 400> buffer{};  // 309 digits before the point, at most
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, digits);
    std::string text(buffer.data(), end.ptr);
    if (text[0] == '-' && text.find_first_not_of("-0.") == text.npos) text.erase(0, 1);  // no "-0.00"
    return {kind::number, std::move(text)};
  }
  /// Four digits after the point; of a value that these would make 0, its power of ten: "3.8e-12".
  /// \pre  0 <= p <= 1.
  [[nodiscard]] static cell probability(double p) {
    if (!(p > 0 && p < 0.00005)) return number(p, 4);
    std::array<char, 32> buffer{};
    return {kind::number,
            {buffer.data(),
             std::to_chars(buffer.data(), buffer.data() + buffer.size(), p, std::chars_format::scientific, 1).ptr}};
  }
  template <std::integral Integer>
  [[nodiscard]] static cell count(Integer value) {
    return {kind::number, std::to_string(value)};
  }
  [[nodiscard]] static cell text(std::string text) { return {kind::text, std::move(text)}; }
  /// \param reason  why there is no value, in words for the reader: "no request succeeded".
  [[nodiscard]] static cell missing(std::string reason) { return {kind::missing, std::move(reason)}; }

  [[nodiscard]] bool is(kind k) const noexcept { return kind_ == k; }
  /// The number's digits or the text; nothing where the value is missing.
  [[nodiscard]] std::string_view shown() const noexcept { return is(kind::missing) ? std::string_view{} : words_; }
  /// Why the value is missing.
  [[nodiscard]] std::string_view reason() const noexcept { return is(kind::missing) ? words_ : std::string_view{}; }

 private:
  cell(kind k, std::string words) : kind_(k), words_(std::move(words)) {}

  kind kind_;
  std::string words_;
};

/// A title, columns, and rows of as many cells. The first `keys` columns say what a row is about: a table that is cut
/// to fit a terminal repeats them.
struct table {
  std::string title;
  std::vector<column> columns;
  std::vector<std::vector<cell>> rows = {};
  std::size_t keys = 1;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_TABLE_HPP
