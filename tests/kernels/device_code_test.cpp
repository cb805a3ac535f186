// The kernels of kernels/cuda that need sm_90a, run on this processor: every shape of them against exact arithmetic.
#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "emulated/emulated.hpp"
#include "weir/kernels/cuda/cluster_gemm.cuh"
#include "weir/kernels/cuda/columns_kernel.cuh"
#include "weir/kernels/lab/cases.hpp"
#include "weir/kernels/lab/operands.hpp"
#include "weir/kernels/lab/verify.hpp"

namespace {

namespace k = weir::kernels;
namespace d = weir::kernels::cuda::detail;
using k::format, k::dtype;

/// Runs a kernel as gemm.cuh launches it, `clusters` clusters of `split` blocks.
/// \param ready  columns are made beforehand.
template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
bool run(const k::gemm_desc& desc, int split, int clusters, int stages, bool ready) {
  using shape = d::cluster_shape<Weights, Columns, Digits, Warpgroups, Grouped>;
  d::gemm_args a = d::arguments_of(desc);
  a.split_k = split, a.stages = stages;
  const d::tensor_map w{a.w,        (static_cast<std::int64_t>(a.k) * Weights::w_bits + 7) / 8,
                        a.n,        k::experts(desc),
                        a.w_row,    a.w_expert,
                        shape::rows};
  const int rounds = (a.m + shape::tokens - 1) / shape::tokens;
  std::vector<std::uint8_t> columns(static_cast<std::size_t>(rounds * shape::columns_bytes(a)), 0xEE);
  std::vector<float> scales(static_cast<std::size_t>(a.m));
  if (ready) {
    a.columns = columns.data(), a.column_scales = scales.data();
    const dim3 grid{static_cast<unsigned>(a.m), 1, 1};
    for (int token = 0; token < a.m; ++token)
      if (!emulated::run_cluster(1, token, 0, grid, d::columns_threads, [&] {
            d::columns_of_token<Weights, Columns, Digits>{a, d::shared_address(d::dynamic_shared())}.run();
          }))
        return false;
  }
  REQUIRE(shape::shared_bytes(a) + 16 <= static_cast<int>(emulated::memory_bytes));
  const dim3 grid{static_cast<unsigned>(split * clusters), static_cast<unsigned>(k::experts(desc)), 1};
  for (int row = 0; row < static_cast<int>(grid.y); ++row)
    for (int c = 0; c < clusters; ++c)
      if (!emulated::run_cluster(split, c * split, row, grid, shape::threads, [&] {
            d::cluster_gemm<Weights, Columns, Digits, Warpgroups, Grouped>(a, d::shared_address(d::dynamic_shared()))
                .run(w);
          }))
        return false;
  return true;
}

template <class Weights, int Columns, int Digits, int Warpgroups, bool Grouped>
void check(k::lab::problem p, int split, int clusters, int stages = 3) {
  CAPTURE(k::lab::describe(p), split, clusters, stages);
  k::lab::operands from(p, 7);
  const k::lab::expectation exact(from.description());
  for (const bool ready : {false, true}) {
    if (ready && p.experts != 0) continue;
    CAPTURE(ready);
    std::vector<std::uint8_t> y(static_cast<std::size_t>(k::bytes(p.y, p.m * p.n)), 0xFF);
    k::gemm_desc desc = from.description();
    desc.y.data = y.data();
    REQUIRE(run<Weights, Columns, Digits, Warpgroups, Grouped>(desc, split, clusters, stages, ready));
    const auto v = exact.judge(y);
    CAPTURE(v.relative, v.bound, v.wrong, v.worst);
    CHECK(v.good);
  }
}

k::lab::problem make(format f, std::int64_t m, std::int64_t n, std::int64_t inner, int group = 0, bool dynamic = false,
                     bool bias = false, dtype y = dtype::bf16, std::int64_t experts = 0) {
  k::lab::problem p;
  p.kind = f, p.m = m, p.n = n, p.k = inner, p.group = group, p.dynamic = dynamic, p.bias = bias, p.y = y;
  p.experts = experts;
  return p;
}

}  // namespace

TEST_CASE("device code: w8a16 by digits", "[device_code]") {
  check<d::cluster_i8, 8, 3, 1, false>(make(format::w8a16, 1, 200, 1152), 1, 1);
  check<d::cluster_i8, 8, 3, 1, false>(make(format::w8a16, 2, 72, 518), 2, 2);
  check<d::cluster_i8, 24, 3, 2, false>(make(format::w8a16, 7, 200, 1152, 0, false, true), 4, 1);
  check<d::cluster_i8, 48, 3, 1, false>(make(format::w8a16, 17, 72, 640), 8, 1);
  check<d::cluster_i8, 192, 3, 2, false>(make(format::w8a16, 40, 33, 518), 2, 1);
  check<d::cluster_i8, 8, 3, 1, false>(make(format::w8a16, 1, 16, 2), 8, 1);
}

TEST_CASE("device code: w8a8, given and quantized, sums to the bit", "[device_code]") {
  check<d::cluster_i8, 8, 1, 1, false>(make(format::w8a8, 3, 200, 1152, 0, false, false, dtype::i32), 4, 1);
  check<d::cluster_i8, 16, 1, 2, false>(make(format::w8a8, 17, 72, 1152, 0, true, false, dtype::i32), 4, 2);
  check<d::cluster_i8, 8, 1, 1, false>(make(format::w8a8, 5, 72, 1152, 0, true, true), 8, 2);
  check<d::cluster_i8, 64, 1, 2, false>(make(format::w8a8, 65, 33, 518, 0, true), 2, 1);
}

TEST_CASE("device code: 4-bit weights by channel and by groups", "[device_code]") {
  check<d::cluster_i4, 8, 3, 1, false>(make(format::w4a16, 1, 72, 1152), 2, 1);
  check<d::cluster_i4, 24, 3, 1, true>(make(format::w4a16, 7, 200, 1152, 128), 2, 2);
  check<d::cluster_i4, 48, 3, 2, true>(make(format::w4a16, 17, 136, 1152, 128, false, true), 4, 1);
  check<d::cluster_i4, 8, 1, 1, false>(make(format::w4a8, 3, 72, 518, 0, true), 2, 1);
  check<d::cluster_i4, 8, 1, 1, false>(make(format::w4a8, 3, 72, 1152, 0, false, false, dtype::i32), 1, 1);
  check<d::cluster_i4, 16, 1, 1, true>(make(format::w4a8, 9, 72, 1152, 128, true), 4, 1);
  check<d::cluster_i4, 8, 1, 1, false>(make(format::w4a4, 3, 72, 1152, 0, true, false, dtype::i32), 2, 1);
  check<d::cluster_i4, 8, 1, 1, false>(make(format::w4a4, 7, 72, 518), 2, 1);
  check<d::cluster_i4, 8, 1, 1, true>(make(format::w4a4, 7, 72, 1152, 128), 2, 1);
}

TEST_CASE("device code: fp8 and bf16", "[device_code]") {
  check<d::cluster_e4m3, 8, 1, 1, false>(make(format::w8a8_fp8, 3, 72, 1152), 2, 1);
  check<d::cluster_e4m3, 16, 1, 2, false>(make(format::w8a8_fp8, 9, 200, 518, 0, true), 4, 1);
  check<d::cluster_bf16, 8, 1, 1, false>(make(format::bf16, 3, 72, 1152), 4, 1);
  check<d::cluster_bf16, 16, 1, 2, false>(make(format::bf16, 17, 200, 518, 0, false, true), 2, 2);
}

TEST_CASE("device code: experts, some of which have nothing to do", "[device_code]") {
  check<d::cluster_i8, 8, 3, 1, false>(make(format::w8a16, 9, 72, 640, 0, false, true, dtype::bf16, 5), 2, 1);
  check<d::cluster_i8, 8, 1, 1, false>(make(format::w8a8, 21, 72, 640, 0, true, true, dtype::bf16, 4), 4, 1);
  check<d::cluster_i4, 8, 1, 1, true>(make(format::w4a8, 21, 72, 640, 128, true, false, dtype::bf16, 3), 2, 2);
}

TEST_CASE("device code: rows that are zero, huge, or not finite touch no other", "[device_code]") {
  for (const bool dynamic : {false, true}) {
    const auto p = make(dynamic ? format::w8a8 : format::w8a16, 6, 40, 640, 0, dynamic);
    k::lab::operands from(p, 5);
    for (std::int64_t c = 0; c < p.k; ++c) {
      from.set_x(0, c, 0), from.set_x(1, c, c % 2 == 0 ? 1e30F : -1e30F);
      from.set_x(4, c, c % 2 == 0 ? 1e-34F : 3e-35F);
    }
    from.set_x(2, 17, INFINITY), from.set_x(3, 600, NAN);
    const k::lab::expectation exact(from.description());
    for (const bool ready : {false, true}) {
      std::vector<std::uint8_t> y(static_cast<std::size_t>(p.m * p.n * 2), 0xFF);
      k::gemm_desc desc = from.description();
      desc.y.data = y.data();
      REQUIRE((dynamic ? run<d::cluster_i8, 8, 1, 1, false>(desc, 2, 1, 3, ready)
                       : run<d::cluster_i8, 24, 3, 1, false>(desc, 2, 1, 3, ready)));
      const auto v = exact.judge(y);
      CAPTURE(dynamic, ready, v.relative, v.wrong, v.worst);
      CHECK(v.wrong == 0);
    }
  }
}

TEST_CASE("device code: no warp of a cluster is overtaken, however slow it is", "[device_code]") {
  for (const int warp : {0, 6}) {
    emulated::slow = {warp / 6, warp};
    check<d::cluster_i4, 16, 1, 2, false>(make(format::w4a8, 9, 600, 512, 0, true), 2, 1, 6);
  }
  emulated::slow = {};
}
