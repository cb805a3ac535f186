// weir/serve/device_files.hpp - who has a device's files open, where its driver does not say who computes on it. Needs
// Linux.
//
// NVML names processes by the host's process ids, or not at all, when it is asked from within a container. Files tell
// more: a process that computes with CUDA has /dev/nvidia-uvm and the /dev/nvidiaN of each of its devices open; one
// that only asks NVML has no nvidia-uvm.
#ifndef WEIR_SERVE_DEVICE_FILES_HPP
#define WEIR_SERVE_DEVICE_FILES_HPP

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/serve/device.hpp"
#include "weir/serve/proc.hpp"

namespace weir::inline v0 {

/// The two files that a process must have open to compute on a device.
struct compute_files {
  std::string device, memory;  ///< "/dev/nvidia0", "/dev/nvidia-uvm"
};

/// Whether a process has both files open.
enum class has_open : unsigned char { yes, no, hidden };

/// \return  has_open::hidden where the process is another user's, whose files the kernel does not tell.
[[nodiscard]] inline has_open computes_on(pid_t pid, const compute_files& files) {
  const proc_path directory("/proc/", pid, "/fd");
  if (::access(directory.text(), F_OK) != 0) return has_open::no;
  if (::access(directory.text(), R_OK | X_OK) != 0) return has_open::hidden;
  bool device = false, memory = false;
  each_entry(directory.text(), [&](std::string_view name) {
    std::array<char, 256> target;
    const auto size = ::readlink(proc_path(directory.text(), "/", name).text(), target.data(), target.size());
    const std::string_view open(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    device = device || open == files.device;
    memory = memory || open == files.memory;
  });
  return device && memory ? has_open::yes : has_open::no;
}

/// Who is on a device whose driver lists `listed`, as far as can be seen from here.
///
/// A process id that is listed and is none of here, or that of a process without the device's files, is the host's name
/// for a process of some container: it is replaced by whoever here has the files open, else its pid becomes 0.
/// \param in_use  the device's memory is taken by somebody, listed or not.
/// \complexity    where nobody is listed, or somebody who is not here: a look at the open files of every process.
[[nodiscard]] inline std::vector<device_process> users_seen_here(std::vector<device_process> listed, bool in_use,
                                                                 const compute_files& files) {
  bool strangers = listed.empty() && in_use;
  for (auto& each : listed)
    if (computes_on(each.pid, files) == has_open::no) each.pid = 0, strangers = true;
  if (!strangers) return listed;
  std::vector<device_process> here;
  each_process([&](pid_t pid) {
    const auto is_listed = [pid](const device_process& each) { return each.pid == pid; };
    if (std::none_of(listed.begin(), listed.end(), is_listed) && computes_on(pid, files) == has_open::yes)
      here.push_back({pid, 0});
  });
  if (here.empty()) return listed;
  std::vector<device_process> unseen;
  for (const auto& each : listed) (each.pid == 0 ? unseen : here).push_back(each);
  if (here.size() == 1 && unseen.size() == 1) here[0].bytes = unseen[0].bytes;  // the same one, by its two names
  return here;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICE_FILES_HPP
