// tools/bench_dataset.hpp - the part of weir-bench's command line that says what is sent.
#ifndef WEIR_TOOLS_BENCH_DATASET_HPP
#define WEIR_TOOLS_BENCH_DATASET_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench_load.hpp"
#include "cli.hpp"
#include "weir/data/arrivals.hpp"
#include "weir/data/dataset_file.hpp"
#include "weir/data/dialogues_random.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompt_words.hpp"
#include "weir/data/prompts_random.hpp"
#include "weir/load/bench_options.hpp"
#include "weir/load/bench_prompts.hpp"

namespace weir::tool {

/// What a probe of a search, or a self-test, wants otherwise than the command line.
struct probe_wish {
  std::uint64_t fresh = 0;    ///< Another number makes other random prompts: those of the last probe may be cached.
  std::size_t count = 0;      ///< How many, where --num-prompts does not say; 0: as many as a run would have.
  std::string base_url = {};  ///< The server, where it is none of those named.
};

/// A trace that is replayed.
struct bench_trace {
  std::vector<arrival> arrivals;
  std::int64_t block_tokens = 512;
  bool timed = true;  ///< Its times hold.
  [[nodiscard]] bool has_lengths() const { return !arrivals.empty() && arrivals[0].input_len != unmeasured; }
};

/// What the prompts of a run are made of.
inline std::string_view dataset_of(const arguments& args) {
  const auto name = args.get("dataset-name", args.has("prompts") ? "custom" : "random");
  const bool made = name == "random" || name == "prefix_repetition";
  if (made && args.has("prompts"))
    refuse("--dataset-name " + std::string(name) + " reads no file: leave --prompts out, or --dataset-name");
  if (!made && !args.has("prompts")) refuse("--dataset-name " + std::string(name) + " needs --dataset-path FILE");
  if (name == "timed_trace" && args.has("schedule"))
    refuse("--dataset-name timed_trace is a schedule: leave --schedule out");
  return name;
}

inline bench_trace trace_of(const arguments& args) {
  const double speed = args.number("speed", 1.0).value();
  if (!(speed > 0) || std::isinf(speed)) refuse("--speed must be above 0");
  bench_trace trace;
  if (args.has("schedule")) trace.arrivals = read_arrivals(std::string(args.get("schedule")), speed).value();
  if (dataset_of(args) != "timed_trace") return trace;
  trace_form form;
  form.unit_s = args.number("timed-trace-sec-multiplier", 1.0).value();  // as vllm has it
  form.time = args.get("timed-trace-label-timestamp", form.time);
  form.input_len = args.get("timed-trace-label-input-length", form.input_len);
  form.output_len = args.get("timed-trace-label-output-length", form.output_len);
  form.blocks = args.get("timed-trace-label-hash-ids", form.blocks);
  trace.block_tokens = at_least<std::int64_t>(args, "timed-trace-chunk-hash-size", 16, 1);
  trace.timed = !args.has("no-self-timed");
  if (trace.timed && args.has("request-rate"))
    refuse("--dataset-name timed_trace has its own times: leave --request-rate out, or add --no-self-timed");
  trace.arrivals = read_arrivals(std::string(args.get("prompts")), speed, 0, form).value();
  if (!trace.has_lengths()) refuse("the trace tells no lengths: --schedule FILE takes its times alone");
  return trace;
}

/// --random-range-ratio R, or {"input":R,"output":R}.
inline void add_range_ratio(random_prompts& make, const arguments& args) {
  const std::string_view text = args.get("random-range-ratio", "0");
  if (!text.starts_with('{')) {
    make.range_ratio = args.number("random-range-ratio", 0.0).value();
    return;
  }
  make.output_range_ratio = 0;
  json_row_reader read;
  const auto ok = read(text, [&](std::string_view name, json_value value) -> result<void> {
    if (name != "input" && name != "output") return field_failure(name, "known: input, output");
    const auto error = value.get_double().get(name == "input" ? make.range_ratio : make.output_range_ratio);
    return error ? json_failure(error) : result<void>{};
  });
  if (!ok) refuse("--random-range-ratio: " + ok.error().detail);
}

inline random_prompts random_of(const arguments& args, const probe_wish& wish) {
  random_prompts make;
  const auto number = [&](std::string_view name, auto fallback) { return args.number(name, fallback).value(); };
  if (dataset_of(args) == "prefix_repetition") {
    make.prefix_len = number("prefix-repetition-prefix-len", std::int64_t{256});
    make.input_len = number("prefix-repetition-suffix-len", std::int64_t{256});
    make.prefixes = number("prefix-repetition-num-prefixes", std::int64_t{10});
    make.output_len = number("prefix-repetition-output-len", number("random-output-len", make.output_len));
  } else {
    make.input_len = number("random-input-len", make.input_len);
    make.output_len = number("random-output-len", make.output_len);
    make.prefix_len = number("random-prefix-len", make.prefix_len);
    make.prefixes = number("random-num-prefixes", make.prefixes);
    make.warm_share = number("random-cache-hit-fraction", make.warm_share);
    make.warm_part = number("random-cache-ratio", make.warm_part);
    add_range_ratio(make, args);
  }
  make.vocab_size = number("vocab-size", make.vocab_size);
  make.seed = number("seed", make.seed) + wish.fresh;
  make.check().value();
  return make;
}

/// Whether conversations are wanted, and of how many turns.
inline std::int64_t turns_of(const arguments& args, std::int64_t of_multi_turn) {
  const auto asked = args.number("turns", std::int64_t{1}).value();
  if (asked < 0) refuse("--turns is 0 (all) or more");
  if (!args.has("multi-turn")) return asked;
  return args.has("turns") ? asked : of_multi_turn;
}

inline std::int64_t think_ns_of(const arguments& args) {
  if (args.has("multi-turn-delay-ms")) return args.duration_ns("multi-turn-delay-ms", 0, 1e6).value();
  return args.has("think-time") ? args.duration_ns("think-time", 0).value() : unmeasured;
}

/// `count` prompts, or conversations, that are made up; `skip` were made before.
inline std::vector<prompt> made_prompts(const arguments& args, const random_prompts& make, std::size_t count,
                                        bool words, std::size_t skip = 0) {
  const auto turns = turns_of(args, args.number("multi-turn-num-turns", std::int64_t{3}).value());
  if (turns == 1) return make_random_prompts(make, count, words, skip).value();
  if (args.get("random-form") == "ids") refuse("token ids can't hold an answer: conversations are --random-form words");
  random_dialogues dialogues{.first = make};
  const auto or_turns = [&](std::string_view name) {
    const auto given = args.number(name, std::int64_t{0}).value();
    return given > 0 ? given : turns;
  };
  dialogues.least_turns = or_turns("multi-turn-min-turns"), dialogues.most_turns = or_turns("multi-turn-max-turns");
  dialogues.later_len = args.number("per-turn-input-len", std::int64_t{0}).value();
  dialogues.check().value();
  std::vector<prompt> all;
  for (std::size_t i = 0; i < count; ++i)
    for (auto& turn : dialogues.at(skip + i)) all.push_back(std::move(turn));
  return all;
}

/// The prompts of a file: `count` of them, 0: all.
inline std::vector<prompt> file_prompts(const arguments& args, std::string_view name, std::size_t count) {
  std::vector<prompt> prompts;
  if (name == "custom") {
    prompts = read_prompts(std::string(args.get("prompts")), count).value();
  } else {
    dataset_request want;
    want.name = name, want.path = args.get("prompts");
    want.conversations.turns = turns_of(args, args.number("multi-turn-max-turns", std::int64_t{0}).value());
    if (count > 0) want.choice.count = count;
    read_dataset(want, [&](const prompt& p) { prompts.push_back(p); }, say).value();
  }
  const std::string limit = std::string(name) + "-output-len";
  std::int64_t given = unmeasured;
  if (args.has("random-output-len")) given = at_least<std::int64_t>(args, "random-output-len", 1, 1);
  if (args.has(limit)) given = args.number(limit, given).value();
  for (auto& p : prompts) {
    if (given >= 1) p.max_tokens = given;
    if (p.max_tokens == unmeasured && args.get("dataset-name") == "custom" && given != -1)
      p.max_tokens = 256;  // vllm's
  }
  if (!args.has("no-oversample") && !prompts.empty() && prompts.front().session.empty()) repeat_prompts(prompts, count);
  return prompts;
}

/// Gives each prompt the time of its place; all turns of a conversation have that of their first.
inline void add_times(std::vector<prompt>& prompts, const bench_trace& trace) {
  std::unordered_map<std::string, std::int64_t> sessions;
  std::size_t next = 0;
  for (auto& p : prompts) {
    const auto known = p.session.empty() ? sessions.end() : sessions.find(p.session);
    if (known == sessions.end() && next == trace.arrivals.size()) return;
    p.t_sched_ns = known == sessions.end() ? trace.arrivals[next++].t_ns : known->second;
    if (!p.session.empty()) sessions.emplace(p.session, p.t_sched_ns);
  }
}

/// Leaves out what is longer than --max-model-len, as far as its length is known.
inline void drop_too_long(std::vector<prompt>& prompts, const arguments& args) {
  if (!args.has("max-model-len")) return;
  const auto most = args.number("max-model-len", std::int64_t{0}).value();
  const auto dropped = std::erase_if(prompts, [&](const prompt& p) {
    return p.tokens_in_asked != unmeasured && p.tokens_in_asked + std::max<std::int64_t>(0, p.max_tokens) > most;
  });
  if (dropped > 0) say(std::to_string(dropped) + " prompts are longer than --max-model-len: left out");
  if (prompts.empty()) refuse("--max-model-len " + std::to_string(most) + " leaves no prompt");
}

/// Fills in the prompts, the warm-up, and whether it is a chat: by --backend, or by what the prompts are.
inline void add_prompts(bench_options& o, const arguments& args, const probe_wish& wish) {
  const std::string_view backend = args.get("backend"), name = dataset_of(args);
  const bool made = name == "random" || name == "prefix_repetition" || name == "timed_trace";
  const auto trace = trace_of(args);
  o.request.chat = backend == "openai-chat";
  auto count = at_least<std::size_t>(args, "num-prompts", made ? 1000 : 0, 1);
  if (!args.has("num-prompts") && o.duration_ns > 0 && (made || o.arrivals.scheduled()))
    count = prompts_for(o.duration_ns, o.arrivals);
  if (wish.count > 0 && !args.has("num-prompts")) count = wish.count;
  if (const auto most = trace.arrivals.size(); most > 0) count = args.has("num-prompts") ? std::min(count, most) : most;
  const auto warmup = args.number<std::size_t>("warmup", 0).value();
  if (made) {
    const bool words = o.request.chat || args.get("random-form") == "words";
    if (o.request.chat && args.get("random-form") == "ids") refuse("a chat can't carry token ids: --random-form words");
    const random_prompts make = random_of(args, wish);
    const trace_prompts traced(make.vocab_size, make.seed, trace.block_tokens);
    for (std::size_t i = 0; i < count && trace.has_lengths(); ++i) {
      o.prompts.push_back(traced.at(i, trace.arrivals[i]));
      o.prompts.back().t_sched_ns = unmeasured;
      if (words) to_words(o.prompts.back());
    }
    if (!trace.has_lengths()) o.prompts = made_prompts(args, make, count, words);
    o.warmup = make_random_prompts(make, warmup, words, count).value();
  } else {
    o.prompts = file_prompts(args, name, count);
    const auto chats = [](const prompt& p) { return p.form == prompt_form::messages; };
    if (backend.empty()) o.request.chat = std::ranges::all_of(o.prompts, chats);
    for (std::size_t i = 0; i < warmup; ++i) o.warmup.push_back(o.prompts[i % o.prompts.size()]);
  }
  if (trace.timed) add_times(o.prompts, trace);
  for (auto& p : o.prompts)
    if (p.turn > 0 && p.think_ns == unmeasured) p.think_ns = think_ns_of(args);
  drop_too_long(o.prompts, args);
  o.fit_lengths = made && args.get("tokenize", "auto") == "auto";  // texts of others stay as they are
  o.identity.backend = !backend.empty() ? backend : o.request.chat ? "openai-chat" : "openai";
  o.path = args.get("endpoint", o.request.chat ? "/v1/chat/completions" : "/v1/completions");
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_DATASET_HPP
