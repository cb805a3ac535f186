// weir/load/vllm_result.hpp - the result file of `vllm bench serve`, so that its readers read ours. Needs weir/report.
//
// Keys and meanings are vLLM's; null stands where nothing was measured, where vLLM writes 0. Where its meaning is not
// ours, ours has its own key: see docs/bench.md.
#ifndef WEIR_LOAD_VLLM_RESULT_HPP
#define WEIR_LOAD_VLLM_RESULT_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/version.hpp"
#include "weir/load/run_summary.hpp"
#include "weir/record/request.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/request_figures.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// What a run was asked for: the part of a result that is known before it.
struct run_identity {
  std::string backend = {}, label = {}, model = {}, tokenizer = {};  ///< Empty: null.
  std::uint64_t num_prompts = 0;
  double request_rate = std::numeric_limits<double>::infinity();
  double burstiness = 1;
  std::uint64_t max_concurrency = 0;  ///< 0: no limit.
  std::int32_t choices = 1;
  std::uint64_t seed = 0;
  std::int64_t start_unix_ns = 0;
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::vector<double> percentiles{50, 90, 99};
  bool goals = false;  ///< --goodput was given.
  bool alone = true;   ///< No other client of this run asks the same server: its counts must be ours.
};

/// "20261122-042046": a date as vLLM writes it; in UTC.
[[nodiscard]] inline std::string compact_date(std::int64_t unix_ns) {
  std::string text = utc_text(unix_ns);  // 2026-11-22T04:20:46Z
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  text[8] = '-';
  return text;
}

/// The arrays of --save-detailed, one value a request in the order in which requests ended.
class detail_columns {
 public:
  void add(const request_record& r, std::int64_t t_start_ns) {
    const auto seconds = [](std::int64_t from, std::int64_t to) {
      return from == unmeasured || to == unmeasured ? not_a_number : static_cast<double>(to - from) / 1e9;
    };
    const bool ok = r.status == outcome::ok;
    put(ids_).value(r.id);
    count(input_lens_, r.tokens_in);
    count(output_lens_, ok ? r.tokens_out : unmeasured);
    put(ttfts_).value(seconds(r.t_send_ns, r.t_first_ns));
    put(latencies_).value(ok ? seconds(r.t_send_ns, r.t_last_ns) : not_a_number);
    put(start_times_).value(seconds(t_start_ns, r.t_send_ns));
    put(texts_).value(r.choices.empty() ? std::string_view{} : std::string_view(r.choices[0].text));
    put(errors_).value(ok ? std::string() : std::string(to_string(r.status)) + ": " + r.error);
    put_gaps(r);
  }

  void append(json_writer& json) const {
    const auto array = [&](std::string_view name, const std::string& column) {
      json.key(name).raw("[" + column + "]");
    };
    array("request_ids", ids_);
    array("input_lens", input_lens_);
    array("output_lens", output_lens_);
    array("ttfts", ttfts_);
    array("itls", itls_);
    array("latencies", latencies_);
    array("start_times", start_times_);
    array("generated_texts", texts_);
    array("errors", errors_);
  }

 private:
  static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

  static json_writer put(std::string& column) {
    if (!column.empty()) column.push_back(',');
    return json_writer(column);
  }
  static void count(std::string& column, std::int64_t n) {
    n == unmeasured ? put(column).value(nullptr) : put(column).value(n);
  }
  /// vLLM's ITLs: seconds between events, the choices one after the other.
  void put_gaps(const request_record& r) {
    auto json = put(itls_);
    json.begin_array();
    for (const auto& choice : r.choices) {
      std::int64_t last = unmeasured;
      for (const auto& e : r.events) {
        if (e.choice != choice.index) continue;
        if (last != unmeasured) json.value(static_cast<double>(e.t_ns - last) / 1e9);
        last = e.t_ns;
      }
    }
    json.end_array();
  }

  std::string ids_, input_lens_, output_lens_, ttfts_, itls_, latencies_, start_times_, texts_, errors_;
};

namespace detail {

inline constexpr double ms_of_ns = 1e-6;

/// mean_NAME_ms, median_NAME_ms, std_NAME_ms, p99_NAME_ms, ...
inline void append_statistics(json_writer& json, const std::string& name, sample_set& samples,
                              const std::vector<double>& percentiles) {
  const auto m = samples.describe_with_median(percentiles);
  json.field("mean_" + name + "_ms", m.mean * ms_of_ns)
      .field("median_" + name + "_ms", samples.percentile(50) * ms_of_ns);
  json.field("std_" + name + "_ms", m.std * ms_of_ns);
  for (const double p : percentiles)
    json.field(percentile_name(p) + "_" + name + "_ms", samples.percentile(p) * ms_of_ns);
}

inline json_writer& text_or_null(json_writer& json, std::string_view name, const std::string& text) {
  return text.empty() ? json.field(name, nullptr) : json.field(name, text);
}

inline void append_identity(json_writer& json, const run_identity& run) {
  json.field("date", compact_date(run.start_unix_ns)).field("endpoint_type", run.backend).field("backend", run.backend);
  text_or_null(json, "label", run.label);
  text_or_null(json, "model_id", run.model);
  text_or_null(json, "tokenizer_id", run.tokenizer);
  json.field("num_prompts", run.num_prompts);
  for (const auto& [name, value] : run.metadata) json.field(name, value);
  std::isinf(run.request_rate) ? json.field("request_rate", "inf") : json.field("request_rate", run.request_rate);
  std::isinf(run.burstiness) ? json.field("burstiness", "inf") : json.field("burstiness", run.burstiness);
  run.max_concurrency == 0 ? json.field("max_concurrency", nullptr)
                           : json.field("max_concurrency", run.max_concurrency);
}

inline void append_totals(json_writer& json, const run_identity& run, const run_summary& s) {
  const double in = s.tokens_in(), out = s.tokens_out();
  json.field("duration", s.window_s()).field("completed", s.completed).field("failed", s.failed);
  const auto tokens = [&](std::string_view name, double sum) {  // an integer: 1000000, not 1e+06
    std::isnan(sum) ? json.field(name, nullptr) : json.field(name, static_cast<std::int64_t>(sum));
  };
  tokens("total_input_tokens", in);
  tokens("total_output_tokens", out);
  json.field("request_throughput", s.per_s(static_cast<double>(s.completed)));
  run.goals ? json.field("request_goodput", s.per_s(static_cast<double>(s.good)))
            : json.field("request_goodput", nullptr);
  json.field("output_throughput", s.per_s(out)).field("total_token_throughput", s.per_s(in + out));
  json.field("max_output_tokens_per_s", s.rate.peak_per_s()).field("max_concurrent_requests", s.max_in_flight);
}

/// What vLLM has no key for.
template <class More>
void append_ours(json_writer& json, const run_identity& run, run_summary& s, More&& more) {
  const auto& counts = s.attempts.counts;
  const double n = static_cast<double>(s.requests());
  json.key("weir").begin_object().field("version", WEIR_VERSION_STRING).field("seed", run.seed).field("n", run.choices);
  json.field("error_rate", n > 0 ? static_cast<double>(s.failed) / n : std::numeric_limits<double>::quiet_NaN());
  json.field("held_concurrency", s.held_concurrency()).field("resent", s.resent);
  json.field("turns_not_sent", s.turns_not_sent);
  if (s.lengths.known > 0)
    json.field("input_tokens_asked", s.lengths.asked).field("prompts_of_other_length", s.lengths.other);
  if (run.goals) json.field("slo_attainment", static_cast<double>(s.good) / n);
  json.field("tokens_per_chunk", s.tokens_per_chunk());
  if (s.completed > 0) json.field("tokens_basis", basis_words(counts));
  if (counts.itl_by_token + counts.itl_by_chunk > 0)
    json.field("itl_basis", counts.itl_by_chunk == 0 ? "token" : counts.itl_by_token == 0 ? "chunk" : "mixed");
  for (const latency which : {latency::ttfot, latency::ttft_sched, latency::e2el_sched, latency::client_queue,
                              latency::sched_lag, latency::slot_wait, latency::connect, latency::usage_tail})
    append_statistics(json, std::string(to_string(which)), s.of(which), run.percentiles);
  for (const latency which : {latency::ttft, latency::e2el})
    for (const double p : run.percentiles)
      json.field("adj_" + percentile_name(p) + "_" + std::string(to_string(which)) + "_ms",
                 s.of(which).percentile(p, static_cast<std::size_t>(s.failed)) * ms_of_ns);
  json.key("failures").begin_array();
  for (const auto& [kind, count] : s.failures)
    json.begin_object()
        .field("status", to_string(kind.status))
        .field("error", kind.error)
        .field("count", count)
        .end_object();
  json.end_array();
  more(json);
  json.end_object();
}

}  // namespace detail

/// The result as one JSON object without a newline. \param details  for --save-detailed; may be null.
/// \param more  called with the writer inside of the object `weir`: adds fields to it.
template <class More>
[[nodiscard]] std::string vllm_result(const run_identity& run, run_summary& s, const detail_columns* details,
                                      More&& more) {
  std::string out;
  json_writer json(out);
  json.begin_object();
  detail::append_identity(json, run);
  detail::append_totals(json, run, s);
  detail::append_statistics(json, "ttft", s.of(latency::ttft), run.percentiles);
  detail::append_statistics(json, "tpot", s.tpot_vllm, run.percentiles);
  detail::append_statistics(json, "itl", s.of(latency::icl), run.percentiles);
  detail::append_statistics(json, "e2el", s.of(latency::e2el), run.percentiles);
  detail::append_statistics(json, "tpot_token", s.of(latency::tpot), run.percentiles);
  detail::append_statistics(json, "itl_token", s.of(latency::itl), run.percentiles);
  if (details) details->append(json);
  detail::append_ours(json, run, s, std::forward<More>(more));
  json.end_object();
  return out;
}

[[nodiscard]] inline std::string vllm_result(const run_identity& run, run_summary& s, const detail_columns* details) {
  return vllm_result(run, s, details, [](json_writer&) {});
}

/// The name that vLLM gives a result file: backend-rateqps[-concurrencyC]-model-date.json.
[[nodiscard]] inline std::string vllm_result_name(const run_identity& run) {
  std::string rate = "inf";
  if (std::isfinite(run.request_rate)) {
    rate.clear();
    json_writer(rate).value(run.request_rate);
  }
  const std::string held = run.max_concurrency == 0 ? "" : "-concurrency" + std::to_string(run.max_concurrency);
  const std::string model = run.model.substr(run.model.rfind('/') + 1);
  std::string name = (run.label.empty() ? run.backend : run.label) + "-" + rate + "qps" + held + "-" + model + "-" +
                     compact_date(run.start_unix_ns) + ".json";
  for (char& c : name)
    if (c == '/' || c == '\0') c = '_';
  return name;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_VLLM_RESULT_HPP
