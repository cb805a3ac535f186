// weir/record/rival_names.hpp - which of our figures another tool means. Needs weir/base only.
#ifndef WEIR_RECORD_RIVAL_NAMES_HPP
#define WEIR_RECORD_RIVAL_NAMES_HPP

#include <array>
#include <charconv>
#include <span>
#include <string>
#include <string_view>

namespace weir::inline v0::detail {

/// A quantity of a tool: its name there, its name here, the factor to our unit, and the basis where it differs.
struct rival_name {
  std::string_view theirs, ours, unit;
  double times = 1;
  std::string_view basis = {};
};

inline constexpr std::string_view by_chunk = "gap between chunks, whatever tokens are in them";
inline constexpr std::string_view per_n_minus_1 = "divided by tokens - 1, as if the first chunk held one token";
inline constexpr std::string_view until_done = "ends when the stream ends, not at the last token";
inline constexpr std::string_view whole_run = "over the whole run, with warm-up and drain";

/// vllm bench serve (Python and Rust), sglang bench_serving (Python and Rust). Quantities have a statistic around them:
/// p99_ttft_ms.
inline constexpr std::array serving_names{
    rival_name{"ttft_ms", "ttft", "ms"},
    rival_name{"tpot_ms", "tpot", "ms", 1, per_n_minus_1},
    rival_name{"itl_ms", "icl", "ms", 1, by_chunk},
    rival_name{"e2el_ms", "e2el", "ms"},
    rival_name{"e2e_latency_ms", "e2el", "ms", 1, until_done},
};
inline constexpr std::array serving_scalars{
    rival_name{"completed", "ok", ""},
    rival_name{"failed", "failed", ""},
    rival_name{"total_input_tokens", "tokens_in", ""},
    rival_name{"total_output_tokens", "tokens_out", ""},
    rival_name{"duration", "window_s", "s", 1, whole_run},
    rival_name{"request_throughput", "requests_per_s", "1/s", 1, whole_run},
    rival_name{"output_throughput", "output_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"total_token_throughput", "total_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"total_throughput", "total_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"request_goodput", "goodput_requests_per_s", "1/s"},
    rival_name{"elapsed_time", "window_s", "s", 1, whole_run},
    rival_name{"num_requests", "requests", ""},
    rival_name{"requests_per_second", "requests_per_s", "1/s", 1, whole_run},
    rival_name{"tokens_per_second", "total_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"avg_latency", "batch_mean_ms", "ms", 1000, "one batch from start to end"},
};

/// What a file says of the workload, and the name that all tools' files have for it here.
struct asked_name {
  std::string_view path, ours;
};
inline constexpr std::array serving_asked{
    asked_name{"model_id", "model_id"},
    asked_name{"num_prompts", "num_prompts"},
    asked_name{"max_concurrency", "max_concurrency"},
    asked_name{"request_rate", "request_rate"},
    asked_name{"burstiness", "burstiness"},
    asked_name{"dataset_name", "dataset_name"},
    asked_name{"backend", "backend"},
    asked_name{"random_input_len", "input_len"},
    asked_name{"random_output_len", "output_len"},
    asked_name{"random_range_ratio", "range_ratio"},
    asked_name{"sharegpt_output_len", "sharegpt_output_len"},
    asked_name{"num_requests", "num_prompts"},
};
inline constexpr std::array aiperf_asked{
    asked_name{"input_config/models/items/0/name", "model_id"},
    asked_name{"input_config/phases/0/concurrency", "max_concurrency"},
    asked_name{"input_config/phases/0/request_rate", "request_rate"},
    asked_name{"input_config/phases/0/requests", "num_prompts"},
    asked_name{"input_config/datasets/0/prompts/isl/mean", "input_len"},
    asked_name{"input_config/datasets/0/prompts/osl/mean", "output_len"},
    asked_name{"input_config/model_names/0", "model_id"},  // GenAI-Perf, and early AIPerf
    asked_name{"input_config/perf_analyzer/stimulus/concurrency", "max_concurrency"},
};
/// Under benchmarks/N/.
inline constexpr std::array guidellm_asked{
    asked_name{"config/backend/model", "model_id"},
    asked_name{"config/strategy/type_", "strategy"},
    asked_name{"config/strategy/streams", "max_concurrency"},
    asked_name{"config/strategy/rate", "request_rate"},
    asked_name{"config/constraints/max_requests/args/count", "num_prompts"},
};
inline constexpr std::array ais_bench_asked{asked_name{"Max Concurrency/total", "max_concurrency"},
                                            asked_name{"Total Requests/total", "num_prompts"}};
inline constexpr std::array evalscope_asked{asked_name{"Concurrency", "max_concurrency"},
                                            asked_name{"Request Rate (req/s)", "request_rate"},
                                            asked_name{"Total Requests", "num_prompts"}};
/// In its benchmark_args.json.
inline constexpr std::array evalscope_args_asked{
    asked_name{"model_id", "model_id"}, asked_name{"dataset", "dataset_name"},
    asked_name{"max_prompt_length", "max_input_len"}, asked_name{"min_prompt_length", "min_input_len"},
    asked_name{"max_tokens", "output_len"}};

/// AIPerf and GenAI-Perf: NAME/STATISTIC.
inline constexpr std::array aiperf_names{
    rival_name{"time_to_first_token", "ttft", "ms"},
    rival_name{"time_to_first_output_token", "ttfot", "ms"},
    rival_name{"inter_token_latency", "tpot", "ms", 1,
               "called inter-token latency there: (last - first) / (tokens - 1)"},
    rival_name{"inter_chunk_latency", "icl", "ms"},
    rival_name{"request_latency", "e2el", "ms"},
    rival_name{"request_throughput", "requests_per_s", "1/s", 1, whole_run},
    rival_name{"output_token_throughput", "output_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"total_token_throughput", "total_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"request_count", "ok", ""},
    rival_name{"error_request_count", "failed", ""},
    rival_name{"completed_request_count", "requests", ""},
    rival_name{"total_isl", "tokens_in", ""},
    rival_name{"total_osl", "tokens_out", ""},
    rival_name{"benchmark_duration", "window_s", "s", 1, whole_run},
};
/// The same in its CSV, which names them for people.
inline constexpr std::array aiperf_csv_names{
    rival_name{"Time to First Token (ms)", "ttft", "ms"},
    rival_name{"Time To First Token (ms)", "ttft", "ms"},
    rival_name{"Time to First Output Token (ms)", "ttfot", "ms"},
    rival_name{"Inter Token Latency (ms)", "tpot", "ms", 1,
               "called inter-token latency there: (last - first) / (tokens - 1)"},
    rival_name{"Inter Chunk Latency (ms)", "icl", "ms"},
    rival_name{"Request Latency (ms)", "e2el", "ms"},
    rival_name{"Request Throughput (requests/sec)", "requests_per_s", "1/s", 1, whole_run},
    rival_name{"Request Throughput (per sec)", "requests_per_s", "1/s", 1, whole_run},
    rival_name{"Output Token Throughput (tokens/sec)", "output_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"Output Token Throughput (per sec)", "output_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"Total Token Throughput (tokens/sec)", "total_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"Request Count", "ok", ""},
    rival_name{"Request Count (count)", "ok", ""},
    rival_name{"Completed Requests (Success + Error)", "requests", ""},
    rival_name{"Total Input Sequence Length (tokens)", "tokens_in", ""},
    rival_name{"Total Output Sequence Length (tokens)", "tokens_out", ""},
    rival_name{"Benchmark Duration (sec)", "window_s", "s", 1, whole_run},
};

/// guidellm: metrics/NAME/successful/STATISTIC; its latencies of requests are in seconds.
inline constexpr std::array guidellm_names{
    rival_name{"time_to_first_token_ms", "ttft", "ms", 1, "by the wall clock"},
    rival_name{"time_to_first_output_token_ms", "ttfot", "ms", 1, "by the wall clock"},
    rival_name{"inter_token_latency_ms", "tpot", "ms", 1,
               "called ITL there: (last - first) / (tokens - 1) of each request, "
               "weighted by its tokens"},
    rival_name{"time_per_output_token_ms", "e2el_per_token", "ms", 1, "called TPOT there, but with TTFT in it"},
    rival_name{"request_latency", "e2el", "ms", 1000, "by the wall clock"},
    rival_name{"requests_per_second", "requests_per_s", "1/s"},
    rival_name{"output_tokens_per_second", "output_tokens_per_s", "1/s"},
    rival_name{"tokens_per_second", "total_tokens_per_s", "1/s"},
};

/// ais_bench: rows of its CSV (with statistics), and its JSON (NAME/total).
inline constexpr std::array ais_bench_names{
    rival_name{"TTFT", "ttft", "ms", 1, "role-only and usage chunks count; rounded to 0.1 ms"},
    rival_name{"TPOT", "tpot", "ms", 1, "role-only and usage chunks count; rounded to 0.1 ms"},
    rival_name{"ITL", "icl", "ms", 1, "role-only and usage chunks count; rounded to 0.1 ms"},
    rival_name{"E2EL", "e2el", "ms", 1, "rounded to 0.1 ms"},
    rival_name{"Benchmark Duration/total", "window_s", "s", 0.001, whole_run},
    rival_name{"Total Requests/total", "requests", ""},
    rival_name{"Success Requests/total", "ok", ""},
    rival_name{"Failed Requests/total", "failed", ""},
    rival_name{"Request Throughput/total", "requests_per_s", "1/s", 1, whole_run},
    rival_name{"Total Input Tokens/total", "tokens_in", ""},
    rival_name{"Total Generated Tokens/total", "tokens_out", ""},
    rival_name{"Output Token Throughput/total", "output_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"Total Token Throughput/total", "total_tokens_per_s", "1/s", 1, whole_run},
};

/// evalscope perf: benchmark_percentile.json has the bare names by percentile, benchmark_summary.json "Avg NAME".
inline constexpr std::array evalscope_names{
    rival_name{"TTFT (ms)", "ttft", "ms"},
    rival_name{"TPOT (ms)", "tpot", "ms", 1, per_n_minus_1},
    rival_name{"ITL (ms)", "icl", "ms", 1, by_chunk},
    rival_name{"Latency (s)", "e2el", "ms", 1000},
    rival_name{"Test Duration (s)", "window_s", "s", 1, whole_run},
    rival_name{"Total Requests", "requests", ""},
    rival_name{"Success Requests", "ok", ""},
    rival_name{"Failed Requests", "failed", ""},
    rival_name{"Req Throughput (req/s)", "requests_per_s", "1/s", 1, whole_run},
    rival_name{"Output Throughput (tok/s)", "output_tokens_per_s", "1/s", 1, whole_run},
    rival_name{"Total Throughput (tok/s)", "total_tokens_per_s", "1/s", 1, whole_run},
};

/// MLPerf LoadGen: keys of mlperf_log_detail.txt without "result_", and of the summary with "_" for spaces. Percentiles
/// are values that occurred (nearest rank).
inline constexpr std::string_view loadgen_basis =
    "from the scheduled time in the Server scenario; percentiles by nearest rank";
inline constexpr std::array loadgen_names{
    rival_name{"latency_ns", "e2el_sched", "ms", 1e-6, loadgen_basis},
    rival_name{"first_token_latency_ns", "ttft_sched", "ms", 1e-6, loadgen_basis},
    rival_name{"time_per_output_token_ns", "tpot", "ms", 1e-6, "percentiles by nearest rank"},
    rival_name{"completed_samples_per_sec", "requests_per_s", "1/s"},
    rival_name{"completed_samples_per_second", "requests_per_s", "1/s"},
    rival_name{"completed_tokens_per_second", "output_tokens_per_s", "1/s"},
    rival_name{"query_count", "ok", ""},
};

inline const rival_name* find_name(std::span<const rival_name> names, std::string_view theirs) noexcept {
  for (const auto& n : names)
    if (n.theirs == theirs) return &n;
  return nullptr;
}

/// "p99" for 99, "p99%", "p99.00", "99%", "P99"; "mean" for avg and Average; "p50" for median; "n" for count; empty for
/// a word that is no statistic.
inline std::string statistic(std::string_view word) {
  constexpr std::array<std::array<std::string_view, 2>, 13> words{{{"mean", "mean"},
                                                                   {"avg", "mean"},
                                                                   {"Average", "mean"},
                                                                   {"median", "p50"},
                                                                   {"Median", "p50"},
                                                                   {"std", "std"},
                                                                   {"std_dev", "std"},
                                                                   {"min", "min"},
                                                                   {"Min", "min"},
                                                                   {"max", "max"},
                                                                   {"Max", "max"},
                                                                   {"count", "n"},
                                                                   {"N", "n"}}};
  for (const auto& [theirs, ours] : words)
    if (theirs == word) return std::string(ours);
  if (word.ends_with('%'))
    word.remove_suffix(1);
  else if (word.starts_with('p') || word.starts_with('P'))
    word.remove_prefix(1);
  double p = 0;
  const auto end = std::from_chars(word.data(), word.data() + word.size(), p);
  if (word.empty() || end.ptr != word.data() + word.size() || !(p > 0)) return {};
  if (word.size() == 3 && word.find('.') == word.npos && word != "100") p /= 10;  // guidellm: p999 and p001
  std::array<char, 24> text{'p'};
  return {text.data(), std::to_chars(text.data() + 1, text.data() + text.size(), p).ptr};
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_RIVAL_NAMES_HPP
