// weir/serve/session.hpp - weir-serve-many's life: instances up, a command or a signal, all gone. Needs simdjson and
// Linux.
#ifndef WEIR_SERVE_SESSION_HPP
#define WEIR_SERVE_SESSION_HPP

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/net/connection.hpp"
#include "weir/net/loop.hpp"
#include "weir/record/run.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/fleet.hpp"
#include "weir/serve/gateway_cost.hpp"
#include "weir/serve/log_limit.hpp"
#include "weir/serve/news.hpp"
#include "weir/serve/process.hpp"
#include "weir/serve/runs.hpp"
#include "weir/serve/sampler.hpp"
#include "weir/serve/session_command.hpp"
#include "weir/serve/session_user.hpp"
#include "weir/serve/signals.hpp"
#include "weir/serve/supervise.hpp"

namespace weir::inline v0 {

/// What a session does beside keeping a fleet.
struct session_spec {
  fleet_spec servers;
  std::string endpoints = {};             ///< File for the endpoint records; empty: none but the command's.
  std::vector<std::string> command = {};  ///< Run when all are ready, to its end; empty: serve until a signal.
  std::string samples = {};  ///< File for samples of power, memory and load from then on; empty: none are taken.
  std::int64_t sample_every_ns = 1'000'000'000;
  run_record run = {};  ///< The samples' first line.
};

/// Runs one session.
class session final : private instance_user, private timer {
 public:
  session(session_spec spec, session_user& user) : spec_(std::move(spec)), user_(&user) {}
  ~session() { loop_.disarm(*this); }

  /// \return  the exit status; a failure where nothing was started: see make_fleet.
  result<int> run() {
    const auto& command = spec_.servers.server.command;
    if (const auto program = find_program(command[0], variable("PATH")); !program) {
      user_->warn(program.error().detail + (is_engine(spec_.servers.server.name)
                                                ? ": install it, or let WEIR_PYTHON name the interpreter of the "
                                                  "environment it is in; weir doctor --engines lists what is here"
                                                : ""));
      return program.error().code == errc::not_found ? 127 : 126;
    }
    if (auto clear = clear_endpoints(spec_.endpoints); !clear) return clear.error();
    if (!spec_.samples.empty())
      if (auto can = check_replaceable(spec_.samples); !can) return can.error();
    if (auto dead = collect_dead_runs(); dead && dead->runs > 0)
      user_->say("removed what " + std::to_string(dead->runs) + " killed runs had left");
    auto fleet = make_fleet(spec_.servers, {.on_wait = [this](const std::string& news) { return still_waits(news); }});
    if (!fleet && signalled_) return status_;
    if (!fleet) return fleet.error();
    fleet_.emplace(std::move(*fleet));
    if (!fleet_->remark.empty()) user_->warn(fleet_->remark);
    for (std::size_t i = 0; i < fleet_->members.size(); ++i)
      servers_.add(member_spec(*fleet_, spec_.servers, i, loop_, buffer_));
    write_state();
    servers_.start();
    loop_.arm(*this, now_ns());
    for (step(); !over(); step())
      if (auto turned = loop_.turn(); !turned) return turned.error();
    for (const auto& member : fleet_->members)
      if (fleet_->source)
        if (auto back = await_devices(*fleet_->source, member.devices, fleet_->locks); !back) {
          user_->warn(back.error().detail + "; it is not given to later runs before that is over");
          devices_back_ = std::move(back);
        }
    return status_;
  }

  /// After run(): the signal that it was told to end by; 0: none.
  [[nodiscard]] int ended_by() const noexcept { return signal_; }
  /// After run(): whether the devices were seen to be as they were before.
  [[nodiscard]] const result<void>& devices_back() const noexcept { return devices_back_; }

 private:
  static constexpr std::int64_t status_ns = 200'000'000;

  [[nodiscard]] bool over() const { return ending_ && !command_.running() && servers_.all_over(); }
  [[nodiscard]] int failed(int with_command) const { return spec_.command.empty() ? 1 : with_command; }

  /// A wait for what killed runs hold, said once; a signal ends it.
  bool still_waits(const std::string& news) {
    if (!news.empty()) user_->warn(news);
    return loop_.turn(now_ns()) && !signalled_;
  }

  /// Ends with `status`, unless an end with another one is under way.
  void end(int status) {
    if (!std::exchange(ending_, true)) status_ = status;
  }

  /// Decides what comes next. The callbacks only note what happened, so that no object is changed under its own feet.
  void step() {
    if (!ready_ && !ending_) {
      if (servers_.all_ready() && fleet_->gateway.number > 0 && servers_.instances().size() == fleet_->members.size())
        servers_.add_started(gateway_instance(*fleet_, spec_.servers, loop_, buffer_));
      if (servers_.all_ready()) on_all_ready();
      for (const auto& each : servers_.instances())
        if (each.state() == instance_state::failed) end(failed(each.why()->code == errc::limit ? 124 : 125));
    }
    if (ready_ && !command_.running() && servers_.all_over()) end(failed(125));
    if (ending_ && !command_.running() && !servers_.stopping()) {
      if (sampling_ && !end_samples() && status_ == 0) status_ = failed(125);
      servers_.stop();
    }
  }

  void on_all_ready() {
    ready_ = true;
    std::string records;
    for (std::size_t i = 0; i < fleet_->members.size(); ++i)
      append_endpoint(records, *fleet_, i, servers_.instances()[i].model());
    if (fleet_->gateway.number > 0) {
      append_gateway(records, *fleet_, servers_.instances()[0].model());
      tell_gateway_cost();
    }
    const std::string file = spec_.endpoints.empty() ? fleet_->run.path() + "/endpoints.jsonl" : spec_.endpoints;
    if (auto wrote = replace_text(file, records); !wrote) return user_->warn(wrote.error().detail), end(failed(125));
    if (auto begun = start_samples(); !begun) return user_->warn(begun.error().detail), end(failed(125));
    user_->on_endpoints(records);
    if (spec_.command.empty()) return;
    if (auto started = command_.start(spec_.command, file, fleet_->run); !started)
      return user_->warn(started.error().detail), end(125);
  }

  result<void> start_samples() {
    if (spec_.samples.empty()) return {};
    std::vector<sampled_instance> all;
    for (std::size_t i = 0; i < fleet_->members.size(); ++i)
      all.push_back({servers_.instances()[i].spec().name, fleet_->members[i].devices.places});
    std::string first;
    append_record(first, spec_.run);
    const auto count = all.size();
    auto begun = sampling::start(sampler(std::move(all), fleet_->source.get()), count, spec_.samples,
                                 spec_.sample_every_ns, first);
    if (!begun) return begun.error();
    sampling_ = std::move(*begun);
    tell_keepers();
    return {};
  }

  /// Tells the sampler under which process each instance runs now.
  void tell_keepers() {
    for (std::size_t i = 0; sampling_ && i < fleet_->members.size(); ++i) {
      const auto* running = servers_.instances()[i].running();
      sampling_->set_keeper(i, running ? running->keeper_pid() : 0);
    }
  }

  /// \return  whether all samples are in the file.
  bool end_samples() {
    const auto missing = std::exchange(sampling_, nullptr)->finish();
    if (!missing) return user_->warn(missing.error().detail), false;
    for (const auto& why : *missing) user_->say("samples: " + why);
    return true;
  }

  void tell_gateway_cost() {
    const auto& rule = spec_.servers.server.ready;
    const auto cost = gateway_cost_ns(fleet_->gateway.number, fleet_->members[0].port.number,
                                      rule.health.empty() ? "/v1/models" : rule.health);
    user_->say(cost ? "the gateway adds " + std::to_string(*cost / 1000) + " us to an answer (medians of 200)"
                    : "what the gateway adds can't be measured: " + cost.error().detail);
  }

  /// Nothing of the command is left: its status counts, unless it had to do without an instance.
  void on_command_end(int status) {
    const auto is_lost = [](const instance& each) {
      return each.state() == instance_state::failed ||
             (each.state() == instance_state::ending && each.why() && each.spec().restart.limit == 0);
    };
    const bool lost = std::any_of(servers_.instances().begin(), servers_.instances().end(), is_lost);
    if (lost) user_->warn("not every instance lived as long as the command: what it measured or wrote is not complete");
    end(lost && status == 0 ? 125 : status);
  }

  void on_signal(int number) {
    if (number == SIGUSR1 || number == SIGUSR2) return command_.signal(number);
    if (std::exchange(signalled_, true)) {  // in a hurry
      command_.kill();
      servers_.stop(0);
      return;
    }
    ending_ = true;
    signal_ = number;
    status_ = 128 + number;
    user_->say(std::string("stopping: ") + ::strsignal(number));
    command_.signal(number);
  }

  void on_time(std::int64_t now) override {
    if (std::exchange(changed_, false)) write_state();
    if (spec_.servers.log_limit_bytes > 0)
      for (const auto& member : fleet_->members) (void)limit_log(member.log, spec_.servers.log_limit_bytes);
    user_->on_status(status_line(servers_));
    loop_.arm(*this, now + status_ns);
  }

  void on_change(instance& which) override {
    changed_ = true;
    tell_keepers();
    tell_no_cgroup(which);
    const bool failed = which.state() == instance_state::ending && which.why();
    const std::size_t lines = failed && ++failures_ <= 3 ? 20 : 0;  // of a hundred, the first ones' words will do
    const auto news = describe_change(which, lines);
    if (news.empty()) return;
    if (which.state() == instance_state::ready && which.trouble().empty())
      user_->say(news);
    else
      user_->warn(news);
  }

  /// What this machine does not let us do, said once.
  void tell_no_cgroup(const instance& which) {
    if (told_no_cgroup_ || !which.running() || which.running()->why_no_cgroup().empty()) return;
    told_no_cgroup_ = true;
    user_->say("no cgroup can be made (" + which.running()->why_no_cgroup() +
               "): servers are killed process by process");
  }

  /// For `status`, and for whoever cleans up after a killed run.
  void write_state() {
    std::string records;
    append_run_state(records, describe_process(::getpid()));
    for (std::size_t i = 0; i < fleet_->members.size(); ++i)
      append_instance_state(records, member_state(*fleet_, i, servers_.instances()[i]));
    (void)replace_text(fleet_->run.path() + "/state.jsonl", records);
  }

  session_spec spec_;
  session_user* user_;
  loop loop_;
  signal_source signals_{loop_, {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}, [this](int n) { on_signal(n); }};
  receive_buffer buffer_;
  std::optional<fleet> fleet_;
  supervisor servers_{loop_, *this};
  session_command command_{loop_, [this](int status) { on_command_end(status); }};
  std::unique_ptr<sampling> sampling_;
  result<void> devices_back_;
  bool ready_ = false, ending_ = false, signalled_ = false, changed_ = false, told_no_cgroup_ = false;
  int status_ = 0, failures_ = 0, signal_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_SESSION_HPP
