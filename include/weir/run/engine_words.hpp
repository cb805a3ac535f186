// weir/run/engine_words.hpp - a cell's settings in an engine's own words and variables. Needs the standard library
// only.
#ifndef WEIR_RUN_ENGINE_WORDS_HPP
#define WEIR_RUN_ENGINE_WORDS_HPP

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/run/cell.hpp"
#include "weir/run/settings.hpp"

namespace weir::inline v0 {

/// How an engine spells a setting. A flag's word is given alone, where it is true.
struct engine_flag {
  std::string_view setting, word;
};

inline constexpr std::array vllm_flags{engine_flag{"tp", "--tensor-parallel-size"},
                                       engine_flag{"pp", "--pipeline-parallel-size"},
                                       engine_flag{"executor_backend", "--distributed-executor-backend"},
                                       engine_flag{"quantization", "--quantization"},
                                       engine_flag{"dtype", "--dtype"},
                                       engine_flag{"gpu_memory_utilization", "--gpu-memory-utilization"},
                                       engine_flag{"max_model_len", "--max-model-len"},
                                       engine_flag{"max_num_seqs", "--max-num-seqs"},
                                       engine_flag{"max_num_batched_tokens", "--max-num-batched-tokens"},
                                       engine_flag{"enforce_eager", "--enforce-eager"},
                                       engine_flag{"trust_remote_code", "--trust-remote-code"},
                                       engine_flag{"load_format", "--load-format"},
                                       engine_flag{"seed", "--seed"}};

inline constexpr std::array sglang_flags{engine_flag{"tp", "--tp-size"},
                                         engine_flag{"pp", "--pp-size"},
                                         engine_flag{"dp", "--dp-size"},
                                         engine_flag{"ep", "--ep-size"},
                                         engine_flag{"quantization", "--quantization"},
                                         engine_flag{"dtype", "--dtype"},
                                         engine_flag{"gpu_memory_utilization", "--mem-fraction-static"},
                                         engine_flag{"max_model_len", "--context-length"},
                                         engine_flag{"max_num_seqs", "--max-running-requests"},
                                         engine_flag{"max_num_batched_tokens", "--chunked-prefill-size"},
                                         engine_flag{"trust_remote_code", "--trust-remote-code"},
                                         engine_flag{"load_format", "--load-format"},
                                         engine_flag{"seed", "--random-seed"}};

inline constexpr std::array trtllm_flags{engine_flag{"tp", "--tp_size"},
                                         engine_flag{"pp", "--pp_size"},
                                         engine_flag{"max_model_len", "--max_seq_len"},
                                         engine_flag{"max_num_seqs", "--max_batch_size"},
                                         engine_flag{"max_num_batched_tokens", "--max_num_tokens"},
                                         engine_flag{"trust_remote_code", "--trust_remote_code"}};

inline constexpr std::array llama_flags{engine_flag{"max_model_len", "--ctx-size"},
                                        engine_flag{"max_num_seqs", "--parallel"}};

/// What can be told to an engine; empty for those that take everything from elsewhere.
[[nodiscard]] inline std::span<const engine_flag> flags_of(std::string_view engine) {
  if (engine == "vllm") return vllm_flags;
  if (engine == "sglang") return sglang_flags;
  if (engine == "trtllm") return trtllm_flags;
  if (engine == "llama.cpp") return llama_flags;
  return {};
}

namespace detail {

inline void add_flag(std::vector<std::string>& words, const engine_flag& flag, const settings& values) {
  if (find_setting(flag.setting)->kind == setting_kind::flag) {
    if (values.flag(flag.setting)) words.emplace_back(flag.word);
    return;
  }
  words.emplace_back(flag.word);
  words.emplace_back(values.text(flag.setting));
}

}  // namespace detail

/// A cell's settings as words of its engine, without the model: what was given, and always the tensor-parallel size, so
/// that nobody else sets it. Data parallelism of vLLM is a server's business (dp_words) or that of several processes.
[[nodiscard]] inline std::vector<std::string> engine_words(const sweep_cell& c) {
  std::vector<std::string> words;
  for (const auto& flag : flags_of(c.values.text("engine")))
    if (c.values.given(flag.setting) || flag.setting == "tp") detail::add_flag(words, flag, c.values);
  if (c.values.text("engine") == "vllm") {
    if (c.values.count("ep") > 1) words.emplace_back("--enable-expert-parallel");
    if (c.values.text("comm_backend") == "nccl") words.emplace_back("--disable-custom-all-reduce");
    if (c.values.text("comm_backend") == "nvshmem")
      words.insert(words.end(), {"--all2all-backend", "deepep_low_latency"});
  }
  words.insert(words.end(), c.engine_args.begin(), c.engine_args.end());
  return words;
}

/// The variables of a cell: those of its communication backend, and its own over them.
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> cell_variables(const sweep_cell& c) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto backend = c.values.text("comm_backend");
  if (c.values.text("engine") == "vllm") {
    if (backend == "nccl" || backend == "custom") out.emplace_back("VLLM_ALLREDUCE_USE_SYMM_MEM", "0");
    if (backend == "nccl") out.emplace_back("VLLM_USE_NCCL_SYMM_MEM", "0");
    if (backend == "nvshmem") out.emplace_back("VLLM_ALLREDUCE_USE_SYMM_MEM", "1");
  }
  if (backend == "hccl") out.emplace_back("HCCL_OP_EXPANSION_MODE", "AIV");
  out.insert(out.end(), c.variables.begin(), c.variables.end());  // of a name given twice the last counts
  return out;
}

/// Settings that somebody gave and that the engine is not told: its table has no word for them. Those that this program
/// itself heeds are none of them.
[[nodiscard]] inline std::vector<std::string> untold_settings(const sweep_cell& c) {
  std::vector<std::string> out;
  const auto engine = c.values.text("engine");
  const auto flags = flags_of(engine);
  for (const auto& [name, value] : c.values.values()) {
    const auto& known = *find_setting(name);
    if (known.level != setting_level::engine || value == known.fallback) continue;
    if (name == "mode" || name == "engine" || name == "instances" || name == "nodes" || name == "seed") continue;
    if (engine == "vllm" && (name == "dp" || name == "ep" || name == "comm_backend")) continue;
    bool told = false;
    for (const auto& flag : flags) told = told || flag.setting == name;
    if (!told) out.push_back(name);
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_ENGINE_WORDS_HPP
