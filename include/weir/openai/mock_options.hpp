// weir/openai/mock_options.hpp - how a mock server behaves. Needs the standard library only.
#ifndef WEIR_OPENAI_MOCK_OPTIONS_HPP
#define WEIR_OPENAI_MOCK_OPTIONS_HPP

#include <cstdint>
#include <string>

#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// Where each token event is cut into two TCP segments.
enum class mock_cut : unsigned char {
  none = 0,
  space,  ///< After the first space inside the text.
  data,   ///< Right behind "data: ".
  utf8,   ///< Inside a character of three bytes (the text is Chinese then).
};

/// Everything that can be asked of a mock. Times in nanoseconds; `unmeasured` and 0 mean "not asked for" as said.
struct mock_options {
  std::string model = "mock";
  std::string instance;  ///< Written into the truth log: "127.0.0.1:8000".
  std::uint64_t seed = 0;
  std::int64_t max_model_len = 131'072;

  // The schedule.
  std::int64_t ttft_ns = 50'000'000;  ///< From the start of a request to its first token.
  std::int64_t itl_ns = 10'000'000;   ///< From token to token.
  std::int64_t tokens = unmeasured;   ///< Natural length of an answer; unmeasured: as long as the request allows.
  std::int64_t tokens_per_event = 1;
  std::int64_t events_per_send = 1;  ///< Events that are due go out so many at a time, in one send(2).
  std::int64_t slots = 0;            ///< Most sequences that decode at once; 0: any number.
  bool shuffle_choices = false;      ///< n > 1: the choices of a round in changing order.

  // The shape of the stream.
  bool crlf = false;      ///< Events end in CRLF CRLF.
  bool no_space = false;  ///< `data:{...}`: legal.
  bool comment = false;   ///< A `: ping` comment before each event.
  mock_cut cut = mock_cut::none;
  std::int64_t role_first_ns =
      unmeasured;                  ///< Chat: the role event so long after the start; unmeasured: with the first token.
  std::int64_t late_usage_ns = 0;  ///< The usage event, and what follows it, so long after the last token.
  std::int64_t reasoning = 0;      ///< Chat: the first so many tokens are reasoning.

  // Faults. Those after so many tokens hit every `fault_every`-th request.
  double fail_rate = 0;                ///< Share of requests answered with HTTP 500.
  std::int64_t error_at = unmeasured;  ///< After so many tokens an error event and [DONE], under HTTP 200.
  std::int64_t abort_at = unmeasured;  ///< After so many tokens the connection is cut.
  std::int64_t stop_at = unmeasured;   ///< After so many tokens the answer ends: finish_reason "stop".
  std::int64_t fault_every = 1;
  std::int64_t close_every = 0;  ///< Every so-manieth request gets no answer: its connection is closed.
  std::int64_t close_after = 0;  ///< A connection is closed, unannounced, after so many answers.
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_OPTIONS_HPP
