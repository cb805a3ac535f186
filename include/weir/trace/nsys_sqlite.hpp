// weir/trace/nsys_sqlite.hpp - a profile from `nsys export --type sqlite`. Needs SQLite.
#ifndef WEIR_TRACE_NSYS_SQLITE_HPP
#define WEIR_TRACE_NSYS_SQLITE_HPP

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/trace/kinds.hpp"
#include "weir/trace/nsys_events.hpp"
#include "weir/trace/profile.hpp"
#include "weir/trace/rank_of_name.hpp"

namespace weir::inline v0 {
namespace detail {

struct sqlite_closer {
  void operator()(sqlite3* db) const noexcept { (void)::sqlite3_close(db); }
  void operator()(sqlite3_stmt* statement) const noexcept { (void)::sqlite3_finalize(statement); }
};
using sqlite_file = std::unique_ptr<sqlite3, sqlite_closer>;

[[nodiscard]] inline failure sqlite_failure(sqlite3* db) {
  return {errc::parse, std::string("SQLite: ") + (db == nullptr ? "no memory" : ::sqlite3_errmsg(db))};
}

inline result<sqlite_file> open_sqlite(const std::string& path) {
  sqlite3* opened = nullptr;
  const int status = ::sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  sqlite_file db(opened);
  if (status != SQLITE_OK) return sqlite_failure(opened);
  return db;
}

/// Calls `on_row(sqlite3_stmt*)` for each row of a query.
template <class OnRow>
result<void> query(sqlite3* db, const std::string& sql, OnRow&& on_row) {
  sqlite3_stmt* prepared = nullptr;
  const int status = ::sqlite3_prepare_v2(db, sql.c_str(), -1, &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, sqlite_closer> statement(prepared);
  if (status != SQLITE_OK) return sqlite_failure(db);
  int step = SQLITE_ROW;
  while ((step = ::sqlite3_step(prepared)) == SQLITE_ROW) on_row(prepared);
  if (step != SQLITE_DONE) return sqlite_failure(db);
  return {};
}

inline bool has_table(sqlite3* db, std::string_view name) {
  bool found = false;
  const std::string sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '" + std::string(name) + "'";
  const auto ok = query(db, sql, [&](sqlite3_stmt*) { found = true; });
  return ok && found;
}

inline std::string_view text_of(sqlite3_stmt* row, int column) {
  const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(row, column));
  return text == nullptr ? std::string_view{}
                         : std::string_view(text, static_cast<std::size_t>(::sqlite3_column_bytes(row, column)));
}

/// What is read of a table that nsys writes only where there is something in it.
struct nsys_table {
  std::string_view name, last_column;  ///< A kernel's name, or a copy's bytes.
  nsys_events::what kind;
};

inline result<void> read_nsys_table(sqlite3* db, const nsys_table& table, nsys_events& into) {
  if (!has_table(db, table.name)) return {};
  const std::string sql =
      "SELECT start, end, deviceId, globalPid, " + std::string(table.last_column) + " FROM " + std::string(table.name);
  return query(db, sql, [&](sqlite3_stmt* row) {
    const auto number = [row](int column) { return static_cast<std::int64_t>(::sqlite3_column_int64(row, column)); };
    const auto device = into.device_of(number(3), number(2));
    const bool kernel = table.kind == nsys_events::what::kernel;
    into.add(table.kind, number(0), number(1), device, kernel ? static_cast<std::uint64_t>(number(4)) : 0, number(4));
  });
}

/// Launches of CUDA graphs that were traced as wholes, and which of them were traced node by node too.
template <std::size_t N>
result<void> read_nsys_graphs(sqlite3* db, const nsys_table (&nodes)[N], nsys_events& into) {
  const std::string graphs = "CUPTI_ACTIVITY_KIND_GRAPH_TRACE";
  if (!has_table(db, graphs)) return {};
  const auto number = [](sqlite3_stmt* row, int column) -> std::int64_t { return ::sqlite3_column_int64(row, column); };
  auto ok = query(
      db, "SELECT start, end, globalPid, deviceId, graphId, correlationId FROM " + graphs, [&](sqlite3_stmt* row) {
        into.add({number(row, 0), number(row, 1), number(row, 2), number(row, 3), number(row, 4), number(row, 5)});
      });
  for (const auto& table : nodes) {
    if (!ok || !has_table(db, table.name)) continue;
    ok = query(db,
               "SELECT globalPid, correlationId FROM " + std::string(table.name) +
                   " WHERE correlationId IN (SELECT correlationId FROM " + graphs + ")",
               [&](sqlite3_stmt* row) { into.add_node(number(row, 0), number(row, 1)); });
  }
  return ok;
}

/// Ranges that are steps; nsys keeps their texts in the table or among the strings.
inline result<void> read_nsys_ranges(sqlite3* db, nsys_events& into) {
  if (!has_table(db, "NVTX_EVENTS")) return {};
  const std::string sql =
      "SELECT start, end, COALESCE(text, (SELECT value FROM StringIds WHERE id = textId)) FROM NVTX_EVENTS WHERE end > "
      "start";
  return query(db, sql, [&](sqlite3_stmt* row) {
    const auto text = text_of(row, 2);
    if (step_kind_of(text) == step_kind::none) return;
    into.add(nsys_events::what::range, ::sqlite3_column_int64(row, 0), ::sqlite3_column_int64(row, 1), 0,
             into.own_name(text));
  });
}

}  // namespace detail

/// Reads the database: kernels, copies, fills, launches of whole CUDA graphs, and NVTX ranges that are steps. Events of
/// several devices are kept apart.
/// \param kinds  must outlive the profile.
/// \return  errc::parse where it is damaged, errc::not_found where it has no table of device events.
/// \complexity  24 bytes an event, and each name once; a large database is read from disk as SQLite does.
/// \source  NVIDIA Nsight Systems user guide, "SQLite Schema Reference".
inline result<rank_profile> read_nsys_sqlite(const std::string& path, const std::string& file,
                                             const kind_table& kinds) {
  const auto db = detail::open_sqlite(path);
  if (!db) return db.error();
  nsys_events events;
  constexpr detail::nsys_table tables[] = {{"CUPTI_ACTIVITY_KIND_KERNEL", "demangledName", nsys_events::what::kernel},
                                           {"CUPTI_ACTIVITY_KIND_MEMCPY", "bytes", nsys_events::what::copy},
                                           {"CUPTI_ACTIVITY_KIND_MEMSET", "bytes", nsys_events::what::fill}};
  for (const auto& table : tables)
    if (auto ok = detail::read_nsys_table(db->get(), table, events); !ok) return ok.error();
  if (auto ok = detail::read_nsys_graphs(db->get(), tables, events); !ok) return ok.error();
  if (auto ok = detail::read_nsys_ranges(db->get(), events); !ok) return ok.error();
  if (events.empty() && events.damaged() == 0)
    return failure{errc::not_found, "an SQLite database without nsys' events of devices"};
  if (detail::has_table(db->get(), "StringIds")) {
    const auto ok = detail::query(db->get(), "SELECT id, value FROM StringIds", [&](sqlite3_stmt* row) {
      events.set_name(static_cast<std::uint64_t>(::sqlite3_column_int64(row, 0)), detail::text_of(row, 1));
    });
    if (!ok) return ok.error();
  }
  rank_profile out;
  out.summary.has_events = true;
  out.rank = rank_of_name(file).value_or(-1);
  out.file = file;
  if (auto done = events.give(out, kinds); !done) return done.error();
  out.summary.events = out.device.events();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_NSYS_SQLITE_HPP
