// weir/record/request_form.hpp - requests whose line repeats the form of one before, read without the JSON parser.
// Needs simdjson.
#ifndef WEIR_RECORD_REQUEST_FORM_HPP
#define WEIR_RECORD_REQUEST_FORM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/record/record_form.hpp"
#include "weir/record/request_fields.hpp"

namespace weir::inline v0::detail {

/// The form of a request's line. What a later line must repeat are the names of fields, true and false, and words of a
/// fixed choice such as the status; texts, numbers, and the arrays of events may differ.
class request_form {
 public:
  /// Whose contents these are: a field's, of the record or of one of its choices; else nobody wants them.
  struct hole {
    const json_field<request_parts>* field = nullptr;
    const json_field<choice_record>* of_choice = nullptr;
    std::size_t row = 0;
    bool text = false;     ///< Of what nobody wants: the inside of a string.
    std::size_t size = 0;  ///< Of the contents, the last time.

    hole(const json_field<request_parts>* of, std::size_t /*row*/) : field(of) {}
    hole(const json_field<choice_record>* of, std::size_t at) : of_choice(of), row(at) {}
    /// Whether both are filled alike.
    bool operator==(const hole& other) const noexcept {
      return field == other.field && of_choice == other.of_choice && row == other.row && text == other.text;
    }
  };

  /// Makes the form of a line that the JSON parser has just read into `r`. \return  false for one that has none.
  bool learn(std::string_view line, const request_parts& r) {
    rows_ = r.rows;
    status_ = r.status, basis_ = r.basis, itl_basis_ = r.itl_basis, stamps_ = r.stamps, resent_ = r.resent;
    const bool learned = form_.learn(line, [&](token_walk& walk, auto&& add) {
      const bool whole = holes_of_object<request_parts>(walk, request_fields(r.wanted.text), add,
                                                        [&] { return holes_of_rows(walk, r.wanted.text, add); });
      walk.skip_spaces();
      return whole;
    });
    absent_.clear();
    if (learned) find_absent(r.wanted.text);
    return learned;
  }

  /// Steps over the contents of a hole, which go into `r`. \return  whether they are what may stand there.
  static bool fill(hole& h, token_walk& walk, request_parts& r) {
    if (h.of_choice != nullptr) {
      if (h.row >= r.choices.size()) r.choices.resize(h.row + 1);
      return take(*h.of_choice, r.choices[h.row], walk, h.size);
    }
    if (h.field == nullptr) return h.text ? walk.skip_text(h.size) : walk.skip_scalar();
    if (h.field->is != field_kind::numbers) return take(*h.field, r, walk, h.size);
    if (!r.wanted.events) return walk.skip_numbers();
    if (walk.take_numbers(r.*h.field->list)) return true;
    (r.*h.field->list).clear();
    return false;
  }
  /// Reads on in a line: see record_form. \param fill  the one above.
  template <class Fill>
  bool read_on(token_walk& walk, std::size_t& done, Fill&& fill) {
    return form_.read_on(walk, done, fill);
  }
  [[nodiscard]] std::size_t shared_with(const request_form& other) const { return form_.shared_with(other.form_); }
  [[nodiscard]] bool same_as(const request_form& other) const { return form_.same_as(other.form_); }

  /// Makes `r`, whose holes were filled by this form, a request of this form alone, whatever it was before.
  void complete(request_parts& r) const {
    static const request_parts fresh({});
    static const choice_record fresh_choice;
    r.choices.resize(rows_);
    r.status = status_, r.basis = basis_, r.itl_basis = itl_basis_, r.stamps = stamps_, r.resent = resent_;
    for (const auto& h : absent_)
      h.of_choice == nullptr ? reset(*h.field, r, fresh) : reset(*h.of_choice, r.choices[h.row], fresh_choice);
  }

 private:
  void find_absent(bool text) {
    const auto add = [&](hole h, field_kind is) {
      const bool plain = is != field_kind::other && is != field_kind::numbers && is != field_kind::rows;
      const auto same = [&](const hole& o) {
        return o.field == h.field && o.of_choice == h.of_choice && o.row == h.row;
      };
      if (plain && !form_.has(same)) absent_.push_back(h);
    };
    for (const auto& f : request_fields(text)) add(hole(&f, 0), f.is);
    for (std::size_t row = 0; row < rows_; ++row)
      for (const auto& f : choice_fields(text)) add(hole(&f, row), f.is);
  }
  template <class Target>
  static void reset(const json_field<Target>& field, Target& into, const Target& fresh) {
    if (field.is == field_kind::text)
      (into.*field.text).clear();
    else if (field.is == field_kind::int32)
      into.*field.int32 = fresh.*field.int32;
    else
      into.*field.number = fresh.*field.number;
  }

  template <class Target>
  static bool take(const json_field<Target>& field, Target& into, token_walk& walk, std::size_t& size) {
    if (field.is == field_kind::time || field.is == field_kind::count)
      return walk.take_number(into.*field.number, size);
    if (field.is == field_kind::text) {
      std::string_view text;
      if (!walk.take_text(text, size)) return false;
      auto& kept = into.*field.text;
      if (kept.size() == text.size())  // as it mostly is: nothing but the characters to change
        std::ranges::copy(text, kept.begin());
      else
        kept.assign(text);
      return true;
    }
    std::int64_t wide = 0;
    if (!walk.take_number(wide, size) || !std::in_range<std::int32_t>(wide)) return false;
    into.*field.int32 = static_cast<std::int32_t>(wide);
    return true;
  }

  /// \param on_rows  walks over the value of a field of that kind.
  template <class Target, class Add, class OnRows>
  static bool holes_of_object(token_walk& walk, std::span<const json_field<Target>> fields, Add&& add, OnRows&& on_rows,
                              std::size_t row = 0) {
    if (!walk.skip('{')) return false;
    std::uint64_t seen = 0;
    do {
      std::string_view name;
      std::size_t size = 0;
      if (!walk.skip('"') || !walk.take_text(name, size) || !walk.skip('"') || !walk.skip(':')) return false;
      walk.skip_spaces();
      const auto at = std::ranges::find(fields, name, &json_field<Target>::name);
      const json_field<Target>* field = at == fields.end() ? nullptr : &*at;
      const auto bit = field == nullptr ? 0 : std::uint64_t{1} << (at - fields.begin());
      if ((seen & bit) != 0) return false;  // which of the two counts is the parser's to say
      seen |= bit;
      const bool rows = field != nullptr && field->is == field_kind::rows;
      if (!(rows ? on_rows() : hole_of_value(walk, field, hole(field, row), add))) return false;
    } while (walk.skip(','));
    return walk.skip('}');
  }

  template <class Add>
  static bool holes_of_rows(token_walk& walk, bool text, Add&& add) {
    std::size_t row = 0;
    const auto nothing = [] { return false; };
    if (!walk.skip('[')) return false;
    if (walk.skip(']')) return true;
    do
      if (!holes_of_object<choice_record>(walk, choice_fields(text), add, nothing, row++)) return false;
    while (walk.skip(','));
    return walk.skip(']');
  }

  template <class Target, class Add>
  static bool hole_of_value(token_walk& walk, const json_field<Target>* field, hole h, Add&& add) {
    const auto is = field == nullptr ? field_kind::other : field->is;
    const bool fixed = field != nullptr && is == field_kind::other;
    const char* begin = walk.at();
    if (walk.skip('"')) {
      std::string_view text;
      begin = walk.at();
      if (field == nullptr || fixed ? !walk.skip_text(h.size) : is != field_kind::text || !walk.take_text(text, h.size))
        return false;
      h.text = true;
    } else if (is == field_kind::numbers) {
      if (!walk.skip_numbers()) return false;
    } else if (!walk.skip_scalar()) {
      return false;
    } else if (is == field_kind::text) {
      return true;  // null
    }
    if (!fixed) add(h, begin);
    return !h.text || walk.skip('"');
  }

  record_form<hole> form_;
  std::vector<hole> absent_;  // the plain fields that it has no hole for
  std::size_t rows_ = 0;
  outcome status_ = outcome::ok;
  tokens_basis basis_ = tokens_basis::none, itl_basis_ = tokens_basis::none;
  stamp_basis stamps_ = stamp_basis::user;
  bool resent_ = false;
};

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_REQUEST_FORM_HPP
