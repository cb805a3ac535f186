// weir/serve/nvml.hpp - NVIDIA's devices through its management library, loaded at run time. Needs Linux.
//
// Source: nvml.h of CUDA 12.9 (names, structures and constants); only what is used is declared here, so that neither
// header nor driver is needed to build.
#ifndef WEIR_SERVE_NVML_HPP
#define WEIR_SERVE_NVML_HPP

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/device_files.hpp"

namespace weir::inline v0 {

namespace detail {

struct nvml_pci_info {
  char legacy_id[16];
  unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
  char id[32];
};
struct nvml_memory {  // nvmlMemory_v2_t
  unsigned version;
  unsigned long long total, reserved, free, used;
};
struct nvml_utilization {  // percent
  unsigned gpu, memory;
};
struct nvml_process {  // nvmlProcessInfo_v2_t
  unsigned pid;
  unsigned long long used_bytes;
  unsigned gpu_instance, compute_instance;
};

/// The functions of libnvidia-ml that are used; empty pointers for those that an old driver lacks.
struct nvml_library {
  using handle = void*;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error_text)(int) = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*by_index)(unsigned, handle*) = nullptr;
  int (*uuid)(handle, char*, unsigned) = nullptr;
  int (*name)(handle, char*, unsigned) = nullptr;
  int (*pci)(handle, nvml_pci_info*) = nullptr;
  int (*minor_number)(handle, unsigned*) = nullptr;  // N of /dev/nvidiaN
  int (*memory)(handle, nvml_memory*) = nullptr;
  int (*processes)(handle, unsigned*, nvml_process*) = nullptr;  // that compute
  int (*graphics)(handle, unsigned*, nvml_process*) = nullptr;   // that draw
  int (*power)(handle, unsigned*) = nullptr;                     // mW
  int (*energy)(handle, unsigned long long*) = nullptr;          // mJ
  int (*utilization)(handle, nvml_utilization*) = nullptr;
  int (*common_ancestor)(handle, handle, int*) = nullptr;
  int (*nvlink_state)(handle, unsigned, int*) = nullptr;
  int (*nvlink_peer)(handle, unsigned, nvml_pci_info*) = nullptr;
  int (*nvlink_peer_type)(handle, unsigned, int*) = nullptr;
  int (*max_mig)(handle, unsigned*) = nullptr;
  int (*mig_by_index)(handle, unsigned, handle*) = nullptr;

  /// \return  errc::not_found where the library is not installed.
  [[nodiscard]] static result<nvml_library> load(const char* file) {
    void* library =
        ::dlopen(file, RTLD_NOW | RTLD_LOCAL);  // never closed: the driver's threads may outlive a use of it
    if (!library) return failure{errc::not_found, std::string(file) + " is not installed"};
    nvml_library out;
    const auto find = [&](auto& function, const char* symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, symbol));
    };
    find(out.init, "nvmlInit_v2");
    find(out.shutdown, "nvmlShutdown");
    find(out.error_text, "nvmlErrorString");
    find(out.count, "nvmlDeviceGetCount_v2");
    find(out.by_index, "nvmlDeviceGetHandleByIndex_v2");
    find(out.uuid, "nvmlDeviceGetUUID");
    find(out.name, "nvmlDeviceGetName");
    find(out.pci, "nvmlDeviceGetPciInfo_v3");
    find(out.minor_number, "nvmlDeviceGetMinorNumber");
    find(out.memory, "nvmlDeviceGetMemoryInfo_v2");
    find(out.processes, "nvmlDeviceGetComputeRunningProcesses_v3");
    find(out.graphics, "nvmlDeviceGetGraphicsRunningProcesses_v3");
    find(out.power, "nvmlDeviceGetPowerUsage");
    find(out.energy, "nvmlDeviceGetTotalEnergyConsumption");
    find(out.utilization, "nvmlDeviceGetUtilizationRates");
    find(out.common_ancestor, "nvmlDeviceGetTopologyCommonAncestor");
    find(out.nvlink_state, "nvmlDeviceGetNvLinkState");
    find(out.nvlink_peer, "nvmlDeviceGetNvLinkRemotePciInfo_v2");
    find(out.nvlink_peer_type, "nvmlDeviceGetNvLinkRemoteDeviceType");
    find(out.max_mig, "nvmlDeviceGetMaxMigDeviceCount");
    find(out.mig_by_index, "nvmlDeviceGetMigDeviceHandleByIndex");
    if (out.init && out.shutdown && out.error_text && out.count && out.by_index && out.uuid && out.name && out.pci &&
        out.memory && out.processes)
      return out;
    return failure{errc::io, std::string(file) + " is too old: nvmlDeviceGetMemoryInfo_v2 and its peers are needed"};
  }
};

}  // namespace detail

/// NVIDIA's devices. A device that is cut into MIG slices is replaced by its slices.
class nvml_source final : public device_source {
 public:
  /// \param library  another file with NVML's functions, for tests.
  /// \return  errc::not_found where there is no driver, errc::io where it does not work.
  [[nodiscard]] static result<std::unique_ptr<device_source>> open(const char* library = "libnvidia-ml.so.1") {
    auto loaded = detail::nvml_library::load(library);
    if (!loaded) return loaded.error();
    if (const int error = loaded->init(); error != 0)
      return failure{errc::io, std::string("NVML: ") + loaded->error_text(error)};
    std::unique_ptr<nvml_source> source(new nvml_source(*loaded));
    unsigned count = 0;
    loaded->count(&count);
    for (unsigned i = 0; i < count; ++i)
      if (void* handle = nullptr; loaded->by_index(i, &handle) == 0)
        source->add_with_slices(handle, static_cast<int>(i));
    return std::unique_ptr<device_source>(std::move(source));
  }
  ~nvml_source() override { nvml_.shutdown(); }

  [[nodiscard]] const std::vector<device>& devices() const override { return devices_; }

  [[nodiscard]] result<device_use> use(std::size_t at) const override {
    device_use now;
    detail::nvml_memory memory{sizeof(detail::nvml_memory) | (2U << 24), 0, 0, 0, 0};
    if (const int error = nvml_.memory(handles_[at], &memory); error != 0) return failed(at, error);
    now.used_bytes = memory.used;
    auto processes = listed(nvml_.processes, at);
    if (!processes) return processes.error();
    now.processes = std::move(*processes);
    look_at_load(handles_[at], now);
    return now;
  }

  /// From within a container NVML tells the host's process ids, or none (device_files.hpp): then much memory in use
  /// that no screen has is a sign of somebody in another container.
  [[nodiscard]] std::vector<device_process> users(std::size_t at, const device_use& now) const override {
    if (files_[at].device.empty()) return now.processes;
    auto seen = users_seen_here(now.processes, now.used_bytes > memory_slack(devices_[at]), files_[at]);
    if (!seen.empty() || now.used_bytes <= devices_[at].total_bytes / 10) return seen;
    std::uint64_t shown = 0;
    if (const auto drawing = listed(nvml_.graphics, at))
      for (const auto& each : *drawing) shown += each.bytes;
    if (now.used_bytes > shown + devices_[at].total_bytes / 10) seen.push_back({0, now.used_bytes - shown});
    return seen;
  }

  /// Working NVLinks between the two, directly or through a switch that both reach; without any, the nearer their
  /// common point in the machine the less negative.
  [[nodiscard]] int link(std::size_t one, std::size_t other) const override {
    const int links = nvlinks(one, other);
    if (links > 0 || !nvml_.common_ancestor) return links;
    int level = 0;  // NVML_TOPOLOGY_INTERNAL 0 ... SINGLE 10 ... NODE 40, SYSTEM 50
    return nvml_.common_ancestor(handles_[one], handles_[other], &level) == 0 ? -level : -100;
  }

 private:
  using process_list = int (*)(void*, unsigned*, detail::nvml_process*);

  explicit nvml_source(const detail::nvml_library& library) : nvml_(library) {}

  [[nodiscard]] result<std::vector<device_process>> listed(process_list ask, std::size_t at) const {
    std::vector<device_process> out;
    if (!ask) return out;
    std::vector<detail::nvml_process> processes(64);
    for (bool whole = false; !whole;) {
      auto count = static_cast<unsigned>(processes.size());
      const int error = ask(handles_[at], &count, processes.data());
      constexpr int insufficient_size = 7;
      if (error != 0 && error != insufficient_size) return failed(at, error);
      whole = error == 0;
      processes.resize(whole ? count : std::size_t{count} + 16);
    }
    for (const auto& each : processes)
      out.push_back({static_cast<pid_t>(each.pid), each.used_bytes == ~0ULL ? 0 : each.used_bytes});
    return out;
  }

  /// Power and utilization are the whole device's: a MIG slice has none of its own, and NVML says so.
  void look_at_load(void* handle, device_use& now) const {
    unsigned milliwatts = 0;
    unsigned long long millijoules = 0;
    detail::nvml_utilization busy{};
    if (nvml_.power && nvml_.power(handle, &milliwatts) == 0) now.watts = milliwatts / 1e3;
    if (nvml_.energy && nvml_.energy(handle, &millijoules) == 0) now.joules = static_cast<double>(millijoules) / 1e3;
    if (nvml_.utilization && nvml_.utilization(handle, &busy) == 0) now.busy_percent = busy.gpu;
  }

  void add_with_slices(void* handle, int index) {
    unsigned slices = 0;
    bool any = false;
    if (nvml_.max_mig && nvml_.mig_by_index) nvml_.max_mig(handle, &slices);
    for (unsigned i = 0; i < slices; ++i)
      if (void* slice = nullptr; nvml_.mig_by_index(handle, i, &slice) == 0) any = add(slice, handle, index) || any;
    if (!any) add(handle, handle, index);
  }

  bool add(void* handle, void* whole, int index) {
    std::array<char, 96> text{};
    detail::nvml_pci_info pci{};
    detail::nvml_memory memory{sizeof(detail::nvml_memory) | (2U << 24), 0, 0, 0, 0};
    if (nvml_.uuid(handle, text.data(), static_cast<unsigned>(text.size())) != 0) return false;
    device found;
    found.index = index;
    found.id = text.data();
    if (nvml_.name(handle, text.data(), static_cast<unsigned>(text.size())) == 0) found.name = text.data();
    if (nvml_.memory(handle, &memory) == 0) found.total_bytes = memory.total;
    if (nvml_.pci(whole, &pci) == 0) found.bus = system_bus_id(pci.id);
    found.numa = pci_numa_node(found.bus);
    unsigned number = 0;
    const bool named = nvml_.minor_number && nvml_.minor_number(whole, &number) == 0;
    files_.push_back({named ? "/dev/nvidia" + std::to_string(number) : "", "/dev/nvidia-uvm"});
    devices_.push_back(std::move(found));
    handles_.push_back(handle);
    return true;
  }

  /// "00000000:C1:00.0" as the kernel spells it: "0000:c1:00.0".
  static std::string system_bus_id(std::string id) {
    std::transform(id.begin(), id.end(), id.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c + 32) : c; });
    return id.size() > 12 ? id.substr(id.size() - 12) : id;
  }
  [[nodiscard]] int nvlinks(std::size_t one, std::size_t other) const {
    constexpr unsigned most = 18;
    if (!nvml_.nvlink_state || !nvml_.nvlink_peer || devices_[one].bus == devices_[other].bus) return 0;
    int direct = 0, one_switch = 0, other_switch = 0;
    const auto look = [&](std::size_t from, std::size_t to, int& to_switch) {
      for (unsigned i = 0; i < most; ++i) {
        int active = 0, type = 0;
        detail::nvml_pci_info peer{};
        if (nvml_.nvlink_state(handles_[from], i, &active) != 0 || !active) continue;
        constexpr int nvswitch = 2;
        if (nvml_.nvlink_peer_type && nvml_.nvlink_peer_type(handles_[from], i, &type) == 0 && type == nvswitch)
          ++to_switch;
        else if (nvml_.nvlink_peer(handles_[from], i, &peer) == 0 && system_bus_id(peer.id) == devices_[to].bus)
          ++direct;
      }
    };
    look(one, other, one_switch);
    if (direct > 0) return direct;
    look(other, one, other_switch);
    return std::min(one_switch, other_switch);
  }

  [[nodiscard]] failure failed(std::size_t at, int error) const {
    return {errc::io, devices_[at].id + ": NVML: " + nvml_.error_text(error)};
  }

  detail::nvml_library nvml_;
  std::vector<device> devices_;
  std::vector<void*> handles_;
  std::vector<compute_files> files_;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_NVML_HPP
