// tools/eval_flags.hpp - weir-eval's options, and what they ask for.
#ifndef WEIR_TOOLS_EVAL_FLAGS_HPP
#define WEIR_TOOLS_EVAL_FLAGS_HPP

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "dataset_flags.hpp"
#include "progress_flags.hpp"
#include "server_flags.hpp"
#include "weir/base/host_name.hpp"
#include "weir/eval/evaluate.hpp"
#include "weir/openai/endpoint.hpp"

namespace weir::tool {

inline std::vector<option> eval_flags() {
  std::vector<option> flags = dataset_flags();
  const std::vector<option> own{
      {"base-url", "URL", "A server; may be given several times.", {}, true},
      {"endpoints", "FILE", "Endpoint records, as weir-serve-many writes them."},
      {"model", "NAME", "Default: what each server says it serves."},
      {"agent,mode", "NAME", "How each question is answered (default standard).",
       "standard|majority_vote|self_consistency|self_refine|solver_checker|debate"},
      {"num-runs,runs", "K", "Votes, samples, rounds, solutions or debaters; each agent has its default."},
      {"temperature", "T", "Default: the server's. Votes of one mind need no vote: several runs want T above 0."},
      {"vote-rule", "RULE", "What an agent reads votes by (default: numeric, or last_option for lettered golds)."},
      {"max-concurrency,batch-size,concurrency", "C",
       "Requests in flight at once (default auto: raised while it brings more answers a second)."},
      {"max-ttft", "2s", "With auto: not so many that a first token takes longer."},
      {"order", "HOW", "longest asks long prompts first, so that none is left alone at the end (default); input.",
       "longest|input"},
      {"round", "NAME", "Kept in the run record, and in nothing else."},
      {"records", "FILE", "Where every request and every answer is written at once. With --suite: a directory."},
      {"resume", "", "Go on with the records of a run that was ended, however it was."},
      {"force", "", "Replace records that are there."},
      {"suite", "FILE", "Run every configuration of FILE over the questions (docs/evaluating.md)."},
      {"speedup", "", "With --suite: run each at concurrency 1 too, and show how much faster it was."},
      {"detailed", "", "List every question: what was expected, read, and what it took."},
      cacert_flag,
      cert_flag,
      key_flag,
      insecure_flag,
      api_key_env_flag,
      api_key_file_flag,
      {"timeout", "6h", "For a whole answer (default 6h)."},
      progress_flag};
  flags.insert(flags.end(), own.begin(), own.end());
  return flags;
}

inline result<concurrency_options> concurrency_of(const arguments& args) {
  concurrency_options o;
  const auto words = args.get("max-concurrency", "auto");
  if (words != "auto") o.fixed = args.number("max-concurrency", std::size_t{0}).value();
  if (words != "auto" && (o.fixed < 1 || o.fixed > 100'000))
    return failure{errc::invalid_argument, "--max-concurrency is auto, or a number from 1 to 100000"};
  o.max_ttft_ns = args.duration_ns("max-ttft", unmeasured).value();
  if (args.has("max-ttft") && o.fixed > 0)
    return failure{errc::invalid_argument, "--max-ttft is for --max-concurrency auto"};
  return o;
}

inline result<std::vector<endpoint>> endpoints_of(const arguments& args) {
  if (args.has("endpoints") == args.has("base-url"))
    return failure{errc::invalid_argument, "name the servers: --base-url URL, or --endpoints FILE"};
  if (args.has("endpoints")) return read_endpoints(std::string(args.get("endpoints")));
  std::vector<endpoint> all;
  for (const auto& url : args.all("base-url")) {
    auto one = make_endpoint(url, all.empty() && args.all("base-url").size() == 1 ? "" : std::to_string(all.size()));
    if (!one) return failure{one.error().code, "--base-url: " + one.error().detail};
    all.push_back(*std::move(one));
  }
  return all;
}

/// What the options ask for, with all questions read. \param words  the command line, for the run record.
inline result<eval_options> eval_options_of(const arguments& args, std::vector<std::string> words) {
  if (!args.has("records"))
    return failure{errc::invalid_argument,
                   "--records FILE is missing: answers that are nowhere can't be scored or resumed"};
  if (args.has("resume") && args.has("force"))
    return failure{errc::invalid_argument, "--resume and --force exclude each other"};
  eval_options o;
  auto endpoints = endpoints_of(args);
  if (!endpoints) return endpoints.error();
  o.endpoints = *std::move(endpoints);
  auto want = dataset_request_of(args);
  if (!want) return want.error();
  if (auto ok = read_dataset(*want, [&](const prompt& p) { o.questions.push_back(p); }, say); !ok) return ok.error();
  auto kind = find_agent(args.get("agent", "standard"));
  if (!kind) return kind.error();
  o.agent = *kind;
  o.how.runs = args.number("num-runs", std::int32_t{0}).value();
  if (args.has("num-runs") && o.how.runs < 1) return failure{errc::invalid_argument, "--num-runs must be at least 1"};
  if (args.has("temperature")) o.how.temperature = args.number("temperature", 0.0).value();
  o.vote_rule = args.get("vote-rule");
  auto concurrency = concurrency_of(args);
  if (!concurrency) return concurrency.error();
  o.concurrency = *concurrency;
  o.longest_first = args.get("order", "longest") == "longest";
  o.request.model = args.get("model");
  auto key = api_key_of(args);
  if (!key) return key.error();
  o.request.api_key = *std::move(key);
  auto tls = tls_of(args, o.endpoints);
  if (!tls) return tls.error();
  o.tls = *std::move(tls);
  o.limits.total_ns = args.duration_ns("timeout", o.limits.total_ns).value();
  o.records = args.get("records");
  o.mode = args.has("resume") ? records_mode::resume : args.has("force") ? records_mode::replace : records_mode::fresh;
  o.run.tool = "weir-eval";
  o.run.argv = std::move(words);
  o.run.host = host_name();
  o.run.seed = want->choice.seed.value_or(0);
  const auto config = [&](std::string name, std::string_view value) {
    std::string json;
    append_json_string(json, value);
    o.run.config.emplace_back(std::move(name), std::move(json));
  };
  config("dataset", want->name);
  config("prompt", want->prompt);
  if (args.has("round")) config("round", args.get("round"));
  if (args.has("insecure"))
    o.run.config.emplace_back("insecure", "true");  // whose answers these are, nobody has proved
  return o;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_EVAL_FLAGS_HPP
