// nvml_check: devices, leases and memory on a machine with a real NVIDIA device. Prints what it sees; status 1 where
// something is not as it should be. Needs a driver; run by tests/device/run.
#include <dlfcn.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "weir/serve/device_lease.hpp"
#include "weir/serve/nvml.hpp"
#include "weir/serve/process.hpp"

namespace {

int failures = 0;

void expect(bool holds, const std::string& what) {
  std::printf("%s %s\n", holds ? "ok    " : "FAILED", what.c_str());
  failures += holds ? 0 : 1;
}

/// Takes memory of the first visible device and keeps it, through the driver's own interface.
[[noreturn]] void hold(std::size_t bytes) {
  void* cuda = ::dlopen("libcuda.so.1", RTLD_NOW);
  const auto call = [&](const char* name, auto... arguments) {
    const auto function = reinterpret_cast<int (*)(decltype(arguments)...)>(::dlsym(cuda, name));
    const int error = function ? function(arguments...) : -1;
    if (error != 0) std::printf("%s: error %d\n", name, error), std::exit(1);
  };
  int device = 0;
  void* context = nullptr;
  unsigned long long address = 0;
  call("cuInit", 0U);
  call("cuDeviceGet", &device, 0);
  call("cuDevicePrimaryCtxRetain", &context, device);
  call("cuCtxSetCurrent", context);
  call("cuMemAlloc_v2", &address, bytes);
  call("cuMemsetD8_v2", address, static_cast<unsigned char>(1), bytes);
  std::puts("holds");
  std::fflush(stdout);
  for (;;) ::pause();
}

/// A server whose worker, in a session of its own, holds the memory: as vLLM's engine does, but harder to find.
int serve(std::size_t bytes) {
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) hold(bytes);
    ::_exit(0);
  }
  for (;;) ::pause();
}

std::string text(const std::optional<double>& value) {
  return value ? std::to_string(*value) : "unknown";
}

std::uint64_t used(const weir::device_source& source) {
  return source.use(0).value().used_bytes;
}

/// Starts the server, waits until its memory is seen, kills it, and waits until the memory is back.
void round_trip(const weir::device_source& source, const std::string& locks, bool with_cgroup) {
  constexpr std::size_t bytes = std::size_t{20} << 30;
  auto leases = weir::lease_devices(source, {1, 1, {"0"}}, locks);
  if (!leases) return expect(false, leases.error().detail);
  weir::process_spec spec;
  spec.argv = {"/proc/self/exe", "serve", std::to_string(bytes)};
  spec.variables = weir::device_variables((*leases)[0].devices);
  spec.log = locks + "/log";
  spec.held = {(*leases)[0].locks[0].fd()};
  spec.use_cgroup = with_cgroup;
  auto server = weir::process::start(spec).value();
  const auto start = weir::now_ns();
  while (used(source) < (*leases)[0].used_before[0] + bytes && weir::now_ns() - start < 60'000'000'000)
    ::usleep(10'000);
  const auto now = source.use(0).value();
  expect(now.used_bytes >= bytes, "the worker's memory is seen: " + weir::detail::megabytes(now.used_bytes));
  if (now.processes.empty())  // as in a container with a process namespace of its own
    std::puts("note   this driver shows no processes here: a device's users can't be named, its memory can be seen");
  else
    std::printf("ok     its process is named: %s\n", weir::detail::device_users(now).c_str());
  std::printf("       power %s W, energy %s J, cores busy %s %%\n", text(now.watts).c_str(), text(now.joules).c_str(),
              text(now.busy_percent).c_str());
  expect(now.watts && *now.watts > 0, "the driver tells the power drawn");
  expect(now.busy_percent.has_value(), "the driver tells how busy the cores are");
  expect(!weir::await_devices(source, (*leases)[0], locks, 100'000'000), "the device is not back while it runs");

  const auto killed = weir::now_ns();
  server.stop(0);
  server.wait();
  const auto gone = weir::now_ns();
  const auto back = weir::await_devices(source, (*leases)[0], locks);
  std::printf("       killed to gone %.3f s, to memory back %.3f s\n", double(gone - killed) / 1e9,
              double(weir::now_ns() - killed) / 1e9);
  expect(static_cast<bool>(back), "the device's memory is back" + (back ? "" : ": " + back.error().detail));
  leases->clear();
  leases = weir::lease_devices(source, {1, 1, {"0"}}, locks);
  expect(static_cast<bool>(leases), "it can be leased again" + (leases ? "" : ": " + leases.error().detail));
}

/// A stranger on the device: the lease is refused and says who it is.
void stranger(const weir::device_source& source, const std::string& locks) {
  weir::process_spec spec{.argv = {"/proc/self/exe", "hold", std::to_string(std::size_t{1} << 30)},
                          .log = locks + "/log2"};
  auto other = weir::process::start(spec).value();
  for (int i = 0; i < 1000 && source.use(0).value().used_bytes < (std::uint64_t{1} << 30); ++i) ::usleep(20'000);
  ::usleep(100'000);
  if (source.use(0).value().processes.empty()) return;  // said above
  const auto refused = weir::lease_devices(source, {1, 1, {"0"}}, locks);
  expect(!refused, "a device in use is refused: " + (refused ? "" : refused.error().detail));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "hold") hold(std::strtoull(argv[2], nullptr, 10));
  if (word == "serve") return serve(std::strtoull(argv[2], nullptr, 10));
  auto source = weir::nvml_source::open();
  if (!source) return std::printf("FAILED %s\n", source.error().detail.c_str()), 1;
  const auto& devices = (*source)->devices();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const auto& d = devices[i];
    std::printf("device %d: %s, %s, bus %s, NUMA %d, %s, links:", d.index, d.id.c_str(), d.name.c_str(), d.bus.c_str(),
                d.numa, weir::detail::megabytes(d.total_bytes).c_str());
    for (std::size_t j = 0; j < devices.size(); ++j)
      if (j != i) std::printf(" %d", (*source)->link(i, j));
    std::puts("");
  }
  expect(!devices.empty(), "there is a device");
  const std::string locks = (std::filesystem::temp_directory_path() / "weir-nvml-check").string();
  std::filesystem::create_directories(locks);
  round_trip(**source, locks, true);
  round_trip(**source, locks, false);
  stranger(**source, locks);
  return failures == 0 ? 0 : 1;
}
