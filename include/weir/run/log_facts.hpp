// weir/run/log_facts.hpp - what an engine's log says of weights, kernels and memory. Needs the standard library only.
#ifndef WEIR_RUN_LOG_FACTS_HPP
#define WEIR_RUN_LOG_FACTS_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace weir::inline v0 {

/// Of a whole log. NaN and empty where it does not say.
struct log_facts {
  double weights_bytes = std::numeric_limits<double>::quiet_NaN();  ///< Of all ranks that told.
  std::size_t weights_told = 0;                                     ///< How many they are.
  double kv_cache_tokens = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::string> kernels;  ///< The words that name one, each once, in order.
  bool out_of_memory = false;
  std::string memory_line;  ///< The line that said so.
};

namespace detail {

/// The number behind `mark` in `line`, with thousands' commas; NaN where there is none.
inline double number_after(std::string_view line, std::string_view mark) {
  const auto at = line.find(mark);
  if (at == line.npos) return std::numeric_limits<double>::quiet_NaN();
  std::string digits;
  for (const char c : line.substr(at + mark.size())) {
    if (c == ',' || (c == ' ' && digits.empty())) continue;
    if ((c < '0' || c > '9') && c != '.') break;
    digits.push_back(c);
  }
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc{} ? value : std::numeric_limits<double>::quiet_NaN();
}

/// What engines say when a device has too little memory, or too little of it was theirs to take.
inline constexpr std::array<std::string_view, 9> memory_words{
    "CUDA out of memory",
    "torch.OutOfMemoryError",
    "OutOfMemoryError:",
    "NPU out of memory",
    "HIP out of memory",
    "No available memory for the cache blocks",
    "less than desired GPU memory utilization",
    "larger than the maximum number of tokens that can be stored in KV cache",
    "larger than the available KV cache memory"};

inline bool names_kernel(std::string_view words) {
  static constexpr std::array<std::string_view, 12> marks{"Kernel",     "LinearMethod", "GEMM",   "FlashAttention",
                                                          "FlashInfer", "backend",      "Marlin", "Machete",
                                                          "Cutlass",    "CUTLASS",      "MoE",    "all-reduce"};
  return std::any_of(marks.begin(), marks.end(), [&](auto mark) { return words.find(mark) != words.npos; });
}

}  // namespace detail

/// Whether a sentence is of memory that ran out.
[[nodiscard]] inline bool says_out_of_memory(std::string_view words) {
  return std::any_of(detail::memory_words.begin(), detail::memory_words.end(),
                     [&](auto each) { return words.find(each) != words.npos; });
}

/// Whether it ran out because the engine was given too small a share, not because it took too much.
[[nodiscard]] inline bool says_share_too_small(std::string_view words) {
  return words.find("No available memory for the cache blocks") != words.npos ||
         words.find("larger than the maximum number of tokens that can be stored") != words.npos ||
         words.find("larger than the available KV cache memory") != words.npos;
}

/// Takes in one line of a log.
inline void add_log_line(log_facts& facts, std::string_view line) {
  // vLLM, once a rank: "Model loading took 3.2152 GiB memory and 1.2 seconds"; SGLang: "Load weight end. ... mem
  // usage=3.10 GB."
  const bool sglang = line.find("Load weight end.") != line.npos;
  const double gib = detail::number_after(line, sglang ? "mem usage=" : "Model loading took ");
  if (!std::isnan(gib)) {
    facts.weights_bytes = (facts.weights_told++ == 0 ? 0 : facts.weights_bytes) + gib * 1024 * 1024 * 1024;
  }
  if (const double tokens = detail::number_after(line, "KV cache size: "); !std::isnan(tokens))
    facts.kv_cache_tokens = tokens;
  if (!facts.out_of_memory && says_out_of_memory(line)) {
    facts.out_of_memory = true;
    facts.memory_line = line.substr(0, 300);
  }
  for (const std::string_view mark : {"] Using ", "] Selected "}) {
    const auto at = line.find(mark);
    if (at == line.npos) continue;
    const std::string words(line.substr(at + mark.size(), 160));
    if (detail::names_kernel(words) && facts.kernels.size() < 50 &&
        std::find(facts.kernels.begin(), facts.kernels.end(), words) == facts.kernels.end())
      facts.kernels.push_back(words);
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_LOG_FACTS_HPP
