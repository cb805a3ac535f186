// tools/bench_about.hpp - weir-bench's command line as a table.
#ifndef WEIR_TOOLS_BENCH_ABOUT_HPP
#define WEIR_TOOLS_BENCH_ABOUT_HPP

#include "cli.hpp"
#include "progress_flags.hpp"
#include "server_flags.hpp"

namespace weir::tool {

/// What weir-bench shows; what else vllm's command lines may hold stands in bench_vllm.hpp.
inline const description bench_shown{
    .name = "weir-bench",
    .summary = "streams prompts to OpenAI-compatible servers and measures what comes back, and when",
    .usage =
        "weir-bench --base-url URL [--dataset-name random] [OPTION]...\n"
        "weir-bench --base-url URL|--endpoints FILE --prompts FILE|- [OPTION]...",
    .text =
        "Opens its connections first, stamps a request when its first byte was accepted and an event right after the "
        "read that brought it, counts tokens by the server's own running usage, and checks the sum. Without "
        "--request-rate each answer makes room for the next request (--max-concurrency); with it requests leave on "
        "schedule, whatever the server does.\n\n"
        "The options of `vllm bench serve` are understood, and so is its result file written (--save-result); "
        "docs/bench.md has the definitions, and what each of vllm's options does here.",
    .options =
        {{"base-url", "URL", "The server: http://127.0.0.1:8000.", {}, true},
         {"endpoints", "FILE", "Endpoint records, as weir-serve-many writes them; see --balance."},
         {"host", "NAME", "With --port instead of --base-url (default 127.0.0.1)."},
         {"port", "P", "With --host instead of --base-url (default 8000)."},
         {"backend", "KIND",
          "openai and vllm complete a prompt, openai-chat answers messages. Default: by the prompts.",
          "openai|vllm|openai-chat"},
         {"endpoint", "PATH", "Where under the URL: default /v1/completions or /v1/chat/completions."},
         {"model", "NAME", "Default: the first that /v1/models names."},
         {"served-model-name", "NAME", "What the server calls the model, where that is not --model."},
         {"prompts,dataset-path", "FILE", "Prompt records, or lines with `prompt` or `question`; - is standard input."},
         {"dataset-name", "NAME",
          "random (default) and prefix_repetition make prompts up, timed_trace takes a trace's lengths and times from "
          "--dataset-path, custom reads prompts there, the others are data sets that weir-prompts knows.",
          "random|prefix_repetition|custom|sharegpt|timed_trace|gsm8k|ceval|mmlu"},
         {"num-prompts", "N",
          "How many (of conversations: how many of these). Default: all of a file, which repeats beyond its end; made "
          "up: 1000."},
         {"random-form", "FORM",
          "Made-up prompts are token ids, exactly as many as asked for (default, where it is no chat), or words, "
          "fitted "
          "to the length by --tokenize.",
          "ids|words"},
         {"tokenize", "HOW",
          "auto (default): words are as many as the first server's /tokenize wants for the length asked for; off: "
          "about "
          "a token each.",
          "auto|off"},
         {"random-input-len,input-len", "L", "Tokens of a random prompt (default 1024)."},
         {"random-output-len,output-len", "M", "Its max_tokens (default 128)."},
         {"random-prefix-len", "P", "Tokens that all random prompts begin with (default 0)."},
         {"random-num-prefixes", "K", "They begin with one of K such prefixes (default 1)."},
         {"random-range-ratio", "R",
          "Lengths vary by this share, 0 <= R < 1 (default 0); or {\"input\":R,\"output\":R}."},
         {"turns", "N",
          "Conversations of N turns instead of single prompts: random ones (words), or of sharegpt up to N (0: all)."},
         {"think-time", "5s",
          "Between an answer and the next turn, where the prompt has no time of its own (default 0)."},
         {"vocab-size", "V", "Random token ids are below V (default 30000)."},
         {"seed", "S", "Decides random prompts and arrivals (default 0)."},
         {"max-concurrency", "C", "Requests in flight at once. Default: no limit."},
         {"max-sessions,multi-turn-concurrency", "N",
          "Conversations that have begun and are not over, thinking ones too. Default: no limit."},
         {"unix-socket", "PATH", "Connect to this socket instead of the URL's host and port."},
         cacert_flag,
         cert_flag,
         key_flag,
         insecure_flag,
         {"threads", "T", "Each with its own loop and connections; the plan is dealt out (default 1)."},
         {"balance", "HOW",
          "Which of several servers gets a request: the one with the fewest under way (default), one after the other, "
          "or "
          "prompt k always server k modulo their number.",
          "least-busy|round-robin|shard"},
         {"pin", "CPUS", "Thread k runs on the k-th of these processors only: 1,3."},
         {"fifo", "", "Run under SCHED_FIFO, before everything else on its processors (needs root)."},
         {"request-rate",
          "R",
          "Requests a second, or inf (default): all at once, as far as --max-concurrency lets them.",
          {}},
         {"ramp-up-strategy", "HOW", "The rate rises from the first request to the last, instead of --request-rate.",
          "linear|exponential"},
         {"ramp-up-start-rps", "R", "Where the ramp begins."},
         {"ramp-up-end-rps", "R", "Where it ends."},
         {"schedule", "FILE",
          "When each request is due: Mooncake JSON Lines, Azure CSV (with their lengths), or a time in seconds a "
          "line."},
         {"speed", "X", "The schedule X times as fast (default 1)."},
         {"vllm-arrivals", "", "Stretch the arrivals to end at N / R, as vLLM does; they are no Poisson process then."},
         {"duration", "60s", "Send for so long; what is under way then ends as usual."},
         {"until",
          "p99_ttft:5%",
          "End as soon as the figure is known so well: its 95 % interval, which counts with requests that hang "
          "together, "
          "reaches no farther. Also mean_ and median_; of ttft, tpot, e2el, ttft_sched, e2el_sched. May be repeated. "
          "--num-prompts or --duration (then 10m by default) is the most it takes.",
          {},
          true},
         {"shard", "I/N", "Be client I of N (from 0) that share the load: same command, same seed on each."},
         {"start-at", "TIME", "With --shard: when all begin, in seconds since 1970 (date +%s)."},
         {"lora-modules,model-mix",
          "NAME",
          "Each request (of a conversation: all) asks for one of these models, by lot; more may follow as words. "
          "NAME=3 "
          "is chosen three times as often.",
          {},
          true,
          true},
         {"lora-assignment", "HOW", "By lot (default), or one after the other.", "random|round-robin"},
         {"burstiness", "B", "Spread of the arrivals: 1 is Poisson (default), more is more even, inf is constant."},
         {"warmup,num-warmups", "N",
          "Requests before the run, not measured (default 0). Of a file they are its first prompts, which a prefix "
          "cache then knows."},
         {"choices,n", "K", "Answers to a prompt (default 1), each measured by itself."},
         {"max-tokens", "N", "Limit for prompts that name none."},
         {"temperature", "T", "Default: the server's."},
         {"ignore-eos", "", "Always generate up to the limit (vLLM, SGLang)."},
         {"top-p", "P", "Of the request, as the server understands it; so are:"},
         {"top-k", "K", "..."},
         {"min-p", "P", "..."},
         {"frequency-penalty", "X", "..."},
         {"presence-penalty", "X", "..."},
         {"repetition-penalty", "X", "..."},
         {"logprobs", "N", "How many per token; its events then say how many tokens they hold."},
         {"chat-template-kwargs", "JSON", "For the server's chat template."},
         {"extra-body", "JSON", "More fields of each request; they replace ours of the same name."},
         {"tag-user", "", "Send the prompt's id as `user`, for a server's log."},
         {"header",
          "K=V",
          "One more header field, or several as words; the values are kept out of the records.",
          {},
          true,
          true},
         {"ready-check-timeout-sec", "S", "Wait so long for the servers to answer /v1/models (default 0: not)."},
         api_key_env_flag,
         api_key_file_flag,
         {"timeout", "6h", "For a whole answer (default 6h)."},
         {"connect-timeout", "10s", "For a connection (default 10s)."},
         {"first-token-timeout", "10m", "From request to first token (default 10m)."},
         {"stall-timeout", "10m", "Between two pieces of an answer (default 10m)."},
         {"records", "FILE", "Write every request's record here while the run goes on; - is standard output."},
         {"resume", "", "Skip what --records holds as answered, and go on behind it."},
         {"force", "", "Replace a --records file that is there."},
         {"save-result", "", "Write vLLM's result file: FILE.json, or --result-filename in --result-dir."},
         {"save-detailed", "", "With every request's times and text in it."},
         {"append-result", "", "Add the result to the file as one more line."},
         {"result-dir", "DIR", "Default: here."},
         {"result-filename", "NAME", "Default: as vLLM names it, from backend, rate, model and date."},
         {"metadata", "K=V", "Written into the result; more may follow as words.", {}, true, true},
         {"label", "NAME", "Written into the result, and into its default name instead of the backend."},
         {"goodput",
          "GOAL",
          "ttft:MS, tpot:MS or e2el:MS; more may follow as words. Requests that meet all are good.",
          {},
          true,
          true},
         {"self-test", "",
          "Make the load against a mock in this process and say how far the figures are from its log: this machine's "
          "error bars."},
         {"self-test-ttft", "50ms", "The mock's time to the first token (default 50ms)."},
         {"self-test-itl", "10ms", "Its time from token to token (default 10ms)."},
         {"search", "KIND",
          "goodput finds the highest request rate at which --search-target of the requests meet --goodput; throughput "
          "raises the concurrency until it brings no more. A probe lasts --duration (default 10s) or --num-prompts.",
          "goodput|throughput"},
         {"search-target", "0.99", "The share of requests that must meet the goals, shown with 95 % confidence."},
         {"search-start", "R", "The first rate, or concurrency, to try (default 1)."},
         {"search-precision", "0.05", "Stop where the rate that held and the one that did not are so near."},
         {"search-probes", "N", "Probes at most (default 24)."},
         {"search-log", "FILE", "Keep every probe here; a search that finds some goes on from them."},
         {"percentiles,metric-percentiles", "50,90,99", "Which percentiles to show (default 50,90,99)."},
         {"require-valid", "", "Exit with 1 unless the verdict on the measurement is VALID (docs/measuring.md)."},
         {"server-metrics", "HOW", "auto (default) asks for the server's /metrics before and after the run; off.",
          "auto|off"},
         progress_flag,
         {"disable-tqdm", "", "The same as --progress off."},
         {"json", "", "Print the result as JSON instead of the table."},
         {"tokenizer", "NAME", "Written into the result; nothing is tokenized here."}},
    .examples =
        "weir-bench --base-url http://127.0.0.1:8000 --random-input-len 512 --random-output-len 128 --ignore-eos \\\n"
        "    --num-prompts 256 --max-concurrency 16 --warmup 16 --save-result\n"
        "weir-prompts --dataset gsm8k test.jsonl | weir-bench --endpoints endpoints.jsonl --prompts - --records "
        "run.jsonl\n"
        "weir-bench --base-url http://127.0.0.1:8000 --request-rate 4 --goodput ttft:200 tpot:50",
    .exits =
        "0 done, 1 no request succeeded, or --require-valid and it is not, 2 trouble (usage, input, records not "
        "written), 128 + N ended by signal N",
    .operands = "[FILE.json]",
};

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_ABOUT_HPP
