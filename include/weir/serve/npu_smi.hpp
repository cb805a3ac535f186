// weir/serve/npu_smi.hpp - Ascend devices, read from the table that `npu-smi info` prints. Needs Linux.
//
//     | 0     910B3               | OK            | 101.8       43                0    / 0             |
//     | 0                         | 0000:C1:00.0  | 0           0    / 0          3318 / 65536         |
//     ...
//     | NPU     Chip              | Process id    | Process name             | Process memory(MB)      |
//     | 0       0                 | 1712733       | sglangschedul            | 48954                   |
//
// Two rows a chip, then a table of processes. Column widths, headings and the blanks around '/' differ from version to
// version; what stays is the order of the fields, which is all that is relied upon here.
#ifndef WEIR_SERVE_NPU_SMI_HPP
#define WEIR_SERVE_NPU_SMI_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/units.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/npu_topology.hpp"

namespace weir::inline v0 {

/// What one `npu-smi info` says.
struct npu_table {
  std::vector<device>
      devices;  ///< In the table's order; `index` counts chips from 0, as ASCEND_RT_VISIBLE_DEVICES does.
  std::vector<device_use> uses;
};

namespace detail {

/// The cells of a table row, each as its words; a '/' is a word of its own.
inline std::vector<std::vector<std::string_view>> npu_cells(std::string_view row) {
  std::vector<std::vector<std::string_view>> cells;
  if (!row.starts_with('|')) return cells;
  for (row.remove_prefix(1); !row.empty();) {
    const auto bar = std::min(row.find('|'), row.size());
    std::string_view cell = row.substr(0, bar);
    row.remove_prefix(std::min(bar + 1, row.size()));
    auto& words = cells.emplace_back();
    while (true) {
      cell.remove_prefix(std::min(cell.find_first_not_of(" \t"), cell.size()));
      if (cell.empty()) break;
      const auto end = cell[0] == '/' ? 1 : std::min(cell.find_first_of(" \t/"), cell.size());
      words.push_back(cell.substr(0, end));
      cell.remove_prefix(end);
    }
    if (row.find_first_not_of(" \t\r") == row.npos) break;
  }
  return cells;
}

inline std::optional<std::uint64_t> npu_number(std::string_view word) {
  const auto number = parse_number<std::uint64_t>(word);
  return number ? std::optional(*number) : std::nullopt;
}

/// The first word of a cell as a number, which npu-smi writes as "101.8", "0", or "-" where there is none.
inline std::optional<double> npu_real(const std::vector<std::string_view>& cell) {
  double value = 0;
  if (cell.empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(cell[0].data(), cell[0].data() + cell[0].size(), value);
  return error == std::errc{} && end == cell[0].data() + cell[0].size() ? std::optional(value) : std::nullopt;
}

}  // namespace detail

/// Reads the text of `npu-smi info`.
/// \return  errc::parse where it has no device table.
[[nodiscard]] inline result<npu_table> parse_npu_smi(std::string_view text) {
  constexpr std::uint64_t mib = std::uint64_t{1} << 20;
  npu_table table;
  std::vector<std::pair<int, int>> chips;  // NPU and chip of each device
  std::optional<int> npu;                  // a first row whose second row has not come
  std::string name;
  std::optional<double> watts;
  bool processes = false;
  each_line(text, [&](std::string_view line) {
    const auto cells = detail::npu_cells(line);
    if (cells.size() < 3 || cells[0].empty()) return;
    if (cells[0][0] == "NPU") processes = line.find("Process") != line.npos;
    const auto first = detail::npu_number(cells[0][0]);
    if (!first) return;
    if (processes) {
      const auto chip = cells[0].size() > 1 ? detail::npu_number(cells[0][1]) : std::nullopt;
      const auto pid = cells[1].empty() ? std::nullopt : detail::npu_number(cells[1][0]);
      const auto memory = cells.size() > 3 && !cells[3].empty() ? detail::npu_number(cells[3][0]) : std::nullopt;
      for (std::size_t i = 0; i < chips.size() && chip && pid; ++i)
        if (chips[i] == std::pair(static_cast<int>(*first), static_cast<int>(*chip)))
          table.uses[i].processes.push_back({static_cast<pid_t>(*pid), memory.value_or(0) * mib});
    } else if (cells[0].size() > 1 && !detail::npu_number(cells[0][1])) {
      npu = static_cast<int>(*first);  // "| 0  910B3 | OK | ..."
      name = cells[0][1];
      watts = detail::npu_real(cells[2]);  // '-' for the second chip of a board, whose power the first one's includes
    } else if (npu) {
      // "| 0 | 0000:C1:00.0 | 0  0 / 0  3318 / 65536 |": the last pair is the device's memory
      device found{device::vendor::ascend, static_cast<int>(table.devices.size()), {}, "Ascend " + name, {}, -1, 0};
      found.id = "NPU-" + std::to_string(found.index);
      if (!cells[1].empty()) found.bus = cells[1][0];
      std::transform(found.bus.begin(), found.bus.end(), found.bus.begin(),
                     [](char c) { return c >= 'A' && c <= 'F' ? char(c + 32) : c; });
      device_use use;
      if (const auto& last = cells[2]; last.size() >= 3 && last[last.size() - 2] == "/") {
        use.used_bytes = detail::npu_number(last[last.size() - 3]).value_or(0) * mib;
        found.total_bytes = detail::npu_number(last.back()).value_or(0) * mib;
      }
      use.watts = watts;
      use.busy_percent = detail::npu_real(cells[2]);
      chips.emplace_back(*npu, static_cast<int>(*first));
      table.devices.push_back(std::move(found));
      table.uses.push_back(std::move(use));
    }
  });
  if (table.devices.empty()) return failure{errc::parse, "npu-smi info: no device is listed"};
  return table;
}

/// Ascend devices of this machine.
class npu_source final : public device_source {
 public:
  /// \param command  prints the table, and with ` -t topo` behind it the links.
  /// \return  errc::not_found where it is not installed or fails.
  [[nodiscard]] static result<std::unique_ptr<device_source>> open(std::string command = "npu-smi info") {
    auto table = read(command);
    if (!table) return table.error();
    for (auto& each : table->devices) each.numa = pci_numa_node(each.bus);
    return std::unique_ptr<device_source>(new npu_source(std::move(command), std::move(table->devices)));
  }

  [[nodiscard]] const std::vector<device>& devices() const override { return devices_; }
  [[nodiscard]] result<device_use> use(std::size_t at) const override {
    auto table = read(command_);
    if (!table) return table.error();
    if (table->devices.size() != devices_.size()) return failure{errc::io, "npu-smi lists other devices than before"};
    return std::move(table->uses[at]);
  }
  [[nodiscard]] std::vector<result<device_use>> uses() const override {
    auto table = read(command_);
    if (table && table->devices.size() == devices_.size())
      return {std::make_move_iterator(table->uses.begin()), std::make_move_iterator(table->uses.end())};
    const auto why = table ? failure{errc::io, "npu-smi lists other devices than before"} : table.error();
    return std::vector<result<device_use>>(devices_.size(), why);
  }
  /// As `npu-smi info -t topo` says. Where it does not: groups of boards are runs of neighbours, the nearer the better.
  [[nodiscard]] int link(std::size_t one, std::size_t other) const override {
    if (!topology_) {
      const auto text = capture_output({"/bin/sh", "-c", command_ + " -t topo"}, 20'000'000'000);
      topology_ = parse_npu_topology(text ? std::string_view(*text) : "", devices_.size());
    }
    if (!topology_->empty()) return (*topology_)[one][other];
    return -static_cast<int>(one > other ? one - other : other - one);
  }

 private:
  npu_source(std::string command, std::vector<device> devices)
      : command_(std::move(command)), devices_(std::move(devices)) {}

  static result<npu_table> read(const std::string& command) {
    const auto text = capture_output({"/bin/sh", "-c", command}, 20'000'000'000);
    if (!text) return text.error();
    return parse_npu_smi(*text);
  }

  std::string command_;
  std::vector<device> devices_;
  mutable std::optional<npu_topology> topology_;  // asked for once, by the first who needs it
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_NPU_SMI_HPP
