#include "weir/kernels/check.hpp"

#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "descriptions.hpp"

namespace {

namespace k = weir::kernels;
using k::status;

/// What `check` says of a description that was whole before `harm` came over it.
template <class Harm>
status after(const k::lab::problem& p, Harm harm) {
  k::lab::operands from(p, 1);
  std::vector<std::uint8_t> y(static_cast<std::size_t>(p.m * p.n) * 4);
  k::gemm_desc d = from.description();
  d.y.data = y.data();
  k::format f{};
  REQUIRE(check(d, f) == status::ok);
  REQUIRE(f == p.kind);
  harm(d);
  return check(d, f);
}

}  // namespace

TEST_CASE("check: a description of every format, scaling and number of experts is accepted", "[kernels]") {
  for (const k::format f : k::formats)
    for (const std::int64_t experts : {0, 3})
      for (const int group : {0, 32, 128})
        for (const bool dynamic : {false, true}) {
          if (group != 0 && k::weight_type(f) != k::dtype::i4) continue;
          if (dynamic && k::activation_type(f) == k::dtype::bf16) continue;
          auto p = test::problem(f, 3, 5, 256, group, dynamic);
          p.experts = experts, p.bias = true;
          CHECK(after(p, [](k::gemm_desc&) {}) == status::ok);
        }
}

TEST_CASE("check: each broken rule is named", "[kernels]") {
  const auto w8a8 = test::problem(k::format::w8a8, 3, 5, 64);
  const auto w4 = test::problem(k::format::w4a16, 3, 5, 64, 32);
  const auto bf16 = test::problem(k::format::bf16, 3, 5, 64);
  using d = k::gemm_desc;
  CHECK(after(w8a8, [](d& a) { a.x.rank = 1; }) == status::bad_rank);
  CHECK(after(w8a8, [](d& a) { a.y.rank = 3; }) == status::bad_rank);
  CHECK(after(w8a8, [](d& a) { a.x.shape[0] = -1; }) == status::bad_shape);
  CHECK(after(w8a8, [](d& a) { a.x.shape[1] = 63; }) == status::shapes_differ);
  CHECK(after(w8a8, [](d& a) { a.y.shape[1] = 6; }) == status::shapes_differ);
  CHECK(after(w8a8, [](d& a) { a.x.stride[1] = 2; }) == status::bad_stride);
  CHECK(after(w8a8, [](d& a) { a.xq = {}; }) == status::no_format);
  CHECK(after(w8a8, [](d& a) { a.w.type = k::dtype::e4m3; }) == status::no_format);
  CHECK(after(bf16, [](d& a) { a.x.type = k::dtype::f32; }) == status::no_format);
  CHECK(after(bf16, [](d& a) { a.wq.mode = k::quant_mode::per_channel; }) == status::no_format);
  CHECK(after(w8a8, [](d& a) { a.xq.mode = k::quant_mode::dynamic; }) == status::no_format);  // x is not bf16
  CHECK(after(w8a8, [](d& a) { a.xq.scale.shape[0] = 4; }) == status::bad_scale_shape);
  CHECK(after(w8a8, [](d& a) { a.wq.scale.shape[0] = 4; }) == status::bad_scale_shape);
  CHECK(after(w8a8, [](d& a) { a.wq.scale.type = k::dtype::i8; }) == status::bad_scale_type);
  CHECK(after(w4, [](d& a) { a.wq.group = 48; }) == status::bad_group);
  CHECK(after(w4, [](d& a) { a.wq.group = 128; }) == status::bad_group);  // does not divide 64
  CHECK(after(w4, [](d& a) { a.wq.group = 64; }) == status::bad_scale_shape);
  CHECK(after(w4, [](d& a) { a.wq.scale.type = k::dtype::i8; }) == status::bad_scale_type);
  CHECK(after(w4, [](d& a) { a.w.stride[0] = 65; }) == status::bad_stride);
  CHECK(after(w4, [](d& a) { a.w.shape[1] = a.x.shape[1] = 63; }) == status::bad_shape);
  CHECK(after(w4, [](d& a) { a.y.type = k::dtype::i32; }) == status::bad_output_type);
  CHECK(after(w8a8, [](d& a) { a.y.type = k::dtype::i8; }) == status::bad_output_type);
  CHECK(after(w8a8, [](d& a) { a.x.shape[1] = a.w.shape[1] = 131072; }) == status::k_too_large);
  CHECK(after(w8a8, [](d& a) { a.bias = k::vector_view(&a, k::dtype::f32, 4); }) == status::bad_bias);
  CHECK(after(w8a8, [](d& a) { a.bias = k::vector_view(&a, k::dtype::i8, 5); }) == status::bad_bias);
  CHECK(after(w8a8, [](d& a) { a.expert_begin = k::vector_view(&a, k::dtype::i32, 2); }) == status::bad_experts);
  CHECK(after(w8a8, [](d& a) { a.y.data = nullptr; }) == status::bad_pointer);
  CHECK(after(w8a8, [](d& a) { a.wq.scale.data = nullptr; }) == status::bad_pointer);
  auto experts = w8a8;
  experts.experts = 2;
  CHECK(after(experts, [](d& a) { a.expert_begin = {}; }) == status::bad_experts);
  CHECK(after(experts, [](d& a) { a.expert_begin.shape[0] = 2; }) == status::bad_experts);
  CHECK(after(experts, [](d& a) { a.wq.scale.shape[0] = 3; }) == status::bad_scale_shape);
}

TEST_CASE("check: no two rules share their words", "[kernels]") {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(status::launch_failed); ++i) words.insert(k::rule(static_cast<status>(i)));
  CHECK(words.size() == static_cast<std::size_t>(status::launch_failed) + 1);
  CHECK(words.count("unknown status") == 0);
}
