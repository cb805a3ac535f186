// weir/openai/chunk_data.hpp - what one JSON body of the OpenAI API says: a streamed event, a whole answer, an error.
// Needs the standard library only.
//
// What real servers send (vLLM, SGLang, llama.cpp, OpenAI) is collected in tests/fixtures; where they differ, the
// comment at the field says how.
#ifndef WEIR_OPENAI_CHUNK_DATA_HPP
#define WEIR_OPENAI_CHUNK_DATA_HPP

#include <cstdint>
#include <string_view>
#include <vector>

#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// The greatest index of a choice: rows are kept per index, and a wild one must not cost memory.
inline constexpr std::int64_t max_choice_index = 65535;

/// What one event says of one choice. Views live until the parser reads the next body.
struct chunk_choice {
  std::int32_t index = 0;
  std::string_view text;                ///< Visible: `text`, `delta.content`, `message.content` or `.refusal`.
  std::string_view reasoning;           ///< `reasoning` or `reasoning_content` (some servers send both, the same).
  bool other = false;                   ///< Something else was generated: tool_calls, function_call, content parts.
  std::string_view finish_reason;       ///< Empty where there is none yet.
  std::int64_t token_ids = unmeasured;  ///< How many `token_ids`, where the server sends them.
  std::int64_t logprobs = unmeasured;   ///< Of how many tokens it gives the probability.
  [[nodiscard]] bool generated() const noexcept { return !text.empty() || !reasoning.empty() || other; }
};

/// One body. `choices` is empty in the last event of a stream that carries only `usage`.
struct chunk {
  std::string_view id, system_fingerprint;
  std::int64_t prompt_tokens = unmeasured;      ///< usage.prompt_tokens
  std::int64_t completion_tokens = unmeasured;  ///< usage.completion_tokens: so far (continuous), or in all.
  bool is_error = false;                        ///< It is an error object, whatever the HTTP status was.
  std::string_view error;                       ///< The server's words; may be empty.
  std::vector<chunk_choice> choices;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_CHUNK_DATA_HPP
