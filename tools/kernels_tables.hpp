// tools/kernels_tables.hpp - what weir-kernels measures and checks, as tables and records. Needs weir/kernels and
// weir/report.
#ifndef WEIR_TOOLS_KERNELS_TABLES_HPP
#define WEIR_TOOLS_KERNELS_TABLES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/kernels/lab/bench.hpp"
#include "weir/kernels/lab/cases.hpp"
#include "weir/kernels/lab/models.hpp"
#include "weir/kernels/lab/tune.hpp"
#include "weir/kernels/lab/verify.hpp"
#include "weir/record/metric.hpp"
#include "weir/report/table.hpp"

namespace weir::tool {

/// Tables, and what they hold as JSON lines.
struct product {
  std::vector<table> shown;
  std::string json;
  bool good = true;
};

/// One metric record: a name, a value, a unit, and what it is about.
inline void append_metric(std::string& out, std::string_view name, double value, std::string_view unit,
                          const std::vector<std::pair<std::string, std::string>>& labels,
                          std::string_view reason = {}) {
  append_record(out, metric_record{std::string(name), std::string(unit), value, "", std::string(reason), labels});
}

/// What ran: "own 1/4" (tiling, split of k; "early" where w was not waited for), "cuBLASLt 2" (which of its proposals),
/// "CUTLASS 1" (which instance), "cpu".
inline std::string how(const kernels::plan& p) {
  const auto& c = p.choice;
  if (c.library == 0) return "cpu";
  if (c.library != 2) return (c.library == 1 ? "cuBLASLt " : "CUTLASS ") + std::to_string(c.variant);
  return "own " + std::to_string(c.variant) + "/" + std::to_string(c.split_k) + (c.early != 0 ? " early" : "");
}

/// The products to time: each layer, number of tokens and format. \param choice  what is not chosen freely.
inline std::vector<kernels::lab::candidate> candidates_of(const std::vector<kernels::lab::layer>& layers,
                                                          const std::vector<kernels::format>& formats,
                                                          const std::vector<std::int64_t>& tokens, std::int32_t group,
                                                          kernels::tuning choice) {
  std::vector<kernels::lab::candidate> all;
  for (const auto& l : layers)
    for (const std::int64_t m : tokens)
      for (const kernels::format f : formats) {
        if (!l.quantized && f != kernels::format::bf16) continue;
        kernels::lab::problem p;
        p.kind = f, p.m = m, p.n = l.n, p.k = l.k, p.experts = l.experts;
        p.group = kernels::weight_type(f) == kernels::dtype::i4 && l.k % std::max(group, 1) == 0 ? group : 0;
        p.dynamic = kernels::activation_type(f) != kernels::dtype::bf16;
        all.push_back({l.name + " " + kernels::lab::describe(p), p, choice});
      }
  return all;
}

/// The fastest way of each product. \param rows  gets the choices as rows of cuda/tuned_h100.cuh.
inline product tuning_table(kernels::lab::backend& at, const std::vector<kernels::lab::candidate>& candidates,
                            const kernels::lab::bench_options& options, std::string& rows) {
  product p;
  p.shown = {{at.device() + ": the fastest way of each product, and the next",
              {{"product", "", side::left},
               {"median", "us"},
               {"ran", "", side::left},
               {"next", "us"},
               {"its way", "", side::left}}}};
  for (const auto& c : candidates) {
    const auto best = kernels::lab::tune(at, c.what, kernels::lab::ways_to_try(c.what.m), options);
    const auto none = cell::missing(kernels::rule(kernels::status::no_kernel));
    std::vector<cell> row{cell::text(c.label), none, none, none, none};
    for (std::size_t i = 0; i < std::min<std::size_t>(best.size(), 2); ++i)
      row[1 + 2 * i] = cell::number(best[i].us, 2), row[2 + 2 * i] = cell::text(how(best[i].how));
    p.shown[0].rows.push_back(std::move(row));
    append_metric(p.json, "kernel_us", best.empty() ? std::nan("") : best[0].us, "us",
                  {{"product", c.label}, {"device", at.device()}, {"ran", best.empty() ? "" : how(best[0].how)}},
                  best.empty() ? kernels::rule(kernels::status::no_kernel) : "");
    if (!best.empty()) rows += kernels::lab::tuned_line(c.what, best[0]);
  }
  return p;
}

inline product timings_table(kernels::lab::backend& at, const std::vector<kernels::lab::candidate>& candidates,
                             const kernels::lab::bench_options& options) {
  const double read = at.read_gb_s(), copy = at.copy_gb_s();
  product p;
  p.shown.emplace_back();
  p.shown[0].title = at.device() + (read > 0 ? ": reads " + std::to_string(static_cast<int>(read)) + " GB/s, copies " +
                                                   std::to_string(static_cast<int>(copy)) + " GB/s (read + written)"
                                             : "");
  p.shown[0].columns = {{"product", "", side::left}, {"median", "us"}, {"p10", "us"},   {"p90", "us"},
                        {"weights", "GB/s"},         {"of read", "%"}, {"rate", "T/s"}, {"ran", "", side::left}};
  // A matrix at a time: only what is compared side by side has to fit the device together.
  for (std::size_t begin = 0; begin < candidates.size();) {
    std::size_t end = begin + 1;
    const auto same = [&](const auto& a, const auto& b) { return a.m == b.m && a.n == b.n && a.k == b.k; };
    while (end < candidates.size() && same(candidates[begin].what, candidates[end].what)) ++end;
    const auto first = candidates.begin() + static_cast<std::ptrdiff_t>(begin);
    const std::vector<kernels::lab::candidate> together(first, candidates.begin() + static_cast<std::ptrdiff_t>(end));
    const auto timings = kernels::lab::bench(at, together, options);
    for (std::size_t i = 0; i < together.size(); ++i) {
      const auto& t = timings[i];
      if (t.answer != kernels::status::ok) {
        std::vector<cell> row{cell::text(together[i].label)};
        while (row.size() < p.shown[0].columns.size()) row.push_back(cell::missing(kernels::rule(t.answer)));
        p.shown[0].rows.push_back(std::move(row));
        append_metric(p.json, "kernel_us", std::nan(""), "us",
                      {{"product", together[i].label}, {"device", at.device()}}, kernels::rule(t.answer));
        continue;
      }
      p.shown[0].rows.push_back(
          {cell::text(together[i].label), cell::number(t.median_us, 2), cell::number(t.p10_us, 2),
           cell::number(t.p90_us, 2), cell::number(t.weight_gb_s(), 0),
           read > 0 ? cell::number(100 * t.weight_gb_s() / read, 1) : cell::missing("not measured on this backend"),
           cell::number(t.tera_ops(), 3), cell::text(how(t.how))});
      const std::vector<std::pair<std::string, std::string>> labels{
          {"product", together[i].label}, {"device", at.device()}, {"ran", how(t.how)}};
      append_metric(p.json, "kernel_us", t.median_us, "us", labels);
      append_metric(p.json, "kernel_p10_us", t.p10_us, "us", labels);
      append_metric(p.json, "kernel_p90_us", t.p90_us, "us", labels);
      append_metric(p.json, "kernel_weight_gb_s", t.weight_gb_s(), "GB/s", labels);
    }
    begin = end;
  }
  return p;
}

inline product checks_table(kernels::lab::backend& at, const std::vector<kernels::format>& formats, bool quick) {
  product p;
  p.shown = {{at.device(),
              {{"format", "", side::left},
               {"problems"},
               {"wrong"},
               {"largest relative error"},
               {"first wrong", "", side::left}}}};
  for (const kernels::format f : formats) {
    std::int64_t problems = 0, wrong = 0;
    double largest = 0;
    std::string first;
    for (const auto& problem : kernels::lab::cases_of(f, quick)) {
      const auto v = kernels::lab::verify(at, kernels::lab::operands(problem, 17));
      ++problems;
      largest = std::max(largest, v.relative);
      if (v.good) continue;
      if (wrong++ == 0)
        first = kernels::lab::describe(problem) +
                (v.answer == kernels::status::ok ? "" : std::string(": ") + kernels::rule(v.answer));
    }
    p.good = p.good && wrong == 0;
    p.shown[0].rows.push_back({cell::text(kernels::name(f)), cell::count(problems), cell::count(wrong),
                               cell::number(largest, 5), wrong == 0 ? cell::text("none") : cell::text(first)});
    append_metric(p.json, "kernel_check_wrong", static_cast<double>(wrong), "problems",
                  {{"format", kernels::name(f)}, {"problems", std::to_string(problems)}, {"device", at.device()}});
    append_metric(p.json, "kernel_check_relative_error", largest, "",
                  {{"format", kernels::name(f)}, {"device", at.device()}});
  }
  return p;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_KERNELS_TABLES_HPP
