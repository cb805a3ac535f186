// weir/serve/device.hpp - accelerators: which there are, who uses them, how a server is shown some of them. Needs the
// standard library and POSIX.
#ifndef WEIR_SERVE_DEVICE_HPP
#define WEIR_SERVE_DEVICE_HPP

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/units.hpp"
#include "weir/serve/command.hpp"

namespace weir::inline v0 {

/// One accelerator, or one MIG slice of one.
struct device {
  enum class vendor : unsigned char { nvidia, amd, ascend };
  vendor maker = vendor::nvidia;
  int index = 0;     ///< As the vendor's own tool counts: nvidia-smi, rocm-smi, npu-smi.
  std::string id;    ///< "GPU-8c6e...", "MIG-...", "NPU-3": a name that no other device of the machine has.
  std::string name;  ///< "NVIDIA H100 80GB HBM3"
  std::string bus;   ///< PCI address, lower case: "0000:c1:00.0"; empty where it is not known.
  int numa = -1;     ///< NUMA node, or -1.
  std::uint64_t total_bytes = 0;
};

/// A process that computes on a device.
struct device_process {
  pid_t pid = 0;            ///< 0: one that can't be seen from here, as from within a container.
  std::uint64_t bytes = 0;  ///< 0 where the driver does not tell.
};

/// What a device is doing now. What its driver does not tell is empty, never 0.
struct device_use {
  std::uint64_t used_bytes = 0;
  std::vector<device_process> processes;  ///< As the driver counts them; device_source::users says who they are.
  std::optional<double> watts = {};       ///< Power drawn.
  std::optional<double> joules = {};  ///< Drawn since the driver was loaded: finer than watts looked at now and then.
  std::optional<double> busy_percent =
      {};  ///< Of its cores (SM, AICore, compute units), over the driver's last period.
};

/// The NUMA node of a PCI address, or -1.
[[nodiscard]] inline int pci_numa_node(const std::string& bus, const std::string& sys = "/sys") {
  const auto text = read_text_file(sys + "/bus/pci/devices/" + bus + "/numa_node");
  const auto node = text ? parse_number<int>(std::string_view(*text).substr(0, text->find('\n'))) : failure{};
  return node ? *node : -1;
}

/// Memory that comes and goes with the driver: not a sign that somebody holds the device.
[[nodiscard]] inline std::uint64_t memory_slack(const device& d) noexcept {
  return std::max<std::uint64_t>(256U << 20, d.total_bytes / 50);
}

/// A vendor's way to tell about its devices.
class device_source {
 public:
  device_source() = default;
  device_source(const device_source&) = delete;
  device_source& operator=(const device_source&) = delete;
  virtual ~device_source() = default;

  [[nodiscard]] virtual const std::vector<device>& devices() const = 0;
  /// \param at  place in `devices()`.
  [[nodiscard]] virtual result<device_use> use(std::size_t at) const = 0;
  /// All of them at once, for sources that are asked for all as fast as for one. In the order of `devices()`.
  [[nodiscard]] virtual std::vector<result<device_use>> uses() const {
    std::vector<result<device_use>> all;
    for (std::size_t i = 0; i < devices().size(); ++i) all.push_back(use(i));
    return all;
  }
  /// Who computes on a device that is doing `now`, by the process ids of this process namespace.
  [[nodiscard]] virtual std::vector<device_process> users(std::size_t at, const device_use& now) const {
    (void)at;
    return now.processes;
  }
  /// How well two devices are connected: the greater the better; only order counts, and only within a source.
  [[nodiscard]] virtual int link(std::size_t one, std::size_t other) const = 0;
};

/// The environment variable that shows a vendor's devices to a program, and hides the others.
[[nodiscard]] inline const char* visibility_variable(device::vendor maker) {
  switch (maker) {
    case device::vendor::amd:
      return "ROCR_VISIBLE_DEVICES";
    case device::vendor::ascend:
      return "ASCEND_RT_VISIBLE_DEVICES";
    case device::vendor::nvidia:
      break;
  }
  return "CUDA_VISIBLE_DEVICES";
}

/// Variables that show a server exactly `shown`, in this order.
///
/// NVIDIA and AMD devices go by id: indices mean different devices to CUDA (fastest first) and to nvidia-smi (by bus),
/// and again others inside an outer restriction. An entry that CUDA can't find hides everything behind it.
[[nodiscard]] inline environment device_variables(const std::vector<device>& shown) {
  environment variables;
  if (shown.empty()) return variables;
  const auto maker = shown.front().maker;
  std::string list;
  for (const auto& each : shown)
    list += (list.empty() ? "" : ",") + (maker == device::vendor::ascend ? std::to_string(each.index) : each.id);
  variables.emplace_back(visibility_variable(maker), list);
  if (maker == device::vendor::nvidia) variables.emplace_back("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
  return variables;
}

/// Finds the device that `text` names: an index as the vendor's tool counts, or an id, or the unique start of one.
/// \return  its place; errc::not_found, or errc::invalid_argument where several ids start so.
[[nodiscard]] inline result<std::size_t> find_device(const std::vector<device>& in, std::string_view text) {
  const auto number = parse_number<int>(text);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (number ? in[i].index == *number && !in[i].id.starts_with("MIG-") : !text.empty() && in[i].id.starts_with(text))
      found.push_back(i);
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    std::string known;
    for (const auto& each : in)
      known += (known.empty() ? "" : ", ") + std::to_string(each.index) + " (" + each.id + ")";
    return failure{errc::not_found,
                   "no device '" + std::string(text) + "'; there are " + (known.empty() ? "none" : known)};
  }
  return failure{errc::invalid_argument,
                 "'" + std::string(text) + "' names " + std::to_string(found.size()) + " devices"};
}

/// The places of those devices that an outer restriction (SLURM, a container, a shell) leaves visible, in its order;
/// all of them where there is no restriction. As CUDA does, it stops at the first entry that names no device.
/// \param restriction  the value of visibility_variable, or nullptr.
[[nodiscard]] inline std::vector<std::size_t> visible_devices(const std::vector<device>& in, const char* restriction) {
  std::vector<std::size_t> places;
  if (!restriction) {
    for (std::size_t i = 0; i < in.size(); ++i) places.push_back(i);
    return places;
  }
  for (std::string_view rest = restriction; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto found = find_device(in, rest.substr(0, comma));
    if (!found) break;
    if (std::find(places.begin(), places.end(), *found) == places.end()) places.push_back(*found);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return places;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICE_HPP
