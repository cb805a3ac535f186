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
#include "weir/net/connection.hpp"
#include "weir/net/loop.hpp"
#include "weir/serve/engine.hpp"
#include "weir/serve/http_health.hpp"
#include "weir/serve/instance.hpp"
#include "weir/serve/placeholders.hpp"
#include "weir/serve/ports.hpp"
#include "weir/serve/run_directory.hpp"
#include "weir/serve/text_file.hpp"

namespace weir::inline v0 {

/// What a person asks for.
struct fleet_spec {
  engine server;
  std::size_t count = 1;
  std::optional<int> base_port = {};  ///< Instance i gets exactly base_port + i; without it, free ports from 8000 on.
  std::string log_directory = "weir-logs";
  std::int64_t ready_timeout_ns = 600'000'000'000;
  restart_policy restart = {};
};

/// One instance of a fleet, ready to start.
struct fleet_member {
  held_port port;
  std::optional<port_block> block;
  std::string directory;  ///< Its own, within the run's.
  std::string log;
  process_spec process;
};

/// Everything that N instances hold while they serve. Their keepers hold ports and locks too, and longer if need be.
struct fleet {
  run_directory run;
  std::string locks;
  std::vector<fleet_member> members;
};

namespace detail {

inline result<std::vector<held_port>> fleet_ports(const fleet_spec& spec, const std::string& locks) {
  if (!spec.base_port) return hold_ports(spec.count, locks);
  std::vector<held_port> ports;
  for (std::size_t i = 0; i < spec.count; ++i) {
    auto port = hold_port(*spec.base_port + static_cast<int>(i), locks);
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

/// Fills in the command, the environment and the files of a member that has its ports and its directory.
inline result<void> fill_member(fleet_member& member, const engine& server, std::size_t index,
                                const run_directory& run) {
  const placeholder_values values{
      member.port.number, static_cast<int>(index), member.block ? member.block->first : 0, {}, member.directory};
  for (const auto& word : server.command) {
    auto filled = replace_placeholders(word, values);
    if (!filled) return filled.error();
    member.process.argv.push_back(std::move(*filled));
  }
  for (const auto& [name, value] : server.variables) {
    auto filled = replace_placeholders(value, values);
    if (!filled) return filled.error();
    member.process.variables.emplace_back(name, std::move(*filled));
  }
  member.process.variables.emplace_back("WEIR_RUN", run.name());
  member.process.variables.emplace_back("WEIR_INSTANCE", std::to_string(index));
  member.process.log = member.log;
  member.process.held = {member.port.socket.get(), member.port.lock.fd(), run.lock_fd()};
  if (member.block) member.process.held.push_back(member.block->lock.fd());
  if (server.config.empty()) return {};
  return write_config(server.config, member.directory + "/config.json", values);
}

}  // namespace detail

/// Takes what the instances need, all or nothing.
/// \return  errc::busy for a port in use, with its holder; errc::invalid_argument for an unknown placeholder;
///          errc::io for directories.
[[nodiscard]] inline result<fleet> make_fleet(const fleet_spec& spec) {
  auto locks = lock_directory();
  if (!locks) return locks.error();
  auto run = run_directory::make();
  if (!run) return run.error();
  std::error_code error;
  std::filesystem::create_directories(spec.log_directory, error);
  if (error) return failure{errc::io, "cannot make the log directory " + spec.log_directory + ": " + error.message()};
  auto ports = detail::fleet_ports(spec, *locks);
  if (!ports) return ports.error();

  fleet made{std::move(*run), std::move(*locks), {}};
  for (std::size_t i = 0; i < spec.count; ++i) {
    fleet_member member;
    member.port = std::move((*ports)[i]);
    if (spec.server.uses_block()) {
      auto block = take_port_block(made.locks);
      if (!block) return block.error();
      member.block = std::move(*block);
    }
    member.directory = made.run.path() + "/i" + std::to_string(i);
    if (::mkdir(member.directory.c_str(), 0700) != 0) return io_failure("cannot make " + member.directory, errno);
    member.log = spec.log_directory + "/" + spec.server.name + "_rank" + std::to_string(i) + "_port" +
                 std::to_string(member.port.number) + ".log";
    if (auto filled = detail::fill_member(member, spec.server, i, made.run); !filled) return filled.error();
    made.members.push_back(std::move(member));
  }
  return made;
}

/// The spec of member `i` for a supervisor on `on`; `buffer` is shared by all probes.
[[nodiscard]] inline instance_spec member_spec(const fleet& from, const fleet_spec& asked, std::size_t i, loop& on,
                                               receive_buffer& buffer) {
  instance_spec spec;
  spec.name = std::to_string(i);
  spec.process = from.members[i].process;
  spec.judge = [&on, &buffer, port = from.members[i].port.number, rule = asked.server.ready](health_user& user) {
    return std::make_unique<http_health>(on, buffer, port, rule, user);
  };
  spec.ready_timeout_ns = asked.ready_timeout_ns;
  spec.grace_ns = asked.server.grace_ns;
  spec.restart = asked.restart;
  return spec;
}

/// Appends the endpoint record of member `i`, which serves `model`:
/// {"type":"endpoint","instance":"0","base_url":"http://127.0.0.1:8000","model":"m","port":8000,"devices":[]}
inline void append_endpoint(std::string& out, const fleet& from, std::size_t i, std::string_view model) {
  const int port = from.members[i].port.number;
  json_writer json(out);
  json.begin_object().field("type", "endpoint").field("instance", std::to_string(i));
  json.field("base_url", "http://127.0.0.1:" + std::to_string(port));
  json.field("model", model).field("port", port).key("devices").begin_array().end_array().end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_FLEET_HPP
