#include "weir/trace/device_time.hpp"

#include <simdjson.h>

#include <filesystem>
#include <string>

#include "catch.hpp"
#include "weir/trace/gz_source.hpp"
#include "weir/trace/kineto.hpp"

namespace {

using weir::device_kind;

const std::string traces = WEIR_SOURCE_DIR "/../shared/data/traces/";

weir::kineto_event event(std::string_view name, std::int64_t begin, std::int64_t duration,
                         std::string_view category = "kernel", std::string_view args = {}) {
  weir::kineto_event e;
  e.phase = "X";
  e.category = category;
  e.name = name;
  e.t_ns = begin;
  e.dur_ns = duration;
  e.args = args;
  return e;
}

double us(std::int64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

}  // namespace

TEST_CASE("device_time: classes, unions and exposed time of a trace small enough to draw", "[trace]") {
  //  compute  ####....####      0-40, 80-120
  //  comm     ..######..##      20-80, 100-120
  //  memory   .........####     90-130
  weir::device_time device;
  device.take(event("gemm", 0, 40));
  device.take(event("gemm", 80, 40));
  device.take(event("ncclDevKernel_AllReduce_Sum_bf16_RING_LL(x)", 20, 60));
  device.take(event("ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(x)", 100, 20));
  device.take(event("Memcpy DtoD", 90, 40, "gpu_memcpy"));
  device.take(event("aten::mm", 0, 1000, "cpu_op"));
  device.take(event("broken", 10, -5));

  const auto& compute = device.time(device_kind::computation);
  const auto& comm = device.time(device_kind::communication);
  CHECK(device.events() == 5);
  CHECK(device.negative() == 1);
  CHECK(device.span() == weir::interval{0, 130});
  CHECK(compute.total_ns() == 80);
  CHECK(comm.total_ns() == 80);
  CHECK(weir::overlap_ns(comm, compute) == 40);
  CHECK(weir::exposed_ns(comm, compute) == 40);
  CHECK(device.exposed_memory_ns() == 10);
  CHECK(device.busy().total_ns() == 130);
  CHECK(device.sum_ns() == 200);
  CHECK(device.collectives().at("ncclDevKernel_AllReduce_Sum_bf16_RING_LL").what.collective == "all_reduce");
  CHECK(device.collectives().at("ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t").without_bytes == 1);
}

TEST_CASE("device_time: a kernel and a copy of one name are what their categories say, whichever comes first",
          "[trace]") {
  weir::device_time device;
  device.take(event("Memcpy DtoD", 0, 5));
  device.take(event("Memcpy DtoD", 10, 7, "gpu_memcpy"));
  device.take(event("Memset", 20, 3, "gpu_memset"));
  device.take(event("Memset", 30, 9));
  CHECK(device.time(device_kind::computation).total_ns() == 5 + 9);
  CHECK(device.time(device_kind::memory).total_ns() == 7 + 3);
  std::string names;
  for (const auto& [name, total] : device.names()) names += name + " " + std::to_string(total.total_ns) + ", ";
  CHECK(names == "Memcpy DtoD 5, Memset 9, Memcpy DtoD (copy) 7, Memset (copy) 3, ");
}

TEST_CASE("device_time: a collective's size comes from its arguments", "[trace]") {
  const std::string args =
      R"({"Collective name": "_allgather_base", "In msg nelems": 25136, "dtype": "BFloat16"})" + std::string(64, ' ');
  weir::device_time device;
  device.take(event("ncclDevKernel_Generic(x)", 0, 10, "kernel", std::string_view(args).substr(0, args.size() - 64)));
  const auto& total = device.collectives().at("_allgather_base");
  CHECK(total.what.collective == "all_gather");
  CHECK(total.bytes == 50272);
}

TEST_CASE("kinds: a user's rules come first, and a wrong line is named", "[trace]") {
  const auto table =
      weir::kind_table::parse("# ours\nmy*reduce_kernel communication all_reduce\nncclDevKernel computation\n");
  REQUIRE(table);
  CHECK(table->classify("void my::fast_reduce_kernel<4>").collective == "all_reduce");
  CHECK(table->classify("ncclDevKernel_AllReduce").kind == device_kind::computation);
  CHECK_FALSE(table->classify("mystery").known);
  const auto wrong = weir::kind_table::parse("a memory\nb network\n");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().detail.find("line 2") != std::string::npos);
}

TEST_CASE("device_time: every figure of the exact reference, on real traces, to the last digit", "[trace]") {
  if (!std::filesystem::exists(traces + "truth/exact_reference.json")) SKIP("../shared/data/traces is not here");
  simdjson::dom::parser json;
  const simdjson::dom::object reference = json.load(traces + "truth/exact_reference.json");
  for (const auto [file, element] : reference) {
    const simdjson::dom::object truth = element;
    CAPTURE(std::string(file));
    auto source = weir::gz_source::open(traces + std::string(file));
    REQUIRE(source);
    weir::kineto_reader reader(*std::move(source));
    weir::device_time device;
    REQUIRE(reader.read(weir::device_time::wants, [&](const weir::kineto_event& e) { device.take(e); }));

    const auto& compute = device.time(device_kind::computation);
    const auto& comm = device.time(device_kind::communication);
    const auto figure = [&](std::string_view name) { return truth[name].get_double().value(); };
    CHECK(device.events() == truth["gpu_events"].get_uint64().value());
    CHECK(device.count(device_kind::communication) == truth["kernels_comm"].get_uint64().value());
    CHECK(device.count(device_kind::computation) == truth["kernels_comp"].get_uint64().value());
    CHECK(device.count(device_kind::memory) == truth["mem_events"].get_uint64().value());
    CHECK(us(device.span().end - device.span().begin) == figure("span_us"));
    CHECK(us(device.busy().total_ns()) == figure("busy_us"));
    CHECK(us(device.span().end - device.span().begin - device.busy().total_ns()) == figure("idle_us"));
    CHECK(us(compute.total_ns()) == figure("computation_us"));
    CHECK(us(comm.total_ns()) == figure("total_comm_us"));
    CHECK(us(weir::exposed_ns(comm, compute)) == figure("exposed_comm_us"));
    CHECK(us(weir::overlap_ns(comm, compute)) == figure("overlap_us"));
    CHECK(us(device.time(device_kind::memory).total_ns()) == figure("total_memcpy_us"));
    CHECK(us(device.exposed_memory_ns()) == figure("exposed_memcpy_us"));
    CHECK(us(device.sum_ns()) == figure("sum_kernel_dur_us"));
    std::size_t collectives = 0;
    const simdjson::dom::object expected = truth["collectives"];
    for (const auto [name, total] : expected) {
      CAPTURE(std::string(name));
      ++collectives;
      const auto found = device.collectives().find(name);
      REQUIRE(found != device.collectives().end());
      CHECK(found->second.count == total["count"].get_uint64().value());
      CHECK(us(found->second.total_ns) == total["us"].get_double().value());
      CHECK(found->second.bytes == total["in_bytes"].get_int64().value());
    }
    CHECK(device.collectives().size() == collectives);
  }
}

TEST_CASE("kinds: a kernel that names a collective communicates, whatever library it is of", "[trace]") {
  const std::string space = "void flashinfer::trtllm_mnnvl_allreduce::";
  for (const auto& [name, collective] :
       {std::pair<std::string, std::string>{space + "twoshotAllreduceKernel<(unsigned char)2, __nv_bfloat16>(x)",
                                            "all_reduce"},
        {"void aiter::reduce_scatter_cross_device_store<float, 8>(RankData*)", "reduce_scatter"},
        {"void tensorrt_llm::kernels::moe_alltoall::moeA2ADispatchKernel<8, false>(int const*)", "all_to_all"},
        {"void tensorrt_llm::kernels::moeAllToAllKernel(x)", "all_to_all"},
        {"kernel_all_gather_push_2d", "all_gather"},
        {"mscclKernel_Sum_half_Simple_false(x)", ""}}) {
    CAPTURE(name);
    const auto found = weir::kind_table{}.classify(name);
    CHECK(found.kind == device_kind::communication);
    CHECK(found.collective == collective);
    CHECK(found.known);
  }
  for (const std::string name :
       {"void softmax<float, BlockAllReduce<Sum> >(float*)", "triton_red_fused_add_all_reduce_mul_0",
        "void local_device_load_rmsnorm<8>(x)", "splitKreduce_kernel", "all", "reduce_all_scatter", "allreduc"}) {
    CAPTURE(name);
    CHECK(weir::kind_table{}.classify(name).kind == device_kind::computation);
  }
}

TEST_CASE("kinds: names of the kernels of real traces belong to what they do", "[trace]") {
  for (const auto& [name, family] :
       {std::pair<std::string, std::string>{"_matmul_ogs_NNT_bf16xbf16xmxfp4_16x128x256x1_swiglu", "moe"},
        {"_combined_routing_compute", "moe"},
        {"bmm_MxE4m3_MxE2m1MxE4m3_Fp32_t128x16x256u2_s3_et128x16_m128x16x32_swiGlu_dynBatch_sm100f", "gemm"},
        {"Cijk_Alik_Bljk_BBS_BH_Bias_HA_S_SAV_UserArgs_MT32x32x256_MI16x16x1", "gemm"},
        {"kernel_unified_attention_3d", "attention"},
        {"batched_transpose_16x32_half", "copy"},
        {"SubTensorOpWithCastTensor1d", "elementwise"},
        {"void permute_pooled_embs_kernel<float>(float const*, long const*)", "embedding"},
        {"std::enable_if<(((8)>(0)))&&vllm::_typeConvert<c10::BFloat16>::exists, void>::type "
         "vllm::fused_add_rms_norm_kernel<c10::BFloat16, 8>(c10::BFloat16*, long)",
         "normalization"},
        {"void (anonymous namespace)::softmax_warp_forward<float, conv>(float*)", "softmax"},
        {"my_own_kernel", ""}}) {
    CAPTURE(name);
    CHECK(weir::kind_table{}.classify(name).family == family);
  }
}
