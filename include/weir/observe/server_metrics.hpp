// weir/observe/server_metrics.hpp - what vLLM, SGLang and llama.cpp count, under one set of names. Needs weir/base.
#ifndef WEIR_OBSERVE_SERVER_METRICS_HPP
#define WEIR_OBSERVE_SERVER_METRICS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/observe/prometheus.hpp"
#include "weir/observe/sample.hpp"

namespace weir::inline v0 {

/// What is read of a server. Counters grow; gauges are the state of a moment. Times are seconds.
enum class server_figure : unsigned char {
  prompt_tokens,
  generation_tokens,
  requests,
  prefix_queries,  ///< Prompt tokens looked up in the prefix cache.
  prefix_hits,     ///< Of them found.
  preemptions,
  ttft_s,  ///< Sums over requests, and how many they were.
  ttft_count,
  itl_s,  ///< Sums over tokens but each first one, and how many they were.
  itl_count,
  e2el_s,
  e2el_count,
  queue_s,
  queue_count,
  running,  ///< The first gauge.
  waiting,
  cache_usage,  ///< Share of the KV cache in use, 0 to 1.
};
inline constexpr std::size_t server_figures = 17;

[[nodiscard]] constexpr bool is_gauge(server_figure f) noexcept {
  return f >= server_figure::running;
}

[[nodiscard]] constexpr std::string_view to_string(server_figure f) noexcept {
  constexpr std::array<std::string_view, server_figures> names{
      "prompt_tokens", "generation_tokens", "requests", "prefix_queries", "prefix_hits", "preemptions",
      "ttft_s",        "ttft_count",        "itl_s",    "itl_count",      "e2el_s",      "e2el_count",
      "queue_s",       "queue_count",       "running",  "waiting",        "cache_usage"};
  return names[static_cast<std::size_t>(f)];
}

/// A server's counters and gauges at one moment, or their growth between two. NaN: the server does not say.
struct server_metrics {
  std::array<double, server_figures> values = unknown();
  std::string_view engine;  ///< "vllm", "sglang", "llamacpp"; empty where none of their names was seen.

  [[nodiscard]] double of(server_figure f) const noexcept { return values[static_cast<std::size_t>(f)]; }
  [[nodiscard]] bool knows(server_figure f) const noexcept { return !std::isnan(of(f)); }
  /// A mean out of a sum and a count, in milliseconds; NaN where there was nothing.
  [[nodiscard]] double mean_ms(server_figure sum, server_figure count) const noexcept {
    return of(count) > 0 ? of(sum) / of(count) * 1e3 : std::numeric_limits<double>::quiet_NaN();
  }

  static constexpr std::array<double, server_figures> unknown() noexcept {
    std::array<double, server_figures> none{};
    none.fill(std::numeric_limits<double>::quiet_NaN());
    return none;
  }
};

namespace detail {

/// A name and what it stands for. Where a server says one figure under several names (an old one kept beside the new),
/// the name that stands higher here is taken.
struct server_name {
  std::string_view name;
  server_figure figure;
};

inline constexpr std::array server_names{
    // vLLM, V1 engine, 0.25 and 0.32 (seen); the later names of a pair are those of releases before 0.11.
    server_name{"vllm:prompt_tokens_total", server_figure::prompt_tokens},
    server_name{"vllm:generation_tokens_total", server_figure::generation_tokens},
    server_name{"vllm:request_success_total", server_figure::requests},
    server_name{"vllm:prefix_cache_queries_total", server_figure::prefix_queries},
    server_name{"vllm:gpu_prefix_cache_queries_total", server_figure::prefix_queries},
    server_name{"vllm:prefix_cache_hits_total", server_figure::prefix_hits},
    server_name{"vllm:gpu_prefix_cache_hits_total", server_figure::prefix_hits},
    server_name{"vllm:num_preemptions_total", server_figure::preemptions},
    server_name{"vllm:time_to_first_token_seconds_sum", server_figure::ttft_s},
    server_name{"vllm:time_to_first_token_seconds_count", server_figure::ttft_count},
    server_name{"vllm:inter_token_latency_seconds_sum", server_figure::itl_s},
    server_name{"vllm:time_per_output_token_seconds_sum", server_figure::itl_s},
    server_name{"vllm:inter_token_latency_seconds_count", server_figure::itl_count},
    server_name{"vllm:time_per_output_token_seconds_count", server_figure::itl_count},
    server_name{"vllm:e2e_request_latency_seconds_sum", server_figure::e2el_s},
    server_name{"vllm:e2e_request_latency_seconds_count", server_figure::e2el_count},
    server_name{"vllm:request_queue_time_seconds_sum", server_figure::queue_s},
    server_name{"vllm:request_queue_time_seconds_count", server_figure::queue_count},
    server_name{"vllm:num_requests_running", server_figure::running},
    server_name{"vllm:num_requests_waiting", server_figure::waiting},
    server_name{"vllm:kv_cache_usage_perc", server_figure::cache_usage},
    server_name{"vllm:gpu_cache_usage_perc", server_figure::cache_usage},
    // SGLang. Every prompt token is looked up in its radix cache, so queries are prompt tokens.
    server_name{"sglang:prompt_tokens_total", server_figure::prompt_tokens},
    server_name{"sglang:generation_tokens_total", server_figure::generation_tokens},
    server_name{"sglang:num_requests_total", server_figure::requests},
    server_name{"sglang:cached_tokens_total", server_figure::prefix_hits},
    server_name{"sglang:time_to_first_token_seconds_sum", server_figure::ttft_s},
    server_name{"sglang:time_to_first_token_seconds_count", server_figure::ttft_count},
    server_name{"sglang:inter_token_latency_seconds_sum", server_figure::itl_s},
    server_name{"sglang:time_per_output_token_seconds_sum", server_figure::itl_s},
    server_name{"sglang:inter_token_latency_seconds_count", server_figure::itl_count},
    server_name{"sglang:time_per_output_token_seconds_count", server_figure::itl_count},
    server_name{"sglang:e2e_request_latency_seconds_sum", server_figure::e2el_s},
    server_name{"sglang:e2e_request_latency_seconds_count", server_figure::e2el_count},
    server_name{"sglang:queue_time_seconds_sum", server_figure::queue_s},
    server_name{"sglang:queue_time_seconds_count", server_figure::queue_count},
    server_name{"sglang:num_running_reqs", server_figure::running},
    server_name{"sglang:num_queue_reqs", server_figure::waiting},
    server_name{"sglang:token_usage", server_figure::cache_usage},
    // llama.cpp. It counts the prompt tokens that it had to compute, not those of its cache, and tells no TTFT.
    server_name{"llamacpp:prompt_tokens_total", server_figure::prompt_tokens},
    server_name{"llamacpp:prompt_tokens_cached_total", server_figure::prefix_hits},
    server_name{"llamacpp:tokens_predicted_total", server_figure::generation_tokens},
    server_name{"llamacpp:tokens_predicted_seconds_total", server_figure::itl_s},
    server_name{"llamacpp:requests_processing", server_figure::running},
    server_name{"llamacpp:requests_deferred", server_figure::waiting},
    server_name{"llamacpp:kv_cache_usage_ratio", server_figure::cache_usage}};

}  // namespace detail

/// Reads a server's /metrics. The engines of a data-parallel server, and its models, are added up; of a gauge that is a
/// share the largest is taken.
/// \return  errc::parse where the text is no exposition; nothing known where it has none of the names.
[[nodiscard]] inline result<server_metrics> parse_server_metrics(std::string_view text) {
  server_metrics found;
  std::array<std::size_t, server_figures> rank{};  // of the name that a value came from
  rank.fill(detail::server_names.size());
  const auto read = read_prometheus(text, [&](const metric_sample& sample) {
    if (sample.name.find(':') == sample.name.npos || !std::isfinite(sample.value)) return;
    for (std::size_t i = 0; i < detail::server_names.size(); ++i) {
      const auto& [name, figure] = detail::server_names[i];
      if (sample.name != name) continue;
      const auto at = static_cast<std::size_t>(figure);
      double& value = found.values[at];
      if (i < rank[at]) value = 0, rank[at] = i;
      if (i > rank[at]) return;
      value = figure == server_figure::cache_usage ? std::max(value, sample.value) : value + sample.value;
      found.engine = name.substr(0, name.find(':'));
      return;
    }
  });
  if (!read) return read.error();
  const auto copy = [&](server_figure to, server_figure from) {
    found.values[static_cast<std::size_t>(to)] = found.of(from);
  };
  if (found.engine == "sglang") copy(server_figure::prefix_queries, server_figure::prompt_tokens);
  if (found.engine == "llamacpp") copy(server_figure::itl_count, server_figure::generation_tokens);
  return found;
}

/// How far the counters grew from `before` to `after`; the gauges are those of `after`. NaN where either does not know.
/// \return  errc::invalid_argument where a counter fell: the server was started anew in between.
[[nodiscard]] inline result<server_metrics> growth(const server_metrics& before, const server_metrics& after) {
  server_metrics grown = after;
  for (std::size_t i = 0; i < server_figures; ++i) {
    if (is_gauge(static_cast<server_figure>(i))) continue;
    grown.values[i] -= before.values[i];
    if (grown.values[i] < 0)
      return failure{errc::invalid_argument, "the server's counters fell: it was started anew during the run"};
  }
  return grown;
}

/// Adds what another server of the same run counted; unknown of either is unknown of both.
inline void add(server_metrics& sum, const server_metrics& other) {
  if (sum.engine.empty()) {
    sum = other;
    return;
  }
  for (std::size_t i = 0; i < server_figures; ++i)
    sum.values[i] = static_cast<server_figure>(i) == server_figure::cache_usage
                        ? std::max(sum.values[i], other.values[i])
                        : sum.values[i] + other.values[i];
}

/// The record of what a server said: only what it does say.
[[nodiscard]] inline sample_record sample_of(const server_metrics& m, std::string instance) {
  sample_record record{.t_ns = now_ns(), .source = "/metrics", .instance = std::move(instance), .values = {}};
  for (std::size_t i = 0; i < server_figures; ++i)
    if (const auto figure = static_cast<server_figure>(i); m.knows(figure))
      record.values.emplace_back(to_string(figure), m.of(figure));
  return record;
}

}  // namespace weir::inline v0

#endif  // WEIR_OBSERVE_SERVER_METRICS_HPP
