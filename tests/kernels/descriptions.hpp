// tests/kernels/descriptions.hpp - well-formed descriptions in plain memory, for tests to break or to run.
#ifndef WEIR_TESTS_KERNELS_DESCRIPTIONS_HPP
#define WEIR_TESTS_KERNELS_DESCRIPTIONS_HPP

#include <cstdint>

#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/operands.hpp"

namespace test {

namespace k = weir::kernels;

inline k::lab::problem problem(k::format f, std::int64_t m, std::int64_t n, std::int64_t kk, int group = 0,
                               bool dynamic = false) {
  k::lab::problem p;
  p.kind = f, p.m = m, p.n = n, p.k = kk, p.group = group, p.dynamic = dynamic;
  return p;
}

}  // namespace test

#endif  // WEIR_TESTS_KERNELS_DESCRIPTIONS_HPP
