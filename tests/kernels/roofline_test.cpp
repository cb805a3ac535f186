#include "weir/kernels/lab/roofline.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "weir/kernels/lab/cpu_backend.hpp"
#include "weir/kernels/lab/machines.hpp"

namespace {
namespace k = weir::kernels;
using k::lab::kernel, k::lab::limits, k::lab::model_sizes, k::lab::stack, k::lab::step;

model_sizes model(const char* name) {
  for (const auto& m : k::lab::known_models())
    if (m.name == name) return m;
  FAIL("no such model");
  return {};
}

/// A machine whose products take `start` and then 1000 GB/s or 500 T/s (int8: 1000), as its peaks.
limits machine(double gb_s, double tera, double start) {
  limits at;
  at.name = "test";
  at.read_gb_s = {gb_s, ""}, at.bf16_tera = {tera, ""}, at.int8_tera = {2 * tera, ""}, at.fp8_tera = {2 * tera, ""};
  at.nothing_us = at.row_us = at.norm_us = {start, ""};
  for (auto& p : at.products) p.lines[0].start_us = {start, ""};
  return at;
}

k::lab::prediction predict(const model_sizes& m, const limits& at, k::format f, const step& s, std::int32_t group = 0,
                           const stack& how = {}) {
  return k::lab::predict(k::lab::kernels_of(m, how, s, f, group), at);
}

const kernel& named(const std::vector<kernel>& all, const std::string& name) {
  for (const kernel& one : all)
    if (one.name == name) return one;
  FAIL("no kernel " + name);
  return all[0];
}
}  // namespace

TEST_CASE("models: the matrices hold as many parameters as the models' names say", "[kernels]") {
  const auto parameters = [](const char* name, bool embedding, bool merged) {
    double sum = 0;
    for (const auto& l : k::lab::layers_of(model(name), merged))
      sum += static_cast<double>(l.n * l.k * l.count * (l.experts > 0 ? l.experts : 1)) *
             (!l.quantized && embedding ? 2 : 1);
    return sum * 1e-9;
  };
  for (const bool merged : {true, false}) {
    CHECK(parameters("qwen3-1.7b", false, merged) == Approx(1.72).epsilon(0.01));    // tied: the head is the embedding
    CHECK(parameters("qwen3-8b", true, merged) == Approx(8.19).epsilon(0.01));       // model cards: 8.2B
    CHECK(parameters("llama-3.1-8b", true, merged) == Approx(8.03).epsilon(0.01));   // 8.03B
    CHECK(parameters("qwen3-30b-a3b", true, merged) == Approx(30.5).epsilon(0.01));  // 30.5B
  }
}

TEST_CASE("roofline: a step of one token takes at least as long as its weights, keys and values take to read",
          "[kernels]") {
  const limits at = machine(1000, 1e9, 0);  // arithmetic for nothing
  const auto m = model("llama-3.1-8b");
  // 6.979e9 quantized weights, a head of 128256 * 4096 in bf16, keys and values of one token: 32 * 8 * 128 * 2 * 2
  // bytes
  const double cache = 131072;
  CHECK(predict(m, at, k::format::bf16, {}).bound_us ==
        Approx(((6.979e9 + 525336576) * 2 + cache) / 1e6).epsilon(1e-4));
  CHECK(predict(m, at, k::format::w8a16, {}).bound_us ==
        Approx((6.979e9 + 2 * 525336576.0 + cache) / 1e6).epsilon(1e-4));
  CHECK(predict(m, at, k::format::w4a16, {}, 128).bound_us ==
        Approx((6.979e9 * (0.5 + 2.0 / 128) + 2 * 525336576.0 + cache) / 1e6).epsilon(1e-4));
  const double more = predict(m, at, k::format::bf16, {3, 1, 1000}).bound_us;
  CHECK(more - predict(m, at, k::format::bf16, {3, 1, 1}).bound_us == Approx(3 * 999 * cache / 1e6).epsilon(1e-9));
}

TEST_CASE("roofline: with many tokens arithmetic decides, and weights of 8 bits alone bring nothing", "[kernels]") {
  const limits at = machine(1e9, 500, 0);
  const auto m = model("qwen3-8b");
  const step prompt{1, 4096, 0};
  const double bf16 = predict(m, at, k::format::bf16, prompt).bound_us;
  CHECK(predict(m, at, k::format::w8a16, prompt).bound_us == Approx(bf16));
  // Causal attention: 4096 * 4097 / 2 pairs, 32 heads of 128, two products; the head for one token.
  const double seen = 36 * 4096.0 * 4097 / 2 * 4096 * 4 / 500e6, head = 2e-6 * 151936 * 4096 / 500;
  const double layers = 2e-6 * 4096 * 36 * (6144 * 4096.0 + 4096 * 4096.0 + 3 * 12288 * 4096.0) / 500;
  CHECK(bf16 == Approx(layers + seen + head).epsilon(1e-9));
  CHECK(predict(m, at, k::format::w8a8, prompt).bound_us == Approx(layers / 2 + seen + head).epsilon(1e-9));
}

TEST_CASE("roofline: the experts that tokens reach are between those of one token and all", "[kernels]") {
  CHECK(k::lab::experts_reached(128, 8, 1) == Approx(8));
  CHECK(k::lab::experts_reached(128, 8, 2) == Approx(16 - 0.5));  // 8 / 128 of the second token's are the first's
  CHECK(k::lab::experts_reached(128, 8, 100000) == Approx(128));
}

TEST_CASE("stack: as many kernels are launched as its description says", "[kernels]") {
  const auto launched = [](const char* name, const stack& how) {
    return predict(model(name), machine(1, 1, 0), k::format::bf16, {}, 0, how).kernels;
  };
  // Layers of 4 products or 7, attention, small kernels; the head, the embedding and the last norm.
  CHECK(launched("llama-3.1-8b", {true}) == 32 * (4 + 1 + 5) + 3);
  CHECK(launched("llama-3.1-8b", {false}) == 32 * (7 + 1 + 6) + 3);
  CHECK(launched("qwen3-8b", {true}) == 36 * (4 + 1 + 7) + 3);
  CHECK(launched("qwen3-8b", {false}) == 36 * (7 + 1 + 8) + 3);
  CHECK(launched("qwen3-8b", {false, 11}) == 36 * (7 + 1 + 11) + 3);
  CHECK(launched("qwen3-8b", {false, 2}) == 36 * (7 + 1 + 4) + 3);  // norms stay
  CHECK(launched("qwen3-30b-a3b", {true}) == 48 * (4 + 1 + 1 + 7 + 3) + 3);
}

TEST_CASE("roofline: a prediction is each kernel's start and what it moves or computes at the rate that was achieved",
          "[kernels]") {
  limits at = machine(1000, 500, 2);
  at.products[0].lines[0] = {{3, ""}, {800, ""}}, at.products[0].tera = {400, ""};
  at.attention = {{5, ""}, {600, ""}}, at.attention_tera = {200, ""};
  at.norm_us = {1.5, ""}, at.row_us = {1, ""}, at.nothing_us = {0.5, ""};
  const auto all = k::lab::kernels_of(model("qwen3-1.7b"), {false}, {64, 1, 256}, k::format::bf16, 0);
  // q is [2048, 2048]: 8388608 bytes of weights, 64 rows of x and of y.
  CHECK(predicted_us(named(all, "q"), at) == Approx(3 + 8388608 / 800e3 + 64 * 2 * 4096 / 1000e3));
  // Keys and values of 64 * 256 tokens, 8 heads of 128; queries and results of 16 heads.
  CHECK(predicted_us(named(all, "attention"), at) == Approx(5 + (64 * 256 * 4096 + 64 * 8192) / 600e3));
  CHECK(predicted_us(named(all, "norm"), at) == Approx(1.5 + 64 * 4 * 4096 / 1000e3));
  CHECK(predicted_us(named(all, "activation"), at) == Approx(1 + 64 * 3 * 12288 / 1000e3));
  const auto prompt = k::lab::kernels_of(model("qwen3-1.7b"), {false}, {1, 2048, 0}, k::format::bf16, 0);
  CHECK(predicted_us(named(prompt, "down"), at) == Approx(3 + 2.0 * 2048 * 2048 * 6144 / 400e6));
  CHECK(predicted_us(named(prompt, "attention"), at) == Approx(5 + 2048 * 1024.5 * 2048 * 4 / 200e6));
  const auto sum = k::lab::predict(all, at);
  CHECK(sum.total_us() > sum.bound_us);
  at.products[0].lines[0].gb_s.value = 1e6;  // no product reads faster than the machine
  CHECK(predicted_us(named(all, "q"), at) == Approx(3 + (8388608 + 64 * 2 * 4096) / 1000e3));
}

TEST_CASE("roofline: an H200's products take what docs/kernels-h200.txt measured", "[kernels]") {
  const auto h200 = k::lab::known_machines().at(1);
  const auto us = [&](k::format f, std::int32_t group, std::int64_t sequences) {
    return predicted_us(
        named(k::lab::kernels_of(model("llama-3.1-8b"), {true}, {sequences, 1, 1}, f, group), "gate+up"), h200);
  };
  CHECK(us(k::format::w8a16, 0, 1) == Approx(31.66).epsilon(0.01));
  CHECK(us(k::format::w8a8, 0, 16) == Approx(36.54).epsilon(0.01));
  CHECK(us(k::format::w8a8_fp8, 0, 16) == Approx(34.31).epsilon(0.01));
  CHECK(us(k::format::w4a16, 128, 1) == Approx(21.40).epsilon(0.01));
  CHECK(us(k::format::w4a4, 128, 16) == Approx(27.10).epsilon(0.01));
  CHECK(us(k::format::w8a16, 0, 64) == Approx(76.56).epsilon(0.01));
}

TEST_CASE("roofline: between two lines a product takes what lies between their times", "[kernels]") {
  limits at = machine(1000, 1e9, 0);
  at.products[0].lines = {{{{2, ""}, {1000, ""}}, {{5, ""}, {500, ""}}, {}, {{10, ""}, {100, ""}}}};  // 1, 16, -, 256
  const auto q = [&](std::int64_t sequences) {
    return predicted_us(
        named(k::lab::kernels_of(model("qwen3-1.7b"), {false}, {sequences, 1, 256}, k::format::bf16, 0), "q"), at);
  };
  constexpr double bytes = 8388608;
  CHECK(q(1) == Approx(2 + bytes / 1000e3));
  CHECK(q(16) == Approx(5 + bytes / 500e3));
  CHECK(q(6) == Approx((2 + bytes / 1000e3) * 10 / 15 + (5 + bytes / 500e3) * 5 / 15));
  CHECK(q(256) == Approx(10 + bytes / 100e3));
  CHECK(q(136) == Approx((5 + bytes / 500e3 + 10 + bytes / 100e3) / 2));
  CHECK(q(1000) == Approx(10 + bytes / 100e3 + 1000 * 2 * 4096 / 1000e3));
}

TEST_CASE("roofline: an H100's products take what docs/kernels.md measured", "[kernels]") {
  const auto h100 = k::lab::known_machines().at(0);
  const auto us = [&](k::format f, std::int32_t group, std::int64_t sequences, const std::string& name) {
    return predicted_us(named(k::lab::kernels_of(model("llama-3.1-8b"), {true}, {sequences, 1, 1}, f, group), name),
                        h100);
  };
  // 8B.gateup and 7B.o of the tables there: PyTorch's bf16, our w8a16, w8a8 with quantization, w4a16 g128.
  CHECK(us(k::format::bf16, 0, 64, "gate+up") == Approx(87.4).epsilon(0.01));
  CHECK(us(k::format::w8a16, 0, 1, "gate+up") == Approx(42.6).epsilon(0.02));
  CHECK(us(k::format::w8a16, 0, 64, "gate+up") == Approx(81.8).epsilon(0.01));
  CHECK(us(k::format::w8a16, 0, 256, "o") == Approx(35.3).epsilon(0.01));
  CHECK(us(k::format::w8a8, 0, 64, "gate+up") == Approx(54.4).epsilon(0.01));
  CHECK(us(k::format::w4a16, 128, 64, "gate+up") == Approx(110.0).epsilon(0.01));
  CHECK(us(k::format::w4a16, 128, 256, "gate+up") == Approx(226.4).epsilon(0.01));
}

TEST_CASE("limits: a line through times gives its start and its rate back", "[kernels]") {
  std::vector<std::pair<double, double>> points;
  for (const double mb : {6, 20, 100, 300}) points.emplace_back(mb * 1e6, 4 + mb * 1e6 / 3000e3);
  CHECK(k::lab::fit_line(points).start_us.value == Approx(4));
  CHECK(k::lab::fit_line(points).gb_s.value == Approx(3000));
  // Where the line would begin below 0 it goes through it: the least squares slope of (1, 1), (2, 2.5), by relative
  // error: (1 + 2 * 2.5 / 2.5^2) / (1 + 4 / 2.5^2) = 1.8 / 1.64.
  const auto falls = k::lab::fit_line({{1e3, 1}, {2e3, 2.5}});
  CHECK(falls.start_us.value == 0);
  CHECK(falls.gb_s.value == Approx(1.64 / 1.8));
}

TEST_CASE("limits: what a backend measures is there with its origin, and the rest is unknown, not 0", "[kernels]") {
  k::lab::cpu_backend here;
  k::lab::bench_options few;
  few.rounds = 1, few.least_runs = 2, few.cold_bytes = 1 << 16;
  const k::lab::limit_sizes few_sizes{.lines = {{64, 64}, {256, 128}}, .most_tokens = 16, .large = 32, .largest = 48};
  const auto m = k::lab::measure_limits(here, {k::format::w8a8}, few_sizes, few);
  const auto& p = m.products[static_cast<std::size_t>(k::format::w8a8)];
  CHECK(p.lines[0].gb_s.value > 0);
  CHECK(p.lines[1].known());
  CHECK_FALSE(p.lines[2].known());
  CHECK(p.tera.value > 0);
  CHECK(m.int8_tera.value >= p.tera.value);
  CHECK(p.lines[0].gb_s.origin == "measured now: a line through 2 products of 1 token");
  CHECK(m.bf16_tera.origin.empty());
  const auto unknown = unknown_figures(m, k::format::w8a8);
  CHECK(std::find(unknown.begin(), unknown.end(), "limit_read_gb_s") != unknown.end());
}

TEST_CASE("limits: of known machines every figure that is there says where it is from", "[kernels]") {
  for (auto m : k::lab::known_machines()) {
    CHECK(unknown_figures(m, k::format::w4a4).empty());
    for (const auto& f : figures_of(m)) {
      CAPTURE(m.name, f.name);
      CHECK((f.at->value > 0) == !f.at->origin.empty());
    }
  }
}
