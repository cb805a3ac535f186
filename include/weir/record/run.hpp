// weir/record/run.hpp - the first record of every run: what ran, where, with what. Needs the standard library only.
#ifndef WEIR_RECORD_RUN_HPP
#define WEIR_RECORD_RUN_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/version.hpp"

namespace weir::inline v0 {

/// A run's identity card. `config` holds name and JSON value of whatever shapes the result (rate, concurrency, ...).
struct run_record {
  std::string tool;               ///< "weir-bench"
  std::vector<std::string> argv;  ///< As given. Secrets never stand in argv: see --api-key-env.
  std::string host;               ///< The machine's name.
  std::uint64_t seed = 0;
  std::int64_t t_start_ns = now_ns();                       ///< Monotonic: the zero of this run's `t_*_ns`.
  std::int64_t start_unix_ns = wall_ns();                   ///< Wall clock at the same moment.
  std::vector<std::pair<std::string, std::string>> config;  ///< Name and raw JSON value.
};

/// Appends `r` as one line of JSON with its newline.
inline void append_record(std::string& out, const run_record& r) {
  json_writer json(out);
  json.begin_object().field("type", "run").field("tool", r.tool).field("version", WEIR_VERSION_STRING);
  json.key("argv").begin_array();
  for (const auto& word : r.argv) json.value(word);
  json.end_array().field("host", r.host).field("seed", r.seed).field("t_start_ns", r.t_start_ns);
  json.field("start_unix_ns", r.start_unix_ns).field("start", utc_text(r.start_unix_ns));
  json.key("config").begin_object();
  for (const auto& [name, value] : r.config) json.key(name).raw(value);
  json.end_object().end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_RUN_HPP
