// weir/kernels/lab/machines.hpp - machines that were measured before. Needs the standard library only.
#ifndef WEIR_KERNELS_LAB_MACHINES_HPP
#define WEIR_KERNELS_LAB_MACHINES_HPP

#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/limits.hpp"

namespace weir::kernels::inline v0::lab {
namespace detail {

/// One H100 80GB HBM3.
[[nodiscard]] inline limits h100() {
  const std::string one = "one H100 80GB HBM3, 2026-11-28, docs/kernels.md",
                    before = "an H100, the most that any kernel tried there reached";
  limits m;
  m.name = "h100";
  m.read_gb_s = {3090, before}, m.bf16_tera = {816, before}, m.int8_tera = {1676, before}, m.fp8_tera = {1511, before};
  m.nothing_us = {1.24, "an H100, an empty kernel in a graph"}, m.row_us = {0.99, one};
  struct line {
    double start_us, gb_s, tera;
  };
  // By format: lines through five sizes at M = 1, relative errors of at most 9 % (bf16, PyTorch's), 6 % (w8a16), 11 %
  // (w4a16), 24 % (w8a8, where the smallest take longest), and the mean rate of two sizes at M = 4096.
  constexpr line lines[] = {{3.97, 2935, 734}, {4.47, 3081, 711}, {4.31, 3090, 1174}, {6.18, 2992, 1121},
                            {4.70, 2645, 677}, {4.68, 2936, 781}, {4.68, 2936, 781}};
  for (std::size_t i = 0; i < std::size(lines); ++i) {
    const bool same = formats[i] == format::w4a4;
    const std::string from = same ? "not measured: as w4a8" : "five products of one token, " + one,
                      rate = same ? "not measured: as w4a8" : "two products of 4096 tokens, " + one;
    m.products[i] = {{lines[i].start_us, from}, {lines[i].gb_s, from}, {lines[i].tera, rate}};
  }
  return m;
}

/// An H200 has an H100's processor: what it takes and what depends on memory alone is scaled by the reading measured.
[[nodiscard]] inline limits h200() {
  const std::string one = "one H200, 2026-11-22, docs/kernels.md";
  limits m = h100();
  const double faster = 4620 / m.read_gb_s.value;
  for (const named_figure& f : figures_of(m)) {
    if (f.at->value <= 0) continue;
    f.at->origin = "an H100's: " + f.at->origin;
    if (f.unit == "GB/s") f.at->value *= faster, f.at->origin = "scaled by an H200's reading: " + f.at->origin;
  }
  m.name = "h200";
  m.read_gb_s = {4620, one}, m.bf16_tera = {797, one}, m.fp8_tera = {1483, one};
  return m;
}

}  // namespace detail

[[nodiscard]] inline std::vector<limits> known_machines() {
  return {detail::h100(), detail::h200()};
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_MACHINES_HPP
