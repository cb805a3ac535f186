// weir/openai/mock_metrics.hpp - what a mock counts, told as vLLM's /metrics does. Needs the standard library only.
#ifndef WEIR_OPENAI_MOCK_METRICS_HPP
#define WEIR_OPENAI_MOCK_METRICS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "weir/base/json_write.hpp"

namespace weir::inline v0 {

/// Counts of durations per bucket, their number and sum.
class mock_histogram {
 public:
  /// \param edges  upper bounds in seconds, ascending; kept by reference.
  explicit mock_histogram(std::span<const double> edges) : edges_(edges) {}

  /// Adds `times` observations that sum to `total_ns`: as many equal ones.
  void observe(std::int64_t total_ns, std::int64_t times = 1) {
    if (times < 1) return;
    const double seconds = static_cast<double>(total_ns) * 1e-9;
    const double each = seconds / static_cast<double>(times);
    const auto at = std::lower_bound(edges_.begin(), edges_.end(), each) - edges_.begin();
    counts_[static_cast<std::size_t>(at)] += times;
    sum_ += seconds;
  }

  void append(std::string& out, std::string_view name, std::string_view model) const {
    std::int64_t running = 0;
    const std::string tail = ",model_name=" + std::string(model) + "} ";
    const auto bucket = [&](std::string_view edge, std::size_t i) {
      running += counts_[i];
      out.append(name).append("_bucket{engine=\"0\",le=\"").append(edge).append("\"").append(tail);
      out.append(std::to_string(running)).append(".0\n");
    };
    for (std::size_t i = 0; i < edges_.size(); ++i) bucket(python_float(edges_[i]), i);
    bucket("+Inf", edges_.size());
    const std::string labels = "{engine=\"0\"" + tail;
    out.append(name).append("_count").append(labels).append(std::to_string(running)).append(".0\n");
    out.append(name).append("_sum").append(labels);
    json_writer(out).value(sum_);
    out.push_back('\n');
  }

 private:
  static std::string python_float(double number) {
    std::string text;
    json_writer(text).value(number);
    return text.find('.') == text.npos ? text + ".0" : text;
  }

  std::span<const double> edges_;
  std::array<std::int64_t, 24> counts_{};  // one more than there are edges
  double sum_ = 0;
};

/// A mock's counters. As in vLLM each choice of a request counts as a request of its own.
class mock_metrics {
 public:
  std::int64_t running = 0, waiting = 0;
  std::int64_t prompt_tokens = 0, generation_tokens = 0;
  std::map<std::string, std::int64_t, std::less<>> finished{
      {"stop", 0}, {"length", 0}, {"abort", 0}, {"error", 0}};  ///< By reason.
  mock_histogram ttft{first_edges}, itl{token_edges}, e2e{request_edges}, queue{request_edges};

  /// The text of /metrics. \param model  label value.
  [[nodiscard]] std::string text(std::string_view model) const {
    std::string out, name;
    append_json_string(name, model);  // the exposition format escapes the same three characters the same way
    const std::string labels = "engine=\"0\",model_name=" + name;
    const auto scalar = [&](std::string_view metric, std::string_view type, std::int64_t value) {
      head(out, metric, type);
      out.append(metric).append("{").append(labels).append("} ").append(std::to_string(value)).append(".0\n");
    };
    scalar("vllm:num_requests_running", "gauge", running);
    scalar("vllm:num_requests_waiting", "gauge", waiting);
    scalar("vllm:prompt_tokens_total", "counter", prompt_tokens);
    scalar("vllm:generation_tokens_total", "counter", generation_tokens);
    head(out, "vllm:request_success_total", "counter");
    for (const auto& [reason, count] : finished)
      out.append("vllm:request_success_total{engine=\"0\",finished_reason=\"")
          .append(reason)
          .append("\",model_name=")
          .append(name)
          .append("} ")
          .append(std::to_string(count))
          .append(".0\n");
    const auto histogram = [&](std::string_view metric, const mock_histogram& h) {
      head(out, metric, "histogram");
      h.append(out, metric, name);
    };
    histogram("vllm:time_to_first_token_seconds", ttft);
    histogram("vllm:inter_token_latency_seconds", itl);
    histogram("vllm:e2e_request_latency_seconds", e2e);
    histogram("vllm:request_queue_time_seconds", queue);
    return out;
  }

 private:
  static void head(std::string& out, std::string_view metric, std::string_view type) {
    out.append("# TYPE ").append(metric).append(" ").append(type).append("\n");
  }

  // vLLM's own edges.
  static constexpr std::array<double, 22> first_edges{.001, .005, .01, .02, .04, .06, .08, .1, .25, .5,  .75,
                                                      1,    2.5,  5,   7.5, 10,  20,  40,  80, 160, 640, 2560};
  static constexpr std::array<double, 19> token_edges{.01, .025, .05, .075, .1,  .15, .2, .3, .4, .5,
                                                      .75, 1,    2.5, 5,    7.5, 10,  20, 40, 80};
  static constexpr std::array<double, 21> request_edges{.3, .5, .8, 1,  1.5, 2,   2.5, 5,   10,   15,  20,
                                                        30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680};
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_METRICS_HPP
