// weir/record/read_rival.hpp - results of other tools, told apart by what is in them. Needs simdjson and weir/data.
#ifndef WEIR_RECORD_READ_RIVAL_HPP
#define WEIR_RECORD_READ_RIVAL_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/csv.hpp"
#include "weir/record/flat_json.hpp"
#include "weir/record/rival.hpp"
#include "weir/record/rival_names.hpp"
#include "weir/stats/percentile.hpp"

namespace weir::inline v0 {
namespace detail {

/// The number that a text begins with: "63.3 ms" is 63.3, in `unit` "ms". \return  false where it begins with none.
inline bool leading_number(std::string_view text, double& number, std::string_view& unit) noexcept {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc()) return false;
  unit = text.substr(static_cast<std::size_t>(end.ptr - text.data()));
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  return true;
}

/// Builds one result, figure by figure.
class rival_builder {
 public:
  rival_builder(std::string tool, std::string source) { out_.tool = std::move(tool), out_.source = std::move(source); }

  /// A quantity with a statistic, or without one: then the average of one that is no latency stands for itself.
  void add(const rival_name& name, std::string_view stat, double value, std::string theirs) {
    const std::string words = statistic(stat);
    const bool latency = name.unit == "ms";
    if (!latency && !words.empty() && words != "mean") return other(std::move(theirs), value);
    std::string ours(name.ours);
    if (latency && !name.ours.ends_with("_ms"))
      ours += words.empty() ? "_ms" : "_" + words + (words == "n" ? "" : "_ms");
    const bool count = words == "n";
    out_.add({std::move(ours),
              std::string(count ? "" : name.unit),
              value * (count ? 1 : name.times),
              {},
              std::move(theirs),
              std::string(name.basis)});
  }
  void other(std::string theirs, double value) { out_.other.emplace_back(std::move(theirs), shortest(value)); }
  void workload(std::string name, std::string value) {
    if (!value.empty() && value != "null") out_.workload.emplace_back(std::move(name), std::move(value));
  }
  /// What the document says of the workload. \param under  where the paths begin.
  void workload(const flat_json& json, std::span<const asked_name> names, const std::string& under = {}) {
    for (const auto& [path, ours] : names) {
      auto value = json.text(under + std::string(path));
      workload(std::string(ours), value == "Infinity" ? "inf" : std::move(value));
    }
  }
  /// What did not succeed of all requests, where the file leaves it out: AIPerf counts errors only where there are any.
  void count_failed() {
    if (const auto *all = out_.find("requests"), *ok = out_.find("ok"); all != nullptr && ok != nullptr)
      out_.add({"failed", "", all->value - ok->value, {}, all->theirs + " - " + ok->theirs, {}});
  }
  void note(std::string words) { out_.notes.push_back(std::move(words)); }
  rival_result take() && {
    out_.drop_zeros();
    return std::move(out_);
  }

 private:
  static std::string shortest(double value) {
    if (!std::isfinite(value)) return std::isnan(value) ? "NaN" : value > 0 ? "inf" : "-inf";
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
  }
  rival_result out_;
};

using rivals = result<std::vector<rival_result>>;

/// Whether a path lies in a list of the document itself: a sample of each request, "ttfts/0".
inline bool is_in_list(std::string_view path) noexcept {
  const auto cut = path.find('/');
  return cut != path.npos && cut + 1 < path.size() && path[cut + 1] >= '0' && path[cut + 1] <= '9' &&
         !path.starts_with("percentiles/");
}

/// Keys with the statistic in front: "p99_ttft_ms". vLLM, SGLang, their Rust versions; `vllm bench throughput`,
/// latency.
inline rival_result serving_result(const flat_json& json, std::string source) {
  const bool sglang = json.has("total_throughput"), serve = json.has("request_throughput");
  rival_builder out(sglang   ? (json.has("protocol") ? "SGLang bench_serving (Rust)" : "SGLang bench_serving")
                    : !serve ? (json.has("avg_latency") ? "vllm bench latency" : "vllm bench throughput")
                             : (json.has("input_throughput") ? "vllm bench serve (Rust)" : "vllm bench serve"),
                    std::move(source));
  out.workload(json, serving_asked);
  for (const auto& v : json.values()) {
    const auto cut = v.path.find('_');
    const auto* latency =
        cut == std::string::npos ? nullptr : find_name(serving_names, std::string_view(v.path).substr(cut + 1));
    const std::string stat = latency == nullptr ? "" : statistic(std::string_view(v.path).substr(0, cut));
    const auto* scalar = find_name(serving_scalars, v.path);
    if (v.is != flat_value::kind::number || is_in_list(v.path)) continue;
    if (v.path.starts_with("percentiles/"))
      out.add({"", "batch", "ms", 1000, "one batch from start to end"}, v.path.substr(12), v.number, v.path);
    else if (!stat.empty())
      out.add(*latency, stat, v.number, v.path);
    else if (scalar != nullptr)
      out.add(*scalar, "", v.number, v.path);
    else
      out.other(v.path, v.number);
  }
  return std::move(out).take();
}

/// AIPerf's and GenAI-Perf's JSON: NAME/STATISTIC.
inline rival_result aiperf_result(const flat_json& json, std::string source) {
  const auto version = json.text("aiperf_version");
  rival_builder out(version.empty() ? "GenAI-Perf" : "AIPerf " + version, std::move(source));
  out.workload(json, aiperf_asked);
  if (const auto schema = json.text("schema_version"); !version.empty() && !schema.starts_with("1."))
    out.note("schema version '" + schema + "' is not known here (1.x is): its figures may mean something else");
  if (json.text("was_cancelled") == "true") out.note("the run was cancelled");
  for (const auto& v : json.values()) {
    const auto cut = v.path.rfind('/');
    if (v.is != flat_value::kind::number || cut == std::string::npos || v.path.starts_with("input_config")) continue;
    const auto name = std::string_view(v.path).substr(0, cut), stat = std::string_view(v.path).substr(cut + 1);
    const auto* known = find_name(aiperf_names, name);
    known != nullptr && !statistic(stat).empty() ? out.add(*known, stat, v.number, v.path)
                                                 : out.other(v.path, v.number);
  }
  out.count_failed();
  return std::move(out).take();
}

/// Adds a number that stands at `path` below a benchmark of guidellm's. Requests and configuration are no figures.
inline void add_guidellm(rival_builder& out, std::string_view path, double number, const std::string& theirs) {
  constexpr std::array alone{rival_name{"duration", "window_s", "s", 1, whole_run},
                             rival_name{"metrics/request_totals/successful", "ok", ""},
                             rival_name{"metrics/request_totals/errored", "failed", ""},
                             rival_name{"metrics/prompt_token_count/successful/total_sum", "tokens_in", ""},
                             rival_name{"metrics/output_token_count/successful/total_sum", "tokens_out", ""}};
  if (const auto* known = find_name(alone, path)) return out.add(*known, "", number, theirs);
  if (path.starts_with("requests/") || path.starts_with("config/") || path.find("/pdf/") != path.npos) return;
  constexpr std::string_view metrics = "metrics/", of = "/successful/";
  const auto name = path.substr(std::min(metrics.size(), path.size()));
  const auto* known = path.starts_with(metrics) ? find_name(guidellm_names, name.substr(0, name.find('/'))) : nullptr;
  if (known == nullptr || name.find(of) != known->theirs.size()) return out.other(theirs, number);
  auto stat = name.substr(known->theirs.size() + of.size());
  if (stat.starts_with("percentiles/")) stat.remove_prefix(12);
  statistic(stat).empty() ? out.other(theirs, number) : out.add(*known, stat, number, theirs);
}

/// guidellm: one result a benchmark.
inline rivals guidellm_results(const flat_json& json, const std::string& source) {
  std::vector<rival_result> all;
  for (std::size_t i = 0; json.has("benchmarks/" + std::to_string(i) + "/duration"); ++i) {
    const std::string base = "benchmarks/" + std::to_string(i) + "/";
    rival_builder out("guidellm " + json.text("metadata/guidellm_version"), source + " #" + std::to_string(i + 1));
    out.workload(json, guidellm_asked, base);
    if (const auto version = json.text("metadata/version"); version != "2")
      out.note("file version '" + version + "' is not known here (2 is): its figures may mean something else");
    for (const auto& v : json.values())
      if (v.is == flat_value::kind::number && v.path.starts_with(base))
        add_guidellm(out, std::string_view(v.path).substr(base.size()), v.number, v.path);
    all.push_back(std::move(out).take());
  }
  if (all.empty()) return failure{errc::parse, source + " is guidellm's and holds no benchmark"};
  return all;
}

/// Flat keys that are the names themselves: ais_bench's JSON (values with units) and evalscope's summary ("Avg NAME").
inline rival_result named_result(const flat_json& json, std::span<const rival_name> names,
                                 std::span<const asked_name> asked, std::string tool, std::string source) {
  rival_builder out(std::move(tool), std::move(source));
  out.workload(json, asked);
  for (const auto& v : json.values()) {
    double number = v.number;
    std::string_view unit, name = v.path;
    if (v.is == flat_value::kind::other || (v.is == flat_value::kind::text && !leading_number(v.text, number, unit)))
      continue;
    const bool average = name.starts_with("Avg ");
    const auto* known = find_name(names, average ? name.substr(4) : name);
    if (known != nullptr && (average || known->unit != "ms"))
      out.add(*known, average ? "mean" : "", number, v.path);
    else
      out.other(v.path, number);
  }
  return std::move(out).take();
}

/// evalscope's benchmark_percentile.json: an array, one object a percentile.
inline rival_result evalscope_percentiles(const flat_json& json, std::string source) {
  rival_builder out("evalscope perf", std::move(source));
  std::string stat;
  for (const auto& v : json.values()) {
    const auto name = std::string_view(v.path).substr(v.path.find('/') + 1);
    if (name == "Percentiles") stat = v.text;
    if (v.is != flat_value::kind::number) continue;
    const auto* known = find_name(evalscope_names, name);
    known != nullptr ? out.add(*known, stat, v.number, stat + " " + std::string(name))
                     : out.other(stat + " " + std::string(name), v.number);
  }
  return std::move(out).take();
}

/// evalscope's workload_throughput.json: tokens a second by kind, over the whole run, its end, and without its warm-up.
inline rival_result evalscope_throughput(const flat_json& json, std::string source) {
  rival_builder out("evalscope perf", std::move(source));
  std::string metric;
  for (const auto& v : json.values()) {
    const auto cut = v.path.rfind('/');
    if (v.path.ends_with("/metric")) metric = v.text + " ";
    if (v.is == flat_value::kind::number)
      out.other(cut == std::string::npos ? v.path : metric + v.path.substr(cut + 1), v.number);
  }
  return std::move(out).take();
}

/// evalscope's benchmark_args.json: no figures, but what was asked for.
inline rival_result evalscope_args(const flat_json& json, std::string source) {
  rival_builder out("evalscope perf", std::move(source));
  out.workload(json, evalscope_args_asked);
  return std::move(out).take();
}

/// vLLM's pytorch-benchmark JSON: an array of {benchmark, model, metric: {name, benchmark_values}}.
inline rival_result pytorch_result(const flat_json& json, std::string source) {
  rival_builder out("vllm bench (pytorch-benchmark)", std::move(source));
  std::string name;
  for (const auto& v : json.values()) {
    if (v.path.ends_with("/model/name")) out.workload("model_id", v.text);
    if (v.path.ends_with("/metric/name")) name = v.text;
    if (!v.path.ends_with("/metric/benchmark_values/0") || v.is != flat_value::kind::number) continue;
    const auto cut = name.find('_');
    const auto* latency =
        cut == std::string::npos ? nullptr : find_name(serving_names, std::string_view(name).substr(cut + 1));
    const auto* scalar = find_name(serving_scalars, name);
    if (latency != nullptr)
      out.add(*latency, name.substr(0, cut), v.number, name);
    else if (scalar != nullptr)
      out.add(*scalar, "", v.number, name);
    else
      out.other(name, v.number);
  }
  return std::move(out).take();
}

}  // namespace detail

/// Reads one JSON document of another tool. \return  errc::not_found where it is none that is known.
[[nodiscard]] inline result<std::vector<rival_result>> rivals_of(const flat_json& json, const std::string& source) {
  const auto one = [](rival_result r) { return std::vector{std::move(r)}; };
  if (json.has("benchmarks/0/metrics/request_totals/successful") || json.has("metadata/guidellm_version"))
    return detail::guidellm_results(json, source);
  if (json.has("time_to_first_token/avg") || json.has("aiperf_version"))
    return one(detail::aiperf_result(json, source));
  if (json.has("Benchmark Duration/total"))
    return one(detail::named_result(json, detail::ais_bench_names, detail::ais_bench_asked, "ais_bench", source));
  if (json.has("Test Duration (s)"))
    return one(detail::named_result(json, detail::evalscope_names, detail::evalscope_asked, "evalscope perf", source));
  if (json.has("0/Percentiles")) return one(detail::evalscope_percentiles(json, source));
  if (json.has("warmup_frac") && json.has("rows/0/metric")) return one(detail::evalscope_throughput(json, source));
  if (json.has("parallel") && json.has("number") && json.has("max_prompt_length"))
    return one(detail::evalscope_args(json, source));
  if (json.has("0/metric/name") && json.has("0/benchmark/name")) return one(detail::pytorch_result(json, source));
  const bool serve = json.has("request_throughput") && json.has("completed");
  const bool offline = json.has("elapsed_time") && json.has("requests_per_second");
  if (serve || offline || (json.has("avg_latency") && json.has("percentiles/50")))
    return one(detail::serving_result(json, source));
  return failure{errc::not_found, source + " is the result of no tool that is known"};
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_READ_RIVAL_HPP
