// tools/serve_flags.hpp - weir-serve-many's command line as the fleet that it asks for.
#ifndef WEIR_TOOLS_SERVE_FLAGS_HPP
#define WEIR_TOOLS_SERVE_FLAGS_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "cli.hpp"
#include "weir/base/host_name.hpp"
#include "weir/record/run.hpp"
#include "weir/serve/fleet.hpp"

namespace weir::tool {

inline result<restart_policy> given_restart(std::string_view text) {
  restart_policy policy;
  if (text == "no") return policy;
  policy.limit = 3;
  if (text == "on-failure") return policy;
  if (!text.starts_with("on-failure:"))
    return failure{errc::invalid_argument, "--restart: no, on-failure or on-failure:K"};
  const auto limit = parse_number<unsigned short>(text.substr(11));
  if (!limit) return failure{errc::invalid_argument, "--restart: " + limit.error().detail};
  policy.limit = *limit;
  return policy;
}

/// Which devices the instances get.
inline result<void> give_devices(const arguments& args, fleet_spec& fleet) {
  using use = fleet_spec::device_use;
  const auto text = args.get("devices", fleet.server.wants_devices ? "auto" : "none");
  for (std::string_view rest = text; text != "auto" && text != "none" && !rest.empty();) {
    fleet.devices.emplace_back(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(fleet.devices.back().size() + 1, rest.size()));
  }
  const auto per =
      args.number<std::size_t>("devices-per-instance", std::max<std::size_t>(fleet.devices.size() / fleet.count, 1));
  if (!per) return per.error();
  if (*per == 0)
    return failure{errc::invalid_argument, "--devices-per-instance must be at least 1; --devices none for none"};
  fleet.devices_per_instance = *per;
  fleet.devices_from = text == "none" ? use::none : text == "auto" ? use::free : use::named;
  if (const auto used = fleet.count * *per; used < fleet.devices.size())
    say("--devices names " + std::to_string(fleet.devices.size()) + "; the instances take the first " +
        std::to_string(used) + " (--devices-per-instance gives each more)");
  if (args.has("devices") || fleet.devices_from == use::none) return {};
  const auto found = open_device_source();  // nobody asked: a machine without any is no error
  if (!found && found.error().code != errc::not_found) return found.error();
  if (!found) fleet.devices_from = use::none, say("no accelerator is found: the instances run without");
  return {};
}

inline result<fleet_spec> given_fleet(const arguments& args) {
  auto engine = make_engine(args.get("engine"), args.rest());
  if (!engine) return engine.error();
  const auto count = args.number<unsigned short>("instances", 1);
  if (!count) return count.error();
  if (*count == 0) return failure{errc::invalid_argument, "-n must be at least 1"};
  const auto port = args.number<int>("base-port", 0);
  if (!port) return port.error();
  const auto timeout = args.duration_ns("ready-timeout", 600'000'000'000);
  if (!timeout) return timeout.error();
  const auto grace = args.duration_ns("grace", engine->grace_ns);
  if (!grace) return grace.error();
  const auto restart = given_restart(args.get("restart", "no"));
  if (!restart) return restart.error();
  engine->grace_ns = *grace;
  const auto ready = args.get("ready", "token");
  if (ready != "token") engine->ready.generate.clear();
  if (ready == "start") engine->ready.asks = false;
  if (ready == "connect" || ready == "health") engine->ready.models.clear();
  if (ready == "connect") engine->ready.health.clear();
  fleet_spec fleet{*std::move(engine), *count};
  if (args.has("base-port")) fleet.base_port = *port;
  if (args.get("gateway", "none") != "none") fleet.gateway = args.get("gateway");
  const auto gateway_port = args.number<int>("gateway-port", 0);
  if (!gateway_port) return gateway_port.error();
  if (args.has("gateway-port")) fleet.gateway_port = *gateway_port;
  const auto first = args.number<unsigned short>("first-index", 0);
  if (!first) return first.error();
  fleet.first_index = *first;
  if (args.has("advertise")) fleet.advertise = args.get("advertise") == "auto" ? host_name() : args.get("advertise");
  if (!fleet.advertise.empty() && !fleet.gateway.empty())
    return failure{errc::invalid_argument,
                   "--gateway stands before instances of this machine, and does not go with "
                   "--advertise"};
  fleet.log_directory = args.get("log-dir", "weir-logs");
  const auto log_limit = args.number<std::uint32_t>("log-limit", 0);
  if (!log_limit) return log_limit.error();
  fleet.log_limit_bytes = std::int64_t{*log_limit} << 20;
  fleet.ready_timeout_ns = *timeout;
  fleet.restart = *restart;
  if (auto given = give_devices(args, fleet); !given) return given.error();
  return fleet;
}

/// What the samples' file says of the run. The server's own words are left out: there may be a key among them.
inline run_record run_of(const fleet_spec& fleet) {
  run_record run{.tool = "weir-serve-many", .argv = {"weir-serve-many"}, .host = host_name(), .config = {}};
  run.config.emplace_back("instances", std::to_string(fleet.count));
  return run;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SERVE_FLAGS_HPP
