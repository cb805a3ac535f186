#include "weir/kernels/lab/roofline.hpp"

#include "catch.hpp"

namespace {
namespace k = weir::kernels;
using k::lab::limits, k::lab::model_sizes;

model_sizes model(const char* name) {
  for (const auto& m : k::lab::known_models())
    if (m.name == name) return m;
  FAIL("no such model");
  return {};
}
}  // namespace

TEST_CASE("models: the matrices hold as many parameters as the models' names say", "[kernels]") {
  const auto parameters = [](const char* name, bool embedding) {
    double sum = 0;
    for (const auto& l : k::lab::layers_of(model(name)))
      sum += static_cast<double>(l.n * l.k * l.count * (l.experts > 0 ? l.experts : 1)) *
             (!l.quantized && embedding ? 2 : 1);
    return sum * 1e-9;
  };
  CHECK(parameters("qwen3-1.7b", false) == Approx(1.72).epsilon(0.01));    // tied: the head is the embedding
  CHECK(parameters("qwen3-8b", true) == Approx(8.19).epsilon(0.01));       // model cards: 8.2B
  CHECK(parameters("llama-3.1-8b", true) == Approx(8.03).epsilon(0.01));   // 8.03B
  CHECK(parameters("qwen3-30b-a3b", true) == Approx(30.5).epsilon(0.01));  // 30.5B
}

TEST_CASE("roofline: a step of one token takes as long as its weights take to read", "[kernels]") {
  const limits at{"test", 1000, 1e9, 1e9, 1e9, 0};  // arithmetic and launches for nothing
  const auto m = model("llama-3.1-8b");
  // 6.979e9 quantized weights and a head of 128256 * 4096 in bf16; activations are below a thousandth of that.
  CHECK(k::lab::predict(m, at, k::format::bf16, 1, 0).total_us ==
        Approx((6.979e9 + 525336576) * 2 / 1e6).epsilon(2e-3));
  CHECK(k::lab::predict(m, at, k::format::w8a16, 1, 0).total_us ==
        Approx((6.979e9 + 2 * 525336576.0) / 1e6).epsilon(2e-3));
  CHECK(k::lab::predict(m, at, k::format::w4a16, 1, 128).total_us ==
        Approx((6.979e9 * (0.5 + 2.0 / 128) + 2 * 525336576.0) / 1e6).epsilon(2e-3));
}

TEST_CASE("roofline: with many tokens arithmetic decides, and weights of 8 bits alone bring nothing", "[kernels]") {
  const limits at{"test", 1e9, 500, 1000, 1000, 0};
  const auto m = model("qwen3-8b");
  const double bf16 = k::lab::predict(m, at, k::format::bf16, 4096, 0).total_us;
  CHECK(k::lab::predict(m, at, k::format::w8a16, 4096, 0).total_us == Approx(bf16));
  const double head = 2e-6 * 4096 * 151936 * 4096 / 500;
  CHECK(k::lab::predict(m, at, k::format::w8a8, 4096, 0).total_us == Approx((bf16 - head) / 2 + head));
}

TEST_CASE("roofline: the experts that tokens reach are between those of one token and all", "[kernels]") {
  CHECK(k::lab::experts_reached(128, 8, 1) == Approx(8));
  CHECK(k::lab::experts_reached(128, 8, 2) == Approx(16 - 0.5));  // 8 / 128 of the second token's are the first's
  CHECK(k::lab::experts_reached(128, 8, 100000) == Approx(128));
}

TEST_CASE("roofline: what stands around the matrices is small kernels, and keys and values that are read",
          "[kernels]") {
  const limits at{"test", 1000, 1e9, 1e9, 1e9, 0, 0};
  const auto m = model("qwen3-8b");
  // 36 layers, 8 heads of 128 keys and values in bf16, 3 sequences of 100 tokens: 36 * 8 * 128 * 2 * 2 * 300 bytes.
  const auto p = k::lab::predict(m, at, k::format::bf16, 3, 0, {50, 2, 100});
  CHECK(p.around_us == Approx(50 * 2 + 44236800 / 1e6));
  CHECK(p.total_us == Approx(k::lab::predict(m, at, k::format::bf16, 3, 0).total_us));
}
