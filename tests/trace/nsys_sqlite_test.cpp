#include "weir/trace/nsys_sqlite.hpp"

#include <string>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/base/text_file.hpp"

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
