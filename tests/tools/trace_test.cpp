#include <string>

#include "catch.hpp"
#include "shell.hpp"

namespace {

const std::string trace = std::string(WEIR_TOOLS_DIR) + "/weir-trace ";

const std::string kernels = R"({"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_f32_RING_LL", "ts" : 0,
                  "dur" : 30
},)"
                            R"({"ph":"X","cat":"kernel","name":"gemm","ts":20,"dur":20})";
const std::string whole = R"({"schemaVersion":1,"traceEvents":[)" + kernels + R"(],"distributedInfo":{"rank":3}})";

bool has(const std::string& text, const std::string& piece) {
  CAPTURE(text, piece);
  CHECK(text.find(piece) != text.npos);
  return true;
}

}  // namespace

TEST_CASE("weir-trace: a file, a packed file, a pipe and a bare array give the same figures", "[tools]") {
  const temporary_directory here;
  const auto file = here.write("t.json", whole);
  const auto wanted = shell(trace + "--metrics span,communication,comm_overhead,overlap --json " + file);
  CHECK(wanted.status == 0);
  has(wanted.out,
      R"({"type":"metric","name":"comm_overhead","value":75,"unit":"%","labels":{"table":"rank","rank":"3"}})");
  has(wanted.out, R"("name":"overlap","value":10,)");
  const std::string tail = "--metrics span,communication,comm_overhead,overlap --json ";
  CHECK(shell("gzip -k " + file + " && " + trace + tail + file + ".gz").out == wanted.out);
  CHECK(shell("cat " + file + " | " + trace + tail + "-").out == wanted.out);
  CHECK(shell("gzip -c " + file + " | " + trace + tail + "-").out == wanted.out);
  const auto array = here.write("rank3.json", "[" + kernels + "]");
  CHECK(shell(trace + tail + array).out == wanted.out);
}

TEST_CASE("weir-trace: a trace without kernels is status 1, and what is in it is said", "[tools]") {
  const temporary_directory here;
  const auto file = here.write("t.json", R"({"traceEvents":[{"ph":"X","cat":"cpu_op","name":"a","ts":1,"dur":1}]})");
  const auto done = shell(trace + "--json " + file + " 2>&1");
  CHECK(done.status == 1);
  has(done.out, "there are no kernels in it, so its metrics are missing; it has 1 cpu_op");
  has(done.out, R"("name":"comm_overhead","value":null,"reason":"the trace has no device events")");
  CHECK(shell(trace + here.write("e.json", R"({"traceEvents":[]})") + " 2>&1").status == 1);
}

TEST_CASE("weir-trace: damage and cuts are counted and said, and the rest is read", "[tools]") {
  const temporary_directory here;
  const auto cut = shell(trace + "--metrics truncated,span --json " +
                         here.write("cut.json", whole.substr(0, whole.find("],"))) + " 2>&1");
  CHECK(cut.status == 0);
  has(cut.out, "the file is cut");
  has(cut.out, R"("name":"truncated","value":1)");
  has(cut.out, R"("name":"span","value":40,)");
  auto text = whole;
  text.replace(text.find(R"("ts":20)"), 7, R"("ts":"x")");
  const auto damaged = shell(trace + "--metrics damaged_events,span --json " + here.write("d.json", text) + " 2>&1");
  has(damaged.out, R"("name":"damaged_events","value":1)");
  has(damaged.out, R"("name":"span","value":30,)");
  has(damaged.out, "1 damaged event is in no figure; the first is at byte");
  text = whole;
  text.replace(text.find(R"("cat":"kernel","name":")") + 23, 1, "\xFF");
  const auto foreign = shell(trace + "--json " + here.write("u.json", text) + " 2>&1");
  has(foreign.out, "the name of 1 kernel is not UTF-8");
  has(foreign.out, R"("kernel":"\ufffd)");
}

TEST_CASE("weir-trace: what is no trace is trouble, and the message says what it is", "[tools]") {
  const temporary_directory here;
  for (const auto& [text, words] :
       {std::pair<std::string, std::string>{R"({"schema":"1.0","edges":[]})", "only: edges, schema"},
        {R"({"schema":"1.0","nodes":[]})", "is an execution trace, which has no times"},
        {"", "the trace is empty"},
        {" \n", "only blanks"},
        {"hello", "not a trace"}}) {
    const auto done = shell(trace + here.write("x.json", text) + " 2>&1");
    CAPTURE(text);
    CHECK(done.status == 2);
    has(done.out, words);
  }
  CHECK(shell(trace + "2>&1").status == 2);
  CHECK(shell(trace + here.file("none.json") + " 2>&1").status == 2);
  CHECK(shell(trace + here.write("t.json", whole) + " > /dev/full 2>&1").status == 2);
  has(shell(trace + "--metrics nope " + here.write("t.json", whole) + " 2>&1").out, "there is no metric 'nope'");
}

TEST_CASE("weir-trace: check answers with its status, diff with two tables", "[tools]") {
  const temporary_directory here;
  const auto set = here.file("set");
  shell("mkdir " + set);
  const auto of = [&](const char* rank) {
    return "{\"distributedInfo\":{\"rank\":" + std::string(rank) + ",\"world_size\":2},\"traceEvents\":[" + kernels +
           "]}";
  };
  here.write("set/a.json", of("0"));
  const auto missing = shell(trace + "check " + set);
  CHECK(missing.status == 1);
  has(missing.out, "rank 1 is missing");
  here.write("set/b.json", of("1"));
  CHECK(shell(trace + "check " + set).status == 0);
  auto damaged = of("1");
  damaged.replace(damaged.find(R"("ts":20)"), 7, R"("ts":"x")");
  here.write("set/b.json", damaged);
  const std::string words = "1 damaged event is in no figure";
  has(shell(trace + "check " + set + " 2>&1 > /dev/null").out, words);
  CHECK(shell(trace + "check " + set + " 2> /dev/null").out.find(words) == std::string::npos);  // said once
  here.write("set/b.json", of("1"));
  const auto diff = shell(trace + "diff --format csv " + set + " " + set);
  CHECK(diff.status == 0);
  has(diff.out, "communication,,,30.000,30.000,0.000,0.00\n");
  has(diff.out, "gemm,1,1,20.000,20.000,0.000,0.00\n");
  for (const std::string format : {"txt", "md", "csv", "tsv", "json"})
    CHECK(shell(trace + "--format " + format + " " + set).status == 0);
}

TEST_CASE("weir-trace: a user's rules for names change what a kernel is", "[tools]") {
  const temporary_directory here;
  const auto file = here.write("t.json", whole);
  const auto rules = here.write("kinds", "gemm communication all_to_all\n");
  has(shell(trace + "--kinds " + rules + " --metrics coll_call_num --json " + file).out, R"("value":2)");
  const auto bad = shell(trace + "--kinds " + here.write("bad", "gemm nonsense\n") + " " + file + " 2>&1");
  CHECK(bad.status == 2);
  has(bad.out, "line 1: 'nonsense'");
}

TEST_CASE("weir-trace: timings beside a trace go with its rank, and tell what the trace can't", "[tools]") {
  const temporary_directory here;
  const auto set = here.file("set");
  shell("mkdir " + set);
  here.write("set/kineto_trace_3.json", whole);
  here.write("set/timing_stats_3.json",
             R"({"iteration_times": [0.5, 1.5], "avg_iteration_time": 9, "ttft_avg": 0.25})");
  const auto done = shell(trace + "--json " + set);
  CHECK(done.status == 0);
  has(done.out,
      R"({"type":"metric","name":"iteration_wall_clock","value":1e+06,"unit":"us","labels":{"table":"timing","rank":"3"}})");
  has(done.out, R"({"type":"metric","name":"ttft","value":250000,"unit":"us","labels":{"table":"rank","rank":"3"}})");
  has(done.out, R"("name":"tpot_p99","value":null,"reason":"timing_stats has none")");
  here.write("set/timing_stats_4.json", R"({"iteration_times": [0.5]})");
  has(shell(trace + set + " 2>&1").out, "timing_stats_4.json belongs to no trace");
  CHECK(shell(trace + here.write("timing_stats_0.json", R"({"iteration_times": ["x"]})") + " 2>&1").status == 2);
}

TEST_CASE("weir-trace: HTA's figures are by its names and its classes", "[tools]") {
  const temporary_directory here;
  const auto file =
      here.write("t.json", R"({"traceEvents":[{"ph":"X","cat":"kernel","name":"multimem_all_reduce","ts":0,"dur":10},
    {"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce","ts":5,"dur":10},
    {"ph":"X","cat":"gpu_memcpy","name":"Memcpy DtoD","ts":20,"dur":5}]})");
  const auto done = shell(trace + "--hta-compatible --json " + file);
  has(done.out, R"("name":"compute_time","value":10,)");
  has(done.out, R"("name":"non_compute_time","value":10,)");
  has(done.out, R"("name":"idle_time_pctg","value":20,)");
  has(done.out, R"("name":"comp_comm_overlap_pctg","value":50,)");
  has(shell(trace + "--metrics communication --json " + file).out, R"("value":15,)");
}

TEST_CASE("weir-trace: a table of device events is read like a trace, another table is refused by its columns",
          "[tools]") {
  const temporary_directory here;
  const std::string fixtures = WEIR_SOURCE_DIR "/tests/fixtures/trace/";
  has(shell(trace + "--metrics comm_overhead --json " + fixtures + "nsys_cuda_gpu_trace_rank0.csv").out,
      R"("value":50,)");
  const auto bad = shell(trace + here.write("x.csv", "a,b\n1,2\n") + " 2>&1");
  CHECK(bad.status == 2);
  has(bad.out, "not a table of device events");
}

TEST_CASE("weir-trace: an execution trace goes with its rank, and says what it adds", "[tools]") {
  const temporary_directory here;
  const auto set = here.file("set");
  shell("mkdir " + set);
  here.write("set/kineto_trace_3.json", R"([{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_f32","pid":0,
    "ts":5,"dur":10,"args":{"External id":1}},{"ph":"X","cat":"cpu_op","name":"record_param_comms","pid":9,"tid":9,
    "ts":1,"dur":2,"args":{"External id":1,"Record function id":8}}])");
  const std::string et =
      R"({"schema":"1.1.1-chakra.0.0.4","nodes":[{"id":1,"name":"record_param_comms","inputs":{"values":
    [[[1,2,0,1000,4,"cuda:0"]],[34,false],["0","d"],0,"allreduce"],"types":["GenericList[Tensor(float)]","Tuple[Int,Bool]",
    "Tuple[String,String]","Int","String"]},"attrs":[{"name":"rf_id","type":"uint64","value":8},{"name":"pg_name",
    "type":"string","value":"0"},{"name":"pg_size","type":"uint64","value":2}]}]})";
  here.write("set/torch_et_3.json", et);
  const auto done = shell(trace + "--json " + set + " 2>&1");
  CHECK(done.status == 0);
  has(done.out, R"("name":"bytes","value":4000,"unit":"B")");
  has(done.out, R"("name":"linked","value":"by record function id")");
  here.write("set/torch_et_4.json", et);
  here.write("set/kineto_trace_5.json", R"([{"ph":"X","cat":"kernel","name":"gemm","pid":0,"ts":5,"dur":10}])");
  has(shell(trace + set + " 2>&1").out, "left out: torch_et_4.json belongs to no trace of the set");
}

TEST_CASE("weir-trace: what Ascend's profiler writes is read by its directory", "[tools]") {
  const std::string set = WEIR_SOURCE_DIR "/tests/fixtures/trace/ascend_set";
  const auto done = shell(trace + "--metrics computation,slow_rank --format csv " + set + " 2>&1");
  CHECK(done.status == 0);
  has(done.out, "rank,1,,,,,,,,computation,80.000,us");
  has(done.out, "slow_rank,1,");
  CHECK(shell(trace + "check " + set).status == 0);
  CHECK(shell(trace + "diff " + set + " " + set).status == 0);
}

TEST_CASE("weir-trace: nsys' lines are read from a pipe too", "[tools]") {
  const std::string file = WEIR_SOURCE_DIR "/tests/fixtures/trace/nsys_rank0.jsonl";
  const auto wanted = shell(trace + "--metrics span,comm_overhead,prefill_tokens --json " + file);
  has(wanted.out, R"("name":"comm_overhead","value":50,)");
  const std::string real = WEIR_SOURCE_DIR "/tests/fixtures/trace/nsys_2025_h200";
  const auto figures = shell(trace + "--metrics span,busy,computation,memory,device_events --json " + real + ".csv");
  CHECK(figures.status == 0);  // its first line says what nsys did
  has(figures.out, R"("name":"busy","value":1062.847,)");
  has(shell(trace + "--metrics busy --format csv " + real + ".json").out, "busy,1062.847,us");
  has(shell("gzip -c " + file + " | " + trace + "--metrics comm_overhead --json -").out, R"("value":50,)");
}

TEST_CASE("weir-trace: pictures and annotations are files that their programs can read", "[tools]") {
  const temporary_directory here;
  const auto set = here.file("set");
  shell("mkdir " + set);
  here.write("set/rank0.json", "[" + kernels + "]");
  here.write("set/rank1.json", "[" + kernels + "]");
  CHECK(shell(trace + "--annotations " + here.file("a.json") + " --plots " + here.file("p/q") + " " + set).status == 0);
  has(shell("cat " + here.file("p/q/ranks.svg")).out, "<svg");
  has(shell("cat " + here.file("p/q/skew.svg")).out, "</svg>");
  has(shell("cat " + here.file("a.json")).out,
      R"({"ph":"X","cat":"weir","name":"all_reduce","pid":1,"tid":"collectives","ts":0.000,"dur":30.000)");
  CHECK(shell(trace + "--plots /dev/full/x " + set + " 2>&1").status == 2);
  CHECK(shell(trace + "--annotations /dev/full/x " + set + " 2>&1").status == 2);
}

TEST_CASE("weir-trace: the workflow's scripts print one number, or say why there is none", "[tools]") {
  const temporary_directory here;
  const auto set = here.file("E1");
  shell("mkdir " + set);
  here.write("E1/rank0.json", "[" + kernels + "]");
  const std::string scripts = "WEIR_TRACE=" + std::string(WEIR_TOOLS_DIR) +
                              "/weir-trace TRACE_COLLECTION=" + here.file("") +
                              " " WEIR_SOURCE_DIR "/examples/parallelism-profiling/";
  CHECK(shell(scripts + "get_comm_overhead.sh E1").out == "75\n");
  CHECK(shell(scripts + "get_coll_cal_num.sh " + set).out == "1\n");
  const auto none = shell(scripts + "get_iteration_wall_clock.sh E1 2>&1");
  CHECK(none.status == 1);
  has(none.out, "no rank has it: there is no ProfilerStep#");
  CHECK(shell(scripts + "get_throughput_tokens_sec.sh E2 2>&1").status == 2);
}
