// Bodies of the OpenAI API, one a line: a parser that has read others before reads each as a new one does, whatever
// stands behind it. The first three bytes of the input say how each body is changed for another turn: what lies next to
// a form that was learned is what may be mistaken for it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cuts.hpp"
#include "weir/openai/chunk.hpp"

namespace {

/// Everything that a body says, as text. The body lies in an allocation of its size and the padding that is asked for,
/// which holds `behind`.
std::string said(weir::chunk_parser& parser, std::string_view body, char behind) {
  std::vector<char> held(body.begin(), body.end());
  held.resize(body.size() + simdjson::SIMDJSON_PADDING, behind);
  const auto parsed = parser.parse(simdjson::padded_string_view(held.data(), body.size(), held.size()));
  if (!parsed) return "refused";
  const weir::chunk& c = **parsed;
  std::string out;
  const auto add = [&out](std::string_view part) { out.append(std::to_string(part.size())).append(":").append(part); };
  for (const auto text : {c.id, c.system_fingerprint, c.error}) add(text);
  for (const auto number : {c.prompt_tokens, c.completion_tokens}) add(std::to_string(number));
  add(c.is_error ? "error" : "");
  for (const auto& choice : c.choices) {
    fuzz::require(choice.index >= 0 && choice.index <= weir::max_choice_index, "an index in range");
    for (const auto text : {choice.text, choice.reasoning, choice.finish_reason}) add(text);
    for (const auto number : {std::int64_t{choice.index}, choice.token_ids, choice.logprobs})
      add(std::to_string(number));
    add(choice.other ? "other" : "");
  }
  return out;
}

struct readers {
  weir::chunk_parser kept;
  void compare(std::string_view body) {
    weir::chunk_parser fresh;
    const auto want = said(fresh, body, ' ');
    for (const char behind : {'"', '0', ' '})
      fuzz::require(said(kept, body, behind) == want, "the same to a parser that has read others");
  }
};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 3, size - 3);
  readers all;
  while (!rest.empty()) {
    const auto body = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(body.size() + 1, rest.size()));
    all.compare(body);
    std::string changed(body);
    const std::size_t at = body.empty() ? 0 : (data[0] + std::size_t{data[1]} * 256) / 4 % body.size();
    if (data[0] % 4 == 0) changed.insert(at, 1, static_cast<char>(data[2]));
    if (data[0] % 4 == 1) changed.erase(at, 1 + data[2] % 8);
    if (data[0] % 4 > 1 && !changed.empty()) changed[at] = static_cast<char>(data[2]);
    all.compare(changed);
    all.compare(body);
  }
  return 0;
}
