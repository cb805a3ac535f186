// weir/kernels/lab/limits.hpp - what a machine can do at most, and what kernels achieve on it: measured here, or
// elsewhere before. Needs the standard library only.
#ifndef WEIR_KERNELS_LAB_LIMITS_HPP
#define WEIR_KERNELS_LAB_LIMITS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "weir/kernels/format.hpp"
#include "weir/kernels/lab/backend.hpp"
#include "weir/kernels/lab/bench.hpp"

namespace weir::kernels::inline v0::lab {

/// A figure of a machine, and where it is from. 0: not known.
struct figure {
  double value = 0;
  std::string origin;
};

/// A kernel takes start_us, and then as long as its bytes take. The start is in a graph, launch included.
struct line {
  figure start_us, gb_s;

  [[nodiscard]] bool known() const noexcept { return gb_s.value > 0; }
};

/// Numbers of tokens for which products have lines of their own: the more tokens, the less is hidden behind reading.
inline constexpr std::array<std::int64_t, 4> line_tokens{1, 16, 64, 256};

/// What products of a format achieve: lines over bytes of weights, and a rate where operations decide.
struct product_rates {
  std::array<line, line_tokens.size()> lines;
  figure tera;
};

/// A machine. Peaks are what its best kernels reach on the largest problems; no kernel does better.
struct limits {
  std::string name;
  figure read_gb_s, bf16_tera, int8_tera, fp8_tera;
  std::array<product_rates, std::size(formats)> products;  ///< By format.
  line attention;
  figure attention_tera;
  figure nothing_us, row_us, norm_us;  ///< See small_kernels.

  [[nodiscard]] figure& peak(format f) noexcept {
    const dtype type = activation_type(f);
    return type == dtype::bf16 ? bf16_tera : type == dtype::e4m3 ? fp8_tera : int8_tera;
  }
  [[nodiscard]] const figure& peak(format f) const noexcept { return const_cast<limits*>(this)->peak(f); }
};

/// One figure by its name in metric records.
struct named_figure {
  std::string name, unit;
  figure* at;
};

/// All figures of a machine, for those who write, read or show them.
[[nodiscard]] inline std::vector<named_figure> figures_of(limits& m) {
  std::vector<named_figure> all{{"limit_read_gb_s", "GB/s", &m.read_gb_s},
                                {"limit_bf16_tera", "T/s", &m.bf16_tera},
                                {"limit_int8_tera", "T/s", &m.int8_tera},
                                {"limit_fp8_tera", "T/s", &m.fp8_tera}};
  const auto add = [&all](const std::string& kind, line& l) {
    all.push_back({kind + "_start_us", "us", &l.start_us});
    all.push_back({kind + "_gb_s", "GB/s", &l.gb_s});
  };
  for (const format f : formats) {
    product_rates& p = m.products[static_cast<std::size_t>(f)];
    const std::string kind = std::string("product_") + kernels::name(f);
    for (std::size_t i = 0; i < line_tokens.size(); ++i)
      add(i == 0 ? kind : kind + "_" + std::to_string(line_tokens[i]) + "_tokens", p.lines[i]);
    all.push_back({kind + "_tera", "T/s", &p.tera});
  }
  add("attention", m.attention);
  all.push_back({"attention_tera", "T/s", &m.attention_tera});
  all.push_back({"kernel_nothing_us", "us", &m.nothing_us});
  all.push_back({"kernel_row_us", "us", &m.row_us});
  all.push_back({"kernel_norm_us", "us", &m.norm_us});
  return all;
}

/// The line time = start + bytes / rate that lies nearest to the points by relative error; the start is not negative.
/// \param points  bytes, and us.
[[nodiscard]] inline line fit_line(const std::vector<std::pair<double, double>>& points) {
  double one = 0, x = 0, xx = 0, y = 0, xy = 0;  // sums weighted by 1 / us^2
  for (const auto& [bytes, us] : points) {
    const double w = 1 / (us * us);
    one += w, x += w * bytes, xx += w * bytes * bytes, y += w * us, xy += w * bytes * us;
  }
  line a;
  const double start = (y * xx - xy * x) / (one * xx - x * x);
  a.start_us.value = start > 0 ? start : 0;
  a.gb_s.value = (start > 0 ? (xx - x * x / one) / (xy - x * y / one) : xx / xy) * 1e-3;
  return a;
}

namespace detail {

/// The median time of one product; 0 where it does not run. cuBLASLt's first proposal for bf16, as frameworks have it;
/// else what the backend chooses.
[[nodiscard]] inline timing time_product(backend& at, format f, std::int64_t m, std::int64_t n, std::int64_t k,
                                         const bench_options& options) {
  candidate c;
  c.what.kind = f, c.what.m = m, c.what.n = n, c.what.k = k;
  c.what.group = weight_type(f) == dtype::i4 && f == format::w4a16 ? 128 : 0;
  c.what.dynamic = activation_type(f) != dtype::bf16;
  if (f == format::bf16) c.choice = {1, 0, 1};
  timing t = bench(at, {c}, options)[0];
  if (t.answer != status::ok && f == format::bf16) c.choice = {}, t = bench(at, {c}, options)[0];
  return t;
}

/// Whose kernels ran, for an origin: of all timings together.
[[nodiscard]] inline std::string whose(const std::vector<timing>& timings) {
  constexpr const char* names[] = {"", ", cuBLASLt's", ", own", ", CUTLASS's"};
  for (const timing& t : timings)
    if (t.how.choice.library != timings[0].how.choice.library) return ", own and libraries'";
  const int library = timings.empty() ? 0 : timings[0].how.choice.library;
  return library >= 0 && library < static_cast<int>(std::size(names)) ? names[library] : "";
}

}  // namespace detail

/// Sizes of the products that are measured: none is a known model's.
struct limit_sizes {
  std::vector<std::pair<std::int64_t, std::int64_t>> lines{{1280, 2560}, {2560, 2560},  {5120, 2560},
                                                           {5120, 5120}, {10240, 5120}, {20480, 5120}};  ///< N and K.
  std::int64_t most_tokens = 256;             ///< Lines of more tokens are not measured.
  std::int64_t large = 5120, largest = 8192;  ///< M = N = K; the largest is for peaks.
};

namespace detail {

inline void set(figure& f, double value, const std::string& origin) {
  if (value > 0) f = {value, origin};
}

/// One line of a format; unknown where fewer than two sizes ran.
inline void measure_line(line& l, backend& at, format f, std::int64_t tokens, const limit_sizes& sizes,
                         const bench_options& options) {
  std::vector<std::pair<double, double>> points;
  std::vector<timing> timings;
  for (const auto& [n, k] : sizes.lines)
    if (const timing t = time_product(at, f, tokens, n, k, options); t.answer == status::ok)
      timings.push_back(t), points.emplace_back(static_cast<double>(t.weight_bytes), t.median_us);
  if (points.size() < 2) return;
  const line fitted = fit_line(points);
  const std::string origin = "measured now: a line through " + std::to_string(points.size()) + " products of " +
                             std::to_string(tokens) + (tokens == 1 ? " token" : " tokens") + whose(timings);
  set(l.start_us, std::max(fitted.start_us.value, 0.001), origin);  // 0 would say that it is not known
  set(l.gb_s, fitted.gb_s.value, origin);
}

/// The rate of large products of a format and, where nothing is widened first, the machine's peak for it.
inline void measure_rate(limits& m, backend& at, format f, const limit_sizes& sizes, bench_options options) {
  options.cold = false, options.least_runs = 4;
  figure& tera = m.products[static_cast<std::size_t>(f)].tera;
  const auto rate = [&](std::int64_t size) { return time_product(at, f, size, size, size, options); };
  const auto origin_of = [](std::int64_t s, const timing& t) {
    return "measured now: M = N = K = " + std::to_string(s) + whose({t});
  };
  const timing large = rate(sizes.large);
  if (large.answer == status::ok) set(tera, large.tera_ops(), origin_of(sizes.large, large));
  if (weight_type(f) != activation_type(f)) return;
  if (const timing t = rate(sizes.largest); t.answer == status::ok)
    if (const double best = std::max(t.tera_ops(), tera.value); best > m.peak(f).value)
      set(m.peak(f), best, best == tera.value ? tera.origin : origin_of(sizes.largest, t));
}

}  // namespace detail

/// Measures a machine. What a backend can't say stays 0, attention too.
[[nodiscard]] inline limits measure_limits(backend& at, const std::vector<format>& kinds, const limit_sizes& sizes = {},
                                           const bench_options& options = {}) {
  limits m;
  m.name = at.device();
  detail::set(m.read_gb_s, at.read_gb_s(), "measured now: 4 GiB read");
  const small_kernels small = at.time_small_kernels();
  detail::set(m.nothing_us, small.nothing_us, "measured now: 2000 in a graph");
  detail::set(m.row_us, small.row_us, "measured now: 2000 in a graph");
  detail::set(m.norm_us, small.norm_us, "measured now: 8192 in a graph");
  for (const format f : kinds) {
    for (std::size_t i = 0; i < line_tokens.size(); ++i)
      if (line_tokens[i] <= sizes.most_tokens)
        detail::measure_line(m.products[static_cast<std::size_t>(f)].lines[i], at, f, line_tokens[i], sizes, options);
    detail::measure_rate(m, at, f, sizes, options);
  }
  return m;
}

}  // namespace weir::kernels::inline v0::lab

#endif  // WEIR_KERNELS_LAB_LIMITS_HPP
