// weir/run/settings.hpp - what an experiment can be told, by name: one table for files, flags and records. Needs the
// standard library only.
#ifndef WEIR_RUN_SETTINGS_HPP
#define WEIR_RUN_SETTINGS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/nearest.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"

namespace weir::inline v0 {

/// What a value is. `count` is an integer >= 1, `whole` one >= 0, `share` a number in (0, 1], `real` one >= 0.
enum class setting_kind : unsigned char { text, count, whole, share, real, flag, duration };

/// What a value decides: how an engine is started (a cell is one start), what it is then asked (a point), or the sweep
/// as a whole. Values of the first two may be lists: then all combinations are run.
enum class setting_level : unsigned char { engine, point, sweep };

/// One setting. `names` are separated by commas: the first is ours, the others are what people know.
struct setting {
  std::string_view names;
  setting_kind kind;
  setting_level level;
  std::string_view fallback;  ///< Its value where nobody gives one; empty: the engine's own, or none.
  std::string_view help;
  std::string_view choices = {};  ///< "mp|ray": any other value is refused.

  [[nodiscard]] constexpr std::string_view name() const noexcept { return names.substr(0, names.find(',')); }
};

inline constexpr std::array setting_table{
    setting{"mode", setting_kind::text, setting_level::engine, "offline",
            "offline is LLM.generate, online a server under weir-bench's load, throughput and latency are vLLM's own "
            "benches, command is yours.",
            "offline|online|throughput|latency|command"},
    setting{"engine", setting_kind::text, setting_level::engine, "vllm",
            "What serves: an engine that weir-serve-many knows. Offline means LLM.generate for vllm; any other engine "
            "gets all prompts at once at its server.",
            "vllm|sglang|llama.cpp|transformers|trtllm|mindie|mock"},
    setting{"tp,tensor_parallel_size", setting_kind::count, setting_level::engine, "1", "Tensor-parallel size."},
    setting{"pp,pipeline_parallel_size", setting_kind::count, setting_level::engine, "1", "Pipeline-parallel size."},
    setting{"dp,data_parallel_size", setting_kind::count, setting_level::engine, "1", "Data-parallel size."},
    setting{"ep,expert_parallel_size", setting_kind::count, setting_level::engine, "1",
            "Expert-parallel size: 1, or tp x dp, which is the only one that vLLM has."},
    setting{"executor_backend,distributed_executor_backend", setting_kind::text, setting_level::engine, "",
            "What starts an engine's workers; external_launcher is torchrun.", "mp|ray|uni|external_launcher"},
    setting{"comm_backend,communication_backend", setting_kind::text, setting_level::engine, "",
            "How devices talk to each other: by variables and flags (docs/experiments.md).",
            "nccl|custom|nvshmem|hccl"},
    setting{"quantization", setting_kind::text, setting_level::engine, "", "The engine's --quantization."},
    setting{"dtype", setting_kind::text, setting_level::engine, "", "The engine's --dtype."},
    setting{"gpu_memory_utilization,gpu_mem_util,memory_share", setting_kind::share, setting_level::engine, "",
            "Share of a device's memory that the engine may take."},
    setting{"max_model_len", setting_kind::count, setting_level::engine, "", "Longest sequence."},
    setting{"max_num_seqs", setting_kind::count, setting_level::engine, "", "Most sequences in a step."},
    setting{"max_num_batched_tokens", setting_kind::count, setting_level::engine, "", "Most tokens in a step."},
    setting{"enforce_eager", setting_kind::flag, setting_level::engine, "false", "No graphs, no compilation."},
    setting{"trust_remote_code", setting_kind::flag, setting_level::engine, "false", "Run code that a model brings."},
    setting{"load_format", setting_kind::text, setting_level::engine, "", "dummy makes weights up."},
    setting{"seed", setting_kind::whole, setting_level::engine, "0", "Decides prompts, and the engine's samples."},
    setting{"instances", setting_kind::count, setting_level::engine, "1", "Servers that share the load (online)."},
    setting{"nodes,nnodes,node_size", setting_kind::count, setting_level::engine, "1", "Machines of one engine."},
    setting{"batch_size,batch_sizes,max_concurrency,concurrency", setting_kind::count, setting_level::point, "",
            "Prompts given at once: of one generate call offline, in flight online. Default: all."},
    setting{"num_prompts", setting_kind::count, setting_level::point, "",
            "Prompts of a measured iteration. Default: batch_size offline, four times that online, or 32."},
    setting{"input_len,seq_len,seq_lens,input_lens,random_input_len", setting_kind::count, setting_level::point, "512",
            "Tokens of a prompt."},
    setting{"output_len,max_tokens,output_lens,random_output_len", setting_kind::count, setting_level::point, "128",
            "Tokens generated for each sample, at most."},
    setting{"n,num_samples", setting_kind::count, setting_level::point, "1", "Samples of each prompt."},
    setting{"request_rate", setting_kind::real, setting_level::point, "",
            "Requests a second (online). Default: no limit."},
    setting{"temperature", setting_kind::real, setting_level::point, "1.0", "Sampling temperature."},
    setting{"top_p", setting_kind::share, setting_level::point, "", "Nucleus sampling."},
    setting{"ignore_eos", setting_kind::flag, setting_level::point, "true",
            "Go on to output_len, so that every cell makes the same number of tokens."},
    setting{"num_runs", setting_kind::count, setting_level::sweep, "1",
            "Starts of each cell; every cell's first run comes before any cell's second."},
    setting{"warmup,warmup_iterations,warmup_runs", setting_kind::whole, setting_level::sweep, "1",
            "Iterations of each point that are not counted."},
    setting{"iterations,profile_iterations", setting_kind::count, setting_level::sweep, "1",
            "Measured iterations of each point in a run, on new prompts each time."},
    setting{"profile", setting_kind::text, setting_level::sweep, "none",
            "Run each cell once more under this profiler; its numbers are kept apart.", "none|torch|nsys|msprof"},
    setting{"trace_collection", setting_kind::flag, setting_level::sweep, "false",
            "Gather each cell's traces, timings and workload card in OUT/trace_collection/CELL."},
    setting{"on_oom", setting_kind::text, setting_level::sweep, "mark",
            "Out of memory: mark the cell, or look for the largest batch or the memory share that fits.",
            "mark|bisect-batch|bisect-memory"},
    setting{"model_base", setting_kind::text, setting_level::sweep, "", "Where relative model paths begin."},
    setting{"devices", setting_kind::text, setting_level::sweep, "auto",
            "Accelerators: auto for any that are free, none, or a list as the vendor's tool counts."},
    setting{"max_devices", setting_kind::count, setting_level::sweep, "",
            "Cells that need more are left out. Default: what this machine has; unlimited under a scheduler."},
    setting{"vocab_size", setting_kind::count, setting_level::sweep, "",
            "Prompts are token ids below this. Default: the model's config.json, or 30000."},
    setting{"ready_timeout", setting_kind::duration, setting_level::sweep, "600s", "For a server to be ready."},
    setting{"cell_timeout", setting_kind::duration, setting_level::sweep, "", "For a whole cell. Default: no limit."},
    setting{"device_wait", setting_kind::duration, setting_level::sweep, "30m", "For devices that others use."},
};

/// The setting that `name` is a name of; '-' and '_' are the same. nullptr where there is none.
[[nodiscard]] constexpr const setting* find_setting(std::string_view name) noexcept {
  const auto same = [](std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return (x == '-' ? '_' : x) == y; });
  };
  for (const auto& each : setting_table)
    for (std::string_view names = each.names; !names.empty();) {
      const auto first = names.substr(0, names.find(','));
      if (same(name, first)) return &each;
      names.remove_prefix(std::min(first.size() + 1, names.size()));
    }
  return nullptr;
}

/// Every name of every setting, for the search of the nearest one.
[[nodiscard]] inline std::vector<std::string> setting_names() {
  std::vector<std::string> all;
  for (const auto& each : setting_table)
    for (std::string_view names = each.names; !names.empty();) {
      all.emplace_back(names.substr(0, names.find(',')));
      names.remove_prefix(std::min(all.back().size() + 1, names.size()));
    }
  return all;
}

namespace detail {

inline bool is_choice(std::string_view choices, std::string_view value) {
  for (std::string_view rest = choices; !rest.empty();) {
    const auto first = rest.substr(0, rest.find('|'));
    if (first == value) return true;
    rest.remove_prefix(std::min(first.size() + 1, rest.size()));
  }
  return choices.empty();
}

inline std::string wrong_value(const setting& which, std::string_view value, std::string_view wanted) {
  return std::string(which.name()) + ": '" + std::string(value) + "' is not " + std::string(wanted);
}

}  // namespace detail

/// A value as it is kept: flags become true or false, the rest stays as it was written.
/// \return  errc::invalid_argument naming the setting and what it takes.
[[nodiscard]] inline result<std::string> checked_value(const setting& which, std::string_view value) {
  const auto wrong = [&](std::string_view wanted) {
    return failure{errc::invalid_argument, detail::wrong_value(which, value, wanted)};
  };
  const auto integer = parse_number<std::int64_t>(value);
  const auto number = parse_number<double>(value);
  switch (which.kind) {
    case setting_kind::count:
      if (!integer || *integer < 1) return wrong("a count of at least 1");
      break;
    case setting_kind::whole:
      if (!integer || *integer < 0) return wrong("a count of at least 0");
      break;
    case setting_kind::share:
      if (!number || !(*number > 0 && *number <= 1)) return wrong("a share above 0, at most 1");
      break;
    case setting_kind::real:
      if (!number || !(*number >= 0) || std::isinf(*number)) return wrong("a number of at least 0");
      break;
    case setting_kind::flag:
      if (value == "true" || value == "yes" || value == "on" || value == "1") return std::string("true");
      if (value == "false" || value == "no" || value == "off" || value == "0") return std::string("false");
      return wrong("true or false");
    case setting_kind::duration:
      if (!parse_duration_ns(value)) return wrong("a duration such as 90s or 10m");
      break;
    case setting_kind::text:
      if (!detail::is_choice(which.choices, value)) return wrong("one of " + std::string(which.choices));
      break;
  }
  return std::string(value);
}

/// Values by name, each checked before it was put in. What nobody gave has the table's fallback.
class settings {
 public:
  /// \pre  `name` is a setting's first name and `value` went through checked_value.
  void set(std::string_view name, std::string value) { values_.insert_or_assign(std::string(name), std::move(value)); }
  void erase(std::string_view name) {
    if (const auto at = values_.find(name); at != values_.end()) values_.erase(at);
  }
  /// Takes the values of `over`, also for what is given here.
  void overlay(const settings& over) {
    for (const auto& [name, value] : over.values_) values_.insert_or_assign(name, value);
  }

  /// Somebody gave a value.
  [[nodiscard]] bool given(std::string_view name) const { return values_.contains(name); }
  /// Somebody gave a value, or the table has one.
  [[nodiscard]] bool has(std::string_view name) const { return !text(name).empty(); }
  [[nodiscard]] std::string_view text(std::string_view name) const {
    if (const auto at = values_.find(name); at != values_.end()) return at->second;
    const auto* known = find_setting(name);
    return known ? known->fallback : std::string_view{};
  }
  [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "true"; }
  [[nodiscard]] std::int64_t count(std::string_view name, std::int64_t without = 0) const {
    const auto value = parse_number<std::int64_t>(text(name));
    return value ? *value : without;
  }
  [[nodiscard]] double number(std::string_view name, double without = 0) const {
    const auto value = parse_number<double>(text(name));
    return value ? *value : without;
  }
  [[nodiscard]] std::int64_t duration_ns(std::string_view name, std::int64_t without = 0) const {
    const auto value = parse_duration_ns(text(name));
    return value ? *value : without;
  }

  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& values() const noexcept { return values_; }
  bool operator==(const settings&) const = default;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

/// Devices that one engine of these settings needs, all instances and machines together.
[[nodiscard]] inline std::int64_t devices_needed(const settings& s) {
  return s.count("tp") * s.count("pp") * s.count("dp") * s.count("instances");
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SETTINGS_HPP
