// tools/bench_flags.hpp - what weir-bench's command line asks of a run.
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
#include "bench_dataset.hpp"
#include "bench_load.hpp"
#include "bench_vllm.hpp"
#include "cli.hpp"
#include "server_flags.hpp"
#include "weir/data/source.hpp"
#include "weir/load/bench_options.hpp"

namespace weir::tool {

/// The command line as it may be kept: what follows --header is no one's business.
inline std::vector<std::string> safe_argv(std::vector<std::string> words) {
  bool secret = false;  // a value of --header, of which several may follow as words
  for (auto& word : words) {
    const auto hide = [&](std::size_t from) {
      const auto split = word.find_first_of(":=", from);
      if (split != word.npos) word.replace(split + 1, word.npos, "***");
    };
    if (secret && !word.starts_with('-')) hide(0);
    if (word.starts_with('-')) secret = word == "--header" || word.starts_with("--header=");
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

/// The word that is no option's: the file of --save-result. Empty where there is none.
inline std::string result_file_of(const arguments& args) {
  for (const auto& word : args.operands())
    if (!word.ends_with(".json") || !args.has("save-result") || &word != args.operands().data())
      refuse("'" + word +
             "' stands alone: a FILE.json goes with --save-result, K=V with --metadata, a goal with --goodput");
  return args.operands().empty() ? "" : args.operands()[0];
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
  r.model = args.get("served-model-name", args.get("model"));
  r.choices = at_least(args, "choices", 1, 1);
  if (args.has("max-tokens")) r.max_tokens = at_least<std::int64_t>(args, "max-tokens", 1, 1);
  if (args.has("temperature")) r.temperature = at_least(args, "temperature", 0.0, 0.0);
  r.ignore_eos = args.has("ignore-eos");
  r.tag_user = args.has("tag-user");
  for (const auto& text : args.all("header")) r.headers.push_back(parse_header(text).value());
  r.api_key = api_key_of(args).value();
  return r;
}

/// More fields of the body: those that have options of their own, and --extra-body, which wins.
inline void add_fields(request_options& r, const arguments& args) {
  r.extra = sampling_fields(args, r.chat);
  if (!args.has("extra-body")) return;
  auto extra = parse_extra_body(args.get("extra-body"));
  if (!extra) refuse("--extra-body: " + extra.error().detail);
  for (auto& field : *extra) {
    std::erase_if(r.extra, [&](const auto& ours) { return ours.first == field.first; });
    r.extra.push_back(std::move(field));
  }
}

inline bench_options bench_options_of(const arguments& args, std::vector<std::string> words,
                                      const probe_wish& wish = {}) {
  bench_options o;
  (void)result_file_of(args);
  o.endpoints = wish.base_url.empty() ? endpoints_of(args) : std::vector{make_endpoint(wish.base_url).value()};
  o.request = request_of(args);
  add_load(o, args);
  add_prompts(o, args, wish);
  add_fields(o.request, args);
  mix_models(o.prompts, args.all("lora-modules"), args.get("lora-assignment") == "round-robin", o.arrivals.seed);
  o.run.tool = bench_about().name;
  o.run.argv = safe_argv(std::move(words));
  o.run.seed = args.number<std::uint64_t>("seed", 0).value();
  add_client(o, args);
  o.server_metrics = args.get("server-metrics", "auto") == "auto";
  o.ready_ns = args.duration_ns("ready-check-timeout-sec", 0).value();
  for (const auto& goal : args.all("goodput")) add_level(o.goals, goal).value();
  o.records = args.get("records");
  if (args.has("resume") && (o.records.empty() || o.records == "-")) refuse("--resume needs --records FILE");
  if (args.has("resume") && args.has("force")) refuse("--resume or --force, not both");
  o.mode = args.has("resume") ? records_mode::resume : args.has("force") ? records_mode::replace : records_mode::fresh;
  o.details = args.has("save-detailed");
  o.identity.label = args.get("label");
  o.identity.tokenizer = args.get("tokenizer");
  o.identity.percentiles = percentiles_of(args);
  o.identity.goals = args.has("goodput");
  for (const auto& pair : args.all("metadata")) {
    const auto equals = pair.find('=');
    if (equals == pair.npos) refuse("--metadata: '" + pair + "' is not K=V");
    o.identity.metadata.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return o;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_FLAGS_HPP
