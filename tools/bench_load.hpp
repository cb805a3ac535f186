// tools/bench_load.hpp - the part of weir-bench's command line that says what load to make.
#ifndef WEIR_TOOLS_BENCH_LOAD_HPP
#define WEIR_TOOLS_BENCH_LOAD_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/load/bench_options.hpp"

namespace weir::tool {

[[noreturn]] inline void refuse(const std::string& why) {
  throw std::runtime_error(why);
}

template <class Number>
Number at_least(const arguments& args, std::string_view name, Number fallback, Number least) {
  const auto value = args.number(name, fallback).value();
  if (args.has(name) && value < least) refuse("--" + std::string(name) + " is at least " + std::to_string(least));
  return value;
}

/// --shard I/N and --start-at.
inline void add_shard(bench_options& o, const arguments& args) {
  if (args.has("shard")) {
    const std::string_view text = args.get("shard");
    const auto slash = text.find('/');
    const auto index = parse_number<std::size_t>(text.substr(0, slash));
    const auto count = parse_number<std::size_t>(slash == text.npos ? "" : text.substr(slash + 1));
    if (!index || !count || *count == 0 || *index >= *count)
      refuse("--shard is I/N with I from 0 to N - 1, such as 0/4; not '" + std::string(text) + "'");
    if (args.has("resume")) refuse("--shard does not go with --resume: what is left would be dealt out anew");
    o.shard = *index, o.shards = *count;
  }
  if (!args.has("start-at")) return;
  const auto seconds = args.number("start-at", 0.0).value();
  o.start_unix_ns = static_cast<std::int64_t>(std::llround(seconds * 1e9));
  if (const double late = static_cast<double>(wall_ns() - o.start_unix_ns) / 1e9; late > 0)
    refuse("--start-at is " + std::to_string(late) + " s in the past: give a time such as $(($(date +%s) + 10))");
}

/// Arrivals, duration and shard; before the prompts are made, whose number may follow from them.
inline void add_load(bench_options& o, const arguments& args) {
  const std::string_view strategy = args.get("ramp-up-strategy");
  o.arrivals = {.rate = args.number("request-rate", std::numeric_limits<double>::infinity()).value(),
                .burstiness = args.number("burstiness", 1.0).value(),
                .seed = args.number<std::uint64_t>("seed", 0).value(),
                .rising = strategy == "linear"        ? ramp::linear
                          : strategy == "exponential" ? ramp::exponential
                                                      : ramp::none,
                .ramp_from = args.number("ramp-up-start-rps", 0.0).value(),
                .ramp_to = args.number("ramp-up-end-rps", 0.0).value(),
                .vllm_rescaled = args.has("vllm-arrivals")};
  if (strategy.empty() && (args.has("ramp-up-start-rps") || args.has("ramp-up-end-rps")))
    refuse("--ramp-up-start-rps and --ramp-up-end-rps need --ramp-up-strategy linear or exponential");
  if (args.has("schedule") && o.arrivals.scheduled()) refuse("--schedule has its own times: leave the rate out");
  const bool traced = args.has("schedule") || args.get("dataset-name") == "timed_trace";
  if (args.has("speed") && !traced) refuse("--speed goes with --schedule");
  for (const auto* name : {"self-timed", "no-self-timed"})
    if (args.has(name) && args.get("dataset-name") != "timed_trace")
      refuse("--" + std::string(name) + " is for --dataset-name timed_trace, which alone has times");
  o.arrivals.check().value();
  o.duration_ns = args.duration_ns("duration", 0).value();
  if (args.has("duration") && o.duration_ns == 0) refuse("--duration must be above 0");
  for (const auto& text : args.all("until")) {
    auto goal = parse_precision_goal(text);
    if (!goal) refuse("--until: " + goal.error().detail);
    o.until.push_back(*std::move(goal));
  }
  constexpr std::int64_t until_at_most_ns = 600'000'000'000;
  if (!o.until.empty() && !args.has("duration") && !args.has("num-prompts")) o.duration_ns = until_at_most_ns;
  o.repeat = o.duration_ns > 0 && !o.arrivals.scheduled() && !traced;
  add_shard(o, args);
}

/// Enough prompts for a schedule of a length: six standard deviations more than are expected. Of a closed loop, which
/// begins them again, a thousand.
inline std::size_t prompts_for(std::int64_t duration_ns, const arrival_options& a) {
  if (!a.scheduled()) return 1000;
  if (a.rising != ramp::none) refuse("a ramp goes from the first request to the last: say how many with --num-prompts");
  const double expected = a.rate * static_cast<double>(duration_ns) / 1e9;
  const double spread = std::isinf(a.burstiness) ? 0 : std::sqrt(expected / a.burstiness) * 6;
  if (!(expected + spread < 1e8)) refuse("--request-rate times --duration is more requests than can be planned");
  return static_cast<std::size_t>(std::ceil(expected + spread)) + 1;
}

/// --lora-modules A B=3: a model for each prompt that names none, by lot or in turn; of a conversation, for all of it.
inline void mix_models(std::vector<prompt>& prompts, const std::vector<std::string>& words, bool in_turn,
                       std::uint64_t seed) {
  if (words.empty()) return;
  std::vector<std::pair<std::string, double>> models;
  double sum = 0;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const auto weight = equals == word.npos ? result<double>(1.0) : parse_number<double>(word.substr(equals + 1));
    if (!weight || !(*weight > 0)) refuse("--lora-modules: '" + word + "' is not NAME or NAME=WEIGHT");
    sum += *weight;
    models.emplace_back(word.substr(0, equals), sum);
  }
  if (in_turn && sum != static_cast<double>(models.size())) refuse("--lora-assignment round-robin knows no weights");
  random_stream random(hash64("models", seed));
  std::unordered_map<std::string, std::string> sessions;
  std::size_t turn = 0;
  for (auto& p : prompts) {
    const double lot = random.uniform() * sum;
    if (const auto known = sessions.find(p.session); known != sessions.end()) p.model = known->second;
    if (!p.model.empty()) continue;
    p.model = in_turn ? models[turn++ % models.size()].first
                      : std::ranges::find_if(models, [&](const auto& m) { return lot < m.second; })->first;
    if (!p.session.empty()) sessions.emplace(p.session, p.model);
  }
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_LOAD_HPP
