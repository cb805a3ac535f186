#include "weir/observe/memory.hpp"

#include <unistd.h>

#include <array>
#include <vector>

#include "catch.hpp"
#include "serve/scratch.hpp"
#include "weir/base/clock.hpp"

namespace {

/// A procfs with one process; its name is as bad as names can be.
struct procfs : test::scratch {
  void process(const std::string& pid, const std::string& times) const {
    std::filesystem::create_directories(path(pid));
    write(pid + "/stat", pid + " (a) b (c) S 1 7 7 0 -1 4194560 20 0 0 0 " + times + " 20 0 1 0 100 0 0\n");
    write(pid + "/status", "Name:\ta\nVmHWM:\t  9000 kB\nVmRSS:\t    5000 kB\n");
  }
};

}  // namespace

TEST_CASE("memory: processor time with that of ended children, memory as its share", "[observe][memory]") {
  const procfs proc;
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  proc.process("7", "100 20 3 4");
  proc.write("7/smaps_rollup", "00400000-7ff [rollup]\nRss:  5000 kB\nPss:  3000 kB\nPss_Anon: 2000 kB\n");
  const auto one = weir::use_of(std::array{pid_t{7}}, proc.path(""));
  CHECK(one.processes == 1);
  CHECK(one.memory_bytes == 3000 * 1024);
  CHECK_FALSE(one.resident);
  CHECK(one.cpu_s == Approx(127 / ticks));

  proc.process("8", "1 0 0 0");
  const auto two = weir::use_of(std::array{pid_t{7}, pid_t{8}, pid_t{9}}, proc.path(""));
  CHECK(two.processes == 2);  // 9 is not there any more
  CHECK(two.memory_bytes == 8000 * 1024);
  CHECK(two.resident);  // of 8 only the RSS can be read
  CHECK(two.cpu_s == Approx(128 / ticks));
}

TEST_CASE("memory: what is half there is left out", "[observe][memory]") {
  const procfs proc;
  std::filesystem::create_directories(proc.path("7"));
  for (const char* bad : {"", "7", "7 (a", "7 (a) S 1 2", "7 (a) S 1 7 7 0 -1 4194560 20 0 0 0 x y z 4 20 0"}) {
    proc.write("7/stat", bad);
    CAPTURE(bad);
    CHECK(weir::use_of(std::array{pid_t{7}}, proc.path("")).processes == 0);
  }
}

TEST_CASE("memory: of this process it grows by what is taken, and its time passes", "[observe][memory]") {
  const std::array self{::getpid()};
  const auto before = weir::use_of(self);
  REQUIRE(before.processes == 1);
  std::vector<char> taken(std::size_t{64} << 20, 'x');
  for (const auto start = weir::now_ns(); weir::use_of(self).cpu_s <= before.cpu_s + 0.05;)
    if (weir::now_ns() - start > 60'000'000'000) break;
  const auto after = weir::use_of(self);
  CHECK(after.memory_bytes >= before.memory_bytes + (std::size_t{60} << 20));
  CHECK(after.cpu_s > before.cpu_s + 0.05);
  CHECK(taken.back() == 'x');
}

TEST_CASE("memory: of the host", "[observe][memory]") {
  const auto host = weir::memory_of_host();
  REQUIRE(host);
  CHECK(host->available_bytes <= host->total_bytes);
  CHECK(host->total_bytes ==
        static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  CHECK_FALSE(weir::memory_of_host("/no/such/directory"));
}
