// weir/run/commands.hpp - the command lines of a cell: what --dry-run prints is what is run. Needs simdjson and Linux.
#ifndef WEIR_RUN_COMMANDS_HPP
#define WEIR_RUN_COMMANDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/engine_words.hpp"
#include "weir/run/parallel_command.hpp"
#include "weir/serve/engine.hpp"

namespace weir::inline v0 {

/// This machine's part in a cell of several machines. Alone: rank 0 of 1.
struct cell_node {
  std::int64_t rank = 0, count = 1;
  std::string master = "127.0.0.1", port = "29500";  ///< Where they meet.

  [[nodiscard]] node_place place() const { return {std::to_string(count), std::to_string(rank), master, port}; }
};

/// Whether a cell's load comes over HTTP: also what is "offline" for an engine that has a server only.
[[nodiscard]] inline bool is_served(const sweep_cell& c) {
  const auto mode = c.values.text("mode");
  return mode == "online" || (mode == "offline" && c.values.text("engine") != "vllm");
}

/// Prompts of an iteration: as given, else one batch (offline) or four (online), else 32.
[[nodiscard]] inline std::int64_t prompts_of(const sweep_cell& c, const settings& point) {
  const auto batch = point.count("batch_size");
  const auto batches = c.values.text("mode") == "online" ? 4 : 1;
  return point.count("num_prompts", batch > 0 ? batches * batch : 32);
}
/// Prompts given at once.
[[nodiscard]] inline std::int64_t batch_of(const sweep_cell& c, const settings& point) {
  return std::min(point.count("batch_size", prompts_of(c, point)), prompts_of(c, point));
}

namespace detail {

inline std::string text_of(const settings& s, std::string_view name) {
  return std::string(s.text(name));
}

/// "name=b4_in512_out128,prompts=4,batch=4,input=512,output=128,n=1,temperature=0.8"
inline std::string driver_point(const sweep_cell& c, const cell_point& p) {
  const auto& s = p.values;
  std::string text = "name=" + p.name + ",prompts=" + std::to_string(prompts_of(c, s)) +
                     ",batch=" + std::to_string(batch_of(c, s)) + ",input=" + text_of(s, "input_len") +
                     ",output=" + text_of(s, "output_len") + ",n=" + text_of(s, "n") +
                     ",temperature=" + text_of(s, "temperature");
  return s.has("top_p") ? text + ",top_p=" + text_of(s, "top_p") : text;
}

/// What nsys or msprof put before a command.
inline std::vector<std::string> under_profiler(const cell_job& job, std::string_view name,
                                               const std::vector<std::string>& command) {
  std::vector<std::string> out;
  const auto kind = job.profiled ? job.cell.values.text("profile") : std::string_view{};
  if (kind == "nsys")
    out = {"nsys",
           "profile",
           "--output=" + job.profiles() + "/nsys_" + std::string(name),
           "--force-overwrite=true",
           "--trace=cuda,nvtx,osrt,cublas",
           "--cuda-graph-trace=node",
           "--trace-fork-before-exec=true",
           "--capture-range=cudaProfilerApi",
           "--capture-range-end=stop"};
  if (kind == "msprof") out = {"msprof", "--output=" + job.profiles()};
  add(out, command);
  return out;
}

/// The profiler that the engine itself is to start: nsys waits for the CUDA profiler's range.
inline std::string_view engine_profiler(const cell_job& job) {
  if (!job.profiled) return {};
  const auto kind = job.cell.values.text("profile");
  return kind == "torch" ? "torch" : kind == "nsys" ? "cuda" : "";
}

}  // namespace detail

/// Whether the engine's processes are torchrun's: every one runs the driver.
[[nodiscard]] inline bool is_torchrun(const sweep_cell& c) {
  return c.values.text("executor_backend") == "external_launcher";
}

/// How many drivers run side by side, each with its share of the prompts: data parallelism without torchrun.
[[nodiscard]] inline std::int64_t drivers_of(const sweep_cell& c) {
  return is_torchrun(c) ? 1 : c.values.count("dp");
}

/// Prompts' token ids are below this.
[[nodiscard]] inline std::string vocabulary_of(const sweep_cell& c) {
  return std::string(c.values.has("vocab_size") ? c.values.text("vocab_size") : "30000");
}

/// The driver of vLLM's offline engine. \param dp_rank  which of drivers_of(cell).
[[nodiscard]] inline std::vector<std::string> driver_command(const cell_job& job, const cell_node& node,
                                                             std::int64_t dp_rank) {
  const auto& c = job.cell;
  std::vector<std::string> out;
  if (!is_torchrun(c)) out.push_back(detail::python());
  const bool alone = drivers_of(c) == 1;
  const std::string suffix = alone ? "" : "." + std::to_string(dp_rank);
  detail::add(out, {job.driver, "--out", job.file("driver" + suffix + ".jsonl")});
  for (const auto& p : c.points) detail::add(out, {"--point", detail::driver_point(c, p)});
  detail::add(out,
              {"--iterations", detail::text_of(c.values, "iterations"), "--warmup", detail::text_of(c.values, "warmup"),
               "--seed", detail::text_of(c.values, "seed"), "--vocab-size", vocabulary_of(c)});
  if (std::any_of(c.points.begin(), c.points.end(), [](const auto& p) { return !p.values.flag("ignore_eos"); }))
    out.emplace_back("--stop-at-eos");
  if (const auto profiler = detail::engine_profiler(job); !profiler.empty()) {
    detail::add(out, {"--profile", std::string(profiler)});
    if (profiler == "torch") detail::add(out, {"--profile-dir", job.profiles()});
  }
  detail::add(out, {"--timing-dir", job.directory()});
  if (!alone)
    detail::add(out, {"--dp-rank", std::to_string(dp_rank), "--dp-size", std::to_string(drivers_of(c)), "--barrier",
                      job.file("barrier")});
  detail::add(out, {"--", "--model", c.path});
  detail::add(out, engine_words(c));
  if (is_torchrun(c))
    out =
        torchrun_command({detail::python(), "-m", "torch.distributed.run"}, static_cast<std::size_t>(node.count),
                         static_cast<std::size_t>(devices_needed(c.values) / node.count), std::move(out), node.place());
  return detail::under_profiler(job, std::to_string(node.rank), out);
}

/// `vllm bench throughput` or `vllm bench latency` for one point; each is a process that starts the engine anew.
[[nodiscard]] inline std::vector<std::string> vllm_bench_command(const cell_job& job, const cell_point& p) {
  const auto& c = job.cell;
  std::vector<std::string> out = detail::vllm_program();
  detail::add(out, {"bench", detail::text_of(c.values, "mode"), "--model", c.path});
  detail::add(out, {"--input-len", detail::text_of(p.values, "input_len"), "--output-len",
                    detail::text_of(p.values, "output_len"), "--n", detail::text_of(p.values, "n")});
  if (c.values.text("mode") == "latency")
    detail::add(out,
                {"--batch-size", std::to_string(batch_of(c, p.values)), "--num-iters",
                 detail::text_of(c.values, "iterations"), "--num-iters-warmup", detail::text_of(c.values, "warmup")});
  else
    detail::add(out, {"--dataset-name", "random", "--num-prompts", std::to_string(prompts_of(c, p.values)),
                      "--num-warmups", std::to_string(c.values.count("warmup") * prompts_of(c, p.values))});
  detail::add(out, {"--output-json", job.file(p.name + ".json")});
  detail::add(out, engine_words(c));
  return detail::under_profiler(job, p.name, out);
}

/// The server of a served cell. \param profiler_flag  the engine takes --profiler-config (vLLM since 0.13).
/// \return  what make_engine refuses.
[[nodiscard]] inline result<engine> server_of(const cell_job& job, const cell_node& node, bool profiler_flag) {
  const auto& c = job.cell;
  std::vector<std::string> more;
  if (!c.path.empty() && c.values.text("engine") != "mock") more.push_back(c.path);
  detail::add(more, engine_words(c));
  const bool vllm = c.values.text("engine") == "vllm";
  if (vllm && c.values.count("dp") > 1) detail::add(more, {"--data-parallel-size", detail::text_of(c.values, "dp")});
  if (vllm && node.count > 1) detail::add(more, vllm_node_flags(node.place()));
  const auto profiler = detail::engine_profiler(job);
  if (vllm && !profiler.empty() && profiler_flag) {
    std::string json;
    json_writer text(json);
    text.begin_object().field("profiler", profiler);
    if (profiler == "torch") text.field("torch_profiler_dir", job.profiles()).field("torch_profiler_with_stack", false);
    text.end_object();
    detail::add(more, {"--profiler-config", json});
  }
  auto made = c.command.empty() ? make_engine(c.values.text("engine"), more) : make_engine("", c.command);
  if (!made) return made;
  for (auto& variable : cell_variables(c)) made->variables.push_back(std::move(variable));
  if (vllm && profiler == "torch" && !profiler_flag)
    made->variables.emplace_back("VLLM_TORCH_PROFILER_DIR", job.profiles());
  made->command = detail::under_profiler(job, std::to_string(node.rank), made->command);
  if (job.profiled) made->grace_ns = 120'000'000'000;  // a profiler writes its file at the end
  return made;
}

/// weir-bench's own words for one iteration of a point, without the program. The first iteration of the first point has
/// the cell's seed, each other one prompts of its own, so that no prefix cache knows them; -1 is the warm-up of a
/// profiled cell.
[[nodiscard]] inline std::vector<std::string> load_words(const cell_job& job, const cell_point& p,
                                                         std::int64_t iteration, const std::string& endpoints) {
  const auto& c = job.cell;
  const auto& s = p.values;
  const auto batch = batch_of(c, s);
  const auto place = std::find(c.points.begin(), c.points.end(), p) - c.points.begin();
  const std::int64_t apart = (iteration >= 0 ? iteration * 1'000'003 : 999'999'937) + place * 10'007;
  std::vector<std::string> out{"--endpoints",
                               endpoints,
                               "--dataset-name",
                               "random",
                               "--random-input-len",
                               detail::text_of(s, "input_len"),
                               "--random-output-len",
                               detail::text_of(s, "output_len"),
                               "--num-prompts",
                               std::to_string(prompts_of(c, s)),
                               "--max-concurrency",
                               std::to_string(batch),
                               "--choices",
                               detail::text_of(s, "n"),
                               "--temperature",
                               detail::text_of(s, "temperature"),
                               "--vocab-size",
                               vocabulary_of(c),
                               "--seed",
                               std::to_string(c.values.count("seed") + apart)};
  if (s.has("request_rate")) detail::add(out, {"--request-rate", detail::text_of(s, "request_rate")});
  if (s.flag("ignore_eos")) out.emplace_back("--ignore-eos");
  if (s.has("top_p")) detail::add(out, {"--extra-body", "{\"top_p\":" + detail::text_of(s, "top_p") + "}"});
  if (iteration == 0 && c.values.count("warmup") > 0)
    detail::add(out, {"--warmup", std::to_string(c.values.count("warmup") * batch)});
  detail::add(out, {"--records", job.file("requests." + p.name + "." + std::to_string(iteration) + ".jsonl"), "--force",
                    "--progress", "off"});
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_COMMANDS_HPP
