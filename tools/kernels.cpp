// weir-kernels - quantized matrix products: times, checks, and the least time that a machine's limits leave.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "kernels_backends.hpp"
#include "kernels_model.hpp"
#include "kernels_request.hpp"
#include "kernels_tables.hpp"
#include "weir/base/result.hpp"
#include "weir/data/output.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/cpu_backend.hpp"
#include "weir/report/table_text.hpp"

namespace {

namespace k = weir::kernels;
using weir::failure, weir::result;
using weir::tool::arguments, weir::tool::usage;

const weir::tool::description kernels{
    .name = "weir-kernels",
    .summary = "times, checks and predicts quantized matrix products",
    .usage =
        "weir-kernels bench [--backend B] [--format F,...] (--model M | --shape NxK) [--m 1,8,...]\n"
        "weir-kernels check [--backend B] [--format F,...]\n"
        "weir-kernels tune --backend cuda [--format F,...] (--model M | --shape NxK) [--m 1,8,...] [--out FILE]\n"
        "weir-kernels roofline --model M [--machine h100|h200] [--format F,...] [--m 1,8,...] [--kernels N]",
    .text =
        "bench times y = x w^T for each matrix of a model, with weights that are in no cache, bf16 among the formats "
        "as "
        "the base. 8-bit and 4-bit activations are quantized by the call, so their quantization is in the time. tune "
        "finds the fastest of the cuda kernels and libraries for each, and writes rows of the table that make_plan "
        "reads "
        "(kernels/include/weir/kernels/cuda/tuned_h100.cuh). check compares with exact arithmetic over ragged sizes "
        "and exits 1 "
        "where one is wrong. roofline says how fast a model's matrices can be at most, and so what a format can bring "
        "at most; attention, norms and sampling are in it only as --kernels small kernels and --context tokens of keys "
        "and values.\n\n"
        "4-bit weights have bf16 scales for groups of 128 unless --group says otherwise.",
    .options = {{"backend", "B", "Where it runs. Default: cpu.", "cpu|cuda"},
                {"format,formats", "F,...", "bf16, w8a16, w8a8, w8a8-fp8, w4a16, w4a8, w4a4. Default: all."},
                {"model", "M", "qwen3-1.7b, qwen3-8b, llama-3.1-8b, qwen3-30b-a3b, or the path of a config.json."},
                {"shape", "NxK", "One matrix of N rows and K columns."},
                {"batch,m", "M,...", "Tokens; --m is the same. Default: 1,8,64."},
                {"group", "G",
                 "Neighbours that share a scale of 4-bit weights: 32, 64, 128; 0: channels. Default: 128."},
                {"machine", "NAME", "Whose measured limits roofline takes. Default: h100.", "h100|h200"},
                {"kernels", "N", "roofline: kernels of a step beside its matrices. Default: 0."},
                {"kernel-us", "US", "roofline: what each of them takes. Default: a small kernel on that machine."},
                {"context", "TOKENS", "roofline: tokens of each sequence that attention reads. Default: 0."},
                {"out", "FILE", "tune: the file that gets the table's rows."},
                {"rounds", "N", "Times each product is timed. Default: 11."},
                {"warm", "", "bench: the same weights again and again, as far as a cache holds them."},
                {"quick", "", "check: the small problems only."},
                {"json", "", "Records, one a line, instead of a table."}},
    .examples =
        "weir-kernels roofline --model qwen3-8b --format bf16,w8a16,w8a8 --m 1,16,4096\n"
        "weir-kernels check --quick\n"
        "weir-kernels bench --shape 256x512 --m 1,4 --format bf16,w8a8",
    .exits = "0 done, 1 check: a result is wrong, 2 trouble (usage, no device)",
    .operands = "bench|check|tune|roofline"};

result<std::unique_ptr<k::lab::backend>> open_backend(const arguments& args) {
  if (args.get("backend", "cpu") == "cpu") return std::unique_ptr<k::lab::backend>(new k::lab::cpu_backend);
#ifdef WEIR_KERNELS_CUDA
  if (auto device = weir::tool::cuda_or_null()) return device;
  return failure{weir::errc::io, "there is no CUDA device here, or its driver does not answer"};
#else
  return usage("this build has no cuda backend: configure with -DWEIR_CUDA=ON where nvcc is");
#endif
}

result<std::vector<k::lab::layer>> find_layers(const arguments& args) {
  if (args.has("model") == args.has("shape")) return usage("say either --model M or --shape NxK");
  if (args.has("shape")) {
    const auto one = weir::tool::parse_shape(args.get("shape"));
    return one ? result<std::vector<k::lab::layer>>({*one}) : one.error();
  }
  const auto model = weir::tool::find_model(args.get("model"));
  return model ? result<std::vector<k::lab::layer>>(layers_of(*model)) : model.error();
}

result<weir::tool::product> produce(const std::string& what, const arguments& args) {
  const auto r = weir::tool::read_request(args);
  if (!r) return r.error();
  if (what == "roofline") {
    if (!args.has("model")) return usage("roofline asks for a --model");
    const auto model = weir::tool::find_model(args.get("model"));
    if (!model) return model.error();
    const auto machines = k::lab::known_machines();
    const auto& machine = args.get("machine", "h100") == "h200" ? machines[1] : machines[0];
    return weir::tool::predictions_table(*model, machine, r->formats, r->tokens, r->group, r->others);
  }
  auto at = open_backend(args);
  if (!at) return at.error();
  if (what == "check") return weir::tool::checks_table(**at, r->formats, args.has("quick"));
  if (what == "tune" && args.get("backend") != "cuda") return usage("only the cuda backend has something to tune");
  const auto layers = find_layers(args);
  if (!layers) return layers.error();
  const auto candidates = weir::tool::candidates_of(*layers, r->formats, r->tokens, r->group);
  if (what != "tune") return weir::tool::timings_table(**at, candidates, r->timing);
  std::string rows;
  auto made = weir::tool::tuning_table(**at, candidates, r->timing, rows);
  if (args.has("out"))
    if (const auto written = weir::write_whole(std::string(args.get("out")), rows); !written) return written.error();
  return made;
}

result<int> run(const arguments& args) {
  const std::string what = args.operands().size() == 1 ? args.operands()[0] : "";
  if (what != "bench" && what != "check" && what != "tune" && what != "roofline")
    return usage("say one of bench, check, tune, roofline");
  const auto made = produce(what, args);
  if (!made) return made.error();
  std::string text = args.has("json") ? made->json : "";
  if (!args.has("json")) weir::append_text(text, made->shown);
  if (const auto printed = weir::tool::print(text); !printed) return printed.error();
  return made->good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--m") ++argv[i];  // -m: names of one letter are short ones
  return weir::tool::run(kernels, argc, argv, run);
}
