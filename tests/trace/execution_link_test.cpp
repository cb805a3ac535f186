#include "weir/trace/execution_link.hpp"

#include <string>

#include "catch.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/execution_trace.hpp"
#include "weir/trace/read_profile.hpp"

namespace {

weir::rank_profile profile(const std::string& text) {
  static const weir::kind_table kinds;
  weir::profile_options options;
  options.ops = true;
  auto read = weir::read_profile(weir::memory_source(text), "rank0.json", kinds, options);
  REQUIRE(read);
  return *std::move(read);
}

weir::execution_trace execution(const std::string& text) {
  auto read = weir::read_execution_trace(weir::memory_source(text, 100), "torch_et_0.json");
  REQUIRE(read);
  return *std::move(read);
}

// One generation's node of a collective of 64 bf16 on two ranks, call number 34, and a product of 2x3 and 3x5.
const std::string new_nodes = R"json({"schema": "1.1.1-chakra.0.0.4", "pid": 1, "nodes": [
  {"id": 2, "name": "[pytorch|profiler|execution_trace|thread]", "ctrl_deps": 1, "inputs": {"values": [], "shapes": [], "types": []},
   "attrs": [{"name": "rf_id", "type": "uint64", "value": 0}]},
  {"id": 5, "name": "record_param_comms", "ctrl_deps": 2,
   "inputs": {"values": [[[4, 9, 0, 64, 2, "cuda:0"]], [34, false], ["0", "default_pg"], 0, "allreduce", [], [], 0, 1, 2],
    "shapes": [[[8, 8]], [[], []], [[], []], [], [], [], [], [], [], []],
    "types": ["GenericList[Tensor(c10::BFloat16)]","Tuple[Int,Bool]","Tuple[String,String]","Int","String","GenericList[]","GenericList[]","Int","Int","Int"]},
   "outputs": {"values": [], "shapes": [], "types": []},
   "attrs": [{"name": "rf_id", "type": "uint64", "value": 58},{"name": "tid", "type": "uint64", "value": 1},
    {"name": "collective_name", "type": "string", "value": "allreduce"},{"name": "dtype", "type": "string", "value": "BFloat16"},
    {"name": "in_msg_nelems", "type": "uint64", "value": 64},{"name": "out_msg_nelems", "type": "uint64", "value": 64},
    {"name": "global_rank_start", "type": "uint64", "value": 0},{"name": "global_rank_stride", "type": "uint64", "value": 1},
    {"name": "pg_name", "type": "string", "value": "0"},{"name": "pg_size", "type": "uint64", "value": 2}]},
  {"id": 6, "name": "record_param_comms", "ctrl_deps": 2, "inputs": {"values": [[34, false], ["0", "default_pg"], 0, "wait", [], []],
    "shapes": [], "types": ["Tuple[Int,Bool]","Tuple[String,String]","Int","String","GenericList[]","GenericList[]"]},
   "attrs": [{"name": "rf_id", "type": "uint64", "value": 59}]},
  {"id": 7, "name": "aten::addmm", "ctrl_deps": 2, "inputs": {"values": [], "shapes": [[5],[2,3],[3,5],[],[]], "types": []},
   "attrs": [{"name": "rf_id", "type": "uint64", "value": 60}]}]})json";

const std::string old_nodes = R"json({"schema": "1.0.1", "pid": 1, "nodes": [
  {"name": "aten::mm", "id": 3, "rf_id": 7, "parent": 2, "tid": 1, "inputs": [1,2], "input_shapes": [[2,3],[3,5]], "input_types": ["Tensor(float)","Tensor(float)"],
   "outputs": [3], "output_shapes": [[2,5]], "output_types": ["Tensor(float)"]},
  {"name": "record_param_comms", "id": 4, "rf_id": 8, "parent": 2, "tid": 1,
   "inputs": [[996,661,0,384,4,"cuda:0"], 149, 94594108284448, 0, "all_to_allv", [48,48,48,48,48,48,48,48], [48,48,48,48,48,48,48,48]],
   "input_shapes": [[384],[],[],[],[],[],[]], "input_types": ["Tensor(int)","Int","Int","Int","String","GenericList[]","GenericList[]"],
   "outputs": [[988,610,0,400,4,"cuda:0"]], "output_shapes": [[400]], "output_types": ["Tensor(int)"]},
  {"name": "aten::add", "id": 5, "rf_id": 9, "parent": 2, "tid": 1, "inputs": [], "input_shapes": [], "input_types": [],
   "outputs": [], "output_shapes": [], "output_types": []}]})json";

/// A kernel and the operations around its launch; `ids` are members of the operations' arguments.
std::string traced(const std::string& comms_args, const std::string& product_args, const std::string& kernel_args,
                   const std::string& product = "aten::addmm", const std::string& more = "") {
  return R"json([{"ph":"X","cat":"cpu_op","name":")json" + product +
         R"json(","pid":1,"tid":1,"ts":1,"dur":2,"args":{)json" + product_args + R"json(}},
    {"ph":"X","cat":"cpu_op","name":"record_param_comms","pid":1,"tid":1,"ts":10,"dur":20,"args":{)json" +
         comms_args + R"json(}},
    {"ph":"X","cat":"cpu_op","name":"aten::add","pid":1,"tid":1,"ts":40,"dur":2,"args":{"External id":99}},
    {"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":15,"dur":3,"args":{"correlation":700}},
    {"ph":"X","cat":"kernel","name":"ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(x)","pid":0,"tid":7,"ts":50,"dur":9,"args":{)json" +
         kernel_args + "}}" + more + "]";
}

}  // namespace

TEST_CASE("execution_trace: both generations tell collectives, their bytes and their number", "[trace]") {
  const auto fresh = execution(new_nodes);
  CHECK(fresh.schema == "1.1.1-chakra.0.0.4");
  CHECK(fresh.ops.size() == 3);
  REQUIRE(fresh.collectives.size() == 1);  // waiting is none
  const auto& c = fresh.collectives.at(58);
  CHECK(c.kind.collective == "all_reduce");
  CHECK(c.kind.group == "0 [0, 1]");
  CHECK(c.kind.group_size == 2);
  CHECK(c.bytes == 128);
  CHECK(c.sequence == 34);
  CHECK(fresh.matmul_flops.at(60) == 2.0 * 2 * 3 * 5);

  const auto old = execution(old_nodes);
  const auto& all = old.collectives.at(8);
  CHECK(all.kind.collective == "all_to_all");
  CHECK(all.kind.group_size == 8);
  CHECK(all.bytes == 1600);  // what comes out is more than the 384 that go in
  CHECK(all.sequence == 149);
  CHECK(old.matmul_flops.at(7) == 60);
}

TEST_CASE("execution_trace: a damaged node is counted, prose and other JSON are refused", "[trace]") {
  auto broken = new_nodes;
  broken.replace(broken.find("\"name\": \"aten::addmm\""), 21, "\"name\" \"aten::addmm\"");
  const auto et = execution(broken);
  CHECK(et.summary.damaged == 1);
  CHECK(et.collectives.size() == 1);
  CHECK_FALSE(weir::read_execution_trace(weir::memory_source("{\"a\":1}"), "x"));
  CHECK_FALSE(weir::read_execution_trace(weir::memory_source(""), "x"));
}

TEST_CASE("execution_link: by record function id, and the kernel's External id", "[trace]") {
  auto p = profile(traced(R"("External id":57,"Record function id":58)", R"("External id":59,"Record function id":60)",
                          R"("External id":57,"correlation":1)"));
  const auto link = link_execution_trace(p.collectives, *p.ops, execution(new_nodes));
  CHECK(link.reason.empty());
  CHECK(link.by_id);
  CHECK(link.ops == 2);
  CHECK(link.traced == 3);
  CHECK(link.collectives == 1);
  CHECK(link.filled == 1);
  CHECK(link.disagreements == 0);
  CHECK(link.matmul_flops == 60);
  const auto& call = p.collectives.calls().at(0);
  CHECK(call.bytes == 128);
  CHECK(call.sequence == 34);
  CHECK(p.collectives.kind(call).collective == "all_reduce");  // a kernel that sends and receives does not tell
  CHECK(p.collectives.kind(call).group == "0 [0, 1]");
}

TEST_CASE("execution_link: by order of names where there are no ids, and by what was open at the launch", "[trace]") {
  const std::string kernel = R"("External id":700,"correlation":700)";
  auto p = profile(traced(R"("External id":12)", R"("External id":11)", kernel, "aten::mm"));
  const auto link = link_execution_trace(p.collectives, *p.ops, execution(old_nodes));
  CHECK(link.reason.empty());
  CHECK_FALSE(link.by_id);
  CHECK(link.ops == 3);
  CHECK(link.collectives == 1);
  CHECK(p.collectives.calls()[0].bytes == 1600);
  CHECK(p.collectives.calls()[0].sequence == 149);

  // the same calls twice are no place to choose between
  auto twice = profile(
      traced(R"("External id":12)", R"("External id":11)", kernel, "aten::mm",
             R"(,{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":50,"dur":1,"args":{"External id":101}},
       {"ph":"X","cat":"cpu_op","name":"record_param_comms","pid":1,"tid":1,"ts":60,"dur":1,"args":{"External id":102}},
       {"ph":"X","cat":"cpu_op","name":"aten::add","pid":1,"tid":1,"ts":70,"dur":1,"args":{"External id":103}})"));
  const auto none = link_execution_trace(twice.collectives, *twice.ops, execution(old_nodes));
  CHECK_FALSE(none.reason.empty());
  CHECK(none.collectives == 0);
  CHECK(twice.collectives.calls()[0].bytes == -1);
}

TEST_CASE("execution_link: another run's is not linked, and says so", "[trace]") {
  auto p = profile(traced(R"("External id":57,"Record function id":60)", R"("External id":59,"Record function id":58)",
                          R"("External id":57)"));
  const auto link = link_execution_trace(p.collectives, *p.ops, execution(new_nodes));
  CHECK(link.reason == "2 of 2 record functions have another name there: it is of another run");
  CHECK(p.collectives.calls()[0].bytes == -1);
}

TEST_CASE("execution_link: two kernels of one call share its group, not its bytes", "[trace]") {
  auto p = profile(traced(
      R"("External id":57,"Record function id":58)", R"("External id":59,"Record function id":60)",
      R"("External id":57)", "aten::addmm",
      R"json(,{"ph":"X","cat":"kernel","name":"ncclKernel_SendRecv_RING(x)","pid":0,"ts":70,"dur":9,"args":{"External id":57}})json"));
  (void)link_execution_trace(p.collectives, *p.ops, execution(new_nodes));
  REQUIRE(p.collectives.calls().size() == 2);
  for (const auto& call : p.collectives.calls()) {
    CHECK(call.bytes == -1);
    CHECK(call.sequence == weir::unmeasured);
    CHECK(p.collectives.kind(call).group_size == 2);
  }
}  // namespace

TEST_CASE("execution_link: where the two tell otherwise the trace's word stays, and the call is counted", "[trace]") {
  auto p = profile(traced(R"("External id":57,"Record function id":58)", R"("External id":59,"Record function id":60)",
                          R"("External id":57,"Collective name":"allreduce","In msg nelems":100,"dtype":"Float")"));
  const auto link = link_execution_trace(p.collectives, *p.ops, execution(new_nodes));
  CHECK(link.disagreements == 1);
  CHECK(p.collectives.calls()[0].bytes == 400);
}
