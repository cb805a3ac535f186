// weir/record/read_request.hpp - a request record, read from its JSON. Needs simdjson.
#ifndef WEIR_RECORD_READ_REQUEST_HPP
#define WEIR_RECORD_READ_REQUEST_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/record/json_fields.hpp"
#include "weir/record/plain_integers.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// What of a record is wanted. What is not is skipped, and costs next to nothing.
struct read_options {
  bool text = true;    ///< The texts of the choices, and the error's words.
  bool events = true;  ///< Per-event times and tokens.
};

namespace detail {

/// The value of an enumeration whose name is `text`.
template <class Enum>
std::optional<Enum> from_name(std::string_view text, Enum last) {
  for (unsigned char i = 0; i <= static_cast<unsigned char>(last); ++i)
    if (to_string(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  return std::nullopt;
}

template <class Enum>
read_outcome read_name(Enum& out, json_value value, Enum last, read_outcome wanted) {
  std::string_view text;
  if (value.get_string().get(text)) return wanted;
  const auto known = from_name(text, last);
  if (known) out = *known;
  return known ? nullptr : wanted;
}

/// Makes `choice` as good as new, but keeps the memory of its strings.
inline void clear(choice_record& choice) {
  choice.index = 0;
  choice.t_first_ns = choice.t_last_ns = choice.tokens_out = choice.tokens_first = unmeasured;
  for (auto* text : {&choice.finish_reason, &choice.text, &choice.reasoning}) text->clear();
}

/// Makes `request` as good as new, but keeps the memory of its strings and vectors; `choices` keep their old rows.
inline void clear(request_record& request) {
  request.attempt = 1;
  request.status = outcome::ok;
  request.http_status = 0;
  request.resent = false;
  for (auto* t : {&request.t_sched_ns, &request.t_woke_ns, &request.t_connect_ns, &request.t_send_ns,
                  &request.t_first_ns, &request.t_visible_ns, &request.t_last_ns, &request.t_done_ns,
                  &request.tokens_in, &request.tokens_out, &request.turn})
    *t = unmeasured;
  request.basis = request.itl_basis = tokens_basis::none;
  request.stamps = stamp_basis::user;
  request.shared_events = request.turns_not_sent = 0;
  for (auto* text : {&request.id, &request.endpoint, &request.instance, &request.model, &request.error,
                     &request.expected, &request.subject, &request.session})
    text->clear();
  request.events.clear();
}

/// A request being read: where its parts go until all of them are there.
class request_target {
 public:
  explicit request_target(read_options options) : options_(options) {}

  /// \param end  where the document ends.
  result<void> read(simdjson::ondemand::object object, const char* end) {
    clear(record);
    end_ = end;
    choices_ = 0;
    has_status_ = false;
    times_.clear(), tokens_.clear(), which_.clear();
    if (auto ok = read_fields<request_target>(object, fields(), *this); !ok) return ok;
    record.choices.resize(choices_);
    if (!has_status_) return failure{errc::parse, "a request without the field 'status'"};
    return join_events();
  }

  request_record record;

 private:
  static std::span<const json_field<request_target>> fields();
  static std::span<const json_field<choice_record>> choice_fields(bool text);

  read_outcome read_choices(json_value value) {
    simdjson::ondemand::array rows;
    if (value.get_array().get(rows)) return "an array";
    for (auto row : rows) {
      simdjson::ondemand::object object;
      if (row.get_object().get(object)) return "an array of objects";
      if (choices_ == record.choices.size()) record.choices.emplace_back();
      choice_record& choice = record.choices[choices_++];
      clear(choice);
      if (!read_fields<choice_record>(object, choice_fields(options_.text), choice))
        return "an array of choices as docs/records.md says";
    }
    return nullptr;
  }

  template <class Integer>
  read_outcome read_numbers(std::vector<Integer>& out, json_value value) {
    if (!options_.events) return nullptr;
    if (detail::plain_integers(value.raw_json_token().data(), end_, out)) return nullptr;
    out.clear();
    simdjson::ondemand::array numbers;
    if (value.get_array().get(numbers)) return "an array";
    for (auto each : numbers) {
      std::int64_t number = 0;
      if (each.get_int64().get(number) || !std::in_range<Integer>(number)) return "an array of integers";
      out.push_back(static_cast<Integer>(number));
    }
    return nullptr;
  }

  /// Puts the three parallel arrays of events together.
  result<void> join_events() {
    const auto fits = [&](std::size_t size) { return size == 0 || size == times_.size(); };
    if (!fits(tokens_.size()) || !fits(which_.size()))
      return failure{errc::parse, "event_t_ns, event_tokens and event_choice differ in length"};
    if (!times_.empty() && record.t_send_ns == unmeasured)
      return failure{errc::parse, "event_t_ns counts from t_send_ns, which is not there"};
    record.events.resize(times_.size());
    for (std::size_t i = 0; i < times_.size(); ++i)
      record.events[i] = {record.t_send_ns + times_[i], tokens_.empty() ? 1 : tokens_[i],
                          which_.empty() ? 0 : which_[i]};
    return {};
  }

  read_options options_;
  const char* end_ = nullptr;
  std::size_t choices_ = 0;
  bool has_status_ = false;
  std::vector<std::int64_t> times_;
  std::vector<std::int32_t> tokens_, which_;
};

inline std::span<const json_field<choice_record>> request_target::choice_fields(bool text) {
  using field = json_field<choice_record>;
  static constexpr std::array all{
      field{"index", [](auto& c, auto v) { return read_small(c.index, v); }},
      field{"t_first_ns", [](auto& c, auto v) { return read_time(c.t_first_ns, v); }},
      field{"t_last_ns", [](auto& c, auto v) { return read_time(c.t_last_ns, v); }},
      field{"tokens_out", [](auto& c, auto v) { return take_count(c.tokens_out, v); }},
      field{"tokens_first", [](auto& c, auto v) { return take_count(c.tokens_first, v); }},
      field{"finish_reason", [](auto& c, auto v) { return take_text(c.finish_reason, v); }},
      field{"text", [](auto& c, auto v) { return take_text(c.text, v); }},
      field{"reasoning", [](auto& c, auto v) { return take_text(c.reasoning, v); }},
  };
  return std::span(all).first(text ? all.size() : all.size() - 3);  // the last three are texts
}

inline std::span<const json_field<request_target>> request_target::fields() {
  using field = json_field<request_target>;
  using self = request_target;
  static constexpr std::array all{
      field{"type", [](self&, json_value) -> read_outcome { return nullptr; }},
      field{"id", [](self& t, json_value v) { return take_text(t.record.id, v); }},
      field{"attempt", [](self& t, json_value v) { return read_small(t.record.attempt, v); }},
      field{"endpoint", [](self& t, json_value v) { return take_text(t.record.endpoint, v); }},
      field{"instance", [](self& t, json_value v) { return take_text(t.record.instance, v); }},
      field{"model", [](self& t, json_value v) { return take_text(t.record.model, v); }},
      field{"status",
            [](self& t, json_value v) {
              t.has_status_ = true;
              return read_name(t.record.status, v, outcome::cancelled, "an outcome that docs/records.md lists");
            }},
      field{"http_status", [](self& t, json_value v) { return read_small(t.record.http_status, v); }},
      field{"error", [](self& t, json_value v) { return t.options_.text ? take_text(t.record.error, v) : nullptr; }},
      field{"resent",
            [](self& t, json_value v) -> read_outcome {
              return v.get_bool().get(t.record.resent) ? "true or false" : nullptr;
            }},
      field{"t_sched_ns", [](self& t, json_value v) { return read_time(t.record.t_sched_ns, v); }},
      field{"t_woke_ns", [](self& t, json_value v) { return read_time(t.record.t_woke_ns, v); }},
      field{"t_connect_ns", [](self& t, json_value v) { return read_time(t.record.t_connect_ns, v); }},
      field{"t_send_ns", [](self& t, json_value v) { return read_time(t.record.t_send_ns, v); }},
      field{"t_first_ns", [](self& t, json_value v) { return read_time(t.record.t_first_ns, v); }},
      field{"t_visible_ns", [](self& t, json_value v) { return read_time(t.record.t_visible_ns, v); }},
      field{"t_last_ns", [](self& t, json_value v) { return read_time(t.record.t_last_ns, v); }},
      field{"t_done_ns", [](self& t, json_value v) { return read_time(t.record.t_done_ns, v); }},
      field{"tokens_in", [](self& t, json_value v) { return take_count(t.record.tokens_in, v); }},
      field{"tokens_out", [](self& t, json_value v) { return take_count(t.record.tokens_out, v); }},
      field{"tokens_basis",
            [](self& t, json_value v) {
              return read_name(t.record.basis, v, tokens_basis::chunks, "a basis that docs/records.md lists");
            }},
      field{"itl_basis",
            [](self& t, json_value v) {
              return read_name(t.record.itl_basis, v, tokens_basis::chunks, "a basis that docs/records.md lists");
            }},
      field{"stamp_basis",
            [](self& t, json_value v) {
              return read_name(t.record.stamps, v, stamp_basis::mixed, "a basis that docs/records.md lists");
            }},
      field{"shared_events", [](self& t, json_value v) { return take_count(t.record.shared_events, v); }},
      field{"choices", [](self& t, json_value v) { return t.read_choices(v); }},
      field{"event_t_ns", [](self& t, json_value v) { return t.read_numbers(t.times_, v); }},
      field{"event_tokens", [](self& t, json_value v) { return t.read_numbers(t.tokens_, v); }},
      field{"event_choice", [](self& t, json_value v) { return t.read_numbers(t.which_, v); }},
      field{"expected", [](self& t, json_value v) { return take_text(t.record.expected, v); }},
      field{"subject", [](self& t, json_value v) { return take_text(t.record.subject, v); }},
      field{"session", [](self& t, json_value v) { return take_text(t.record.session, v); }},
      field{"turn", [](self& t, json_value v) { return take_count(t.record.turn, v); }},
      field{"turns_not_sent", [](self& t, json_value v) { return take_count(t.record.turns_not_sent, v); }},
  };
  return all;
}

}  // namespace detail
}  // namespace weir::inline v0

#endif  // WEIR_RECORD_READ_REQUEST_HPP
