// Prints the text of an answer that an OpenAI-compatible server streams, as it arrives. The parsers own no socket: here
// the bytes come from a pipe.
//
//     curl -sN 127.0.0.1:8000/v1/completions -d '{"model":"mock","prompt":"hello","max_tokens":8,"stream":true}' |
//       example_02_read_an_event_stream
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "weir/net/sse.hpp"
#include "weir/openai/chunk.hpp"

int main() {
  weir::sse_parser events;
  weir::chunk_parser chunks;
  std::string trouble;
  const auto on_event = [&](const weir::sse_parser::event& event) {
    if (event.data == "[DONE]") return;
    const auto chunk = chunks.parse(event.data);
    if (!chunk || (*chunk)->is_error) {
      trouble = chunk ? std::string((*chunk)->error) : chunk.error().detail;
      return;
    }
    for (const auto& choice : (*chunk)->choices) std::fwrite(choice.text.data(), 1, choice.text.size(), stdout);
    std::fflush(stdout);
  };

  char bytes[4096];
  for (ssize_t got = 0; trouble.empty() && (got = ::read(STDIN_FILENO, bytes, sizeof bytes)) > 0;) {
    const auto fed = events.feed({bytes, static_cast<std::size_t>(got)}, on_event);
    if (!fed) trouble = fed.error().detail;
  }
  if (trouble.empty() && events.pending()) trouble = "the stream was cut";
  if (!trouble.empty()) std::fprintf(stderr, "\n%s\n", trouble.c_str());
  std::putchar('\n');
  return trouble.empty() ? 0 : 1;
}
