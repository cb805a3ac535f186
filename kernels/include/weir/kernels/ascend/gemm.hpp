// weir/kernels/ascend/gemm.hpp - bf16, W8A16, W4A16, W8A8 and W4A4 through CANN's operations, formats mapped as
// vllm-ascend maps them. Needs dlopen. Not run on hardware: tests run it against a stand-in that computes on the
// processor.
#ifndef WEIR_KERNELS_ASCEND_GEMM_HPP
#define WEIR_KERNELS_ASCEND_GEMM_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include "weir/kernels/ascend/library.hpp"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace weir::kernels::inline v0::ascend {

using kernels::workspace_bytes;

namespace detail {

/// The tensors of one call, and what the first phase answered. An executor that is not launched is given back before
/// the tensors that it was made of.
struct call {
  handle x, w, y, x_scale, w_scale, bias;
  aclOpExecutor* executor = nullptr;
  std::uint64_t size = 0;
  run_function* run = nullptr;
  status answer = status::no_library;
  const library* from = nullptr;

  call() noexcept = default;
  call(const call&) = delete;
  call& operator=(const call&) = delete;
  ~call() {
    if (executor) abandon(*from, executor);
  }

  template <class First, class... Arguments>
  void prepare(const library& l, const operation<First>& op, Arguments... arguments) noexcept {
    from = &l, run = op.run;
    answer = op.prepare(arguments..., &size, &executor) == 0 ? status::ok : status::no_kernel;
    if (answer != status::ok) executor = nullptr;  // a refusal makes none
  }
  /// The second phase, which takes the executor whatever it answers.
  [[nodiscard]] bool launch(void* workspace, stream queue) noexcept {
    return run(workspace, size, std::exchange(executor, nullptr), queue) == 0;
  }
};

/// First phase of the product of a description whose x is quantized already. Newer operations are tried first.
inline void prepare_product(const library& l, const gemm_desc& d, format f, call& c) noexcept {
  const bool weight_only = f == format::w8a16 || f == format::w4a16;
  c.x = handle(l, d.x), c.w = handle(l, d.w, weight_only || f == format::bf16), c.y = handle(l, d.y);
  c.x_scale = handle(l, d.xq.scale), c.bias = handle(l, d.bias);
  c.w_scale = handle(l, d.wq.scale, d.wq.mode == quant_mode::per_group);
  const tensor none = nullptr, x = c.x.get(), w = c.w.get(), scale = c.w_scale.get(), bias = c.bias.get();
  const int group = d.wq.mode == quant_mode::per_group ? d.wq.group : 0;
  if (f == format::bf16) {
    if (l.matmul) c.prepare(l, l.matmul, x, w, c.y.get(), std::int8_t{0});  // cubeMathType 0: keep the precision
  } else if (weight_only) {
    const tensor y = c.y.get();
    if (l.weight_quant_v3)
      c.prepare(l, l.weight_quant_v3, x, w, scale, none, none, none, bias, group, 0, y);
    else if (l.weight_quant_v2)
      c.prepare(l, l.weight_quant_v2, x, w, scale, none, none, none, bias, group, y);
  } else if (l.quant_matmul_v5) {
    c.prepare(l, l.quant_matmul_v5, x, w, tensor(c.x_scale.get()), scale, none, none, none, none, bias, false, true,
              std::int64_t{0}, c.y.get());
  } else if (l.quant_matmul_v4) {
    c.prepare(l, l.quant_matmul_v4, x, w, scale, none, tensor(c.x_scale.get()), bias, false, true, tensor(c.y.get()));
  }
}

[[nodiscard]] inline std::size_t padded(std::int64_t size) noexcept {
  return (static_cast<std::size_t>(size) + 511) / 512 * 512;
}

/// Of quantized x.
[[nodiscard]] inline std::int64_t x_bytes(const gemm_desc& d) noexcept {
  return tokens(d) * inner(d) / (d.xq.to == dtype::i4 ? 2 : 1);
}

/// The description with x in the workspace, where dynamic quantization puts it.
[[nodiscard]] inline gemm_desc quantized(const gemm_desc& d, std::byte* workspace) noexcept {
  gemm_desc plain = d;
  plain.x = matrix_view(workspace, d.xq.to, tokens(d), inner(d));
  const std::byte* scale = workspace + padded(x_bytes(d));
  plain.xq = {quant_mode::per_token, 0, vector_view(scale, dtype::f32, tokens(d)), d.xq.to};
  return plain;
}

/// First phases of quantization (where x is dynamic) and product.
struct calls {
  call quantize, product;
  std::size_t own = 0;  // bytes of quantized x and its scales
};
[[nodiscard]] inline status prepare(const library& l, const gemm_desc& d, format f, std::byte* workspace,
                                    calls& c) noexcept {
  gemm_desc plain = d;
  if (d.xq.mode == quant_mode::dynamic) {
    const bool to_i4 = d.xq.to == dtype::i4;
    if (to_i4 ? !l.dynamic_quant_v2 : !l.dynamic_quant) return status::no_library;
    c.own = padded(x_bytes(d)) + padded(tokens(d) * 4);
    plain = quantized(d, workspace);
    c.quantize.x = handle(l, d.x), c.quantize.y = handle(l, plain.x), c.quantize.x_scale = handle(l, plain.xq.scale);
    const tensor none = nullptr, x = c.quantize.x.get(), q = c.quantize.y.get(), scale = c.quantize.x_scale.get();
    if (to_i4)  // no offset: symmetric
      c.quantize.prepare(l, l.dynamic_quant_v2, x, none, none, std::int64_t{int(acl_type::i4)}, q, scale, none);
    else
      c.quantize.prepare(l, l.dynamic_quant, x, none, q, scale);
    if (c.quantize.answer != status::ok) return c.quantize.answer;
  }
  prepare_product(l, plain, f, c.product);
  return c.product.answer;
}

}  // namespace detail

/// Checks `d` against the rules of desc.hpp and of CANN's documents, and asks CANN for the workspace. Beside those
/// rules: y is bf16, no experts; weight-only scales are bf16 (CANN wants the type of x); groups are below K; W8A8 is
/// int8, W8A8 and W4A4 have scales by channel, and K of W4A4 is at most 65535.
/// \source  docs of aclnnWeightQuantBatchMatmulV3 and aclnnQuantMatmulV4, CANN 8.1, and of aclnnDynamicQuantV2 and
/// aclnnQuantMatmulV4, ops-nn (int4); vllm-ascend's methods of the formats.
[[nodiscard]] inline status make_plan(const library& l, const gemm_desc& d, plan& p) noexcept {
  if (const status s = begin_plan(d, p); s != status::ok) return s;
  if (!l) return status::no_library;
  const bool weight_only = p.kind == format::w8a16 || p.kind == format::w4a16;
  const bool quantized = p.kind == format::w8a8 || p.kind == format::w4a4;
  if ((!weight_only && !quantized && p.kind != format::bf16) || p.experts != 0) return status::no_kernel;
  if (p.kind == format::w4a4 && p.k > 65535) return status::no_kernel;
  if (p.y != dtype::bf16) return status::bad_output_type;
  if (weight_only && d.wq.scale.type != dtype::bf16) return status::bad_scale_type;
  if (p.group != 0 && (quantized || p.group >= p.k)) return status::bad_group;
  if (p.has_bias && (p.kind == format::bf16 || d.bias.type != dtype::f32)) return status::bad_bias;
  if (p.m == 0 || p.n == 0) return status::ok;
  // Sizes are asked for with an address that is never read: tensors in the workspace have none yet.
  detail::calls c;
  if (const status s = detail::prepare(l, d, p.kind, reinterpret_cast<std::byte*>(512), c); s != status::ok) return s;
  p.workspace = c.own + static_cast<std::size_t>(c.quantize.size) + static_cast<std::size_t>(c.product.size);
  return status::ok;
}

/// Queues the product on `queue`.
/// \param workspace  workspace_bytes(p) bytes of device memory at a multiple of 512.
[[nodiscard]] inline status run(const library& l, const plan& p, const gemm_desc& d, void* workspace,
                                stream queue) noexcept {
  if (const status s = check_plan(p, d, workspace); s != status::ok) return s;
  if (p.m == 0 || p.n == 0) return status::ok;
  auto* space = static_cast<std::byte*>(workspace);
  detail::calls c;
  if (const status s = detail::prepare(l, d, p.kind, space, c); s != status::ok) return s;
  if (c.own + c.quantize.size + c.product.size > p.workspace) return status::wrong_plan;
  std::byte* own = space + c.own;
  if (c.quantize.run && !c.quantize.launch(own, queue)) return status::launch_failed;
  return c.product.launch(own + c.quantize.size, queue) ? status::ok : status::launch_failed;
}

}  // namespace weir::kernels::inline v0::ascend

#endif  // WEIR_KERNELS_ASCEND_GEMM_HPP
