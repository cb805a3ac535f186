// weir/eval/report.hpp - what an evaluation took: questions, requests, tokens, time. Needs weir/record.
#ifndef WEIR_EVAL_REPORT_HPP
#define WEIR_EVAL_REPORT_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "weir/base/measured.hpp"
#include "weir/record/answer.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// What one run of an evaluation came to. Accuracy is read from its records, by score/: this is what it cost.
struct eval_report {
  std::size_t already_done = 0;  ///< Questions that an earlier run had answered.
  std::size_t questions = 0;     ///< Done in this run, those without an answer too.
  std::size_t unanswered = 0;    ///< Of them: no request of theirs brought an answer.
  std::size_t noted = 0;         ///< Of them: with a note (ties, checks that did not pass).
  std::size_t requests = 0, failed_requests = 0;
  std::size_t replayed = 0;     ///< Requests of unfinished questions that an earlier run had answered.
  std::int64_t tokens_out = 0;  ///< unmeasured where one request's are.
  std::size_t most_in_flight = 0;
  std::size_t concurrency = 0;            ///< The limit at the end.
  std::string concurrency_reason;         ///< Why it is that.
  std::size_t asked_while_searching = 0;  ///< Requests until the limit was found.
  std::size_t tried_later = 0;            ///< Requests that more was tried with later.
  std::int64_t t_start_ns = unmeasured, t_end_ns = unmeasured;
  sample_set ttft_ns, time_ns;  ///< Of the requests that were answered.

  void add(const answer_record& a, bool ok) {
    ++questions;
    if (!ok) ++unanswered;
    if (!a.note.empty()) ++noted;
    tokens_out = a.tokens_out == unmeasured || tokens_out == unmeasured ? unmeasured : tokens_out + a.tokens_out;
  }
  void add_time(std::int64_t time, std::int64_t ttft) {
    time_ns.add(static_cast<double>(time));
    if (ttft != unmeasured) ttft_ns.add(static_cast<double>(ttft));
  }
  [[nodiscard]] double wall_s() const noexcept { return static_cast<double>(t_end_ns - t_start_ns) / 1e9; }
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_REPORT_HPP
