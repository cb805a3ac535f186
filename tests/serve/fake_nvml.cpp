// A stand-in for libnvidia-ml with two devices of 80 GiB, joined by 18 links through a switch, whose state is files in
// the directory $WEIR_FAKE_NVML:
//   0.PID     process PID holds as many bytes of device 0 as the file says (in decimal), while it lives
//   0.list    process ids and bytes that NVML lists for device 0 instead ("7 1000\n8 2000\n"), as in a container
//   0.busy    device 0 computes: 370 W instead of 70; its energy counter runs from 0 on when it is first asked for,
//             that of device 1 from 1000 J
//   0.mig     device 0 is cut into two slices
#include <dirent.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "weir/serve/nvml.hpp"

namespace {

using handle = void*;
constexpr int not_found = 6, insufficient_size = 7, not_supported = 3;
constexpr unsigned long long gib = 1ULL << 30;

struct holder {
  unsigned pid;
  unsigned long long bytes;
};

/// A handle is 1 or 2 for a device, 11 and 12 for the slices of the first.
std::size_t number(handle h) {
  return reinterpret_cast<std::size_t>(h);
}
std::string device_of(handle h) {
  return number(h) == 2 ? "1" : "0";
}
std::string state(const std::string& name) {
  const char* directory = std::getenv("WEIR_FAKE_NVML");
  return std::string(directory ? directory : "/nonexistent") + "/" + name;
}
bool is(const std::string& name) {
  return static_cast<bool>(std::ifstream(state(name)));
}

std::vector<holder> holders(handle h) {
  std::vector<holder> out;
  DIR* open = ::opendir(state("").c_str());
  while (const dirent* entry = open ? ::readdir(open) : nullptr) {
    const std::string name = entry->d_name, device = device_of(h) + ".";
    if (!name.starts_with(device)) continue;
    const int pid = std::atoi(name.c_str() + device.size());
    unsigned long long bytes = 0;
    if (pid > 0 && ::kill(pid, 0) == 0 && std::ifstream(state(name)) >> bytes)
      out.push_back({static_cast<unsigned>(pid), bytes});
  }
  if (open) ::closedir(open);
  return out;
}

std::vector<holder> listed(handle h) {
  std::ifstream other(state(device_of(h) + ".list"));
  if (!other) return holders(h);
  std::vector<holder> out;
  for (holder each{}; other >> each.pid >> each.bytes;) out.push_back(each);
  return out;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  return 0;
}
int nvmlShutdown() {
  return 0;
}
const char* nvmlErrorString(int error) {
  return error == not_supported ? "Not Supported" : "Unknown Error";
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 2;
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, handle* out) {
  *out = reinterpret_cast<handle>(std::size_t{index} + 1);
  return 0;
}
int nvmlDeviceGetMinorNumber(handle h, unsigned* minor) {
  *minor = number(h) == 2 ? 201 : 200;  // files that no machine has: whoever computes here has them not open
  return 0;
}
int nvmlDeviceGetUUID(handle h, char* out, unsigned size) {
  const char* ids[] = {"GPU-aaaa", "GPU-bbbb", "MIG-cccc", "MIG-dddd"};
  std::snprintf(out, size, "%s", ids[number(h) > 10 ? number(h) - 9 : number(h) - 1]);
  return 0;
}
int nvmlDeviceGetName(handle, char* out, unsigned size) {
  std::snprintf(out, size, "Fake H100");
  return 0;
}
int nvmlDeviceGetPciInfo_v3(handle h, weir::detail::nvml_pci_info* out) {
  *out = {};
  std::snprintf(out->id, sizeof out->id, "00000000:%s:00.0", number(h) == 2 ? "2A" : "1B");
  return 0;
}
int nvmlDeviceGetMemoryInfo_v2(handle h, weir::detail::nvml_memory* out) {
  if (out->version != (sizeof *out | (2U << 24))) return not_supported;
  out->total = number(h) > 10 ? 40 * gib : 80 * gib;
  out->used = 4 << 20;
  for (const auto& each : holders(h)) out->used += each.bytes;
  out->free = out->total - out->used;
  return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(handle h, unsigned* count, weir::detail::nvml_process* out) {
  const auto all = listed(h);
  const bool fits = all.size() <= *count;
  *count = static_cast<unsigned>(all.size());
  for (std::size_t i = 0; fits && i < all.size(); ++i) out[i] = {all[i].pid, all[i].bytes, ~0U, ~0U};
  return fits ? 0 : insufficient_size;
}
int nvmlDeviceGetPowerUsage(handle h, unsigned* milliwatts) {
  if (number(h) > 10) return not_supported;
  *milliwatts = is(device_of(h) + ".busy") ? 370'000 : 70'000;
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(handle h, unsigned long long* millijoules) {
  if (number(h) > 10) return not_supported;
  static double drawn[2] = {0, 1e6}, last[2];
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const double seconds = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  const std::size_t at = number(h) - 1;
  if (last[at] > 0) drawn[at] += (seconds - last[at]) * (is(device_of(h) + ".busy") ? 370'000 : 70'000);
  last[at] = seconds;
  *millijoules = static_cast<unsigned long long>(drawn[at]);
  return 0;
}
int nvmlDeviceGetUtilizationRates(handle h, weir::detail::nvml_utilization* out) {
  if (number(h) > 10) return not_supported;
  *out = {is(device_of(h) + ".busy") ? 100U : 0U, 0};
  return 0;
}
int nvmlDeviceGetTopologyCommonAncestor(handle, handle, int* level) {
  *level = 50;
  return 0;
}
int nvmlDeviceGetNvLinkState(handle, unsigned link, int* active) {
  if (is("no-links")) return not_supported;
  *active = link < 18;
  return 0;
}
int nvmlDeviceGetNvLinkRemotePciInfo_v2(handle, unsigned, weir::detail::nvml_pci_info*) {
  return not_supported;
}
int nvmlDeviceGetNvLinkRemoteDeviceType(handle, unsigned, int* type) {
  *type = 2;  // a switch
  return 0;
}
int nvmlDeviceGetMaxMigDeviceCount(handle, unsigned* count) {
  *count = 7;
  return 0;
}
int nvmlDeviceGetMigDeviceHandleByIndex(handle h, unsigned index, handle* out) {
  if (number(h) != 1 || index > 1 || !is("0.mig")) return not_found;
  *out = reinterpret_cast<handle>(std::size_t{11} + index);
  return 0;
}
}
