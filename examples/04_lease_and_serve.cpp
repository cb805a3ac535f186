// Gives a server a port of its own and, where this machine has any, a device of its own; then takes both back. Beside
// it on the same machine may run any number of its like, and weir-serve-many: none gets what another one has.
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "weir/serve/devices.hpp"
#include "weir/serve/ports.hpp"
#include "weir/serve/process.hpp"

namespace {

int serve() {
  const auto locks = weir::lock_directory().value();
  auto port = std::move(weir::hold_ports(1, locks).value().front());
  weir::process_spec server{.argv = {"sh", "-c", "echo port $PORT, devices ${CUDA_VISIBLE_DEVICES:-none}; sleep 1234"}};
  server.held = {port.socket.get(), port.lock.fd()};  // its keeper holds them too, until nothing of the server is left

  const auto source = weir::find_devices();
  std::vector<weir::device_lease> leases;
  if (source) leases = weir::lease_devices(**source, {.instances = 1, .per_instance = 1}, locks).value();
  for (const auto& lease : leases) {
    server.variables = weir::device_variables(lease.devices);
    for (const auto& lock : lease.locks) server.held.push_back(lock.fd());
  }
  server.variables.emplace_back("PORT", std::to_string(port.number));

  auto running = weir::process::start(server).value();
  running.wait(std::int64_t{500'000'000});  // a server that ends by itself ends this sooner
  running.stop(0);
  running.wait();
  for (const auto& lease : leases) weir::await_devices(**source, lease, locks).value();  // its memory is back
  return std::puts("nothing is left") < 0;
}

}  // namespace

int main() {
  try {
    return serve();
  } catch (const std::exception& trouble) {
    std::fprintf(stderr, "example: %s\n", trouble.what());
    return 2;
  }
}
