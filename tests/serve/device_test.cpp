#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <csignal>
#include <set>

#include "catch.hpp"
#include "scratch.hpp"
#include "weir/base/hash.hpp"
#include "weir/serve/device_files.hpp"
#include "weir/serve/device_fixture.hpp"
#include "weir/serve/device_lease.hpp"
#include "weir/serve/kfd.hpp"
#include "weir/serve/npu_smi.hpp"
#include "weir/serve/nvml.hpp"

namespace {

using device = weir::device;
using places = std::vector<std::size_t>;

/// Eight devices as in a machine with two NVLink islands of four, each on its own NUMA node.
std::string two_islands() {
  std::string text;
  for (int i = 0; i < 8; ++i) {
    const auto n = std::to_string(i), numa = std::to_string(i / 4);
    text += R"({"type":"device","vendor":"nvidia","index":)" + n + R"(,"id":"GPU-)" + std::string(1, char('a' + i)) +
            R"(","numa":)" + numa + R"(,"total_bytes":80000000000,"used_bytes":0,"links":[)";
    for (int j = 0; j < 8; ++j) text += (j ? "," : "") + std::string(j / 4 == i / 4 ? "18" : "-50");
    text += "]}\n";
  }
  return text;
}

struct machine : test::scratch {
  explicit machine(const std::string& devices = two_islands()) {
    write("devices", devices);
    std::filesystem::create_directory(path("locks"));
    source = weir::fixture_source::open(path("devices")).value();
    ::unsetenv("CUDA_VISIBLE_DEVICES");
  }
  weir::result<std::vector<weir::device_lease>> lease(std::size_t instances, std::size_t each = 1,
                                                      std::vector<std::string> wanted = {}) const {
    return weir::lease_devices(*source, {instances, each, std::move(wanted)}, path("locks"), {}, 20'000'000);
  }
  std::unique_ptr<weir::device_source> source;
};

std::vector<places> places_of(const std::vector<weir::device_lease>& leases) {
  std::vector<places> out;
  for (const auto& each : leases) out.push_back(each.places);
  return out;
}

constexpr const char* npu_table =
    R"(+------------------------------------------------------------------------------------------------+
| npu-smi 24.1.rc1.b030            Version: 24.1.rc1.b030                                        |
+---------------------------+---------------+----------------------------------------------------+
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |
+===========================+===============+====================================================+
| 0     910B3               | OK            | 101.8       43                0    / 0             |
| 0                         | 0000:C1:00.0  | 0           0    / 0          3318 / 65536         |
+===========================+===============+====================================================+
| 6     910B3               | OK            | 95.2        41                0    / 0             |
| 0                         | 0000:01:00.0  | 12          0    / 0          59356/ 65536         |
+===========================+===============+====================================================+
+---------------------------+---------------+----------------------------------------------------+
| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |
+===========================+===============+====================================================+
| No running processes found in NPU 0                                                            |
+===========================+===============+====================================================+
| 6       0                 | 1712733       | sglangschedul            | 48954                   |
| 6       0                 | 1712734       | python3                  | 7000                    |
+===========================+===============+====================================================+
)";

}  // namespace

TEST_CASE("devices: one is found by index, by id, and by the unique start of one", "[serve][device]") {
  const machine m;
  const auto& all = m.source->devices();
  CHECK(*weir::find_device(all, "3") == 3);
  CHECK(*weir::find_device(all, "GPU-d") == 3);
  CHECK(weir::find_device(all, "GPU").error().code == weir::errc::invalid_argument);
  for (const char* bad : {"8", "-1", "", "GPU-x", "a", "3 "})
    CHECK(weir::find_device(all, bad).error().code == weir::errc::not_found);
}

TEST_CASE("devices: an outer restriction is read as CUDA reads it", "[serve][device]") {
  const machine m;
  const auto visible = [&](const char* text) { return weir::visible_devices(m.source->devices(), text); };
  CHECK(visible(nullptr) == places{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(visible("2,0") == places{2, 0});
  CHECK(visible("GPU-c,1") == places{2, 1});
  CHECK(visible("").empty());
  CHECK(visible("1,9,2") == places{1});  // what can't be found hides all behind it
  CHECK(visible("1,1,2") == places{1, 2});
}

TEST_CASE("devices: a server is shown its own by names that mean the same to everybody", "[serve][device]") {
  const auto variables = [](device::vendor maker) {
    return weir::device_variables({{maker, 5, "GPU-f", "", "", -1, 0}, {maker, 2, "GPU-c", "", "", -1, 0}});
  };
  CHECK(variables(device::vendor::nvidia) ==
        weir::environment{{"CUDA_VISIBLE_DEVICES", "GPU-f,GPU-c"}, {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}});
  CHECK(variables(device::vendor::amd) == weir::environment{{"ROCR_VISIBLE_DEVICES", "GPU-f,GPU-c"}});
  CHECK(variables(device::vendor::ascend) == weir::environment{{"ASCEND_RT_VISIBLE_DEVICES", "5,2"}});
  CHECK(weir::device_variables({}).empty());
}

TEST_CASE("devices: a group is chosen by its slowest link", "[serve][device]") {
  const machine m;
  const places all{0, 1, 2, 3, 4, 5, 6, 7};
  const auto groups = [&](places free, std::size_t size, std::size_t count) {
    return weir::choose_groups(*m.source, std::move(free), size, count);
  };
  CHECK(groups(all, 4, 2) == std::vector<places>{{0, 1, 2, 3}, {4, 5, 6, 7}});
  CHECK(groups({0, 1, 4, 5, 6, 7}, 4, 1) == std::vector<places>{{4, 5, 6, 7}});  // not the first four that are free
  CHECK(groups({3, 4, 5}, 2, 1) == std::vector<places>{{4, 5}});
  CHECK(groups({0, 4}, 2, 1) == std::vector<places>{{0, 4}});  // poor, but all there is
  CHECK(groups(all, 1, 3) == std::vector<places>{{0}, {1}, {2}});
  CHECK(groups({0, 1, 2}, 2, 2).size() == 1);
  CHECK(groups({}, 1, 1).empty());
}

TEST_CASE("devices: leases are exclusive, and end with their holder", "[serve][device]") {
  const machine m;
  auto first = m.lease(2, 2);
  REQUIRE(first);
  CHECK(places_of(*first) == std::vector<places>{{0, 1}, {2, 3}});
  auto second = m.lease(1, 4);
  REQUIRE(second);
  CHECK(places_of(*second) == std::vector<places>{{4, 5, 6, 7}});
  const auto third = m.lease(1);
  REQUIRE_FALSE(third);
  CHECK(third.error().code == weir::errc::busy);
  CHECK(third.error().detail.find(
            "1 instances of 1 need 1 devices, but only 0 are free:\n  device 0 (GPU-a) is held by pid " +
            std::to_string(::getpid())) == 0);
  first->clear();
  CHECK(m.lease(4));
}

TEST_CASE("devices: named ones are dealt in the order of the names", "[serve][device]") {
  const machine m;
  const auto leases = m.lease(2, 2, {"7", "GPU-a", "3", "1"});
  REQUIRE(leases);
  CHECK(places_of(*leases) == std::vector<places>{{7, 0}, {3, 1}});
  CHECK(m.lease(1, 1, {"2"}));
  CHECK(m.lease(1, 1, {"3"}).error().code == weir::errc::busy);
  CHECK(m.lease(1, 1, {"9"}).error().detail.find("no device '9'; there are 0 (GPU-a), ") == 0);
  CHECK(m.lease(2, 1, {"4"}).error().detail == "2 instances of 1 need 2 devices, but there are 1");
  CHECK(m.lease(2, 1, {"4", "GPU-e"}).error().detail == "device GPU-e is named twice");
  CHECK(m.lease(9).error().detail == "9 instances of 1 need 9 devices, but there are 8");
}

TEST_CASE("devices: an outer restriction bounds the choice", "[serve][device]") {
  const machine m;
  ::setenv("CUDA_VISIBLE_DEVICES", "6,2", 1);
  const auto leases = m.lease(2);
  CHECK(m.lease(1, 1, {"0"}).error().detail == "device 0 is hidden by CUDA_VISIBLE_DEVICES");
  CHECK(m.lease(3).error().code == weir::errc::invalid_argument);
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  REQUIRE(leases);
  CHECK(places_of(*leases) == std::vector<places>{{6}, {2}});
}

TEST_CASE("devices: one that somebody computes on is not leased, and he is named", "[serve][device]") {
  const auto pid = std::to_string(::getpid());
  const machine m(R"({"type":"device","vendor":"nvidia","index":0,"id":"GPU-a","processes":[{"pid":)" + pid +
                  R"(,"bytes":35245260800}]}
{"type":"device","vendor":"nvidia","index":1,"id":"GPU-b"})");
  CHECK(places_of(m.lease(1).value()) == std::vector<places>{{1}});
  CHECK(m.lease(1, 1, {"0"}).error().detail ==
        "1 instances of 1 need 1 devices, but only 0 are free:\n  device 0 (GPU-a) is used by " +
            weir::describe_process(::getpid()) + " with 33612 MiB");
}

TEST_CASE("devices: memory that does not come back quarantines its device until it does", "[serve][device]") {
  const auto with = [](std::uint64_t used) {
    return R"({"type":"device","vendor":"nvidia","index":0,"id":"GPU-a","total_bytes":80000000000,"used_bytes":)" +
           std::to_string(used) + "}\n";
  };
  const machine m(with(1'000'000'000));
  auto leases = m.lease(1);
  REQUIRE(leases);
  m.write("devices", with(34'000'000'000));
  const auto stuck = weir::await_devices(*m.source, (*leases)[0], m.path("locks"), 50'000'000);
  REQUIRE_FALSE(stuck);
  CHECK(stuck.error().detail ==
        "device 0 (GPU-a): 32424 MiB are still in use, 953 MiB were before; no process is seen to hold them");
  leases->clear();
  CHECK(m.lease(1).error().detail.find("device 0 (GPU-a) is quarantined: 32424 MiB are still in use") !=
        std::string::npos);
  m.write("devices", with(1'100'000'000));
  leases = m.lease(1);
  REQUIRE(leases);
  CHECK(weir::await_devices(*m.source, (*leases)[0], m.path("locks"), 50'000'000));
}

TEST_CASE("devices: the memory of a run that was killed is waited for by the next one", "[serve][device]") {
  const auto with = [](std::uint64_t used) {
    return R"({"type":"device","vendor":"nvidia","index":0,"id":"GPU-a","total_bytes":80000000000,"used_bytes":)" +
           std::to_string(used) + "}\n";
  };
  const machine m(with(500'000'000));
  const pid_t killed = ::fork();
  if (killed == 0) {
    const auto lease = m.lease(1);
    m.write("devices", with(34'000'000'000));
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(killed, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  const auto refused = m.lease(1);
  REQUIRE_FALSE(refused);
  CAPTURE(refused.error().detail);
  CHECK(refused.error().detail.find("device 0 (GPU-a) is quarantined: its memory was not seen back after pid " +
                                    std::to_string(killed)) != std::string::npos);
  CHECK(refused.error().detail.find("(32424 MiB in use now; to have it all the same, name it in CUDA_VISIBLE_DEVICES "
                                    "and lease no device)") != std::string::npos);
  const pid_t driver = ::fork();
  if (driver == 0) {
    ::usleep(30'000);
    m.write("devices", with(600'000'000));
    ::_exit(0);
  }
  const auto lease = weir::lease_devices(*m.source, {1, 1, {}}, m.path("locks"), {}, 20'000'000'000);
  ::waitpid(driver, &status, 0);
  REQUIRE(lease);
  // What the device is held to afterwards is what it used before the one that was killed.
  CHECK((*lease)[0].used_before == std::vector<std::uint64_t>{500'000'000});
}

TEST_CASE("devices: one that is locked for a run that is gone is waited for, one of a living run is not",
          "[serve][device]") {
  const machine m;
  int go[2];
  REQUIRE(::pipe2(go, O_CLOEXEC) == 0);
  const pid_t killed = ::fork();
  if (killed == 0) {
    const auto lease = m.lease(1, 7);
    char byte = 0;
    // The keeper: it has the locks too, and lives on until `go` ends.
    if (::fork() == 0) ::close(go[1]), (void)!::read(go[0], &byte, 1), ::_exit(0);
    ::raise(SIGKILL);
  }
  ::close(go[0]);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(killed), &info, WEXITED | WNOWAIT) == 0);
  std::vector<std::string> news;
  // \param go_after  the news at which the keeper ends. \param enough  the news at which the wait is given up.
  const auto lease = [&](std::size_t count, std::int64_t at_most_ns, std::size_t go_after, std::size_t enough) {
    news.clear();
    const auto on_wait = [&](const std::string& what) {
      news.push_back(what);
      if (news.size() == go_after) ::close(go[1]);
      return news.size() != enough;
    };
    return weir::lease_devices(*m.source, {count, 1, {}}, m.path("locks"), {at_most_ns, on_wait}, 20'000'000);
  };
  const std::string who = "pid " + std::to_string(killed);
  {
    const auto mine = m.lease(1).value();
    CHECK_FALSE(lease(8, 60'000'000'000, 0, 0));  // the eighth is held by this very process
    CHECK(news.empty());
  }
  const auto late = lease(8, 60'000'000'000, 0, 3);  // not reaped yet, but gone
  REQUIRE_FALSE(late);
  CHECK(late.error().detail.find(
            "8 instances of 1 need 8 devices, but only 1 are free:\n  device 0 (GPU-a) is held by " + who) == 0);
  REQUIRE(news.size() == 3);
  CHECK(news[0].find("waiting at most 60 s for what killed runs still hold: device 0, device 1, device 2, device 3, "
                     "device 4, device 5, device 6 of " +
                     who) == 0);
  CHECK(std::all_of(news.begin() + 1, news.end(), [](const auto& each) { return each.empty(); }));
  ::waitpid(killed, nullptr, 0);
  CHECK_FALSE(lease(8, 50'000'000, 0, 0));  // not within so short a time
  const auto got = lease(8, 60'000'000'000, 3, 0);
  REQUIRE(got);
  CHECK(news.size() >= 3);
}

TEST_CASE("locks: by whom one was left is told only where its holder is surely gone", "[serve][device]") {
  const test::scratch here;
  const auto file = here.path("lock");
  CHECK(weir::lock_file::left_by(file).empty());
  auto mine = weir::lock_file::take(file);
  REQUIRE(mine);
  CHECK(weir::lock_file::left_by(file).empty());
  const auto text = test::text_of(file), self = weir::describe_process(::getpid());
  const auto ticks = std::to_string(weir::start_ticks(::getpid()));
  REQUIRE(text.starts_with(self + "\n" + ticks + " pid:["));
  const auto space = text.substr(text.rfind(' '));
  const auto left_by = [&](const std::string& content) {
    // In place: a file of another inode is another lock.
    const weir::unique_fd out(::open(file.c_str(), O_WRONLY | O_TRUNC));
    weir::write_all(out.get(), content).value();
    return weir::lock_file::left_by(file);
  };
  CHECK(left_by(self + "\n1" + ticks + space) == self);  // the pid was given again: another start
  CHECK(left_by("pid 4194999 (gone)\n5" + space) == "pid 4194999 (gone)");
  CHECK(left_by("pid 4194999 (elsewhere)\n5 pid:[1]").empty());  // a container's: its pids can't be seen from here
  for (const char* bad :
       {"", "\n", "pid", "pid x (y)\n1 pid:[1]", "pid 4194999 (without more)", "pid 4194999 (cut)\n5"})
    CHECK(left_by(bad).empty());
  CHECK(weir::lock_file::take(file).error().detail == "held by pid 4194999 (cut)");
  left_by("pid 4194999 (gone)\n5" + space);
  *mine = weir::lock_file();
  CHECK(weir::lock_file::left_by(file).empty());  // nobody holds it
}

TEST_CASE("devices: what a driver does not tell of power and load is missing, not 0", "[serve][device]") {
  const test::scratch here;
  const auto file = here.write("devices", R"({"vendor":"nvidia","index":0,"id":"GPU-a","watts":101.5,"busy_percent":0}
{"vendor":"nvidia","index":1,"id":"GPU-b","joules":12})");
  const auto source = weir::fixture_source::open(file).value();
  const auto first = source->use(0).value(), second = source->use(1).value();
  CHECK(first.watts == 101.5);
  CHECK(first.busy_percent == 0.0);
  CHECK_FALSE(first.joules);
  CHECK(second.joules == 12.0);
  CHECK_FALSE(second.watts);
  CHECK_FALSE(second.busy_percent);
}

TEST_CASE("devices: nobody ever holds one twice, however holders die", "[serve][device]") {
  const machine m(R"({"type":"device","vendor":"nvidia","index":0,"id":"GPU-a"}
{"type":"device","vendor":"nvidia","index":1,"id":"GPU-b"}
{"type":"device","vendor":"nvidia","index":2,"id":"GPU-c"}
{"type":"device","vendor":"nvidia","index":3,"id":"GPU-d"}
)");
  struct ledger {
    std::array<std::atomic<pid_t>, 4> owner;
    std::atomic<int> acquired, doubled;
  };
  auto* book =
      static_cast<ledger*>(::mmap(nullptr, sizeof(ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const auto contend = [&] {
    for (weir::random_stream random(static_cast<std::uint64_t>(::getpid()));;) {
      const auto leases = m.lease(1, 1 + random.below(2));
      if (!leases) ::usleep(500);
      if (!leases) continue;
      for (const auto at : (*leases)[0].places) {
        const pid_t before = book->owner[at].exchange(::getpid());
        // An owner that is still there, and not on its way out, would have to hold the lock.
        if (before != 0 && ::kill(before, 0) == 0 && weir::start_ticks(before) >= 0 &&
            weir::parent_of(before) == ::getppid() &&
            !weir::read_text_file("/proc/" + std::to_string(before) + "/cmdline").value().empty())
          ++book->doubled;
      }
      ++book->acquired;
      ::usleep(static_cast<useconds_t>(random.below(300)));
      for (const auto at : (*leases)[0].places) book->owner[at] = 0;
    }
  };
  std::vector<pid_t> contenders;
  weir::random_stream random(3);
  const auto begin = [&] {
    const pid_t pid = ::fork();
    if (pid == 0) contend();
    contenders.push_back(pid);
  };
  for (int i = 0; i < 6; ++i) begin();
  const int wanted = test::rounds(250);
  int kills = 0;
  for (const auto start = weir::now_ns(); book->acquired < wanted && weir::now_ns() - start < wanted * 100'000'000L;) {
    ::usleep(20'000);
    ++kills;
    auto& victim = contenders[random.below(contenders.size())];
    ::kill(victim, SIGKILL);
    ::waitpid(victim, nullptr, 0);
    victim = contenders.back();
    contenders.pop_back();
    begin();
  }
  for (const pid_t pid : contenders) ::kill(pid, SIGKILL), ::waitpid(pid, nullptr, 0);
  CHECK(book->acquired >= wanted);
  CHECK(book->doubled == 0);
  CHECK(m.lease(4));  // the dead hold nothing
  WARN(book->acquired << " acquisitions, " << kills << " holders and waiters killed, " << book->doubled
                      << " devices held twice");
  ::munmap(book, sizeof(ledger));
}

TEST_CASE("npu-smi: the table of a 910B machine", "[serve][device]") {
  const auto table = weir::parse_npu_smi(npu_table);
  REQUIRE(table);
  REQUIRE(table->devices.size() == 2);
  const auto& second = table->devices[1];
  CHECK(second.index == 1);  // NPU 6 is the second device that a program counts
  CHECK(second.id == "NPU-1");
  CHECK(second.name == "Ascend 910B3");
  CHECK(second.bus == "0000:01:00.0");
  CHECK(second.total_bytes == std::uint64_t{65536} << 20);
  CHECK(table->uses[0].used_bytes == std::uint64_t{3318} << 20);
  CHECK(table->uses[0].processes.empty());
  CHECK(table->uses[1].used_bytes == std::uint64_t{59356} << 20);  // "59356/ 65536", without the blank
  REQUIRE(table->uses[1].processes.size() == 2);
  CHECK(table->uses[1].processes[0].pid == 1712733);
  CHECK(table->uses[1].processes[0].bytes == std::uint64_t{48954} << 20);
  CHECK(table->uses[0].watts == 101.8);
  CHECK(table->uses[0].busy_percent == 0.0);
  CHECK(table->uses[1].watts == 95.2);
  CHECK(table->uses[1].busy_percent == 12.0);
}

TEST_CASE("npu-smi: two chips of one board are two devices; text without a table is an error", "[serve][device]") {
  const auto table = weir::parse_npu_smi(
      R"(| NPU     Name              | Health          | Power(W)     Temp(C)           Hugepages-Usage(page) |
| Chip    Phy-ID            | Bus-Id          | AICore(%)    Memory-Usage(MB)  HBM-Usage(MB)         |
| 0       Ascend910         | OK              | 176.2        39                0    / 0              |
| 0       0                 | 0000:9D:00.0    | 0            0    / 0          3113 / 65536          |
| 0       Ascend910         | OK              | -            39                0    / 0              |
| 1       1                 | 0000:9F:00.0    | 0            0    / 0          2886 / 65536          |
| NPU     Chip              | Process id      | Process name             | Process memory(MB)        |
| 0       1                 | 77              | python                   | 100                       |
)");
  REQUIRE(table);
  REQUIRE(table->devices.size() == 2);
  CHECK(table->devices[1].bus == "0000:9f:00.0");
  CHECK(table->uses[0].watts == 176.2);
  CHECK_FALSE(table->uses[1].watts);  // '-': the board's power stands at its first chip
  CHECK(table->uses[0].processes.empty());
  CHECK(table->uses[1].processes.size() == 1);
  for (const char* bad : {"", "command not found", "| NPU |", "| 0 | 1 | 2 |", "|||||", "| 0 910B3 | OK |"})
    CHECK(weir::parse_npu_smi(bad).error().code == weir::errc::parse);
}

TEST_CASE("npu-smi: links are those of its topology, of boards and of chips", "[serve][device]") {
  const auto boards = weir::parse_npu_topology(
      "\t   NPU0       NPU1       NPU2       NPU3       CPU Affinity\n"
      "NPU0       X          PXB        SYS        PXB        144-167\n"
      "NPU1       PXB        X          PXB        SYS        96-119\n"
      "NPU2       SYS        PXB        X          PXB        48-71\n"
      "NPU3       PXB        SYS        PXB        X          0-23\n\nLegend:\n\n  X    = Self\n",
      4);
  REQUIRE(boards.size() == 4);
  CHECK(boards[0][1] > boards[0][2]);
  CHECK(boards[0][1] == boards[3][2]);
  const auto chips = weir::parse_npu_topology(
      "           Phy-ID0    Phy-ID1    Phy-ID2\n"
      "Phy-ID0    X          SIO        HCCS_SW\n"
      "Phy-ID1    SIO        X          HCCS_SW\n"
      "Phy-ID2    HCCS_SW    HCCS_SW    X\n",
      3);
  REQUIRE(chips.size() == 3);
  CHECK(chips[0][1] > chips[0][2]);
  CHECK(weir::parse_npu_topology("NPU0 X HCCS 0-3\nNPU1 HCCS X 4-7\n", 3).empty());  // of other devices
  CHECK(weir::parse_npu_topology("", 2).empty());
  CHECK(weir::parse_npu_topology("unknown type topo", 2).empty());
}

TEST_CASE("npu-smi: a group keeps to its HCCS island, also where that is no run of neighbours", "[serve][device]") {
  const test::scratch here;
  std::string table(npu_table);
  const auto row = table.find("| 6     910B3"), end = table.find("+=", row);
  std::string more;
  for (const char* npu : {"1", "2", "3"}) {
    std::string each = table.substr(row, end - row);
    each.replace(2, 1, npu);
    more += each;
  }
  table.insert(row, more);
  here.write("info", table);
  here.write("topo",
             "     NPU0 NPU1 NPU2 NPU3 NPU6 CPU Affinity\nNPU0 X SYS HCCS SYS HCCS 0-3\nNPU1 SYS X SYS HCCS SYS 4-7\n"
             "NPU2 HCCS SYS X SYS HCCS 0-3\nNPU3 SYS HCCS SYS X SYS 4-7\nNPU6 HCCS SYS HCCS SYS X 0-3\n");
  const auto source =
      weir::npu_source::open("sh -c '[ \"$1\" ] && cat " + here.path("topo") + " || cat " + here.path("info") + "' x")
          .value();
  REQUIRE(source->devices().size() == 5);
  CHECK(weir::choose_groups(*source, {0, 1, 2, 3, 4}, 2, 2) == std::vector<places>{{0, 2}, {1, 3}});
  CHECK(weir::choose_groups(*source, {0, 1, 2, 3, 4}, 3, 1) == std::vector<places>{{0, 2, 4}});
}

TEST_CASE("npu-smi: a command that is missing, fails or hangs is an error", "[serve][device]") {
  CHECK(weir::npu_source::open("no-such-program-of-weir").error().code == weir::errc::not_found);
  CHECK(weir::npu_source::open("echo broken; exit 3").error().code == weir::errc::io);
  CHECK(weir::capture_output({"sleep", "60"}, 50'000'000).error().code == weir::errc::limit);
  test::scratch here;
  const auto source = weir::npu_source::open("cat " + here.write("table", npu_table)).value();
  CHECK(source->devices().size() == 2);
  CHECK(source->use(1)->processes.size() == 2);
}

TEST_CASE("amdkfd: devices, memory, processes and links out of sysfs", "[serve][device]") {
  const test::scratch sys;
  const auto put = [&](const std::string& file, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(sys.path(file)).parent_path());
    sys.write(file, text);
  };
  const std::string nodes = "class/kfd/kfd/topology/nodes/";
  put(nodes + "0/properties", "cpu_cores_count 64\nsimd_count 0\n");
  put(nodes + "0/gpu_id", "0\n");
  for (int i = 1; i <= 2; ++i) {
    const auto n = std::to_string(i);
    put(nodes + n + "/properties", "simd_count 416\nunique_id 283686952306183" + n + "\ndrm_render_minor 12" +
                                       std::to_string(7 + i) + "\ngfx_target_version 90010\n");
    put(nodes + n + "/gpu_id", "1000" + n + "\n");
    put(nodes + n + "/io_links/0/properties", "type 2\nnode_from " + n + "\nnode_to 0\nweight 20\n");
    put(nodes + n + "/io_links/1/properties",
        "type 11\nnode_from " + n + "\nnode_to " + std::to_string(3 - i) + "\nweight 15\n");
    const std::string render = "class/drm/renderD12" + std::to_string(7 + i) + "/device/";
    put(render + "mem_info_vram_total", "68702699520\n");
    put(render + "mem_info_vram_used", std::to_string(i) + "000\n");
    put(render + "numa_node", std::to_string(i - 1) + "\n");
    if (i == 2) put(render + "gpu_busy_percent", "87\n");
    if (i == 2) put(render + "hwmon/hwmon5/power1_average", "250000000\n");
  }
  put("class/kfd/kfd/proc/4242/vram_10002", "2000\n");
  put("class/kfd/kfd/proc/4242/vram_10001", "0\n");
  const auto source = weir::kfd_source::open(sys.path("")).value();
  REQUIRE(source->devices().size() == 2);
  CHECK(source->devices()[0].id == "GPU-000a141e28323c47");  // printf '%016x' 2836869523061831
  CHECK(source->devices()[1].index == 1);
  CHECK(source->devices()[1].numa == 1);
  CHECK(source->devices()[1].total_bytes == 68702699520);
  CHECK(source->use(0)->processes.empty());
  REQUIRE(source->use(1)->processes.size() == 1);
  CHECK(source->use(1)->processes[0].pid == 4242);
  CHECK(source->use(1)->used_bytes == 2000);
  CHECK(source->use(1)->watts == 250.0);
  CHECK(source->use(1)->busy_percent == 87.0);
  CHECK_FALSE(source->use(0)->watts);
  CHECK_FALSE(source->use(0)->busy_percent);
  CHECK(source->link(0, 1) == 1000);
  CHECK(weir::kfd_source::open(sys.path("nothing")).error().code == weir::errc::not_found);
}

TEST_CASE("nvml: without a driver there is nothing, and that is said", "[serve][device]") {
  const auto none = weir::nvml_source::open("libweir-no-such-library.so.1");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == weir::errc::not_found);
  CHECK(none.error().detail == "libweir-no-such-library.so.1 is not installed");
  CHECK(weir::nvml_source::open("libc.so.6").error().code == weir::errc::io);
}

namespace {

/// NVML with two devices whose state is files (fake_nvml.cpp).
struct nvidia_machine : test::scratch {
  nvidia_machine() { ::setenv("WEIR_FAKE_NVML", path("").c_str(), 1); }
  std::unique_ptr<weir::device_source> open() const { return weir::nvml_source::open(WEIR_FAKE_NVML).value(); }
};

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// A process that has `files` open until it is killed.
class opener {
 public:
  explicit opener(const std::vector<std::string>& files) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      for (const auto& each : files) (void)::open(each.c_str(), O_RDONLY | O_CREAT, 0644);
      (void)::write(ready[1], "r", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]), ::close(ready[1]);
  }
  opener(const opener&) = delete;
  opener& operator=(const opener&) = delete;
  ~opener() { ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0); }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("nvml: devices, memory, power and links as the library tells them", "[serve][device]") {
  const nvidia_machine m;
  const auto pid = std::to_string(::getpid());
  m.write("1." + pid, std::to_string(33 * gib));
  m.write("1.busy", "");
  const auto source = m.open();
  const auto& all = source->devices();
  REQUIRE(all.size() == 2);
  CHECK(all[1].id == "GPU-bbbb");
  CHECK(all[1].name == "Fake H100");
  CHECK(all[1].bus == "0000:2a:00.0");
  CHECK(all[1].total_bytes == 80 * gib);
  const auto idle = source->use(0).value(), busy = source->use(1).value();
  CHECK(idle.used_bytes == 4 << 20);
  CHECK(idle.processes.empty());
  CHECK(idle.watts == 70.0);
  CHECK(idle.busy_percent == 0.0);
  CHECK(busy.used_bytes == 33 * gib + (4 << 20));
  REQUIRE(busy.processes.size() == 1);
  CHECK(busy.processes[0].pid == ::getpid());
  CHECK(busy.processes[0].bytes == 33 * gib);
  CHECK(busy.watts == 370.0);
  CHECK(busy.busy_percent == 100.0);
  CHECK(idle.joules == 0.0);
  CHECK(busy.joules == 1000.0);
  CHECK(source->link(0, 1) == 18);
  m.write("no-links", "");
  CHECK(source->link(0, 1) == -50);
}

TEST_CASE("nvml: a device that is cut into slices is replaced by them", "[serve][device]") {
  const nvidia_machine m;
  m.write("0.mig", "");
  const auto source = m.open();
  const auto& all = source->devices();
  REQUIRE(all.size() == 3);
  CHECK(all[0].id == "MIG-cccc");
  CHECK(all[1].id == "MIG-dddd");
  CHECK(all[2].id == "GPU-bbbb");
  CHECK(all[1].total_bytes == 40 * gib);
  CHECK(all[1].bus == all[0].bus);
  CHECK_FALSE(source->use(0)->watts);  // the whole device's only
  CHECK(source->use(2)->watts == 70.0);
}

TEST_CASE("nvml: more processes than there was room for are all listed", "[serve][device]") {
  const nvidia_machine m;
  std::string list;
  for (int i = 1; i <= 200; ++i) list += std::to_string(i) + " " + std::to_string(i * 1000) + "\n";
  m.write("0.list", list);
  const auto now = m.open()->use(0).value();
  REQUIRE(now.processes.size() == 200);
  CHECK(now.processes[199].pid == 200);
  CHECK(now.processes[199].bytes == 200'000);
}

TEST_CASE("nvml: the host's process ids are not taken for processes of this container", "[serve][device]") {
  const nvidia_machine m;
  const auto pid = std::to_string(::getpid());
  m.write("0." + pid, std::to_string(33 * gib));
  const auto source = m.open();
  // This process is listed, but has no device open: it is not the one that the driver means.
  const auto now = source->use(0).value();
  const auto users = source->users(0, now);
  REQUIRE(users.size() == 1);
  CHECK(users[0].pid == 0);
  CHECK(users[0].bytes == 33 * gib);
  std::filesystem::create_directory(m.path("locks"));
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  const auto refused = weir::lease_devices(*source, {1, 1, {"0"}}, m.path("locks"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail ==
        "1 instances of 1 need 1 devices, but only 0 are free:\n  device 0 (GPU-aaaa) is used by a process that can't "
        "be seen from here (another container?) with 33792 MiB");
  // Nobody is listed, as in a container whose driver lists none: the memory in use speaks for itself.
  m.write("0.list", "");
  CHECK(weir::lease_devices(*source, {1, 1, {"0"}}, m.path("locks")).error().detail.find("with 33796 MiB") !=
        std::string::npos);
  CHECK(weir::lease_devices(*source, {1, 1, {}}, m.path("locks")).value()[0].places == places{1});
}

TEST_CASE("device files: who computes on a device has its files open", "[serve][device]") {
  const test::scratch here;
  const weir::compute_files files{here.path("nvidia0"), here.path("nvidia-uvm")};
  const opener both({files.device, files.memory}), asks({files.device}), other({here.path("nvidia1"), files.memory});
  CHECK(weir::computes_on(both.pid(), files) == weir::has_open::yes);
  CHECK(weir::computes_on(asks.pid(), files) == weir::has_open::no);
  CHECK(weir::computes_on(other.pid(), files) == weir::has_open::no);
  using process = weir::device_process;
  const auto seen = [&](std::vector<process> listed, bool in_use) {
    std::vector<std::pair<pid_t, std::uint64_t>> out;
    for (const auto& each : weir::users_seen_here(std::move(listed), in_use, files))
      out.emplace_back(each.pid, each.bytes);
    return out;
  };
  using users = std::vector<std::pair<pid_t, std::uint64_t>>;
  CHECK(seen({}, false).empty());                                  // nobody is looked for
  CHECK(seen({}, true) == users{{both.pid(), 0}});                 // NVML lists none
  CHECK(seen({{both.pid(), 7}}, true) == users{{both.pid(), 7}});  // it lists him
  CHECK(seen({{asks.pid(), 7}}, true) == users{{both.pid(), 7}});  // the host's id, which here is somebody else's
  CHECK(seen({{1 << 22, 7}}, true) == users{{both.pid(), 7}});     // or nobody's
  CHECK(seen({{1 << 22, 7}, {asks.pid(), 8}}, true) == users{{both.pid(), 0}});
  CHECK(weir::users_seen_here({{1 << 22, 7}}, true, {here.path("nvidia2"), files.memory})[0].pid == 0);
}

TEST_CASE("fixture: a wrong line is named", "[serve][device]") {
  const test::scratch here;
  for (const char* bad : {"[]", "{", R"({"index":"x"})", R"({"links":7})", R"({"processes":[1]})"}) {
    CAPTURE(bad);
    const auto source = weir::fixture_source::open(here.write("devices", bad));
    REQUIRE_FALSE(source);
    CHECK(source.error().detail.find(here.path("devices")) == 0);
  }
}
