// weir/run/possible.hpp - whether a cell can run at all: sizes that divide, lengths that fit. Needs the standard
// library only.
#ifndef WEIR_RUN_POSSIBLE_HPP
#define WEIR_RUN_POSSIBLE_HPP

#include <cstdint>
#include <string>

#include "weir/run/cell.hpp"
#include "weir/run/settings.hpp"

namespace weir::inline v0 {

/// What a model's configuration says; 0 where it is not known.
struct model_facts {
  std::int64_t attention_heads = 0, layers = 0, vocabulary = 0, experts = 0, max_positions = 0;
};

namespace detail {

inline std::string parallel_text(const settings& s) {
  std::string text;
  for (const auto* name : {"tp", "pp", "dp"})
    text += (text.empty() ? "" : " x ") + std::string(name) + " " + std::string(s.text(name));
  return s.count("instances") > 1 ? text + " x " + std::string(s.text("instances")) + " instances" : text;
}

inline std::string why_parallelism_impossible(const settings& s, const model_facts& model) {
  const auto tp = s.count("tp"), pp = s.count("pp"), dp = s.count("dp"), ep = s.count("ep"), nodes = s.count("nodes");
  const auto needed = devices_needed(s), most = s.count("max_devices");
  if (most > 0 && needed > most)
    return parallel_text(s) + " needs " + std::to_string(needed) + " devices, there are " + std::to_string(most);
  if (model.attention_heads > 0 && model.attention_heads % tp != 0)
    return "tp " + std::to_string(tp) + " does not divide the model's " + std::to_string(model.attention_heads) +
           " attention heads";
  if (model.layers > 0 && pp > model.layers)
    return "pp " + std::to_string(pp) + " is more than the model's " + std::to_string(model.layers) + " layers";
  if (ep > 1 && ep != tp * dp)
    return "ep " + std::to_string(ep) + " is not tp x dp = " + std::to_string(tp * dp) + ", the only one there is";
  if (ep > 1 && model.layers > 0 && model.experts == 0) return "ep needs a model with experts";
  if (needed % nodes != 0)
    return std::to_string(needed) + (needed == 1 ? " device" : " devices") + " can't be dealt to " +
           std::to_string(nodes) + " nodes";
  return {};
}

}  // namespace detail

/// Why a cell can't be run; empty where nothing speaks against it.
[[nodiscard]] inline std::string why_impossible(const sweep_cell& c, const model_facts& model) {
  const auto& s = c.values;
  const auto mode = s.text("mode");
  if (auto why = detail::why_parallelism_impossible(s, model); !why.empty()) return why;
  if (mode == "command") return c.command.empty() ? "mode command needs a command" : "";
  if (c.path.empty() && s.text("engine") != "mock" && c.command.empty())
    return "no model is given: name one with --models, or in a file";
  if (s.text("executor_backend") == "external_launcher" && mode != "offline")
    return "external_launcher is torchrun, which runs the offline engine only";
  if (s.text("executor_backend") == "external_launcher" && s.count("dp") > 1)
    return "dp under torchrun is not supported: without external_launcher its engines are started side by side";
  if (mode == "offline" && s.text("engine") == "vllm" && s.count("nodes") > 1 && !s.has("executor_backend"))
    return "an offline engine of several nodes needs executor_backend external_launcher (torchrun) or ray";
  if ((mode == "throughput" || mode == "latency") && s.text("engine") != "vllm")
    return "mode " + std::string(mode) + " is a bench of vLLM's";
  if (s.count("instances") > 1 && mode != "online") return "several instances need mode online; dp is what offline has";
  if (s.text("profile") == "nsys" && mode == "online" && s.count("instances") > 1)
    return "a profile of several instances at once is not supported";
  const auto limit = s.count("max_model_len");
  for (const auto& p : c.points)
    if (const auto length = p.values.count("input_len") + p.values.count("output_len"); limit > 0 && length > limit)
      return std::to_string(p.values.count("input_len")) + " + " + std::to_string(p.values.count("output_len")) +
             " tokens do not fit max_model_len " + std::to_string(limit);
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_POSSIBLE_HPP
