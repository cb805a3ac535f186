// weir-sweep: runs a matrix of cells, here or under a scheduler.
#include "weir/run/sweep.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cli.hpp"
#include "sweep_about.hpp"
#include "sweep_cell.hpp"
#include "sweep_console.hpp"
#include "sweep_follow.hpp"
#include "sweep_launcher.hpp"
#include "sweep_matrix.hpp"
#include "sweep_measure.hpp"
#include "sweep_outputs.hpp"
#include "sweep_place.hpp"
#include "sweep_runner.hpp"
#include "weir/run/dry_run.hpp"
#include "weir/run/sweep_directory.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments, weir::tool::place_of, weir::tool::say;

/// Where a sweep goes that is not told: as the scripts that had these studies did.
result<std::string> out_of(const arguments& args, const weir::matrix& m) {
  std::string out(args.get("out", m.short_names && !m.study.starts_with("E1") ? "experiment_results" : ""));
  if (out.empty()) return failure{errc::invalid_argument, "where to? name a directory with --out"};
  if (args.has("diagnostic")) out += "/diagnostic";
  const auto path = std::filesystem::absolute(out).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).string();
}

result<weir::sweep_plan> plan_of(const arguments& args, weir::matrix& m) {
  auto cells = weir::tool::given_cells(args, m);
  if (!cells) return cells.error();
  weir::sweep_plan plan{m.study, std::move(cells->cells), std::move(cells->skipped)};
  if (args.has("diagnostic")) plan.cells = {weir::diagnostic_cell(plan.cells)};
  return plan;
}

/// Runs the plan. \return  128 + the signal that ended it, or 0.
result<int> run_plan(const arguments& args, const weir::sweep_plan& plan, const weir::cell_node& place,
                     const std::string& out) {
  const auto rank = place.rank;
  auto opened =
      rank == 0 ? weir::sweep_directory::open(out, plan, args.has("resume")) : weir::sweep_directory::beside(out, rank);
  if (!opened) return opened.error();
  auto driver = weir::tool::put_driver(args, opened->path());
  if (!driver) return driver.error();
  auto where = weir::tool::make_launcher(args, opened->path());
  if (!where) return where.error();
  for (const auto& s : plan.skipped)
    if (!args.has("quiet")) say("left out: " + s.name + ": " + s.reason);

  weir::tool::stop_request stop;
  weir::tool::sweep_console person(args.has("quiet"), args.has("follow"));
  const weir::sweep* running = nullptr;
  std::int64_t written_ns = 0;
  const auto tell_state = [&](bool now) {
    if (rank > 0 || running == nullptr || (!now && weir::now_ns() - written_ns < 500'000'000)) return;
    written_ns = weir::now_ns();
    (void)weir::replace_text(opened->path() + "/state.jsonl", weir::state_json(running->runs()));
    if (person.draws()) person.draw(weir::tool::state_text(running->runs()));
  };
  weir::sweep_setup setup{.out = opened->path(),
                          .from = std::filesystem::current_path().string(),
                          .study = plan.study,
                          .driver = *driver,
                          .runner = weir::tool::runner_of(place, args.has("node-rank"))};
  setup.placed = args.has("node-rank");
  if (rank > 0) setup.follower = opened->path() + "/.node" + std::to_string(rank);
  setup.wake_fd = stop.fd();
  setup.stop = [&] { return stop.seen() != 0; };
  setup.changed = [&](const weir::sweep_run& run) {
    std::size_t over = 0, all = 0;
    if (running != nullptr)
      for (const auto& each : running->runs()) ++all, over += each.over();
    person.changed(run, over, all);
  };
  setup.looked = [&] { tell_state(false); };
  setup.say = [](std::string_view text) { say(text); };
  weir::sweep sweep(std::move(setup), **where);
  running = &sweep;
  const auto ended = sweep.run(plan.cells);
  tell_state(true);
  if (!ended)
    return failure{ended.error().code, ended.error().detail + "; what is finished is whole: --resume goes on"};
  return stop.seen() == 0 ? 0 : 128 + stop.seen();
}

result<int> run(const arguments& args) {
  if (args.has("python")) ::setenv("WEIR_PYTHON", std::string(args.get("python")).c_str(), 1);
  if (args.has("follow") && args.operands().empty() && !args.has("models")) return weir::tool::follow(args);
  const auto place = place_of(args);
  if (!place) return place.error();
  auto m = weir::tool::given_matrix(args);
  if (!m) return m.error();
  auto plan = plan_of(args, *m);
  if (!plan) return plan.error();
  if (args.has("dry-run")) {
    const auto out = out_of(args, *m);
    const auto text = weir::dry_run(*plan, out ? *out : "OUT", "vllm_offline.py", *place);
    if (!text) return text.error();
    if (auto printed = weir::tool::print(*text); !printed) return printed.error();
    return 0;
  }
  const auto out = out_of(args, *m);
  if (!out) return out.error();
  const auto signal = run_plan(args, *plan, *place, *out);
  if (!signal) return signal;
  if (place->rank > 0) return signal;
  const auto shown = weir::tool::write_and_show(args, *out);
  if (!shown) return shown;
  return *signal != 0 ? *signal : *shown;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "run-cell") return weir::tool::run(weir::tool::run_cell_about, argc, argv, weir::tool::run_one_cell);
  if (first == "measure" && argc == 3) {
    const auto status = weir::tool::measure_cell(argv[2]);
    if (!status) say("weir-sweep: " + status.error().detail);
    return status ? *status : 2;
  }
  return weir::tool::run(weir::tool::sweep_about(), argc, argv, run);
}
