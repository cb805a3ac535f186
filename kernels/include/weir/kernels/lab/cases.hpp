// weir/kernels/lab/cases.hpp - the problems that a backend must get right: every format, ragged sizes, tails, grouped
// scales, experts. Needs the standard library only.
#ifndef WEIR_KERNELS_LAB_CASES_HPP
#define WEIR_KERNELS_LAB_CASES_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/operands.hpp"

namespace weir::kernels::inline v0::lab {

[[nodiscard]] inline std::string describe(const problem& p) {
  std::string s = std::string(name(p.kind)) + (p.group > 0 ? " g" + std::to_string(p.group) : "") +
                  (p.dynamic ? " dynamic" : "") + (p.bias ? " bias" : "") + (p.y == dtype::i32 ? " i32" : "");
  s += " " + std::to_string(p.m) + " x " + std::to_string(p.n) + " x " + std::to_string(p.k);
  return p.experts > 0 ? s + " x " + std::to_string(p.experts) + " experts" : s;
}

/// Every way of scaling a format has.
[[nodiscard]] inline std::vector<problem> kinds_of(format f) {
  std::vector<problem> kinds;
  const bool int4 = weight_type(f) == dtype::i4, narrow = activation_type(f) != dtype::bf16;
  for (const std::int32_t group : {0, 32, 64, 128})
    for (const bool dynamic : {false, true})
      if ((group == 0 || int4) && (!dynamic || narrow)) {
        problem p;
        p.kind = f, p.group = group, p.dynamic = dynamic;
        kinds.push_back(p);
      }
  return kinds;
}

/// The problems of one format.
/// \param quick  the smallest of them only.
[[nodiscard]] inline std::vector<problem> cases_of(format f, bool quick) {
  std::vector<problem> cases;
  const auto add = [&](problem p, std::int64_t m, std::int64_t n, std::int64_t k) {
    p.m = m, p.n = n, p.k = k;
    cases.push_back(p);
  };
  for (problem p : kinds_of(f)) {
    const std::vector<std::int64_t> tokens =
        quick ? std::vector<std::int64_t>{1, 7, 17} : std::vector<std::int64_t>{1, 3, 7, 17, 40, 64, 65, 300};
    for (const std::int64_t m : tokens) {
      add(p, m, quick ? 40 : 200, 1152);  // n no multiple of a tile, k of 128 and of 32 but not of every step
      if (p.group == 0) add(p, m, 33, 518), add(p, m, 16, 2);
    }
    if (quick) continue;
    add(p, 2, 1536, 2048), add(p, 16, 72, 8192), add(p, 4, 136, 14336), add(p, 128, 256, 1024), add(p, 300, 272, 1152),
        add(p, 0, 64, 128);
    p.bias = true;
    add(p, 5, 72, 1152), add(p, 96, 72, 1152);
  }
  for (problem p : kinds_of(f)) {
    if (p.group != 0 || !sums_integers(f)) continue;
    p.y = dtype::i32;
    for (const std::int64_t m : {1, 4, 16, 65}) add(p, m, 72, quick ? 640 : 4096);
  }
  for (problem p : kinds_of(f)) {
    p.experts = quick ? 3 : 11, p.bias = p.group == 0;
    add(p, quick ? 9 : 57, 72, 768);
    if (!quick) add(p, 300, 40, 640);
  }
  return cases;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_CASES_HPP
