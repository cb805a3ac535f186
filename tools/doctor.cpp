// weir-doctor: can this machine measure?
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "weir/base/json_write.hpp"
#include "weir/load/machine_check.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/command.hpp"

namespace {

using weir::machine_finding, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-doctor",
    .summary = "checks whether this machine can measure: file limit, ports, clock, governor, timers, loopback",
    .usage = "weir-doctor [--engines] [--json]",
    .text =
        "Takes about half a second. What it finds wanting makes measurements worse, not impossible: weir-bench says "
        "of each run by itself whether it can be trusted.",
    .options = {{"engines", "",
                 "Also look for inference engines and gateways: on PATH, or importable by WEIR_PYTHON (python3)."},
                {"json", "", "Print one object a line instead of the table."}},
    .examples = "weir doctor\nweir doctor --engines --json",
    .exits = "0 all is well, 1 something is not, 2 trouble",
};

/// An engine or gateway: the program that weir-serve-many starts, and the Python module that does as well.
struct engine_place {
  const char *name, *program, *module;
};
constexpr std::array<engine_place, 9> engines{{{"vllm", "vllm", "vllm"},
                                               {"sglang", "", "sglang"},
                                               {"llama.cpp", "llama-server", "xllamacpp"},
                                               {"transformers", "transformers", "transformers"},
                                               {"trtllm", "trtllm-serve", ""},
                                               {"mindie", "mindieservice_daemon", ""},
                                               {"ais_bench", "ais_bench", ""},
                                               {"haproxy", "haproxy", ""},
                                               {"nginx", "nginx", ""}}};

/// The modules of `engines` that an interpreter finds, between blanks.
std::string modules_of(const std::string& python) {
  std::vector<std::string> words{
      python, "-c", "import importlib.util as u, sys; print('', *(m for m in sys.argv[1:] if u.find_spec(m)), '')"};
  for (const auto& each : engines)
    if (*each.module) words.emplace_back(each.module);
  const auto found = weir::capture_output(std::move(words), 20'000'000'000);
  return found ? *found : "";
}

void add_engines(std::vector<machine_finding>& findings) {
  const std::string python(weir::variable("WEIR_PYTHON", "python3"));
  const auto modules = modules_of(python);
  for (const auto& each : engines) {
    const auto file = *each.program ? weir::find_program(each.program, weir::variable("PATH"))
                                    : weir::result<std::string>(weir::failure{});
    const bool imported = *each.module && modules.find(" " + std::string(each.module) + " ") != std::string::npos;
    const std::string where = file             ? *file
                              : imported       ? "importable by " + python
                              : !*each.module  ? "not on PATH"
                              : !*each.program ? "not importable by " + python
                                               : "neither on PATH nor importable by " + python;
    findings.push_back({each.name, where, true, ""});
  }
}

std::string json_of(const machine_finding& f) {
  std::string line;
  weir::json_writer json(line);
  json.begin_object().field("name", f.name).field("value", f.value).field("fine", f.fine);
  f.fine ? json.field("advice", nullptr) : json.field("advice", f.advice);
  json.end_object();
  return line + "\n";
}

std::string text_of(const machine_finding& f) {
  std::string line = f.fine ? "ok    " : "look  ";
  line += f.name + std::string(f.name.size() < 24 ? 24 - f.name.size() : 1, ' ') + f.value + "\n";
  if (!f.fine && !f.advice.empty()) line += "      " + std::string(24, ' ') + f.advice + "\n";
  return line;
}

result<int> body(const arguments& args) {
  auto findings = weir::check_machine();
  if (args.has("engines")) add_engines(findings);
  std::string text;
  bool all_fine = true;
  for (const auto& f : findings) {
    text += args.has("json") ? json_of(f) : text_of(f);
    all_fine = all_fine && f.fine;
  }
  if (auto printed = weir::tool::print(text); !printed) return printed.error();
  return all_fine ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, body);
}
