// weir/record/request.hpp - the record of one attempt of one request. Needs the standard library only.
//
// Written by whatever sends requests (load/, eval/), read by whatever counts (report/, score/). The field names of the
// JSON are those of the members; docs/records.schema.json is the public form.
#ifndef WEIR_RECORD_REQUEST_HPP
#define WEIR_RECORD_REQUEST_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// How a request ended. `ok` is the only success.
enum class outcome : unsigned char {
  ok = 0,
  connect,         ///< No connection: refused, unreachable, name not found.
  tls,             ///< The handshake or the peer's certificate failed.
  http,            ///< A status other than 200; `error` holds the server's words.
  server_error,    ///< An error object inside a stream that began with HTTP 200.
  malformed,       ///< Bytes that are not HTTP, SSE or JSON as the standards say.
  truncated,       ///< The stream ended without [DONE] and without a finish_reason for each choice.
  token_mismatch,  ///< Tokens seen in the stream and tokens in `usage` differ.
  timeout,         ///< A phase took longer than allowed; `error` says which.
  cancelled,       ///< The run was ended before the answer was whole.
};
[[nodiscard]] constexpr std::string_view to_string(outcome o) noexcept {
  constexpr std::string_view names[] = {"ok",           "connect",   "tls",       "http",
                                        "server_error", "malformed", "truncated", "token_mismatch",
                                        "timeout",      "cancelled"};
  return names[static_cast<unsigned char>(o)];
}

/// Where a token count comes from, best first.
enum class tokens_basis : unsigned char {
  none = 0,   ///< Nothing was counted.
  usage,      ///< The server's own `usage`.
  token_ids,  ///< The length of `token_ids` or `logprobs` in the stream.
  chunks,     ///< One token an event was assumed: an estimate.
};
[[nodiscard]] constexpr std::string_view to_string(tokens_basis b) noexcept {
  constexpr std::string_view names[] = {"none", "usage", "token_ids", "chunks"};
  return names[static_cast<unsigned char>(b)];
}

/// Which clock reading the arrival times of an answer are.
enum class stamp_basis : unsigned char {
  user = 0,  ///< Right after the read returned.
  kernel,    ///< The kernel's receive stamp.
  mixed,     ///< Some events have the one, some the other.
};
[[nodiscard]] constexpr std::string_view to_string(stamp_basis b) noexcept {
  constexpr std::string_view names[] = {"user", "kernel", "mixed"};
  return names[static_cast<unsigned char>(b)];
}

/// One event that carried generated tokens.
struct token_event {
  std::int64_t t_ns = unmeasured;  ///< Arrival.
  std::int32_t tokens = 1;         ///< Tokens in it; an estimate of 1 where the basis is `chunks`.
  std::int32_t choice = 0;         ///< Index of the choice, 0 <= choice < n.
};

/// What one choice of a request (n > 1) did.
struct choice_record {
  std::int32_t index = 0;
  std::int64_t t_first_ns = unmeasured;  ///< First event with a token.
  std::int64_t t_last_ns = unmeasured;   ///< Last event with a token.
  std::int64_t tokens_out = unmeasured;
  std::int64_t tokens_first = unmeasured;  ///< Tokens in the first event: TPOT's denominator is tokens_out minus these.
  std::string finish_reason;               ///< Empty where the server gave none.
  std::string text;                        ///< Visible text.
  std::string reasoning;                   ///< Reasoning text, where the server splits it off.
};

/// One attempt of one request. Times are monotonic nanoseconds of the client's host; `unmeasured` where it never came
/// so far.
struct request_record {
  std::string id;            ///< Global: survives splitting and merging.
  std::int32_t attempt = 1;  ///< 1 for the first; a retry is a new record.
  std::string endpoint;      ///< Base URL.
  std::string instance;      ///< Name of the instance behind it, where known.
  std::string model;
  outcome status = outcome::ok;
  std::int32_t http_status = 0;  ///< 0 where no response came.
  std::string error;             ///< One sentence; empty when ok.
  bool resent = false;           ///< Its kept connection was lost unanswered, and the next attempt followed at once.

  std::int64_t t_sched_ns = unmeasured;    ///< Intended arrival (open loop).
  std::int64_t t_woke_ns = unmeasured;     ///< The sender noticed that it was due: its own lateness ends here.
  std::int64_t t_connect_ns = unmeasured;  ///< connect() called for this request; unmeasured on a kept connection.
  std::int64_t t_send_ns = unmeasured;     ///< Right before the send() that accepted the first byte.
  std::int64_t t_first_ns = unmeasured;    ///< First event that carried a generated token (any channel).
  std::int64_t t_visible_ns = unmeasured;  ///< First event that carried a visible (non-reasoning) token.
  std::int64_t t_last_ns = unmeasured;     ///< Last event that carried a generated token.
  std::int64_t t_done_ns = unmeasured;     ///< [DONE], or the end of the body, or when it was given up.

  std::int64_t tokens_in_asked = unmeasured;  ///< How long the prompt was to be.
  std::int64_t tokens_in = unmeasured;
  std::int64_t tokens_out = unmeasured;
  tokens_basis basis = tokens_basis::none;      ///< Of tokens_out.
  tokens_basis itl_basis = tokens_basis::none;  ///< Of the tokens of each event; none where nothing was streamed.
  stamp_basis stamps = stamp_basis::user;       ///< Of the events' arrival times.
  std::int64_t shared_events = 0;               ///< Events that share a stamp: it is the last one's.
  std::vector<choice_record> choices;           ///< One row a choice; one row where n = 1.
  std::vector<token_event> events;              ///< Empty unless the run keeps per-event times.

  // Carried over from the prompt record, so that scoring needs no second file.
  std::string expected, subject, session;
  std::int64_t turn = unmeasured;   ///< Place in its session.
  std::int64_t turns_not_sent = 0;  ///< Later turns of its session that were not sent because it failed.
};

namespace detail {
inline json_writer& time_field(json_writer& json, std::string_view name, std::int64_t value) {
  return value == unmeasured ? json.field(name, nullptr) : json.field(name, value);
}
inline void text_field(json_writer& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.field(name, text);
}
inline void append_choice(json_writer& json, const choice_record& c) {
  json.begin_object().field("index", c.index);
  time_field(json, "t_first_ns", c.t_first_ns);
  time_field(json, "t_last_ns", c.t_last_ns);
  time_field(json, "tokens_out", c.tokens_out);
  time_field(json, "tokens_first", c.tokens_first);
  text_field(json, "finish_reason", c.finish_reason);
  json.field("text", c.text);
  text_field(json, "reasoning", c.reasoning);
  json.end_object();
}
}  // namespace detail

/// Appends `r` as one line of JSON with its newline. Events are written as three parallel arrays: `event_t_ns` (each
/// relative to t_send_ns), `event_tokens`, `event_choice` (the last two only where not all 1, or not all 0).
inline void append_record(std::string& out, const request_record& r) {
  json_writer json(out);
  json.begin_object().field("type", "request").field("id", r.id).field("attempt", r.attempt);
  detail::text_field(json, "endpoint", r.endpoint);
  detail::text_field(json, "instance", r.instance);
  detail::text_field(json, "model", r.model);
  json.field("status", to_string(r.status)).field("http_status", r.http_status);
  detail::text_field(json, "error", r.error);
  if (r.resent) json.field("resent", true);
  detail::time_field(json, "t_sched_ns", r.t_sched_ns);
  if (r.t_woke_ns != unmeasured) json.field("t_woke_ns", r.t_woke_ns);
  detail::time_field(json, "t_connect_ns", r.t_connect_ns);
  detail::time_field(json, "t_send_ns", r.t_send_ns);
  detail::time_field(json, "t_first_ns", r.t_first_ns);
  detail::time_field(json, "t_visible_ns", r.t_visible_ns);
  detail::time_field(json, "t_last_ns", r.t_last_ns);
  detail::time_field(json, "t_done_ns", r.t_done_ns);
  if (r.tokens_in_asked != unmeasured) json.field("tokens_in_asked", r.tokens_in_asked);
  detail::time_field(json, "tokens_in", r.tokens_in);
  detail::time_field(json, "tokens_out", r.tokens_out);
  json.field("tokens_basis", to_string(r.basis)).field("itl_basis", to_string(r.itl_basis));
  json.field("stamp_basis", to_string(r.stamps));
  if (r.shared_events > 0) json.field("shared_events", r.shared_events);
  json.key("choices").begin_array();
  for (const auto& c : r.choices) detail::append_choice(json, c);
  json.end_array();
  if (!r.events.empty()) {
    bool single = true, first_choice = true;
    json.key("event_t_ns").begin_array();
    for (const auto& e : r.events) {
      json.value(e.t_ns - r.t_send_ns);
      single = single && e.tokens == 1;
      first_choice = first_choice && e.choice == 0;
    }
    json.end_array();
    const auto array = [&](std::string_view name, auto member) {
      json.key(name).begin_array();
      for (const auto& e : r.events) json.value(e.*member);
      json.end_array();
    };
    if (!single) array("event_tokens", &token_event::tokens);
    if (!first_choice) array("event_choice", &token_event::choice);
  }
  detail::text_field(json, "expected", r.expected);
  detail::text_field(json, "subject", r.subject);
  detail::text_field(json, "session", r.session);
  if (r.turn != unmeasured) json.field("turn", r.turn);
  if (r.turns_not_sent > 0) json.field("turns_not_sent", r.turns_not_sent);
  json.end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_REQUEST_HPP
