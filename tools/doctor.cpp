// weir-doctor: can this machine measure?
#include <string>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "weir/base/json_write.hpp"
#include "weir/load/machine_check.hpp"
#include "weir/serve/command.hpp"
#include "weir/serve/engine_check.hpp"

namespace {

using weir::machine_finding, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-doctor",
    .summary = "checks whether this machine can measure: file limit, ports, clock, governor, timers, loopback",
    .usage = "weir-doctor [--engines] [--json]",
    .text =
        "Takes about half a second. What it finds wanting makes measurements worse, not impossible: weir-bench says "
        "of each run by itself whether it can be trusted.",
    .options =
        {{"engines", "",
          "Also look for what weir-serve-many and its helpers could start: each engine's program or Python package, "
          "gateways, clusters, ais_bench."},
         {"json", "", "Print one object a line instead of the table."}},
    .examples = "weir doctor\nweir doctor --engines --json",
    .exits = "0 all is well, 1 something is not, 2 trouble",
};

/// What can be driven here is told; that something is not there is no fault of the machine.
void add_engines(std::vector<machine_finding>& findings) {
  for (auto& engine : weir::find_engines()) findings.push_back({"engine " + engine.name, engine.where, true, ""});
  for (const std::string name : {"ais_bench", "haproxy", "nginx", "sbatch", "ray"}) {
    const auto found = weir::find_program(name, weir::variable("PATH"));
    findings.push_back({name, found ? *found : "not on PATH", true, ""});
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
