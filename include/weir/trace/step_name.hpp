// weir/trace/step_name.hpp - what the annotation of a step says: its kind, and the tokens it works on. Needs the
// standard library only.
#ifndef WEIR_TRACE_STEP_NAME_HPP
#define WEIR_TRACE_STEP_NAME_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::inline v0 {

enum class step_kind : unsigned char {
  none,      ///< Not a step.
  profiler,  ///< "ProfilerStep#7": torch.profiler's schedule.
  execute,   ///< "execute_context_1(4096)_generation_8(8)": a forward pass of vLLM.
  engine,    ///< "step[DECODE bs=32]": a forward pass of SGLang.
};

/// What a forward pass works on.
struct step_work {
  std::int64_t prefill_requests = 0, prefill_tokens = 0, decode_requests = 0, decode_tokens = 0;
};

[[nodiscard]] constexpr step_kind step_kind_of(std::string_view name) noexcept {
  if (name.starts_with("ProfilerStep#")) return step_kind::profiler;
  if (name.starts_with("execute_") && name.find("context_") != name.npos) return step_kind::execute;
  if (name.starts_with("step[")) return step_kind::engine;
  return step_kind::none;
}

namespace detail {

inline std::optional<std::int64_t> number_at(std::string_view& text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::int64_t most = std::int64_t{1} << 40;  // more is no count of tokens
  if (error != std::errc{} || value < 0 || value > most) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// "8(8)", "1(888_788544)" or "32(sq32sk55086...)" behind `key`: requests, and the tokens that they compute.
inline bool read_part(std::string_view name, std::string_view key, std::int64_t& requests,
                      std::int64_t& tokens) noexcept {
  const std::size_t at = name.find(key);
  if (at == name.npos) return false;
  name.remove_prefix(at + key.size());
  const auto count = number_at(name);
  if (!count || !name.starts_with('(')) return false;
  name.remove_prefix(1);
  if (name.starts_with("sq")) name.remove_prefix(2);
  const auto each = number_at(name);
  if (!each) return false;
  requests = *count;
  tokens = *count > 0 ? *each : 0;  // some annotate a step with all its tokens in both places
  return true;
}

}  // namespace detail

/// The work that the name of a vLLM step tells.
/// \return  nothing where the name does not say: a profiler step, an engine step, another format.
/// \source  vLLM writes execute_context_<requests>(<tokens>)_generation_<requests>(<tokens>); since 0.11 or so
///          execute_<tokens>_context_<requests>(sq<query tokens>sk<key tokens>...)_generation_...; a cut of both is
///          context_<requests>(<tokens>_<squares>).
[[nodiscard]] inline std::optional<step_work> step_work_of(std::string_view name) noexcept {
  step_work work;
  if (step_kind_of(name) != step_kind::execute ||
      !detail::read_part(name, "context_", work.prefill_requests, work.prefill_tokens) ||
      !detail::read_part(name, "_generation_", work.decode_requests, work.decode_tokens))
    return std::nullopt;
  return work;
}

/// "prefill", "decode", "mixed" or "empty".
[[nodiscard]] constexpr std::string_view phase_of(const step_work& work) noexcept {
  if (work.prefill_requests > 0) return work.decode_requests > 0 ? "mixed" : "prefill";
  return work.decode_requests > 0 ? "decode" : "empty";
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_STEP_NAME_HPP
