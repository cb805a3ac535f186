// weir/openai/exchange.hpp - one answer of an OpenAI-compatible server, from bytes and arrival times to a record; no
// I/O. Needs simdjson.
#ifndef WEIR_OPENAI_EXCHANGE_HPP
#define WEIR_OPENAI_EXCHANGE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/sse.hpp"
#include "weir/openai/chunk.hpp"
#include "weir/openai/tally.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// What was asked for, and how much may come.
struct exchange_options {
  std::int32_t choices = 1;                              ///< n of the request
  bool keep_events = true;                               ///< Keep the time and tokens of each event.
  std::size_t max_event_bytes = std::size_t{1} << 24;    ///< Of one streamed event.
  std::size_t max_answer_bytes = std::size_t{64} << 20;  ///< Of an answer that is not streamed.
};

/// Reads the response to one request, streamed or in one piece, and fills in its record. You own the socket and the
/// clock:
///
///     weir::completion_exchange x(json, options, about);   // about: id, endpoint, ... of the record
///     x.sent(weir::now_ns());                               // right after the first byte was accepted
///     bool over = x.feed(bytes, arrival_ns);                // arrival: right after recv(), before anything else
///     if (over) log(x.take());
///
/// Whatever the bytes are, it ends with a record whose status says what happened; nothing is thrown away silently.
/// \complexity  one pass; per event one JSON parse and O(1) more.
class completion_exchange {
 public:
  /// \param json  may be shared by all exchanges of a thread.
  completion_exchange(chunk_parser& json, exchange_options options, request_record about)
      : json_(&json),
        options_(options),
        record_(std::move(about)),
        http_(http1_parser::role::response),
        sse_(options.max_event_bytes),
        tally_(options.keep_events) {}

  /// The first byte of the request was accepted at `t_ns`; later calls change nothing.
  void sent(std::int64_t t_ns) noexcept {
    if (record_.t_send_ns == unmeasured) record_.t_send_ns = t_ns;
  }

  /// Takes bytes of the response, brought by one read, that arrived at `t_ns`. `basis` says which clock reading that
  /// is.
  /// \pre     sse_parser::padding bytes behind `bytes` may be read, whatever they hold.
  /// \return  whether the exchange is over.
  bool feed(std::string_view bytes, std::int64_t t_ns, stamp_basis basis = stamp_basis::user) {
    now_ = t_ns;
    answered_ = answered_ || !bytes.empty();
    const std::int64_t events_before = tally_.events();
    const auto used = http_.feed(bytes, sink{this});
    note_stamps(tally_.events() - events_before, basis);
    if (!used)
      fail(outcome::malformed, used.error().detail, t_ns);
    else
      leftover_ = leftover_ || *used < bytes.size();
    return over_;
  }

  /// The peer closed the connection, cleanly or (`why` not empty) by a reset.
  void closed(std::string_view why, std::int64_t t_ns) {
    if (over_) return;
    now_ = t_ns;
    const auto ended = http_.finish(sink{this});
    if (over_) return;
    if (!ended && ended.error().code != errc::closed) return fail(outcome::malformed, ended.error().detail, t_ns);
    if (streaming_ && (done_seen_ || tally_.finished(options_.choices))) return conclude_stream();
    if (record_.http_status != 0 && record_.http_status != 200) return conclude_refusal();
    std::string text = !answered_ ? "the server closed the connection before it answered"
                                  : "the server closed the connection before the end of its answer";
    if (!why.empty()) text.append(" (").append(why).append(")");
    fail(outcome::truncated, text, t_ns);
  }

  /// Gives the exchange up for a reason of the client's: no connection, a time-out, the end of the run. An outcome that
  /// the server has caused before stays.
  void fail(outcome status, std::string text, std::int64_t t_ns) {
    if (over_) return;
    blame(status, std::move(text));
    end(t_ns);
  }

  [[nodiscard]] bool over() const noexcept { return over_; }
  /// Whether any byte of a response came.
  [[nodiscard]] bool answered() const noexcept { return answered_; }
  /// Whether all of a stream that matters came: what is left is the end of the HTTP body.
  [[nodiscard]] bool done_seen() const noexcept { return done_seen_; }
  /// Whether the connection may carry another request. \pre  over()
  [[nodiscard]] bool reusable() const noexcept { return http_.done() && http_.head().keep_alive && !leftover_; }
  /// Tokens counted so far.
  [[nodiscard]] std::int64_t tokens() const noexcept { return tally_.tokens(); }
  /// The record so far; whole once over().
  [[nodiscard]] const request_record& record() const noexcept { return record_; }
  [[nodiscard]] request_record take() { return std::move(record_); }

 private:
  struct sink {
    completion_exchange* self;
    void on_head(const http1_head& head) { self->on_head(head); }
    void on_body(std::string_view bytes) { self->on_body(bytes); }
    void on_end() { self->on_end(); }
  };

  void on_head(const http1_head& head) {
    record_.http_status = head.status;
    const std::string_view type = head.header("content-type");
    const auto holds = [&](std::string_view word) { return type.find(word) != type.npos; };
    streaming_ = head.status == 200 && (type.empty() || holds("event-stream"));
    json_body_ = holds("json");
    kind_ = type;
  }

  void on_body(std::string_view bytes) {
    if (over_) return;
    if (streaming_) {
      const auto fed = sse_.feed(bytes, [this](const sse_parser::event& e) { on_event(e); });
      if (!fed) fail(outcome::malformed, fed.error().detail, now_);
      return;
    }
    const bool answer = record_.http_status == 200;
    const std::size_t room = (answer ? options_.max_answer_bytes : max_error_bytes) - body_.size();
    if (answer && bytes.size() > room)
      return fail(outcome::malformed,
                  "the answer is longer than " + std::to_string(options_.max_answer_bytes) + " bytes", now_);
    body_.append(bytes.substr(0, room));
  }

  void on_end() {
    if (over_) return;
    if (streaming_) return conclude_stream();
    if (record_.http_status != 200) return conclude_refusal();
    conclude_whole();
  }

  void on_event(const sse_parser::event& e) {
    if (over_ || done_seen_ || e.data.empty()) return;
    if (is_done(e.data)) {
      done_seen_ = true;
      record_.t_done_ns = now_;
      return;
    }
    const auto parsed =
        json_->parse(simdjson::padded_string_view(e.data.data(), e.data.size(), e.data.size() + sse_parser::padding));
    if (!parsed && e.type != "error")
      return fail(outcome::malformed, "an event is not JSON: " + parsed.error().detail, now_);
    if (e.type == "error" || (*parsed)->is_error)
      return blame(outcome::server_error, parsed && !(*parsed)->error.empty() ? (*parsed)->error : excerpt(e.data));
    tally_.take(record_, **parsed, now_);
    check_reasons(**parsed);
  }

  /// One read brought so many events with tokens. Several in one read share a stamp, and so do those of two reads of
  /// one segment.
  void note_stamps(std::int64_t events, stamp_basis basis) noexcept {
    if (events == 0) return;
    const bool first = tally_.events() == events;
    record_.stamps = first || record_.stamps == basis ? basis : stamp_basis::mixed;
    const bool again = !first && basis == stamp_basis::kernel && now_ == stamp_;
    if (again || events > 1) record_.shared_events += events + (again && alone_ ? 1 : 0);
    alone_ = !again && events == 1;
    stamp_ = now_;
  }

  static bool is_done(std::string_view data) noexcept {
    return data.size() < 16 && data.find("[DONE]") != data.npos && data.find_first_not_of(" [DONE]") == data.npos;
  }

  /// vLLM ends a choice with one of these where the engine gave it up.
  void check_reasons(const chunk& c) {
    for (const auto& choice : c.choices)
      if (choice.finish_reason == "error" || choice.finish_reason == "abort")
        blame(outcome::server_error,
              "the server ended the answer with finish_reason '" + std::string(choice.finish_reason) + "'");
  }

  void conclude_stream() {
    if (!done_seen_ && !tally_.finished(options_.choices))
      blame(outcome::truncated, tally_.generated(record_)
                                    ? "the stream ended without [DONE] and without a finish_reason for each choice"
                                    : "the stream ended without a token, a finish_reason or [DONE]");
    else if (!tally_.generated(record_) && !tally_.finished(1))
      blame(outcome::truncated, "the stream ended with [DONE], but without a token or a finish_reason");
    end(now_);
  }

  void conclude_whole() {
    if (!json_body_)
      return fail(outcome::malformed,
                  "content-type '" + kind_ + "' is neither JSON nor an event stream: " + excerpt(body_), now_);
    const auto parsed = json_->parse(std::string_view(body_));
    if (!parsed) return fail(outcome::malformed, "the answer is not JSON: " + parsed.error().detail, now_);
    if ((*parsed)->is_error) return fail(outcome::server_error, words_of(**parsed), now_);
    if ((*parsed)->choices.empty())
      return fail(outcome::malformed, "the answer has no choices: " + excerpt(body_), now_);
    tally_.take_whole(record_, **parsed, now_);
    check_reasons(**parsed);
    end(now_);
  }

  void conclude_refusal() {
    std::string text = "HTTP " + std::to_string(record_.http_status);
    const auto parsed = json_->parse(std::string_view(body_));
    const std::string words = parsed ? words_of(**parsed) : excerpt(body_);
    if (!words.empty()) text.append(": ").append(words);
    if (const auto location = http_.head().header("location"); !location.empty())
      text.append(" (moved to ").append(location).append(")");
    fail(outcome::http, std::move(text), now_);
  }

  [[nodiscard]] std::string words_of(const chunk& c) const {
    return c.error.empty() ? excerpt(body_) : std::string(c.error);
  }
  static std::string excerpt(std::string_view text) {
    text = text.substr(0, std::min(text.find_last_not_of(" \r\n\t") + 1, text.size()));
    return std::string(text.substr(0, 300));
  }

  /// The first thing that went wrong is the one that is told.
  void blame(outcome status, std::string_view text) {
    if (record_.status != outcome::ok) return;
    record_.status = status;
    record_.error = text;
  }

  void end(std::int64_t t_ns) {
    over_ = true;
    if (record_.t_done_ns == unmeasured) record_.t_done_ns = t_ns;
    if (const auto wrong = tally_.settle(record_)) blame(outcome::token_mismatch, *wrong);
  }

  static constexpr std::size_t max_error_bytes = std::size_t{64} << 10;

  chunk_parser* json_;
  exchange_options options_;
  request_record record_;
  http1_parser http_;
  sse_parser sse_;
  answer_tally tally_;
  std::string body_;        // of an answer that is not streamed
  std::string kind_;        // its content-type
  std::int64_t now_ = 0;    // arrival of the bytes being read
  std::int64_t stamp_ = 0;  // of the last read that brought events
  bool alone_ = false;      // that read's event has its stamp for itself, so far
  bool streaming_ = false;  // the response is an event stream
  bool json_body_ = false;
  bool answered_ = false;
  bool done_seen_ = false;
  bool over_ = false;
  bool leftover_ = false;  // bytes came behind the response
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_EXCHANGE_HPP
