#include "weir/trace/csv_profile.hpp"

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "catch.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/data/source.hpp"

namespace {

weir::rank_profile read(const std::string& name) {
  static const weir::kind_table kinds;
  auto fd = weir::open_input(WEIR_SOURCE_DIR "/tests/fixtures/trace/" + name);
  REQUIRE(fd);
  auto profile = weir::read_csv_profile(*std::move(fd), name, kinds);
  REQUIRE(profile);
  return *std::move(profile);
}

std::int64_t length(const weir::rank_profile& p, weir::device_kind kind) {
  return p.device.time(kind).total_ns();
}

}  // namespace

TEST_CASE("csv_profile: nsys' table gives exact times, a copy is memory and NCCL is communication", "[trace]") {
  const auto p = read("nsys_cuda_gpu_trace_rank0.csv");
  CHECK(p.rank == 0);
  CHECK(p.device.events() == 3);
  CHECK(p.device.span() == weir::interval{1'000'000'001, 1'000'120'001});
  CHECK(length(p, weir::device_kind::computation) == 40'000);
  CHECK(length(p, weir::device_kind::communication) == 60'000);
  CHECK(length(p, weir::device_kind::memory) == 30'000);
  REQUIRE(p.collectives.calls().size() == 1);
  CHECK(p.collectives.kinds()[0].collective == "all_reduce");
}

TEST_CASE("csv_profile: Ascend's tables are read by their columns, with the tab behind a time", "[trace]") {
  const auto kernels = read("kernel_details_rank0.csv");
  CHECK(kernels.device.span() == weir::interval{1'712'195'495'505'583'250, 1'712'195'495'505'693'250});
  CHECK(length(kernels, weir::device_kind::computation) == 50'500);
  CHECK(length(kernels, weir::device_kind::communication) == 60'000);
  CHECK(kernels.collectives.kinds()[0].collective == "all_reduce");
  const auto summary = read("op_summary_rank0.csv");
  CHECK(length(summary, weir::device_kind::computation) == 40'000);
  CHECK(summary.collectives.kinds()[0].collective == "all_gather");
}

TEST_CASE("csv_profile: the blank line that nsys puts behind its table is no cut, a row that is cut is one",
          "[trace]") {
  const std::string table = "Start (ns),Duration (ns),Strm,Name\n10,5,7,gemm\n20,5,7,gemm\n";
  static const weir::kind_table kinds;
  const auto read = [](const std::string& text) {
    weir::unique_fd fd(::memfd_create("table", MFD_CLOEXEC));
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
    auto profile = weir::read_csv_profile(std::move(fd), "table.csv", kinds);
    REQUIRE(profile);
    return *std::move(profile);
  };
  for (const std::string behind : {"", "\n", "\r\n\n \n"}) {
    const auto p = read(table + behind);
    CHECK(p.device.events() == 2);
    CHECK_FALSE(p.summary.truncated);
  }
  for (const std::string behind : {"30", "\n30,5,7,gemm\n"}) CHECK(read(table + behind).summary.truncated);
}
