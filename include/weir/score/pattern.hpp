// weir/score/pattern.hpp - searches a text as Python's re does, for the patterns that the field's rules are made of.
// Needs the standard library only.
#ifndef WEIR_SCORE_PATTERN_HPP
#define WEIR_SCORE_PATTERN_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/byte_pairs.hpp"
#include "weir/base/utf8.hpp"
#include "weir/score/pattern_steps.hpp"
#include "weir/score/unicode.hpp"

namespace weir::inline v0 {

namespace detail {

/// One search: what was captured, and where unbounded steps are known to fail.
class pattern_search {
 public:
  pattern_search(const std::vector<pattern_step>& steps, std::string_view text) : steps_(steps), text_(text) {}

  /// Matches the steps from number `i` on at `at`. \return  where they end, or no_position.
  std::size_t match(std::size_t i, std::size_t at) {
    using kind = pattern_step::kind;
    for (; i < steps_.size(); ++i) {
      const pattern_step& s = steps_[i];
      if (s.what == kind::set) return s.most == 1 ? match_one(i, at) : match_many(i, at);
      if (s.what == kind::text) {
        if (!text_.substr(at).starts_with(s.text)) return no_position;
        at += s.text.size();
      } else if (s.what == kind::open) {
        begin_ = at;
      } else if (s.what == kind::close) {
        end_ = at;
      } else if (s.what == kind::begin ? at != 0 : at != text_.size()) {
        return no_position;
      }
    }
    return at;
  }

  [[nodiscard]] std::string_view group() const { return text_.substr(begin_, end_ - begin_); }

 private:
  struct stretch {
    std::size_t from = no_position, to = 0;  // both included
  };

  std::size_t match_one(std::size_t i, std::size_t at) {
    const pattern_step& s = steps_[i];
    if (at < text_.size())
      if (const auto c = first_character(text_.substr(at)); s.has(c.code))
        if (const auto end = match(i + 1, at + c.bytes); end != no_position) return end;
    const bool without = s.least == 0 || (s.or_begin && at == 0) || (s.or_end && at == text_.size());
    return without ? match(i + 1, at) : no_position;
  }

  /// What follows an unbounded step is tried at every place of the stretch that the step can cover. Where all of them
  /// fail, they fail for a later start inside the stretch, too: this keeps a search linear.
  std::size_t match_many(std::size_t i, std::size_t at) {
    const pattern_step& s = steps_[i];
    if (s.takes_rest) return match(i + 1, text_.size());
    stretch& dead = dead_[s.slot];
    if (at >= dead.from && at <= dead.to) return no_position;
    std::size_t place = at, count = 0;
    const auto matches_here = [&] { return count >= s.least ? match(i + 1, place) : no_position; };
    std::size_t end = s.lazy ? matches_here() : no_position;
    while (end == no_position && place < text_.size()) {
      const auto c = first_character(text_.substr(place));
      if (!s.has(c.code)) break;
      place += c.bytes, ++count;
      if (s.lazy) end = matches_here();
    }
    const std::size_t last = place;
    if (!s.lazy)
      for (end = matches_here(); end == no_position && place > at; end = matches_here())
        place -= last_character(text_.substr(0, place)).bytes, --count;
    if (end == no_position) dead = {at, last};
    return end;
  }

  const std::vector<pattern_step>& steps_;
  std::string_view text_;
  std::size_t begin_ = 0, end_ = 0;         // of the group
  std::array<stretch, most_slots> dead_{};  // by slot
};

}  // namespace detail

/// Where a pattern matched: all of it, and its first group (empty where it has none).
struct pattern_match {
  std::string_view whole, group;
};

/// A pattern as Python's re (with DOTALL) reads it: characters, [classes], \s, \S, `.`, ?, *, +, *?, groups that are
/// not nested, ^, $, (?i), and of alternatives just (\s|^) and (?:X|$).
class text_pattern {
 public:
  /// \throws  std::invalid_argument for a source that ends too early or has another alternative.
  explicit text_pattern(std::string_view source) : steps_(detail::pattern_compiler(source).steps()) {
    for (const auto& s : steps_)
      if (s.text.size() > needle_.size()) needle_ = s.text;
    starts_with_needle_ = !needle_.empty() && steps_[0].text == needle_;
    find_reach();
    find_first_bytes();
  }

  /// \return  false where no text with these pairs has a match.
  [[nodiscard]] bool may_match(const byte_pairs& pairs) const { return pairs.may_hold(needle_); }

  /// The leftmost match, as re.search finds it.
  /// \complexity  linear in the text's length; most texts are told by one find that they have no match.
  [[nodiscard]] std::optional<pattern_match> search(std::string_view text) const {
    if (text.find(needle_) == text.npos) return std::nullopt;
    detail::pattern_search search(steps_, text);
    for (std::size_t at = next_start(text, earliest(text)); at <= text.size();) {
      if (const auto end = search.match(0, at); end != detail::no_position)
        return pattern_match{text.substr(at, end - at), search.group()};
      at = next_start(text, at + (at < text.size() ? first_character(text.substr(at)).bytes : 1));
    }
    return std::nullopt;
  }

 private:
  using kind = detail::pattern_step::kind;

  /// Where a pattern of bounded length that ends with $ can begin at the earliest; 0 for other patterns.
  [[nodiscard]] std::size_t earliest(std::string_view text) const {
    std::size_t at = reach_ < text.size() ? text.size() : 0;
    for (std::size_t left = reach_; at > 0 && left > 0; --left) at -= last_character(text.substr(0, at)).bytes;
    return at;
  }
  /// The first place from `at` on where a match may begin: the start of a character, of the right kind.
  [[nodiscard]] std::size_t next_start(std::string_view text, std::size_t at) const {
    if (starts_with_needle_) return std::min(text.find(needle_, at), text.size() + 1);
    if (at == 0) return 0;
    if (steps_[0].what == kind::begin) return text.size() + 1;
    while (at < text.size() && !may_begin(text.substr(at))) ++at;
    return at;
  }
  /// Looks at the first two characters only.
  [[nodiscard]] bool may_begin(std::string_view text) const {
    const auto in = [](const byte_set& set, char c) { return set[static_cast<unsigned char>(c)]; };
    if (!in(first_bytes_, text[0])) return false;
    const std::size_t second = first_character(text).bytes;
    return second >= text.size() || in(second_bytes_, text[second]);
  }

  using byte_set = std::array<bool, 256>;
  [[nodiscard]] static byte_set bytes_of(const detail::pattern_step& s);
  void find_reach();
  void find_first_bytes();

  std::vector<detail::pattern_step> steps_;
  std::string needle_;  // the longest text that each match contains
  bool starts_with_needle_ = false;
  std::size_t reach_ = detail::unbounded;  // characters before the end of the text in which a match must begin
  byte_set first_bytes_{},
      second_bytes_{};  // with which a match's first two characters begin, but for the text's start
};

inline void text_pattern::find_reach() {
  std::size_t length = 0;
  for (const auto& s : steps_) {
    if (s.most == detail::unbounded) return;
    if (s.what == kind::text) length += s.text.size();  // bytes: no less than its characters
    if (s.what == kind::set) length += s.most;
  }
  const auto last = std::find_if(steps_.rbegin(), steps_.rend(), [](const auto& s) { return s.what != kind::close; });
  if (last != steps_.rend() && last->what == kind::end) reach_ = length;
}

/// The bytes with which what a step matches can begin: all of them for a step that can do without a character.
inline text_pattern::byte_set text_pattern::bytes_of(const detail::pattern_step& s) {
  byte_set bytes{};
  std::string spelled;
  const auto add = [&](char32_t c) {
    spelled.clear();
    append_utf8(spelled, c);
    bytes[static_cast<unsigned char>(spelled[0])] = true;
  };
  if (s.what == kind::text)
    bytes[static_cast<unsigned char>(s.text[0])] = true;
  else if (s.what != kind::set || s.least == 0 || s.any || s.not_space || s.or_end)
    bytes.fill(true);
  for (const char32_t c : s.set) add(c);
  for (char32_t c = 0; s.space && c <= 0x3000; ++c)
    if (is_python_space(c)) add(c);
  return bytes;
}

inline void text_pattern::find_first_bytes() {
  const auto is_step = [](const auto& s) { return s.what != kind::open && s.what != kind::close; };
  const auto first = std::ranges::find_if(steps_, is_step);
  first_bytes_.fill(true), second_bytes_.fill(true);
  if (first == steps_.end()) return;
  first_bytes_ = bytes_of(*first);
  const auto second = std::find_if(first + 1, steps_.end(), is_step);
  if (first->what == kind::set && first->least == 1 && first->most == 1 && second != steps_.end())
    second_bytes_ = bytes_of(*second);
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_PATTERN_HPP
