// nvml_check DEVICES - devices, their links, leases, memory after a kill, power and load on a machine with at least
// DEVICES real NVIDIA devices, against nvidia-smi. Prints what it sees; status 1 where something is not as it should
// be. Needs a driver; run by tests/device/run.
#include <sys/wait.h>

#include <cctype>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "cuda_load.hpp"
#include "sample_check.hpp"
#include "smi.hpp"
#include "weir/serve/device_lease.hpp"
#include "weir/serve/nvml.hpp"
#include "weir/serve/process.hpp"

namespace {

using test::expect;
using places = std::vector<std::size_t>;
constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// A server whose workers, each in a session of its own, hold the memory: as vLLM's engine does, but harder to find.
int serve(std::size_t bytes, int devices) {
  for (int ordinal = 0; ordinal < devices; ++ordinal)
    if (::fork() == 0) {
      ::setsid();
      if (::fork() == 0) test::hold(ordinal, bytes);
      ::_exit(0);
    }
  for (;;) ::pause();
}

std::uint64_t used(const weir::device_source& source, std::size_t at) {
  return source.use(at).value().used_bytes;
}

template <class Holds>
bool within(double seconds, Holds&& holds) {
  for (const auto start = weir::now_ns(); !holds(); ::usleep(10'000))
    if (static_cast<double>(weir::now_ns() - start) > seconds * 1e9) return false;
  return true;
}

/// This program with other words, with a lease's devices and locks.
weir::process start(std::vector<std::string> words, const weir::device_lease& lease, const std::string& log,
                    bool with_cgroup = true) {
  weir::process_spec spec;
  words.insert(words.begin(), "/proc/self/exe");
  spec.argv = std::move(words);
  spec.variables = weir::device_variables(lease.devices);
  spec.log = log;
  for (const auto& lock : lease.locks) spec.held.push_back(lock.fd());
  spec.use_cgroup = with_cgroup;
  return weir::process::start(spec).value();
}

pid_t pid_of(weir::process& running) {
  within(10, [&] { return running.update().pid > 0; });
  return running.state().pid;
}

void check_list(const weir::device_source& source) {
  const auto theirs = test::ask_smi("index,uuid,name,pci.bus_id,memory.total");
  expect(theirs.size() == source.devices().size(), "nvidia-smi lists as many devices");
  for (std::size_t i = 0; i < source.devices().size() && i < theirs.size(); ++i) {
    const auto& d = source.devices()[i];
    std::printf("       %d %s, %s, bus %s, NUMA %d, %s\n", d.index, d.id.c_str(), d.name.c_str(), d.bus.c_str(), d.numa,
                weir::detail::megabytes(d.total_bytes).c_str());
    const auto& row = theirs[i];
    if (row.size() != 5) return expect(false, "nvidia-smi's row has five fields");
    std::string bus = row[3].size() > 12 ? row[3].substr(row[3].size() - 12) : row[3];
    for (char& c : bus) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    expect(row[0] == std::to_string(d.index) && row[1] == d.id && row[2] == d.name && bus == d.bus &&
               row[4] == std::to_string(d.total_bytes >> 20),
           "device " + row[0] + " is nvidia-smi's, to the MiB");
  }
}

/// "NV18" is 18 links; the others are NVML's common points in the machine, the nearer the better.
int link_of(const std::string& word) {
  if (word.starts_with("NV")) return std::atoi(word.c_str() + 2);
  for (const auto& [name, worth] : {std::pair("PIX", -10), {"PXB", -20}, {"PHB", -30}, {"NODE", -40}, {"SYS", -50}})
    if (word == name) return worth;
  return -1000;
}

void check_topology(const weir::device_source& source) {
  const auto count = source.devices().size();
  places all;
  int best = -1000;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(i);
    for (std::size_t j = 0; j < count; ++j) {
      if (i == j) continue;
      const auto theirs = test::smi_link(i, j);
      best = std::max(best, source.link(i, j));
      expect(source.link(i, j) == link_of(theirs), "from " + std::to_string(i) + " to " + std::to_string(j) + ": " +
                                                       std::to_string(source.link(i, j)) + ", nvidia-smi: " + theirs);
    }
  }
  for (std::size_t size = 1; size <= count; size *= 2) {
    std::string text;
    const auto groups = weir::choose_groups(source, all, size, count / size);
    for (const auto& group : groups) {
      text += " {";
      for (const auto at : group) text += (text.back() == '{' ? "" : " ") + std::to_string(at);
      text += "}";
    }
    expect(groups.size() == count / size, "groups of " + std::to_string(size) + ":" + text);
    if (size == 2) expect(source.link(groups[0][0], groups[0][1]) == best, "the first pair has the best link there is");
  }
}

/// Starts the server on the devices `wanted`, waits until its memory is seen on them and nowhere else, kills it, and
/// waits until the memory is back.
void round_trip(const weir::device_source& source, const std::string& locks, const std::vector<std::string>& wanted,
                bool with_cgroup) {
  constexpr std::size_t bytes = 20 * gib;
  auto leases = weir::lease_devices(source, {1, wanted.size(), wanted}, locks);
  if (!leases) return expect(false, leases.error().detail);
  const auto& lease = (*leases)[0];
  std::vector<std::uint64_t> before;
  for (std::size_t i = 0; i < source.devices().size(); ++i) before.push_back(used(source, i));
  auto server =
      start({"serve", std::to_string(bytes), std::to_string(wanted.size())}, lease, locks + "/log", with_cgroup);
  const auto has = [&](std::size_t at) { return used(source, at) >= before[at] + bytes; };
  for (const auto at : lease.places) {
    const bool seen = within(60, [&] { return has(at); });
    expect(seen, "the worker's memory is seen on device " + std::to_string(at) + ": " +
                     weir::detail::megabytes(used(source, at)) + ", before " + weir::detail::megabytes(before[at]));
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    if (std::find(lease.places.begin(), lease.places.end(), i) == lease.places.end())
      expect(!has(i), "and not on device " + std::to_string(i) + ": " + weir::detail::megabytes(used(source, i)));
  for (const auto at : lease.places) {
    const auto now = source.use(at).value();
    const auto users = source.users(at, now);
    std::printf("       NVML lists %zu processes; seen from here: %s\n", now.processes.size(),
                weir::detail::device_users(users).c_str());
    expect(users.size() == 1 && users[0].pid > 0, "its process is found");
  }
  expect(!weir::await_devices(source, lease, locks, 100'000'000), "the devices are not back while it runs");
  const auto killed = weir::now_ns();
  server.stop(0);
  server.wait();
  const auto gone = weir::now_ns();
  const auto back = weir::await_devices(source, lease, locks);
  std::printf("       killed to gone %.3f s, to memory back %.3f s (%s)\n", double(gone - killed) / 1e9,
              double(weir::now_ns() - killed) / 1e9, with_cgroup ? "a cgroup where one can be made" : "no cgroup");
  expect(static_cast<bool>(back), "the memory is back" + (back ? "" : ": " + back.error().detail));
  leases->clear();
  leases = weir::lease_devices(source, {1, wanted.size(), wanted}, locks);
  expect(static_cast<bool>(leases), "they can be leased again" + (leases ? "" : ": " + leases.error().detail));
}

/// A stranger on the first device: it is refused, and he is named. Others are given all the same.
void check_stranger(const weir::device_source& source, const std::string& locks) {
  const weir::device_lease nothing{{source.devices()[0]}, {}, {}, {}};
  auto other = start({"hold", std::to_string(4 * gib)}, nothing, locks + "/log2");
  expect(within(60, [&] { return used(source, 0) > 4 * gib; }), "a stranger holds 4 GiB of device 0");
  const auto refused = weir::lease_devices(source, {1, 1, {"0"}}, locks);
  const auto words = refused ? std::string("it is given") : refused.error().detail;
  expect(words.find("is used by pid " + std::to_string(pid_of(other)) + " (") != words.npos, words);
  if (source.devices().size() < 2) return;
  const auto second = weir::lease_devices(source, {1, 1, {}}, locks);
  expect(second && (*second)[0].places == places{1},
         second ? "without a name, device " + std::to_string((*second)[0].places[0]) + " is given"
                : second.error().detail);
}

/// Leases `count` devices, says which, and holds them until its end.
int lease(const weir::device_source& source, const std::string& locks, std::size_t count) {
  const auto leases = weir::lease_devices(source, {count, 1, {}}, locks);
  if (!leases) return std::printf("%s\n", leases.error().detail.c_str()), 1;
  for (const auto& each : *leases) std::printf("%s\n", each.devices[0].id.c_str());
  std::puts("leased");
  std::fflush(stdout);
  for (;;) ::pause();
}

/// As many processes at once as there are devices lease one each; one more gets none.
void check_two_processes(const weir::device_source& source, const std::string& locks) {
  const auto count = source.devices().size();
  std::vector<weir::process> holders;
  std::set<std::string> given;
  const auto said = [&](std::size_t i) {
    const auto text = weir::read_text_file(locks + "/lease" + std::to_string(i));
    return text ? *text : std::string();
  };
  for (std::size_t i = 0; i < count; ++i)
    holders.push_back(start({"lease", locks, "1"}, {}, locks + "/lease" + std::to_string(i)));
  for (std::size_t i = 0; i < count; ++i) {
    const bool leased = within(30, [&] { return said(i).ends_with("leased\n"); });
    const auto id = said(i).substr(0, said(i).find('\n'));
    expect(leased, "process " + std::to_string(pid_of(holders[i])) + " leases " + id);
    given.insert(id);
  }
  expect(given.size() == count, "no two of them have the same");
  const auto refused = weir::lease_devices(source, {1, 1, {}}, locks);
  expect(!refused, "one more gets none: " + (refused ? "" : refused.error().detail));
}

/// Leases the first device, starts the server on it, and is killed with SIGKILL.
int crash(const weir::device_source& source, const std::string& locks) {
  const auto leases = weir::lease_devices(source, {1, 1, {"0"}}, locks).value();
  const auto server = start({"serve", std::to_string(20 * gib), "1"}, leases[0], locks + "/log3");
  if (!within(60, [&] { return used(source, 0) > 20 * gib; })) return 1;
  return ::raise(SIGKILL);
}

void check_crash(const weir::device_source& source, const std::string& locks) {
  auto killed = weir::process::start({.argv = {"/proc/self/exe", "crash", locks}, .log = locks + "/log4"}).value();
  const bool over = within(90, [&] { return killed.update().ended; });
  expect(over && WIFSIGNALED(killed.state().status), "a run of 20 GiB is killed by SIGKILL");
  const auto start = weir::now_ns();
  const auto next = weir::lease_devices(source, {1, 1, {"0"}}, locks);
  std::printf("       the next run waited %.3f s\n", static_cast<double>(weir::now_ns() - start) / 1e9);
  expect(static_cast<bool>(next), "the next run gets the device" + (next ? "" : ": " + next.error().detail));
  expect(used(source, 0) < 4 * gib, "with its memory back: " + weir::detail::megabytes(used(source, 0)));
}

void check_all(const weir::device_source& source, const std::string& locks) {
  std::puts("devices");
  check_list(source);
  std::puts("topology");
  check_topology(source);
  std::puts("a server's memory after a kill");
  std::vector<std::string> first_two{"0"};
  if (source.devices().size() > 1) first_two.emplace_back("1");
  round_trip(source, locks, {first_two.back()}, true);
  round_trip(source, locks, first_two, true);
  round_trip(source, locks, first_two, false);
  std::puts("a device in use");
  check_stranger(source, locks);
  expect(within(10, [&] { return used(source, 0) < 4 * gib; }), "he is gone");
  std::puts("leases over processes");
  check_two_processes(source, locks);
  std::puts("a killed run");
  check_crash(source, locks);
  std::puts("samples");
  test::check_samples(source, locks);
}

}  // namespace

int main(int argc, char** argv) {
  const auto word = [&](int i) { return std::string(i < argc ? argv[i] : ""); };
  const auto number = [&](int i) { return std::strtoull(word(i).c_str(), nullptr, 10); };
  if (word(1) == "hold") test::hold(0, number(2));
  if (word(1) == "work") test::work_while(number(2), static_cast<int>(number(3)), word(4));
  if (word(1) == "serve") return serve(number(2), static_cast<int>(number(3)));
  const auto source = weir::nvml_source::open();
  if (!source) return std::printf("FAILED %s\n", source.error().detail.c_str()), 1;
  if (word(1) == "lease") return lease(**source, word(2), number(3));
  if (word(1) == "crash") return crash(**source, word(2));
  const auto wanted = std::max(number(1), 1ULL);
  expect((*source)->devices().size() >= wanted,
         "there are " + std::to_string((*source)->devices().size()) + " devices");
  if (test::failures > 0) return 1;
  std::string locks = (std::filesystem::temp_directory_path() / "weir-nvml-check.XXXXXX").string();
  if (!::mkdtemp(locks.data())) return std::perror("mkdtemp"), 1;
  check_all(**source, locks);
  std::filesystem::remove_all(locks);
  std::printf("%d failed\n", test::failures);
  return test::failures == 0 ? 0 : 1;
}
