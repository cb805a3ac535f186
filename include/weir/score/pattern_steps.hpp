// weir/score/pattern_steps.hpp - the source of an answer pattern, taken apart. Needs the standard library only.
#ifndef WEIR_SCORE_PATTERN_STEPS_HPP
#define WEIR_SCORE_PATTERN_STEPS_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/utf8.hpp"
#include "weir/score/unicode.hpp"

namespace weir::inline v0 {

namespace detail {

/// One step of a pattern: a text, a character of some set a number of times, or a place.
struct pattern_step {
  enum class kind : unsigned char { text, set, open, close, begin, end };

  kind what;
  std::string text = {};    ///< kind::text
  std::u32string set = {};  ///< kind::set: these, or any, or spaces, or what is no space.
  bool any = false, space = false, not_space = false;
  bool or_begin = false, or_end = false;  ///< Matches the text's begin, or end, instead of a character.
  bool lazy = false;
  bool takes_rest = false;  ///< Any characters, and then the end of the text.
  std::size_t least = 1, most = 1;
  std::size_t slot = 0;  ///< Of an unbounded step, among those of its pattern.

  [[nodiscard]] bool has(char32_t c) const {
    return any || (space && is_python_space(c)) || (not_space && !is_python_space(c)) || set.find(c) != set.npos;
  }
};

inline constexpr std::size_t no_position = std::numeric_limits<std::size_t>::max();
inline constexpr std::size_t unbounded = no_position;
inline constexpr std::size_t most_slots = 4;  ///< Unbounded steps of a pattern.

/// Turns the source of a pattern into steps.
class pattern_compiler {
 public:
  explicit pattern_compiler(std::string_view source) : rest_(source) {}

  std::vector<pattern_step> steps() && {
    any_case_ = take("(?i)");
    while (!rest_.empty()) step();
    mark_rest();
    return std::move(steps_);
  }

 private:
  using kind = pattern_step::kind;

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  char32_t take_character() {
    if (rest_.empty()) throw std::invalid_argument("a pattern ends too early");
    const auto c = first_character(rest_);
    rest_.remove_prefix(c.bytes);
    return c.code;
  }

  void step() {
    if (take("(\\s|^)")) {
      ++groups_;
      push(kind::open), push(kind::set).space = true;
      steps_.back().or_begin = true;
      push(kind::close);
    } else if (take("(?:")) {
      add_character(push(kind::set), take_character());
      if (!take("|$)")) throw std::invalid_argument("a pattern has (?: without |$)");
      steps_.back().or_end = true;
    } else if (take("(")) {
      if (groups_++ == 0) push(kind::open);  // the later groups are never asked for
    } else if (take(")")) {
      if (groups_ == 1) push(kind::close);
    } else if (take("^")) {
      push(kind::begin);
    } else if (take("$")) {
      push(kind::end);
    } else {
      set_or_text();
    }
  }

  void set_or_text() {
    pattern_step s{kind::set};
    if (take("["))
      while (!take("]")) element(s, "");
    else
      element(s, ".");
    if (take("*?"))
      s.least = 0, s.most = unbounded, s.lazy = true;
    else if (take("*"))
      s.least = 0, s.most = unbounded;
    else if (take("+"))
      s.most = unbounded;
    else if (take("?"))
      s.least = 0;
    const bool plain = s.set.size() == 1 && !s.space && !s.not_space && s.least == 1 && s.most == 1;
    if (plain) {
      if (steps_.empty() || steps_.back().what != kind::text) push(kind::text);
      return append_utf8(steps_.back().text, s.set[0]);
    }
    if (s.most == unbounded) s.slot = slots_++;
    if (slots_ > most_slots) throw std::invalid_argument("a pattern has too many unbounded steps");
    steps_.push_back(std::move(s));
  }

  /// One character of a set. `dot` is the spelling of "any", which a class has none of.
  void element(pattern_step& s, std::string_view dot) {
    if (take("\\s")) {
      s.space = true;
    } else if (take("\\S")) {
      s.not_space = true;
    } else if (!dot.empty() && take(dot)) {
      s.any = true;
    } else {
      take("\\");
      add_character(s, take_character());
    }
  }

  void add_character(pattern_step& s, char32_t c) const {
    s.set.push_back(c);
    if (!any_case_ || c > 0x7F || !((c | 0x20) >= U'a' && (c | 0x20) <= U'z')) return;
    s.set.push_back(c ^ 0x20);
    if ((c | 0x20) == U's') s.set.push_back(0x17F);   // Python's re folds the long s
    if ((c | 0x20) == U'k') s.set.push_back(0x212A);  // and the Kelvin sign
  }

  /// Finds a last `.*` or `.*?` before $: what it matches needs no search.
  void mark_rest() {
    const auto is_place = [](const auto& s) { return s.what == kind::end || s.what == kind::close; };
    const auto last = std::find_if_not(steps_.rbegin(), steps_.rend(), is_place);
    if (last == steps_.rend()) return;
    const bool to_end = std::any_of(steps_.rbegin(), last, [](const auto& s) { return s.what == kind::end; });
    last->takes_rest = to_end && last->any && last->least == 0 && last->most == unbounded;
  }

  pattern_step& push(kind what) { return steps_.emplace_back(pattern_step{what}); }

  std::string_view rest_;
  std::vector<pattern_step> steps_;
  bool any_case_ = false;
  std::size_t groups_ = 0, slots_ = 0;
};

}  // namespace detail
}  // namespace weir::inline v0

#endif  // WEIR_SCORE_PATTERN_STEPS_HPP
