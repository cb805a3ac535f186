#include "weir/run/sweep.hpp"

#include <algorithm>
#include <deque>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "../shell.hpp"
#include "catch.hpp"
#include "weir/run/batch_results.hpp"
#include "weir/run/sweep_report.hpp"

namespace {

using words = std::vector<std::string>;

weir::sweep_cell cell_named(const std::string& name, const std::string& quant = "bf16", const std::string& tp = "1") {
  weir::sweep_cell c{.name = name,
                     .model = "m",
                     .quant = quant,
                     .path = "",
                     .values = {},
                     .points = {},
                     .engine_args = {},
                     .command = {"true"},
                     .variables = {},
                     .derived_from = {}};
  c.values.set("mode", "command");
  c.values.set("tp", tp);
  c.values.set("devices", "none");
  weir::cell_point p{.name = "b4_in512_out128", .values = {}};
  p.values.set("batch_size", "4");
  c.points = {p};
  return c;
}

weir::cell_record record_of(const weir::sweep_cell& c, double tokens_per_s, std::int64_t run = 1) {
  weir::cell_record r{.cell = c, .run = run};
  r.start_unix_ns = 1;
  for (const auto& p : c.points) {
    auto& point = r.points.emplace_back(weir::point_record{.point = p, .status = weir::cell_status::done});
    point.metrics.set("output_tokens_per_s", tokens_per_s);
    point.metrics.set("iteration_s", 512 / tokens_per_s);
  }
  r.status = weir::cell_status::done;
  return r;
}

/// A launcher whose jobs end at once, and write what the test wants.
class scripted_launcher final : public weir::launcher {
 public:
  explicit scripted_launcher(std::function<weir::result<int>(const weir::job&)> act) : act_(std::move(act)) {}
  std::string_view name() const noexcept override { return kind; }
  weir::launcher_limits limits() const noexcept override { return {batch, under_way}; }
  weir::result<std::vector<weir::job_ticket>> submit(std::span<const weir::job> jobs) override {
    std::vector<weir::job_ticket> tickets;
    sizes.push_back(jobs.size());
    for (const auto& each : jobs) {
      submitted.push_back(each.name);
      const auto status = act_(each);
      if (!status) return status.error();
      statuses_[each.name] = *status;
      tickets.push_back({each.name, each.status_file, each.log});
    }
    return tickets;
  }
  weir::result<std::vector<weir::job_report>> poll(std::span<const weir::job_ticket> jobs, std::int64_t, int) override {
    std::vector<weir::job_report> out;
    if (away > 0) {
      --away;
      return std::vector(jobs.size(), weir::job_report{weir::job_phase::unknown, {}, "squeue: no route"});
    }
    for (const auto& each : jobs) {
      polled.push_back(each.id);
      const bool known = statuses_.contains(each.id);
      out.push_back(
          {.phase = weir::job_phase::ended, .status = known ? std::optional(statuses_[each.id]) : std::nullopt});
    }
    return out;
  }
  weir::result<void> cancel(std::span<const weir::job_ticket>) override { return {}; }

  std::string_view kind = "local";
  std::size_t batch = 1, under_way = 1;
  int away = 0;  // for so many looks
  words submitted, polled;
  std::vector<std::size_t> sizes;

 private:
  std::function<weir::result<int>(const weir::job&)> act_;
  std::map<std::string, int> statuses_;
};

struct scratch_sweep {
  explicit scratch_sweep(std::vector<weir::sweep_cell> of) : cells(std::move(of)) {
    const weir::sweep_plan plan{"", cells, {}};
    directory =
        std::make_unique<weir::sweep_directory>(weir::sweep_directory::open(folder.file("out"), plan, true).value());
  }
  weir::sweep_setup setup() {
    weir::sweep_setup s{.out = directory->path(), .from = "", .study = "", .driver = "", .runner = {"run"}};
    s.stop = [this] { return stop; };
    s.changed = [this](const weir::sweep_run& run) {
      phases.push_back(run.job.name() + " " + std::string(weir::phase_name(run.phase)));
    };
    s.looked = [] {};
    s.say = [this](std::string_view text) { said.emplace_back(text); };
    return s;
  }
  /// Writes the record of the job's cell.
  weir::result<int> write(const weir::job& job, double tokens_per_s) {
    const auto read = weir::read_cell_job(job.argv.back() + "/cell.json").value();
    std::ofstream(read.record()) << weir::cell_record_json(record_of(read.cell, tokens_per_s, read.run));
    return 0;
  }

  temporary_directory folder;
  std::vector<weir::sweep_cell> cells;
  std::unique_ptr<weir::sweep_directory> directory;
  bool stop = false;
  words phases, said;
};

}  // namespace

TEST_CASE("sweep_order: runs go there and back over the cells, profiled ones come last", "[run]") {
  auto a = cell_named("a"), b = cell_named("b");
  for (auto* c : {&a, &b}) c->values.set("num_runs", "3");
  a.values.set("profile", "torch");
  std::string order;
  const std::vector cells{a, b};
  for (const auto& run : weir::runs_in_order(cells)) order += run.name(cells[run.cell].name) + " ";
  CHECK(order == "a b b_run2 a_run2 a_run3 b_run3 a_profile ");
}

TEST_CASE("sweep_order: the diagnostic is the smallest cell in bf16 with four prompts", "[run]") {
  auto small = cell_named("small_w8a8", "w8a8"), plain = cell_named("small_bf16"),
       large = cell_named("large_bf16", "bf16", "4");
  plain.points[0].values.set("input_len", "2048");
  plain.points.push_back(plain.points[0]);
  plain.points[1].values.set("input_len", "16");
  plain.points[1].values.set("batch_size", "32");
  const auto c = weir::diagnostic_cell({large, small, plain});
  CHECK(c.name == "small_bf16");
  REQUIRE(c.points.size() == 1);
  CHECK(c.points[0].values.text("input_len") == "16");
  CHECK(c.points[0].values.text("num_prompts") == "4");
  CHECK(c.points[0].values.text("batch_size") == "4");
  CHECK(c.points[0].name == "diagnostic");
}

TEST_CASE("sweep_order: the largest batch that fits is found between the one that fits and the one that does not",
          "[run]") {
  auto c = cell_named("c");
  c.values.set("on_oom", "bisect-batch");
  c.points.clear();
  for (const auto* batch : {"4", "64"}) {
    weir::cell_point p{.name = std::string("b") + batch + "_in512", .values = {}};
    p.values.set("batch_size", batch);
    c.points.push_back(p);
  }
  auto r = record_of(c, 100);
  r.points[1].status = weir::cell_status::out_of_memory;
  r.status = weir::cell_status::partial;
  std::deque<weir::cell_record> probes;
  const std::int64_t fits = 25;  // what the machine can do
  words tried;
  for (;;) {
    std::vector<const weir::cell_record*> known;
    for (const auto& p : probes) known.push_back(&p);
    const auto next = weir::next_probe(r, known);
    if (!next) break;
    REQUIRE(next->points.size() == 1);
    CHECK(next->derived_from == "c");
    tried.emplace_back(next->points[0].values.text("batch_size"));
    auto probe = record_of(*next, 100);
    if (next->points[0].values.count("batch_size") > fits)
      probe.points[0].status = probe.status = weir::cell_status::out_of_memory;
    probes.push_back(probe);
  }
  CHECK(tried == words{"34", "19", "26", "22"});  // 4..64, 4..34, 19..34, 19..26: four probes are the most
}

TEST_CASE("sweep_order: a memory share that fits is searched where the engine said which way", "[run]") {
  auto c = cell_named("c");
  c.values.set("on_oom", "bisect-memory");
  c.values.set("gpu_memory_utilization", "0.9");
  auto r = record_of(c, 100);
  r.points[0].status = r.status = weir::cell_status::out_of_memory;
  r.reason = "out of memory: torch.OutOfMemoryError: CUDA out of memory";
  const auto first = weir::next_probe(r, {});
  REQUIRE(first);
  CHECK(first->values.text("gpu_memory_utilization") == "0.48");  // between 0.05 and 0.9
  auto small = record_of(*first, 1);
  small.points[0].status = small.status = weir::cell_status::out_of_memory;
  small.reason = "out of memory: No available memory for the cache blocks";
  const auto second = weir::next_probe(r, {&small});
  REQUIRE(second);
  CHECK(second->values.number("gpu_memory_utilization") > 0.6);
  const auto works = record_of(*second, 100);
  CHECK_FALSE(weir::next_probe(r, {&small, &works}));
  r.cell.values.set("on_oom", "mark");
  CHECK_FALSE(weir::next_probe(r, {}));
}

TEST_CASE("sweep: a failing cell does not stop the others, and its record says why", "[run]") {
  scratch_sweep s({cell_named("a"), cell_named("b"), cell_named("c")});
  scripted_launcher where(
      [&](const weir::job& job) { return job.name == "b" ? weir::result<int>(3) : s.write(job, 100); });
  weir::sweep sweep(s.setup(), where);
  REQUIRE(sweep.run(s.cells));
  CHECK(where.submitted == words{"a", "b", "c"});
  const auto b = weir::read_cell_record(s.directory->path() + "/benchmark_results/b.json").value();
  CHECK(b.status == weir::cell_status::failed);
  CHECK(b.reason == "its runner left no record: it ended with status 3");
  CHECK(weir::read_cell_record(s.directory->path() + "/benchmark_results/c.json").value().status ==
        weir::cell_status::done);
}

TEST_CASE("sweep: what is whole is not run again, what failed is", "[run]") {
  scratch_sweep s({cell_named("a"), cell_named("b"), cell_named("c")});
  scripted_launcher first(
      [&](const weir::job& job) { return job.name == "b" ? weir::result<int>(3) : s.write(job, 100); });
  REQUIRE(weir::sweep(s.setup(), first).run(s.cells));
  scripted_launcher again([&](const weir::job& job) { return s.write(job, 50); });
  weir::sweep sweep(s.setup(), again);
  REQUIRE(sweep.run(s.cells));
  CHECK(again.submitted == words{"b"});
  CHECK(sweep.runs()[0].phase == weir::run_phase::resumed);
  CHECK(sweep.runs()[1].record.status == weir::cell_status::done);
}

TEST_CASE("sweep: a job whose record is of an earlier start has failed", "[run]") {
  scratch_sweep s({cell_named("a")});
  auto old = record_of(s.cells[0], 100);
  old.points[0].status = old.status = weir::cell_status::failed;
  std::ofstream(s.directory->path() + "/benchmark_results/a.json") << weir::cell_record_json(old);
  ::usleep(20'000);
  scripted_launcher where([](const weir::job&) { return weir::result<int>(9); });
  weir::sweep sweep(s.setup(), where);
  REQUIRE(sweep.run(s.cells));
  CHECK(sweep.runs()[0].record.reason == "its runner left no record: it ended with status 9");
}

TEST_CASE("sweep: jobs of equal needs go to a scheduler together, and its refusal is the cells' reason", "[run]") {
  auto large = cell_named("large", "bf16", "4");
  large.values.erase("devices");
  scratch_sweep s({cell_named("a"), large, cell_named("b")});
  scripted_launcher where([&](const weir::job& job) {
    return job.needs.devices == 4
               ? weir::result<int>(weir::failure{weir::errc::invalid_argument,
                                                 "sbatch: Requested node configuration is not available"})
               : s.write(job, 100);
  });
  where.kind = "slurm", where.batch = 10, where.under_way = 10;
  weir::sweep sweep(s.setup(), where);
  REQUIRE(sweep.run(s.cells));
  CHECK(where.sizes == std::vector<std::size_t>{2, 1});
  CHECK(sweep.runs()[1].record.reason == "sbatch: Requested node configuration is not available");
  CHECK(sweep.runs()[2].record.status == weir::cell_status::done);
}

TEST_CASE("sweep: a scheduler that does not answer is asked again", "[run]") {
  scratch_sweep s({cell_named("a")});
  int asked = 0;
  scripted_launcher where([&](const weir::job& job) {
    if (++asked == 1) {
      s.stop = true;  // it would be asked again in ten seconds
      return weir::result<int>(weir::failure{weir::errc::closed, "Unable to contact slurm controller"});
    }
    return s.write(job, 100);
  });
  where.kind = "slurm";
  weir::sweep sweep(s.setup(), where);
  REQUIRE(sweep.run(s.cells));
  REQUIRE(s.said.size() == 1);
  CHECK(s.said[0].find("Unable to contact slurm controller; trying again") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(s.directory->path() + "/benchmark_results/a.json"));
}

TEST_CASE("sweep: a scheduler that is away while jobs run is told once, and so is its return", "[run]") {
  scratch_sweep s({cell_named("a"), cell_named("b")});
  scripted_launcher where([&](const weir::job& job) { return s.write(job, 100); });
  where.kind = "slurm", where.batch = where.under_way = 2, where.away = 300;  // five minutes of a look a second
  weir::sweep sweep(s.setup(), where);
  REQUIRE(sweep.run(s.cells));
  CHECK(s.said ==
        words{"slurm does not answer: squeue: no route; trying again, and what runs goes on", "slurm answers again"});
  CHECK(where.submitted == words{"a", "b"});
  for (const auto& run : sweep.runs()) CHECK(run.record.status == weir::cell_status::done);
}

TEST_CASE("sweep: jobs that an earlier sweep handed over are followed, not handed over again", "[run]") {
  scratch_sweep s({cell_named("a")});
  std::filesystem::create_directories(s.directory->path() + "/cells/a");
  std::ofstream(s.directory->path() + "/cells/a/ticket") << "slurm 12_3";
  std::ofstream(s.directory->path() + "/cells/a/cell.json")
      << weir::cell_job_json({.cell = s.cells[0], .run = 1, .profiled = false, .out = s.directory->path()});
  ::usleep(20'000);
  std::ofstream(s.directory->path() + "/benchmark_results/a.json") << "{";  // half written, then whole below
  scripted_launcher where([](const weir::job&) { return weir::result<int>(0); });
  where.kind = "slurm";
  std::ofstream(s.directory->path() + "/benchmark_results/a.json") << weir::cell_record_json([&] {
    auto r = record_of(s.cells[0], 100);
    r.points[0].status = r.status = weir::cell_status::failed;
    return r;
  }());
  weir::sweep sweep(s.setup(), where);
  REQUIRE(sweep.run(s.cells));
  CHECK(where.submitted.empty());
  CHECK(where.polled == words{"12_3"});
}

TEST_CASE("sweep: a job of an earlier sweep that left no record is handed over again, once", "[run]") {
  scratch_sweep s({cell_named("a"), cell_named("b")});
  std::filesystem::create_directories(s.directory->path() + "/cells/a");
  std::ofstream(s.directory->path() + "/cells/a/ticket") << "slurm 12";
  scripted_launcher where([&](const weir::job& job) { return job.name == "b" ? s.write(job, 100) : 1; });
  where.kind = "slurm";
  weir::sweep sweep(s.setup(), where);
  REQUIRE(sweep.run(s.cells));
  CHECK(where.polled.at(0) == "12");  // whoever cancelled it while nobody looked
  CHECK(std::count(where.submitted.begin(), where.submitted.end(), "a") == 1);
  CHECK(std::count(where.submitted.begin(), where.submitted.end(), "b") == 1);
  CHECK(sweep.runs()[0].record.status == weir::cell_status::failed);
  CHECK(sweep.runs()[1].record.status == weir::cell_status::done);
  CHECK_FALSE(std::filesystem::exists(s.directory->path() + "/cells/a/ticket"));
}

TEST_CASE("sweep_directory: another matrix, a second sweep and finished runs are refused", "[run]") {
  const temporary_directory folder;
  const auto out = folder.file("out");
  const auto open = [&](const std::vector<weir::sweep_cell>& cells, bool resume) {
    return weir::sweep_directory::open(out, {"", cells, {}}, resume);
  };
  const auto said = [](const auto& opened) { return opened ? std::string() : opened.error().detail; };
  {
    const auto first = open({cell_named("a")}, false);
    REQUIRE(first);
    const auto second = open({cell_named("a")}, true);
    CHECK(said(second).find("another sweep works in") != std::string::npos);
  }
  CHECK(open({cell_named("a")}, false));  // nothing was finished
  CHECK(said(open({cell_named("b")}, true)).find("the cell a is in it, and not in this matrix") != std::string::npos);
  CHECK(said(open({cell_named("a", "bf16", "2")}, true)).find("a has tp '1' in it, '2' in this matrix") !=
        std::string::npos);
  auto more = cell_named("a");
  more.values.set("num_runs", "5");
  CHECK(open({more}, true));
  std::ofstream(out + "/benchmark_results/a.json") << "{}";
  CHECK(said(open({more}, false)).find("holds 1 finished runs of this matrix: --resume goes on") != std::string::npos);
  CHECK(open({more}, true));
}

TEST_CASE("sweep_tables: speed-up, best and efficiency are what a person computes", "[run]") {
  weir::sweep_results all;
  auto bf16 = cell_named("m_bf16"), w8a8 = cell_named("m_w8a8", "w8a8"), two = cell_named("m_bf16_tp2", "bf16", "2");
  all.plan.cells = {bf16, w8a8, two};
  all.plan.skipped = {{"m_w8a16", "m has no w8a16"}};
  for (const auto& [c, first, second] :
       {std::tuple(bf16, 100.0, 110.0), std::tuple(w8a8, 126.0, 126.0), std::tuple(two, 180.0, 160.0)}) {
    all.records.push_back(record_of(c, first));
    all.records.push_back(record_of(c, second, 2));
  }
  const auto report = weir::report_of(all);
  const auto find = [&](const std::string& title) -> const weir::table& {
    return *std::find_if(report.tables.begin(), report.tables.end(),
                         [&](const auto& t) { return t.title.starts_with(title); });
  };
  const auto shown = [](const weir::table& t, std::size_t row, std::size_t column) {
    return std::string(t.rows.at(row).at(column).shown());
  };
  CHECK(shown(find("Results"), 0, 3) == "105.0");
  CHECK(shown(find("Results"), 0, 5) == "4.8");  // (110 - 100) / 2 / 105
  const auto& faster = find("Times better than bf16");
  REQUIRE(faster.rows.size() == 1);
  CHECK(shown(faster, 0, 0) == "m_w8a8");
  CHECK(shown(faster, 0, 2) == "1.20x ^");
  CHECK(shown(find("Best"), 0, 1) == "170.0");
  const auto& devices = find("Output tokens a second by devices");
  REQUIRE(devices.rows.size() == 2);
  CHECK(shown(devices, 1, 4) == "85.0");
  CHECK(shown(devices, 1, 5) == "1.62");  // 170 / 105
  CHECK(shown(devices, 1, 6) == "81.0");
  CHECK(shown(find("Not measured"), 0, 3) == "m has no w8a16");
  const auto csv = weir::report_text(report, weir::report_format::csv);
  CHECK(csv.find("m_bf16,m,bf16,b4_in512_out128,done,,2,1,command") != std::string::npos);
}

TEST_CASE("sweep_tables: overlapping runs are marked, not ranked", "[run]") {
  weir::sweep_results all;
  auto bf16 = cell_named("m_bf16"), w8a8 = cell_named("m_w8a8", "w8a8");
  all.plan.cells = {bf16, w8a8};
  for (const auto& [c, first, second] : {std::tuple(bf16, 100.0, 110.0), std::tuple(w8a8, 105.0, 120.0)}) {
    all.records.push_back(record_of(c, first));
    all.records.push_back(record_of(c, second, 2));
  }
  const auto rows = all.rows();
  CHECK(weir::speedup_table(rows).rows.at(0).at(2).shown() == "1.07x ~");
  all.records.pop_back();  // w8a8 ran once: whether the two overlap is not known
  CHECK(weir::speedup_table(all.rows()).rows.at(0).at(2).shown() == "1.00x");
}

TEST_CASE("sweep_notes: what several runs say is told once", "[run]") {
  weir::sweep_results all;
  for (const auto* name : {"a", "b", "c"}) {
    all.records.push_back(record_of(cell_named(name), 100));
    all.records.back().notes = {"there are no RAPL counters"};
  }
  all.records.back().notes.push_back("of c alone");
  auto notes = weir::notes_of(all, all.rows());
  std::erase_if(notes, [](const auto& n) { return n.find("RAPL") == n.npos && n.find("alone") == n.npos; });
  CHECK(notes == words{"3 runs (a, ...): there are no RAPL counters", "c: of c alone"});
}

TEST_CASE("sweep_notes: a quantization that did nothing, devices that were not empty, empty profiles", "[run]") {
  weir::sweep_results all;
  auto bf16 = cell_named("m_bf16"), w8a8 = cell_named("m_w8a8", "w8a8"), fp8 = cell_named("m_fp8", "fp8");
  all.plan.cells = {bf16, w8a8, fp8};
  for (const auto& [c, bytes] : {std::pair(bf16, 3.22e9), std::pair(w8a8, 3.22e9), std::pair(fp8, 1.9e9)}) {
    all.records.push_back(record_of(c, 100));
    all.records.back().engine.weights_bytes = bytes;
    all.records.back().engine.weights_from = "tensors";
  }
  all.records[0].devices_after = "device 0 (GPU-1): 900 MiB are still in use";
  auto profile = record_of(bf16, 1);
  profile.profiled = true;
  profile.profile.reason = "the profiler wrote no file";
  all.records.push_back(profile);
  const auto notes = weir::notes_of(all, all.rows());
  const auto has = [&](const std::string& part) {
    return std::any_of(notes.begin(), notes.end(), [&](const auto& n) { return n.find(part) != std::string::npos; });
  };
  CHECK(has("m_bf16 and m_w8a8 loaded equally many bytes of weights (3.00 GiB)"));
  CHECK_FALSE(has("m_fp8 loaded"));
  CHECK_FALSE(has("and m_fp8"));
  CHECK(has("after m_bf16 its devices were not empty"));
  CHECK(has("the profile of m_bf16 is empty: the profiler wrote no file"));
  CHECK(has("profiled runs are in no table"));
  CHECK(all.rows()[0].mean("output_tokens_per_s") == 100);  // not mixed with the profiled run's
}

TEST_CASE("sweep_notes: formats of one width have equal weights; where a name says no width, that is all that is said",
          "[run]") {
  weir::sweep_results all;
  for (const auto& [format, bytes] :
       {std::pair("bf16", 3.45e9), std::pair("w8a8", 2.044e9), std::pair("fp8", 2.042e9), std::pair("w8a16", 2.043e9),
        std::pair("awq", 1.2e9), std::pair("w4a16", 1.2e9)}) {
    all.records.push_back(record_of(cell_named(std::string("m_") + format, format), 100));
    all.records.back().engine.weights_bytes = bytes;
    all.records.back().engine.weights_from = "tensors";
    all.plan.cells.push_back(all.records.back().cell);
  }
  auto notes = weir::notes_of(all, all.rows());
  std::erase_if(notes, [](const auto& n) { return n.find("loaded equally many") == std::string::npos; });
  REQUIRE(notes.size() == 1);  // an H200's w8a8, fp8 and w8a16 are as they should be
  CHECK(notes[0].starts_with("m_awq and m_w4a16 loaded equally many bytes of weights (1.12 GiB): where their formats"));
  CHECK(weir::detail::weight_bits("nvfp4") == 4);
  CHECK(weir::detail::weight_bits("int8_per_channel_weight_only") == 8);
  CHECK(weir::detail::weight_bits("w4a16-g128") == 4);
  CHECK(weir::detail::weight_bits("awq") == 0);
}

TEST_CASE("batch_results: what scripts of batch experiments wrote is read, and what we write is read by them",
          "[run]") {
  const temporary_directory folder;
  // As batch_inference_experiment.py writes it: a list of its dataclasses.
  const auto path = folder.write(
      "tp_2_results.json",
      R"([{"config": {"tensor_parallel_size": 2, "pipeline_parallel_size": 1, "data_parallel_size": 1, "batch_size": 4, "seq_len": 512, "model": "org/m", "max_model_len": 4096, "dtype": "auto", "max_num_seqs": 256, "max_num_batched_tokens": 8192, "gpu_memory_utilization": 0.8, "temperature": 0.8, "top_p": 0.95, "max_tokens": 128, "distributed_executor_backend": "ray", "node_rank": 0, "num_runs": 3, "seed": 42}, "throughput_tokens_per_sec": 512.0, "throughput_requests_per_sec": 4.0, "latency_ms": 1000.0, "memory_usage_gb": 2.5, "gpu_utilization": 0.0, "run_time_seconds": 1.0, "tokens_generated": 512, "requests_processed": 4}])");
  const auto all = weir::read_batch_results({path}).value();
  const auto rows = all.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].cell().name == "TP2_PP1_DP1");
  CHECK(rows[0].devices() == 2);
  CHECK(rows[0].mean("output_tokens_per_s") == 512);
  CHECK(rows[0].mean("iteration_s") == 1);
  CHECK(rows[0].mean("device_memory_max_mib") == 2560);
  CHECK(std::isnan(rows[0].mean("device_busy_pct")));  // it writes 0 for what it does not measure
  const auto ours = weir::batch_results_json(rows, "");
  const auto json = weir::flat_json::read(ours).value();
  CHECK(json.text("0/config/tensor_parallel_size") == "2");
  CHECK(json.text("0/config/seq_len") == "512");
  CHECK(json.find("0/throughput_tokens_per_sec")->number == 512);
  CHECK(json.find("0/latency_ms")->number == 1000);
  CHECK(json.text("0/gpu_utilization").empty());  // null
  CHECK(weir::looks_like_batch_results(ours));
  CHECK_FALSE(weir::looks_like_batch_results("{\"elapsed_time\": 1}"));
}
