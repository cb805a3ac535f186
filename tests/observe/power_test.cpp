#include "weir/observe/power.hpp"

#include "catch.hpp"
#include "serve/scratch.hpp"

namespace {

/// A sysfs with two sockets, a part of one of them, and a control directory, as the kernel's powercap shows them.
struct sysfs : test::scratch {
  sysfs() {
    const std::string powercap = path("class/powercap/");
    for (const char* zone : {"intel-rapl", "intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1"})
      std::filesystem::create_directories(powercap + zone);
    zone("intel-rapl:0", "package-0", 262'143'328'850, 1'000'000);
    zone("intel-rapl:0:0", "core", 262'143'328'850, 900'000);
    zone("intel-rapl:1", "package-1", 262'143'328'850, 262'143'000'000);
  }
  void zone(const std::string& name, const std::string& title, std::uint64_t range, std::uint64_t energy) const {
    write("class/powercap/" + name + "/name", title + "\n");
    write("class/powercap/" + name + "/max_energy_range_uj", std::to_string(range) + "\n");
    write("class/powercap/" + name + "/energy_uj", std::to_string(energy) + "\n");
  }
};

}  // namespace

TEST_CASE("rapl: sockets are added up from when they were first read, their parts are not", "[observe][power]") {
  const sysfs sys;
  auto counter = weir::rapl_counter::open(sys.path(""));
  REQUIRE(counter);
  CHECK(counter->sockets() == 2);
  CHECK(*counter->joules() == 0.0);
  sys.write("class/powercap/intel-rapl:0/energy_uj", "3500000\n");
  sys.write("class/powercap/intel-rapl:0:0/energy_uj", "990000000\n");
  CHECK(*counter->joules() == 2.5);
  CHECK(*counter->joules() == 2.5);
}

TEST_CASE("rapl: a counter that starts again from 0 loses nothing", "[observe][power]") {
  const sysfs sys;
  auto counter = weir::rapl_counter::open(sys.path(""));
  REQUIRE(counter);
  sys.write("class/powercap/intel-rapl:1/energy_uj", "671150\n");  // 328,850 to the end of the range, 671,150 after it
  CHECK(*counter->joules() == 1.0);
}

TEST_CASE("rapl: a host without counters and one that keeps them to root are told apart", "[observe][power]") {
  const test::scratch bare;
  CHECK(weir::rapl_counter::open(bare.path("")).error().code == weir::errc::not_found);
  const sysfs sys;
  const auto file = sys.path("class/powercap/intel-rapl:0/energy_uj");
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);  // can't be read, even by root
  const auto refused = weir::rapl_counter::open(sys.path(""));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == weir::errc::io);
  CHECK(refused.error().detail.find("intel-rapl:0/energy_uj can't be read: that takes root") != std::string::npos);
}

TEST_CASE("rapl: a counter that vanishes is an error, not 0", "[observe][power]") {
  const sysfs sys;
  auto counter = weir::rapl_counter::open(sys.path(""));
  REQUIRE(counter);
  std::filesystem::remove(sys.path("class/powercap/intel-rapl:1/energy_uj"));
  CHECK(counter->joules().error().code == weir::errc::io);
}
