// weir/run/cell_devices.hpp - the accelerators of a cell: leased, waited for, and seen empty afterwards. Needs simdjson
// and Linux.
#ifndef WEIR_RUN_CELL_DEVICES_HPP
#define WEIR_RUN_CELL_DEVICES_HPP

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/run/settings.hpp"
#include "weir/serve/device_lease.hpp"
#include "weir/serve/device_sources.hpp"
#include "weir/serve/lock_file.hpp"

namespace weir::inline v0 {

/// What the setting `devices` says: none, any that are free, or these.
struct device_choice {
  bool none = false;
  std::vector<std::string> named = {};
};
[[nodiscard]] inline device_choice device_choice_of(const settings& s) {
  device_choice choice;
  const auto text = s.text("devices");
  choice.none = text == "none";
  for (std::string_view rest = text; text != "auto" && text != "none" && !rest.empty();) {
    choice.named.emplace_back(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(choice.named.back().size() + 1, rest.size()));
  }
  return choice;
}

/// Devices of a cell's processes. Empty where the cell is to have none.
struct cell_devices {
  std::string locks;
  std::unique_ptr<device_source> source;
  std::vector<device_lease> leases;  ///< One for each process that is started.

  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> out;
    for (const auto& lease : leases)
      for (const auto& each : lease.devices) out.push_back(each.id);
    return out;
  }
  /// Waits until they are as they were. \return "empty", or what is still on them, or that nobody can tell.
  [[nodiscard]] std::string look_after() const {
    if (!source) return "none";
    for (const auto& lease : leases)
      if (const auto back = await_devices(*source, lease, locks); !back) return back.error().detail;
    return "empty";
  }
};

/// Calls `take` again each second while it fails with errc::busy and `patience_ns` has not passed.
/// \param waiting  told once what is waited for; \return false: give up. Called each time.
template <class Take>
auto take_when_free(Take&& take, std::int64_t patience_ns, const std::function<bool(const std::string&)>& waiting)
    -> decltype(take()) {
  for (const auto start = now_ns();;) {
    auto taken = take();
    if (taken || taken.error().code != errc::busy || now_ns() - start >= patience_ns || !waiting(taken.error().detail))
      return taken;
    for (int i = 0; i < 10 && waiting({}); ++i) ::usleep(100'000);
  }
}

/// Leases `groups` times `per_group` devices, waiting for those that others use.
/// \param waiting  as for take_when_free.
/// \return         errc::busy where they are not free in time, with who holds them; what lease_devices refuses.
[[nodiscard]] inline result<cell_devices> lease_cell_devices(const settings& s, std::size_t groups,
                                                             std::size_t per_group,
                                                             const std::function<bool(const std::string&)>& waiting) {
  cell_devices out;
  const auto choice = device_choice_of(s);
  if (choice.none || groups * per_group == 0) return out;
  auto source = open_device_source();
  if (!source && source.error().code == errc::not_found && choice.named.empty()) return out;
  if (!source) return source.error();
  auto locks = lock_directory();
  if (!locks) return locks.error();
  const left_wait none{.at_most_ns = 0};  // those of killed runs are waited for here, like any others
  auto leases = take_when_free([&] { return lease_devices(**source, {groups, per_group, choice.named}, *locks, none); },
                               s.duration_ns("device_wait"), waiting);
  if (!leases) return leases.error();
  out.locks = std::move(*locks);
  out.source = std::move(*source);
  out.leases = std::move(*leases);
  return out;
}

/// How many accelerators this machine has, as far as the environment shows them; 0: none, or nobody can tell.
[[nodiscard]] inline std::size_t devices_here() {
  const auto source = open_device_source();
  if (!source || (*source)->devices().empty()) return 0;
  const auto& all = (*source)->devices();
  return visible_devices(all, std::getenv(visibility_variable(all[0].maker))).size();
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_DEVICES_HPP
