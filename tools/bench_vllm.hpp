// tools/bench_vllm.hpp - what command lines of `vllm bench serve` 0.33 (Python and Rust) may hold beside the options
// that weir-bench shows: other names, options of data sets, options without effect here, and options that are refused.
#ifndef WEIR_TOOLS_BENCH_VLLM_HPP
#define WEIR_TOOLS_BENCH_VLLM_HPP

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "bench_about.hpp"
#include "bench_load.hpp"
#include "cli.hpp"
#include "weir/base/json_write.hpp"
#include "weir/openai/request.hpp"

namespace weir::tool {

/// An option that only vllm's command lines have. \param why  what to say of it, after its name.
struct vllm_option {
  std::string_view names, value, why = {};
};

/// They mean something here: see bench_dataset.hpp.
inline constexpr vllm_option vllm_data_options[] = {{"custom-output-len", "N"},
                                                    {"sharegpt-output-len", "N"},
                                                    {"no-oversample", ""},
                                                    {"max-model-len", "N"},
                                                    {"prefix-repetition-prefix-len", "P"},
                                                    {"prefix-repetition-suffix-len", "L"},
                                                    {"prefix-repetition-num-prefixes", "K"},
                                                    {"prefix-repetition-output-len", "M"},
                                                    {"random-cache-hit-fraction", "F"},
                                                    {"random-cache-ratio", "F"},
                                                    {"timed-trace-chunk-hash-size", "N"},
                                                    {"timed-trace-sec-multiplier", "X"},
                                                    {"timed-trace-label-timestamp", "NAME"},
                                                    {"timed-trace-label-input-length", "NAME"},
                                                    {"timed-trace-label-output-length", "NAME"},
                                                    {"timed-trace-label-hash-ids", "NAME"},
                                                    {"self-timed", ""},
                                                    {"no-self-timed", ""},
                                                    {"multi-turn", ""},
                                                    {"multi-turn-num-turns", "N"},
                                                    {"multi-turn-min-turns", "N"},
                                                    {"multi-turn-max-turns", "N"},
                                                    {"multi-turn-delay-ms", "MS"},
                                                    {"per-turn-input-len", "L"}};

/// They change no request that is sent: accepted, and said once.
inline constexpr vllm_option vllm_silent_options[] = {
    {"percentile-metrics", "LIST", "all metrics are shown"},
    {"trust-remote-code", "", "no tokenizer runs here"},
    {"tokenizer-mode", "MODE", "no tokenizer runs here"},
    {"skip-tokenizer-init", "", "no tokenizer runs here"},
    {"prompt-token-ids", "", "random prompts are token ids where it is no chat"},
    {"skip-chat-template", "", "no template is applied by the client"},
    {"disable-shuffle", "", "a file's order is kept"},
    {"custom-ensure-client-side-data", "", "prompts are sent as they stand"},
    {"request-id-prefix", "PREFIX", "no request id is sent, because some servers refuse one"},
    {"use-beam-search", "", "vllm's own client sends nothing for it"},
    {"probe-request-rate", "R", "nothing but the load is sent"},
    {"plot-timeline", "", "weir-summarize draws the records"},
    {"timeline-itl-thresholds", "MS", "weir-summarize draws the records"},
    {"plot-dataset-stats", "", "weir-summarize draws the records"},
    {"no-steady-state", "", "weir-summarize tells the steady state of the records"},
    {"steady-state-threshold", "F", "weir-summarize tells the steady state of the records"},
    {"steady-state-min-window", "S", "weir-summarize tells the steady state of the records"},
    {"sweep-summary-percentiles", "LIST", "a run shows --percentiles"}};

/// They would make another load: refused, with what to do instead.
inline constexpr vllm_option vllm_refused_options[] = {
    {"compare", "FILES", "weir-compare --base A.json --new B.json"},
    {"dry-run", "", "weir-prompts prints the prompts"},
    {"num-runs", "N", "weir-compare run repeats runs"},
    {"sweep-max-concurrency", "LIST", "--search throughput, or one run for each"},
    {"sweep-num-prompts-factor", "F", "--search throughput, or one run for each"},
    {"sweep-request-rate", "LIST", "--search goodput, or one run for each"},
    {"reset-prefix-cache", "", "POST /reset_prefix_cache to the server before the run"},
    {"profile", "", "figures of a profiled run are no measurement: POST /start_profile to the server"},
    {"profile-batch-threshold", "N", "POST /start_profile to the server"},
    {"profile-duration", "S", "POST /start_profile to the server"},
    {"multi-turn-prefix-global-ratio", "F", "--random-prefix-len with --turns"},
    {"multi-turn-prefix-conversation-ratio", "F", "--turns, whose later turns hold the earlier ones"},
    {"random-batch-size", "N", "embeddings are not measured here"},
    {"no-reranker", "", "rerankers are not measured here"},
    {"enable-multimodal-chat", "", "prompt records with messages may hold images: --prompts"},
    {"random-mm-base-items-per-request", "N", "prompt records with messages may hold images: --prompts"},
    {"random-mm-num-mm-items-range-ratio", "F", "prompt records with messages may hold images: --prompts"},
    {"random-mm-limit-mm-per-prompt", "JSON", "prompt records with messages may hold images: --prompts"},
    {"random-mm-bucket-config", "MAP", "prompt records with messages may hold images: --prompts"},
    {"hf-name", "NAME", "nothing is fetched from a hub: weir-prompts reads files"},
    {"hf-split", "NAME", "nothing is fetched from a hub: weir-prompts reads files"},
    {"hf-subset", "NAME", "nothing is fetched from a hub: weir-prompts reads files"},
    {"hf-output-len", "N", "nothing is fetched from a hub: weir-prompts reads files"},
    {"hf-text-column", "NAME", "nothing is fetched from a hub: weir-prompts --fields question=NAME"},
    {"no-stream", "", "nothing is fetched from a hub: weir-prompts reads files"},
    {"speed-bench-config,speed-bench-dataset-subset", "NAME", "weir-prompts makes prompts of its files"},
    {"speed-bench-output-len", "N", "weir-prompts makes prompts of its files"},
    {"speed-bench-category", "NAME", "weir-prompts makes prompts of its files"},
    {"speed-bench-max-input-len", "N", "weir-prompts makes prompts of its files"},
    {"spec-bench-output-len", "N", "weir-prompts makes prompts of its files"},
    {"spec-bench-category", "NAME", "weir-prompts makes prompts of its files"},
    {"asr-max-audio-len-sec", "S", "audio is not measured here"},
    {"asr-min-audio-len-sec", "S", "audio is not measured here"},
    {"bfcl-categories", "LIST", "weir-prompts makes prompts of its files"},
    {"blazedit-min-distance", "F", "weir-prompts makes prompts of its files"},
    {"blazedit-max-distance", "F", "weir-prompts makes prompts of its files"}};

/// All that is parsed.
inline const description& bench_about() {
  static const description whole = [] {
    description all = bench_shown;
    const auto add = [&](const auto& list) {
      for (const auto& o : list) all.options.push_back({o.names, o.value, ""});
    };
    add(vllm_data_options), add(vllm_silent_options), add(vllm_refused_options);
    return all;
  }();
  return whole;
}

inline void say_what_has_no_effect(const arguments& args) {
  for (const auto& o : vllm_silent_options)
    if (args.has(o.names)) say("--" + std::string(o.names) + " has no effect here: " + std::string(o.why));
}

inline void refuse_what_is_not_here(const arguments& args) {
  for (const auto& o : vllm_refused_options) {
    const auto name = o.names.substr(0, o.names.find(','));
    if (args.has(name)) refuse("--" + std::string(name) + " is not here: " + std::string(o.why));
  }
}

/// Fields of the body that have options of their own; those of --extra-body come behind them and win.
inline named_texts sampling_fields(const arguments& args, bool chat) {
  named_texts fields;
  const auto add = [&](std::string name, auto value) {
    json_writer(fields.emplace_back(std::move(name), "").second).value(value);
  };
  for (const auto& [option, field] :
       {std::pair("top-p", "top_p"), std::pair("min-p", "min_p"), std::pair("frequency-penalty", "frequency_penalty"),
        std::pair("presence-penalty", "presence_penalty"), std::pair("repetition-penalty", "repetition_penalty")})
    if (args.has(option)) add(field, args.number(option, 0.0).value());
  if (args.has("top-k")) add("top_k", args.number("top-k", std::int64_t{0}).value());
  if (args.has("logprobs")) {
    const auto wanted = args.number("logprobs", std::int64_t{0}).value();
    if (chat) add("logprobs", true);
    add(chat ? "top_logprobs" : "logprobs", wanted);
  }
  if (args.has("chat-template-kwargs")) {
    const auto text = args.get("chat-template-kwargs");
    if (const auto read = parse_extra_body(text); !read) refuse("--chat-template-kwargs: " + read.error().detail);
    fields.emplace_back("chat_template_kwargs", text);
  }
  return fields;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_VLLM_HPP
