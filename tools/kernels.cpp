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
#include "kernels_flags.hpp"
#include "kernels_model.hpp"
#include "kernels_request.hpp"
#include "kernels_roofline.hpp"
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
    const auto machine = weir::tool::find_machine(args.get("machine", "h100"));
    if (!machine) return machine.error();
    return weir::tool::predictions_table(*model, *machine, *r, args.has("parts"));
  }
  auto at = open_backend(args);
  if (!at) return at.error();
  if (what == "check") return weir::tool::checks_table(**at, r->formats, args.has("quick"));
  if (what == "limits")
    return weir::tool::limits_table(
        measure_limits(**at, r->formats, weir::tool::sizes_to_measure(args.get("backend", "cpu") == "cpu"), r->timing));
  if (what == "tune" && args.get("backend") != "cuda") return usage("only the cuda backend has something to tune");
  if (r->early && (what != "bench" || args.get("backend") != "cuda"))
    return usage("--early is for bench --backend cuda");
  const auto layers = find_layers(args);
  if (!layers) return layers.error();
  const auto candidates =
      weir::tool::candidates_of(*layers, r->formats, r->tokens, r->group, {.early = r->early ? 1 : 0});
  if (what != "tune") return weir::tool::timings_table(**at, candidates, r->timing);
  std::string rows;
  auto made = weir::tool::tuning_table(**at, candidates, r->timing, rows);
  if (args.has("out"))
    if (const auto written = weir::write_whole(std::string(args.get("out")), rows); !written) return written.error();
  return made;
}

result<int> run(const arguments& args) {
  const std::string what = args.operands().size() == 1 ? args.operands()[0] : "";
  constexpr std::string_view known[] = {"bench", "check", "tune", "limits", "roofline"};
  if (std::ranges::find(known, what) == std::end(known))
    return usage("say one of bench, check, tune, limits, roofline");
  const auto made = produce(what, args);
  if (!made) return made.error();
  std::string text = args.has("json") ? made->json : "";
  for (const weir::table& t : made->shown)
    if (!args.has("json")) weir::append_text(text.append(text.empty() ? "" : "\n"), t);
  if (const auto printed = weir::tool::print(text); !printed) return printed.error();
  return made->good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--m") ++argv[i];  // -m: names of one letter are short ones
  return weir::tool::run(weir::tool::kernels_about, argc, argv, run);
}
