// weir/openai/detail/chunk_form.hpp - recognises a streamed event that differs from the one before it in its text and
// its numbers only. Needs weir/base.
#ifndef WEIR_OPENAI_DETAIL_CHUNK_FORM_HPP
#define WEIR_OPENAI_DETAIL_CHUNK_FORM_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "weir/base/utf8.hpp"

namespace weir::inline v0::detail {

/// The bytes of a JSON body with holes in it. A server writes all events of a run in one form: the same keys in the
/// same order, and between two of them only an id, a text and a few counts differ. Where a body is the kept form with
/// other contents in the holes, it means what the form meant, with those contents; where it is not, nothing is said and
/// the JSON parser reads it.
///
/// A hole is the inside of a string that stands there without an escape, in valid UTF-8, or a number of up to 18 digits
/// without sign, leading zero, fraction or exponent. Each is exactly one JSON token, so the structure round it
/// stays what it was.
class chunk_form {
 public:
  static constexpr std::size_t max_holes = 8;
  struct hole {
    std::size_t at = 0, size = 0;  ///< where the contents stood in the body that the form was made of
    bool number = false;
  };

  /// Keeps `body` as the form. `holes` stand in it in ascending order, apart from each other, and hold what `fits`.
  /// \return  false where they do not: nothing is kept.
  template <std::size_t N>
  bool learn(std::string_view body, const std::array<hole, N>& holes, std::size_t count) {
    count_ = 0;
    std::size_t at = 0;
    if (count > max_holes) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const hole& h = holes[i];
      if (h.at < at || h.at + h.size >= body.size() || take(body, h.at, h.number) != h.size) return false;
      at = h.at + h.size + 1;
    }
    body_.assign(body);
    std::copy_n(holes.begin(), count, holes_.begin());
    count_ = count;
    return true;
  }
  void forget() noexcept { count_ = 0; }
  [[nodiscard]] std::size_t holes() const noexcept { return count_; }

  /// Whether `body` is of this form; then `found` are the contents of its holes.
  bool match(std::string_view body, std::array<std::string_view, max_holes>& found) const noexcept {
    std::size_t at = 0, form_at = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const hole& h = holes_[i];
      if (!same(body, at, form_at, h.at - form_at)) return false;
      at += h.at - form_at;
      const std::size_t size = take(body, at, h.number);
      if (size == none) return false;
      found[i] = body.substr(at, size);
      at += size;
      form_at = h.at + h.size;
    }
    const std::size_t rest = body_.size() - form_at;
    return count_ > 0 && body.size() - at == rest && same(body, at, form_at, rest);
  }

  /// The number in a hole.
  static std::int64_t number(std::string_view digits) noexcept {
    std::int64_t value = 0;
    for (const char digit : digits) value = value * 10 + (digit - '0');
    return value;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1), max_digits = 18;

  [[nodiscard]] bool same(std::string_view body, std::size_t at, std::size_t form_at, std::size_t size) const noexcept {
    return body.size() - at >= size && std::memcmp(body.data() + at, body_.data() + form_at, size) == 0;
  }

  /// How long the contents of a hole that begins at `at` are, or none where there is no such token.
  static std::size_t take(std::string_view body, std::size_t at, bool number) noexcept {
    return number ? take_number(body, at) : take_text(body, at);
  }
  static std::size_t take_text(std::string_view body, std::size_t at) noexcept {
    for (std::size_t i = at, length = 1; i < body.size(); i += length) {
      const auto c = static_cast<unsigned char>(body[i]);
      if (c == '"') return i - at;
      length = c < 0x80 ? 1 : utf8_length(body.substr(i));
      if (c < 0x20 || c == '\\' || length == 0) return none;
    }
    return none;
  }
  static std::size_t take_number(std::string_view body, std::size_t at) noexcept {
    std::size_t size = 0;
    while (at + size < body.size() && body[at + size] >= '0' && body[at + size] <= '9') ++size;
    return size == 0 || size > max_digits || (size > 1 && body[at] == '0') ? none : size;
  }

  std::string body_;
  std::array<hole, max_holes> holes_;
  std::size_t count_ = 0;
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_OPENAI_DETAIL_CHUNK_FORM_HPP
