// weir/serve/fleet.hpp - what N instances of an engine need before they can start: ports, directories, command lines.
// Needs simdjson and Linux.
#ifndef WEIR_SERVE_FLEET_HPP
#define WEIR_SERVE_FLEET_HPP

#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/loop.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/device_lease.hpp"
#include "weir/serve/device_sources.hpp"
#include "weir/serve/engine.hpp"
#include "weir/serve/gateway.hpp"
#include "weir/serve/http_health.hpp"
#include "weir/serve/instance.hpp"
#include "weir/serve/left_locks.hpp"
#include "weir/serve/placeholders.hpp"
#include "weir/serve/ports.hpp"
#include "weir/serve/run_directory.hpp"
#include "weir/serve/runs.hpp"

namespace weir::inline v0 {

/// What a person asks for.
struct fleet_spec {
  engine server;
  std::size_t count = 1;
  std::size_t first_index = 0;  ///< Number of the first instance, where it is one of several fleets.
  /// The name that others reach this machine by, for the endpoints: the instances then listen at all its addresses.
  /// Empty: they listen at 127.0.0.1.
  std::string advertise = {};
  std::optional<int> base_port = {};  ///< Instance i gets exactly base_port + i; without it, free ports from 8000 on.
  enum class device_use { none, free, named };  ///< No accelerator; any that are free; `devices`.
  device_use devices_from = device_use::none;
  std::vector<std::string> devices = {};
  std::size_t devices_per_instance = 1;
  std::string gateway = {};              ///< "haproxy" or "nginx": one port in front of all.
  std::optional<int> gateway_port = {};  ///< Without it: the first free one behind the instances' ports.
  std::string log_directory = "weir-logs";
  std::int64_t log_limit_bytes = 0;  ///< What a log may take on disk; 0: as much as it likes.
  std::int64_t ready_timeout_ns = 600'000'000'000;
  restart_policy restart = {};
};

/// One instance of a fleet, ready to start.
struct fleet_member {
  std::string name;  ///< "0"
  std::string url;   ///< "http://127.0.0.1:8000", as endpoints tell it.
  held_port port;
  std::optional<port_block> block;
  device_lease devices;
  std::string directory;  ///< Its own, within the run's.
  std::string log;
  process_spec process;
};

/// Everything that N instances hold while they serve. Their keepers hold ports and locks too, and longer if need be.
struct fleet {
  run_directory run;
  std::string locks;
  std::string remark;                     ///< What could not be had, and what was done instead; mostly empty.
  std::unique_ptr<device_source> source;  ///< Empty where the instances have no devices.
  std::vector<fleet_member> members;
  held_port gateway;  ///< Its port; number 0 where there is no gateway.
  std::vector<std::string> gateway_command;
};

namespace detail {

/// Locks for this user alone, where the directory for all users can't be had.
inline result<std::string> own_locks() {
  auto directory = runs_directory();
  if (!directory) return directory.error();
  std::string locks = *directory + "/new.locks";  // a name that no run has
  if (::mkdir(locks.c_str(), 0700) == 0 || errno == EEXIST) return locks;
  return io_failure("cannot make " + locks, errno);
}

inline result<std::vector<held_port>> fleet_ports(const fleet_spec& spec, const std::string& locks,
                                                  const left_wait& wait) {
  if (!spec.base_port) return hold_ports(spec.count, locks);
  std::vector<held_port> ports;
  for (std::size_t i = 0; i < spec.count; ++i) {
    auto port = hold_port(*spec.base_port + static_cast<int>(i), locks, wait);
    if (!port) return port.error();
    ports.push_back(std::move(*port));
  }
  return ports;
}

inline result<void> write_config(const std::string& from, const std::string& to, const placeholder_values& values) {
  const auto text = read_text_file(from);
  if (!text) return text.error();
  const auto filled = replace_placeholders(*text, values);
  if (!filled) return failure{filled.error().code, from + ": " + filled.error().detail};
  if (auto wrote = replace_text(to, *filled); !wrote) return wrote;
  ::chmod(to.c_str(), 0640);  // MindIE refuses a file that others may read
  return {};
}

/// The leases of all instances, with the source they are from; nothing where the instances are to have none.
inline result<std::vector<device_lease>> fleet_devices(const fleet_spec& spec, fleet& made, const left_wait& wait) {
  std::vector<device_lease> none(spec.count);
  if (spec.devices_from == fleet_spec::device_use::none) return none;
  auto source = open_device_source();
  if (!source) return source.error();
  made.source = std::move(*source);
  return lease_devices(*made.source, {spec.count, spec.devices_per_instance, spec.devices}, made.locks, wait);
}

/// Fills in the command, the environment and the files of a member that has its ports, devices and directory.
inline result<void> fill_member(fleet_member& member, const fleet_spec& spec, std::size_t index,
                                const run_directory& run) {
  placeholder_values values{.port = member.port.number,
                            .index = static_cast<int>(index),
                            .block = member.block ? member.block->first : 0,
                            .devices = {},
                            .dir = member.directory,
                            .host = spec.advertise.empty() ? "127.0.0.1" : "0.0.0.0"};
  for (const auto& each : member.devices.devices)
    values.devices += (values.devices.empty() ? "" : ",") + std::to_string(each.index);
  auto words = spec.server.command;
  if (spec.devices_per_instance > 1 && !spec.server.parallel_flag.empty())
    words.insert(words.end(), {spec.server.parallel_flag, std::to_string(spec.devices_per_instance)});
  for (const auto& word : words) {
    auto filled = replace_placeholders(word, values);
    if (!filled) return filled.error();
    member.process.argv.push_back(std::move(*filled));
  }
  // An engine that is told its devices in a file counts them as the vendor's tool does: nothing may be hidden from it.
  if (spec.server.config.empty()) member.process.variables = device_variables(member.devices.devices);
  for (const auto& [name, value] : spec.server.variables) {
    auto filled = replace_placeholders(value, values);
    if (!filled) return filled.error();
    member.process.variables.emplace_back(name, std::move(*filled));
  }
  member.process.variables.emplace_back("WEIR_RUN", run.name());
  member.process.variables.emplace_back("WEIR_INSTANCE", std::to_string(index));
  member.process.log = member.log;
  member.process.held = {member.port.socket.get(), member.port.claim.get(), member.port.lock.fd(), run.lock_fd()};
  if (member.block) member.process.held.push_back(member.block->lock.fd());
  for (const auto& lock : member.devices.locks) member.process.held.push_back(lock.fd());
  if (spec.server.config.empty()) return {};
  return write_config(spec.server.config, member.directory + "/config.json", values);
}

/// Takes the gateway's port and writes and checks its configuration.
inline result<void> take_gateway(const fleet_spec& spec, fleet& made, const left_wait& wait) {
  if (spec.gateway.empty()) return {};
  const int next = made.members.back().port.number + 1;
  result<held_port> port = failure{errc::busy, ""};
  if (spec.gateway_port || spec.base_port)
    port = hold_port(spec.gateway_port.value_or(next), made.locks, wait);
  else if (auto free = hold_ports(1, made.locks, next); free)
    port = std::move(free->front());
  else
    port = free.error();
  if (!port) return failure{port.error().code, "the gateway: " + port.error().detail};
  made.gateway = std::move(*port);
  gateway_spec wanted{made.gateway.number, made.run.path(), spec.server.ready.health, {}};
  for (std::size_t i = 0; i < made.members.size(); ++i)
    wanted.backends.push_back({"i" + std::to_string(i), made.members[i].port.number});
  auto program = make_gateway(spec.gateway, wanted);
  if (auto wrote = replace_text(program.file, program.config); !wrote) return wrote;
  const auto checked = capture_output(std::move(program.check), 20'000'000'000);
  if (!checked) return failure{checked.error().code, "the gateway: " + checked.error().detail};
  made.gateway_command = std::move(program.start);
  return {};
}

}  // namespace detail

/// Takes what the instances need, all or nothing.
/// \param wait  for ports and devices that are held for runs that are gone.
/// \return  errc::busy for a port or a device in use, with its holder; errc::invalid_argument for an unknown
/// placeholder,
///          or more instances than devices; errc::not_found for a device; errc::io for directories.
[[nodiscard]] inline result<fleet> make_fleet(const fleet_spec& spec, const left_wait& wait = {}) {
  std::string remark;
  auto locks = lock_directory();
  if (!locks) {
    remark = locks.error().detail + ": only this user's runs are kept apart";
    locks = detail::own_locks();
  }
  if (!locks) return locks.error();
  auto run = run_directory::make();
  if (!run) return run.error();
  std::error_code error;
  std::filesystem::create_directories(spec.log_directory, error);
  if (!error && ::access(spec.log_directory.c_str(), W_OK | X_OK) != 0) error.assign(errno, std::generic_category());
  if (error) return failure{errc::io, "cannot use the log directory " + spec.log_directory + ": " + error.message()};
  auto ports = detail::fleet_ports(spec, *locks, wait);
  if (!ports) return ports.error();

  fleet made{std::move(*run), std::move(*locks), std::move(remark), nullptr, {}, {}, {}};
  auto devices = detail::fleet_devices(spec, made, wait);
  if (!devices) return devices.error();
  for (std::size_t i = 0; i < spec.count; ++i) {
    fleet_member member;
    member.port = std::move((*ports)[i]);
    member.devices = std::move((*devices)[i]);
    if (spec.server.uses_block()) {
      auto block = take_port_block(made.locks);
      if (!block) return block.error();
      member.block = std::move(*block);
    }
    const std::size_t number = spec.first_index + i;
    member.name = std::to_string(number);
    member.url =
        "http://" + (spec.advertise.empty() ? "127.0.0.1" : spec.advertise) + ":" + std::to_string(member.port.number);
    member.directory = made.run.path() + "/i" + member.name;
    if (::mkdir(member.directory.c_str(), 0700) != 0) return io_failure("cannot make " + member.directory, errno);
    member.log = spec.log_directory + "/" + spec.server.name + "_rank" + member.name + "_port" +
                 std::to_string(member.port.number) + ".log";
    if (auto filled = detail::fill_member(member, spec, number, made.run); !filled) return filled.error();
    made.members.push_back(std::move(member));
  }
  if (auto taken = detail::take_gateway(spec, made, wait); !taken) return taken.error();
  return made;
}

/// The spec of member `i` for a supervisor on `on`; `buffer` is shared by all probes. `from` must outlive the instance.
[[nodiscard]] inline instance_spec member_spec(const fleet& from, const fleet_spec& asked, std::size_t i, loop& on,
                                               receive_buffer& buffer) {
  instance_spec spec;
  spec.name = from.members[i].name;
  spec.process = from.members[i].process;
  if (asked.server.ready.asks)
    spec.judge = [&on, &buffer, port = from.members[i].port.number, rule = asked.server.ready](health_user& user) {
      return std::make_unique<http_health>(on, buffer, port, rule, user);
    };
  spec.ready_timeout_ns = asked.ready_timeout_ns;
  spec.grace_ns = asked.server.grace_ns;
  spec.restart = asked.restart;
  if (from.source)
    spec.vacant = [&from, i] { return look_at_devices(*from.source, from.members[i].devices, from.locks); };
  return spec;
}

/// The spec of the gateway, to be started when all members are ready: before, it would count them as broken.
[[nodiscard]] inline instance_spec gateway_instance(const fleet& from, const fleet_spec& asked, loop& on,
                                                    receive_buffer& buffer) {
  instance_spec spec;
  spec.name = "gateway";
  spec.process.argv = from.gateway_command;
  spec.process.variables = {{"WEIR_RUN", from.run.name()}, {"WEIR_INSTANCE", spec.name}};
  spec.process.log = asked.log_directory + "/" + asked.gateway + "_port" + std::to_string(from.gateway.number) + ".log";
  spec.process.held = {from.gateway.socket.get(), from.gateway.claim.get(), from.gateway.lock.fd(), from.run.lock_fd()};
  const auto& ready = asked.server.ready;
  const ready_rule rule{ready.models.empty() ? ready.health : ready.models, {}, {}, {}};
  spec.judge = [&on, &buffer, port = from.gateway.number, rule](health_user& user) {
    return std::make_unique<http_health>(on, buffer, port, rule, user);
  };
  spec.ready_timeout_ns = 30'000'000'000;
  spec.restart = asked.restart;
  return spec;
}

/// What is written down of member `i` while it is kept as `now`.
[[nodiscard]] inline run_instance member_state(const fleet& from, std::size_t i, const instance& now) {
  const auto& member = from.members[i];
  std::string devices;
  for (const auto& each : member.devices.devices) devices += (devices.empty() ? "" : ",") + std::to_string(each.index);
  const auto* running = now.running();
  return {now.spec().name,
          std::string(state_name(now.state())),
          member.url,
          member.log,
          running ? running->cgroup_path() : "",
          std::move(devices),
          running ? running->state().pid : 0};
}

/// Appends the endpoint record of member `i`, which serves `model`:
/// {"type":"endpoint","instance":"0","base_url":"http://127.0.0.1:8000","model":"m","port":8000,"devices":[]}
/// Behind a gateway its type is "backend", for readers of endpoints to pass over.
inline void append_endpoint(std::string& out, const fleet& from, std::size_t i, std::string_view model) {
  const auto& member = from.members[i];
  json_writer json(out);
  json.begin_object().field("type", from.gateway.number > 0 ? "backend" : "endpoint");
  json.field("instance", member.name).field("base_url", member.url).field("model", model);
  json.field("port", member.port.number).key("devices").begin_array();
  for (const auto& each : member.devices.devices) json.value(each.id);
  json.end_array().end_object();
  out.push_back('\n');
}

/// Appends the gateway's endpoint record.
inline void append_gateway(std::string& out, const fleet& from, std::string_view model) {
  json_writer json(out);
  json.begin_object().field("type", "endpoint").field("instance", "gateway");
  json.field("base_url", "http://127.0.0.1:" + std::to_string(from.gateway.number)).field("model", model);
  json.field("port", from.gateway.number).end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_FLEET_HPP
