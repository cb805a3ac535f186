// The cuda backend as C functions, for tests/device/rivals.py: plans by sizes, runs by addresses.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernels_backends.hpp"
#include "weir/kernels/desc.hpp"
#include "weir/kernels/format.hpp"
#include "weir/kernels/plan.hpp"
#include "weir/kernels/status.hpp"
#include "weir/kernels/tuned.hpp"

namespace k = weir::kernels;

namespace {

struct opened {
  k::gemm_desc d;
  k::plan p;
};
k::status last = k::status::ok;

/// Rows as `kernels tune` prints them, of the file that TABLE names: choices measured after this library was built.
std::vector<k::tuned_row> read_rows() {
  std::vector<k::tuned_row> rows;
  const char* path = std::getenv("TABLE");
  std::FILE* file = path ? std::fopen(path, "r") : nullptr;
  if (!file) return rows;
  char line[256], name[16], dynamic[8];
  while (std::fgets(line, sizeof line, file)) {
    k::tuned_row r{};
    long long n = 0, inner = 0, m = 0;
    k::tuning& c = r.best;
    if (std::sscanf(line, "{format::%15[a-z0-9_], %d, %7[a-z], %lld, %lld, %lld, {%d, %d, %d, %d, %d}}", name, &r.group,
                    dynamic, &n, &inner, &m, &c.variant, &c.split_k, &c.library, &c.per_multiprocessor, &c.early) != 11)
      continue;
    for (const k::format f : k::formats)
      if (std::strcmp(name, f == k::format::w8a8_fp8 ? "w8a8_fp8" : k::name(f)) == 0) r.kind = f;
    r.dynamic = std::strcmp(dynamic, "true") == 0, r.n = n, r.k = inner, r.m = m;
    rows.push_back(r);
  }
  std::fclose(file);
  return rows;
}
k::tuning choose(k::format f, int group, bool dynamic, std::int64_t m, std::int64_t n, std::int64_t inner,
                 const std::int32_t* c) {
  static const std::vector<k::tuned_row> rows = read_rows();
  const k::tuning given{c[0], c[1], c[2], c[3], c[4]};
  if (c[0] != 0 || c[1] != 0 || c[2] != 0) return given;
  for (const k::tuned_row& r : rows)
    if (r.kind == f && r.group == group && r.dynamic == dynamic && r.n == n && r.k == inner && m <= r.m) {
      k::tuning best = r.best;
      best.early = c[4];
      return best;
    }
  return given;
}

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
  last = weir::tool::cuda_plan(d, o->p, choose(f, group, dynamic != 0, m, n, inner, choice));
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
