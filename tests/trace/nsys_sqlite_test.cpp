#include "weir/trace/nsys_sqlite.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/base/text_file.hpp"
#include "weir/trace/diff_sets.hpp"
#include "weir/trace/profile_remarks.hpp"
#include "weir/trace/step_metrics.hpp"

namespace {

const weir::kind_table kinds;

/// The events of tests/fixtures/trace/nsys_rank0.jsonl, as `nsys export --type sqlite` keeps them.
std::string database(const temporary_directory& here, const char* statements) {
  const auto path = here.file("nsys_rank0.sqlite");
  sqlite3* db = nullptr;
  REQUIRE(::sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  REQUIRE(::sqlite3_exec(db, statements, nullptr, nullptr, nullptr) == SQLITE_OK);
  ::sqlite3_close(db);
  return path;
}

constexpr const char* tables = R"sql(
  CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT);
  INSERT INTO StringIds VALUES (0, 'void gemm<float, 4>(float *, int)'), (1, 'ncclDevKernel_AllReduce_Sum_bf16_RING_LL(x)'),
    (2, 'execute_context_1(4)_generation_2(2)');
  CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER, end INTEGER, deviceId INTEGER, globalPid INTEGER,
    demangledName INTEGER, shortName INTEGER);
  INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (1000000001, 1000040001, 0, 292568055152640, 0, 0),
    (1000020001, 1000080001, 0, 292568055152640, 1, 1);
  CREATE TABLE CUPTI_ACTIVITY_KIND_MEMCPY (start INTEGER, end INTEGER, deviceId INTEGER, globalPid INTEGER, bytes INTEGER);
  INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY VALUES (1000090001, 1000120001, 0, 292568055152640, 1049000);
  CREATE TABLE NVTX_EVENTS (start INTEGER, end INTEGER, text TEXT, textId INTEGER);
  INSERT INTO NVTX_EVENTS VALUES (990000000, 1000130000, NULL, 2), (5, NULL, 'a mark', NULL);)sql";

}  // namespace

TEST_CASE("nsys_sqlite: the figures of the same events as JSON Lines", "[trace]") {
  const temporary_directory here;
  const auto read = weir::read_nsys_sqlite(database(here, tables), "nsys_rank0.sqlite", kinds);
  REQUIRE(read);
  CHECK(read->rank == 0);
  CHECK(read->device.span() == weir::interval{1'000'000'001, 1'000'120'001});
  CHECK(read->device.time(weir::device_kind::computation).total_ns() == 40'000);
  CHECK(read->device.time(weir::device_kind::communication).total_ns() == 60'000);
  CHECK(read->device.time(weir::device_kind::memory).total_ns() == 30'000);
  CHECK(read->collectives.kinds().at(0).collective == "all_reduce");
  REQUIRE(read->steps.size() == 1);
  CHECK(read->steps[0].work->decode_requests == 2);
}

TEST_CASE("nsys_sqlite: a real database gives the figures of the same run's other exports", "[trace]") {
  const temporary_directory here;
  const auto sql = weir::read_text_file(WEIR_SOURCE_DIR "/tests/fixtures/trace/nsys_2025_h200.sql");
  REQUIRE(sql);
  const auto p = weir::read_nsys_sqlite(database(here, sql->c_str()), "nsys_rank0.sqlite", kinds);
  REQUIRE(p);
  CHECK(p->device.span() == weir::interval{3'244'618'671, 3'398'226'391});
  CHECK(p->device.time(weir::device_kind::computation).total_ns() == 571'040);
  CHECK(p->device.time(weir::device_kind::memory).total_ns() == 491'807);
  CHECK(p->steps.size() == 6);
}

TEST_CASE("nsys_sqlite: a graph that was traced as a whole is busy time of no class; one traced by nodes counts once",
          "[trace]") {
  const temporary_directory here;
  // the columns of nsys 2024 and later; process 5 is 5 << 24
  const std::string sql = R"sql(
    CREATE TABLE StringIds (id INTEGER PRIMARY KEY, value TEXT);
    INSERT INTO StringIds VALUES (0, 'void gemm<float, 4>(float *, int)'), (1, 'ncclDevKernel_AllReduce_Sum_bf16_RING_LL(x)');
    CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL (start INTEGER, end INTEGER, deviceId INTEGER, correlationId INTEGER,
      globalPid INTEGER, demangledName INTEGER, graphNodeId INTEGER);
    INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL VALUES (1000, 2000, 0, 1, 83886080, 0, NULL),
      (10000, 10500, 0, 3, 83886080, 0, 77), (10600, 11000, 0, 3, 83886080, 1, 78);
    CREATE TABLE CUPTI_ACTIVITY_KIND_GRAPH_TRACE (start INTEGER, end INTEGER, deviceId INTEGER, contextId INTEGER,
      greenContextId INTEGER, streamId INTEGER, correlationId INTEGER, globalPid INTEGER, graphId INTEGER,
      graphExecId INTEGER);
    INSERT INTO CUPTI_ACTIVITY_KIND_GRAPH_TRACE VALUES (3000, 7000, 0, 1, 0, 7, 2, 83886080, 12, 14),
      (10000, 11500, 0, 1, 0, 7, 3, 83886080, 12, 14))sql";
  const auto p = weir::read_nsys_sqlite(database(here, sql.c_str()), "nsys_rank0.sqlite", kinds);
  REQUIRE(p);
  CHECK(p->summary.damaged == 0);
  CHECK(p->other_devices.empty());
  CHECK(p->device.opaque_graphs() == 1);
  CHECK(p->device.events() == 4);
  CHECK(p->device.busy().total_ns() == 1000 + 4000 + 500 + 400);
  CHECK(p->device.span() == weir::interval{1000, 11000});
  bool seen = false;
  for (const auto& [name, total] : p->device.names())
    if (name == "CUDA graph 12") {
      seen = true;
      CHECK(total.count == 1);
      CHECK(total.total_ns == 4000);
      CHECK_FALSE(total.what.known);
    }
  CHECK(seen);

  std::vector<weir::trace_metric> all;
  REQUIRE(weir::append_rank_metrics(all, *p, {}));
  const auto metric = [&](std::string_view name) {
    const auto found = std::ranges::find_if(all, [&](const auto& m) { return m.table == "rank" && m.name == name; });
    REQUIRE(found != all.end());
    return *found;
  };
  CHECK(metric("busy").value == 5.9);
  CHECK(metric("idle").value == 4.1);
  CHECK(metric("unclassified_share").value == 100 * 4000.0 / 5900);
  for (const auto* name : {"computation", "communication", "exposed_communication", "overlap_share", "comm_overhead",
                           "coll_call_num", "computation_kernels", "dominant_kernel_share"}) {
    CAPTURE(name);
    CHECK(std::isnan(metric(name).value));
    CHECK(metric(name).reason.find("--cuda-graph-trace=node") != std::string::npos);
  }
  const auto tables_of_both = weir::diff_sets({*p}, {*p}, 0);
  CHECK(tables_of_both[0].rows[2][3].reason() == weir::detail::whole_graphs);
  std::vector<std::string> remarks;
  weir::remark_on(remarks, *p);
  REQUIRE(remarks.size() == 1);
  CHECK(remarks[0].find("1 launch of a CUDA graph was traced as a whole") != std::string::npos);

  const auto rules = weir::kind_table::parse("CUDA*graph*12 computation\n");
  REQUIRE(rules);
  const auto told = weir::read_nsys_sqlite(here.file("nsys_rank0.sqlite"), "nsys_rank0.sqlite", *rules);
  REQUIRE(told);
  CHECK(told->device.opaque_graphs() == 0);
  CHECK(told->device.time(weir::device_kind::computation).total_ns() == 1000 + 4000 + 500);
}

TEST_CASE("nsys_sqlite: a database of nothing but graphs is one; launches without a time or a device are damage",
          "[trace]") {
  const temporary_directory here;
  const auto p = weir::read_nsys_sqlite(database(here, R"sql(
    CREATE TABLE CUPTI_ACTIVITY_KIND_GRAPH_TRACE (start INTEGER, end INTEGER, deviceId INTEGER, correlationId INTEGER,
      globalPid INTEGER, graphId INTEGER);
    INSERT INTO CUPTI_ACTIVITY_KIND_GRAPH_TRACE VALUES (3000, 7000, 0, 2, 83886080, 12), (0, 0, 0, 3, 83886080, 12),
      (8000, 9000, 2147483647, 4, 83886080, 12), (3000, 7000, 1, 2, 83886080, 12))sql"),
                                        "nsys_rank0.sqlite", kinds);
  REQUIRE(p);
  CHECK(p->device.opaque_graphs() == 1);
  CHECK(p->device.span() == weir::interval{3000, 7000});
  REQUIRE(p->other_devices.size() == 1);
  CHECK(p->other_devices[0].device.opaque_graphs() == 1);
  CHECK(p->summary.damaged == 2);
  CHECK(p->summary.first_damage.find("CUDA graph") != std::string::npos);
}

TEST_CASE("nsys_sqlite: tables that are not there are none; another database and a damaged one are refused",
          "[trace]") {
  const temporary_directory here;
  const auto other = weir::read_nsys_sqlite(database(here, "CREATE TABLE a (b INTEGER)"), "x", kinds);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == weir::errc::not_found);
  const auto bad = weir::read_nsys_sqlite(here.write("bad.sqlite", "SQLite format 3\0 and no more"), "x", kinds);
  CHECK_FALSE(bad);
  CHECK_FALSE(weir::read_nsys_sqlite(here.file("none.sqlite"), "x", kinds));
}
