// weir/serve/device_sources.hpp - whichever accelerators this machine has. Needs simdjson and Linux.
#ifndef WEIR_SERVE_DEVICE_SOURCES_HPP
#define WEIR_SERVE_DEVICE_SOURCES_HPP

#include <memory>
#include <string>

#include "weir/base/result.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/device_fixture.hpp"
#include "weir/serve/kfd.hpp"
#include "weir/serve/npu_smi.hpp"
#include "weir/serve/nvml.hpp"

namespace weir::inline v0 {

/// Opens the file that WEIR_DEVICES names, or the first vendor that has devices here: NVIDIA, AMD, Ascend.
/// \return  errc::not_found where there are none; what went wrong where a driver is there and does not work.
[[nodiscard]] inline result<std::unique_ptr<device_source>> open_device_source() {
  if (const auto file = variable("WEIR_DEVICES"); !file.empty()) return fixture_source::open(std::string(file));
  result<std::unique_ptr<device_source>> found = failure{errc::not_found, "no accelerator is found"};
  for (const auto open :
       {+[] { return nvml_source::open(); }, +[] { return kfd_source::open(); }, +[] { return npu_source::open(); }}) {
    found = open();
    if (found ? !(*found)->devices().empty() : found.error().code != errc::not_found) return found;
  }
  return failure{errc::not_found, "no accelerator is found: neither NVML, nor amdkfd, nor npu-smi lists one"};
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICE_SOURCES_HPP
