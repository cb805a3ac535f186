// weir/record/record_form.hpp - the form of a line of JSON: what a later line must repeat, and where it may differ.
// Needs simdjson.
#ifndef WEIR_RECORD_RECORD_FORM_HPP
#define WEIR_RECORD_RECORD_FORM_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/record/token_walk.hpp"

namespace weir::inline v0::detail {

/// The bytes of a line with holes in it, each of which is one JSON token (or the inside of one, of a string).
///
/// A tool writes its records in few forms: the same fields in the same order, with other values. A line that is a known
/// form with other contents in its holes has the structure that the JSON parser found when the form was made, and what
/// is in the holes can be read where it stands; any other line is the parser's. (openai/detail/chunk_form.hpp does so
/// for streamed events.)
/// \tparam Hole  says what the contents of a hole are.
template <class Hole>
class record_form {
 public:
  /// Makes the form of `line`. \param holes_of  `bool(token_walk&, add)` walks over the line, calls `add(hole, begin)`
  /// when the walk is at the end of a hole that began at `begin`, and returns whether there is a form.
  template <class HolesOf>
  bool learn(std::string_view line, HolesOf&& holes_of) {
    holes_.clear();
    text_.assign(line).append(8, '\0');  // so that words may be compared up to the end
    token_walk walk(line);
    const char* last = line.data();
    const bool whole = holes_of(walk, [&](Hole hole, const char* begin) {
      holes_.push_back(
          {std::move(hole), static_cast<std::size_t>(begin - last), static_cast<std::size_t>(last - line.data())});
      last = walk.at();
    });
    tail_ = static_cast<std::size_t>(last - line.data());
    if (!whole || !walk.ended()) holes_.clear();
    return !holes_.empty();
  }

  /// Whether `line` is of this form. \param fill  `bool(Hole&, token_walk&)` steps over the contents of a hole.
  template <class Fill>
  bool read(std::string_view line, Fill&& fill) {
    token_walk walk(line);
    for (auto& h : holes_)
      if (!walk.same(text_.data() + h.after, h.distance) || !fill(h.what, walk)) return false;
    return walk.same(text_.data() + tail_, text_.size() - 8 - tail_) && walk.ended();
  }

 private:
  struct placed_hole {
    Hole what;
    std::size_t distance;  ///< So many bytes of the form stand before it,
    std::size_t after;     ///< from here on.
  };

  std::string text_;
  std::vector<placed_hole> holes_;
  std::size_t tail_ = 0;
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_RECORD_FORM_HPP
