// Mutated real traces: no damage changes a figure in silence.
#include <filesystem>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/gz_source.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/step_metrics.hpp"

namespace {

std::string unpacked(const std::string& path) {
  auto source = weir::gz_source::open(path);
  REQUIRE(source);
  std::string text;
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const auto got = source->read(buffer);
    REQUIRE(got);
    if (*got == 0) return text;
    text.append(buffer.data(), *got);
  }
}

/// Which bytes stand between quotes: a change there is another value, which nobody can tell from a right one.
std::vector<bool> inside_strings(const std::string& text) {
  std::vector<bool> inside(text.size());
  bool open = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    inside[i] = open && text[i] != '"';
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      open = !open;
  }
  return inside;
}

/// All figures as text, and whether anything is told about damage.
struct reading {
  std::string figures;
  bool told = false;
};

reading read(const std::string& text) {
  static const weir::kind_table kinds;
  const auto p = weir::read_profile(weir::memory_source(text), "rank0.json", kinds);
  if (!p) return {"", true};
  std::vector<weir::trace_metric> metrics;
  REQUIRE(append_rank_metrics(metrics, *p, {}));
  std::erase_if(metrics, [](const auto& m) { return m.name == "events"; });  // also of what no figure needs
  reading out;
  append_metric_records(out.figures, metrics);
  out.told = p->damaged() > 0 || p->summary.truncated || !p->unknown_categories().empty() || p->steps_backwards() > 0;
  return out;
}

}  // namespace

TEST_CASE("damage: a structural byte that is lost or changed in a real trace is told, or changes no figure",
          "[trace]") {
  const std::string path = WEIR_SOURCE_DIR "/../shared/data/traces/dlrm8_v100/kineto_rank0.json.gz";
  if (!std::filesystem::exists(path)) SKIP("../shared/data/traces is not here");
  const std::string whole = unpacked(path);
  const reading truth = read(whole);
  REQUIRE_FALSE(truth.told);
  weir::random_stream random(20261122);
  constexpr std::string_view structure = "{}[]\":,";
  const auto value = inside_strings(whole);
  const std::size_t from = whole.find("\"traceEvents\"") + 15;
  for (int i = 0; i < 400; ++i) {
    std::size_t at = from + random.below(whole.size() - from);
    while (at + 1 < whole.size() && (value[at] || structure.find(whole[at]) == structure.npos)) ++at;
    std::string mutant = whole;
    if (i % 2 == 0)
      mutant.erase(at, 1);
    else
      mutant[at] = structure[random.below(structure.size())];
    const reading now = read(mutant);
    CAPTURE(i, at, whole.substr(at > 60 ? at - 60 : 0, 120));
    CHECK((now.told || now.figures == truth.figures));
  }
}
