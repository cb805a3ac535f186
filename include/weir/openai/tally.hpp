// weir/openai/tally.hpp - counts the tokens of one answer, event by event, choice by choice. Needs simdjson.
//
// Servers say how many tokens an event holds in four ways, or not at all; what is used stands in the record as the
// basis. See docs/bench.md, "What is a token".
#ifndef WEIR_OPENAI_TALLY_HPP
#define WEIR_OPENAI_TALLY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/openai/chunk.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// Turns the chunks of one answer into the counts, times and choices of its record.
///
///     weir::answer_tally tally(keep_events);
///     tally.take(record, chunk, arrival_ns);      // for each event, in order of arrival
///     if (auto wrong = tally.settle(record)) ...  // at the end: a sentence where counts contradict each other
///
/// Tokens of an event, best first: the growth of `usage.completion_tokens` (vLLM's continuous_usage_stats, which counts
/// each choice by itself), the length of `token_ids`, the length of `logprobs`, else 1 for an event that carries
/// anything generated. An empty delta is no token, whatever its finish_reason.
/// \complexity  O(1) an event; memory is the text, and 16 bytes an event where events are kept.
class answer_tally {
 public:
  explicit answer_tally(bool keep_events = false) : keep_events_(keep_events) {}

  /// Takes one streamed chunk that arrived at `t_ns`.
  void take(request_record& record, const chunk& c, std::int64_t t_ns) {
    const bool alone = c.choices.size() == 1;
    for (const auto& choice : c.choices)
      take_choice(record, state_of(choice.index), choice, alone ? c.completion_tokens : unmeasured, t_ns);
    if (c.prompt_tokens != unmeasured) record.tokens_in = c.prompt_tokens;
    if (c.completion_tokens == unmeasured || alone) return;
    total_ = c.completion_tokens;
    if (c.choices.empty()) ++totals_, sum_of_totals_ += total_;
  }

  /// Takes an answer that came in one piece: its tokens have no times of their own, only the end has one.
  void take_whole(request_record& record, const chunk& c, std::int64_t t_ns) {
    for (const auto& choice : c.choices) {
      state& s = state_of(choice.index);
      append_texts(s, choice);
      s.row.t_last_ns = t_ns;
      s.basis = tokens_basis::none;
      if (const auto exact = exact_count(choice); exact != unmeasured)
        s.counted = exact, s.basis = tokens_basis::token_ids;
    }
    record.t_last_ns = t_ns;
    record.tokens_in = c.prompt_tokens;
    total_ = c.completion_tokens;
    whole_ = true;
  }

  /// Tokens so far, over all choices.
  [[nodiscard]] std::int64_t tokens() const noexcept {
    std::int64_t sum = 0;
    for (const auto& s : choices_) sum += s.counted;
    return sum;
  }
  /// Events so far that held tokens, an event for several choices once for each.
  [[nodiscard]] std::int64_t events() const noexcept { return events_; }
  /// Whether anything generated was seen.
  [[nodiscard]] bool generated(const request_record& record) const noexcept { return record.t_last_ns != unmeasured; }
  /// Whether `asked` choices, and every one that was seen, said why they ended.
  [[nodiscard]] bool finished(std::int32_t asked) const noexcept {
    return choices_.size() >= static_cast<std::size_t>(asked) &&
           std::ranges::none_of(choices_, [](const state& s) { return s.row.finish_reason.empty(); });
  }

  /// Moves counts and choices into the record.
  /// \return  what is wrong where the tokens seen and the server's `usage` contradict each other.
  std::optional<std::string> settle(request_record& record) {
    tokens_basis basis = tokens_basis::none;
    for (const auto& s : choices_) basis = std::max(basis, s.basis);
    record.itl_basis = whole_ ? tokens_basis::none : basis;
    find_total();
    const auto wrong = whole_ ? settle_whole(record, tokens()) : settle_stream(record, tokens(), basis);
    for (auto& s : choices_) record.choices.push_back(std::move(s.row));
    return wrong;
  }

 private:
  struct state {
    choice_record row;
    std::int64_t counted = 0;                 // tokens
    std::int64_t total = unmeasured;          // what the server says of this choice in the end
    std::int64_t events = 0;                  // that held tokens
    tokens_basis basis = tokens_basis::none;  // the worst of its events
  };

  state& state_of(std::int32_t index) {
    const auto at = static_cast<std::size_t>(index);
    if (at < choices_.size() && choices_[at].row.index == index) return choices_[at];
    const auto place = std::ranges::lower_bound(choices_, index, {}, [](const state& s) { return s.row.index; });
    if (place != choices_.end() && place->row.index == index) return *place;
    const auto added = choices_.emplace(place);
    added->row.index = index;
    return *added;
  }

  static std::int64_t exact_count(const chunk_choice& c) noexcept {
    return c.token_ids != unmeasured ? c.token_ids : c.logprobs;
  }

  static void append_texts(state& s, const chunk_choice& c) {
    s.row.text += c.text;
    s.row.reasoning += c.reasoning;
    if (!c.finish_reason.empty()) s.row.finish_reason = c.finish_reason;
  }

  /// \param usage  the chunk's completion_tokens, where it is about this choice alone.
  void take_choice(request_record& record, state& s, const chunk_choice& c, std::int64_t usage, std::int64_t t_ns) {
    append_texts(s, c);
    // A count that stands still at 0 while text comes is none; one that first appears late is not one so far, but the
    // choice's total (llama.cpp).
    const bool counts = usage > 0 || (usage == 0 && !c.generated());
    const bool live = counts && (s.events == 0 || s.basis == tokens_basis::usage);
    if (counts && !live) s.total = usage;
    std::int64_t tokens = 0;
    tokens_basis basis = tokens_basis::usage;
    if (live) {
      tokens = std::max<std::int64_t>(0, usage - s.counted);
    } else if (const auto exact = exact_count(c); exact > 0) {
      tokens = exact;
      basis = tokens_basis::token_ids;
    } else {
      tokens = c.generated() ? 1 : 0;
      basis = tokens_basis::chunks;
    }
    if (tokens > 0) count(record, s, tokens, basis, t_ns);
    if (tokens > 0 || c.generated()) stamp(record, s, c, t_ns);
  }

  void count(request_record& record, state& s, std::int64_t tokens, tokens_basis basis, std::int64_t t_ns) {
    if (s.events++ == 0) s.row.tokens_first = tokens;
    ++events_;
    s.counted += tokens;
    s.basis = std::max(s.basis, basis);
    if (keep_events_) record.events.push_back({t_ns, static_cast<std::int32_t>(tokens), s.row.index});
  }

  static void stamp(request_record& record, state& s, const chunk_choice& c, std::int64_t t_ns) {
    if (record.t_first_ns == unmeasured) record.t_first_ns = t_ns;
    if (s.row.t_first_ns == unmeasured) s.row.t_first_ns = t_ns;
    if (record.t_visible_ns == unmeasured && (!c.text.empty() || c.other)) record.t_visible_ns = t_ns;
    record.t_last_ns = s.row.t_last_ns = t_ns;
  }

  /// Servers report a total once for all choices (vLLM), or once for each of them: in its last event, or in an event of
  /// its own behind that (llama.cpp's completions and chat).
  void find_total() {
    const auto has_total = [](const state& s) { return s.total != unmeasured; };
    if (totals_ > 1 && totals_ == choices_.size()) total_ = sum_of_totals_;
    if (total_ != unmeasured || !std::ranges::all_of(choices_, has_total) || choices_.empty()) return;
    total_ = 0;
    for (const auto& s : choices_) total_ += s.total;
    own_totals_ = true;
  }

  std::optional<std::string> settle_whole(request_record& record, std::int64_t seen) {
    const bool counted = !choices_.empty() && std::ranges::all_of(choices_, [](const state& s) {
      return s.basis == tokens_basis::token_ids;
    });
    record.tokens_out = total_ != unmeasured ? total_ : counted ? seen : unmeasured;
    record.basis = total_ != unmeasured ? tokens_basis::usage : counted ? tokens_basis::token_ids : tokens_basis::none;
    for (auto& s : choices_)
      s.row.tokens_out = counted ? s.counted : choices_.size() == 1 ? record.tokens_out : unmeasured;
    if (!counted || agrees(seen)) return std::nullopt;
    return contradiction(seen);
  }

  std::optional<std::string> settle_stream(request_record& record, std::int64_t seen, tokens_basis basis) {
    const bool estimated = basis == tokens_basis::chunks || basis == tokens_basis::none;
    // An event holds at least one token: more events than tokens is a contradiction too.
    const bool fits = agrees(seen) || (estimated && total_ > seen);
    const bool use_total = total_ != unmeasured && (fits || !usage_of_one_choice());
    record.tokens_out = use_total ? total_ : seen;
    record.basis = use_total ? tokens_basis::usage : basis;
    if (fits && estimated && use_total)
      spread(total_, seen);
    else
      for (auto& s : choices_) s.row.tokens_out = s.counted;
    if (fits || !use_total) return std::nullopt;
    return contradiction(seen);
  }

  [[nodiscard]] bool agrees(std::int64_t seen) const noexcept { return total_ == unmeasured || total_ == seen; }

  /// Some servers, asked for n choices, report the usage of one of them.
  [[nodiscard]] bool usage_of_one_choice() const noexcept {
    std::int64_t most = 0;
    for (const auto& s : choices_) most = std::max(most, s.counted);
    return choices_.size() > 1 && total_ < tokens() && total_ <= most + 1;  // + 1: an end token without text
  }

  /// Deals `total` tokens to the choices: as the server says, or in proportion to their events, of which one may have
  /// held several tokens.
  void spread(std::int64_t total, std::int64_t seen) {
    std::int64_t events = 0, dealt = 0;
    for (auto& s : choices_) {
      events += s.counted;
      const std::int64_t upto = seen == 0 ? 0 : total * events / seen;
      s.row.tokens_out = own_totals_ ? s.total : choices_.size() == 1 ? total : upto - dealt;
      dealt = upto;
      if (s.counted > 0) s.row.tokens_first = std::max<std::int64_t>(1, (s.row.tokens_out + s.counted / 2) / s.counted);
    }
  }

  [[nodiscard]] std::string contradiction(std::int64_t seen) const {
    return "the stream held " + std::to_string(seen) + " tokens, but usage says " + std::to_string(total_);
  }

  bool keep_events_;
  std::int64_t events_ = 0;
  bool whole_ = false;
  bool own_totals_ = false;          // each choice has its total
  std::int64_t total_ = unmeasured;  // completion_tokens of the whole answer
  std::size_t totals_ = 0;           // events that held nothing but usage, and their sum
  std::int64_t sum_of_totals_ = 0;
  std::vector<state> choices_;  // by index
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_TALLY_HPP
