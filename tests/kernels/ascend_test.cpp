#include <dlfcn.h>

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "descriptions.hpp"
#include "weir/kernels/ascend/gemm.hpp"
#include "weir/kernels/bf16.hpp"
#include "weir/kernels/lab/operands.hpp"
#include "weir/kernels/lab/verify.hpp"

namespace {

namespace k = weir::kernels;
using k::status;

/// What was made and not given back: of "tensors", "executors".
int alive(const char* path, const std::string& what) {
  return reinterpret_cast<int (*)()>(dlsym(dlopen(path, RTLD_NOW | RTLD_LOCAL), ("weir_fake_alive_" + what).c_str()))();
}

/// A product as these operations take it: weight-only scales are bf16, a bias is f32.
struct setting {
  k::lab::operands from;
  std::vector<std::uint16_t> scale;
  std::vector<float> bias;
  k::gemm_desc d;
  setting(const k::lab::problem& p, bool with_bias)
      : from(p, 9), scale(static_cast<std::size_t>(p.n)), d(from.description()) {
    if ((p.kind == k::format::w8a16 || p.kind == k::format::w4a16) && p.group == 0) {
      for (std::size_t i = 0; i < scale.size(); ++i) scale[i] = k::to_bf16(0.001F * static_cast<float>(i + 1));
      d.wq.scale = k::vector_view(scale.data(), k::dtype::bf16, p.n);
    }
    for (std::int64_t i = 0; with_bias && i < p.n; ++i) bias.push_back(static_cast<float>(i) - 3);
    if (with_bias) d.bias = k::vector_view(bias.data(), k::dtype::f32, p.n);
  }
};

}  // namespace

TEST_CASE("ascend: every format goes through CANN's operations, old and new, to the exact result", "[kernels]") {
  const char* path = GENERATE(WEIR_FAKE_CANN, WEIR_FAKE_CANN_NEW);
  const auto l = k::ascend::library::open(path);
  REQUIRE(l);
  CHECK(static_cast<bool>(l.quant_matmul_v5) == (std::string(path) == WEIR_FAKE_CANN_NEW));
  for (const auto& p : {test::problem(k::format::bf16, 3, 8, 64), test::problem(k::format::w8a16, 3, 8, 64),
                        test::problem(k::format::w4a16, 5, 8, 64), test::problem(k::format::w4a16, 5, 8, 128, 32),
                        test::problem(k::format::w8a8, 3, 8, 64), test::problem(k::format::w8a8, 3, 8, 64, 0, true),
                        test::problem(k::format::w4a4, 3, 8, 64), test::problem(k::format::w4a4, 5, 8, 66, 0, true)}) {
    setting s(p, p.kind != k::format::bf16);
    std::vector<std::uint8_t> y(static_cast<std::size_t>(p.m * p.n * 2), 0xFF);
    s.d.y.data = y.data();
    k::plan plan;
    REQUIRE(k::ascend::make_plan(l, s.d, plan) == status::ok);
    std::vector<std::uint8_t> workspace(k::workspace_bytes(plan) + 512);
    REQUIRE(k::ascend::run(l, plan, s.d, workspace.data(), nullptr) == status::ok);
    CHECK(k::lab::expectation(s.d).judge(y).good);
  }
}

TEST_CASE("ascend: tensors and executors are given back", "[kernels]") {
  const char* path = GENERATE(WEIR_FAKE_CANN, WEIR_FAKE_CANN_NEW);
  const bool kept = std::string(path) == WEIR_FAKE_CANN;  // without aclDestroyAclOpExecutor a first phase alone is kept
  const bool dynamic = GENERATE(false, true);             // two operations a product
  const auto l = k::ascend::library::open(path);
  setting s(test::problem(k::format::w8a8, 2, 4, 32, 0, dynamic), false);
  std::vector<std::uint8_t> y(16);
  s.d.y.data = y.data();
  const int tensors = alive(path, "tensors"), executors = alive(path, "executors"), operations = dynamic ? 2 : 1;
  k::plan plan;
  REQUIRE(k::ascend::make_plan(l, s.d, plan) == status::ok);
  CHECK(alive(path, "tensors") == tensors);
  CHECK(alive(path, "executors") == executors + (kept ? operations : 0));
  std::vector<std::uint8_t> workspace(k::workspace_bytes(plan));
  for (int i = 0; i < 3; ++i) REQUIRE(k::ascend::run(l, plan, s.d, workspace.data(), nullptr) == status::ok);
  CHECK(alive(path, "tensors") == tensors);
  CHECK(alive(path, "executors") == executors + (kept ? operations : 0));
  plan.workspace = 1;  // prepared, and found not to fit: nothing is launched
  REQUIRE(k::ascend::run(l, plan, s.d, workspace.data(), nullptr) == status::wrong_plan);
  CHECK(alive(path, "tensors") == tensors);
  CHECK(alive(path, "executors") == executors + (kept ? 2 * operations : 0));
}

TEST_CASE("ascend: what CANN's documents forbid is refused before CANN is called", "[kernels]") {
  const auto l = k::ascend::library::open(WEIR_FAKE_CANN);
  k::plan plan;
  const auto planned = [&](const k::lab::problem& p, auto harm) {
    setting s(p, false);
    std::vector<std::uint8_t> y(static_cast<std::size_t>(p.m * p.n * 4));
    s.d.y.data = y.data();
    harm(s.d);
    return k::ascend::make_plan(l, s.d, plan);
  };
  const auto nothing = [](k::gemm_desc&) {};
  const auto w8a16 = test::problem(k::format::w8a16, 2, 4, 64);
  const float f32[4] = {};
  CHECK(planned(w8a16, nothing) == status::ok);
  CHECK(planned(w8a16, [&](k::gemm_desc& d) { d.wq.scale = k::vector_view(f32, k::dtype::f32, 4); }) ==
        status::bad_scale_type);
  CHECK(planned(w8a16, [](k::gemm_desc& d) { d.y.type = k::dtype::f32; }) == status::bad_output_type);
  CHECK(planned(test::problem(k::format::w4a16, 2, 4, 64, 64), nothing) == status::bad_group);  // a group of all of k
  CHECK(planned(test::problem(k::format::w4a4, 2, 4, 64), nothing) == status::ok);
  CHECK(planned(test::problem(k::format::w4a4, 2, 4, 64, 32), nothing) == status::bad_group);  // channels alone
  CHECK(planned(test::problem(k::format::w4a4, 1, 2, 65536), nothing) == status::no_kernel);
  CHECK(planned(test::problem(k::format::w4a8, 2, 4, 64), nothing) == status::no_kernel);
  CHECK(planned(test::problem(k::format::w8a8_fp8, 2, 4, 64), nothing) == status::no_kernel);
  CHECK(k::ascend::make_plan(k::ascend::library::open("/nowhere/libopapi.so"), setting(w8a16, false).d, plan) !=
        status::ok);
}
