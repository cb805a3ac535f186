// weir/run/studies.hpp - experiments that have a name: their matrices, with the defaults that people know. Needs the
// standard library only.
#ifndef WEIR_RUN_STUDIES_HPP
#define WEIR_RUN_STUDIES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/nearest.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/run/matrix.hpp"
#include "weir/run/settings.hpp"

namespace weir::inline v0 {

/// The names that make_study takes.
inline constexpr std::array<std::string_view, 14> study_names{"tensor-parallel",
                                                              "pipeline-parallel",
                                                              "mixed-parallel",
                                                              "data-parallel",
                                                              "scaling-study",
                                                              "custom",
                                                              "rollout",
                                                              "torchrun-tensor-parallel",
                                                              "torchrun-mixed-parallel",
                                                              "batch",
                                                              "E1",
                                                              "E1.1",
                                                              "E1.2",
                                                              "E1.3"};

namespace detail {

struct parallel_sizes {
  std::int64_t tp = 1, pp = 1, dp = 1;
};

inline void set_all(settings& into, std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  for (const auto& [name, value] : values) into.set(name, std::string(value));
}

inline void add_parallel(matrix& m, std::string name, parallel_sizes sizes) {
  auto& part = m.configurations.emplace_back(matrix_part{.name = std::move(name)});
  part.fixed.set("tp", std::to_string(sizes.tp));
  part.fixed.set("pp", std::to_string(sizes.pp));
  part.fixed.set("dp", std::to_string(sizes.dp));
}

/// tp_2, pp_4, dp_1: one size at a time.
inline void add_tensor(matrix& m, std::initializer_list<std::int64_t> sizes, const std::string& prefix = "") {
  for (const auto size : sizes) add_parallel(m, prefix + "tp_" + std::to_string(size), {.tp = size});
}
inline void add_pipeline(matrix& m, std::initializer_list<std::int64_t> sizes) {
  for (const auto size : sizes) add_parallel(m, "pp_" + std::to_string(size), {.pp = size});
}
inline void add_data(matrix& m, std::initializer_list<std::int64_t> sizes) {
  for (const auto size : sizes) add_parallel(m, "dp_" + std::to_string(size), {.dp = size});
}
inline void add_mixed(matrix& m, std::initializer_list<parallel_sizes> sizes, const std::string& prefix = "") {
  for (const auto& s : sizes) add_parallel(m, prefix + "tp" + std::to_string(s.tp) + "_pp" + std::to_string(s.pp), s);
}

/// What all studies of batch inference share.
inline matrix batch_study(std::string_view name) {
  matrix m;
  m.study = name;
  m.short_names = true;
  m.axes = {{"batch_size", {"1", "4", "8", "16"}}, {"input_len", {"512", "1024", "2048"}}};
  set_all(m.fixed, {{"mode", "offline"},
                    {"output_len", "128"},
                    {"max_model_len", "4096"},
                    {"max_num_seqs", "256"},
                    {"max_num_batched_tokens", "8192"},
                    {"gpu_memory_utilization", "0.8"},
                    {"temperature", "0.8"},
                    {"top_p", "0.95"},
                    {"num_runs", "3"},
                    {"warmup", "1"},
                    {"seed", "42"}});
  const std::string model = "meta-llama/Llama-2-7b-chat-hf";
  m.models = {{.self = {.name = "Llama-2-7b-chat-hf", .path = model}}};
  m.quants = {"bf16"};
  return m;
}

inline matrix rollout_study() {
  matrix m;
  m.study = "rollout";
  m.quants = {"bf16", "w8a16", "w8a8"};
  set_all(m.fixed, {{"mode", "offline"},
                    {"num_prompts", "32"},
                    {"n", "8"},
                    {"input_len", "512"},
                    {"output_len", "256"},
                    {"max_model_len", "768"},
                    {"max_num_seqs", "1024"},
                    {"profile", "torch"}});
  return m;
}

/// E1.1, E1.2, E1.3: one model of 8B over 1, 2 and 4 devices, traced.
inline matrix profiling_study(std::string_view name) {
  matrix m;
  m.study = name;
  m.short_names = true;
  m.models = {{.self = {.name = "Llama-3.1-8B", .path = "meta-llama/Llama-3.1-8B"}}};
  m.quants = {"bf16"};
  set_all(m.fixed, {{"mode", "offline"},
                    {"batch_size", "4"},
                    {"input_len", "2048"},
                    {"output_len", "512"},
                    {"warmup", "2"},
                    {"iterations", "5"},
                    {"profile", "torch"},
                    {"trace_collection", "true"}});
  if (name == "E1" || name == "E1.1") add_parallel(m, "E1.1_llama8b_baseline", {});
  if (name == "E1" || name == "E1.2") add_parallel(m, "E1.2_llama8b_tp2", {.tp = 2});
  if (name == "E1" || name == "E1.3") add_parallel(m, "E1.3_llama8b_tp4", {.tp = 4});
  return m;
}

/// TP=2 PP=2 DP=1, in any order and with any left out.
inline result<parallel_sizes> custom_sizes(const std::vector<std::string>& words) {
  parallel_sizes sizes;
  for (const std::string_view word : words) {
    const auto equals = std::min(word.find('='), word.size());
    const auto name = word.substr(0, equals);
    const auto value = parse_number<std::int64_t>(word.substr(std::min(equals + 1, word.size())));
    auto* into = name == "TP" ? &sizes.tp : name == "PP" ? &sizes.pp : name == "DP" ? &sizes.dp : nullptr;
    if (into == nullptr || !value || *value < 1)
      return failure{errc::invalid_argument,
                     "custom takes TP=n PP=n DP=n with counts of at least 1, not '" + std::string(word) + "'"};
    *into = *value;
  }
  return sizes;
}

inline void add_configurations(matrix& m, std::string_view name) {
  if (name == "tensor-parallel") add_tensor(m, {1, 2, 4, 8});
  if (name == "pipeline-parallel") add_pipeline(m, {1, 2, 4});
  if (name == "mixed-parallel") add_mixed(m, {{2, 2}, {4, 2}, {2, 4}, {4, 4}});
  if (name == "data-parallel") add_data(m, {1, 2, 4});
  if (name == "torchrun-tensor-parallel") add_tensor(m, {2, 4, 8}, "torchrun_");
  if (name == "torchrun-mixed-parallel") add_mixed(m, {{2, 2}, {4, 2}}, "torchrun_");
  if (name != "scaling-study") return;
  add_parallel(m, "baseline", {});
  add_tensor(m, {2, 4, 8});
  add_pipeline(m, {2, 4});
  add_mixed(m, {{2, 2}, {4, 2}, {2, 4}, {4, 4}});
  add_data(m, {2, 4});
}

}  // namespace detail

/// A named experiment. `batch` is what the parallel studies share, with no configuration of its own.
/// \param words  of custom: TP=2 PP=2 DP=1.
/// \return       errc::invalid_argument for an unknown name, with the nearest one, and for words it does not take.
[[nodiscard]] inline result<matrix> make_study(std::string_view name, const std::vector<std::string>& words = {}) {
  if (std::find(study_names.begin(), study_names.end(), name) == study_names.end()) {
    const auto closest = nearest({study_names.begin(), study_names.end()}, name);
    std::string all;
    for (const auto each : study_names) all += (all.empty() ? "" : ", ") + std::string(each);
    return failure{errc::invalid_argument,
                   "there is no study '" + std::string(name) + "'; " +
                       (closest.empty() ? "those there are: " + all : "did you mean " + closest + "?")};
  }
  if (name != "custom" && !words.empty())
    return failure{errc::invalid_argument, "'" + words.front() + "': only custom takes TP=n PP=n DP=n"};
  if (name == "rollout") return detail::rollout_study();
  if (name.starts_with("E1")) return detail::profiling_study(name);
  matrix m = detail::batch_study(name);
  if (name == "custom") {
    const auto sizes = detail::custom_sizes(words);
    if (!sizes) return sizes.error();
    detail::add_parallel(
        m,
        "custom_tp" + std::to_string(sizes->tp) + "_pp" + std::to_string(sizes->pp) + "_dp" + std::to_string(sizes->dp),
        *sizes);
  }
  detail::add_configurations(m, name);
  if (name.starts_with("torchrun")) m.fixed.set("executor_backend", "external_launcher");
  return m;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_STUDIES_HPP
