// weir/trace/rank_of_name.hpp - the rank that a file's name tells. Needs the standard library only.
#ifndef WEIR_TRACE_RANK_OF_NAME_HPP
#define WEIR_TRACE_RANK_OF_NAME_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "weir/base/units.hpp"

namespace weir::inline v0 {

/// The rank that a file's name tells: the number behind "rank", else the one before the ending: "kineto_trace_3.json".
/// That of "HOST_1234.1700000000.pt.trace.json" is a process, as torch's tensorboard_trace_handler names files.
[[nodiscard]] inline std::optional<std::int64_t> rank_of_name(std::string_view path) {
  path.remove_prefix(std::min(path.find_last_of('/') + 1, path.size()));
  const auto number = [](std::string_view text) -> std::optional<std::int64_t> {
    const auto value = parse_number<std::int64_t>(text.substr(0, text.find_first_not_of("0123456789")));
    if (!value) return std::nullopt;
    return *value;
  };
  if (const auto at = path.rfind("rank"); at != path.npos) {
    auto rest = path.substr(at + 4);
    if (rest.starts_with('_') || rest.starts_with('-')) rest.remove_prefix(1);
    if (const auto n = number(rest)) return n;
  }
  if (path.find(".pt.trace.json") != path.npos) return std::nullopt;
  const std::string_view stem = path.substr(0, path.find('.'));
  const std::size_t mark = stem.find_last_of("_-");
  if (mark == stem.npos || stem.find_first_not_of("0123456789", mark + 1) != stem.npos) return std::nullopt;
  return number(stem.substr(mark + 1));
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_RANK_OF_NAME_HPP
