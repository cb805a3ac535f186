// weir/serve/device_lease.hpp - devices that belong to one run until nothing of it is left on them. Needs Linux.
#ifndef WEIR_SERVE_DEVICE_LEASE_HPP
#define WEIR_SERVE_DEVICE_LEASE_HPP

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/units.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/device_groups.hpp"
#include "weir/serve/left_locks.hpp"
#include "weir/serve/lock_file.hpp"

namespace weir::inline v0 {

/// Devices of one instance, locked for all runs of this machine.
struct device_lease {
  std::vector<device> devices;
  std::vector<std::size_t> places;         ///< In the source's list.
  std::vector<std::uint64_t> used_before;  ///< Bytes in use when it was taken.
  std::vector<lock_file> locks;            ///< For the keeper to hold too.
};

/// What is asked for.
struct device_request {
  std::size_t instances = 1, per_instance = 1;
  std::vector<std::string> wanted = {};  ///< The first of these, in this order; empty: any that are free.

  [[nodiscard]] std::size_t devices() const noexcept { return instances * per_instance; }
  [[nodiscard]] std::string need() const {
    return std::to_string(instances) + " instances of " + std::to_string(per_instance) + " need " +
           std::to_string(devices()) + " devices";
  }
};

namespace detail {

inline std::string megabytes(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

inline std::string device_file(const std::string& locks, const device& d, std::string_view suffix) {
  std::string name = d.id;
  std::replace(name.begin(), name.end(), '/', '_');
  return locks + "/device-" + name + std::string(suffix);
}

/// Who computes on a device, in words; empty where nobody does.
inline std::string device_users(const std::vector<device_process>& users) {
  std::string who;
  for (const auto& each : users) {
    who += who.empty() ? "" : ", ";
    who += each.pid > 0 ? describe_process(each.pid) : "a process that can't be seen from here (another container?)";
    if (each.bytes > 0) who += " with " + megabytes(each.bytes);
  }
  return who;
}

/// The debt of a device: what it may use at most before it is lent again, and why it may be more now. It is written
/// when the device is lent and struck out when its memory is seen back, so a supervisor that is killed in between
/// leaves it to whoever asks next: the driver frees memory up to seconds after the processes are gone.
struct device_debt {
  std::uint64_t limit = 0;
  std::string why;

  static std::string file(const std::string& locks, const device& d) { return device_file(locks, d, ".quarantine"); }
  void write(const std::string& locks, const device& d) const {
    (void)replace_text(file(locks, d), std::to_string(limit) + " " + why);
  }
  static std::optional<device_debt> read(const std::string& locks, const device& d) {
    const auto text = read_text_file(file(locks, d));
    if (!text) return std::nullopt;
    const auto blank = std::min(text->find(' '), text->size());
    const auto limit = parse_number<std::uint64_t>(text->substr(0, blank));
    if (!limit) return std::nullopt;  // written by something else
    return device_debt{*limit, text->substr(std::min(blank + 1, text->size()))};
  }
};

/// Takes one device: its lock, nobody on it, and its memory back from whoever had it before.
inline result<lock_file> take_device(const device_source& source, std::size_t at, const std::string& locks,
                                     std::int64_t patience_ns, std::uint64_t& used_before) {
  const auto& about = source.devices()[at];
  const std::string who = "device " + std::to_string(about.index) + " (" + about.id + ")";
  auto lock = lock_file::take(device_file(locks, about, ".lock"));
  if (!lock) return failure{lock.error().code, who + " is " + lock.error().detail};
  const auto debt = device_debt::read(locks, about);
  for (const auto start = now_ns();; ::usleep(20'000)) {
    const auto now = source.use(at);
    if (!now) return failure{now.error().code, who + ": " + now.error().detail};
    const bool late = now_ns() - start > patience_ns;
    const auto users = source.users(at, *now);
    const bool seen = std::any_of(users.begin(), users.end(), [](const device_process& each) { return each.pid > 0; });
    if (!users.empty() && (!debt || (late && seen)))
      return failure{errc::busy, who + " is used by " + device_users(users)};
    used_before = now->used_bytes;
    if (!debt || (users.empty() && now->used_bytes <= debt->limit)) break;
    if (late)
      return failure{errc::busy, who + " is quarantined: " + debt->why + " (" + megabytes(used_before) +
                                     " in use now; to have it all the same, name it in " +
                                     visibility_variable(about.maker) + " and lease no device)"};
  }
  if (debt) used_before = std::min(used_before, debt->limit - std::min(debt->limit, memory_slack(about)));
  return lock;
}

/// The devices to choose from: the first that are wanted, else all that are visible.
inline result<std::vector<std::size_t>> lease_candidates(const device_source& source, const device_request& asked) {
  const auto& all = source.devices();
  const auto visible = visible_devices(all, all.empty() ? nullptr : std::getenv(visibility_variable(all[0].maker)));
  std::vector<std::size_t> candidates;
  for (const auto& name : asked.wanted) {
    const auto found = find_device(all, name);
    if (!found) return found.error();
    if (std::find(visible.begin(), visible.end(), *found) == visible.end())
      return failure{errc::not_found, "device " + name + " is hidden by " + visibility_variable(all[0].maker)};
    if (std::find(candidates.begin(), candidates.end(), *found) != candidates.end())
      return failure{errc::invalid_argument, "device " + name + " is named twice"};
    candidates.push_back(*found);
  }
  if (asked.wanted.empty()) candidates = visible;
  if (candidates.size() < asked.devices())
    return failure{errc::invalid_argument, asked.need() + ", but there are " + std::to_string(candidates.size())};
  if (!asked.wanted.empty()) candidates.resize(asked.devices());
  return candidates;
}

/// lease_devices as things are now. Where it would do if runs that are gone held no device, those are noted in `left`.
inline result<std::vector<device_lease>> lease_now(const device_source& source, const device_request& asked,
                                                   const std::vector<std::size_t>& candidates, const std::string& locks,
                                                   std::int64_t patience_ns, left_locks& left) {
  result<lock_file> choosing = failure{errc::busy, ""};
  for (const auto start = now_ns(); !choosing && now_ns() - start < 30'000'000'000; ::usleep(1000))
    if (choosing = lock_file::take(locks + "/devices.lock"); choosing || choosing.error().code != errc::busy) break;
  if (!choosing) return choosing.error();

  const auto& all = source.devices();
  std::map<std::size_t, std::pair<lock_file, std::uint64_t>> taken;
  std::string refused;
  for (const auto at : candidates) {
    std::uint64_t used = 0;
    auto lock = take_device(source, at, locks, patience_ns, used);
    if (lock) {
      taken.emplace(at, std::pair(std::move(*lock), used));
      continue;
    }
    refused += "\n  " + lock.error().detail;
    left.note("device " + std::to_string(all[at].index), device_file(locks, all[at], ".lock"));
  }
  if (taken.size() + left.size() < asked.devices()) left.clear();
  std::vector<std::size_t> free;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(free),
               [&](std::size_t at) { return taken.contains(at); });
  // What was named is dealt in the order it was named in; what is chosen, is chosen by its links.
  std::vector<std::vector<std::size_t>> groups;
  if (asked.wanted.empty())
    groups = choose_groups(source, free, asked.per_instance, asked.instances);
  else
    for (std::size_t i = 0; free.size() == candidates.size() && i < free.size(); i += asked.per_instance)
      groups.emplace_back(free.begin() + static_cast<std::ptrdiff_t>(i),
                          free.begin() + static_cast<std::ptrdiff_t>(i + asked.per_instance));
  if (groups.size() < asked.instances)
    return failure{errc::busy, asked.need() + ", but only " + std::to_string(free.size()) + " are free:" + refused};

  std::vector<device_lease> leases;
  for (auto& group : groups) {
    auto& lease = leases.emplace_back();
    for (const auto at : group) {
      device_debt{taken.at(at).second + memory_slack(all[at]),
                  "its memory was not seen back after " + describe_process(::getpid()) + " had it"}
          .write(locks, all[at]);
      lease.devices.push_back(all[at]);
      lease.used_before.push_back(taken.at(at).second);
      lease.locks.push_back(std::move(taken.at(at).first));
    }
    lease.places = std::move(group);
  }
  return leases;
}

}  // namespace detail

/// Leases devices for all instances or for none.
///
/// The lock of each device is a file in `locks`, held by this program and by the keepers that it is handed to, so it
/// outlives a killed supervisor exactly until nothing is left on the device. A second lock is held while choosing, so
/// that two runs do not each take what the other one needs.
///
/// \param wait         for devices that are locked for runs that are gone; one of a run that lives is not waited for.
/// \param patience_ns  how long a device is then waited for until its memory is back.
/// \return  errc::not_found for a device that is not there; errc::invalid_argument where fewer are asked for than
/// needed;
///          errc::busy where not enough are free, saying who holds each.
[[nodiscard]] inline result<std::vector<device_lease>> lease_devices(const device_source& source,
                                                                     const device_request& asked,
                                                                     const std::string& locks,
                                                                     const left_wait& wait = {},
                                                                     std::int64_t patience_ns = 2'000'000'000) {
  const auto candidates = detail::lease_candidates(source, asked);
  if (!candidates) return candidates.error();
  const auto take = [&](left_locks& left) {
    return detail::lease_now(source, asked, *candidates, locks, patience_ns, left);
  };
  return take_when_left(take, wait);
}

/// Looks whether a lease's devices are as they were before: nobody on them, their memory back. What is back is struck
/// from the debts, what is not is written down, and then refused to later runs until it is.
/// \return  errc::busy, naming who holds what.
[[nodiscard]] inline result<void> look_at_devices(const device_source& source, const device_lease& lease,
                                                  const std::string& locks) {
  for (std::size_t i = 0; i < lease.places.size(); ++i) {
    const auto& about = lease.devices[i];
    const detail::device_debt debt{lease.used_before[i] + memory_slack(about), ""};
    const auto now = source.use(lease.places[i]);
    if (!now) return now.error();
    const auto users = source.users(lease.places[i], *now);
    if (users.empty() && now->used_bytes <= debt.limit) {
      ::unlink(detail::device_debt::file(locks, about).c_str());
      continue;
    }
    const auto who = detail::device_users(users);
    const std::string why = detail::megabytes(now->used_bytes) + " are still in use, " +
                            detail::megabytes(lease.used_before[i]) + " were before" +
                            (who.empty() ? "; no process is seen to hold them" : ": " + who);
    detail::device_debt{debt.limit, why}.write(locks, about);
    return failure{errc::busy, "device " + std::to_string(about.index) + " (" + about.id + "): " + why};
  }
  return {};
}

/// look_at_devices, until they are back. Call it when nothing is left of the instance, before the lease is let go.
/// \return  errc::busy where that does not happen in time.
[[nodiscard]] inline result<void> await_devices(const device_source& source, const device_lease& lease,
                                                const std::string& locks, std::int64_t timeout_ns = 10'000'000'000) {
  for (const auto start = now_ns();; ::usleep(20'000))
    if (auto back = look_at_devices(source, lease, locks);
        back || back.error().code != errc::busy || now_ns() - start >= timeout_ns)
      return back;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICE_LEASE_HPP
