// weir/record/request_fields.hpp - the fields of a request record: what each is, where it goes. Needs simdjson.
#ifndef WEIR_RECORD_REQUEST_FIELDS_HPP
#define WEIR_RECORD_REQUEST_FIELDS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

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

/// Makes `request` as good as new, but keeps the memory of its strings and vectors, and the rows of its choices.
inline void clear(request_record& request) {
  request.attempt = 1;
  request.status = outcome::ok;
  request.http_status = 0;
  request.resent = false;
  for (auto* t : {&request.t_sched_ns, &request.t_woke_ns, &request.t_connect_ns, &request.t_send_ns,
                  &request.t_first_ns, &request.t_visible_ns, &request.t_last_ns, &request.t_done_ns,
                  &request.tokens_in, &request.tokens_out, &request.turn, &request.tokens_in_asked})
    *t = unmeasured;
  request.basis = request.itl_basis = tokens_basis::none;
  request.stamps = stamp_basis::user;
  request.shared_events = request.turns_not_sent = 0;
  for (auto* text : {&request.id, &request.endpoint, &request.instance, &request.model, &request.error,
                     &request.expected, &request.subject, &request.session})
    text->clear();
  for (auto& choice : request.choices) clear(choice);
  request.events.clear();
}

/// A request being read: the record, and what is not in its place yet.
struct request_parts : request_record {
  explicit request_parts(read_options options) : wanted(options) {}

  read_options wanted;
  const char* end = nullptr;  ///< Where the document ends.
  std::size_t rows = 0;       ///< Choices read so far.
  bool has_status = false;
  std::vector<std::int64_t> times, tokens, which;  ///< The three parallel arrays of events.

  void start_over() {
    clear(*this);
    clear_events();
    rows = 0;
    has_status = false;
  }
  void clear_events() { times.clear(), tokens.clear(), which.clear(); }

  /// Puts the arrays of events together. \return  nullptr, or what is wrong with them.
  const char* join_events() {
    const auto fits = [&](std::size_t size) { return size == 0 || size == times.size(); };
    if (!fits(tokens.size()) || !fits(which.size()))
      return "event_t_ns, event_tokens and event_choice differ in length";
    if (!times.empty() && t_send_ns == unmeasured) return "event_t_ns counts from t_send_ns, which is not there";
    events.resize(times.size());
    for (std::size_t i = 0; i < times.size(); ++i) events[i] = {t_send_ns + times[i], 1, 0};
    if (!put(tokens, &token_event::tokens) || !put(which, &token_event::choice))
      return "event_tokens and event_choice are not all in the range of 32 bits";
    return nullptr;
  }

 private:
  bool put(const std::vector<std::int64_t>& from, std::int32_t token_event::* to) {
    bool in_range = true;
    for (std::size_t i = 0; i < from.size(); ++i) {
      in_range = in_range && std::in_range<std::int32_t>(from[i]);
      events[i].*to = static_cast<std::int32_t>(from[i]);
    }
    return in_range;
  }
};

inline std::span<const json_field<choice_record>> choice_fields(bool text) {
  using field = json_field<choice_record>;
  static constexpr std::array all{
      field{"index", &choice_record::index},
      field{"t_first_ns", field_kind::time, &choice_record::t_first_ns},
      field{"t_last_ns", field_kind::time, &choice_record::t_last_ns},
      field{"tokens_out", field_kind::count, &choice_record::tokens_out},
      field{"tokens_first", field_kind::count, &choice_record::tokens_first},
      field{"finish_reason", &choice_record::finish_reason},
      field{"text", &choice_record::text},
      field{"reasoning", &choice_record::reasoning},
  };
  return std::span(all).first(text ? all.size() : all.size() - 3);  // the last three are texts
}

inline read_outcome read_choices(request_parts& r, json_value value) {
  simdjson::ondemand::array rows;
  if (value.get_array().get(rows)) return "an array";
  for (auto row : rows) {
    simdjson::ondemand::object object;
    if (row.get_object().get(object)) return "an array of objects";
    if (r.rows == r.choices.size()) r.choices.emplace_back();
    if (!read_fields<choice_record>(object, choice_fields(r.wanted.text), r.choices[r.rows++]))
      return "an array of choices as docs/records.md says";
  }
  return nullptr;
}

inline read_outcome read_numbers(const request_parts& r, std::vector<std::int64_t>& out, json_value value) {
  if (!r.wanted.events || plain_integers(value.raw_json_token().data(), r.end, out)) return nullptr;
  out.clear();
  simdjson::ondemand::array numbers;
  if (value.get_array().get(numbers)) return "an array";
  for (auto each : numbers)
    if (each.get_int64().get(out.emplace_back()) || out.back() < -most_event_ns || out.back() > most_event_ns)
      return "an array of integers within 1e18";
  return nullptr;
}

inline std::span<const json_field<request_parts>> request_fields(bool text) {
  using field = json_field<request_parts>;
  using parts = request_parts;
  static constexpr auto a_basis = "a basis that docs/records.md lists";
  static constexpr std::array all{
      field{"type", [](parts&, json_value) -> read_outcome { return nullptr; }},
      field{"id", &parts::id},
      field{"attempt", &parts::attempt},
      field{"endpoint", &parts::endpoint},
      field{"instance", &parts::instance},
      field{"model", &parts::model},
      field{"status",
            [](parts& r, json_value v) {
              r.has_status = true;
              return read_name(r.status, v, outcome::cancelled, "an outcome that docs/records.md lists");
            }},
      field{"http_status", &parts::http_status},
      field{"resent",
            [](parts& r, json_value v) -> read_outcome {
              return v.get_bool().get(r.resent) ? "true or false" : nullptr;
            }},
      field{"t_sched_ns", field_kind::time, &parts::t_sched_ns},
      field{"t_woke_ns", field_kind::time, &parts::t_woke_ns},
      field{"t_connect_ns", field_kind::time, &parts::t_connect_ns},
      field{"t_send_ns", field_kind::time, &parts::t_send_ns},
      field{"t_first_ns", field_kind::time, &parts::t_first_ns},
      field{"t_visible_ns", field_kind::time, &parts::t_visible_ns},
      field{"t_last_ns", field_kind::time, &parts::t_last_ns},
      field{"t_done_ns", field_kind::time, &parts::t_done_ns},
      field{"tokens_in_asked", field_kind::count, &parts::tokens_in_asked},
      field{"tokens_in", field_kind::count, &parts::tokens_in},
      field{"tokens_out", field_kind::count, &parts::tokens_out},
      field{"tokens_basis",
            [](parts& r, json_value v) { return read_name(r.basis, v, tokens_basis::chunks, a_basis); }},
      field{"itl_basis",
            [](parts& r, json_value v) { return read_name(r.itl_basis, v, tokens_basis::chunks, a_basis); }},
      field{"stamp_basis", [](parts& r, json_value v) { return read_name(r.stamps, v, stamp_basis::mixed, a_basis); }},
      field{"shared_events", field_kind::count, &parts::shared_events},
      field{"choices", field_kind::rows, read_choices},
      field{"event_t_ns", &parts::times, [](parts& r, json_value v) { return read_numbers(r, r.times, v); }},
      field{"event_tokens", &parts::tokens, [](parts& r, json_value v) { return read_numbers(r, r.tokens, v); }},
      field{"event_choice", &parts::which, [](parts& r, json_value v) { return read_numbers(r, r.which, v); }},
      field{"expected", &parts::expected},
      field{"subject", &parts::subject},
      field{"session", &parts::session},
      field{"turn", field_kind::count, &parts::turn},
      field{"turns_not_sent", field_kind::count, &parts::turns_not_sent},
      field{"error", &parts::error},
  };
  return std::span(all).first(text ? all.size() : all.size() - 1);  // the error's words
}

}  // namespace detail
}  // namespace weir::inline v0

#endif  // WEIR_RECORD_REQUEST_FIELDS_HPP
