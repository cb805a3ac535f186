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
  struct by_format {
    double lines[line_tokens.size()][2];  ///< us, GB/s
    double tera;
  };
  // bf16 by PyTorch, the others by our kernels, quantization included. Lines through five sizes at 1 and 16 tokens,
  // two at 64 and 256; the mean rate of two sizes at 4096. Relative errors of at most 9 and 10 % (bf16), 6 and 14 %
  // (w8a16), 24 and 10 % (w8a8: the smallest take longest), 21 and 33 % (w8a8-fp8: the most columns do), 11 and 16 %
  // (w4a16), 20 and 23 % (w4a8).
  constexpr by_format lines[] = {{{{3.97, 2935}, {3.82, 2847}, {3.40, 2796}, {3.83, 2336}}, 734},
                                 {{{4.46, 3083}, {5.75, 2599}, {19.15, 1876}, {25.17, 1657}}, 711},
                                 {{{4.30, 3142}, {7.83, 2602}, {10.42, 2673}, {11.87, 2229}}, 1174},
                                 {{{6.18, 2994}, {9.00, 2289}, {14.63, 2723}, {12.65, 1876}}, 1121},
                                 {{{4.70, 2645}, {6.90, 1693}, {14.10, 631}, {0.88, 269}}, 677},
                                 {{{4.68, 2940}, {8.78, 1902}, {12.22, 842}, {17.18, 856}}, 781},
                                 {{{4.68, 2940}, {8.78, 1902}, {12.22, 842}, {17.18, 856}}, 781}};
  for (std::size_t f = 0; f < std::size(lines); ++f) {
    const std::string same = formats[f] == format::w4a4 ? "not measured: as w4a8, " : "";
    product_rates& p = m.products[f];
    for (std::size_t i = 0; i < line_tokens.size(); ++i) {
      const std::string from = same + (i < 2 ? "five" : "two") + " products of " + std::to_string(line_tokens[i]) +
                               (i == 0 ? " token, " : " tokens, ") + one;
      p.lines[i] = {{lines[f].lines[i][0], from}, {lines[f].lines[i][1], from}};
    }
    p.tera = {lines[f].tera, same + "two products of 4096 tokens, " + one};
  }
  return m;
}

/// One H200. What was not measured there is an H100's, which has the same processor; what waits for memory (three
/// quarters of its reading or more) is scaled by the reading measured.
[[nodiscard]] inline limits h200() {
  const std::string before = "one H200, 2026-11-22, docs/kernels-h200.txt",
                    one = "one H200, 2026-11-29, docs/kernels-h200.txt";
  limits m = h100();
  const double faster = 4620 / m.read_gb_s.value, waits = 0.75 * m.read_gb_s.value;
  for (const named_figure& f : figures_of(m)) {
    if (f.at->value <= 0) continue;
    f.at->origin = "an H100's: " + f.at->origin;
    if (f.unit == "GB/s" && f.at->value > waits)
      f.at->value *= faster, f.at->origin = "scaled by an H200's reading: " + f.at->origin;
  }
  m.name = "h200";
  m.read_gb_s = {4620, before}, m.fp8_tera = {1483, before}, m.bf16_tera = {803, one};
  m.nothing_us = {0.49, one}, m.row_us = {0.88, one}, m.norm_us = {3.16, one};
  m.attention = {{8.79, one}, {2420, one}}, m.attention_tera = {196, one};
  constexpr double bf16[line_tokens.size()][2] = {{4.60, 4769}, {4.12, 4554}, {4.26, 4491}, {4.57, 3033}};
  for (std::size_t i = 0; i < line_tokens.size(); ++i)
    m.products[0].lines[i] = {{bf16[i][0], "six products, " + one}, {bf16[i][1], "six products, " + one}};
  m.products[0].tera = {803, one};
  // From w8a16 on, quantization included, 4-bit weights in groups of 128: at 1, 16 and 64 tokens.
  constexpr double others[][3][2] = {
      {{4.39, 4311}, {7.06, 4043}, {11.22, 1799}}, {{3.55, 4185}, {6.05, 3856}, {8.59, 3982}},
      {{5.71, 4307}, {6.98, 4303}, {6.90, 3798}},  {{4.90, 3670}, {8.49, 2400}, {9.75, 682}},
      {{4.09, 2579}, {7.15, 3188}, {14.32, 1341}}, {{3.98, 2572}, {7.33, 3063}, {15.35, 1345}}};
  for (std::size_t f = 0; f < std::size(others); ++f)
    for (std::size_t i = 0; i < std::size(others[f]); ++i)
      m.products[f + 1].lines[i] = {{others[f][i][0], "two products, " + one},
                                    {others[f][i][1], "two products, " + one}};
  return m;
}

}  // namespace detail

[[nodiscard]] inline std::vector<limits> known_machines() {
  return {detail::h100(), detail::h200()};
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_MACHINES_HPP
