// tools/bench_flags.hpp - weir-bench's command line: its table, and what it asks of a run.
#ifndef WEIR_TOOLS_BENCH_FLAGS_HPP
#define WEIR_TOOLS_BENCH_FLAGS_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench_client.hpp"
#include "bench_load.hpp"
#include "cli.hpp"
#include "server_flags.hpp"
#include "weir/data/source.hpp"
#include "weir/load/bench_options.hpp"
#include "weir/load/bench_prompts.hpp"

namespace weir::tool {

inline const description bench_about{
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
        "The options of `vllm bench serve` are understood, and so is its result file written (--save-result). "
        "docs/bench.md has the definitions.",
    .options =
        {{"base-url", "URL", "The server: http://127.0.0.1:8000.", {}, true},
         {"endpoints", "FILE", "Endpoint records, as weir-serve-many writes them; see --balance."},
         {"host", "NAME", "With --port instead of --base-url (default 127.0.0.1)."},
         {"port", "P", "With --host instead of --base-url (default 8000)."},
         {"backend", "KIND",
          "openai and vllm complete a prompt, openai-chat answers messages. Default: by the prompts.",
          "openai|vllm|openai-chat"},
         {"endpoint", "PATH", "Where under the URL: default /v1/completions or /v1/chat/completions."},
         {"model,served-model-name", "NAME", "Default: the first that /v1/models names."},
         {"prompts,dataset-path", "FILE", "Prompt records, or lines with `prompt` or `question`; - is standard input."},
         {"dataset-name", "NAME",
          "random makes prompts up, of exact length (chat: about); custom reads --dataset-path.", "random|custom"},
         {"num-prompts", "N", "How many. Default: all of the file, which repeats beyond its end; random: 1000."},
         {"random-input-len,input-len", "L", "Tokens of a random prompt (default 1024)."},
         {"random-output-len,output-len", "M", "Its max_tokens (default 128)."},
         {"random-prefix-len", "P", "Tokens that all random prompts begin with (default 0)."},
         {"random-range-ratio", "R", "Lengths vary by this share, 0 <= R < 1 (default 0)."},
         {"vocab-size", "V", "Random token ids are below V (default 30000)."},
         {"seed", "S", "Decides random prompts and arrivals (default 0)."},
         {"max-concurrency", "C", "Requests in flight at once. Default: no limit."},
         {"max-sessions", "N", "Conversations that have begun and are not over, thinking ones too. Default: no limit."},
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
          "Each request asks for one of these models, by lot; more may follow as words. NAME=3 is chosen three times "
          "as "
          "often.",
          {},
          true},
         {"burstiness", "B", "Spread of the arrivals: 1 is Poisson (default), more is more even, inf is constant."},
         {"warmup,num-warmups", "N",
          "Requests before the run, not measured (default 0). Of a file they are its first prompts, which a prefix "
          "cache then knows."},
         {"choices,n", "K", "Answers to a prompt (default 1), each measured by itself."},
         {"max-tokens", "N", "Limit for prompts that name none."},
         {"temperature", "T", "Default: the server's."},
         {"ignore-eos", "", "Always generate up to the limit (vLLM, SGLang)."},
         {"extra-body", "JSON", "More fields of each request; they replace ours of the same name."},
         {"tag-user", "", "Send the prompt's id as `user`, for a server's log."},
         {"header", "K=V", "One more header field; its value is kept out of the records.", {}, true},
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
         {"metadata", "K=V", "Written into the result; more may follow as words.", {}, true},
         {"label", "NAME", "Written into the result, and into its default name instead of the backend."},
         {"goodput",
          "GOAL",
          "ttft:MS, tpot:MS or e2el:MS; more may follow as words. Requests that meet all are good.",
          {},
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
         {"progress", "HOW", "auto (default) shows progress on a terminal, plain as lines, off not at all.",
          "auto|plain|off"},
         {"disable-tqdm", "", "The same as --progress off."},
         {"json", "", "Print the result as JSON instead of the table."},
         {"tokenizer", "NAME", "Written into the result; nothing is tokenized here."},
         {"percentile-metrics", "LIST", "Has no effect: all metrics are shown."},
         {"trust-remote-code", "", "Has no effect."},
         {"ready-check-timeout-sec", "S", "Has no effect: nothing is sent before the run but --warmup."}},
    .examples =
        "weir-bench --base-url http://127.0.0.1:8000 --random-input-len 512 --random-output-len 128 --ignore-eos \\\n"
        "    --num-prompts 256 --max-concurrency 16 --warmup 16 --save-result\n"
        "weir-prompts --dataset gsm8k test.jsonl | weir-bench --endpoints endpoints.jsonl --prompts - --records "
        "run.jsonl\n"
        "weir-bench --base-url http://127.0.0.1:8000 --request-rate 4 --goodput ttft:200 tpot:50",
    .exits =
        "0 done, 1 no request succeeded, or --require-valid and it is not, 2 trouble (usage, input, records not "
        "written), 128 + N ended by signal N",
    .operands = "[FILE.json | K=V | GOAL:MS]...",
};

/// The command line as it may be kept: what follows --header is no one's business.
inline std::vector<std::string> safe_argv(std::vector<std::string> words) {
  bool secret = false;
  for (auto& word : words) {
    const auto hide = [&](std::size_t from) {
      const auto split = word.find_first_of(":=", from);
      if (split != word.npos) word.replace(split + 1, word.npos, "***");
    };
    if (std::exchange(secret, word == "--header")) hide(0);
    if (word.starts_with("--header=")) hide(std::string_view("--header=").size());
  }
  return words;
}

/// Numbers separated by commas, from 0 to 100.
inline std::vector<double> percentiles_of(const arguments& args) {
  std::vector<double> out;
  std::string_view words = args.get("percentiles", "50,90,99");
  while (!words.empty()) {
    const auto word = words.substr(0, words.find(','));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    const auto p = parse_number<double>(word);
    if (!p || !(*p >= 0 && *p <= 100)) refuse("--percentiles: '" + std::string(word) + "' is not from 0 to 100");
    out.push_back(*p);
  }
  return out;
}

/// Words that are no options: a result file, goals, metadata.
struct bench_operands {
  std::string result_file;
  std::vector<std::string> goals, metadata, models;
};
inline bench_operands operands_of(const arguments& args) {
  bench_operands out{{}, args.all("goodput"), args.all("metadata"), args.all("lora-modules")};
  for (const auto& word : args.operands()) {
    if (word.ends_with(".json") && args.has("save-result") && out.result_file.empty())
      out.result_file = word;
    else if (word.find('=') != word.npos && args.has("metadata"))
      out.metadata.push_back(word);
    else if (word.find(':') != word.npos && args.has("goodput"))
      out.goals.push_back(word);
    else if (args.has("lora-modules"))
      out.models.push_back(word);
    else
      refuse("'" + word +
             "' stands alone: a FILE.json goes with --save-result, K=V with --metadata, a goal with --goodput");
  }
  return out;
}

inline std::vector<endpoint> endpoints_of(const arguments& args) {
  const int ways = args.has("base-url") + args.has("endpoints") + (args.has("host") || args.has("port"));
  if (ways > 1) refuse("name the servers once: by --base-url, --endpoints, or --host and --port");
  if (args.has("endpoints")) return read_endpoints(std::string(args.get("endpoints"))).value();
  std::vector<std::string> urls = args.all("base-url");
  if (ways == 0) refuse("which server? --base-url http://HOST:PORT, or --endpoints FILE");
  if (urls.empty())
    urls.push_back("http://" + std::string(args.get("host", "127.0.0.1")) + ":" +
                   std::string(args.get("port", "8000")));
  std::vector<endpoint> out;
  for (const auto& url : urls)
    out.push_back(make_endpoint(url, urls.size() > 1 ? std::to_string(out.size()) : "").value());
  for (auto& each : out)
    if (args.has("unix-socket")) each.socket = args.get("unix-socket");
  return out;
}

inline request_options request_of(const arguments& args) {
  request_options r;
  r.model = args.get("model");
  r.choices = at_least(args, "choices", 1, 1);
  if (args.has("max-tokens")) r.max_tokens = at_least<std::int64_t>(args, "max-tokens", 1, 1);
  if (args.has("temperature")) r.temperature = at_least(args, "temperature", 0.0, 0.0);
  r.ignore_eos = args.has("ignore-eos");
  r.tag_user = args.has("tag-user");
  if (args.has("extra-body")) {
    auto extra = parse_extra_body(args.get("extra-body"));
    if (!extra) refuse("--extra-body: " + extra.error().detail);
    r.extra = *std::move(extra);
  }
  for (const auto& text : args.all("header")) r.headers.push_back(parse_header(text).value());
  r.api_key = api_key_of(args).value();
  return r;
}

/// What a probe of a search, or a self-test, wants otherwise than the command line.
struct probe_wish {
  std::uint64_t fresh = 0;    ///< Another number makes other random prompts: those of the last probe may be cached.
  std::size_t count = 0;      ///< How many, where --num-prompts does not say; 0: as many as a run would have.
  std::string base_url = {};  ///< The server, where it is none of those named.
};

/// Fills in the prompts, the warm-up, and whether it is a chat: by --backend, or by what the prompts are.
inline void add_prompts(bench_options& o, const arguments& args, const probe_wish& wish) {
  const std::string_view backend = args.get("backend"), path = args.get("prompts");
  const bool made = args.get("dataset-name", path.empty() ? "random" : "custom") == "random";
  if (made && !path.empty()) refuse("--dataset-name random reads no file: leave --prompts out, or --dataset-name");
  if (!made && path.empty()) refuse("--dataset-name custom needs --dataset-path FILE");
  o.request.chat = backend == "openai-chat";
  auto count = at_least<std::size_t>(args, "num-prompts", made ? 1000 : 0, 1);
  if (!args.has("num-prompts") && o.duration_ns > 0 && (made || o.arrivals.scheduled()))
    count = prompts_for(o.duration_ns, o.arrivals);
  if (wish.count > 0 && !args.has("num-prompts")) count = wish.count;
  const auto trace = args.has("schedule") ? trace_of(args) : std::vector<arrival>{};
  if (!trace.empty()) count = args.has("num-prompts") ? std::min(count, trace.size()) : trace.size();
  const auto warmup = args.number<std::size_t>("warmup", 0).value();
  if (made) {
    const random_prompts defaults;
    const random_prompts make{.input_len = args.number("random-input-len", defaults.input_len).value(),
                              .output_len = args.number("random-output-len", defaults.output_len).value(),
                              .prefix_len = args.number("random-prefix-len", defaults.prefix_len).value(),
                              .range_ratio = args.number("random-range-ratio", defaults.range_ratio).value(),
                              .vocab_size = args.number("vocab-size", defaults.vocab_size).value(),
                              .seed = args.number("seed", defaults.seed).value() + wish.fresh};
    const bool traced = !trace.empty() && trace[0].input_len != unmeasured;
    if (traced && o.request.chat) refuse("a trace's prompts are token ids, which a chat can't carry: use completions");
    if (traced)
      for (std::size_t i = 0; i < count; ++i)
        o.prompts.push_back(trace_prompts(make.vocab_size, make.seed).at(i, trace[i]));
    else
      o.prompts = make_random_prompts(make, count, o.request.chat).value();
    o.warmup = make_random_prompts(make, warmup, o.request.chat, count).value();
  } else {
    o.prompts = read_prompts(std::string(path), count).value();
    for (std::size_t i = 0; i < warmup; ++i) o.warmup.push_back(o.prompts[i % o.prompts.size()]);
    const auto chats = [](const prompt& p) { return p.form == prompt_form::messages; };
    if (backend.empty()) o.request.chat = std::ranges::all_of(o.prompts, chats);
  }
  for (std::size_t i = 0; i < trace.size() && i < o.prompts.size(); ++i) o.prompts[i].t_sched_ns = trace[i].t_ns;
  o.identity.backend = !backend.empty() ? backend : o.request.chat ? "openai-chat" : "openai";
  o.path = args.get("endpoint", o.request.chat ? "/v1/chat/completions" : "/v1/completions");
}

inline bench_options bench_options_of(const arguments& args, std::vector<std::string> words,
                                      const probe_wish& wish = {}) {
  bench_options o;
  const bench_operands named = operands_of(args);
  o.endpoints = wish.base_url.empty() ? endpoints_of(args) : std::vector{make_endpoint(wish.base_url).value()};
  o.request = request_of(args);
  add_load(o, args);
  add_prompts(o, args, wish);
  mix_models(o.prompts, named.models, o.arrivals.seed);
  o.run.tool = bench_about.name;
  o.run.argv = safe_argv(std::move(words));
  o.run.seed = args.number<std::uint64_t>("seed", 0).value();
  add_client(o, args);
  o.server_metrics = args.get("server-metrics", "auto") == "auto";
  for (const auto& goal : named.goals) add_level(o.goals, goal).value();
  o.records = args.get("records");
  if (args.has("resume") && (o.records.empty() || o.records == "-")) refuse("--resume needs --records FILE");
  if (args.has("resume") && args.has("force")) refuse("--resume or --force, not both");
  o.mode = args.has("resume") ? records_mode::resume : args.has("force") ? records_mode::replace : records_mode::fresh;
  o.details = args.has("save-detailed");
  o.identity.label = args.get("label");
  o.identity.tokenizer = args.get("tokenizer");
  o.identity.percentiles = percentiles_of(args);
  o.identity.goals = !named.goals.empty();
  for (const auto& pair : named.metadata) {
    const auto equals = pair.find('=');
    if (equals == pair.npos) refuse("--metadata: '" + pair + "' is not K=V");
    o.identity.metadata.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return o;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_FLAGS_HPP
