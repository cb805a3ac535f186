#include "weir/run/matrix.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/run/studies.hpp"

namespace {

using words = std::vector<std::string>;

/// Models that are in no directory: nothing is known of them, unless their name is here.
weir::result<weir::model_facts> lookup(const std::string& path) {
  if (path == "heads-32") return weir::model_facts{.attention_heads = 32, .layers = 4};
  if (path == "/gone") return weir::failure{weir::errc::not_found, "there is no model at /gone"};
  return weir::model_facts{};
}

weir::expansion expanded(const weir::matrix& m) {
  return weir::expand(m, lookup).value();
}

words names(const weir::expansion& all) {
  words out;
  for (const auto& c : all.cells) out.push_back(c.name);
  return out;
}

words skipped(const weir::expansion& all) {
  words out;
  for (const auto& c : all.skipped) out.push_back(c.name + ": " + c.reason);
  return out;
}

/// The matrix of examples/rollout-bench: three models, three formats, one of which one model lacks.
weir::matrix rollout() {
  weir::matrix m = weir::make_study("rollout").value();
  const auto model = [](std::string name, std::string tp, std::string share, const words& quants) {
    weir::matrix_model one{.self = {.name = name}};
    one.self.fixed.set("tp", tp);
    one.self.fixed.set("gpu_memory_utilization", share);
    for (const auto& quant : quants) one.quants.push_back({.name = quant, .path = name + "-" + quant});
    return one;
  };
  m.models = {model("qwen3-1.7b", "1", "0.4", {"bf16", "w8a16", "w8a8"}),
              model("pangu-7b", "1", "0.6", {"bf16", "w8a16", "w8a8"}),
              model("qwen3-30b-a3b", "4", "0.8", {"bf16", "w8a8"})};
  return m;
}

}  // namespace

TEST_CASE("settings: a name is found by any of its names, with - or _", "[run]") {
  REQUIRE(weir::find_setting("tp") != nullptr);
  CHECK(weir::find_setting("tensor-parallel-size") == weir::find_setting("tp"));
  CHECK(weir::find_setting("tensor_parallel_size") == weir::find_setting("tp"));
  CHECK(weir::find_setting("seq-lens")->name() == "input_len");
  CHECK(weir::find_setting("tensor") == nullptr);
  CHECK(weir::find_setting("") == nullptr);
}

TEST_CASE("settings: no name stands for two settings", "[run]") {
  auto all = weir::setting_names();
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("settings: every fallback is a value that the setting takes", "[run]") {
  for (const auto& each : weir::setting_table)
    if (!each.fallback.empty()) CHECK(weir::checked_value(each, each.fallback));
}

TEST_CASE("settings: values that mean nothing are refused", "[run]") {
  const auto refused = [](const char* name, const char* value) {
    CAPTURE(name, value);
    const auto checked = weir::checked_value(*weir::find_setting(name), value);
    return !checked && checked.error().detail.find(value) != std::string::npos;
  };
  CHECK(refused("tp", "0"));
  CHECK(refused("tp", "-1"));
  CHECK(refused("tp", "2.5"));
  CHECK(refused("tp", "two"));
  CHECK(refused("gpu_memory_utilization", "0"));
  CHECK(refused("gpu_memory_utilization", "1.5"));
  CHECK(refused("gpu_memory_utilization", "nan"));
  CHECK(refused("request_rate", "inf"));
  CHECK(refused("enforce_eager", "perhaps"));
  CHECK(refused("executor_backend", "slurm"));
  CHECK(refused("cell_timeout", "soon"));
  CHECK(weir::checked_value(*weir::find_setting("enforce_eager"), "yes").value() == "true");
}

TEST_CASE("matrix: three models in three formats without one are eight cells, and the ninth is listed", "[run]") {
  const auto all = expanded(rollout());
  CHECK(names(all) == words{"qwen3-1.7b_bf16", "qwen3-1.7b_w8a16", "qwen3-1.7b_w8a8", "pangu-7b_bf16", "pangu-7b_w8a16",
                            "pangu-7b_w8a8", "qwen3-30b-a3b_bf16", "qwen3-30b-a3b_w8a8"});
  CHECK(skipped(all) == words{"qwen3-30b-a3b_w8a16: qwen3-30b-a3b has no w8a16"});
  CHECK(all.cells[0].path == "qwen3-1.7b-bf16");
  CHECK(all.cells[6].values.text("tp") == "4");
  CHECK(all.cells[6].values.text("gpu_memory_utilization") == "0.8");
  REQUIRE(all.cells[0].points.size() == 1);
  CHECK(all.cells[0].points[0].name == "p32_in512_out256_n8");
}

TEST_CASE("matrix: what replaces a setting, replaces it in models too", "[run]") {
  auto m = rollout();
  m.replace("gpu_memory_utilization", {"0.9"});
  for (const auto& c : expanded(m).cells) CHECK(c.values.text("gpu_memory_utilization") == "0.9");
  m.replace("tp", {"1", "2"});
  const auto all = expanded(m);
  CHECK(all.cells.size() == 16);
  CHECK(all.cells[1].name == "qwen3-1.7b_bf16_tp2");
}

TEST_CASE("matrix: a model's own value is not multiplied by the axis it fixes", "[run]") {
  weir::matrix m;
  m.models = {{.self = {.name = "a", .path = "a"}}, {.self = {.name = "b", .path = "b"}}};
  m.models[1].self.fixed.set("tp", "4");
  m.axes = {{"tp", {"1", "2"}}};
  CHECK(names(expanded(m)) == words{"a_tp1", "a_tp2", "b_tp4"});
}

TEST_CASE("matrix: points are all combinations of what is asked, the engine starts once for them", "[run]") {
  const auto all = expanded(weir::make_study("tensor-parallel").value());
  CHECK(names(all) == words{"tp_1", "tp_2", "tp_4", "tp_8"});
  REQUIRE(all.cells[1].points.size() == 12);
  CHECK(all.cells[1].points[0].name == "b1_in512_out128");
  CHECK(all.cells[1].points[11].name == "b16_in2048_out128");
}

TEST_CASE("studies: the configurations have the names that people know", "[run]") {
  const auto of = [](const char* study, const words& more = {}) {
    return names(expanded(weir::make_study(study, more).value()));
  };
  CHECK(of("pipeline-parallel") == words{"pp_1", "pp_2", "pp_4"});
  CHECK(of("mixed-parallel") == words{"tp2_pp2", "tp4_pp2", "tp2_pp4", "tp4_pp4"});
  CHECK(of("data-parallel") == words{"dp_1", "dp_2", "dp_4"});
  CHECK(of("torchrun-tensor-parallel") == words{"torchrun_tp_2", "torchrun_tp_4", "torchrun_tp_8"});
  CHECK(of("torchrun-mixed-parallel") == words{"torchrun_tp2_pp2", "torchrun_tp4_pp2"});
  CHECK(of("custom", {"PP=2", "TP=4"}) == words{"custom_tp4_pp2_dp1"});
  CHECK(of("E1") == words{"E1.1_llama8b_baseline", "E1.2_llama8b_tp2", "E1.3_llama8b_tp4"});
  CHECK(of("scaling-study").size() == 12);
}

TEST_CASE("studies: an unknown name or word is refused with what was meant", "[run]") {
  const auto said = [](const char* study, const words& more = {}) {
    const auto made = weir::make_study(study, more);
    return made ? std::string() : made.error().detail;
  };
  CHECK(said("tensor-paralel").find("did you mean tensor-parallel?") != std::string::npos);
  CHECK(said("custom", {"TP=0"}).find("'TP=0'") != std::string::npos);
  CHECK(said("custom", {"EP=2"}).find("'EP=2'") != std::string::npos);
  CHECK(said("rollout", {"TP=2"}).find("only custom") != std::string::npos);
}

TEST_CASE("matrix: what can't be run is listed with the reason, the rest is run", "[run]") {
  auto m = weir::make_study("tensor-parallel").value();
  m.fixed.set("max_devices", "4");
  const auto all = expanded(m);
  CHECK(names(all) == words{"tp_1", "tp_2", "tp_4"});
  CHECK(skipped(all) == words{"tp_8: tp 8 x pp 1 x dp 1 needs 8 devices, there are 4"});

  m = weir::make_study("custom", {"TP=3"}).value();
  m.models = {{.self = {.name = "m", .path = "heads-32"}}};
  const auto none = weir::expand(m, lookup);
  REQUIRE_FALSE(none);
  CHECK(none.error().detail ==
        "no cell can be run; the first, custom_tp3_pp1_dp1: tp 3 does not divide the model's 32 attention heads");
}

TEST_CASE("matrix: a model that is not there costs its own cells only", "[run]") {
  weir::matrix m;
  m.models = {{.self = {.name = "gone", .path = "/gone"}}, {.self = {.name = "here", .path = "here"}}};
  const auto all = expanded(m);
  CHECK(names(all) == words{"here"});
  CHECK(skipped(all) == words{"gone: there is no model at /gone"});
}

TEST_CASE("matrix: impossible combinations are known before anything starts", "[run]") {
  const auto why = [](std::initializer_list<std::pair<const char*, const char*>> values) {
    weir::matrix m;
    m.models = {{.self = {.name = "m", .path = "heads-32"}}};
    for (const auto& [name, value] : values) m.replace(name, {value});
    const auto all = weir::expand(m, lookup);
    return all ? std::string("nothing") : all.error().detail.substr(all.error().detail.find(": ") + 2);
  };
  CHECK(why({{"tp", "2"}}) == "nothing");
  CHECK(why({{"pp", "8"}}) == "pp 8 is more than the model's 4 layers");
  CHECK(why({{"tp", "2"}, {"ep", "3"}}) == "ep 3 is not tp x dp = 2, the only one there is");
  CHECK(why({{"tp", "2"}, {"ep", "2"}}) == "ep needs a model with experts");
  CHECK(why({{"tp", "2"}, {"nodes", "3"}}) == "2 devices can't be dealt to 3 nodes");
  CHECK(why({{"mode", "online"}, {"executor_backend", "external_launcher"}}) ==
        "external_launcher is torchrun, which runs the offline engine only");
  CHECK(why({{"max_model_len", "600"}}) == "512 + 128 tokens do not fit max_model_len 600");
  CHECK(why({{"mode", "command"}}) == "mode command needs a command");
  CHECK(why({{"instances", "2"}}) == "several instances need mode online; dp is what offline has");
}

TEST_CASE("matrix: what is excluded is neither run nor listed", "[run]") {
  weir::matrix m;
  m.models = {{.self = {.name = "a", .path = "a"}}, {.self = {.name = "b", .path = "b"}}};
  m.axes = {{"tp", {"1", "2"}}};
  weir::matrix_exclusion rule{.model = "a"};
  rule.values.set("tp", "2");
  m.exclusions = {rule};
  CHECK(names(expanded(m)) == words{"a_tp1", "b_tp1", "b_tp2"});
  CHECK(expanded(m).skipped.empty());
  m.exclusions = {{}};  // a rule that asks for nothing meets everything
  CHECK_FALSE(weir::expand(m, lookup));
}

TEST_CASE("matrix: cells of one name are refused", "[run]") {
  weir::matrix m;
  m.models = {{.self = {.name = "x", .path = "a"}}, {.self = {.name = "x", .path = "b"}}};
  const auto all = weir::expand(m, lookup);
  REQUIRE_FALSE(all);
  CHECK(all.error().detail.find("two cells would be named 'x'") == 0);
}

TEST_CASE("cell: the runs of a cell have names of their own", "[run]") {
  CHECK(weir::cell_run{0, 1, false}.name("tp_2") == "tp_2");
  CHECK(weir::cell_run{0, 3, false}.name("tp_2") == "tp_2_run3");
  CHECK(weir::cell_run{0, 1, true}.name("tp_2") == "tp_2_profile");
}
