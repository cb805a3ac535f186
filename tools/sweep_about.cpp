// weir-sweep's command line as a table.
#include "sweep_about.hpp"

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher_flags.hpp"
#include "weir/run/settings.hpp"

namespace weir::tool {
namespace {

/// A setting as an option: its names with dashes. Strings live as long as the program.
option option_of(const setting& s) {
  static std::deque<std::string> kept;
  std::string names(s.names);
  std::replace(names.begin(), names.end(), '_', '-');
  std::string help(s.help);
  if (!s.fallback.empty() && s.kind != setting_kind::flag) help += " Default: " + std::string(s.fallback) + ".";
  const bool list = s.level != setting_level::sweep && s.kind != setting_kind::flag;
  std::string value = s.kind == setting_kind::flag       ? ""
                      : s.kind == setting_kind::duration ? "10m"
                      : s.kind == setting_kind::text     ? "NAME"
                                                         : "N";
  if (list) value += ",...";
  const auto keep = [](std::string text) { return std::string_view(kept.emplace_back(std::move(text))); };
  // A list is checked value by value later; the choices are told in the help.
  const bool checked = !list && s.kind == setting_kind::text;
  if (!checked && !s.choices.empty()) help += " One of " + std::string(s.choices) + ".";
  return {keep(std::move(names)), keep(std::move(value)), keep(std::move(help)),
          checked ? s.choices : std::string_view{}};
}

std::vector<option> sweep_options() {
  std::vector<option> all{
      {"models,model", "NAME=PATH,...",
       "Models: paths, hub names, or NAME=PATH; of a file's models, the names of those that are wanted."},
      {"quants,quant", "NAME,...", "Formats: bf16, fp8, or those that a file gives a model's paths for."},
      {"out,output-dir", "DIR",
       "Where everything goes. Default: the study's (experiment_results), else it must be given."},
      {"output-file", "FILE.json", "Batch studies: all results in one more file, as a list."},
      {"resume", "", "Go on in a directory that has finished runs: what is whole is not run again."},
      {"dry-run", "", "Print every command line, and what is left out and why; run nothing."},
      {"diagnostic", "", "The smallest cell alone, with four prompts, in OUT/diagnostic."},
      {"follow", "", "Show the state of all cells; without a matrix: of the sweep that works in --out."},
      {"launcher", "WHERE", "Where cells run (default local).", "local|slurm|ray"},
      {"parallel", "K",
       "Cells at once (default: 1 here, all under a scheduler). Side by side they disturb each other."},
      scheduler_arg_option,
      gres_option,
      ray_address_option,
      {"python", "PROGRAM",
       "The interpreter that has the engine; the same as WEIR_PYTHON. Default: python3, and vllm on PATH."},
      {"driver", "FILE", "Another driver of the offline engine than the one built in."},
      {"offline", "", "The same as --mode offline."},
      {"online", "", "The same as --mode online."},
      {"no-profile", "", "The same as --profile none."},
      {"no-ignore-eos", "", "Let answers end where the model ends them."},
      {"env", "NAME=VALUE", "Set over every cell's environment; stands in the records.", {}, true},
      {"node-rank", "R", "Without a scheduler, on each of --nnodes machines: which one this is, from 0."},
      {"master-addr", "HOST", "With --node-rank: the first machine (default 127.0.0.1)."},
      {"master-port", "P", "With --node-rank: a free port of it (default 29500)."},
      {"no-plots", "", "No pictures."},
      {"json", "", "Print the results as metric records instead of the tables."},
      {"quiet,q", "", "Say nothing but what goes wrong."}};
  for (const auto& s : setting_table) all.push_back(option_of(s));
  return all;
}

}  // namespace

const description& sweep_about() {
  static const description about{
      .name = "weir-sweep",
      .summary =
          "runs an experiment: models by formats by parallelism by workloads, resumable, honest about every cell",
      .usage =
          "weir-sweep FILE.yaml [OPTION]... [-- ENGINE ARGS]\n"
          "weir-sweep STUDY [OPTION]... [-- ENGINE ARGS]\n"
          "weir-sweep custom TP=n PP=n DP=n [OPTION]...\n"
          "weir-sweep --mode command [OPTION]... -- COMMAND\n"
          "weir-sweep --follow --out DIR",
      .text =
          "A cell is one start of an engine with all the workloads it is given. Offline it is vLLM's LLM.generate, "
          "online a server under weir-bench's load. Every run of a cell leaves a raw record, whole or not at all; a "
          "cell "
          "that fails never stops the others; --resume goes on where a sweep was ended, however it was ended.\n\n"
          "Studies: tensor-parallel, pipeline-parallel, mixed-parallel, data-parallel, scaling-study, "
          "torchrun-tensor-parallel, torchrun-mixed-parallel, custom, batch, rollout, E1, E1.1, E1.2, E1.3. Options "
          "that "
          "take a list run all combinations; they replace what the file or the study says. docs/experiments.md has the "
          "file's keys, the figures, and the options of the scripts that this replaces.",
      .options = sweep_options(),
      .examples =
          "weir-sweep tensor-parallel --model Qwen/Qwen3-1.7B --batch-sizes 1,16 --dry-run\n"
          "weir-sweep rollout.yaml --model-base /models --out rollout\n"
          "weir-sweep --mode online --engine mock --models mock --concurrency 1,4,16 --out out -- --ttft 20ms --itl "
          "5ms",
      .exits =
          "0 every cell is done, 1 some failed, ran out of memory or lack a point, 2 trouble (usage, input, a full "
          "disk), "
          "128 + N ended by signal N; --resume goes on",
      .operands = "[FILE.yaml | STUDY [TP=n PP=n DP=n]]",
      .rest = true};
  return about;
}

}  // namespace weir::tool
