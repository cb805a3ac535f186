// weir/observe/power.hpp - the energy that a host's processors take, by the kernel's RAPL counters. Needs Linux.
//
// Source: the Linux kernel's Documentation/power/powercap/powercap.rst. A zone is a socket ("package-0") or the whole
// board ("psys"); its parts (cores, memory) are in it already. Since Linux 5.10 only root may read the counters.
#ifndef WEIR_OBSERVE_POWER_HPP
#define WEIR_OBSERVE_POWER_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"

namespace weir::inline v0 {

/// The energy counters of a host's sockets, added up from when this was opened.
///
///     auto rapl = weir::rapl_counter::open();
///     if (!rapl) say(rapl.error().detail);                  // no such counters, or not root
///     auto joules = rapl->joules();                         // since open()
///
/// A counter starts again from 0 every few minutes to hours of load; ask at least once a minute.
class rapl_counter {
 public:
  /// \param sys  where sysfs is mounted.
  /// \return     errc::not_found where the host has no such counters, errc::io where they may not be read.
  [[nodiscard]] static result<rapl_counter> open(const std::string& sys = "/sys") {
    rapl_counter counter;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(sys + "/class/powercap", none)) {
      const std::string path = entry.path().string();
      const auto name = read_text_file(path + "/name");
      if (name && name->starts_with("package-"))
        counter.zones_.push_back({path, 0, number_of(path + "/max_energy_range_uj")});
    }
    if (counter.zones_.empty())
      return failure{errc::not_found, "this host has no RAPL counters (" + sys + "/class/powercap)"};
    for (auto& each : counter.zones_)
      if (each.last_uj = number_of(each.path + "/energy_uj"); each.last_uj == unread)
        return failure{errc::io, "the energy counter " + each.path + "/energy_uj can't be read: that takes root"};
    return counter;
  }

  /// \return  what all sockets took since open(); errc::io where a counter can't be read any more.
  [[nodiscard]] result<double> joules() {
    for (auto& each : zones_) {
      const auto now = number_of(each.path + "/energy_uj");
      if (now == unread) return failure{errc::io, each.path + "/energy_uj can't be read any more"};
      sum_uj_ += now >= each.last_uj ? now - each.last_uj : now + (each.range_uj - each.last_uj);
      each.last_uj = now;
    }
    return static_cast<double>(sum_uj_) / 1e6;
  }

  [[nodiscard]] std::size_t sockets() const noexcept { return zones_.size(); }

 private:
  static constexpr std::uint64_t unread = ~std::uint64_t{0};
  struct zone {
    std::string path;
    std::uint64_t last_uj, range_uj;
  };

  static std::uint64_t number_of(const std::string& file) {
    const auto text = read_text_file(file);
    std::uint64_t number = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{}) return unread;
    return number;
  }

  std::vector<zone> zones_;
  std::uint64_t sum_uj_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_OBSERVE_POWER_HPP
