// weir/report/latency.hpp - the durations of a request, as docs/summarize.md defines them. Needs weir/record only.
#ifndef WEIR_REPORT_LATENCY_HPP
#define WEIR_REPORT_LATENCY_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// A duration that is measured in nanoseconds and shown in milliseconds.
enum class latency : unsigned char {
  ttft = 0,      ///< First token - first byte sent.
  ttfot,         ///< First visible (non-reasoning) token - first byte sent.
  tpot,          ///< (Last token - first) / (tokens - tokens of the first event), of each choice.
  itl,           ///< Gap between two events / tokens of the later one, once for each of them.
  icl,           ///< Gap between two events that carry tokens.
  e2el,          ///< Last token - first byte sent.
  ttft_sched,    ///< First token - intended arrival.
  e2el_sched,    ///< Last token - intended arrival.
  client_queue,  ///< First byte sent - intended arrival; the three below are its parts.
  sched_lag,     ///< Woke up - intended arrival.
  slot_wait,     ///< Connecting or sending began - woke up.
  connect,       ///< First byte sent - connecting began; only where a connection was made.
  usage_tail,    ///< End of the answer - last token.
  ttft_choice,   ///< ttft of each choice, where n > 1.
  e2el_choice,   ///< e2el of each choice, where n > 1.
};
inline constexpr std::size_t latency_count = 15;

[[nodiscard]] constexpr std::string_view to_string(latency l) noexcept {
  constexpr std::array<std::string_view, latency_count> names{
      "ttft",         "ttfot",     "tpot",      "itl",     "icl",        "e2el",        "ttft_sched", "e2el_sched",
      "client_queue", "sched_lag", "slot_wait", "connect", "usage_tail", "ttft_choice", "e2el_choice"};
  return names[static_cast<std::size_t>(l)];
}

/// What stands in a request's durations besides the durations.
struct latency_remarks {
  bool backwards = false;        ///< A time lies before one that it must follow: that duration is left out.
  bool first_estimated = false;  ///< The tokens of the first event, which tpot needs, are an estimate.
  bool itl_by_token = false;     ///< Else the gaps of `itl` are those of `icl`: tokens of an event are not known.
};

/// Splits successful requests into durations; keeps its memory from request to request.
class latency_reader {
 public:
  /// Calls `add(latency, nanoseconds, times)` for each duration of `r`: `nanoseconds` is a double >= 0, `times` 1 or,
  /// for itl, the number of tokens that took it; or `add(latency, durations)` with a span of many.
  template <class Add>
  latency_remarks operator()(const request_record& r, Add&& add) {
    remarks_ = {};
    const auto span = [&](latency which, std::int64_t from, std::int64_t to) {
      if (const auto ns = between(from, to); ns >= 0) add(which, static_cast<double>(ns), 1U);
    };
    span(latency::ttft, r.t_send_ns, r.t_first_ns);
    span(latency::ttfot, r.t_send_ns, r.t_visible_ns);
    span(latency::e2el, r.t_send_ns, r.t_last_ns);
    span(latency::ttft_sched, r.t_sched_ns, r.t_first_ns);
    span(latency::e2el_sched, r.t_sched_ns, r.t_last_ns);
    span(latency::client_queue, r.t_sched_ns, r.t_send_ns);
    span(latency::sched_lag, r.t_sched_ns, r.t_woke_ns);
    span(latency::slot_wait, r.t_woke_ns, r.t_connect_ns == unmeasured ? r.t_send_ns : r.t_connect_ns);
    span(latency::connect, r.t_connect_ns, r.t_send_ns);
    span(latency::usage_tail, r.t_last_ns, r.t_done_ns);
    remarks_.itl_by_token = knows_tokens_of_events(r);
    add_tpot(r, add);
    if (r.choices.size() > 1)
      for (const auto& c : r.choices) {
        span(latency::ttft_choice, r.t_send_ns, c.t_first_ns);
        span(latency::e2el_choice, r.t_send_ns, c.t_last_ns);
      }
    add_gaps(r, add);
    return remarks_;
  }

 private:
  /// `to` - `from`; -1 where one of them was not measured, or they stand the wrong way round.
  std::int64_t between(std::int64_t from, std::int64_t to) {
    if (from == unmeasured || to == unmeasured) return -1;
    if (to < from) remarks_.backwards = true;
    return std::max<std::int64_t>(to - from, -1);
  }

  /// Whether each event's tokens are known: the server said, or they add up to the answer's. (An event has at least
  /// one token: as many events as tokens leaves no doubt.)
  static bool knows_tokens_of_events(const request_record& r) noexcept {
    if (r.itl_basis == tokens_basis::usage || r.itl_basis == tokens_basis::token_ids) return true;
    std::int64_t sum = 0;
    for (const auto& e : r.events) sum += e.tokens;
    return sum > 0 && sum == r.tokens_out && r.basis != tokens_basis::chunks;
  }

  template <class Add>
  void add_tpot(const request_record& r, Add& add) {
    for (const auto& c : r.choices) {
      const auto ns = between(c.t_first_ns, c.t_last_ns);
      const std::int64_t first = c.tokens_first == unmeasured ? 1 : c.tokens_first;
      if (ns < 0 || c.tokens_out == unmeasured || c.tokens_out <= first) continue;
      add(latency::tpot, static_cast<double>(ns) / static_cast<double>(c.tokens_out - first), 1U);
      remarks_.first_estimated |= c.tokens_first == unmeasured || (first > 1 && !remarks_.itl_by_token);
    }
  }

  /// Gaps between the events of each choice.
  template <class Add>
  void add_gaps(const request_record& r, Add& add) {
    const auto add_gap = [&](std::int64_t ns, std::int32_t tokens_of_event) {
      if (ns < 0) return;
      const auto gap = static_cast<double>(ns);
      const auto tokens = remarks_.itl_by_token ? static_cast<std::uint32_t>(std::max(tokens_of_event, 1)) : 1U;
      add(latency::icl, gap, 1U);
      add(latency::itl, tokens == 1 ? gap : gap / tokens, tokens);
    };
    if (r.choices.size() == 1) {  // nearly always: no need to know whose event it is
      if (!add_plain_gaps(r, add))
        for (std::size_t i = 1; i < r.events.size(); ++i)
          add_gap(between(r.events[i - 1].t_ns, r.events[i].t_ns), r.events[i].tokens);
      return;
    }
    last_.clear();
    for (const auto& e : r.events) {
      auto known = std::ranges::find(last_, e.choice, &token_event::choice);
      if (known == last_.end()) {
        last_.push_back(e);
        continue;
      }
      add_gap(between(known->t_ns, e.t_ns), e.tokens);
      known->t_ns = e.t_ns;
    }
  }

  /// All gaps at once, where each has one token, or counts as if: itl and icl are the same then.
  /// \return  whether it is so; else nothing was added.
  template <class Add>
  bool add_plain_gaps(const request_record& r, Add& add) {
    if (r.events.size() < 2) return true;
    gaps_.resize(r.events.size() - 1);
    bool plain = true;
    for (std::size_t i = 0; i < gaps_.size(); ++i) {
      const std::int64_t gap = r.events[i + 1].t_ns - r.events[i].t_ns;
      plain = plain && gap >= 0 && (r.events[i + 1].tokens == 1 || !remarks_.itl_by_token);
      gaps_[i] = static_cast<double>(gap);
    }
    if (!plain) return false;
    add(latency::icl, std::span<const double>(gaps_));
    add(latency::itl, std::span<const double>(gaps_));
    return true;
  }

  latency_remarks remarks_;
  std::vector<token_event> last_;  // of each choice
  std::vector<double> gaps_;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_LATENCY_HPP
