// A stand-in for CANN's libopapi: holds every call to CANN's documents, and computes on the processor with the
// reference. What it refuses is said on standard error.
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>

#include "weir/kernels/ascend/acl.hpp"
#include "weir/kernels/cpu/reference.hpp"

namespace k = weir::kernels;
using k::ascend::acl_type, k::ascend::tensor;

struct aclTensor {
  k::tensor_view view;
};

/// A prepared operation. `run` destroys it, as CANN's second phase does, unless it was set repeatable.
struct aclOpExecutor {
  k::gemm_desc product;
  bool quantizes = false, repeatable = false;
};

namespace {

int tensors = 0;
std::map<aclOpExecutor*, std::unique_ptr<aclOpExecutor>> executors;  // alive

std::int32_t refuse(const char* why) {
  std::fprintf(stderr, "fake_cann: %s\n", why);
  return 161002;  // ACLNN_ERR_PARAM_INVALID
}

/// w, viewed as [K, N], as [N, K] again.
k::tensor_view turned(k::tensor_view t) {
  std::swap(t.shape[t.rank - 1], t.shape[t.rank - 2]);
  std::swap(t.stride[t.rank - 1], t.stride[t.rank - 2]);
  return t;
}
k::tensor_view view(tensor t) {
  return t ? t->view : k::tensor_view{};
}

std::int32_t accept(const k::gemm_desc& d, bool quantizes, std::uint64_t* size, aclOpExecutor** out) {
  auto made = std::make_unique<aclOpExecutor>(d, quantizes);
  *size = 1024;
  *out = made.get();
  executors.emplace(*out, std::move(made));
  return 0;
}

std::int32_t weight_quant(tensor x, tensor w, tensor scale, tensor offset, tensor quant_scale, tensor quant_offset,
                          tensor bias, int group, tensor y, std::uint64_t* size, aclOpExecutor** out) {
  if (!x || !w || !scale || !y || offset || quant_scale || quant_offset)
    return refuse("weight-only: what must be absent is here");
  if (view(x).type != k::dtype::bf16 || view(scale).type != view(x).type)
    return refuse("antiquantScale has the type of x");
  if (view(bias) && view(bias).type != k::dtype::f32) return refuse("with bf16 x the bias is f32");
  const std::int64_t inner = view(x).shape[1];
  if (view(w).shape[0] != inner) return refuse("weight is [K, N]");
  if (group != 0 && (group < 32 || group % 32 != 0 || group > inner - 1))
    return refuse("group is a multiple of 32 below K");
  k::gemm_desc d;
  d.x = view(x), d.w = turned(view(w)), d.y = view(y), d.bias = view(bias);
  d.wq = {group != 0 ? k::quant_mode::per_group : k::quant_mode::per_channel, group,
          group != 0 ? turned(view(scale)) : view(scale), d.w.type};
  return accept(d, false, size, out);
}

std::int32_t quant_matmul(tensor x, tensor w, tensor scale, tensor token_scale, tensor bias, bool tx, bool tw, tensor y,
                          std::uint64_t* size, aclOpExecutor** out) {
  if (!x || !w || !scale || !token_scale || !y || tx || !tw)
    return refuse("quantized product: w is [N, K] and transposed");
  const bool i4 = view(x).type == k::dtype::i4;
  if ((view(x).type != k::dtype::i8 && !i4) || view(w).type != view(x).type || view(scale).type != k::dtype::f32)
    return refuse("quantized product: int8 or int4 both, and f32 scales beside those of tokens");
  if (view(token_scale).type != k::dtype::f32 || view(y).type != k::dtype::bf16)
    return refuse("quantized product: f32 scales of tokens, and a bf16 result");
  if (view(bias) && view(bias).type != k::dtype::f32) return refuse("quantized product: an f32 bias");
  if (i4 && (view(x).rank != 2 || view(w).rank != 2 || view(x).shape[1] % 2 != 0 || view(x).shape[1] > 65535))
    return refuse("quantized product: int4 in two dimensions, with an even K up to 65535");
  if (view(scale).shape[0] != view(w).shape[0] || view(token_scale).shape[0] != view(x).shape[0])
    return refuse("quantized product: a scale a channel and a token");
  k::gemm_desc d;
  d.x = view(x), d.w = view(w), d.y = view(y), d.bias = view(bias);
  d.xq = {k::quant_mode::per_token, 0, view(token_scale), d.x.type};
  d.wq = {k::quant_mode::per_channel, 0, view(scale), d.w.type};
  return accept(d, false, size, out);
}

std::int32_t run(void* workspace, std::uint64_t size, aclOpExecutor* executor, void*) {
  if (!executors.contains(executor)) return refuse("second phase: no such executor");
  const aclOpExecutor own = *executor;
  if (!own.repeatable) executors.erase(executor);
  if (!workspace || size != 1024) return refuse("the workspace is not what was asked for");
  const k::gemm_desc& d = own.product;
  const k::status s = own.quantizes ? k::cpu::quantize(d.x, d.y, d.xq.scale) : k::cpu::reference(d);
  return s == k::status::ok ? 0 : refuse(k::rule(s));
}

}  // namespace

extern "C" {
int weir_fake_alive_tensors() {
  return tensors;
}
int weir_fake_alive_executors() {
  return static_cast<int>(executors.size());
}

aclTensor* aclCreateTensor(const std::int64_t* shape, std::uint64_t rank, int type, const std::int64_t* strides,
                           std::int64_t offset, int format, const std::int64_t*, std::uint64_t, void* data) {
  if (rank == 0 || rank > 3 || offset != 0 || format != k::ascend::format_nd || !data) return nullptr;
  k::tensor_view t{data, k::dtype::f32, static_cast<std::int32_t>(rank)};
  switch (static_cast<acl_type>(type)) {
    case acl_type::f32:
      t.type = k::dtype::f32;
      break;
    case acl_type::bf16:
      t.type = k::dtype::bf16;
      break;
    case acl_type::i8:
      t.type = k::dtype::i8;
      break;
    case acl_type::i4:
      t.type = k::dtype::i4;
      break;
    case acl_type::i32:
      t.type = k::dtype::i32;
      break;
    default:
      return nullptr;
  }
  for (std::uint64_t i = 0; i < rank; ++i) t.shape[i] = shape[i], t.stride[i] = strides[i];
  ++tensors;
  return new aclTensor{t};
}
std::int32_t aclDestroyTensor(tensor t) {
  --tensors;
  delete t;
  return 0;
}

std::int32_t aclnnMatmulGetWorkspaceSize(tensor x, tensor w, aclTensor* y, std::int8_t cube, std::uint64_t* size,
                                         aclOpExecutor** out) {
  if (!x || !w || !y || cube != 0 || view(w).shape[0] != view(x).shape[1]) return refuse("product: w is [K, N]");
  k::gemm_desc d;
  d.x = view(x), d.w = turned(view(w)), d.y = view(y);
  return accept(d, false, size, out);
}
std::int32_t aclnnMatmul(void* w, std::uint64_t s, aclOpExecutor* e, void* q) {
  return run(w, s, e, q);
}

std::int32_t aclnnDynamicQuantGetWorkspaceSize(tensor x, tensor smooth, tensor q, tensor scale, std::uint64_t* size,
                                               aclOpExecutor** out) {
  if (!x || smooth || !q || !scale || view(q).type != k::dtype::i8) return refuse("quantization: x, q and scale alone");
  k::gemm_desc d;
  d.x = view(x), d.y = view(q), d.xq.scale = view(scale);
  return accept(d, true, size, out);
}
std::int32_t aclnnDynamicQuant(void* w, std::uint64_t s, aclOpExecutor* e, void* q) {
  return run(w, s, e, q);
}

std::int32_t aclnnDynamicQuantV2GetWorkspaceSize(tensor x, tensor smooth, tensor group_index, std::int64_t q_type,
                                                 tensor q, tensor scale, tensor offset, std::uint64_t* size,
                                                 aclOpExecutor** out) {
  if (!x || smooth || group_index || !q || !scale || offset) return refuse("quantization: x, q and scale alone");
  if ((view(x).type != k::dtype::bf16) || view(scale).type != k::dtype::f32)
    return refuse("quantization: from bf16, with f32 scales");
  if (q_type != 29 || view(q).type != k::dtype::i4 || view(q).shape[1] % 2 != 0)
    return refuse("quantization: 29 goes with int4, in even rows");
  k::gemm_desc d;
  d.x = view(x), d.y = view(q), d.xq.scale = view(scale);
  return accept(d, true, size, out);
}
std::int32_t aclnnDynamicQuantV2(void* w, std::uint64_t s, aclOpExecutor* e, void* q) {
  return run(w, s, e, q);
}

std::int32_t aclnnQuantMatmulV4GetWorkspaceSize(tensor x, tensor w, tensor scale, tensor offset, tensor token_scale,
                                                tensor bias, bool tx, bool tw, tensor y, std::uint64_t* size,
                                                aclOpExecutor** out) {
  if (offset) return refuse("quantized product: no offset");
  return quant_matmul(x, w, scale, token_scale, bias, tx, tw, y, size, out);
}
std::int32_t aclnnQuantMatmulV4(void* w, std::uint64_t s, aclOpExecutor* e, void* q) {
  return run(w, s, e, q);
}

std::int32_t aclnnWeightQuantBatchMatmulV2GetWorkspaceSize(tensor x, tensor w, tensor scale, tensor offset,
                                                           tensor quant_scale, tensor quant_offset, tensor bias,
                                                           int group, tensor y, std::uint64_t* size,
                                                           aclOpExecutor** out) {
  return weight_quant(x, w, scale, offset, quant_scale, quant_offset, bias, group, y, size, out);
}
std::int32_t aclnnWeightQuantBatchMatmulV2(void* w, std::uint64_t s, aclOpExecutor* e, void* q) {
  return run(w, s, e, q);
}

#ifdef WEIR_FAKE_NEW  // a CANN that has the newer operations too, and lets an executor be given back
std::int32_t aclSetAclOpExecutorRepeatable(aclOpExecutor* executor) {
  if (!executors.contains(executor)) return refuse("set repeatable: no such executor");
  executor->repeatable = true;
  return 0;
}
std::int32_t aclDestroyAclOpExecutor(aclOpExecutor* executor) {
  if (!executors.contains(executor)) return refuse("destroy: no such executor");
  if (!executor->repeatable) return refuse("destroy: only what was set repeatable");
  executors.erase(executor);
  return 0;
}

std::int32_t aclnnQuantMatmulV5GetWorkspaceSize(tensor x, tensor w, tensor x_scale, tensor w_scale, tensor y_scale,
                                                tensor x_offset, tensor w_offset, tensor y_offset, tensor bias, bool tx,
                                                bool tw, std::int64_t group, aclTensor* y, std::uint64_t* size,
                                                aclOpExecutor** out) {
  if (y_scale || x_offset || w_offset || y_offset || group != 0)
    return refuse("quantized product: what must be absent is here");
  return quant_matmul(x, w, w_scale, x_scale, bias, tx, tw, y, size, out);
}
std::int32_t aclnnQuantMatmulV5(void* w, std::uint64_t s, aclOpExecutor* e, void* q) {
  return run(w, s, e, q);
}

std::int32_t aclnnWeightQuantBatchMatmulV3GetWorkspaceSize(tensor x, tensor w, tensor scale, tensor offset,
                                                           tensor quant_scale, tensor quant_offset, tensor bias,
                                                           int group, int inner_precise, tensor y, std::uint64_t* size,
                                                           aclOpExecutor** out) {
  if (inner_precise != 0) return refuse("weight-only: innerPrecise is 0");
  return weight_quant(x, w, scale, offset, quant_scale, quant_offset, bias, group, y, size, out);
}
std::int32_t aclnnWeightQuantBatchMatmulV3(void* w, std::uint64_t s, aclOpExecutor* e, void* q) {
  return run(w, s, e, q);
}
#endif
}
