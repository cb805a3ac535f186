// The cuda backend as C functions, for tests/device/rivals.py: plans by sizes, runs by addresses.
#include <cstddef>
#include <cstdint>

#include "kernels_backends.hpp"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"

namespace k = weir::kernels;

namespace {

struct opened {
  k::gemm_desc d;
  k::plan p;
};
k::status last = k::status::ok;

}  // namespace

extern "C" {

/// A product y[m, n] = x w^T without gaps. \return null where there is none; weir_why says why.
void* weir_open(int format, int group, int dynamic, std::int64_t m, std::int64_t n, std::int64_t inner,
                const std::int32_t* choice) {
  auto* o = new opened;
  void* const somewhere = reinterpret_cast<void*>(std::uintptr_t{4096});  // only alignment is looked at
  const auto f = static_cast<k::format>(format);
  k::gemm_desc& d = o->d;
  const k::dtype x = dynamic ? k::dtype::bf16 : k::activation_type(f);
  d.x = k::matrix_view(somewhere, x, m, inner), d.w = k::matrix_view(somewhere, k::weight_type(f), n, inner);
  d.y = k::matrix_view(somewhere, k::dtype::bf16, m, n);
  if (k::activation_type(f) != k::dtype::bf16) {
    d.xq.to = k::activation_type(f);
    d.xq.mode = dynamic ? k::quant_mode::dynamic : k::quant_mode::per_token;
    if (!dynamic) d.xq.scale = k::vector_view(somewhere, k::dtype::f32, m);
  }
  if (f != k::format::bf16) {
    d.wq.mode = group > 0 ? k::quant_mode::per_group : k::quant_mode::per_channel, d.wq.group = group;
    d.wq.to = k::weight_type(f);
    d.wq.scale = group > 0 ? k::matrix_view(somewhere, k::dtype::bf16, n, inner / group)
                           : k::vector_view(somewhere, k::dtype::f32, n);
  }
  last = weir::tool::cuda_plan(d, o->p, {choice[0], choice[1], choice[2], choice[3], choice[4]});
  if (last == k::status::ok) return o;
  delete o;
  return nullptr;
}
const char* weir_why() {
  return k::rule(last);
}
std::size_t weir_workspace(const void* handle) {
  return k::workspace_bytes(static_cast<const opened*>(handle)->p);
}
void weir_choice(const void* handle, std::int32_t* out) {
  const k::tuning& c = static_cast<const opened*>(handle)->p.choice;
  out[0] = c.variant, out[1] = c.split_k, out[2] = c.library, out[3] = c.per_multiprocessor, out[4] = c.early;
}
int weir_run(const void* handle, void* x, void* x_scale, void* w, void* w_scale, void* y, void* workspace,
             void* stream) {
  const auto* o = static_cast<const opened*>(handle);
  k::gemm_desc d = o->d;
  d.x.data = x, d.w.data = w, d.y.data = y;
  if (d.xq.scale) d.xq.scale.data = x_scale;
  if (d.wq.scale) d.wq.scale.data = w_scale;
  last = weir::tool::cuda_run(o->p, d, workspace, stream);
  return static_cast<int>(last);
}
void weir_close(void* handle) {
  delete static_cast<opened*>(handle);
}

}  // extern "C"
