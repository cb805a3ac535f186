// weir/load/bench_options.hpp - everything that a run can be asked for. Needs weir/openai.
#ifndef WEIR_LOAD_BENCH_OPTIONS_HPP
#define WEIR_LOAD_BENCH_OPTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/data/prompts.hpp"
#include "weir/load/precision.hpp"
#include "weir/load/record_log.hpp"
#include "weir/load/run_summary.hpp"
#include "weir/load/runner.hpp"
#include "weir/load/schedule.hpp"
#include "weir/load/thread_place.hpp"
#include "weir/load/validity.hpp"
#include "weir/load/vllm_result.hpp"
#include "weir/openai/client.hpp"
#include "weir/openai/dial.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/request.hpp"
#include "weir/record/run.hpp"

namespace weir::inline v0 {

struct bench_options {
  std::vector<endpoint> endpoints;  ///< At least one.
  std::string path;                 ///< "/v1/completions", under each base URL.
  request_options request;          ///< Its model, where not empty, is asked of every endpoint.
  std::vector<prompt> prompts;      ///< At least one. Their t_sched_ns hold where all have one and no rate is given.
  std::vector<prompt> warmup;       ///< Sent before, unmeasured.
  bool fit_lengths = false;         ///< Made-up texts become as long as they ask, by the first server's /tokenize.
  arrival_options arrivals;
  std::int64_t duration_ns = 0;  ///< Nothing is sent after it; what is under way then ends as usual. 0: no limit.
  bool repeat = false;           ///< With a duration and no schedule: begin the prompts again when they are through.
  std::size_t shard = 0, shards = 1;        ///< Of `shards` clients that share this load, this is number `shard`.
  std::int64_t start_unix_ns = unmeasured;  ///< When the first request may leave; unmeasured: as soon as connected.
  std::size_t max_concurrency = 0;          ///< Requests under way; 0: no limit.
  std::size_t max_sessions = 0;             ///< Sessions that have begun and are not over; 0: no limit.
  std::size_t threads = 1;  ///< Each with its own loop; more than requests or concurrency allow are left out.
  balance how = balance::least_busy;
  thread_place place;  ///< Of the threads that send and receive.
  client_limits limits;
  tls_maker tls;          ///< For https; nothing: refused.
  bool insecure = false;  ///< It takes any certificate: stands in the run's record.
  service_level goals;
  std::vector<precision_goal> until;  ///< No more is sent once all are met.

  std::string records;  ///< A file, "-" for standard output, or empty.
  records_mode mode = records_mode::fresh;
  bool details = false;        ///< Keep what --save-detailed writes.
  bool server_metrics = true;  ///< Ask the servers for their /metrics before and after.
  std::int64_t ready_ns = 0;   ///< Wait so long for each server to answer /v1/models. 0: not.
  run_record run;              ///< Tool, argv, host, seed: written first.
  run_identity identity;       ///< What of it stands in the result; the rest is filled in.
};

/// What a run came to.
struct bench_report {
  std::string table;  ///< For people.
  std::string json;   ///< The JSON object of vLLM's result file.
  std::string name;   ///< What vLLM would call that file.
  std::uint64_t completed = 0, failed = 0;
  std::uint64_t good = 0;          ///< Of the completed, those within the goals.
  trust level = trust::invalid;    ///< The verdict.
  double completed_per_s = 0;      ///< Requests that succeeded a second; 0 where none did.
  std::string trouble = {};        ///< The commonest failure, as the table tells it; empty where none.
  std::uint64_t already_done = 0;  ///< Prompts that an earlier run had answered (--resume).
  int signal = 0;                  ///< The signal that ended the run early, or 0.
  result<void> records;            ///< Whether the records were written in full; the run ended early where not.
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_BENCH_OPTIONS_HPP
