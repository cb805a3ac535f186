#include "weir/kernels/cpu/gemm.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "descriptions.hpp"
#include "weir/kernels/lab/cases.hpp"
#include "weir/kernels/lab/cpu_backend.hpp"
#include "weir/kernels/lab/verify.hpp"

namespace {

namespace k = weir::kernels;
using k::status;
using k::cpu::isa;

std::vector<isa> all_isas() {
  std::vector<isa> found;
  for (const isa each : {isa::plain, isa::avx2, isa::avx512_vnni})
    if (each <= k::cpu::best_isa()) found.push_back(each);
  return found;
}

std::uint16_t bf16(float v) {
  return k::to_bf16(v);
}

}  // namespace

TEST_CASE("reference: int8 and int4 products worked out by hand", "[kernels]") {
  // x = [[1, -2, 3, 127], [0, 0, 0, -128]], w = [[5, 7, -1, 1], [-128, 2, 2, -1]]:
  // 5 - 14 - 3 + 127 = 115, -128 - 4 + 6 - 127 = -253, -128, 128.
  std::int8_t x[] = {1, -2, 3, 127, 0, 0, 0, -128}, w[] = {5, 7, -1, 1, -128, 2, 2, -1};
  float xs[] = {0.5F, 2}, ws[] = {1, 4}, y[4] = {};
  std::int32_t sums[4] = {};
  k::gemm_desc d;
  d.x = k::matrix_view(x, k::dtype::i8, 2, 4), d.w = k::matrix_view(w, k::dtype::i8, 2, 4);
  d.y = k::matrix_view(sums, k::dtype::i32, 2, 2);
  d.xq = {k::quant_mode::per_token, 0, k::vector_view(xs, k::dtype::f32, 2), k::dtype::i8};
  d.wq = {k::quant_mode::per_channel, 0, k::vector_view(ws, k::dtype::f32, 2), k::dtype::i8};
  REQUIRE(k::cpu::reference(d) == status::ok);
  CHECK(std::vector<int>(sums, sums + 4) == std::vector<int>{115, -253, -128, 128});
  std::uint16_t bias[] = {bf16(1), bf16(-2)};
  d.y = k::matrix_view(y, k::dtype::f32, 2, 2);
  d.bias = k::vector_view(bias, k::dtype::bf16, 2);
  REQUIRE(k::cpu::reference(d) == status::ok);
  CHECK(std::vector<float>(y, y + 4) == std::vector<float>{58.5F, -508, -255, 1022});
  // The same weights' signs in nibbles, low one first: [3, -8, -1, 7].
  std::uint8_t packed[] = {0x83, 0x7F};
  std::uint16_t ones[] = {bf16(1), bf16(10), bf16(100), bf16(1000)};
  float one[] = {1};
  d = {};
  d.x = k::matrix_view(ones, k::dtype::bf16, 1, 4), d.w = k::matrix_view(packed, k::dtype::i4, 1, 4);
  d.y = k::matrix_view(y, k::dtype::f32, 1, 1);
  d.wq = {k::quant_mode::per_channel, 0, k::vector_view(one, k::dtype::f32, 1), k::dtype::i4};
  REQUIRE(k::cpu::reference(d) == status::ok);
  CHECK(y[0] == 3 - 80 - 100 + 7000);
}

TEST_CASE("reference: one scale for a whole tensor is a scale of stride 0", "[kernels]") {
  auto p = test::problem(k::format::w8a8, 2, 3, 32);
  p.y = k::dtype::f32;
  k::lab::operands from(p, 3);
  std::vector<float> one(6), other(6), same(3, 0.25F);
  float quarter = 0.25F;
  k::gemm_desc d = from.description();
  d.y.data = one.data(), d.wq.scale.data = same.data();
  REQUIRE(k::cpu::reference(d) == status::ok);
  d.y.data = other.data(), d.wq.scale.data = &quarter, d.wq.scale.stride[0] = 0;
  REQUIRE(k::cpu::reference(d) == status::ok);
  CHECK(one == other);
}

TEST_CASE("dot: every instruction set gives the same integer, at every length and at the extremes",
          "[kernels][property]") {
  std::vector<std::int8_t> a(600), b(600);
  k::lab::detail::random_bits random(4);
  for (std::int64_t n = 0; n <= 600; n += n < 140 ? 1 : 37) {
    for (auto& v : a) v = static_cast<std::int8_t>(random.next());
    for (auto& v : b) v = static_cast<std::int8_t>(random.next());
    if (n % 3 == 0) std::fill(a.begin(), a.end(), std::int8_t{-128}), std::fill(b.begin(), b.end(), std::int8_t{-128});
    std::int64_t exact = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) exact += a[i] * b[i];
    for (const isa each : all_isas()) REQUIRE(k::cpu::dot(a.data(), b.data(), n, each) == exact);
  }
}

TEST_CASE("cpu: every format keeps the bounds on ragged sizes, tails, groups and experts", "[kernels][property]") {
  const auto f = GENERATE(from_range(std::begin(k::formats), std::end(k::formats)));
  for (const isa each : all_isas()) {
    k::lab::cpu_backend cpu(each);
    for (const auto& p : k::lab::cases_of(f, true)) {
      k::lab::operands from(p, 11);
      const auto v = k::lab::verify(cpu, from);
      INFO(k::lab::describe(p) << ": " << k::rule(v.answer) << ", wrong " << v.wrong << ", relative " << v.relative);
      REQUIRE(v.good);
    }
  }
}

TEST_CASE("cpu: 300 tokens, and none, keep the bounds", "[kernels]") {
  const auto f = GENERATE(k::format::w8a8, k::format::w4a16);
  const std::int64_t m = GENERATE(0, 300);
  k::lab::cpu_backend cpu;
  k::lab::operands from(test::problem(f, m, 24, 384, f == k::format::w4a16 ? 128 : 0), 2);
  CHECK(k::lab::verify(cpu, from).good);
}

TEST_CASE("verify: a result with one element off, or one not written, is refused", "[kernels]") {
  auto p = test::problem(k::format::w8a8, 3, 8, 64);
  p.y = GENERATE(k::dtype::bf16, k::dtype::i32, k::dtype::f32);
  k::lab::operands from(p, 6);
  std::vector<std::uint8_t> y(static_cast<std::size_t>(k::bytes(p.y, 24)));
  k::gemm_desc d = from.description();
  d.y.data = y.data();
  REQUIRE(k::cpu::reference(d) == status::ok);
  const k::lab::expectation exact(from.description());
  REQUIRE(exact.judge(y).good);
  const auto size = static_cast<std::size_t>(k::bytes(p.y, 1));
  auto off = y, unwritten = y;
  off[5 * size + size - 1] = static_cast<std::uint8_t>(off[5 * size + size - 1] ^ 1);  // in the exponent
  CHECK_FALSE(exact.judge(off).good);
  for (std::size_t i = 0; i < size; ++i) unwritten[7 * size + i] = 0xFF;  // NaN, or -1
  CHECK_FALSE(exact.judge(unwritten).good);
}

TEST_CASE("cpu: dynamic quantization is quantize and then the product, to the bit", "[kernels][property]") {
  const auto f = GENERATE(k::format::w8a8, k::format::w4a8, k::format::w4a4, k::format::w8a8_fp8);
  const std::int64_t m = 3, n = 7, kk = 96;
  k::lab::operands from(test::problem(f, m, n, kk, 0, true), 21);
  std::vector<std::uint16_t> one(21), two(21);
  std::vector<std::uint8_t> q(static_cast<std::size_t>(k::bytes(k::activation_type(f), m * kk)));
  std::vector<float> scale(3);
  k::gemm_desc d = from.description();
  k::plan p;
  d.y.data = one.data();
  REQUIRE(k::cpu::make_plan(d, p) == status::ok);
  std::vector<float> workspace(k::workspace_bytes(p) / 4 + 1);
  REQUIRE(k::cpu::run(p, d, workspace.data()) == status::ok);
  const auto to = k::matrix_view(q.data(), k::activation_type(f), m, kk);
  REQUIRE(k::cpu::quantize(d.x, to, k::vector_view(scale.data(), k::dtype::f32, m)) == status::ok);
  d.x = to, d.y.data = two.data();
  d.xq = {k::quant_mode::per_token, 0, k::vector_view(scale.data(), k::dtype::f32, m), to.type};
  CHECK(k::cpu::run(p, d, workspace.data()) == status::wrong_plan);
  REQUIRE(k::cpu::make_plan(d, p) == status::ok);
  workspace.resize(k::workspace_bytes(p) / 4 + 1);
  CHECK(k::cpu::run(p, d, nullptr) == status::bad_workspace);
  REQUIRE(k::cpu::run(p, d, workspace.data()) == status::ok);
  CHECK(one == two);
}

TEST_CASE("cpu: a row that is not finite is NaN throughout, and its neighbours do not notice", "[kernels]") {
  const float bad = GENERATE(std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN());
  const auto f = GENERATE(k::format::w8a8, k::format::w4a4, k::format::w8a8_fp8);
  k::lab::operands from(test::problem(f, 3, 5, 64, 0, true), 8);
  from.set_x(1, 9, bad);
  k::lab::cpu_backend cpu;
  k::lab::placed_operands there(cpu, from, 1);
  k::plan p;
  REQUIRE(cpu.make_plan(there.descriptions()[0], p, {}) == status::ok);
  const k::lab::memory workspace(cpu, k::workspace_bytes(p));
  REQUIRE(cpu.run(p, there.descriptions()[0], workspace.get()) == status::ok);
  const auto y = there.result();
  for (std::int64_t i = 0; i < 15; ++i)
    CHECK(std::isnan(k::cpu::read(y.data(), k::dtype::bf16, i)) == (i >= 5 && i < 10));
}

TEST_CASE("fp8: every value keeps its bits, ties go to even, and what is too large saturates", "[kernels]") {
  for (unsigned bits = 0; bits < 256; ++bits) {
    const float value = k::from_e4m3(static_cast<std::uint8_t>(bits));
    if (!std::isnan(value)) REQUIRE(k::to_e4m3(static_cast<double>(value)) == bits);
  }
  CHECK(k::from_e4m3(0x38) == 1);
  CHECK(k::from_e4m3(0x7E) == 448);
  CHECK(k::from_e4m3(0x01) == 0x1p-9F);
  CHECK(k::to_e4m3(1.0625) == 0x38);  // between 1 and 1.125: down to even
  CHECK(k::to_e4m3(1.1875) == 0x3A);  // between 1.125 and 1.25: up to even
  CHECK(k::to_e4m3(1e9) == 0x7E);
  CHECK(k::to_e4m3(-470) == 0xFE);
  CHECK(k::to_e4m3(0x1p-10) == 0);     // half the smallest: a tie, to even
  CHECK(k::to_e4m3(0x1.8p-9) == 2);    // between 1 and 2 of the smallest: to even
  CHECK(k::to_e4m3(1.96875) == 0x40);  // rounds up into the next power of two
  CHECK(std::isnan(k::from_e4m3(k::to_e4m3(NAN))));
}

TEST_CASE("prepack: the processor's layout is the checkpoint's", "[kernels]") {
  const std::uint8_t w[] = {1, 2, 3, 4};
  std::uint8_t packed[4] = {};
  CHECK(k::cpu::prepack(k::matrix_view(w, k::dtype::i4, 2, 4), k::matrix_view(packed, k::dtype::i4, 2, 4)) ==
        status::ok);
  CHECK(std::vector<std::uint8_t>(w, w + 4) == std::vector<std::uint8_t>(packed, packed + 4));
  CHECK(k::cpu::prepack(k::matrix_view(w, k::dtype::i4, 2, 4), k::matrix_view(packed, k::dtype::i8, 2, 2)) ==
        status::shapes_differ);
}
