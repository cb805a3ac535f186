// tools/mock_flags.hpp - weir-mock's command line: its table, and what it means for the server.
#ifndef WEIR_TOOLS_MOCK_FLAGS_HPP
#define WEIR_TOOLS_MOCK_FLAGS_HPP

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cli.hpp"
#include "weir/openai/mock_options.hpp"

namespace weir::tool {

inline const description mock_about{
    .name = "weir-mock",
    .summary = "an OpenAI-compatible server with an exact schedule, an answer key, and faults on demand",
    .usage = "weir-mock [--port P] [OPTION]...",
    .text =
        "Speaks vLLM's dialect: /v1/completions, /v1/chat/completions (streamed or not, n choices, usage, token ids), "
        "/v1/models, /tokenize, /health, /version, /metrics. Token t of a request is due at ttft + t * itl after the "
        "request was here in whole (by the kernel's stamp), by the absolute clock; --truth logs when each event really "
        "left.\n\n"
        "With --answers it answers the last question of the key that occurs in the prompt, rightly for a share "
        "--accuracy of the questions: which, is decided by a hash of seed and question, never by order of arrival. "
        "Without, it says words that mean nothing.\n\n"
        "--error-at, --abort-at, --stop-at and the options on the stream's shape make what real servers do to clients; "
        "see docs/mock.md. SIGTERM or SIGINT ends it: streams are cut, the truth is complete.",
    .options = {{"port", "P", "Where to listen (default 8000); 0 takes a free port, which is said on standard error."},
                {"host", "ADDRESS", "Where to listen (default 127.0.0.1)."},
                {"unix-socket", "PATH", "Listen on a unix socket instead."},
                {"model", "NAME", "The only model that it serves (default mock)."},
                {"max-model-len", "N", "Tokens of prompt and answer together (default 131072)."},
                {"ttft", "50ms", "From a request to its first token (default 50ms)."},
                {"itl", "10ms", "From token to token (default 10ms)."},
                {"tokens", "N",
                 "Tokens of an answer, if the request allows so many. Default: as many as the request allows."},
                {"tokens-per-event", "K", "Tokens in one event (default 1); the pace of tokens stays."},
                {"events-per-send", "K", "Events that are due in one send (default 1; 16 where --itl is 0)."},
                {"slots", "N", "At most N sequences (choices) decode at once, others queue. Default: any number."},
                {"n-order", "ORDER", "Choices of a request take turns, or change their order each round.",
                 "round|shuffle"},
                {"reasoning", "K", "Chat: the first K tokens come as reasoning."},
                {"answers", "FILE", "A key: a data set in its own form (GSM8K, MMLU, prompt records, CEval's CSV)."},
                {"accuracy", "F", "Share of questions answered rightly (default 0.8)."},
                {"seed", "S", "Decides words, which answers are right, which requests fail (default 0)."},
                {"truth", "FILE", "Log each request here: when each event left, tokens, answer."},
                {"fail-rate", "F", "This share of requests gets HTTP 500."},
                {"error-at", "K", "After K tokens an error event, then [DONE], under HTTP 200."},
                {"abort-at", "K", "After K tokens the connection is cut."},
                {"stop-at", "K", "After K tokens the answer ends with finish_reason stop."},
                {"fault-every", "M", "The three above hit every M-th request only (default 1: all)."},
                {"close-every", "K", "Every K-th request gets no answer: its connection is closed."},
                {"close-after", "K", "A connection is closed, unannounced, after K answers."},
                {"crlf", "", "Lines of the stream end in CRLF."},
                {"no-space", "", "Events begin `data:{` without the space."},
                {"comment", "", "A comment `: ping` before each event."},
                {"cut", "PLACE",
                 "Each event comes in two TCP segments, 1 ms apart, cut after a space in the text, right "
                 "behind `data: `, or within a character (the text is Chinese then).",
                 "space|data|utf8"},
                {"role-first", "5ms", "Chat: the role event comes so soon, alone. Default: with the first token."},
                {"late-usage", "200ms", "The usage event comes so long after the last token."},
                {"slow-start", "3s", "Refuses connections for so long, as vLLM does while it loads."},
                {"loading", "3s", "Answers everything with HTTP 503 for so long, as llama.cpp does while it loads."}},
    .examples =
        "weir-mock --port 8000 --ttft 50ms --itl 10ms --truth truth.jsonl\n"
        "weir-mock --port 8001 --answers test.jsonl --accuracy 0.8 --seed 1 --slots 4\n"
        "weir-mock --port 0 --itl 0 --ttft 0 --error-at 10 --fault-every 3",
    .exits = "0 ended by SIGTERM or SIGINT, 2 trouble (usage, port in use, key, truth not written in full)",
    .operands = "",
};

/// An option's value that must be from `least` on; `fallback` where it was not given. Throws what is wrong.
inline std::int64_t count(const arguments& args, std::string_view name, std::int64_t fallback, std::int64_t least) {
  const auto value = args.number(name, fallback).value();
  if (args.has(name) && value < least)
    throw std::runtime_error("--" + std::string(name) + " is at least " + std::to_string(least));
  return value;
}
/// A number from 0 to 1.
inline double share(const arguments& args, std::string_view name, double fallback) {
  const double value = args.number(name, fallback).value();
  if (!(value >= 0 && value <= 1)) throw std::runtime_error("--" + std::string(name) + " is a number from 0 to 1");
  return value;
}

inline mock_options mock_options_of(const arguments& args) {
  mock_options o;
  o.model = args.get("model", o.model);
  o.max_model_len = count(args, "max-model-len", o.max_model_len, 2);
  o.ttft_ns = args.duration_ns("ttft", o.ttft_ns).value();
  o.itl_ns = args.duration_ns("itl", o.itl_ns).value();
  o.tokens = count(args, "tokens", unmeasured, 1);
  o.tokens_per_event = count(args, "tokens-per-event", 1, 1);
  o.events_per_send = count(args, "events-per-send", o.itl_ns == 0 ? 16 : 1, 1);
  o.slots = count(args, "slots", 0, 1);
  o.shuffle_choices = args.get("n-order") == "shuffle";
  o.reasoning = count(args, "reasoning", 0, 0);
  o.seed = args.number<std::uint64_t>("seed", 0).value();
  o.fail_rate = share(args, "fail-rate", 0);
  o.error_at = count(args, "error-at", unmeasured, 0);
  o.abort_at = count(args, "abort-at", unmeasured, 0);
  o.stop_at = count(args, "stop-at", unmeasured, 1);
  o.fault_every = count(args, "fault-every", 1, 1);
  o.close_every = count(args, "close-every", 0, 1);
  o.crlf = args.has("crlf");
  o.no_space = args.has("no-space");
  o.comment = args.has("comment");
  const std::string_view cut = args.get("cut");
  o.cut = cut == "space"  ? mock_cut::space
          : cut == "data" ? mock_cut::data
          : cut == "utf8" ? mock_cut::utf8
                          : mock_cut::none;
  if (o.cut != mock_cut::none) o.events_per_send = 1;
  o.role_first_ns = args.duration_ns("role-first", unmeasured).value();
  if (o.role_first_ns > o.ttft_ns) throw std::runtime_error("--role-first comes no later than --ttft");
  o.late_usage_ns = args.duration_ns("late-usage", 0).value();
  return o;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_MOCK_FLAGS_HPP
