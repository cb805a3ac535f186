// weir/serve/device_sources.hpp - whichever accelerators this machine has, or a file says it has. Needs simdjson and
// Linux.
#ifndef WEIR_SERVE_DEVICE_SOURCES_HPP
#define WEIR_SERVE_DEVICE_SOURCES_HPP

#include <memory>
#include <string>

#include "weir/base/result.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/device_fixture.hpp"
#include "weir/serve/devices.hpp"

namespace weir::inline v0 {

/// Opens the file that WEIR_DEVICES names, or else what find_devices finds.
[[nodiscard]] inline result<std::unique_ptr<device_source>> open_device_source() {
  const auto file = variable("WEIR_DEVICES");
  return file.empty() ? find_devices() : fixture_source::open(std::string(file));
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICE_SOURCES_HPP
