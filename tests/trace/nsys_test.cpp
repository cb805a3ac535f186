#include <string>

#include "catch.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/nsys_lines.hpp"

namespace {

const weir::kind_table kinds;

weir::rank_profile read(const std::string& text, std::size_t step = std::string::npos) {
  auto profile = weir::read_nsys_lines(weir::memory_source(text, step), "nsys_rank0.jsonl", kinds);
  REQUIRE(profile);
  return *std::move(profile);
}

std::string fixture() {
  auto text = weir::read_text_file(WEIR_SOURCE_DIR "/tests/fixtures/trace/nsys_rank0.jsonl");
  REQUIRE(text);
  return *text;
}

std::int64_t length(const weir::rank_profile& p, weir::device_kind kind) {
  return p.device.time(kind).total_ns();
}

void check_figures(const weir::rank_profile& p) {
  CHECK(p.rank == 0);
  CHECK(p.device.events() == 3);  // waiting for an event is no work
  CHECK(p.device.span() == weir::interval{1'000'000'001, 1'000'120'001});
  CHECK(length(p, weir::device_kind::computation) == 40'000);
  CHECK(length(p, weir::device_kind::communication) == 60'000);
  CHECK(length(p, weir::device_kind::memory) == 30'000);
  REQUIRE(p.collectives.calls().size() == 1);
  CHECK(p.collectives.kinds()[0].collective == "all_reduce");
  REQUIRE(p.steps.size() == 1);
  CHECK(p.steps[0].work->prefill_tokens == 4);
  CHECK(p.steps[0].window() == weir::interval{990'000'000, 1'000'130'000});
}

}  // namespace

TEST_CASE("nsys_lines: exact times, names from the end of the file, steps from ranges; by any cut", "[trace]") {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}})
    check_figures(read(fixture(), step));
}

TEST_CASE("nsys_lines: strings one a line give the same figures", "[trace]") {
  auto text = fixture();
  const std::size_t data = text.find("{\"data\"");
  text.resize(data);
  text += R"json({"type":"String","id":"0","value":"void gemm<float, 4>(float *, int)"}
{"type":"String","id":"1","value":"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(x)"}
{"type":"ThreadName","globalTid":"7","nameId":"1","priority":"10"}
)json";
  check_figures(read(text));
}

TEST_CASE("nsys_lines: devices and processes are kept apart", "[trace]") {
  auto text = fixture();
  const std::size_t first = text.find("{\"Type\":79");
  const std::string kernel = text.substr(first, text.find('\n', first) - first + 1);
  const auto more = [&](std::string_view find, std::string_view with) {
    auto line = kernel;
    return line.replace(line.find(find), find.size(), with);
  };
  const auto two = read(text + more("\"deviceId\":0", "\"deviceId\":1"));
  REQUIRE(two.other_devices.size() == 1);
  CHECK(two.label() == "0 device 0");
  CHECK(two.other_devices[0].label() == "0 device 1");
  CHECK(two.device.events() == 3);
  CHECK(two.other_devices[0].device.events() == 1);
  CHECK(two.other_devices[0].steps.size() == 1);
  // 292568055152640 is process 0x0A16CF; the same number of another process is another device
  const auto processes = read(text + more("292568055152640", "292568071929856"));
  REQUIRE(processes.other_devices.size() == 1);
  CHECK(processes.label() == "0 device 0 of process 661199");
  CHECK(processes.other_devices[0].label() == "0 device 0 of process 661200");
}

TEST_CASE("nsys_lines: a real export gives what its database holds by another program's count", "[trace]") {
  // of tests/fixtures/trace/nsys_2025_h200.*: one run, exported by nsys 2025.3.1; the numbers are Python's, of the SQL
  const auto text = weir::read_text_file(WEIR_SOURCE_DIR "/tests/fixtures/trace/nsys_2025_h200.json");
  REQUIRE(text);
  const auto p = read(*text);
  CHECK(p.summary.damaged == 0);
  CHECK(p.other_devices.empty());
  CHECK(p.device.span() == weir::interval{3'244'618'671, 3'398'226'391});
  CHECK(p.device.count(weir::device_kind::computation) == 31);
  CHECK(p.device.count(weir::device_kind::memory) == 7);
  CHECK(length(p, weir::device_kind::computation) == 571'040);
  CHECK(length(p, weir::device_kind::memory) == 491'807);
  CHECK(p.device.busy().total_ns() == 1'062'847);
  REQUIRE(p.steps.size() == 6);
  CHECK(p.steps[0].window() == weir::interval{3'250'825'557, 3'395'233'552});
  CHECK(p.steps[2].work->prefill_tokens == 4);
  for (const auto& [name, total] : p.device.names()) {
    CAPTURE(name);
    CHECK(total.what.known);
    CHECK((name.find("softmax") == name.npos || total.what.family == "softmax"));
    CHECK((name.find("nvjet") == name.npos || total.what.family == "gemm"));
  }
}

TEST_CASE("nsys_lines: a graph that was traced as a whole is busy time of no class; one traced by nodes counts once",
          "[trace]") {
  auto text = fixture();
  text.insert(text.find("{\"data\""),
              R"({"Type":79,"CudaEvent":{"startNs":"1000200001","endNs":"1000500001","correlationId":201,"deviceId":0,)"
              R"("contextId":"1","streamId":"7","eventClass":7,"globalPid":"292568055152640","graph":{"graphId":12,)"
              R"("graphExecId":14}}})"
              "\n"
              R"({"Type":79,"CudaEvent":{"startNs":"1000600001","endNs":"1000700001","correlationId":202,"deviceId":0,)"
              R"("globalPid":"292568055152640","graph":{"graphId":12,"graphExecId":14}}})"
              "\n"
              R"({"Type":79,"CudaEvent":{"startNs":"1000600001","endNs":"1000650001","correlationId":202,"deviceId":0,)"
              R"("globalPid":"292568055152640","kernel":{"demangledName":"1","graphNodeId":"4294967301"}}})"
              "\n"
              R"({"Type":79,"CudaEvent":{"startNs":"0","endNs":"0","correlationId":203,"deviceId":0,)"
              R"("globalPid":"292568055152640","graph":{"graphId":13,"graphExecId":15}}})"
              "\n");
  for (const std::size_t step : {std::size_t{1}, std::size_t{4096}}) {
    const auto p = read(text, step);
    CHECK(p.device.opaque_graphs() == 1);
    CHECK(p.device.events() == 5);
    CHECK(p.device.span() == weir::interval{1'000'000'001, 1'000'650'001});
    CHECK(p.device.busy().total_ns() == 80'000 + 30'000 + 300'000 + 50'000);
    CHECK(p.collectives.calls().size() == 2);
    CHECK(p.damaged() == 1);
  }
}

TEST_CASE("nsys_lines: damage is counted, a kernel without a name is unclassified, other lines are no export",
          "[trace]") {
  auto text = fixture();
  text.replace(text.find("\"endNs\":\"1000040001\""), 20, "\"endNs\":\"x\"");
  CHECK(read(text).damaged() == 1);
  CHECK(read(text).device.events() == 2);
  for (const std::string member : {"\"startNs\":", "\"deviceId\":"}) {  // no kernel since 1970, no device -1
    text = fixture();
    const std::size_t line = text.rfind('\n', text.find("1000040001")) + 1;
    text.insert(text.find(member, line) + member.size(), "\"x\",\"was\":");
    CHECK(read(text).damaged() == 1);
    CHECK(read(text).device.events() == 2);
    CHECK(read(text).device.span().begin > 0);
    CHECK(read(text).other_devices.empty());
  }
  text = fixture();
  text.resize(text.find("{\"data\""));
  const auto unnamed = read(text);
  CHECK(unnamed.device.events() == 3);
  for (const auto& [name, total] : unnamed.device.names())
    if (total.what.kind == weir::device_kind::computation) CHECK_FALSE(total.what.known);
  const auto other = weir::read_nsys_lines(weir::memory_source("{\"a\":1}\n{\"a\":2}\n"), "x", kinds);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == weir::errc::not_found);
}
