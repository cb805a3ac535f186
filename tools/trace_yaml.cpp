// weir-trace card and results; the one translation unit that pays for yaml-cpp.
#include "trace_yaml.hpp"

#if defined(WEIR_TRACE_YAML)

#include <filesystem>

#include "trace_set.hpp"
#include "weir/base/text_file.hpp"
#include "weir/trace/card.hpp"
#include "weir/trace/results_row.hpp"

namespace weir::tool {
namespace {

/// The version of the machine's NVIDIA driver; empty where there is none.
std::string driver_version() {
  const auto text = read_text_file("/sys/module/nvidia/version");
  return text ? text->substr(0, text->find('\n')) : std::string{};
}

/// The text of the first of `names` in `directory`; empty where it has none.
std::string config_in(const std::string& directory) {
  for (const auto* name : {"config.yaml", "workload_card.yaml"})
    if (auto text = read_text_file(directory + "/" + name)) return *text;
  return {};
}

}  // namespace

result<int> trace_card(const arguments& args, const kind_table& kinds) {
  if (args.operands().size() != 2 || !args.has("config"))
    return failure{errc::invalid_argument, "card takes --config FILE.yaml and one directory of traces"};
  const std::string path(args.get("config"));
  const auto config = read_text_file(path);
  if (!config) return config.error();
  const auto set = read_set(args, {args.operands()[1]}, kinds);
  if (!set) return set.error();
  std::vector<std::string> unknown;
  const auto card = make_card(*config, set->ranks, driver_version(), unknown);
  if (!card) return failure{card.error().code, path + ": " + card.error().detail};
  for (const auto& key : unknown) say(path + ": no card has the key " + key + "; it was left out");
  if (auto ok = print(*card); !ok) return ok.error();
  return 0;
}

result<int> trace_results(const arguments& args, const kind_table& kinds) {
  if (args.operands().size() < 2)
    return failure{errc::invalid_argument, "results takes the directories of experiments"};
  const auto options = metric_options(args);
  if (!options) return options.error();
  table rows = results_table();
  for (std::size_t i = 1; i < args.operands().size(); ++i) {
    const std::string& directory = args.operands()[i];
    const auto set = read_set(args, {directory}, kinds);
    if (!set) return set.error();
    std::vector<trace_metric> metrics;
    for (const auto& p : set->ranks)
      if (auto ok = append_rank_metrics(metrics, p, *options); !ok) return ok.error();
    const auto name = std::filesystem::path(directory + "/").parent_path().filename().string();
    append_results(rows, name, config_in(directory), set->ranks.size(), metrics);
  }
  std::string text;
  append_csv(text, rows);
  if (auto ok = print(text); !ok) return ok.error();
  return 0;
}

}  // namespace weir::tool

#else  // built without yaml-cpp

namespace weir::tool {

result<int> trace_card(const arguments& /*args*/, const kind_table& /*kinds*/) {
  return failure{errc::invalid_argument, "this weir-trace was built without yaml-cpp, which card needs"};
}
result<int> trace_results(const arguments& /*args*/, const kind_table& /*kinds*/) {
  return failure{errc::invalid_argument, "this weir-trace was built without yaml-cpp, which results needs"};
}

}  // namespace weir::tool

#endif
