// weir/base/host_name.hpp - what this machine calls itself. Needs POSIX.
#ifndef WEIR_BASE_HOST_NAME_HPP
#define WEIR_BASE_HOST_NAME_HPP

#include <unistd.h>

#include <array>
#include <string>

namespace weir::inline v0 {

/// This machine's host name; empty where it can't be had.
[[nodiscard]] inline std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace weir::inline v0

#endif  // WEIR_BASE_HOST_NAME_HPP
