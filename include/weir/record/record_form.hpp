// weir/record/record_form.hpp - the forms of lines of JSON: what a later line must repeat, and where it may differ.
// Needs simdjson.
#ifndef WEIR_RECORD_RECORD_FORM_HPP
#define WEIR_RECORD_RECORD_FORM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
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
/// \tparam Hole  says what the contents of a hole are; equal holes are filled alike.
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

  /// Reads on in `line`, from the end of so many holes: `done` counts on. \param fill  `bool(Hole&, token_walk&)` steps
  /// over the contents of a hole. \return  whether the line is of this form; if not, the walk is at the end of the last
  /// hole that was filled.
  template <class Fill>
  bool read_on(token_walk& walk, std::size_t& done, Fill&& fill) {
    const char* const text = text_.data();
    token_walk ahead = walk;
    for (auto& h : std::span(holes_).subspan(done)) {
      if (!ahead.same(text + h.after, h.distance) || !fill(h.what, ahead)) return false;
      walk = ahead;
      ++done;
    }
    if (!ahead.same(text + tail_, text_.size() - 8 - tail_) || !ahead.ended()) return false;
    walk = ahead;
    return true;
  }

  /// With how many equal holes, and equal bytes before each of them, both begin.
  [[nodiscard]] std::size_t shared_with(const record_form& other) const {
    const auto bytes = [](const record_form& f, const placed_hole& h) {
      return std::string_view(f.text_).substr(h.after, h.distance);
    };
    const auto apart = std::ranges::mismatch(holes_, other.holes_, [&](const auto& a, const auto& b) {
      return a.what == b.what && bytes(*this, a) == bytes(other, b);
    });
    return static_cast<std::size_t>(apart.in1 - holes_.begin());
  }
  [[nodiscard]] bool same_as(const record_form& other) const {
    const auto rest = [](const record_form& f) { return std::string_view(f.text_).substr(f.tail_); };
    return holes_.size() == other.holes_.size() && shared_with(other) == holes_.size() && rest(*this) == rest(other);
  }
  /// Whether it has a hole that `is` takes for the right one.
  template <class Is>
  [[nodiscard]] bool has(Is&& is) const {
    return std::ranges::any_of(holes_, is, &placed_hole::what);
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

/// The forms that lines had of late. A line is read by the form of the line before it; where the two part, a form that
/// was the same up to there goes on from there. So a line is read once, however the forms alternate.
/// \tparam Form  has read_on, shared_with and same_as as record_form has.
template <class Form>
class form_memory {
 public:
  static constexpr std::size_t none = ~std::size_t{0};

  /// \return  the place of the form that `line` is of; `none`: it is of none of these. \param fill  as above.
  template <class Fill>
  std::size_t read(std::string_view line, Fill&& fill) {
    if (forms_.empty()) return none;
    token_walk walk(line);
    std::size_t done = 0, at = last_;
    std::uint32_t tried = 0;
    while (!forms_[at].form.read_on(walk, done, fill)) {
      tried |= std::uint32_t{1} << at;
      const auto& shared = forms_[at].shared;
      std::size_t next = 0;
      while (next < forms_.size() && ((tried >> next & 1) != 0 || shared[next] != done)) ++next;
      if (next == forms_.size()) return none;
      at = next;
    }
    forms_[at].used = ++clock_;
    return last_ = at;
  }

  /// Takes in a form, in the place of the one that was not met for the longest time. \return its place.
  std::size_t add(Form form) {
    const auto known = std::ranges::find_if(forms_, [&](const entry& e) { return e.form.same_as(form); });
    auto at = static_cast<std::size_t>(known - forms_.begin());
    if (known == forms_.end() && at < most)
      forms_.emplace_back();
    else if (known == forms_.end())
      at = static_cast<std::size_t>(std::ranges::min_element(forms_, {}, &entry::used) - forms_.begin());
    forms_[at].form = std::move(form), forms_[at].used = ++clock_;
    for (std::size_t i = 0; i < forms_.size(); ++i)
      forms_[at].shared[i] = forms_[i].shared[at] = forms_[at].form.shared_with(forms_[i].form);
    return last_ = at;
  }

  [[nodiscard]] Form& operator[](std::size_t at) noexcept { return forms_[at].form; }

 private:
  static constexpr std::size_t most = 16;  // with and without tokens of events, errors, a new connection, ...
  struct entry {
    Form form;
    std::size_t shared[most]{};  ///< By place: see shared_with.
    std::uint64_t used = 0;
  };

  std::vector<entry> forms_;
  std::size_t last_ = 0;
  std::uint64_t clock_ = 0;
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_RECORD_FORM_HPP
