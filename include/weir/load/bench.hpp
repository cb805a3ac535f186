// weir/load/bench.hpp - one benchmark run from its options to its report. Needs Linux and simdjson.
#ifndef WEIR_LOAD_BENCH_HPP
#define WEIR_LOAD_BENCH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/load/ask_tokens.hpp"
#include "weir/load/bench_options.hpp"
#include "weir/load/bench_table.hpp"
#include "weir/load/client_watch.hpp"
#include "weir/load/file_limit.hpp"
#include "weir/load/fit_length.hpp"
#include "weir/load/progress.hpp"
#include "weir/load/record_log.hpp"
#include "weir/load/run_config.hpp"
#include "weir/load/run_findings.hpp"
#include "weir/load/run_plan.hpp"
#include "weir/load/run_summary.hpp"
#include "weir/load/runner.hpp"
#include "weir/load/send_limit.hpp"
#include "weir/load/server_side.hpp"
#include "weir/load/stop_signals.hpp"
#include "weir/load/vllm_result.hpp"
#include "weir/load/worker.hpp"
#include "weir/net/address.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/client.hpp"
#include "weir/openai/reach.hpp"
#include "weir/openai/request.hpp"

namespace weir::inline v0 {

namespace detail {

/// A run: everything that lives while it lasts.
class bench_session {
 public:
  bench_session(bench_options options, const run_console& console)
      : options_(std::move(options)), console_(&console), summary_(options_.goals), precision_(options_.until) {}

  result<bench_report> run() {
    for (const auto step : {&bench_session::find_servers, &bench_session::fit_prompts, &bench_session::check_prompts,
                            &bench_session::open_log, &bench_session::plan_load, &bench_session::begin_signals,
                            &bench_session::warm_up, &bench_session::measure})
      if (auto done = (this->*step)(); !done) return done.error();
    return report();
  }

 private:
  /// What is counted, and what is thrown away: both kinds of run end by stopping the loop.
  struct measured final : load_listener {
    explicit measured(bench_session& s) : session(&s) {}
    void on_record(request_record&& record, bool last) override { session->count(record, last); }
    void on_finished() override { session->loop_.stop(); }
    bench_session* session;
  };
  struct unmeasured_run final : load_listener {
    explicit unmeasured_run(loop& on) : turning(&on) {}
    void on_record(request_record&& record, bool last) override {
      if (last && record.status != outcome::ok) ++failed, error = record.error;
    }
    void on_finished() override { turning->stop(); }
    loop* turning;
    std::uint64_t failed = 0;
    std::string error;
  };

  /// Addresses, models, clients and the writers of requests, endpoint by endpoint.
  result<void> find_servers() {
    for (auto& where : options_.endpoints) {
      auto addresses = reach(
          where, options_.request, options_.tls, [this](std::string_view said) { console_->note(said); },
          options_.ready_ns);
      if (!addresses) return addresses.error();
      const auto target = where.target(options_.path);
      if (!target) return target.error();
      request_options request = options_.request;
      request.model = where.model;
      writers_.emplace_back(std::move(request), where.where.authority(), *target);
      if (options_.server_metrics && where.prefix.empty()) servers_.add(where, *addresses);
      dials_.push_back({&where, &writers_.back(), *addresses});
      clients_.push_back(std::make_unique<client>(loop_, *std::move(addresses), options_.limits));
      targets_.push_back({&where, clients_.back().get(), &writers_.back()});
    }
    options_.identity.model = options_.endpoints.front().model;
    return {};
  }

  result<void> fit_prompts() {
    if (!options_.fit_lengths || std::ranges::none_of(options_.prompts, can_fit)) return {};
    token_question count(options_.endpoints.front(), dials_.front().addresses, options_.request);
    const length_fit fit = fit_lengths(options_.prompts, count, 60'000'000'000);
    const auto note = [&](std::size_t prompts, const std::string& what) {
      if (prompts > 0)
        console_->note(std::to_string(prompts) + " prompts " + what + "; tokens_in of their records is real");
    };
    note(fit.left, "are only about as long as asked for (" + fit.why + ")");
    note(fit.inexact, "could only be brought near the length asked for");
    if (!count.with_template() && options_.request.chat)
      console_->note("the server's /tokenize counts no chats: lengths are without what its template adds");
    return {};
  }

  result<void> check_prompts() {
    for (const auto* list : {&options_.prompts, &options_.warmup})
      for (const auto& p : *list)
        if (auto fits = writers_.front().check(p); !fits) return fits;
    return {};
  }

  result<void> open_log() {
    if (options_.records.empty()) return {};
    if (options_.records == "-") {
      log_.emplace(loop_, byte_sink(1, "standard output"));
      return {};
    }
    std::int64_t whole_bytes = 0;
    if (options_.mode == records_mode::resume) {
      auto done = read_done(options_.records, std::ranges::any_of(options_.prompts, &prompt::continues));
      if (!done) return done.error();
      done_ = std::move(done->answers);
      whole_bytes = done->whole_bytes;
    }
    auto sink = open_records(options_.records, options_.mode, whole_bytes);
    if (!sink) return sink.error();
    log_.emplace(loop_, *std::move(sink));
    return {};
  }

  result<void> plan_load() {
    auto& o = options_;
    auto planned = plan_run(o, done_);
    if (!planned) return planned.error();
    plan_ = *std::move(planned);
    if (plan_.times_missing) console_->note("only some of the prompts have a time (t_sched_ns): none is kept");
    const std::size_t begins = plan_.turns.begins, limit = plan_.max_concurrency;
    o.threads = std::clamp<std::size_t>(o.threads, 1, std::max<std::size_t>(1, begins));
    for (const std::size_t most : {limit, plan_.max_sessions})
      if (most > 0) o.threads = std::min(o.threads, most);
    if (auto placed = o.threads == 1 ? take_place(o.place, 0) : try_places(o.place, o.threads); !placed) return placed;
    if (!plan_.t_sched_ns.empty() && limit == 0) {  // how many are needed is the server's to say
      raise_file_limit(begins);
      return {};
    }
    return ensure_file_limit(limit == 0 ? begins : std::min(limit, begins));
  }

  result<void> begin_signals() { return signals_.begin(); }

  void stop(int signal) { end_early("the run was ended by signal " + std::to_string(signal)); }
  void end_early(const std::string& why) {
    if (const auto now = std::exchange(stop_run_, nullptr)) now(why);
  }

  /// What of a plan a runner sends. \pre  it outlives the runner.
  [[nodiscard]] load_plan part(const run_plan& of) const {
    return {.prompts = of.turns.prompts,
            .next = of.turns.next,
            .t_sched_ns = of.t_sched_ns,
            .max_concurrency = of.max_concurrency,
            .max_sessions = of.max_sessions,
            .turns_end_ns = of.t_sched_ns.empty() ? 0 : options_.duration_ns,
            .repeat = options_.repeat && of.t_sched_ns.empty(),
            .t_start_ns = t_begin_ns_,
            .how = options_.how,
            .first = of.first,
            .step = of.step,
            .exchange = {.choices = options_.request.choices}};
  }
  /// When a closed loop ends; a schedule ends by itself.
  [[nodiscard]] std::int64_t limit_ns() const noexcept { return plan_.t_sched_ns.empty() ? options_.duration_ns : 0; }

  result<void> warm_up() {
    if (options_.warmup.empty() || plan_.size() == 0) return {};
    unmeasured_run listener(loop_);
    runner run(loop_, targets_,
               {.prompts = options_.warmup,
                .max_concurrency = plan_.max_concurrency,
                .how = options_.how,
                .exchange = {.choices = options_.request.choices}},
               listener);
    if (auto done = turn(run); !done) return done;
    if (listener.failed > 0)
      console_->note(std::to_string(listener.failed) + " of " + std::to_string(options_.warmup.size()) +
                     " warm-up requests failed: " + listener.error);
    return {};
  }

  result<void> measure() {
    if (signals_.seen() != 0) return {};
    servers_.before(!options_.warmup.empty());
    options_.run.t_start_ns = now_ns();
    options_.run.start_unix_ns = wall_ns();
    describe_run(options_, plan_);
    if (log_) {
      log_->write(options_.run);
      for (const auto& where : options_.endpoints) log_->write(where);
    }
    summary_.asked_choices = options_.request.choices;
    measured listener(*this);
    if (options_.start_unix_ns != unmeasured) t_begin_ns_ = now_ns() + options_.start_unix_ns - weir::wall_ns();
    return options_.threads > 1 ? measure_in_threads(listener) : measure_here(listener);
  }

  result<void> measure_here(load_listener& listener) {
    runner run(loop_, targets_, part(plan_), listener);
    const progress_ticker ticker(loop_, *console_, [&] { return state(run); });
    client_watch watch(loop_, [&] { return run.sending() ? std::optional(run.in_flight()) : std::nullopt; });
    const send_limit limit(loop_, run, limit_ns());
    if (auto watching = watch.start(); !watching) return watching;
    if (auto done = turn(run); !done) return done;
    findings_.client = watch.stop();
    summary_.max_in_flight = run.max_in_flight();
    findings_.server = servers_.after();
    return {};
  }

  result<void> turn(runner& run) {
    stop_run_ = [&run](const std::string& why) { run.stop(why); };
    drain_run_ = [&run] { run.drain(); };
    run.start();
    auto done = loop_.run();
    stop_run_ = nullptr, drain_run_ = nullptr;
    return done;
  }

  /// Each thread has its own loop and connections; this one writes, counts and shows what they hand over.
  result<void> measure_in_threads(load_listener& listener) {
    start_gate gate(options_.threads, t_begin_ns_);
    record_outbox outbox(loop_, listener, options_.threads);
    if (auto open = outbox.open(); !open) return open;
    std::vector<run_plan> shares;
    for (std::size_t i = 0; i < options_.threads; ++i) shares.push_back(plan_.share(i, options_.threads));
    std::vector<std::unique_ptr<load_worker>> workers;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      load_plan what = part(shares[i]);
      what.gate = &gate;
      workers.push_back(std::make_unique<load_worker>(
          load_worker::setting{dials_, options_.limits, what, limit_ns(), options_.place, i}, outbox));
    }
    for (auto& each : workers)
      if (auto started = each->start(); !started) return started;
    stop_run_ = [&](const std::string& why) {
      for (auto& each : workers) each->stop(why);
    };
    drain_run_ = [&] {
      for (auto& each : workers) each->drain();
    };
    const progress_ticker ticker(loop_, *console_, [&] { return state(gate.in_flight(), workers); });
    auto done = loop_.run();
    stop_run_ = nullptr, drain_run_ = nullptr;
    return done ? join(workers, gate) : done;
  }

  result<void> join(std::vector<std::unique_ptr<load_worker>>& workers, const start_gate& gate) {
    for (auto& each : workers) {
      auto health = each->join();
      if (!health) return health.error();
      findings_.client.merge(*health);
    }
    summary_.max_in_flight = gate.max_in_flight();
    findings_.server = servers_.after();
    return {};
  }

  void count(const request_record& record, bool last) {
    summary_.add(record, last);
    if (last && precision_.add(record))
      if (const auto now = std::exchange(drain_run_, nullptr)) now();
    if (options_.details && last) details_.add(record, options_.run.t_start_ns);
    if (!log_) return;
    log_->write(record);
    if (!log_->status()) end_early("the records can't be written");
  }

  [[nodiscard]] run_state state(const runner& run) const {
    run_state s = state(run.in_flight());
    for (const auto& each : clients_) s.tokens += each->tokens_under_way();
    return s;
  }
  [[nodiscard]] run_state state(std::size_t in_flight, const std::vector<std::unique_ptr<load_worker>>& workers) const {
    run_state s = state(in_flight);
    for (const auto& each : workers) s.tokens += each->tokens();
    return s;
  }
  [[nodiscard]] run_state state(std::size_t in_flight) const {
    return {options_.repeat ? 0 : plan_.size() - summary_.turns_not_sent,
            summary_.requests(),
            summary_.failed,
            in_flight,
            summary_.attempts.counts.tokens_out.known,
            static_cast<double>(options_.duration_ns) / 1e9};
  }

  result<bench_report> report() {
    auto& id = options_.identity;
    findings_.precision = precision_.finish();
    id.num_prompts = options_.repeat || precision_.met() ? summary_.requests() : plan_.size();
    id.request_rate = options_.arrivals.rate;
    id.burstiness = options_.arrivals.burstiness;
    id.max_concurrency = plan_.max_concurrency;
    id.choices = options_.request.choices;
    id.alone = options_.shards == 1;
    id.seed = options_.run.seed;
    id.start_unix_ns = options_.run.start_unix_ns;
    findings_.judged = judge(facts_of(summary_, id, findings_.client, findings_.server, signals_.seen()));
    if (log_) log_->write(findings_.judged);
    bench_report r;
    r.table = bench_table(id, summary_, findings_);
    r.json = vllm_result(id, summary_, options_.details ? &details_ : nullptr,
                         [&](json_writer& json) { append_findings(json, findings_, summary_); });
    r.name = vllm_result_name(id);
    r.completed = summary_.completed, r.failed = summary_.failed, r.good = summary_.good;
    r.level = findings_.judged.level;
    r.completed_per_s = summary_.completed > 0 ? summary_.per_s(static_cast<double>(summary_.completed)) : 0;
    if (const auto kinds = summary_.by_count(); !kinds.empty()) r.trouble = words_of(*kinds[0].second);
    r.already_done = plan_.already_done;
    r.signal = signals_.seen();
    if (log_) r.records = log_->close();
    return r;
  }

  bench_options options_;
  const run_console* console_;
  loop loop_;
  stop_signals signals_{loop_, [this](int signal) { stop(signal); }};
  std::deque<request_writer> writers_;
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<load_target> targets_;
  known_answers done_;  // by an earlier run
  run_plan plan_;
  std::int64_t t_begin_ns_ = unmeasured;  // not before it; unmeasured: once connected
  std::optional<record_log> log_;
  server_watch servers_{options_.request};
  run_summary summary_;
  run_findings findings_;
  detail_columns details_;
  std::vector<dial_plan> dials_;
  std::function<void(const std::string&)> stop_run_;  // while there is one
  std::function<void()> drain_run_;                   // the same
  precision_watch precision_;
};

}  // namespace detail

/// Runs a benchmark: finds the servers and their models, warms up, sends, counts, and writes records as they come.
/// SIGINT and SIGTERM end it early; what was measured so far is then reported as usual.
/// \return  errc::invalid_argument, not_found, limit, busy, io before anything is sent. A request that fails is a
/// record,
///          not a failure of the run; see also bench_report::records.
[[nodiscard]] inline result<bench_report> run_bench(bench_options options, const run_console& console) {
  return detail::bench_session(std::move(options), console).run();
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_BENCH_HPP
