// weir/serve/npu_topology.hpp - how Ascend devices are connected, read from the table that `npu-smi info -t topo`
// prints. Needs the standard library and POSIX.
//
//                NPU0       NPU1       NPU2       NPU3       CPU Affinity
//     NPU0       X          HCCS       SYS        SYS        144-167
//     NPU1       HCCS       X          SYS        SYS        96-119
//
// On boards of two chips the names are Phy-ID0, Phy-ID1, ... and two chips of a board are joined by SIO.
#ifndef WEIR_SERVE_NPU_TOPOLOGY_HPP
#define WEIR_SERVE_NPU_TOPOLOGY_HPP

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/text_file.hpp"
#include "weir/serve/device.hpp"

namespace weir::inline v0 {

/// A row a device, in the table's order: how good the way to each of the others is, the greater the better.
using npu_topology = std::vector<std::vector<int>>;

namespace detail {

/// What a word of the table is worth, by the legend that npu-smi prints below it; nothing for another word.
inline std::optional<int> npu_link_worth(std::string_view word) {
  for (const auto& [name, worth] : {std::pair("X", 0),
                                    {"SIO", 4},
                                    {"HCCS", 3},
                                    {"HCCS_SW", 2},
                                    {"PIX", -10},
                                    {"PXB", -20},
                                    {"PHB", -30},
                                    {"SYS", -50},
                                    {"NA", -100}})
    if (word == name) return worth;
  return std::nullopt;
}

}  // namespace detail

/// \return  a square of `devices` rows; empty where the text holds no such table.
[[nodiscard]] inline npu_topology parse_npu_topology(std::string_view text, std::size_t devices) {
  npu_topology rows;
  each_line(text, [&](std::string_view line) {
    const auto name = next_word(line);
    if (!name.starts_with("NPU") && !name.starts_with("Phy-ID")) return;
    std::vector<int> row;
    for (auto worth = detail::npu_link_worth(next_word(line)); worth; worth = detail::npu_link_worth(next_word(line)))
      row.push_back(*worth);
    if (!row.empty()) rows.push_back(std::move(row));  // the heading has none
  });
  for (const auto& row : rows)
    if (row.size() != devices || rows.size() != devices) return {};
  return rows;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_NPU_TOPOLOGY_HPP
