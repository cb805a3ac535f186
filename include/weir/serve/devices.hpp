// weir/serve/devices.hpp - this machine's accelerators: found, leased, shown to a server, looked at. Needs Linux.
//
//     auto source = weir::find_devices();                              // NVIDIA, AMD or Ascend
//     auto locks = weir::lock_directory();                             // shared with all runs of this machine
//     auto leases = weir::lease_devices(*source, {.instances = 2, .per_instance = 2}, *locks);
//     auto variables = weir::device_variables(leases[0].devices);      // CUDA_VISIBLE_DEVICES=GPU-8c6e...,GPU-91d3...
//     ...                                                              // a server that is given these and the locks
//     auto back = weir::await_devices(*source, leases[0], *locks);     // its memory, once it is gone
#ifndef WEIR_SERVE_DEVICES_HPP
#define WEIR_SERVE_DEVICES_HPP

#include <memory>

#include "weir/base/result.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/device_lease.hpp"
#include "weir/serve/kfd.hpp"
#include "weir/serve/npu_smi.hpp"
#include "weir/serve/nvml.hpp"

namespace weir::inline v0 {

/// The first vendor's devices that are here: NVIDIA, AMD, Ascend.
/// \return  errc::not_found where there are none; what went wrong where a driver is there and does not work.
[[nodiscard]] inline result<std::unique_ptr<device_source>> find_devices() {
  result<std::unique_ptr<device_source>> found = failure{errc::not_found, "no accelerator is found"};
  for (const auto open :
       {+[] { return nvml_source::open(); }, +[] { return kfd_source::open(); }, +[] { return npu_source::open(); }}) {
    found = open();
    if (found ? !(*found)->devices().empty() : found.error().code != errc::not_found) return found;
  }
  return failure{errc::not_found, "no accelerator is found: neither NVML, nor amdkfd, nor npu-smi lists one"};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICES_HPP
